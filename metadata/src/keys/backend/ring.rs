//! *ring*: assembly and C, the fastest.

use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, RSA_PSS_2048_8192_SHA256, RSA_PSS_2048_8192_SHA384,
    RSA_PSS_2048_8192_SHA512, RsaPublicKeyComponents, UnparsedPublicKey,
};

use super::{Backend, PssHash, RsaKey, sealed::Sealed};

/// Verifies with the crate `ring`.
#[derive(Clone, Copy, Debug)]
pub struct Ring;

impl Sealed for Ring {}

impl Backend for Ring {
    fn ecdsa_p256_sha256(point: &[u8; 65], message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P256_SHA256_ASN1, point).verify(message, signature).is_ok()
    }

    fn ecdsa_p384_sha384(point: &[u8; 97], message: &[u8], signature: &[u8]) -> bool {
        UnparsedPublicKey::new(&ECDSA_P384_SHA384_ASN1, point).verify(message, signature).is_ok()
    }

    fn rsa_pss(hash: PssHash, key: RsaKey<'_>, message: &[u8], signature: &[u8]) -> bool {
        let algorithm = match hash {
            PssHash::Sha256 => &RSA_PSS_2048_8192_SHA256,
            PssHash::Sha384 => &RSA_PSS_2048_8192_SHA384,
            PssHash::Sha512 => &RSA_PSS_2048_8192_SHA512,
        };
        RsaPublicKeyComponents { n: key.modulus, e: key.exponent }.verify(algorithm, message, signature).is_ok()
    }
}
