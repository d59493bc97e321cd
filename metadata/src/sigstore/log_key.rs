//! The keys of logs.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use spki::der::asn1::{AnyRef, BitStringRef, Null, ObjectIdentifier};
use spki::der::{Decode, Encode};
use spki::{AlgorithmIdentifierRef, SubjectPublicKeyInfoRef};

use super::key_details::{Algorithm, KeyDetails};
use super::proto_json::Message;
use super::skipped::SkipReason;
use crate::keys::public_key::{KeyEncoding, PublicKey, UnusableKey};

/// RFC 3279, section 2.3.1, and RFC 5480, section 2.1.1.
pub(super) const RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");
const EC: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.2.1");
const P521: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.132.0.35");

/// A log's key: its bytes as they arrived, known to be a key of the kind that is stated beside them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogKey {
    details: KeyDetails,
    raw: Vec<u8>,
    /// The key with the scheme that goes with its type, which need not be the one of `details`. None for a kind of key that nothing
    /// here verifies with.
    checked: Option<PublicKey>,
}

/// Why bytes are not a key of the kind that is stated.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnusableLogKey {
    /// It is a key of another kind.
    OtherKind {
        /// The kind that is stated.
        details: KeyDetails,
        /// The kind that it is.
        found: &'static str,
    },
    /// It is no key, or one that must not be used.
    Unusable(UnusableKey),
}

impl LogKey {
    /// The key that `raw` is: a DER SubjectPublicKeyInfo, or a DER `RSAPublicKey` if [`KeyDetails::is_pkcs1`].
    ///
    /// # Errors
    /// If it is of another kind, is not well formed, or has a defect that lets others sign for it.
    pub fn new(details: KeyDetails, raw: Vec<u8>) -> Result<LogKey, UnusableLogKey> {
        let unusable = UnusableLogKey::Unusable;
        let spki = as_spki(details, &raw).ok_or(unusable(UnusableKey::Malformed { encoding: KeyEncoding::Pkcs1 }))?;
        let checked = match (PublicKey::from_spki_der(&spki), details.algorithm()) {
            (Ok(key), algorithm) if key.material().kind() == algorithm.as_str() => Some(key),
            (Ok(key), _) => return Err(UnusableLogKey::OtherKind { details, found: key.material().kind() }),
            (Err(_), Algorithm::P521) if is_p521(&spki) => None,
            (Err(UnusableKey::NotBuiltIn { .. }), Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87) => None,
            (Err(why), _) => return Err(unusable(why)),
        };
        Ok(LogKey { details, raw, checked })
    }

    /// The key in the form that every reader takes. None for types with no such form: RSA, which [`LogKey::read_file`] reads, and ML-DSA.
    pub fn of(key: &PublicKey) -> Option<LogKey> {
        let details = match key.material().kind() {
            "P-256" => KeyDetails::PkixEcdsaP256Sha256,
            "P-384" => KeyDetails::PkixEcdsaP384Sha384,
            "Ed25519" => KeyDetails::PkixEd25519,
            _ => return None,
        };
        LogKey::new(details, key.to_spki_der()).ok()
    }

    /// What kind of key it is.
    pub fn details(&self) -> KeyDetails {
        self.details
    }

    /// The bytes as they stand in the file.
    pub fn raw(&self) -> &[u8] {
        &self.raw
    }

