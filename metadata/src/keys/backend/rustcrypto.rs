//! RustCrypto: pure Rust, for wasm32 and for musl without a C compiler.

use p256::ecdsa::signature::Verifier;
use rsa::{BoxedUint, RsaPublicKey, pss};
use sha2::{Sha256, Sha384, Sha512};

use super::{Backend, PssHash, RsaKey, sealed::Sealed};
use crate::keys::public_key::RSA_MODULUS_BITS;

/// Verifies with the crates `p256`, `p384` and `rsa`.
#[derive(Clone, Copy, Debug)]
pub struct RustCrypto;

impl Sealed for RustCrypto {}

impl Backend for RustCrypto {
    fn ecdsa_p256_sha256(point: &[u8; 65], message: &[u8], signature: &[u8]) -> bool {
        let key = p256::ecdsa::VerifyingKey::from_sec1_bytes(point);
        let signature = p256::ecdsa::Signature::from_der(signature);
        key.and_then(|key| key.verify(message, &signature?)).is_ok()
    }

    fn ecdsa_p384_sha384(point: &[u8; 97], message: &[u8], signature: &[u8]) -> bool {
        let key = p384::ecdsa::VerifyingKey::from_sec1_bytes(point);
        let signature = p384::ecdsa::Signature::from_der(signature);
        key.and_then(|key| key.verify(message, &signature?)).is_ok()
    }

    fn rsa_pss(hash: PssHash, key: RsaKey<'_>, message: &[u8], signature: &[u8]) -> bool {
        // RFC 8017, 8.1.2, step 1: the signature is as long as the modulus.
        if signature.len() != key.modulus.len() {
            return false;
        }
        let modulus = BoxedUint::from_be_slice_vartime(key.modulus);
        let exponent = BoxedUint::from_be_slice_vartime(key.exponent);
        let Ok(key) = RsaPublicKey::new_with_size_limits(modulus, exponent, RSA_MODULUS_BITS) else { return false };
        let Ok(signature) = pss::Signature::from_bytes_with_max_len(signature, signature.len()) else { return false };
        match hash {
            PssHash::Sha256 => pss::VerifyingKey::<Sha256>::new(key).verify(message, &signature).is_ok(),
            PssHash::Sha384 => pss::VerifyingKey::<Sha384>::new(key).verify(message, &signature).is_ok(),
            PssHash::Sha512 => pss::VerifyingKey::<Sha512>::new(key).verify(message, &signature).is_ok(),
        }
    }
}
