//! The signature schemes.

use core::fmt;

/// How a signature is made: the `scheme` of a TUF key object.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Scheme {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5).
    EcdsaP256Sha256,
    /// ECDSA over P-384 with SHA-384 (FIPS 186-5).
    EcdsaP384Sha384,
    /// RSASSA-PSS with SHA-256 (RFC 8017, section 8.1).
    RsaPssSha256,
    /// RSASSA-PSS with SHA-384.
    RsaPssSha384,
    /// RSASSA-PSS with SHA-512.
    RsaPssSha512,
    /// ML-DSA-44 (FIPS 204) over a SHA-512 digest with a prefix (TAP 21, version 1).
    MlDsa44,
    /// ML-DSA-65, otherwise as ML-DSA-44.
    MlDsa65,
    /// ML-DSA-87, otherwise as ML-DSA-44.
    MlDsa87,
}

impl Scheme {
    /// Every scheme.
    pub const ALL: [Scheme; 9] = [
        Scheme::Ed25519,
        Scheme::EcdsaP256Sha256,
        Scheme::EcdsaP384Sha384,
        Scheme::RsaPssSha256,
        Scheme::RsaPssSha384,
        Scheme::RsaPssSha512,
        Scheme::MlDsa44,
        Scheme::MlDsa65,
        Scheme::MlDsa87,
    ];

    /// Its name in TUF metadata.
    pub fn as_str(self) -> &'static str {
        match self {
            Scheme::Ed25519 => "ed25519",
            Scheme::EcdsaP256Sha256 => "ecdsa-sha2-nistp256",
            Scheme::EcdsaP384Sha384 => "ecdsa-sha2-nistp384",
            Scheme::RsaPssSha256 => "rsassa-pss-sha256",
            Scheme::RsaPssSha384 => "rsassa-pss-sha384",
            Scheme::RsaPssSha512 => "rsassa-pss-sha512",
            Scheme::MlDsa44 => "ml-dsa-44/1",
            Scheme::MlDsa65 => "ml-dsa-65/1",
            Scheme::MlDsa87 => "ml-dsa-87/1",
        }
    }

    /// The `keytype` that goes with it, today's where there is a legacy one too.
    pub fn keytype(self) -> &'static str {
        match self {
            Scheme::Ed25519 => "ed25519",
            Scheme::EcdsaP256Sha256 | Scheme::EcdsaP384Sha384 => "ecdsa",
            Scheme::RsaPssSha256 | Scheme::RsaPssSha384 | Scheme::RsaPssSha512 => "rsa",
            Scheme::MlDsa44 | Scheme::MlDsa65 | Scheme::MlDsa87 => "ml-dsa",
        }
    }
}

impl fmt::Display for Scheme {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
