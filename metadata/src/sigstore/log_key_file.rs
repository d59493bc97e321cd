//! The files that logs' keys come in.

use alloc::string::String;
use core::fmt;

use spki::SubjectPublicKeyInfoRef;
use spki::der::Decode;

use super::key_details::KeyDetails;
use super::log_key::{LogKey, UnusableLogKey};
use crate::keys::pem;
use crate::keys::public_key::{PublicKey, UnusableKey};

/// Moduli that sigstore-go writes and every reader takes, in bits.
pub(super) const RSA_BITS: [usize; 3] = [2048, 3072, 4096];

/// Most bytes of a file with a key in it.
const MAX_BYTES: usize = 64 << 10;

/// Why a log's key cannot be read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LogKeyFileError {
    /// It has more bytes than any key needs.
    TooLarge {
        /// The most that are read.
        most: usize,
    },
    /// It is neither PEM nor the DER of a public key.
    NotAKey,
    /// It is a PEM block with something else in it.
    OtherBlock {
        /// Its label.
        label: String,
    },
    /// It has a private key in it.
    PrivateKey,
    /// It is an RSA key of a size that some readers refuse.
    RsaSize {
        /// Its modulus, in bits.
        bits: usize,
    },
    /// It is no key that logs sign with, or one that must not be used.
    Unusable(UnusableLogKey),
}

impl LogKey {
    /// Reads a log's key from a file: PEM `PUBLIC KEY` or `RSA PUBLIC KEY`, or the DER of either. The kind of key follows from the key,
    /// in the form that every reader takes: RSA as PKCS #1 with `PKCS1_RSA_PKCS1V5`, as `@sigstore/verify` reads no other, and the rest as a
    /// SubjectPublicKeyInfo.
    ///
    /// # Errors
    /// If there is no such key in it, or one that some reader refuses: see [`LogKeyFileError`].
    pub fn read_file(bytes: &[u8]) -> Result<LogKey, LogKeyFileError> {
        if bytes.len() > MAX_BYTES {
            return Err(LogKeyFileError::TooLarge { most: MAX_BYTES });
        }
        match core::str::from_utf8(bytes).ok().filter(|text| pem::has_block(text)) {
            Some(text) => from_pem(text),
            None => from_spki(bytes).or_else(|error| match from_pkcs1(bytes) {
                Err(LogKeyFileError::NotAKey) => Err(error),
                other => other,
            }),
        }
    }
}

fn from_pem(text: &str) -> Result<LogKey, LogKeyFileError> {
    // Of several blocks the first says what the file is.
    let block = pem::blocks(text).next().flatten().ok_or(LogKeyFileError::NotAKey)?;
    let is_rsa = match block.label {
        "PUBLIC KEY" => false,
        "RSA PUBLIC KEY" => true,
        label if label.ends_with("PRIVATE KEY") => return Err(LogKeyFileError::PrivateKey),
        label => return Err(LogKeyFileError::OtherBlock { label: label.chars().take(40).collect() }),
    };
    let der = block.der().ok_or(LogKeyFileError::NotAKey)?;
    if is_rsa { from_pkcs1(&der) } else { from_spki(&der) }
}

fn from_spki(der: &[u8]) -> Result<LogKey, LogKeyFileError> {
    let spki = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| LogKeyFileError::NotAKey)?;
    if let Some(bits) = spki.subject_public_key.as_bytes()
        && spki.algorithm.oid == super::log_key::RSA
    {
        return from_pkcs1(bits);
    }
    let kinds = [
        KeyDetails::PkixEcdsaP256Sha256,
        KeyDetails::PkixEcdsaP384Sha384,
        KeyDetails::PkixEcdsaP521Sha512,
        KeyDetails::PkixEd25519,
    ];
    let mut tried = kinds.into_iter().map(|details| LogKey::new(details, der.to_vec()));
    match tried.find_map(Result::ok) {
        Some(key) => Ok(key),
        // What it is instead, or why it must not be used.
        None => Err(LogKeyFileError::Unusable(match PublicKey::from_spki_der(der) {
            Ok(key) => {
                UnusableLogKey::OtherKind { details: KeyDetails::PkixEcdsaP256Sha256, found: key.material().kind() }
            }
            Err(why) => UnusableLogKey::Unusable(why),
        })),
    }
}

fn from_pkcs1(der: &[u8]) -> Result<LogKey, LogKeyFileError> {
    let key = LogKey::new(KeyDetails::Pkcs1RsaPkcs1V5, der.to_vec()).map_err(|error| match error {
        UnusableLogKey::Unusable(UnusableKey::Malformed { .. }) => LogKeyFileError::NotAKey,
        error => LogKeyFileError::Unusable(error),
    })?;
    let bits = key.rsa_bits().unwrap_or_default();
    if RSA_BITS.contains(&bits) { Ok(key) } else { Err(LogKeyFileError::RsaSize { bits }) }
}

