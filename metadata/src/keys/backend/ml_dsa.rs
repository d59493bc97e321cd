//! ML-DSA (FIPS 204), pure Rust.

use ml_dsa::{EncodedSignature, EncodedVerifyingKey, MlDsa44, MlDsa65, MlDsa87, MlDsaParams, Signature, VerifyingKey};

use crate::keys::public_key::ParameterSet;

/// Verifies a pure ML-DSA signature with an empty context (FIPS 204, algorithm 3). A key or signature of another length than the
/// parameter set's is no signature. TUF signs a digest with a prefix in this way, never the message itself:
/// [`PublicKey::verify`](crate::keys::public_key::PublicKey::verify) does that.
pub fn verify(set: ParameterSet, key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    match set {
        ParameterSet::MlDsa44 => verify_with::<MlDsa44>(key, message, signature),
        ParameterSet::MlDsa65 => verify_with::<MlDsa65>(key, message, signature),
        ParameterSet::MlDsa87 => verify_with::<MlDsa87>(key, message, signature),
    }
}

fn verify_with<P: MlDsaParams>(key: &[u8], message: &[u8], signature: &[u8]) -> bool {
    let Ok(signature) = EncodedSignature::<P>::try_from(signature) else { return false };
    let Some(signature) = Signature::<P>::decode(&signature) else { return false };
    let Ok(key) = EncodedVerifyingKey::<P>::try_from(key) else { return false };
    VerifyingKey::<P>::decode(&key).verify_with_context(message, &[], &signature)
}
