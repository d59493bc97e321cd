//! Formats and signatures of TUF metadata and of Sigstore's trust roots.
//!
//! This crate reads what arrived, keeps its bytes, and says who has signed it. It has no IO and no clock: it is `no_std`, so the
//! compiler says so, and every judgement about time takes the time as an argument. What to fetch and what to refuse is the business
//! of `rootline-client`; what to write and who signs it, of `rootline-ceremonies`.
//!
//! ```text
//! bytes ─▶ json::Document ─▶ Envelope<Root | Timestamp | Snapshot | Targets> ─▶ quorum ─▶ Verified<…>
//!                        └▶ sigstore::{TrustedRoot, SigningConfig, ClientTrustConfig}
//! ```
//!
//! What has arrived is an [`Envelope`]; what enough keys have signed is a [`Verified`], and counting is the only way from one to the
//! other:
//!
//! ```
//! use rootline_metadata::{Envelope, Root, limits};
//!
//! let bytes = br#"{"signatures": [], "signed": {"_type": "root", "spec_version": "1.0.31", "version": 1,
//!     "expires": "2030-01-01T00:00:00Z", "consistent_snapshot": true, "keys": {}, "roles": {
//!     "root": {"keyids": [], "threshold": 1}, "timestamp": {"keyids": [], "threshold": 1},
//!     "snapshot": {"keyids": [], "threshold": 1}, "targets": {"keyids": [], "threshold": 1}}}}"#;
//! let envelope = Envelope::<Root>::parse(bytes.to_vec(), limits::MAX_ROOT_BYTES)?;
//! let refusal = envelope.verify_self_signed().unwrap_err();
//! assert_eq!(refusal.to_string(), "not signed by enough of its own root keys: 0 of 1 signatures needed");
//! # Ok::<(), rootline_metadata::json::FormatError>(())
//! ```
//!
//! Not supported: the `mirrors` role, TAP 4 maps, key ids by other hashes than SHA-256.

#![no_std]

extern crate alloc;

#[cfg(test)]
mod certificate_fixtures;
mod delegations;
mod duration;
pub mod file_name;
pub mod format;
pub mod hex;
pub mod json;
mod keys;
pub mod limits;
pub mod lint;
pub mod plain_name;
mod quoted;
mod roles;
mod signed;
pub mod sigstore;
pub mod spec;
#[cfg(feature = "x509")]
pub mod x509;

pub use delegations::hash_bins::{BinNames, HashBins};
pub use delegations::listed::ListedRoles;
pub use delegations::path_pattern::PathPattern;
pub use delegations::{Delegate, DelegatedRoles, Delegation, Delegations, Scope};
pub use duration::parse_duration;
pub use keys::backend;
pub use keys::key::{Key, KeyId, Keys, key_object};
pub use keys::pem::block as pem_block;
pub use keys::public_key::{
    BadSignature, KeyEncoding, KeyMaterial, ParameterSet, PublicKey, RSA_MODULUS_BITS, Scheme, TufKey, UnusableKey,
};
pub use roles::digests::{DigestCheck, Digests, sha256};
pub use roles::expiry::{Expiry, instant_text, parse_instant};
pub use roles::header::{Header, Role, RoleKeys, RoleName, TopLevelRole};
pub use roles::meta_file::MetaFile;
pub use roles::root::Root;
pub use roles::snapshot::Snapshot;
pub use roles::stated_lifetime::{ROOTLINE_EXPIRES_DAYS, TUF_ON_CI_EXPIRY_PERIOD};
pub use roles::target::{TargetFile, TargetPath};
pub use roles::targets::Targets;
pub use roles::timestamp::Timestamp;
pub use roles::version::Version;
pub use signed::envelope::{Envelope, Signatory, Unsigned, Verified};
pub use signed::quorum::{Authority, Discount, KeyTally, SignatureSet, Thoroughness};
pub use signed::signature::Signature;
