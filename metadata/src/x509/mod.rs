//! Certificates (RFC 5280) as a trust root lists them: what they say, who has signed them, and in which order they stand.
//!
//! ```text
//! a file: PEM, DER, PKCS#7 ──read_certificates──▶ Certificates in any order ──Chain::of──▶ leaf to root, every signature verified
//! ```
//!
//! For those who publish a trust root. A verifier of signatures checks the chain of a signing certificate itself, with a library
//! for that; nothing here decides whom to trust, and no clock is read.

mod certificate;
mod chain;
mod container;
#[cfg(test)]
mod fixtures;

pub use certificate::{Certificate, CertificateError, ExtendedKeyUsage, LinkError};
pub(crate) use chain::common_validity;
pub use chain::{Chain, ChainError};
pub use container::{ContainerError, MAX_CERTIFICATES, MAX_CONTAINER_BYTES, read_certificates};
