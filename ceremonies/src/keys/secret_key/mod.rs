//! The private keys of keyholders who keep theirs in a file, and of tests.

mod file;

use std::fmt;

use ed25519_dalek::ed25519::signature::Signer;
use p256::ecdsa::DerSignature;
use p256::elliptic_curve::Generate;
use rand_core::CryptoRng;
use rootline_metadata::hex;
use rootline_metadata::{PublicKey, Scheme};
use sha2::{Digest, Sha256};
use zeroize::Zeroizing;

pub use self::file::KeyFileError;

/// A private key, whichever way it came here. It is wiped from memory when dropped, and [`Debug`](fmt::Debug) shows its public half only.
pub struct SecretKey {
    secret: Secret,
    public: PublicKey,
}

/// The kinds of key that a ceremony makes: the two that every known reader accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KeyKind {
    /// Ed25519 (RFC 8032).
    Ed25519,
    /// ECDSA over P-256 with SHA-256 (FIPS 186-5).
    EcdsaP256,
}

enum Secret {
    Ed25519(ed25519_dalek::SigningKey),
    EcdsaP256(p256::ecdsa::SigningKey),
}

impl SecretKey {
    /// A new key. What it is worth rests on `rng`, which should be the operating system's.
    pub fn generate(kind: KeyKind, rng: &mut impl CryptoRng) -> SecretKey {
        match kind {
            KeyKind::Ed25519 => {
                let mut seed = Zeroizing::new([0; 32]);
                rng.fill_bytes(&mut *seed);
                SecretKey::from_seed(kind, &seed)
            }
            KeyKind::EcdsaP256 => Secret::EcdsaP256(p256::ecdsa::SigningKey::generate_from_rng(rng)).into(),
        }
    }

    /// The key that 32 bytes always give: for Ed25519 these are RFC 8032's private key; for P-256, the first of the digests
    /// SHA-256(seed ‖ n), n = 0, 1, … in one byte, that is in the range of private keys (nearly always n = 0).
    pub fn from_seed(kind: KeyKind, seed: &[u8; 32]) -> SecretKey {
        let secret = match kind {
            KeyKind::Ed25519 => Secret::Ed25519(ed25519_dalek::SigningKey::from_bytes(seed)),
            KeyKind::EcdsaP256 => Secret::EcdsaP256(p256_from_seed(seed)),
        };
        secret.into()
    }

    /// The key in a PEM file: PKCS#8 (RFC 5958), plain or encrypted, or SEC 1's `EC PRIVATE KEY` (RFC 5915), plain. Other blocks and
    /// text around it are skipped. `passphrase` is used only if the key is encrypted: by PBES2 (RFC 8018) with scrypt or PBKDF2 and
    /// AES, as OpenSSL writes them.
    ///
    /// # Errors
    /// See [`KeyFileError`]. Costs that would keep this machine busy for more than some seconds are refused before they are paid.
    pub fn from_pem(pem: &str, passphrase: Option<&[u8]>) -> Result<SecretKey, KeyFileError> {
        file::read(pem, passphrase).map(SecretKey::from)
    }

    /// Which kind of key it is.
    pub fn kind(&self) -> KeyKind {
        match self.secret {
            Secret::Ed25519(_) => KeyKind::Ed25519,
            Secret::EcdsaP256(_) => KeyKind::EcdsaP256,
        }
    }

    /// Its public half.
    pub fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    /// A signature that [`SecretKey::public_key`] verifies, always the same for the same message: ECDSA is that of RFC 6979, in DER.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        match &self.secret {
            Secret::Ed25519(key) => key.sign(message).to_bytes().to_vec(),
            Secret::EcdsaP256(key) => {
                let signature: DerSignature = key.sign(message);
                signature.as_bytes().to_vec()
            }
        }
    }

    /// The key as plain PKCS#8 in PEM, in version 1 and so without the public key of an Ed25519 one: OpenSSL 3.0, Node 20 and Python's
    /// cryptography do not read version 2.
    pub fn to_pkcs8_pem(&self) -> Zeroizing<String> {
        file::write(&self.secret)
    }

    /// [`SecretKey::to_pkcs8_pem`] encrypted under a passphrase, by PBES2 with scrypt (N = 2¹⁴, r = 8, p = 5: 16 MiB) and AES-256-CBC. These
    /// are the strongest of OWASP's equal choices that OpenSSL, which stops at 32 MiB, reads.
    pub fn to_encrypted_pkcs8_pem(&self, passphrase: &[u8], rng: &mut impl CryptoRng) -> String {
        file::write_encrypted(&self.secret, passphrase, rng)
    }
}

impl From<Secret> for SecretKey {
    fn from(secret: Secret) -> Self {
        let (scheme, point) = match &secret {
            Secret::Ed25519(key) => (Scheme::Ed25519, hex::encode(key.verifying_key().as_bytes())),
            Secret::EcdsaP256(key) => (Scheme::EcdsaP256Sha256, hex::encode(&key.verifying_key().to_sec1_bytes())),
        };
        let public = PublicKey::from_tuf(scheme.keytype(), scheme.as_str(), &point)
            .expect("the public half of a private key is a point of its curve, and of the curve's large order");
        SecretKey { secret, public }
    }
}

