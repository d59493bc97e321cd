//! Secret keys, signing with them or with what holds one elsewhere, and the short form of a signature.

pub(crate) mod compact_signature;
pub(crate) mod possession;
pub(crate) mod secret_key;
pub(crate) mod signer;
