//! Why a mirror could not be brought up to date.

use std::path::PathBuf;

use crate::error::Error;
use crate::hint::Hint;
use crate::store::StoreError;
use crate::workflow::refusal::Refusal;
use rootline_metadata::format::NewerFormat;

/// Why a mirror could not be brought up to date. Its readers see what they saw before.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum MirrorError {
    /// The repository or the way to it, or the local files.
    #[error(transparent)]
    Repository(#[from] Error),
    /// The folder holds a file, not put there by a mirror, where one of the mirror's belongs.
    #[error("{} was not written by this mirror, and is not replaced", .path.display())]
    NotOurs {
        /// Which one.
        path: PathBuf,
    },
    /// The folder holds another root of the same version: it is the mirror of another repository, or damaged.
    #[error("{} is another root than the one that was verified; roots are never replaced", .path.display())]
    OtherRoot {
        /// Which one.
        path: PathBuf,
    },
    /// The list of what the mirror has written cannot be read.
    #[error("{} is damaged: {reason}", .path.display())]
    WrittenFiles {
        /// Where it is.
        path: PathBuf,
        /// What is wrong with it.
        reason: String,
    },
    /// The list of what the mirror has written has a format that only newer versions read.
    #[error("{} was {newer}", .path.display())]
    NewerWrittenFiles {
        /// Where it is.
        path: PathBuf,
        /// Which format.
        newer: NewerFormat,
    },
    /// Two different files of the repository would be one file of the mirror, here or wherever case makes no difference; or one would be in the
    /// place of a folder of the other.
    #[error(
        "the repository has {} and {}, which are in one place where case makes no difference",
        .other.escape_debug(),
        .name.escape_debug()
    )]
    Collision {
        /// The place below the mirror's folder.
        name: String,
        /// The place of the file before it.
        other: String,
    },
    /// The place of a new file has another one of this round: the file system takes the two places for one, as macOS does with two ways to write
    /// an accent.
    #[error("this file system takes the place {} for that of another file of the repository", .name.escape_debug())]
    Overwritten {
        /// The place below the mirror's folder.
        name: String,
    },
    /// The repository has more delegated roles than are allowed here.
    #[error("the repository has more than the {limit} delegated roles allowed here")]
    TooManyRoles {
        /// The most that are allowed.
        limit: usize,
    },
    /// The repository's targets are larger than is allowed here.
    #[error("the repository's targets have {stated} bytes together, more than the {limit} allowed here")]
    TooManyBytes {
        /// What they have.
        stated: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// The observer wanted it to end.
    #[error("the mirror was stopped before it was up to date; what it serves is complete")]
    Stopped,
}

impl MirrorError {
    /// What to do next; `None` when nothing is known that helps, or the cause has a hint of its own.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            MirrorError::Repository(_) => None,
            MirrorError::NotOurs { .. } => Some(Hint::UseMirrorFolder),
            MirrorError::OtherRoot { .. } => Some(Hint::UseOtherFolderOrMoveDamagedAway),
            MirrorError::WrittenFiles { .. } => Some(Hint::MoveListAway),
            MirrorError::Collision { .. } | MirrorError::Overwritten { .. } => Some(Hint::TellOperators),
            MirrorError::TooManyRoles { .. } | MirrorError::TooManyBytes { .. } => Some(Hint::RaiseLimit),
            MirrorError::Stopped => Some(Hint::RunMirrorAgain),
            MirrorError::NewerWrittenFiles { .. } => Some(Hint::UpdateSoftware),
        }
    }
}

impl From<Refusal> for MirrorError {
    fn from(refusal: Refusal) -> Self {
        MirrorError::Repository(refusal.into())
    }
}

impl From<StoreError> for MirrorError {
    fn from(error: StoreError) -> Self {
        MirrorError::Repository(error.into())
    }
}
