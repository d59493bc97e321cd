//! Private keys in PEM files: PKCS#8 (RFC 5958), PBES2 (RFC 8018), `EC PRIVATE KEY` (RFC 5915).

use pkcs8::der::asn1::{ObjectIdentifier, OctetStringRef};
use pkcs8::der::pem::{self, LineEnding};
use pkcs8::der::{self, Decode, SecretDocument};
use pkcs8::pkcs5::{self, EncryptionScheme, pbes2, scrypt};
use pkcs8::{AlgorithmIdentifierRef, EncodePrivateKey, EncryptedPrivateKeyInfoRef, PrivateKeyInfoRef};
use rand_core::CryptoRng;
use zeroize::Zeroizing;

use super::Secret;

/// Why a key file gives no key. None of these holds any of the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyFileError {
    /// The key is encrypted, and no passphrase was given.
    #[error("the private key is encrypted: it needs its passphrase")]
    NeedsPassphrase,
    /// What the passphrase gives is no private key.
    #[error("the passphrase does not open the private key")]
    WrongPassphrase,
    /// A private key of a kind that does not sign here, or something else than a private key.
    #[error("{found} does not sign here; what does is an Ed25519 or ECDSA P-256 private key")]
    NotUsable {
        /// What it is.
        found: String,
    },
    /// Encrypted in a way that is not read here.
    #[error(
        "the private key is encrypted in a way that is not supported; `openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW` \
         writes one that is"
    )]
    UnsupportedEncryption,
    /// The file makes the passphrase's test so costly that it is not begun.
    #[error("the private key's encryption asks for more work than {MAX_SCRYPT_MEMORY_MIB} MiB of scrypt or 10 million rounds of PBKDF2")]
    TooCostly,
    /// No private key in PEM, or one that does not follow its encoding.
    #[error("no well-formed private key in PEM")]
    Malformed,
}

/// scrypt's memory, 128·N·r bytes. What OpenSSL, age and OWASP write takes 16 to 256 MiB.
const MAX_SCRYPT_MEMORY_MIB: u64 = 256;
/// scrypt's work, N·r·p: some seconds.
const MAX_SCRYPT_WORK: u64 = 1 << 23;
/// RFC 8018, section 4.2, has ten million as the most that makes sense: some seconds.
const MAX_PBKDF2_ROUNDS: u32 = 10_000_000;

/// RFC 8410, section 3.
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// RFC 5480, section 2.1.1.
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.3.1.7");
/// RFC 3279, section 2.3.1.
const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

const PLAIN: &str = "PRIVATE KEY";
const ENCRYPTED: &str = "ENCRYPTED PRIVATE KEY";
const SEC1: &str = "EC PRIVATE KEY";

pub(super) fn read(text: &str, passphrase: Option<&[u8]>) -> Result<Secret, KeyFileError> {
    if let Some(block) = find_block(text, PLAIN) {
        read_pkcs8(&decode(block)?)
    } else if let Some(block) = find_block(text, ENCRYPTED) {
        let der = decode(block)?;
        let encrypted = EncryptedPrivateKeyInfoRef::from_der(&der).map_err(encryption_error)?;
        check_costs(&encrypted.encryption_algorithm)?;
        let plain = encrypted.decrypt(passphrase.ok_or(KeyFileError::NeedsPassphrase)?).map_err(decryption_error)?;
        // One in 256 wrong passphrases yields well-padded noise.
        let is_key = PrivateKeyInfoRef::from_der(plain.as_bytes()).is_ok();
        if is_key { read_pkcs8(plain.as_bytes()) } else { Err(KeyFileError::WrongPassphrase) }
    } else if let Some(block) = find_block(text, SEC1) {
        read_sec1(block)
    } else {
        Err(what_else(text))
    }
}

pub(super) fn write(secret: &Secret) -> Zeroizing<String> {
    to_pkcs8(secret).to_pem(PLAIN, LineEnding::LF).expect("the label is a valid one, and the key is short")
}

