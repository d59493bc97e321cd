//! The algorithms that trusted roots name (Sigstore's protobuf-specs, `sigstore_common.proto`).

use core::fmt;

/// The hash of a log's Merkle tree. Sigstore's clients know the first only, so that is what we write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum HashAlgorithm {
    /// SHA-256.
    Sha256,
    /// SHA-384.
    Sha384,
    /// SHA-512.
    Sha512,
    /// SHA3-256.
    Sha3_256,
    /// SHA3-384.
    Sha3_384,
}

impl HashAlgorithm {
    pub(super) const TABLE: [(HashAlgorithm, &'static str, u32); 5] = [
        (HashAlgorithm::Sha256, "SHA2_256", 1),
        (HashAlgorithm::Sha384, "SHA2_384", 2),
        (HashAlgorithm::Sha512, "SHA2_512", 3),
        (HashAlgorithm::Sha3_256, "SHA3_256", 4),
        (HashAlgorithm::Sha3_384, "SHA3_384", 5),
    ];

    /// Its name in the file.
    pub fn as_str(self) -> &'static str {
        name_in(&HashAlgorithm::TABLE, self)
    }
}

/// How a log's key is encoded and which signatures it makes. LMS and LM-OTS, which are deprecated and whose keys are no
/// SubjectPublicKeyInfo, are not known here.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum KeyDetails {
    /// `PKCS1_RSA_PKCS1V5`
    Pkcs1RsaPkcs1V5,
    /// `PKCS1_RSA_PSS`
    Pkcs1RsaPss,
    /// `PKIX_RSA_PKCS1V5`
    PkixRsaPkcs1V5,
    /// `PKIX_RSA_PSS`
    PkixRsaPss,
    /// `PKIX_ECDSA_P256_SHA_256`
    PkixEcdsaP256Sha256,
    /// `PKIX_ECDSA_P256_HMAC_SHA_256`
    PkixEcdsaP256HmacSha256,
    /// `PKIX_ED25519`
    PkixEd25519,
    /// `PKIX_ED25519_PH`
    PkixEd25519Ph,
    /// `PKIX_RSA_PKCS1V15_2048_SHA256`
    PkixRsaPkcs1V15_2048Sha256,
    /// `PKIX_RSA_PKCS1V15_3072_SHA256`
    PkixRsaPkcs1V15_3072Sha256,
    /// `PKIX_RSA_PKCS1V15_4096_SHA256`
    PkixRsaPkcs1V15_4096Sha256,
    /// `PKIX_ECDSA_P384_SHA_384`
    PkixEcdsaP384Sha384,
    /// `PKIX_ECDSA_P521_SHA_512`
    PkixEcdsaP521Sha512,
    /// `PKIX_RSA_PSS_2048_SHA256`
    PkixRsaPss2048Sha256,
    /// `PKIX_RSA_PSS_3072_SHA256`
    PkixRsaPss3072Sha256,
    /// `PKIX_RSA_PSS_4096_SHA256`
    PkixRsaPss4096Sha256,
    /// `PKIX_ECDSA_P384_SHA_256`
    PkixEcdsaP384Sha256,
    /// `PKIX_ECDSA_P521_SHA_256`
    PkixEcdsaP521Sha256,
    /// `ML_DSA_65`
    MlDsa65,
    /// `ML_DSA_87`
    MlDsa87,
    /// `ML_DSA_44`
    MlDsa44,
}

/// The kinds of keys that [`KeyDetails`] can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Algorithm {
    Rsa,
    P256,
    P384,
    P521,
    Ed25519,
    MlDsa44,
    MlDsa65,
    MlDsa87,
}

impl KeyDetails {
    pub(super) const TABLE: [(KeyDetails, &'static str, u32); 21] = [
        (KeyDetails::Pkcs1RsaPkcs1V5, "PKCS1_RSA_PKCS1V5", 1),
        (KeyDetails::Pkcs1RsaPss, "PKCS1_RSA_PSS", 2),
        (KeyDetails::PkixRsaPkcs1V5, "PKIX_RSA_PKCS1V5", 3),
        (KeyDetails::PkixRsaPss, "PKIX_RSA_PSS", 4),
        (KeyDetails::PkixEcdsaP256Sha256, "PKIX_ECDSA_P256_SHA_256", 5),
        (KeyDetails::PkixEcdsaP256HmacSha256, "PKIX_ECDSA_P256_HMAC_SHA_256", 6),
        (KeyDetails::PkixEd25519, "PKIX_ED25519", 7),
        (KeyDetails::PkixEd25519Ph, "PKIX_ED25519_PH", 8),
        (KeyDetails::PkixRsaPkcs1V15_2048Sha256, "PKIX_RSA_PKCS1V15_2048_SHA256", 9),
        (KeyDetails::PkixRsaPkcs1V15_3072Sha256, "PKIX_RSA_PKCS1V15_3072_SHA256", 10),
        (KeyDetails::PkixRsaPkcs1V15_4096Sha256, "PKIX_RSA_PKCS1V15_4096_SHA256", 11),
        (KeyDetails::PkixEcdsaP384Sha384, "PKIX_ECDSA_P384_SHA_384", 12),
        (KeyDetails::PkixEcdsaP521Sha512, "PKIX_ECDSA_P521_SHA_512", 13),
        (KeyDetails::PkixRsaPss2048Sha256, "PKIX_RSA_PSS_2048_SHA256", 16),
        (KeyDetails::PkixRsaPss3072Sha256, "PKIX_RSA_PSS_3072_SHA256", 17),
        (KeyDetails::PkixRsaPss4096Sha256, "PKIX_RSA_PSS_4096_SHA256", 18),
        (KeyDetails::PkixEcdsaP384Sha256, "PKIX_ECDSA_P384_SHA_256", 19),
        (KeyDetails::PkixEcdsaP521Sha256, "PKIX_ECDSA_P521_SHA_256", 20),
        (KeyDetails::MlDsa65, "ML_DSA_65", 21),
        (KeyDetails::MlDsa87, "ML_DSA_87", 22),
        (KeyDetails::MlDsa44, "ML_DSA_44", 23),
    ];

    /// Its name in the file.
    pub fn as_str(self) -> &'static str {
        name_in(&KeyDetails::TABLE, self)
    }

