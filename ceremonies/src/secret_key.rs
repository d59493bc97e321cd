//! The private keys of keyholders who keep theirs in a file, and of tests.

mod file;

use std::fmt;

use ed25519_dalek::ed25519::signature::Signer;
use p256::ecdsa::DerSignature;
use p256::elliptic_curve::Generate;
use rand_core::CryptoRng;
use rootline_metadata::hex;
use rootline_metadata::public_key::{PublicKey, Scheme};
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