    /// The key as a DER SubjectPublicKeyInfo, which a PKCS#1 key is wrapped in.
    pub fn spki_der(&self) -> Cow<'_, [u8]> {
        as_spki(self.details, &self.raw).unwrap_or(Cow::Borrowed(&self.raw))
    }

    /// The key as PEM (RFC 7468).
    pub fn to_pem(&self) -> String {
        crate::keys::pem::block("PUBLIC KEY", &self.spki_der())
    }

    /// The key to verify signatures with. None where the stated kind of signature is one that [`PublicKey`] does not check, so that a
    /// signature is never checked by another scheme than its own: PKCS #1 v1.5, P-521, Ed25519ph and Sigstore's ML-DSA.
    pub fn public_key(&self) -> Option<&PublicKey> {
        self.checked.as_ref().filter(|_| self.details.is_default_scheme())
    }

    /// What a signed note's key id is over, after the name and a newline (C2SP, signed-note, "Signatures"). None for ECDSA, whose id is
    /// over the SubjectPublicKeyInfo alone.
    pub(super) fn note_key(&self) -> Option<Vec<u8>> {
        let spki = self.spki_der();
        let key = SubjectPublicKeyInfoRef::from_der(&spki).ok()?.subject_public_key.as_bytes()?;
        match self.details.algorithm() {
            Algorithm::Ed25519 => Some([&[0x01], key].concat()),
            Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => Some([&[0x06], key].concat()),
            Algorithm::Rsa => Some([b"\xffPKIX-RSA-PKCS#1v1.5", &*spki].concat()),
            Algorithm::P256 | Algorithm::P384 | Algorithm::P521 => None,
        }
    }

    /// The bits of an RSA key's modulus; `None` for other kinds.
    pub fn rsa_bits(&self) -> Option<usize> {
        self.checked.as_ref().and_then(|key| key.material().rsa_bits())
    }

    pub(super) fn is_rsa(&self) -> bool {
        self.details.algorithm() == Algorithm::Rsa
    }

    pub(super) fn read(message: Message<'_>) -> Result<LogKey, SkipReason> {
        let details = message.one_of("keyDetails", &KeyDetails::TABLE)?;
        let details = details.map_err(|name| SkipReason::UnknownKeyDetails { name })?;
        message.required("rawBytes")?;
        Ok(LogKey::new(details, message.bytes("rawBytes")?.unwrap_or_default())?)
    }
}

/// None if there is no wrapping the bytes, as they are more than 2^28.
fn as_spki(details: KeyDetails, raw: &[u8]) -> Option<Cow<'_, [u8]>> {
    if !details.is_pkcs1() {
        return Some(Cow::Borrowed(raw));
    }
    let algorithm = AlgorithmIdentifierRef { oid: RSA, parameters: Some(Null.into()) };
    let spki = SubjectPublicKeyInfoRef { algorithm, subject_public_key: BitStringRef::from_bytes(raw).ok()? };
    spki.to_der().ok().map(Cow::Owned)
}

/// Whether it has the form of a P-521 key: nothing here verifies with one, so the point is not checked.
fn is_p521(der: &[u8]) -> bool {
    let is_point = |point: &[u8]| matches!((point.first(), point.len()), (Some(4), 133) | (Some(2 | 3), 67));
    SubjectPublicKeyInfoRef::from_der(der).is_ok_and(|spki| {
        spki.algorithm.oid == EC
            && spki.algorithm.parameters == Some(AnyRef::from(&P521))
            && spki.subject_public_key.as_bytes().is_some_and(is_point)
    })
}

impl fmt::Display for UnusableLogKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            UnusableLogKey::OtherKind { details, found } => write!(f, "`{details}` stands beside a {found} key"),
            UnusableLogKey::Unusable(why) => why.fmt(f),
        }
    }
}

