//! Signers: what makes signatures by one key, such as a file, a token or a service.

use std::fmt;

use rootline_metadata::{KeyId, PublicKey};

use crate::keys::secret_key::SecretKey;

/// A private key that can be used and need not be seen. Its [`Debug`](fmt::Debug) shows nothing secret.
pub trait Signer: fmt::Debug {
    /// Its public half.
    fn public_key(&self) -> PublicKey;

    /// Signs a whole message: whatever its scheme does to a message before it is signed, such as hashing, is the signer's business. Nobody
    /// has verified the result; [`sign_verified`] does.
    ///
    /// # Errors
    /// If there is no signature: the signer is out of reach, was removed, or refuses.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError>;
}

impl Signer for SecretKey {
    fn public_key(&self) -> PublicKey {
        SecretKey::public_key(self)
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        Ok(SecretKey::sign(self, message))
    }
}

/// A signature that the signer's own key verifies. Nothing else is ever kept, wherever the signer is.
///
/// # Errors
/// If there is none, or it does not verify.
pub fn sign_verified(signer: &dyn Signer, message: &[u8]) -> Result<Vec<u8>, SignerError> {
    let signature = signer.sign(message)?;
    let key = signer.public_key();
    match key.verify(message, &signature) {
        Ok(()) => Ok(signature),
        Err(_) => Err(SignerError::WrongSignature { key_id: KeyId::of(&key) }),
    }
}

/// Why a signer returns no signature. None of it is secret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SignerError {
    /// It gave something that its key does not verify.
    #[error("the signer gave a signature that its own key {} does not verify", .key_id.short())]
    WrongSignature {
        /// The key.
        key_id: KeyId,
    },
    /// It could not be reached: it did not respond in time, or there is no connection to it. Trying again later may do better.
    #[error("{what}")]
    Unreachable {
        /// What happened, as a person reads it.
        what: String,
        /// What to do about it.
        hint: String,
    },
    /// It gave none.
    #[error("{what}")]
    NotSigned {
        /// What happened, as a person reads it.
        what: String,
        /// What to do about it.
        hint: String,
    },
}

impl SignerError {
    /// What to do about it.
    pub fn hint(&self) -> &str {
        match self {
            SignerError::WrongSignature { .. } => {
                "do not use it: find out whether its public key is another one's, or the device is broken; rootline-repo key check tries \
                 it without signing anything"
            }
            SignerError::Unreachable { hint, .. } | SignerError::NotSigned { hint, .. } => hint,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::secret_key::KeyKind;

    /// Signs with another key than it says.
    #[derive(Debug)]
    struct Mistaken(SecretKey, SecretKey);

    impl Signer for Mistaken {
        fn public_key(&self) -> PublicKey {
            self.0.public_key()
        }

        fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
            Ok(self.1.sign(message))
        }
    }

    #[test]
    fn only_a_signature_that_the_signers_own_key_verifies_is_given() {
        for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
            let [own, other] = [1, 2].map(|seed| SecretKey::from_seed(kind, &[seed; 32]));
            let key = own.public_key();
            let signature = sign_verified(&own, b"message").unwrap();
            assert_eq!(key.verify(b"message", &signature), Ok(()));
            let refused = sign_verified(&Mistaken(own, other), b"message").unwrap_err();
            assert_eq!(refused, SignerError::WrongSignature { key_id: KeyId::of(&key) });
            assert!(refused.hint().starts_with("do not use it"));
        }
    }
}
