//! The checks of the update workflow: for each its section of the TUF specification, the attack it stops, and what to do when it
//! refuses. Every text about a refusal is made from this table.
//!
//! Sections are those of [`rootline_metadata::spec::TUF_SPECIFICATION`]. Where a check stands in the code, the section stands beside it
//! in a comment; a test compares the two.

use std::fmt;

use crate::hint::Hint;

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
    pub fn hint(self) -> Hint {
        self.row().2
    }

    fn row(self) -> (&'static str, &'static str, Hint) {
        match self {
            Check::Form => ("4", "malformed file", Hint::TryOtherMirror),
            Check::PinnedRoot => ("5.2", "wrong pinned root", Hint::PinPublishedRoot),
            Check::RootSignatures => ("5.3.4", "arbitrary software", Hint::TryOtherMirror),
            Check::RootVersion => ("5.3.5", "rollback", Hint::TellOperatorsNotTrusted),
            Check::RootExpiry => ("5.3.10", "freeze", Hint::CheckClock),
            Check::TimestampPresent => ("5.4.1", "missing file", Hint::TryOtherMirror),
            Check::TimestampSignatures => ("5.4.2", "arbitrary software", Hint::TryOtherMirror),
            Check::TimestampVersion => ("5.4.3.1", "rollback", Hint::TryOtherMirror),
            Check::TimestampSnapshotVersion => ("5.4.3.2", "rollback", Hint::TryOtherMirror),
            Check::TimestampExpiry => ("5.4.4", "freeze", Hint::CheckClock),
            Check::SnapshotPresent => ("5.5.1", "missing file", Hint::TryOtherMirror),
            Check::SnapshotMetaFile => ("5.5.2", "mix and match", Hint::TryOtherMirror),
            Check::SnapshotSignatures => ("5.5.3", "arbitrary software", Hint::TryOtherMirror),
            Check::SnapshotVersion => ("5.5.4", "mix and match", Hint::TryOtherMirror),
            Check::SnapshotRollback => ("5.5.5", "rollback", Hint::TellOperatorsNotTrusted),
            Check::SnapshotExpiry => ("5.5.6", "freeze", Hint::CheckClock),
            Check::TargetsPresent => ("5.6.1", "missing file", Hint::TryOtherMirror),
            Check::TargetsMetaFile => ("5.6.2", "mix and match", Hint::TryOtherMirror),
            Check::TargetsSignatures => ("5.6.3", "arbitrary software", Hint::TryOtherMirror),
            Check::TargetsVersion => ("5.6.4", "mix and match", Hint::TryOtherMirror),
            Check::TargetsExpiry => ("5.6.5", "freeze", Hint::CheckClock),
            Check::TargetKnown => ("5.7.2", "unknown target", Hint::CheckTargetName),
            Check::TargetContent => ("5.7.3", "arbitrary software", Hint::TryOtherMirror),
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TUF {} ({})", self.section(), self.attack())
    }
}
