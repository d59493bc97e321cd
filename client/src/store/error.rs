//! What can go wrong with local files.

use std::error::Error;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::patience::is_held_open;
use crate::hint::Hint;

/// A problem with local files: never the network's fault and never the repository's.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The operating system refused.
    #[error("cannot {operation} {}: {error}", .path.display())]
    Io {
        /// What was being done.
        operation: Operation,
        /// To which file or folder.
        path: PathBuf,
        /// What the operating system said.
        error: io::Error,
    },
    /// The file has more bytes than it may have.
    #[error("{} is longer than the {limit} bytes allowed for it", .path.display())]
    TooLong {
        /// The file.
        path: PathBuf,
        /// The most bytes it may have.
        limit: u64,
    },
    /// A symbolic link, a folder, a pipe or a device is where a regular file (or a real folder) belongs. Links are not
    /// followed, because what they lead to was not put there by this program.
    #[error("{} is {found}, which is not followed or replaced here", .path.display())]
    NotARegularFile {
        /// What is in the way.
        path: PathBuf,
        /// What it is: "a symbolic link", "a folder", "not a regular file", "not a folder".
        found: &'static str,
    },
    /// Another process held the lock for the whole time that was waited for it.
    #[error("{} is locked by another process (waited {} ms)", .path.display(), .waited.as_millis())]
    Locked {
        /// The lock file.
        path: PathBuf,
        /// How long was waited; the limit as set, not a measurement.
        waited: Duration,
    },
    /// Somebody kept changing the cache without its lock, so that nothing could be kept in it.
    #[error("the cache was changed {times} times without its lock while it was brought up to date")]
    Contended {
        /// How often it was tried.
        times: u32,
    },
    /// A file of another name is there, and the file system takes the two names for one, as Windows and macOS do where they differ in case.
    #[error("{} is not written: this file system takes that for the file that is there{}", .path.display(), spelt(.found))]
    OtherSpelling {
        /// The file that was to be written.
        path: PathBuf,
        /// The name of the one that is there; empty when it cannot be told.
        found: String,
    },
    /// A target's name cannot become sub-folders of the target folder.
    #[error("the target name {name:?} cannot be used as a path: {reason}")]
    UnsafeName {
        /// The target's name, as the repository has it.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Something failed that only the store of an implementor knows: a database, a lease, a quota.
    #[error(transparent)]
    Other(Box<dyn Error + Send + Sync>),
}

/// What was being done to a file when it failed; reads on after "cannot".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Operation {
    /// Making a folder.
    CreateFolder,
    /// Opening or reading a file.
    Read,
    /// Writing a temporary file, moving it into place, or syncing either.
    Write,
    /// Removing a file.
    Remove,
    /// Opening or taking the lock.
    Lock,
}

impl StoreError {
    /// Makes an [`Other`](Self::Other) of an implementor's own error.
    pub fn other(error: impl Into<Box<dyn Error + Send + Sync>>) -> Self {
        Self::Other(error.into())
    }

