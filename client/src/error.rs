//! What can go wrong, by culprit: the repository, the way to it, or the local store.

use std::fmt;
use std::path::PathBuf;

use rootline_metadata::{TargetPath, Version};

use crate::hint::Hint;
use crate::store::{MissingLock, StoreError};
use crate::transport::TransportError;
use crate::workflow::check::Check;
use crate::workflow::refusal::Refusal;

/// Why a refresh, a search or a download failed. The trusted files are as they were, or further on by files that were verified.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The repository offered something that is not trusted.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// A file did not arrive.
    #[error(transparent)]
    Transport(#[from] TransportError),
    /// A verified file could not be kept.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl Error {
    /// The refusal, if the repository is the culprit.
    pub fn refusal(&self) -> Option<&Refusal> {
        if let Error::Refused(refusal) = self { Some(refusal) } else { None }
    }

    /// Whether the repository, or the way to it, is to blame, so that another mirror may do better.
    pub fn is_from_repository(&self) -> bool {
        match self {
            Error::Refused(refusal) => !matches!(refusal.check, Check::PinnedRoot | Check::TargetKnown),
            // Where the time for all of it is up, there is none for another mirror.
            Error::Transport(error) => !matches!(
                error,
                TransportError::Setup { .. }
                    | TransportError::ProxyUnreadable { .. }
                    | TransportError::OutOfTime { .. }
            ),
            Error::Store(_) => false,
        }
    }
}

/// Something noticed that was not a failure, for a log or a person.
#[derive(Debug)]
#[non_exhaustive]
pub enum Note {
    /// The server said "forbidden" rather than "not found" of the next root. Both mean that there is none; but a server that forbids
    /// everything would freeze us.
    RootForbidden {
        /// What was asked for.
        name: String,
    },
    /// A cache could not be read, so it was fetched instead, or did not count.
    CacheUnreadable(StoreError),
    /// What was verified cannot be kept.
    NotPersisted(StoreError),
    /// The record of when the repository was last asked cannot be written, so that it is asked again sooner than need be.
    CheckNotRecorded(StoreError),
    /// The file system has no locks, so that another program that writes at the same time is noticed, but not kept out.
    Unlocked(MissingLock),
    /// Another chain of roots is known under the same URL: the pinned root is not in its history, and neither leads to the other. A cache of
    /// its own has been begun beside it, which knows no versions yet.
    OtherRoots {
        /// The cache of the other chain, which stays as it is.
        folder: PathBuf,
    },
    /// This user has no folder for caches.
    NoCacheFolder,
    /// The cache says that a newer root was trusted, and nothing leads to it from the pinned root: versions that were seen under it do not
    /// count any more.
    RootUnreachable {
        /// The version of the cache's newest root.
        cached: Version,
        /// The version of the newest root that is trusted.
        trusted: Version,
    },
    /// An optional target counts as not listed, because a delegated role that may list it could not be verified.
    OptionalTargetPassedOver {
        /// The target.
        target: TargetPath,
        /// Why the role could not be verified.
        reason: String,
    },
    /// A mirror failed, or served what is not trusted, and was left for the next one.
    MirrorLeft {
        /// Which one.
        location: String,
        /// Why.
        reason: String,
    },
    /// A mirror had another root in the place of one that is vouched for.
    RootReplaced {
        /// Its file.
        name: String,
    },
}

impl Note {
    /// What to do about it; `None` when nothing is known that helps.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            Note::Unlocked(_) => Some(Hint::UseLocalDisk),
            _ => None,
        }
    }
}

impl fmt::Display for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Note::RootForbidden { name } => {
                write!(f, "the server forbids {name} instead of saying that there is none; taken as: no newer root")
            }
            Note::RootUnreachable { cached, trusted } => write!(
                f,
                "the cache has root {cached}, which nothing leads to from the pinned root; going on with root {trusted}, \
                 without the versions that were seen under the other"
            ),
            Note::OptionalTargetPassedOver { target, reason } => {
                write!(f, "{} is taken as not listed: {reason}", target.as_str().escape_debug())
            }
            Note::OtherRoots { folder } => write!(
                f,
                "the cache {} has other roots under this URL, none of which is connected with the pinned one; it stays as it is, and a new cache begins without the versions that were seen",
                folder.display()
            ),
            Note::NoCacheFolder => f.write_str("this user has no cache folder; going on without keeping a copy"),
            Note::CheckNotRecorded(error) => {
                write!(f, "{error}; all else is kept, but when the repository was asked is not")
            }
            Note::Unlocked(missing) => {
                write!(f, "{missing}; going on without, which is safe while no other program writes there")
            }
            Note::NotPersisted(error) => write!(f, "{error}; going on without keeping a copy"),
            Note::MirrorLeft { location, reason } => write!(f, "left the mirror {location}: {reason}"),
            Note::RootReplaced { name } => {
                write!(f, "{name} in the mirror was not the root that is vouched for, and was replaced")
            }
            Note::CacheUnreadable(error) => write!(f, "a cache was passed over: {error}"),
        }
    }
}
