//! Why a bundle is not taken, or cannot be made.

use std::io;

use rootline_metadata::Version;
use rootline_metadata::json::FormatError;

use crate::error::Error;
use crate::hint::Hint;
use crate::store::StoreError;
use crate::transport::TransportError;
use crate::workflow::refusal::Refusal;
use rootline_metadata::format::NewerFormat;

/// Why a bundle is not taken, or cannot be made. A cache that it was to be imported into is as it was.
///
/// Sentences that include their cause have no [source](std::error::Error::source), so that a chain says each thing once.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// It cannot be read.
    #[error("the bundle cannot be read: {0}")]
    Read(io::Error),
    /// It cannot be written.
    #[error("the bundle cannot be written: {0}")]
    Write(io::Error),
    /// It is not the one form of tar that bundles have.
    #[error("the bundle is damaged, or none: {0}")]
    Archive(ArchiveFault),
    /// It has more bytes than are allowed here.
    #[error("the bundle is longer than the {limit} bytes allowed here")]
    TooLong {
        /// The most that is allowed.
        limit: u64,
    },
    /// It has more files than are allowed here.
    #[error("the bundle has more than the {limit} files allowed here")]
    TooManyFiles {
        /// The most that are allowed.
        limit: usize,
    },
    /// A file in it is longer than is allowed for its kind.
    #[error("{} in the bundle has {length} bytes, more than the {limit} allowed here", .name.escape_debug())]
    FileTooLong {
        /// Its name.
        name: String,
        /// The length it has, in bytes.
        length: u64,
        /// The most that is allowed.
        limit: u64,
    },
    /// A name of a file cannot be that of a file in a bundle.
    #[error("{} cannot be the name of a file in a bundle: {reason}", .name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// It does not begin with a manifest that can be read.
    #[error("bundle.json is malformed: {0}")]
    Manifest(Box<FormatError>),
    /// It has a format that only newer versions read.
    #[error("bundle.json was {0}")]
    Newer(NewerFormat),
    /// It was made for verifiers who begin with another root.
    #[error(
        "the bundle is of another instance: its {version}.root.json is not the pinned root (it calls itself {}, unsigned)",
        .stated.escape_debug()
    )]
    AnotherInstance {
        /// What it calls itself; that is not verified.
        stated: String,
        /// The version of the pinned root.
        version: Version,
    },
    /// Its roots and the pinned one have no version in common, and no key either.
    #[error(
        "the bundle is of another instance: its roots {first} to {newest} share no root key with the pinned root {pinned} \
         (it calls itself {}, unsigned)", .stated.escape_debug()
    )]
    Unrelated {
        /// What it calls itself; that is not verified.
        stated: String,
        /// The first root in it.
        first: Version,
        /// The newest root in it.
        newest: Version,
        /// The pinned root.
        pinned: Version,
    },
    /// It does not go back to the pinned root.
    #[error("the bundle begins with root {first}, and the pinned root is version {pinned}")]
    BeginsLater {
        /// The first root in it.
        first: Version,
        /// The pinned root.
        pinned: Version,
    },
    /// It is older than what is trusted already.
    #[error(
        "the bundle is older than what is trusted already: root {trusted} is trusted, the bundle ends with root {offered}"
    )]
    Older {
        /// The newest root that is trusted.
        trusted: Version,
        /// The newest root in it.
        offered: Version,
    },
    /// It has a file that nothing in it needs.
    #[error("{} is in the bundle, and nothing that is signed leads to it", .name.escape_debug())]
    Unaccounted {
        /// Its name.
        name: String,
    },
    /// What it says of itself is not what is in it.
    #[error("bundle.json does not say what is in the bundle")]
    ManifestDiffers,
    /// What is in it is refused, does not arrive, or cannot be kept.
    #[error(transparent)]
    Contents(#[from] Error),
}

/// What is wrong with the tar.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ArchiveFault {
    /// It ends in the middle.
    #[error("it is cut off")]
    Truncated,
    /// A header is not as the header of that file has to be.
    #[error("it has a header that no bundle has")]
    Header,
    /// There is something else than a regular file in it.
    #[error("it has {0} in it, where every bundle has regular files alone")]
    NotAFile(&'static str),
    /// There is something between the files.
    #[error("it has something between its files")]
    Padding,
    /// There is something after its end.
    #[error("it goes on after its end")]
    Trailing,
    /// Its files are not in the one order, or one of them is there twice.
    #[error("its files are not in their order, or one of them is there twice")]
    Order,
}

impl BundleError {
    /// The refusal of the workflow, if that is what it is.
    pub fn refusal(&self) -> Option<&Refusal> {
        if let BundleError::Contents(error) = self { error.refusal() } else { None }
    }

    /// What to do next; `None` when nothing is known that helps, or the cause has a hint of its own.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            BundleError::Read(_) | BundleError::Write(_) | BundleError::Contents(_) => None,
            BundleError::Archive(_) | BundleError::Manifest(_) | BundleError::ManifestDiffers => {
                Some(Hint::CarryBundleAgain)
            }
            BundleError::Unaccounted { .. } => Some(Hint::DoNotUseBundle),
            BundleError::TooLong { .. } => Some(Hint::BundleFewerTargetsOrAllowMore),
            BundleError::TooManyFiles { .. } => Some(Hint::BundleFewerTargets),
            BundleError::FileTooLong { .. } => Some(Hint::AllowLongerFiles),
            BundleError::Name { .. } => Some(Hint::LeaveTargetOutOfBundle),
            BundleError::AnotherInstance { .. } | BundleError::Unrelated { .. } => Some(Hint::NameBundleInstance),
            BundleError::BeginsLater { .. } => Some(Hint::BundleEarlierRoots),
            BundleError::Older { .. } => Some(Hint::MakeNewerBundle),
            BundleError::Newer(_) => Some(Hint::UpdateSoftware),
        }
    }
}

impl From<ArchiveFault> for BundleError {
    fn from(fault: ArchiveFault) -> Self {
        BundleError::Archive(fault)
    }
}

impl From<Refusal> for BundleError {
    fn from(refusal: Refusal) -> Self {
        BundleError::Contents(refusal.into())
    }
}

impl From<TransportError> for BundleError {
    fn from(error: TransportError) -> Self {
        BundleError::Contents(error.into())
    }
}

impl From<StoreError> for BundleError {
    fn from(error: StoreError) -> Self {
        BundleError::Contents(error.into())
    }
}