pub(super) fn write_encrypted(secret: &Secret, passphrase: &[u8], rng: &mut impl CryptoRng) -> String {
    let (mut salt, mut iv) = ([0; 16], [0; 16]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut iv);
    let encrypt = || -> pkcs8::Result<String> {
        let costs = scrypt::Params::new(14, 8, 5).map_err(|_| pkcs8::Error::ParametersMalformed)?;
        let parameters = pbes2::Parameters::generate_scrypt_aes256cbc(costs, &salt, iv)?;
        let plain = to_pkcs8(secret);
        let encrypted = PrivateKeyInfoRef::from_der(plain.as_bytes())?.encrypt_with_params(parameters, passphrase)?;
        Ok(encrypted.to_pem(ENCRYPTED, LineEnding::LF)?.to_string())
    };
    encrypt().expect("N = 2^14, r = 8, p = 5 and 16 bytes of salt are in range, and the key is short")
}

fn to_pkcs8(secret: &Secret) -> SecretDocument {
    match secret {
        Secret::Ed25519(key) => {
            // RFC 8410, section 7: the 32 bytes in an octet string of their own; without the public key the version is 1.
            let mut nested = Zeroizing::new([0; 34]);
            nested[..2].copy_from_slice(&[0x04, 32]);
            nested[2..].copy_from_slice(key.as_bytes());
            let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
            OctetStringRef::new(&*nested)
                .and_then(|nested| SecretDocument::encode_msg(&PrivateKeyInfoRef::new(algorithm, nested)))
                .expect("DER fails only above 2^28 bytes")
        }
        Secret::EcdsaP256(key) => key.to_pkcs8_der().expect("DER fails only above 2^28 bytes"),
    }
}

fn read_pkcs8(der: &[u8]) -> Result<Secret, KeyFileError> {
    let info = PrivateKeyInfoRef::from_der(der).map_err(|_| KeyFileError::Malformed)?;
    match info.algorithm.oid {
        ED25519 => read_ed25519(&info),
        EC => match info.algorithm.parameters_oid() {
            Ok(P256) => p256::SecretKey::try_from(info).map(p256_secret).map_err(|_| KeyFileError::Malformed),
            Ok(curve) => Err(not_usable(format!("an ECDSA private key on the curve {curve}"))),
            Err(_) => Err(KeyFileError::Malformed),
        },
        RSA => Err(not_usable("an RSA private key".into())),
        algorithm => Err(not_usable(format!("a private key of the algorithm {algorithm}"))),
    }
}

/// RFC 8410, section 7. A public key beside the private one has to be its own: signing with another one gives the private key away.
fn read_ed25519(info: &PrivateKeyInfoRef<'_>) -> Result<Secret, KeyFileError> {
    let secret = <&OctetStringRef>::from_der(info.private_key.as_bytes()).map_err(|_| KeyFileError::Malformed)?;
    let key = ed25519_dalek::SigningKey::try_from(secret.as_bytes()).map_err(|_| KeyFileError::Malformed)?;
    let own = key.verifying_key();
    let is_own = info.public_key.as_ref().is_none_or(|public| public.as_bytes() == Some(own.as_bytes()));
    if info.algorithm.parameters.is_none() && is_own { Ok(Secret::Ed25519(key)) } else { Err(KeyFileError::Malformed) }
}

fn read_sec1(block: &str) -> Result<Secret, KeyFileError> {
    // RFC 1421's headers, in which OpenSSL once said how it had encrypted the rest.
    if block.contains("Proc-Type:") {
        return Err(KeyFileError::UnsupportedEncryption);
    }
    // RFC 5915 leaves the curve to the parameters; where they name another one, the length does not fit.
    p256::SecretKey::from_sec1_der(&decode(block)?).map(p256_secret).map_err(|_| not_usable(format!("this `{SEC1}`")))
}

