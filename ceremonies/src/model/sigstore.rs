//! The trust root that others are made from.

/// The trust root of Sigstore's public-good instance, byte for byte as its repository shipped it in August 2026. It is a base for the trust
/// root of a repository of one's own, and it ages: to verify Sigstore's signatures, follow Sigstore's own repository.
pub const SIGSTORE_TRUSTED_ROOT: &[u8] = include_bytes!("../../data/sigstore.trusted_root.json");