impl core::error::Error for UnusableLogKey {}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::fixtures::{P384, P521, REKOR_V1, REKOR_V2, RSA_PKCS1, RSA_PKIX, bytes, key};
    use super::*;

    /// Every kind of key, with a key of that kind.
    fn good_keys() -> Vec<(KeyDetails, &'static str)> {
        let keys = KeyDetails::TABLE.iter().filter_map(|(details, ..)| match details.algorithm() {
            Algorithm::Rsa if details.is_pkcs1() => Some((*details, RSA_PKCS1)),
            Algorithm::Rsa => Some((*details, RSA_PKIX)),
            Algorithm::P256 => Some((*details, REKOR_V1)),
            Algorithm::P384 => Some((*details, P384)),
            Algorithm::P521 => Some((*details, P521)),
            Algorithm::Ed25519 => Some((*details, REKOR_V2)),
            Algorithm::MlDsa44 | Algorithm::MlDsa65 | Algorithm::MlDsa87 => None,
        });
        keys.collect()
    }

    #[test]
    fn a_key_of_the_stated_kind_is_taken_and_of_any_other_refused() {
        let good = good_keys();
        for (details, _) in &good {
            for (other, raw) in &good {
                let is_same = details.algorithm() == other.algorithm() && details.is_pkcs1() == other.is_pkcs1();
                assert_eq!(LogKey::new(*details, bytes(raw)).is_ok(), is_same, "{details} beside a key for {other}");
            }
        }
    }

    #[test]
    fn a_key_is_handed_out_for_its_own_scheme_only() {
        for (details, raw) in good_keys() {
            let key = key(details, raw);
            assert_eq!(key.public_key().is_some(), details.is_default_scheme(), "{details}");
            assert_eq!(key.raw(), bytes(raw));
        }
    }

    #[test]
    fn a_pkcs1_key_is_wrapped_and_every_other_key_is_as_it_arrived() {
        assert_eq!(*key(KeyDetails::Pkcs1RsaPkcs1V5, RSA_PKCS1).spki_der(), bytes(RSA_PKIX));
        assert_eq!(*key(KeyDetails::PkixRsaPkcs1V15_2048Sha256, RSA_PKIX).spki_der(), bytes(RSA_PKIX));
        assert_eq!(*key(KeyDetails::PkixEd25519, REKOR_V2).spki_der(), bytes(REKOR_V2));
    }

    #[test]
    fn bytes_that_are_no_key_are_refused() {
        for (details, raw) in good_keys() {
            let good = bytes(raw);
            let trailing = [&*good, &[0]].concat();
            for bad in [&good[..good.len() - 1], &trailing, &[]] {
                assert!(LogKey::new(details, bad.to_vec()).is_err(), "{details}, {} bytes", bad.len());
            }
        }
    }

    #[test]
    fn a_p521_key_has_the_length_of_a_point() {
        let good = bytes(P521);
        let spki = SubjectPublicKeyInfoRef::from_der(&good).unwrap();
        let point = spki.subject_public_key.raw_bytes();
        let compressed = [&[2], &point[1..67]].concat();
        for (point, is_point) in [
            (point, true),
            (&compressed, true),
            (&point[..132], false),
            (&point[..67], false),
            (&compressed[..66], false),
        ] {
            let subject_public_key = BitStringRef::from_bytes(point).unwrap();
            let der = SubjectPublicKeyInfoRef { algorithm: spki.algorithm, subject_public_key }.to_der().unwrap();
            assert_eq!(LogKey::new(KeyDetails::PkixEcdsaP521Sha512, der).is_ok(), is_point, "{} bytes", point.len());
        }
    }

    #[test]
    fn an_ed25519_key_that_anybody_can_sign_for_is_refused() {
        let mut raw = bytes(REKOR_V2);
        let at = raw.len() - 32;
        raw[at..].fill(0);
        raw[at] = 1;
        let why = LogKey::new(KeyDetails::PkixEd25519, raw).unwrap_err();
        assert_eq!(why, UnusableLogKey::Unusable(UnusableKey::SmallOrder));
    }

    #[test]
    fn a_reason_names_what_is_stated_and_what_is_there() {
        let why = LogKey::new(KeyDetails::PkixEd25519, bytes(REKOR_V1)).unwrap_err();
        assert_eq!(why.to_string(), "`PKIX_ED25519` stands beside a P-256 key");
    }

    #[test]
    fn a_public_key_takes_the_form_that_sigstore_publishes() {
        for (details, raw) in [
            (KeyDetails::PkixEcdsaP256Sha256, REKOR_V1),
            (KeyDetails::PkixEcdsaP384Sha384, P384),
            (KeyDetails::PkixEd25519, REKOR_V2),
        ] {
            let public = PublicKey::from_spki_der(&bytes(raw)).unwrap();
            assert_eq!(LogKey::of(&public), Some(key(details, raw)));
        }
        assert_eq!(LogKey::of(&PublicKey::from_spki_der(&bytes(RSA_PKIX)).unwrap()), None);
    }
}