fn p256_secret(key: p256::SecretKey) -> Secret {
    Secret::EcdsaP256(key.into())
}

/// The first block with that label, without what stands around it.
fn find_block<'a>(text: &'a str, label: &str) -> Option<&'a str> {
    let (begin, end) = (format!("-----BEGIN {label}-----"), format!("-----END {label}-----"));
    let from = text.get(text.find(&begin)?..)?;
    from.get(..from.find(&end)? + end.len())
}

fn decode(block: &str) -> Result<Zeroizing<Vec<u8>>, KeyFileError> {
    let mut decoder = pem::Decoder::new_detect_wrap(block.as_bytes()).map_err(|_| KeyFileError::Malformed)?;
    // All at once: a vector that grows leaves copies behind.
    let mut der = Zeroizing::new(Vec::with_capacity(decoder.remaining_len()));
    decoder.decode_to_end(&mut der).map_err(|_| KeyFileError::Malformed)?;
    Ok(der)
}

/// A file from outside decides how much work a passphrase costs: without a bound, all memory there is.
fn check_costs(scheme: &EncryptionScheme) -> Result<(), KeyFileError> {
    let parameters = scheme.pbes2().ok_or(KeyFileError::UnsupportedEncryption)?;
    match &parameters.kdf {
        pbes2::Kdf::Scrypt(scrypt) => {
            let (n, r, p) = (scrypt.cost_parameter, u64::from(scrypt.block_size), u64::from(scrypt.parallelization));
            // RFC 7914, section 2.
            if !n.is_power_of_two() || n < 2 || r == 0 || p == 0 {
                return Err(KeyFileError::Malformed);
            }
            let memory_fits = n.saturating_mul(r).saturating_mul(128) <= MAX_SCRYPT_MEMORY_MIB << 20;
            let work_fits = n.saturating_mul(r).saturating_mul(p) <= MAX_SCRYPT_WORK;
            if memory_fits && work_fits { Ok(()) } else { Err(KeyFileError::TooCostly) }
        }
        pbes2::Kdf::Pbkdf2(pbkdf2) => match pbkdf2.iteration_count {
            0 => Err(KeyFileError::Malformed),
            1..=MAX_PBKDF2_ROUNDS => Ok(()),
            _ => Err(KeyFileError::TooCostly),
        },
        _ => Err(KeyFileError::UnsupportedEncryption),
    }
}

fn encryption_error(error: der::Error) -> KeyFileError {
    match error.kind() {
        der::ErrorKind::OidUnknown { .. } => KeyFileError::UnsupportedEncryption,
        _ => KeyFileError::Malformed,
    }
}

fn decryption_error(error: pkcs8::Error) -> KeyFileError {
    match error {
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => KeyFileError::WrongPassphrase,
        pkcs8::Error::EncryptedPrivateKey(
            pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs5::Error::NoPbes1CryptSupport,
        ) => KeyFileError::UnsupportedEncryption,
        _ => KeyFileError::Malformed,
    }
}

/// Files that people take for a key of ours, named from a list of our own.
fn what_else(text: &str) -> KeyFileError {
    let known = [
        ("PUBLIC KEY", "a public key"),
        ("CERTIFICATE", "a certificate"),
        ("OPENSSH PRIVATE KEY", "an OpenSSH private key"),
        ("RSA PRIVATE KEY", "an RSA private key"),
        ("ENCRYPTED SIGSTORE PRIVATE KEY", "a cosign private key"),
        ("ENCRYPTED COSIGN PRIVATE KEY", "a cosign private key"),
    ];
    match known.into_iter().find(|(label, _)| text.contains(&format!("-----BEGIN {label}-----"))) {
        Some((_, found)) => not_usable(found.into()),
        None => KeyFileError::Malformed,
    }
}

fn not_usable(found: String) -> KeyFileError {
    KeyFileError::NotUsable { found }
}