impl fmt::Display for LogKeyFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LogKeyFileError::TooLarge { most } => write!(f, "a file of more than {most} bytes is not read"),
            LogKeyFileError::NotAKey => f.write_str("it is not a public key in PEM or DER"),
            LogKeyFileError::OtherBlock { label } => {
                write!(f, "it is a PEM block {}, not a public key", crate::quoted::Quoted(label))
            }
            LogKeyFileError::PrivateKey => f.write_str("it is a private key"),
            LogKeyFileError::RsaSize { bits } => {
                write!(f, "it is an RSA key of {bits} bits; clients read 2048, 3072 and 4096")
            }
            LogKeyFileError::Unusable(UnusableLogKey::OtherKind { found, .. }) => {
                write!(f, "it is a {found} key, which no client takes for a log's")
            }
            LogKeyFileError::Unusable(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for LogKeyFileError {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;
    use alloc::vec;

    use super::super::fixtures::{CT_LOG, P384, P521, REKOR_V2, RSA_PKCS1, RSA_PKIX, bytes, key};
    use super::*;
    use crate::keys::pem::block;

    #[test]
    fn a_key_is_read_in_the_form_that_every_reader_takes() {
        for (file, details) in [
            (CT_LOG, KeyDetails::PkixEcdsaP256Sha256),
            (P384, KeyDetails::PkixEcdsaP384Sha384),
            (P521, KeyDetails::PkixEcdsaP521Sha512),
            (REKOR_V2, KeyDetails::PkixEd25519),
        ] {
            let der = bytes(file);
            let pem = block("PUBLIC KEY", &der);
            assert_eq!(LogKey::read_file(&der).unwrap(), key(details, file));
            assert_eq!(LogKey::read_file(alloc::format!("\n{pem}\n").as_bytes()).unwrap(), key(details, file));
        }
        let rsa = key(KeyDetails::Pkcs1RsaPkcs1V5, RSA_PKCS1);
        for der in [bytes(RSA_PKIX), bytes(RSA_PKCS1)] {
            assert_eq!(LogKey::read_file(&der).unwrap(), rsa);
        }
        assert_eq!(LogKey::read_file(block("PUBLIC KEY", &bytes(RSA_PKIX)).as_bytes()).unwrap(), rsa);
        assert_eq!(LogKey::read_file(block("RSA PUBLIC KEY", &bytes(RSA_PKCS1)).as_bytes()).unwrap(), rsa);
        assert_eq!((rsa.rsa_bits(), key(KeyDetails::PkixEd25519, REKOR_V2).rsa_bits()), (Some(2048), None));
    }

    #[test]
    fn what_is_not_a_logs_key_is_named() {
        let certificate = block("CERTIFICATE", b"0\x00");
        let private = block("PRIVATE KEY", b"0\x00");
        for (file, why) in [
            (&b""[..], "it is not a public key in PEM or DER"),
            (b"hello", "it is not a public key in PEM or DER"),
            (b"-----BEGIN PUBLIC KEY-----\n", "it is not a public key in PEM or DER"),
            (
                alloc::format!("{certificate}{certificate}").as_bytes(),
                "it is a PEM block `CERTIFICATE`, not a public key",
            ),
            (certificate.as_bytes(), "it is a PEM block `CERTIFICATE`, not a public key"),
            (private.as_bytes(), "it is a private key"),
        ] {
            assert_eq!(LogKey::read_file(file).unwrap_err().to_string(), why);
        }
        let most = LogKeyFileError::TooLarge { most: MAX_BYTES };
        assert_eq!(LogKey::read_file(&vec![b' '; MAX_BYTES + 1]).unwrap_err(), most);
        assert_eq!(LogKey::read_file(&vec![b' '; MAX_BYTES]).unwrap_err(), LogKeyFileError::NotAKey);
    }

    #[test]
    fn an_rsa_key_has_a_size_that_every_reader_takes() {
        let rsa = |bits: usize| {
            let mut modulus = vec![0xff; bits / 8];
            modulus.insert(0, 0);
            let length = u16::try_from(modulus.len()).unwrap().to_be_bytes();
            let numbers = [&[2, 0x82, length[0], length[1]][..], &modulus, &[2, 3, 1, 0, 1]].concat();
            let length = u16::try_from(numbers.len()).unwrap().to_be_bytes();
            LogKey::read_file(&[&[0x30, 0x82, length[0], length[1]][..], &numbers].concat())
        };
        for bits in [2048, 3072, 4096] {
            assert_eq!(rsa(bits).unwrap().rsa_bits(), Some(bits));
        }
        for bits in [2056, 4088, 4104, 8192] {
            assert_eq!(rsa(bits).unwrap_err(), LogKeyFileError::RsaSize { bits });
        }
        assert!(matches!(rsa(2040).unwrap_err(), LogKeyFileError::Unusable(_)));
    }
}
