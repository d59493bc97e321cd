//! The checks of the update workflow: for each its section of the TUF specification, the attack it stops, and what to do when it
//! refuses. Every text about a refusal is made from this table.
//!
//! Sections are those of [`rootline_metadata::spec::TUF_SPECIFICATION`]. Where a check stands in the code, the section stands beside it
//! in a comment; a test compares the two.

use std::fmt;

/// One check of the workflow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Check {
    /// The file has the form that the specification gives it.
    Form,
    /// The root that the caller pinned is signed by itself.
    PinnedRoot,
    /// A new root is signed by the root before it and by itself.
    RootSignatures,
    /// A new root's version is the one after the trusted root's.
    RootVersion,
    /// The final root has not expired.
    RootExpiry,
    /// There is a timestamp.
    TimestampPresent,
    /// The timestamp is signed by the final root's timestamp keys.
    TimestampSignatures,
    /// The timestamp's version does not go down.
    TimestampVersion,
    /// The version that the timestamp gives for the snapshot does not go down.
    TimestampSnapshotVersion,
    /// The timestamp has not expired.
    TimestampExpiry,
    /// There is the snapshot that the timestamp names, no longer than it may be.
    SnapshotPresent,
    /// The snapshot has the length and the digests that the timestamp gives for it.
    SnapshotMetaFile,
    /// The snapshot is signed by the final root's snapshot keys.
    SnapshotSignatures,
    /// The snapshot has the version that the timestamp gives for it.
    SnapshotVersion,
    /// No file that the trusted snapshot lists goes down or away.
    SnapshotRollback,
    /// The snapshot has not expired.
    SnapshotExpiry,
    /// There is the targets file that the snapshot names, no longer than it may be.
    TargetsPresent,
    /// A targets file has the length and the digests that the snapshot gives for it.
    TargetsMetaFile,
    /// A targets file is signed by the keys that its delegator names.
    TargetsSignatures,
    /// A targets file has the version that the snapshot gives for it.
    TargetsVersion,
    /// A targets file has not expired.
    TargetsExpiry,
    /// Some trusted targets file lists the target.
    TargetKnown,
    /// The target has the length and the digests that the targets file gives for it.
    TargetContent,
}

impl Check {
    /// Every check, in the order in which the workflow comes to them.
    pub const ALL: [Check; 23] = [
        Check::Form,
        Check::PinnedRoot,
        Check::RootSignatures,
        Check::RootVersion,
        Check::RootExpiry,
        Check::TimestampPresent,
        Check::TimestampSignatures,
        Check::TimestampVersion,
        Check::TimestampSnapshotVersion,
        Check::TimestampExpiry,
        Check::SnapshotPresent,
        Check::SnapshotMetaFile,
        Check::SnapshotSignatures,
        Check::SnapshotVersion,
        Check::SnapshotRollback,
        Check::SnapshotExpiry,
        Check::TargetsPresent,
        Check::TargetsMetaFile,
        Check::TargetsSignatures,
        Check::TargetsVersion,
        Check::TargetsExpiry,
        Check::TargetKnown,
        Check::TargetContent,
    ];

    /// The section of the TUF specification that asks for it.
    pub fn section(self) -> &'static str {
        self.row().0
    }

    /// The attack or fault it stops, in a word or two.
    pub fn attack(self) -> &'static str {
        self.row().1
    }

    /// What to do when it refuses.
    pub fn advice(self) -> &'static str {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, &'static str) {
        const OTHER_MIRROR: &str =
            "retry against another mirror; if it persists, report it to the repository's operators";
        const OPERATORS: &str = "report it to the repository's operators: what they published cannot be trusted";
        const RENEW: &str = "check this machine's clock; if it is right, the repository has to be renewed by its operators, \
                             or a mirror is serving old files";
        match self {
            Check::Form => ("4", "malformed file", OTHER_MIRROR),
            Check::PinnedRoot => {
                ("5.2", "wrong pinned root", "pin a root.json that its publisher gave you, and compare its digest")
            }
            Check::RootSignatures => ("5.3.4", "arbitrary software", OTHER_MIRROR),
            Check::RootVersion => ("5.3.5", "rollback", OPERATORS),
            Check::RootExpiry => ("5.3.10", "freeze", RENEW),
            Check::TimestampPresent => ("5.4.1", "missing file", OTHER_MIRROR),
            Check::TimestampSignatures => ("5.4.2", "arbitrary software", OTHER_MIRROR),
            Check::TimestampVersion => ("5.4.3.1", "rollback", OTHER_MIRROR),
            Check::TimestampSnapshotVersion => ("5.4.3.2", "rollback", OTHER_MIRROR),
            Check::TimestampExpiry => ("5.4.4", "freeze", RENEW),
            Check::SnapshotPresent => ("5.5.1", "missing file", OTHER_MIRROR),
            Check::SnapshotMetaFile => ("5.5.2", "mix and match", OTHER_MIRROR),
            Check::SnapshotSignatures => ("5.5.3", "arbitrary software", OTHER_MIRROR),
            Check::SnapshotVersion => ("5.5.4", "mix and match", OTHER_MIRROR),
            Check::SnapshotRollback => ("5.5.5", "rollback", OPERATORS),
            Check::SnapshotExpiry => ("5.5.6", "freeze", RENEW),
            Check::TargetsPresent => ("5.6.1", "missing file", OTHER_MIRROR),
            Check::TargetsMetaFile => ("5.6.2", "mix and match", OTHER_MIRROR),
            Check::TargetsSignatures => ("5.6.3", "arbitrary software", OTHER_MIRROR),
            Check::TargetsVersion => ("5.6.4", "mix and match", OTHER_MIRROR),
            Check::TargetsExpiry => ("5.6.5", "freeze", RENEW),
            Check::TargetKnown => ("5.7.2", "unknown target", "check the name; names are compared with regard to case"),
            Check::TargetContent => ("5.7.3", "arbitrary software", OTHER_MIRROR),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TUF {} ({})", self.section(), self.attack())
    }
}
