//! Why files are no published repository.

use rootline_metadata::json::FormatError;
use rootline_metadata::{Unsigned, Version};

/// Something in a published repository is not as it was published.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PublishedError {
    /// A file that this program does not publish.
    #[error("{name} is no file of a published repository")]
    UnknownFile {
        /// Its name.
        name: String,
    },
    /// A file does not have the form it must have.
    #[error("{name} cannot be read: {source}")]
    Format {
        /// Its name.
        name: String,
        /// What is wrong, and where.
        source: FormatError,
    },
    /// A file is not signed by those who have to sign it.
    #[error("{name} is {source}")]
    Unsigned {
        /// Its name.
        name: String,
        /// Whose signatures are missing.
        source: Box<Unsigned>,
    },
    /// A file states another version than its name.
    #[error("{name} says that it is version {stated}")]
    Version {
        /// Its name.
        name: String,
        /// What it says.
        stated: Version,
    },
    /// A file that another one needs is not there.
    #[error("{name} is missing, and {named_by} needs it")]
    Missing {
        /// Its name.
        name: String,
        /// The file that needs it.
        named_by: String,
    },
    /// A file has another length or digest than the file that points to it says.
    #[error("{name} is not the file that {pinned_by} describes: its length or digest differs")]
    MetaFile {
        /// Its name.
        name: String,
        /// The file that says so.
        pinned_by: String,
    },
    /// A target is not what it was.
    #[error("{name} has been changed: its digest is another one")]
    ChangedTarget {
        /// Its name.
        name: String,
    },
    /// A target has a name that this program does not publish under.
    #[error("the target name {name:?} is not one that this program publishes")]
    TargetName {
        /// The name.
        name: String,
    },
    /// A root does not ask for consistent snapshots, and this program publishes nothing else.
    #[error("{name} does not say consistent_snapshot: true")]
    InconsistentSnapshot {
        /// Its name.
        name: String,
    },
    /// There is a file of a role that nobody delegates to.
    #[error("{name} is of a role that no file delegates to")]
    NotDelegated {
        /// Its name.
        name: String,
    },
    /// There are delegations of a form that this program does not write.
    #[error("{name} delegates to {what}, which this program does not publish")]
    Delegations {
        /// Its name.
        name: String,
        /// To whom.
        what: String,
    },
}

impl PublishedError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            PublishedError::UnknownFile { .. } => "move it out of the metadata folder",
            PublishedError::Missing { .. } => {
                "restore it from version control or from where the repository is published"
            }
            PublishedError::Delegations { .. }
            | PublishedError::InconsistentSnapshot { .. }
            | PublishedError::TargetName { .. } => {
                "a repository that another tool made cannot be carried on with this version"
            }
            _ => {
                "published files never change: bring back the file that was published, from version control or from a mirror"
            }
        }
    }
}