    /// Whether the key is a bare PKCS#1 `RSAPublicKey`; all others are a SubjectPublicKeyInfo.
    pub fn is_pkcs1(self) -> bool {
        matches!(self, KeyDetails::Pkcs1RsaPkcs1V5 | KeyDetails::Pkcs1RsaPss)
    }

    /// Whether a signature by it is one that [`PublicKey::verify`](crate::PublicKey::verify) checks for a key of this kind. It checks
    /// PSS for RSA, the curve's own hash for ECDSA, pure Ed25519, and TAP 21's form of ML-DSA.
    pub(super) fn is_default_scheme(self) -> bool {
        use KeyDetails as D;
        matches!(
            self,
            D::PkixEcdsaP256Sha256
                | D::PkixEcdsaP256HmacSha256
                | D::PkixEcdsaP384Sha384
                | D::PkixEd25519
                | D::PkixRsaPss2048Sha256
                | D::PkixRsaPss3072Sha256
                | D::PkixRsaPss4096Sha256
        )
    }

    pub(super) fn algorithm(self) -> Algorithm {
        use KeyDetails as D;
        match self {
            D::Pkcs1RsaPkcs1V5 | D::Pkcs1RsaPss | D::PkixRsaPkcs1V5 | D::PkixRsaPss => Algorithm::Rsa,
            D::PkixRsaPkcs1V15_2048Sha256 | D::PkixRsaPkcs1V15_3072Sha256 | D::PkixRsaPkcs1V15_4096Sha256 => {
                Algorithm::Rsa
            }
            D::PkixRsaPss2048Sha256 | D::PkixRsaPss3072Sha256 | D::PkixRsaPss4096Sha256 => Algorithm::Rsa,
            D::PkixEcdsaP256Sha256 | D::PkixEcdsaP256HmacSha256 => Algorithm::P256,
            D::PkixEcdsaP384Sha384 | D::PkixEcdsaP384Sha256 => Algorithm::P384,
            D::PkixEcdsaP521Sha512 | D::PkixEcdsaP521Sha256 => Algorithm::P521,
            D::PkixEd25519 | D::PkixEd25519Ph => Algorithm::Ed25519,
            D::MlDsa44 => Algorithm::MlDsa44,
            D::MlDsa65 => Algorithm::MlDsa65,
            D::MlDsa87 => Algorithm::MlDsa87,
        }
    }
}

impl Algorithm {
    /// As [`KeyMaterial::kind`](crate::keys::public_key::KeyMaterial::kind) has it.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Algorithm::Rsa => "RSA",
            Algorithm::P256 => "P-256",
            Algorithm::P384 => "P-384",
            Algorithm::P521 => "P-521",
            Algorithm::Ed25519 => "Ed25519",
            Algorithm::MlDsa44 => "ML-DSA-44",
            Algorithm::MlDsa65 => "ML-DSA-65",
            Algorithm::MlDsa87 => "ML-DSA-87",
        }
    }
}

impl fmt::Display for HashAlgorithm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for KeyDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The tables name every value, which a test holds.
fn name_in<T: Copy + PartialEq>(table: &[(T, &'static str, u32)], value: T) -> &'static str {
    table.iter().find(|(known, ..)| *known == value).map_or("", |(_, name, _)| name)
}

#[cfg(test)]
mod tests {
    use alloc::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_value_has_one_name_and_one_number() {
        for (details, name, _) in KeyDetails::TABLE {
            assert_eq!(details.as_str(), name);
        }
        for (algorithm, name, _) in HashAlgorithm::TABLE {
            assert_eq!(algorithm.as_str(), name);
        }
        let numbers: BTreeSet<u32> = KeyDetails::TABLE.iter().map(|(.., number)| *number).collect();
        // 14 and 15 are LMS and LM-OTS.
        assert!(numbers.into_iter().eq((1..=13).chain(16..=23)));
    }

    #[test]
    fn a_key_verifies_only_signatures_of_its_own_scheme() {
        assert!(KeyDetails::PkixEd25519.is_default_scheme());
        assert!(!KeyDetails::PkixEd25519Ph.is_default_scheme());
        assert!(KeyDetails::PkixRsaPss2048Sha256.is_default_scheme());
        assert!(!KeyDetails::PkixRsaPkcs1V15_2048Sha256.is_default_scheme());
        assert!(KeyDetails::PkixEcdsaP384Sha384.is_default_scheme());
        assert!(!KeyDetails::PkixEcdsaP384Sha256.is_default_scheme());
        assert!(!KeyDetails::MlDsa65.is_default_scheme());
    }
}
