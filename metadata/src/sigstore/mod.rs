//! Sigstore's documents: which keys and certificates to trust when, and which services to sign with.
//!
//! ```text
//! trusted_root.json ──────▶ TrustedRoot ──at(t)──▶ chains, logs and timestamp authorities to trust for a signature of that time
//! signing_config.json ────▶ SigningConfig ─select_…(t)─▶ the services to sign with at that time
//! ClientTrustConfig ──────▶ both in one file
//! ```
//!
//! The formats are Sigstore's protobuf messages written as proto3 JSON, so a member may go by its lowerCamelCase or its original
//! snake_case name, `null` means absent, bytes are base64 in either alphabet with or without padding, and an enumeration is a name or
//! a number. What cannot be understood is never lost and never in the way: a document keeps every member it arrived with, and an
//! entry of a kind that is not known here is passed over with the reason, as clients that failed on the whole file were cut off each
//! time a new kind of key appeared.
//!
//! ```
//! use rootline_metadata::parse_instant;
//! use rootline_metadata::sigstore::TrustedRoot;
//!
//! let bytes = br#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "ctlogs": [{
//!     "baseUrl": "https://ctfe.sigstore.dev/2022", "hashAlgorithm": "SHA2_256",
//!     "publicKey": {"keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": "2022-10-20T00:00:00Z"}, "rawBytes":
//! "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiPSlFi0CmFTfEjCUqF9HuCEcYXNKAaYalIJmBZ8yyezPjTqhxrKBpMnaocVtLJBI1eM3uXnQzQGAJdJ4gs9Fyw=="},
//!     "logId": {"keyId": "3T0wasbHETJjGR4cmWc3AqJKXrjePK3/h4pygC8p7o4="}}]}"#;
//! let trusted = TrustedRoot::parse(bytes, 100_000)?;
//! let at = |text| trusted.at(parse_instant(text).unwrap()).certificate_transparency_logs().count();
//! assert_eq!(at("2022-10-19T23:59:59Z"), 0);
//! assert_eq!(at("2022-10-20T00:00:00Z"), 1);
//! # Ok::<(), rootline_metadata::json::FormatError>(())
//! ```
//!
//! Not supported: what is inside a certificate (verifiers of signatures read that), LMS keys, and numbers written with a fraction
//! or an exponent, which the [JSON reader](crate::json) refuses.

mod at;
mod certificate_authority;
mod client_trust_config;
mod edit;
mod edit_error;
mod entry;
#[cfg(test)]
mod fixtures;
mod key_details;
pub mod lint;
mod log_id;
mod log_instance;
mod log_key;
mod log_key_file;
mod proto_json;
mod section;
mod selection;
mod service;
mod signing_config;
mod signing_config_edit;
mod skipped;
mod trusted_root;
mod version_02;
mod window;

pub use at::{Lookup, TrustedAt};
pub use certificate_authority::{CertificateAuthority, Subject};
pub use client_trust_config::ClientTrustConfig;
pub use edit_error::EditError;
pub use entry::{EntryRef, NewCertificateAuthority, NewLog};
pub use key_details::{HashAlgorithm, KeyDetails};
pub use log_id::{LogId, LogIdKind};
pub use log_instance::{LogIdCheck, LogInstance};
pub use log_key::{LogKey, UnusableLogKey};
pub use log_key_file::LogKeyFileError;
pub use section::{Section, TrustedRootFormat};
pub use selection::{SelectionError, SelectionProblem};
pub use service::{Selector, SelectorFault, Service, ServiceKind};
pub use signing_config::{SigningConfig, SigningConfigFormat};
pub use signing_config_edit::NewService;
pub use skipped::{SkipReason, Skipped};
pub use trusted_root::TrustedRoot;
pub use window::Window;
