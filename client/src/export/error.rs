//! Why something cannot be exported.

use std::path::PathBuf;

use rootline_metadata::Version;

use crate::client::trust_root::{SIGNING_CONFIG, TRUSTED_ROOT};
use crate::error::Error;
use crate::store::StoreError;

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
    /// The repository ships no trusted root.
    #[error("the repository ships no {TRUSTED_ROOT}")]
    NoTrustedRoot,
    /// The trust root cannot be read.
    #[error(transparent)]
    TrustRoot(#[from] Error),
    /// The repository ships no signing config.
    #[error("the repository ships no {SIGNING_CONFIG}")]
    NoSigningConfig,
    /// A file cannot be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ExportError {
    /// What to do next, when there is something.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            ExportError::Url { .. } => Some("name the URL that the other client asks with --client-url"),
            ExportError::Name { .. } => Some("leave that target out"),
            ExportError::Newer { .. } => {
                Some("bring the local copy up to date with `rootline update`, then export again")
            }
            ExportError::Foreign { .. } => Some("name a folder that is empty or does not exist yet"),
            ExportError::NoSigningConfig => Some("use --format trusted-root, which needs none"),
            ExportError::NoTrustedRoot => Some("only bundles and the folders of other clients can be exported from it"),
            ExportError::TrustRoot(_) => None,
            ExportError::Store(error) => error.hint(),
        }
    }
}