    /// The file or folder that this is about, when it is about one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Self::Io { path, .. }
            | Self::TooLong { path, .. }
            | Self::NotARegularFile { path, .. }
            | Self::OtherSpelling { path, .. }
            | Self::Locked { path, .. } => Some(path),
            Self::UnsafeName { .. } | Self::Contended { .. } | Self::Other(_) => None,
        }
    }

    /// The operating system's kind of error, when it was the operating system that refused.
    pub fn io_kind(&self) -> Option<io::ErrorKind> {
        match self {
            Self::Io { error, .. } => Some(error.kind()),
            _ => None,
        }
    }

    /// Whether this is a place that this user cannot write at all: a read-only file system, a missing permission, or
    /// something else where a folder belongs (`HOME=/dev/null`). A caller may then carry on with a
    /// [`MemoryStore`](super::MemoryStore), which no other failure of a disk should silently lead to.
    pub fn is_read_only(&self) -> bool {
        use io::ErrorKind::{NotADirectory, PermissionDenied, ReadOnlyFilesystem};
        match self {
            Self::Io { error, .. } => matches!(error.kind(), ReadOnlyFilesystem | PermissionDenied | NotADirectory),
            Self::NotARegularFile { found, .. } => *found == NOT_A_FOLDER,
            _ => false,
        }
    }

    /// Whether what was being written has gone: a writer who holds the lock sweeps up what others leave, and what they are still at.
    pub(crate) fn was_swept_up(&self) -> bool {
        self.io_kind() == Some(io::ErrorKind::NotFound)
    }

    /// What to do next; `None` when nothing is known that helps, or the cause has a hint of its own.
    pub fn hint(&self) -> Option<Hint> {
        use io::ErrorKind::{NotADirectory, PermissionDenied, QuotaExceeded, ReadOnlyFilesystem, StorageFull};
        match (self, self.io_kind()) {
            (Self::Io { error, .. }, _) if is_held_open(error) => Some(Hint::WaitForOtherProcess),
            (_, Some(StorageFull)) => Some(Hint::FreeSpace),
            (_, Some(QuotaExceeded)) => Some(Hint::FreeQuota),
            (_, Some(PermissionDenied)) => Some(Hint::MakeAccessible),
            (_, Some(ReadOnlyFilesystem | NotADirectory)) => Some(Hint::UseWritableFolder),
            (Self::Locked { .. }, _) => Some(Hint::WaitForOtherProcess),
            (Self::Contended { .. }, _) => Some(Hint::FindOtherWriter),
            (Self::TooLong { .. }, _) => Some(Hint::MoveForeignFileAway),
            (Self::NotARegularFile { .. } | Self::OtherSpelling { .. }, _) => Some(Hint::MoveAwayOrUseOtherFolder),
            (Self::UnsafeName { .. }, _) => Some(Hint::UseFlatLayout),
            _ => None,
        }
    }

    pub(super) fn io(operation: Operation, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |error| Self::Io { operation, path, error }
    }
}

fn spelt(found: &str) -> String {
    if found.is_empty() { String::new() } else { format!(" as {}", found.escape_debug()) }
}

/// What [`StoreError::NotARegularFile`] has found in a folder's place.
pub(super) const NOT_A_FOLDER: &str = "not a folder";

impl fmt::Display for Operation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::CreateFolder => "create the folder",
            Self::Read => "read",
            Self::Write => "write",
            Self::Remove => "remove",
            Self::Lock => "lock",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn failed_with(kind: io::ErrorKind) -> StoreError {
        StoreError::Io { operation: Operation::Write, path: "/home/x/root.json".into(), error: kind.into() }
    }

    #[test]
    fn only_a_place_that_can_never_be_written_is_read_only() {
        for kind in [io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied, io::ErrorKind::NotADirectory] {
            assert!(failed_with(kind).is_read_only(), "{kind:?}");
        }
        for kind in [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::Other] {
            assert!(!failed_with(kind).is_read_only(), "{kind:?}");
        }
        assert!(!StoreError::Locked { path: "l".into(), waited: Duration::ZERO }.is_read_only());
    }

    #[test]
    fn a_full_disk_and_a_missing_permission_come_with_a_hint() {
        assert_eq!(failed_with(io::ErrorKind::StorageFull).hint(), Some(Hint::FreeSpace));
        assert_eq!(failed_with(io::ErrorKind::PermissionDenied).hint(), Some(Hint::MakeAccessible));
        assert_eq!(failed_with(io::ErrorKind::Interrupted).hint(), None);
    }

    #[test]
    fn the_sentence_names_the_operation_and_the_path() {
        let sentence = failed_with(io::ErrorKind::StorageFull).to_string();
        assert!(sentence.starts_with("cannot write /home/x/root.json: "), "{sentence}");
    }
}
