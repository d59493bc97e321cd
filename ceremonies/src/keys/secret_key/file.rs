//! Private keys in PEM files: PKCS#8 (RFC 5958), PBES2 (RFC 8018), `EC PRIVATE KEY` (RFC 5915).

use pkcs8::der::asn1::{ObjectIdentifier, OctetStringRef};
use pkcs8::der::pem::{self, LineEnding};
use pkcs8::der::{self, Decode, Reader, SecretDocument};
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
    #[error(
        "the private key's encryption asks for more work than {MAX_SCRYPT_MEMORY_MIB} MiB of scrypt or 10 million rounds of PBKDF2"
    )]
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
        let encrypted = EncryptedPrivateKeyInfoRef::from_der(&der).map_err(|_| unread_encryption(&der))?;
        check_encryption(&encrypted.encryption_algorithm)?;
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
    p256::SecretKey::from_sec1_der(&decode(block)?)
        .map(p256_secret)
        .map_err(|_| not_usable(format!("a damaged `{SEC1}` or one on another curve")))
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
fn check_encryption(scheme: &EncryptionScheme) -> Result<(), KeyFileError> {
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
            _ if pbkdf2.prf == pbes2::Pbkdf2Prf::HmacWithSha1 => Err(KeyFileError::UnsupportedEncryption),
            0 => Err(KeyFileError::Malformed),
            1..=MAX_PBKDF2_ROUNDS => Ok(()),
            _ => Err(KeyFileError::TooCostly),
        },
        _ => Err(KeyFileError::UnsupportedEncryption),
    }
}

/// Tells an encryption that is not known here from a file that is damaged: `SEQUENCE { AlgorithmIdentifier, OCTET STRING }`.
fn unread_encryption(der: &[u8]) -> KeyFileError {
    let outline = |reader: &mut der::SliceReader<'_>| {
        reader.sequence(|reader| {
            AlgorithmIdentifierRef::decode(reader)?;
            <&OctetStringRef>::decode(reader).map(drop)
        })
    };
    match der::SliceReader::new(der).and_then(|mut reader| outline(&mut reader)) {
        Ok(()) => KeyFileError::UnsupportedEncryption,
        Err(_) => KeyFileError::Malformed,
    }
}

