//! Refusals: what the repository offered, and why it is not trusted.

use std::fmt;

use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, RoleName, TargetPath, TopLevelRole, Unsigned, Version, instant_text};
use rootline_metadata::{file_name, json::FormatError};

use crate::hint::Hint;
use crate::workflow::check::Check;

/// Why a check refuses what the repository offered. The trusted files stay as they were.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Refusal {
    /// Which file.
    pub file: File,
    /// Which check.
    pub check: Check,
    /// What was trusted, what was offered.
    pub fault: Fault,
}

impl Refusal {
    /// A refusal of `file` by `check`.
    pub fn new(file: File, check: Check, fault: Fault) -> Refusal {
        Refusal { file, check, fault }
    }

    /// What to do about it: what the check says, unless the fault has a likelier cause.
    pub fn hint(&self) -> Hint {
        match self.fault {
            Fault::SignedForRootBefore { .. } => Hint::TryAgainPastCaches,
            _ => self.check.hint(),
        }
    }
}

/// A file of a repository, as messages name it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum File {
    /// The root of that version.
    Root(Option<Version>),
    /// The timestamp.
    Timestamp,
    /// The snapshot.
    Snapshot,
    /// The top-level targets.
    Targets,
    /// A delegated role's targets.
    Delegated(RoleName),
    /// A target.
    Target(TargetPath),
}

impl File {
    /// The file of a top-level role.
    pub fn of(role: TopLevelRole) -> File {
        match role {
            TopLevelRole::Root => File::Root(None),
            TopLevelRole::Timestamp => File::Timestamp,
            TopLevelRole::Snapshot => File::Snapshot,
            TopLevelRole::Targets => File::Targets,
        }
    }

    /// The top-level role whose file it is.
    pub(super) fn top_level(&self) -> Option<TopLevelRole> {
        match self {
            File::Root(_) => Some(TopLevelRole::Root),
            File::Timestamp => Some(TopLevelRole::Timestamp),
            File::Snapshot => Some(TopLevelRole::Snapshot),
            File::Targets => Some(TopLevelRole::Targets),
            File::Delegated(_) | File::Target(_) => None,
        }
    }
}

impl fmt::Display for File {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            File::Root(Some(version)) => f.write_str(&file_name::root(*version)),
            File::Root(None) => f.write_str(file_name::top_level(TopLevelRole::Root)),
            File::Timestamp => f.write_str(file_name::TIMESTAMP),
            File::Snapshot => f.write_str(file_name::top_level(TopLevelRole::Snapshot)),
            File::Targets => f.write_str(file_name::top_level(TopLevelRole::Targets)),
            File::Delegated(role) => f.write_str(&file_name::role(role.as_str().escape_debug())),
            File::Target(path) => write!(f, "target {}", path.as_str().escape_debug()),
        }
    }
}

/// What was trusted and what was offered.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Fault {
    /// The file does not have its form.
    Malformed(Box<FormatError>),
    /// Not enough of the right keys have signed.
    Unsigned(Box<Unsigned>),
    /// Not enough keys of the final root have signed it, but enough of the root before: caches may show files of different ages.
    SignedForRootBefore {
        /// Whose signatures are missing.
        unsigned: Box<Unsigned>,
        /// The root whose keys have signed it.
        before: Version,
        /// The final root.
        root: Version,
    },
    /// Its version, or the one it gives for `of`, goes down.
    Rollback {
        /// The file whose version it is.
        of: File,
        /// The version that is trusted.
        trusted: Version,
        /// The version that was offered.
        offered: Version,
    },
    /// It has another version than the one asked for.
    WrongVersion {
        /// The version it has to have.
        expected: Version,
        /// The version it has.
        offered: Version,
    },
    /// A file that the trusted snapshot lists is no longer listed.
    Removed {
        /// The name as the snapshot lists it.
        name: String,
    },
    /// It has expired.
    Expired {
        /// Since when.
        expiry: Expiry,
        /// The instant that was judged at.
        now: DateTime<Utc>,
    },
    /// It is not as long as is stated of it, in bytes.
    WrongLength {
        /// The length stated.
        expected: u64,
        /// The length it has.
        offered: u64,
    },
    /// It does not have the digest that is stated of it.
    WrongDigest {
        /// The digests stated.
        expected: String,
    },
    /// It is stated to be longer than is allowed here, in bytes.
    TooLong {
        /// The length stated.
        stated: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// The repository does not have it.
    Absent,
    /// No trusted targets file lists it.
    NotListed {
        /// How many targets files were asked.
        asked: usize,
        /// Whether the search stopped because it had asked as many as it may.
        gave_up: bool,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let file = &self.file;
        match &self.fault {
            Fault::Malformed(error) => write!(f, "{file} is malformed: {error}"),
            Fault::Unsigned(unsigned) => write!(f, "{file} is {unsigned}"),
            Fault::SignedForRootBefore { unsigned, before, root } => {
                write!(f, "{file} is {unsigned}; it is signed for root {before}, and may be older than root {root}")
            }
            Fault::Rollback { of, trusted, offered } if of == file => {
                write!(f, "{file} went backwards: version {trusted} is trusted, the repository offers {offered}")
            }
            Fault::Rollback { of, trusted, offered } => {
                write!(f, "{file} takes {of} backwards: version {trusted} is trusted, the repository offers {offered}")
            }
            Fault::WrongVersion { expected, offered } => {
                write!(f, "{file} has version {offered} where version {expected} was expected")
            }
            Fault::Removed { name } => write!(f, "{file} no longer lists {}, which it must keep", name.escape_debug()),
            Fault::Expired { expiry, now } => {
                let overdue = now.signed_duration_since(expiry.instant());
                let ago = match (overdue.num_days(), overdue.num_hours()) {
                    (0, 0) if overdue.num_minutes() == 0 => "less than a minute".to_owned(),
                    (0, 0) => format!("{} minutes", overdue.num_minutes()),
                    (0 | 1, hours) => format!("{hours} hours"),
                    (days, _) => format!("{days} days"),
                };
                write!(f, "{file} expired at {expiry}, {ago} before {}", instant_text(*now))
            }
            Fault::WrongLength { expected, offered } => {
                write!(f, "{file} has {offered} bytes where {expected} were expected")
            }
            Fault::WrongDigest { expected } => write!(f, "{file} does not have the digest {expected}"),
            Fault::TooLong { stated, limit } => {
                write!(f, "{file} is stated to have {stated} bytes, more than the {limit} allowed here")
            }
            Fault::Absent => write!(f, "the repository has no {file}"),
            Fault::NotListed { asked, gave_up } => {
                let files = if *asked == 1 { "file" } else { "files" };
                write!(f, "no targets file lists {file} ({asked} {files} asked)")?;
                if *gave_up { f.write_str("; the search stopped at its limit") } else { Ok(()) }
            }
        }
    }
}

impl std::error::Error for Refusal {}
