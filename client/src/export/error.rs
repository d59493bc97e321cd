//! Why something cannot be exported.

use std::path::PathBuf;

use rootline_metadata::Version;

use crate::client::TrustRoot;
use crate::error::Error;
use crate::hint::Hint;
use crate::store::StoreError;
use rootline_metadata::format::NewerFormat;

/// Why something cannot be exported.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ExportError {
    /// Another program would not find this repository by such a URL.
    #[error("{url:?} is no URL that another client asks: {reason}")]
    Url {
        /// The URL, without credentials.
        url: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// A name cannot be that of a file there.
    #[error("{} cannot be the name of a file: {reason}", .name.escape_debug())]
    Name {
        /// The name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// The other program has seen more than we have.
    #[error("{} has version {present} already, and this one is {offered}", .path.display())]
    Newer {
        /// The file.
        path: PathBuf,
        /// The version that is there.
        present: Version,
        /// The version that was to be written.
        offered: Version,
    },
    /// The folder has files in it that we did not write.
    #[error("{} is not empty, and not a folder that was exported before", .path.display())]
    Foreign {
        /// The folder.
        path: PathBuf,
    },
    /// The index of what was exported before has a format that only newer versions read.
    #[error("{} was {newer}", .path.display())]
    NewerIndex {
        /// The index.
        path: PathBuf,
        /// Which format.
        newer: NewerFormat,
    },
    /// The repository ships no trusted root.
    #[error("the repository ships no {}", TrustRoot::TRUSTED_ROOT)]
    NoTrustedRoot,
    /// The trust root cannot be read.
    #[error(transparent)]
    TrustRoot(#[from] Error),
    /// The repository ships no signing config.
    #[error("the repository ships no {}", TrustRoot::SIGNING_CONFIG)]
    NoSigningConfig,
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExportError {
    /// What to do next; `None` when nothing is known that helps, or the cause has a hint of its own.
    pub fn hint(&self) -> Option<Hint> {
        match self {
            ExportError::Url { .. } => Some(Hint::NameClientUrl),
            ExportError::Name { .. } => Some(Hint::LeaveTargetOut),
            ExportError::Newer { .. } => Some(Hint::UpdateThenExport),
            ExportError::Foreign { .. } => Some(Hint::UseNewFolder),
            ExportError::NoSigningConfig => Some(Hint::ExportTrustedRootAlone),
            ExportError::NoTrustedRoot => Some(Hint::ExportWithoutTrustedRoot),
            ExportError::NewerIndex { .. } => Some(Hint::UpdateSoftware),
            ExportError::TrustRoot(_) => None,
            ExportError::Store(error) => error.hint(),
        }
    }
}