fn decryption_error(error: pkcs8::Error) -> KeyFileError {
    match error {
        // Padding that is none, or noise where a key should be.
        pkcs8::Error::EncryptedPrivateKey(pkcs5::Error::DecryptFailed) | pkcs8::Error::Asn1(_) => {
            KeyFileError::WrongPassphrase
        }
        _ => KeyFileError::UnsupportedEncryption,
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

#[cfg(test)]
mod tests {
    use pkcs8::der::Encode;

    use super::super::{KeyKind, SecretKey};
    use super::*;

    // Written by OpenSSL 3.0.19; the passphrase is "horse".
    const ED25519_SCRYPT: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGTME8GCSqGSIb3DQEFDTBCMCEGCSsGAQQB2kcECzAUBAjRz5VOMFFDxQICQAAC
AQgCAQEwHQYJYIZIAWUDBAEqBBBkOx8r47pQdlc+Ko8+4sWyBEBPzxWJ57BQXCSW
pv8fj47ckQi9Op1Z5qDq3QxfUrbzZiFC7b5LgRLGzhkZ2vPho391CgLzndowDqJ3
+KthBq8F
-----END ENCRYPTED PRIVATE KEY-----
";
    const P256_PBKDF2: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIHsMFcGCSqGSIb3DQEFDTBKMCkGCSqGSIb3DQEFDDAcBAidovSOepcufAICCAAw
DAYIKoZIhvcNAgkFADAdBglghkgBZQMEASoEEEXluXlUZsdXVJUYtVv76lgEgZAD
cTjRraAeBlBXgfeFlyXmrFgok0JUf3D4OWbA9tpw1JDuNLfEQOZhutSAGnXww7CA
79kd9447QE1OBKZZPEXD1pF0fyqMwEPVLx1Sm1OKByVlIpp/92iUdl6qOX1Lceii
Xa2JUqFRo/2s39R7A/sYP9BFUdvPaYQOQdxCmuUIQ457hSQUlkdogeZUSrGZK9M=
-----END ENCRYPTED PRIVATE KEY-----
";
    const P256_SEC1: &str = "\
-----BEGIN EC PARAMETERS-----
BggqhkjOPQMBBw==
-----END EC PARAMETERS-----
-----BEGIN EC PRIVATE KEY-----
MHcCAQEEIHvT3o2f+zvfAiZV0MWdl2jXAXbdp/vkn293MI2zCXRHoAoGCCqGSM49
AwEHoUQDQgAE9dWu5gsaXGnoBzAT9GGkR4gWgU3kQJuJHsuF7EtIK+D+lh12Huon
C/ZVz9/xALNc1AdXi4DKA5+H68FO/x/u6g==
-----END EC PRIVATE KEY-----
";
    const PBKDF2_SHA1: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MIGNMEkGCSqGSIb3DQEFDTA8MBsGCSqGSIb3DQEFDDAOBAh9nn7W4162lAICCAAw
HQYJYIZIAWUDBAECBBCadTkGqxwiRiLzy/IaQA8aBEBvzeFKu30UM5BzjBjVzecm
AZR/f3AtMkvVhrMjqXQmMhEJcKpe3RDChd1FYvNz+/4zwu6xOTIuukZPvwIKH5DA
-----END ENCRYPTED PRIVATE KEY-----
";
    const PBE_3DES: &str = "\
-----BEGIN ENCRYPTED PRIVATE KEY-----
MFgwHAYKKoZIhvcNAQwBAzAOBAiM7e8AlLPfuwICCAAEOLLjx3D10ucdMIfAuQhw
xTelwYTh7aCT32QzBCeFt9BxKwDHskbSHks/bIRchHNEY+RscRKuFHgN
-----END ENCRYPTED PRIVATE KEY-----
";
    const X25519: &str = "\
-----BEGIN PRIVATE KEY-----
MC4CAQAwBQYDK2VuBCIEIBB/Vu9kueeLh+KdCgrSL2aRx4nDdIaVKeL63aqpWohN
-----END PRIVATE KEY-----
";

    fn refusal(pem: &str, passphrase: Option<&[u8]>) -> KeyFileError {
        SecretKey::from_pem(pem, passphrase).unwrap_err()
    }

    #[test]
    fn files_of_openssl_are_read() {
        let horse = Some(&b"horse"[..]);
        for (pem, passphrase, public) in [
            (ED25519_SCRYPT, horse, "MCowBQYDK2VwAyEADfvIAzP94RJaahojJKWtdbR2O7qsYL+Z7Ckljwa3y3A="),
            (
                P256_PBKDF2,
                horse,
                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEcZE6/vBSbfrhfXCT1Es6K4LMDx/n\n\
                 /kFO/Wa6RFSEjxOtXyzVZxboP+y3R3Fxwc/cywQnZsX8HTRNpuvl1p1yKA==",
            ),
            (
                P256_SEC1,
                None,
                "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE9dWu5gsaXGnoBzAT9GGkR4gWgU3k\n\
                 QJuJHsuF7EtIK+D+lh12HuonC/ZVz9/xALNc1AdXi4DKA5+H68FO/x/u6g==",
            ),
        ] {
            let key = SecretKey::from_pem(pem, passphrase).unwrap();
            let expected = format!("-----BEGIN PUBLIC KEY-----\n{public}\n-----END PUBLIC KEY-----\n");
            assert_eq!(key.public_key().to_spki_pem(), expected);
        }
    }

    #[test]
    fn a_passphrase_for_a_key_that_needs_none_is_not_used() {
        assert!(SecretKey::from_pem(P256_SEC1, Some(b"any")).is_ok());
    }

    #[test]
    fn an_encrypted_key_opens_with_its_passphrase_only() {
        for pem in [ED25519_SCRYPT, P256_PBKDF2] {
            assert_eq!(refusal(pem, None), KeyFileError::NeedsPassphrase);
            for wrong in [&b""[..], b"Horse", b"horse "] {
                assert_eq!(refusal(pem, Some(wrong)), KeyFileError::WrongPassphrase);
            }
        }
    }

    #[test]
    fn a_wrong_passphrase_never_passes_for_anything_else() {
        // Enough of them that some yield well-padded noise.
        for n in 0..600_u16 {
            assert_eq!(refusal(P256_PBKDF2, Some(&n.to_le_bytes())), KeyFileError::WrongPassphrase);
        }
    }

    #[test]
    fn old_encryptions_are_named_as_such_before_a_passphrase_is_asked_for() {
        let proc_type =
            P256_SEC1.replace("EC PRIVATE KEY-----\nMHc", "EC PRIVATE KEY-----\nProc-Type: 4,ENCRYPTED\n\nMHc");
        for pem in [PBKDF2_SHA1, PBE_3DES, &proc_type] {
            assert_eq!(refusal(pem, None), KeyFileError::UnsupportedEncryption);
            assert_eq!(refusal(pem, Some(b"horse")), KeyFileError::UnsupportedEncryption);
        }
    }

    #[test]
    fn other_keys_are_named() {
        let public = SecretKey::from_seed(KeyKind::Ed25519, &[1; 32]).public_key().to_spki_pem();
        for (pem, found) in [
            (X25519, "a private key of the algorithm 1.3.101.110"),
            (&public, "a public key"),
            (&P256_SEC1.replace("MHcC", "MHcD"), "a damaged `EC PRIVATE KEY` or one on another curve"),
            ("-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----", "an OpenSSH private key"),
        ] {
            let refused = refusal(pem, None);
            assert_eq!(refused, KeyFileError::NotUsable { found: found.into() });
            let sentence = format!("{found} does not sign here; what does is an Ed25519 or ECDSA P-256 private key");
            assert_eq!(refused.to_string(), sentence);
        }
    }

    #[test]
    fn damaged_files_are_refused() {
        let plain = SecretKey::from_seed(KeyKind::Ed25519, &[1; 32]).to_pkcs8_pem();
        for pem in [
            "",
            "no key",
            "-----BEGIN PRIVATE KEY-----",
            "-----BEGIN PRIVATE KEY----------END PRIVATE KEY-----",
            &plain.replace('M', "!"),
            &plain.replace("MC4C", "MC4D"),
            &P256_SEC1.replace("MHcC", "!!!!"),
            &ED25519_SCRYPT.replace("MIGT", "MIGU"),
        ] {
            assert_eq!(refusal(pem, Some(b"horse")), KeyFileError::Malformed, "{pem}");
        }
    }

    #[test]
    fn an_ed25519_file_with_the_public_key_of_another_is_refused() {
        let [own, other] = [1, 2].map(|seed| ed25519_dalek::SigningKey::from_bytes(&[seed; 32]));
        let file = |public: &ed25519_dalek::SigningKey| {
            let nested = [&[0x04, 32], &own.as_bytes()[..]].concat();
            let public = public.verifying_key();
            let algorithm = AlgorithmIdentifierRef { oid: ED25519, parameters: None };
            let mut info = PrivateKeyInfoRef::new(algorithm, OctetStringRef::new(&nested).unwrap());
            info.public_key = Some(pkcs8::der::asn1::BitStringRef::from_bytes(public.as_bytes()).unwrap());
            SecretDocument::encode_msg(&info).unwrap().to_pem(PLAIN, LineEnding::LF).unwrap()
        };
        assert!(SecretKey::from_pem(&file(&own), None).is_ok());
        assert_eq!(refusal(&file(&other), None), KeyFileError::Malformed);
    }

    #[test]
    fn the_costs_of_an_encrypted_file_have_bounds() {
        let scheme = |kdf| {
            let encryption = pbes2::EncryptionScheme::Aes256Cbc { iv: [0; 16] };
            EncryptionScheme::Pbes2(pbes2::Parameters { kdf, encryption })
        };
        let salt = pbes2::Salt::new([0; 16]).unwrap();
        let scrypt = |cost_parameter, block_size, parallelization| {
            scheme(pbes2::Kdf::Scrypt(pbes2::ScryptParams {
                salt,
                cost_parameter,
                block_size,
                parallelization,
                key_length: None,
            }))
        };
        let pbkdf2 = |iteration_count| {
            let prf = pbes2::Pbkdf2Prf::HmacWithSha256;
            scheme(pbes2::Kdf::Pbkdf2(pbes2::Pbkdf2Params { salt, iteration_count, key_length: None, prf }))
        };
        for (scheme, expected) in [
            (scrypt(1 << 18, 8, 1), Ok(())),
            (scrypt(1 << 19, 8, 1), Err(KeyFileError::TooCostly)),
            (scrypt(1 << 18, 9, 1), Err(KeyFileError::TooCostly)),
            (scrypt(1 << 18, 8, 4), Ok(())),
            (scrypt(1 << 18, 8, 5), Err(KeyFileError::TooCostly)),
            (scrypt(1 << 63, u16::MAX, u16::MAX), Err(KeyFileError::TooCostly)),
            (scrypt(0, 8, 1), Err(KeyFileError::Malformed)),
            (scrypt(1, 8, 1), Err(KeyFileError::Malformed)),
            (scrypt(1000, 8, 1), Err(KeyFileError::Malformed)),
            (scrypt(1024, 0, 1), Err(KeyFileError::Malformed)),
            (scrypt(1024, 8, 0), Err(KeyFileError::Malformed)),
            (pbkdf2(0), Err(KeyFileError::Malformed)),
            (pbkdf2(10_000_000), Ok(())),
            (pbkdf2(10_000_001), Err(KeyFileError::TooCostly)),
        ] {
            assert_eq!(check_encryption(&scheme), expected, "{scheme:?}");
        }

        let endless = EncryptedPrivateKeyInfoRef {
            encryption_algorithm: scrypt(1 << 40, 8, 1),
            encrypted_data: OctetStringRef::new(&[0; 64]).unwrap(),
        };
        let pem = pem::encode_string(ENCRYPTED, LineEnding::LF, &endless.to_der().unwrap()).unwrap();
        assert_eq!(refusal(&pem, Some(b"horse")), KeyFileError::TooCostly);
    }
}
