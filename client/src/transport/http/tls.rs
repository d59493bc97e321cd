//! What makes TLS: whom to trust, and which protocols to speak over it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::super::TransportError;
use crate::store::read_file_at_most;

/// The most bytes of a file with certificate authorities. The bundle of all public ones has a quarter of a mebibyte.
const MAX_CA_FILE: u64 = 16 << 20;

/// TLS that trusts the system's certificate authorities and those in the files.
pub(super) fn trusting(files: &[PathBuf]) -> Result<ClientConfig, TransportError> {
    let mut extra = Vec::new();
    for file in files {
        extra.extend(authorities(file)?);
    }
    let provider = provider();
    let verifier = if extra.is_empty() { Verifier::new(provider.clone()) } else { with_extra(extra, provider.clone()) };
    Ok(ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .dangerous() // because the verifier is our choice: the platform's own
        .with_custom_certificate_verifier(Arc::new(verifier.map_err(setup)?))
        .with_no_client_auth())
}

/// TLS for a client that meets no `https` URL, costs nothing, and would refuse every server.
pub(super) fn trusting_nobody() -> Result<ClientConfig, TransportError> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(setup)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

/// The same, speaking these protocols, the one liked best first (RFC 7301).
pub(super) fn speaking(tls: &ClientConfig, protocols: &[&[u8]]) -> ClientConfig {
    let mut tls = tls.clone();
    tls.alpn_protocols = protocols.iter().map(|protocol| protocol.to_vec()).collect();
    tls
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(not(target_os = "android"))]
fn with_extra(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Verifier::new_with_extra_roots(extra, provider)
}

#[cfg(target_os = "android")]
fn with_extra(_: Vec<CertificateDer<'static>>, _: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Err(rustls::Error::General("Android takes no extra certificate authorities".to_owned()))
}

fn authorities(path: &Path) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let location = path.display().to_string();
    let too_long = || TransportError::TooLong { location: location.clone(), limit: MAX_CA_FILE };
    let io = |error| TransportError::Io { location: location.clone(), error };
    let file = std::fs::File::open(path).map_err(io)?;
    let pem = read_file_at_most(&file, MAX_CA_FILE).map_err(io)?.ok_or_else(too_long)?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TransportError::Setup { reason: format!("{location} has no certificates in PEM form") }),
    }
}

fn setup(error: rustls::Error) -> TransportError {
    TransportError::Setup { reason: error.to_string() }
}
