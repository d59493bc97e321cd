//! The trust root for other programs: as files that they know, in the places where they look.
//!
//! Everything begins with [`Contents`], so nothing goes out that is not verified. What another program keeps for other repositories is
//! left alone, and what it knows of this one is never taken back to older versions.

mod error;
mod file;
mod layouts;
mod pem;

pub use error::ExportError;
pub use file::{ExportedFile, write_all};
pub use layouts::{ClientUrl, cosign, sigstore_js, sigstore_python};
pub use pem::{PemIndex, pem};

use crate::bundle::Contents;
use crate::client::TrustRoot;
use rootline_metadata::sigstore::ClientTrustConfig;

/// Takes the trust root from `contents`.
///
/// # Errors
/// If there is none, or it cannot be read.
pub fn trust_root(contents: &Contents) -> Result<TrustRoot, ExportError> {
    if contents.updated().target(TrustRoot::TRUSTED_ROOT).is_none() {
        return Err(ExportError::NoTrustedRoot);
    }
    Ok(TrustRoot::assemble(contents.updated().clone())?)
}

/// Writes a trust root on one line, as GitHub's command line reads several from one file.
pub fn trusted_root_line(trust_root: &TrustRoot) -> String {
    let mut line = trust_root.trusted_root().to_json_line();
    if !line.ends_with('\n') {
        line.push('\n');
    }
    line
}

/// Writes trusted root and signing config as one document.
///
/// # Errors
/// If the repository does not say which services to sign with.
pub fn client_trust_config(trust_root: &TrustRoot) -> Result<String, ExportError> {
    let signing_config = trust_root.signing_config().ok_or(ExportError::NoSigningConfig)?;
    Ok(ClientTrustConfig::new(trust_root.trusted_root().clone(), signing_config.clone()).to_json())
}