impl fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SecretKey").field("public", self.public.material()).finish_non_exhaustive()
    }
}

/// The first digest of the seed and a counter that is in the range of private keys. All but one in 2³² are, so the counter does not come
/// to an end.
fn p256_from_seed(seed: &[u8; 32]) -> p256::ecdsa::SigningKey {
    (0..=u8::MAX)
        .map(|n| Zeroizing::new(<[u8; 32]>::from(Sha256::new().chain_update(seed).chain_update([n]).finalize())))
        .find_map(|digest| p256::ecdsa::SigningKey::from_slice(&*digest).ok())
        .expect("256 digests in a row do not all miss a range that each misses once in 2^32 times")
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use rand_core::{TryCryptoRng, TryRng};

    use super::*;

    /// Bytes that count up: anything but random, and always the same.
    struct Counting(u8);

    impl TryRng for Counting {
        type Error = Infallible;

        fn try_next_u32(&mut self) -> Result<u32, Infallible> {
            let mut bytes = [0; 4];
            self.try_fill_bytes(&mut bytes).map(|()| u32::from_le_bytes(bytes))
        }

        fn try_next_u64(&mut self) -> Result<u64, Infallible> {
            let mut bytes = [0; 8];
            self.try_fill_bytes(&mut bytes).map(|()| u64::from_le_bytes(bytes))
        }

        fn try_fill_bytes(&mut self, bytes: &mut [u8]) -> Result<(), Infallible> {
            for byte in bytes {
                *byte = self.0;
                self.0 = self.0.wrapping_add(1);
            }
            Ok(())
        }
    }

    impl TryCryptoRng for Counting {}

    const KINDS: [KeyKind; 2] = [KeyKind::Ed25519, KeyKind::EcdsaP256];

    #[test]
    fn what_a_key_signs_its_public_half_verifies() {
        for kind in KINDS {
            let key = SecretKey::generate(kind, &mut Counting(0));
            let signature = key.sign(b"message");
            assert_eq!(key.kind(), kind);
            assert_eq!(key.public_key().verify(b"message", &signature), Ok(()));
            assert!(key.public_key().verify(b"massage", &signature).is_err());
            assert_eq!(key.sign(b"message"), signature);
        }
    }

    #[test]
    fn a_key_from_a_seed_is_always_the_same() {
        // RFC 8032, section 7.1, test 1; and SHA-256 over 32 bytes 01 and one 00, as sha256sum has it.
        let seed = <[u8; 32]>::try_from(
            hex::decode("9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60").unwrap(),
        );
        let key = SecretKey::from_seed(KeyKind::Ed25519, &seed.unwrap());
        assert_eq!(
            key.public_key().to_tuf().public,
            "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"
        );
        let Secret::EcdsaP256(key) = SecretKey::from_seed(KeyKind::EcdsaP256, &[1; 32]).secret else {
            panic!("a P-256 key")
        };
        assert_eq!(hex::encode(&key.to_bytes()), "ac5939f5f8178a784639d211a06cc86546effaebed420f9da5accdf316bde5a1");
    }

    #[test]
    fn different_randomness_gives_different_keys() {
        for kind in KINDS {
            let [a, b] = [0, 1].map(|first| SecretKey::generate(kind, &mut Counting(first)).public_key());
            assert_ne!(a.material(), b.material());
        }
    }

    #[test]
    fn a_key_comes_back_from_its_file() {
        for kind in KINDS {
            let key = SecretKey::from_seed(kind, &[7; 32]);
            let plain = key.to_pkcs8_pem();
            let encrypted = key.to_encrypted_pkcs8_pem(b"correct horse", &mut Counting(0));
            for (file, passphrase) in [(&*plain, None), (&encrypted, Some(&b"correct horse"[..]))] {
                let read = SecretKey::from_pem(file, passphrase).unwrap();
                assert_eq!(read.public_key(), key.public_key());
                assert_eq!(read.sign(b"message"), key.sign(b"message"));
            }
            assert_eq!(SecretKey::from_pem(&encrypted, None).unwrap_err(), KeyFileError::NeedsPassphrase);
            let wrong = SecretKey::from_pem(&encrypted, Some(b"incorrect horse"));
            assert_eq!(wrong.unwrap_err(), KeyFileError::WrongPassphrase);
        }
    }

    #[test]
    fn every_encryption_has_a_salt_of_its_own() {
        let key = SecretKey::from_seed(KeyKind::Ed25519, &[7; 32]);
        let mut rng = Counting(0);
        assert_ne!(key.to_encrypted_pkcs8_pem(b"", &mut rng), key.to_encrypted_pkcs8_pem(b"", &mut rng));
    }

    #[test]
    fn debug_shows_the_public_half_only() {
        let shown = format!("{:?}", SecretKey::from_seed(KeyKind::Ed25519, &[7; 32]));
        assert!(shown.starts_with("SecretKey { public: Ed25519 ea4a6c63"), "{shown}");
        assert!(!shown.contains("0707"), "{shown}");
    }
}
