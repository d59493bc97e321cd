//! The checks of the update workflow: for each its section of the TUF specification, the attack it stops, and what to do when it
//! refuses. Every text about a refusal is made from this table.
//!
//! Sections are those of [`rootline_metadata::spec::TUF_SPECIFICATION`]. Where a check stands in the code, the section stands beside it
//! in a comment; a test compares the two.

use std::fmt;

use crate::hint::Hint;

/// Makes the enumeration of checks, and what is known of each, from one table.
macro_rules! checks {
    ($($(#[$doc:meta])* $check:ident => ($section:literal, $attack:literal, $hint:expr),)*) => {
        /// One check of the workflow.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        #[non_exhaustive]
        pub enum Check {
            $($(#[$doc])* $check,)*
        }

        impl Check {
            /// Every check, in the order in which the workflow comes to them.
            pub const ALL: &'static [Check] = &[$(Check::$check),*];

            fn row(self) -> (&'static str, &'static str, Hint) {
                match self {
                    $(Check::$check => ($section, $attack, $hint),)*
                }
            }
        }
    };
}

checks! {
    /// The file has the form that the specification gives it.
    Form => ("4", "malformed file", Hint::TryOtherMirror),
    /// The root that the caller pinned is signed by itself.
    PinnedRoot => ("5.2", "wrong pinned root", Hint::PinPublishedRoot),
    /// A new root is signed by the root before it and by itself.
    RootSignatures => ("5.3.4", "arbitrary software", Hint::TryOtherMirror),
    /// A new root's version is the one after the trusted root's.
    RootVersion => ("5.3.5", "rollback", Hint::TellOperatorsNotTrusted),
    /// The final root is not below the newest that was trusted and kept.
    RootKept => ("5.3.8", "rollback", Hint::AskAgainOrForgetCache),
    /// The final root has not expired.
    RootExpiry => ("5.3.10", "freeze", Hint::CheckClock),
    /// There is a timestamp.
    TimestampPresent => ("5.4.1", "missing file", Hint::TryOtherMirror),
    /// The timestamp is signed by the final root's timestamp keys.
    TimestampSignatures => ("5.4.2", "arbitrary software", Hint::TryOtherMirror),
    /// The timestamp's version does not go down.
    TimestampVersion => ("5.4.3.1", "rollback", Hint::TryOtherMirror),
    /// The version that the timestamp gives for the snapshot does not go down.
    TimestampSnapshotVersion => ("5.4.3.2", "rollback", Hint::TryOtherMirror),
    /// The timestamp has not expired.
    TimestampExpiry => ("5.4.4", "freeze", Hint::CheckClock),
    /// There is the snapshot that the timestamp names, no longer than it may be.
    SnapshotPresent => ("5.5.1", "missing file", Hint::TryOtherMirror),
    /// The snapshot has the length and the digests that the timestamp gives for it.
    SnapshotMetaFile => ("5.5.2", "mix and match", Hint::TryOtherMirror),
    /// The snapshot is signed by the final root's snapshot keys.
    SnapshotSignatures => ("5.5.3", "arbitrary software", Hint::TryOtherMirror),
    /// The snapshot has the version that the timestamp gives for it.
    SnapshotVersion => ("5.5.4", "mix and match", Hint::TryOtherMirror),
    /// No file that the trusted snapshot lists goes down or away.
    SnapshotRollback => ("5.5.5", "rollback", Hint::TellOperatorsNotTrusted),
    /// The snapshot has not expired.
    SnapshotExpiry => ("5.5.6", "freeze", Hint::CheckClock),
    /// There is the targets file that the snapshot names, no longer than it may be.
    TargetsPresent => ("5.6.1", "missing file", Hint::TryOtherMirror),
    /// A targets file has the length and the digests that the snapshot gives for it.
    TargetsMetaFile => ("5.6.2", "mix and match", Hint::TryOtherMirror),
    /// A targets file is signed by the keys that its delegator names.
    TargetsSignatures => ("5.6.3", "arbitrary software", Hint::TryOtherMirror),
    /// A targets file has the version that the snapshot gives for it.
    TargetsVersion => ("5.6.4", "mix and match", Hint::TryOtherMirror),
    /// A targets file has not expired.
    TargetsExpiry => ("5.6.5", "freeze", Hint::CheckClock),
    /// Some trusted targets file lists the target.
    TargetKnown => ("5.7.2", "unknown target", Hint::CheckTargetName),
    /// The target has the length and the digests that the targets file gives for it.
    TargetContent => ("5.7.3", "arbitrary software", Hint::TryOtherMirror),
}

impl Check {
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
}

impl fmt::Display for Check {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TUF {} ({})", self.section(), self.attack())
    }
}
