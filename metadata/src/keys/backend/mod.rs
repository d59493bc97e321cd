//! Who computes P-256, P-384 and RSA-PSS: *ring* or RustCrypto, held equal by a test over Wycheproof's vectors.
//!
//! Both may be built in; then [`Preferred`] is *ring*. Ed25519 is always verified by ed25519-dalek and ML-DSA by ml-dsa, which are
//! pure Rust and the fastest or the only ones there are. What makes a key usable is decided before a backend sees it, by
//! [`KeyMaterial`](crate::keys::public_key::KeyMaterial), so that no key is usable with one backend and useless with the other.

#[cfg(feature = "ml-dsa")]
pub mod ml_dsa;
#[cfg(feature = "ring")]
mod ring;
#[cfg(feature = "rustcrypto")]
mod rustcrypto;

#[cfg(feature = "ring")]
pub use self::ring::Ring;
#[cfg(feature = "rustcrypto")]
pub use self::rustcrypto::RustCrypto;

#[cfg(not(any(feature = "ring", feature = "rustcrypto")))]
compile_error!(
    "rootline-metadata needs a backend to verify signatures with: enable its feature `ring` (fastest, needs a C compiler) or \
     `rustcrypto` (pure Rust)"
);

/// The backend that [`PublicKey::verify`](crate::keys::public_key::PublicKey::verify) uses.
#[cfg(feature = "ring")]
pub type Preferred = Ring;
/// The backend that [`PublicKey::verify`](crate::keys::public_key::PublicKey::verify) uses.
#[cfg(all(feature = "rustcrypto", not(feature = "ring")))]
pub type Preferred = RustCrypto;

/// Verifies signatures by keys whose form has been checked. Only this crate implements it: a backend that says yes to everything
/// would undo every check there is.
pub trait Backend: sealed::Sealed {
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5, section 6.4.2). The point is uncompressed and on the curve; the signature is an
    /// `ECDSA-Sig-Value` in DER (RFC 3279, section 2.2.3), and `s` may be high.
    fn ecdsa_p256_sha256(point: &[u8; 65], message: &[u8], signature: &[u8]) -> bool;

    /// ECDSA over P-384 with SHA-384, otherwise as for P-256.
    fn ecdsa_p384_sha384(point: &[u8; 97], message: &[u8], signature: &[u8]) -> bool;

    /// RSASSA-PSS (RFC 8017, section 8.1.2) with MGF1 over the same hash and a salt as long as its digest.
    fn rsa_pss(hash: PssHash, key: RsaKey<'_>, message: &[u8], signature: &[u8]) -> bool;
}

/// The hash of an RSASSA-PSS scheme.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PssHash {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
}

/// An RSA key's two numbers, big-endian and without leading zeros, inside the bounds of
/// [`UnusableKey::RsaModulus`](crate::keys::public_key::UnusableKey::RsaModulus) and
/// [`UnusableKey::RsaExponent`](crate::keys::public_key::UnusableKey::RsaExponent).
#[derive(Clone, Copy, Debug)]
pub struct RsaKey<'a> {
    /// The modulus `n`, odd, 2048 to 8192 bits.
    pub modulus: &'a [u8],
    /// The exponent `e`, odd, from 3 to 2³³ − 1.
    pub exponent: &'a [u8],
}

mod sealed {
    pub trait Sealed {}
}
