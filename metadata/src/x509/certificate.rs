//! One certificate, and whether another one has signed it.

use alloc::borrow::ToOwned;
use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use chrono::{DateTime, Utc};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1, ED25519,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::asn1::{BitStringRef, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader};
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage as Purposes, KeyUsage};
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::Time;

use crate::keys::public_key::PublicKey;
use crate::sigstore::Window;

/// Most bytes of one certificate that is read. Real ones have 400 to 2500.
const MAX_BYTES: usize = 16 << 10;

// RFC 8017, appendix C; RFC 5758, section 3.2; RFC 8410, section 3.
const SHA256_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
const ED25519_OID: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");
/// With SHA-1 or MD5, which can be forged: RSA's, ECDSA's and DSA's.
const WEAK_SIGNATURES: [ObjectIdentifier; 4] = [
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.4"),
    ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.5"),
    ObjectIdentifier::new_unwrap("1.2.840.10045.4.1"),
    ObjectIdentifier::new_unwrap("1.2.840.10040.4.3"),
];
// RFC 5280, sections 4.2.1.3, 4.2.1.9 and 4.2.1.12.
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const EXTENDED_KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37");
const CODE_SIGNING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.3");
const TIME_STAMPING: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.6.1.5.5.7.3.8");
const ANY_PURPOSE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.37.0");
// RFC 4519, sections 2.3 and 2.19.
const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");
const ORGANIZATION: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.10");

/// A certificate that could be read. Nothing is known yet of who has signed it.
#[derive(Clone, Debug)]
pub struct Certificate {
    der: Vec<u8>,
    /// The part of `der` that is signed, as it arrived.
    signed: Vec<u8>,
    content: TbsCertificate,
    signature_algorithm: ObjectIdentifier,
    signature: Vec<u8>,
    constraints: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
    extended_usage: Option<ExtendedKeyUsage>,
}

/// What a certificate's key is for, beside what [`Certificate::may_sign_certificates`] says (RFC 5280, section 4.2.1.12).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExtendedKeyUsage {
    /// Whether the extension is critical: time stamping's must be (RFC 3161, section 2.3).
    pub is_critical: bool,
    purposes: Vec<ObjectIdentifier>,
}

/// Why bytes are not a certificate that can be read.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CertificateError {
    /// It has more bytes than any certificate needs.
    TooLarge {
        /// The most that are read.
        most: usize,
    },
    /// It is not the DER of a certificate.
    Form {
        /// What the reader says.
        problem: String,
    },
    /// An extension is there twice.
    ExtensionTwice {
        /// Its object identifier.
        oid: String,
    },
}

/// Why a certificate does not count as signed by another.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LinkError {
    /// It names another issuer.
    OtherIssuer,
    /// The signature is not by the issuer's key. Both may have the same name all the same.
    BadSignature,
    /// The signature is of a kind that is not verified here.
    Unsupported {
        /// The object identifier of the signature's algorithm.
        oid: String,
    },
}

impl Certificate {
    /// Reads one certificate in DER, with nothing after it.
    ///
    /// # Errors
    /// If it has more than 16 KiB, is not the DER of a certificate, or has an extension twice.
    pub fn read(der: &[u8]) -> Result<Certificate, CertificateError> {
        if der.len() > MAX_BYTES {
            return Err(CertificateError::TooLarge { most: MAX_BYTES });
        }
        let form = |error: der::Error| CertificateError::Form { problem: error.to_string() };
        let (signed, algorithm, signature) = split(der).map_err(form)?;
        let content = TbsCertificate::from_der(signed).map_err(form)?;
        let extensions = content.extensions().map(Vec::as_slice).unwrap_or_default();
        for (at, extension) in extensions.iter().enumerate() {
            if extensions.iter().take(at).any(|other| other.extn_id == extension.extn_id) {
                return Err(CertificateError::ExtensionTwice { oid: extension.extn_id.to_string() });
            }
        }
        let extension = |oid| extensions.iter().find(|extension| extension.extn_id == oid);
        let constraints =
            extension(BASIC_CONSTRAINTS).map(|found| BasicConstraints::from_der(found.extn_value.as_bytes()));
        let usage = extension(KEY_USAGE).map(|found| KeyUsage::from_der(found.extn_value.as_bytes()));
        let extended = extension(EXTENDED_KEY_USAGE).map(|found| {
            let purposes = Purposes::from_der(found.extn_value.as_bytes())?.0;
            Ok(ExtendedKeyUsage { is_critical: found.critical, purposes })
        });
        Ok(Certificate {
            der: der.to_vec(),
            signed: signed.to_vec(),
            signature_algorithm: algorithm,
            signature: signature.to_vec(),
            constraints: constraints.transpose().map_err(form)?,
            usage: usage.transpose().map_err(form)?,
            extended_usage: extended.transpose().map_err(form)?,
            content,
        })
    }

    /// The bytes, as they arrived.
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// Whose it is, as RFC 4514 writes names.
    pub fn subject(&self) -> String {
        self.content.subject().to_string()
    }

    /// Who is said to have issued it, as RFC 4514 writes names.
    pub fn issuer(&self) -> String {
        self.content.issuer().to_string()
    }

    /// The organisation of its subject (`O`); `None` when it names none in UTF-8 or printable text.
    pub fn organization(&self) -> Option<String> {
        self.attribute(ORGANIZATION)
    }

    /// The common name of its subject (`CN`); `None` when it names none in UTF-8 or printable text.
    pub fn common_name(&self) -> Option<String> {
        self.attribute(COMMON_NAME)
    }

    fn attribute(&self, oid: ObjectIdentifier) -> Option<String> {
        let mut attributes = self.content.subject().iter();
        let value = &attributes.find(|attribute| attribute.oid == oid)?.value;
        let utf8 = value.decode_as::<Utf8StringRef<'_>>().map(|text| text.as_str().to_owned());
        let printable = || value.decode_as::<PrintableStringRef<'_>>().map(|text| text.as_str().to_owned());
        utf8.or_else(|_| printable()).ok()
    }

    /// From when to when it holds, both included. `None` when a date is one that cannot be told.
    pub fn validity(&self) -> Option<Window> {
        let instant = |time: Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            DateTime::<Utc>::from_timestamp(seconds, 0)
        };
        let validity = self.content.validity();
        Some(Window::new(Some(instant(validity.not_before)?), Some(instant(validity.not_after)?)))
    }

    /// Its serial number, big-endian, as it stands in the certificate.
    pub fn serial(&self) -> &[u8] {
        self.content.serial_number().as_bytes()
    }

    /// Its version, 1 to 3. Only version 3 has extensions.
    pub fn version(&self) -> u8 {
        match self.content.version() {
            Version::V1 => 1,
            Version::V2 => 2,
            Version::V3 => 3,
        }
    }

    /// Whether it names itself as its issuer. Whether it has signed itself is what [`Certificate::check_signed_by`] says.
    pub fn is_self_issued(&self) -> bool {
        self.content.subject() == self.content.issuer()
    }

    /// Whether both name the same issuer and have the same serial number: readers that pick by these cannot tell the two apart.
    pub fn has_same_issuer_and_serial(&self, other: &Certificate) -> bool {
        self.content.issuer() == other.content.issuer() && self.serial() == other.serial()
    }

    /// Whether it is a certificate authority's (`basicConstraints` with `CA:TRUE`).
    pub fn is_authority(&self) -> bool {
        self.constraints.as_ref().is_some_and(|constraints| constraints.ca)
    }

    /// Most certificates of authorities that may stand between it and a leaf. `None` is no limit.
    pub fn path_length(&self) -> Option<u8> {
        self.constraints.as_ref().and_then(|constraints| constraints.path_len_constraint)
    }

    /// Whether its key may sign certificates: `keyUsage` with `keyCertSign`. Without the extension it may not, as sigstore-go and
    /// sigstore-js have it.
    pub fn may_sign_certificates(&self) -> bool {
        self.usage.as_ref().is_some_and(KeyUsage::key_cert_sign)
    }

    /// What else its key is for; `None` is anything.
    pub fn extended_key_usage(&self) -> Option<&ExtendedKeyUsage> {
        self.extended_usage.as_ref()
    }

    /// The certified key as a DER SubjectPublicKeyInfo.
    pub fn spki_der(&self) -> Vec<u8> {
        self.content.subject_public_key_info().to_der().expect("what was read from at most 16 KiB is written again")
    }

    /// The certified key. `None` for a kind of key that is not known here, or one that must not be used.
    pub fn public_key(&self) -> Option<PublicKey> {
        PublicKey::from_spki_der(&self.spki_der()).ok()
    }

    /// Whether its signature is over SHA-1 or MD5.
    pub fn has_weak_signature(&self) -> bool {
        WEAK_SIGNATURES.contains(&self.signature_algorithm)
    }

    /// Verifies that `issuer` is named as the issuer and has signed the certificate. Says nothing about whether `issuer` may sign
    /// certificates, nor about dates.
    ///
    /// # Errors
    /// If another issuer is named, the signature is not by its key, or is of a kind that is not verified here: other than RSA PKCS #1 v1.5
    /// with 2048 to 8192 bits and SHA-2, ECDSA on P-256 and P-384 with SHA-256 or SHA-384, and Ed25519.
    pub fn check_signed_by(&self, issuer: &Certificate) -> Result<(), LinkError> {
        if self.content.issuer() != issuer.content.subject() {
            return Err(LinkError::OtherIssuer);
        }
        let unsupported = || LinkError::Unsupported { oid: self.signature_algorithm.to_string() };
        let info = issuer.content.subject_public_key_info();
        let bits = info.subject_public_key.as_bytes().ok_or(LinkError::BadSignature)?;
        let key = issuer.public_key().ok_or_else(unsupported)?;
        let algorithm: &dyn VerificationAlgorithm = match (key.material().kind(), self.signature_algorithm) {
            ("RSA", SHA256_RSA) => &RSA_PKCS1_2048_8192_SHA256,
            ("RSA", SHA384_RSA) => &RSA_PKCS1_2048_8192_SHA384,
            ("RSA", SHA512_RSA) => &RSA_PKCS1_2048_8192_SHA512,
            ("P-256", ECDSA_SHA256) => &ECDSA_P256_SHA256_ASN1,
            ("P-256", ECDSA_SHA384) => &ECDSA_P256_SHA384_ASN1,
            ("P-384", ECDSA_SHA256) => &ECDSA_P384_SHA256_ASN1,
            ("P-384", ECDSA_SHA384) => &ECDSA_P384_SHA384_ASN1,
            ("Ed25519", ED25519_OID) => &ED25519,
            (kind, oid) if is_signature_of(kind, oid) => return Err(unsupported()),
            // A signature of another kind than the issuer's key makes.
            _ => return Err(LinkError::BadSignature),
        };
        UnparsedPublicKey::new(algorithm, bits)
            .verify(&self.signed, &self.signature)
            .map_err(|_| LinkError::BadSignature)
    }
}

/// Whether a key of that kind may make signatures of that algorithm, verified here or not.
fn is_signature_of(kind: &str, oid: ObjectIdentifier) -> bool {
    // RFC 8017, appendix C, and RFC 3279, section 2.2.3: the arcs of RSA's and ECDSA's signatures.
    let arc = oid.to_string();
    match kind {
        "RSA" => arc.starts_with("1.2.840.113549.1.1."),
        "P-256" | "P-384" => arc.starts_with("1.2.840.10045.4."),
        _ => false,
    }
}

impl ExtendedKeyUsage {
    /// Whether code signing is among the purposes, or any is allowed.
    pub fn allows_code_signing(&self) -> bool {
        self.purposes.contains(&CODE_SIGNING) || self.purposes.contains(&ANY_PURPOSE)
    }

    /// Whether time stamping is among the purposes, or any is allowed.
    pub fn allows_time_stamping(&self) -> bool {
        self.purposes.contains(&TIME_STAMPING) || self.purposes.contains(&ANY_PURPOSE)
    }

    /// Whether time stamping is the only purpose, as a timestamp authority's own certificate must have it (RFC 3161, section 2.3).
    pub fn is_time_stamping_alone(&self) -> bool {
        matches!(self.purposes[..], [TIME_STAMPING])
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

/// The part that is signed, the algorithm and the signature, and nothing behind them.
fn split(der: &[u8]) -> der::Result<(&[u8], ObjectIdentifier, &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|reader| {
        let signed = reader.tlv_bytes()?;
        let algorithm = AlgorithmIdentifierRef::decode(reader)?;
        let signature = BitStringRef::decode(reader)?;
        let signature = signature.as_bytes().ok_or_else(|| der::Error::from(der::Tag::BitString.value_error()))?;
        Ok::<_, der::Error>((signed, algorithm.oid, signature))
    })?;
    reader.finish()?;
    Ok(parts)
}

impl fmt::Display for CertificateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CertificateError::TooLarge { most } => write!(f, "a certificate of more than {most} bytes is not read"),
            CertificateError::Form { problem } => write!(f, "not the DER of a certificate: {problem}"),
            CertificateError::ExtensionTwice { oid } => write!(f, "the extension {oid} is there twice"),
        }
    }
}

impl core::error::Error for CertificateError {}

impl fmt::Display for LinkError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LinkError::OtherIssuer => f.write_str("it names another issuer"),
            LinkError::BadSignature => f.write_str("its signature is not by that issuer's key"),
            LinkError::Unsupported { oid } => write!(f, "its signature is of a kind that is not verified here ({oid})"),
        }
    }
}

impl core::error::Error for LinkError {}

#[cfg(test)]
mod tests {
    use rcgen::{BasicConstraints, ExtendedKeyUsagePurpose, IsCa};

    use super::super::fixtures::{Made, authority, ed25519, timestamping};
    use super::*;

    #[test]
    fn a_certificate_is_read_with_all_it_says() {
        let root = Made::root("root");
        let leaf = root.issue(timestamping("tsa")).certificate;
        assert_eq!(leaf.subject(), "CN=tsa,O=example.com");
        assert_eq!(leaf.issuer(), "CN=root,O=example.com");
        assert_eq!((leaf.common_name().as_deref(), leaf.organization().as_deref()), (Some("tsa"), Some("example.com")));
        assert_eq!(leaf.validity().unwrap().to_string(), "from 2026-01-01T00:00:00Z until 2027-01-01T00:00:00Z");
        assert_eq!((leaf.version(), leaf.is_authority(), leaf.may_sign_certificates()), (3, false, false));
        assert!(!leaf.is_self_issued() && !leaf.has_weak_signature());
        assert_eq!(leaf.public_key().unwrap().material().kind(), "P-256");
        let root = root.certificate;
        assert!(root.is_authority() && root.may_sign_certificates() && root.is_self_issued());
        assert_eq!((root.path_length(), root.extended_key_usage()), (None, None));
        assert!(leaf.has_same_issuer_and_serial(&leaf) && !leaf.has_same_issuer_and_serial(&root));
    }

    #[test]
    fn what_a_key_is_for_is_told() {
        let purposes = |purposes: &[ExtendedKeyUsagePurpose]| {
            let mut params = timestamping("x");
            params.extended_key_usages = purposes.into();
            Made::root("root").issue(params).certificate.extended_key_usage().cloned()
        };
        let (code, time) = (ExtendedKeyUsagePurpose::CodeSigning, ExtendedKeyUsagePurpose::TimeStamping);
        assert_eq!(purposes(&[]), None);
        let is = |usage: Option<ExtendedKeyUsage>| {
            let usage = usage.unwrap();
            (usage.allows_code_signing(), usage.allows_time_stamping(), usage.is_time_stamping_alone())
        };
        assert_eq!(is(purposes(core::slice::from_ref(&time))), (false, true, true));
        assert_eq!(is(purposes(&[code, time])), (true, true, false));
        assert_eq!(is(purposes(&[ExtendedKeyUsagePurpose::Any])), (true, true, false));
    }

    #[test]
    fn a_path_length_is_told() {
        let mut params = authority("root");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(1));
        assert_eq!(Made::self_signed(params, &rcgen::PKCS_ED25519).certificate.path_length(), Some(1));
    }

    #[test]
    fn a_signature_counts_with_the_key_that_made_it_alone() {
        for root in
            [Made::root("root"), ed25519("root"), Made::self_signed(authority("root"), &rcgen::PKCS_ECDSA_P256_SHA256)]
        {
            let leaf = root.issue(timestamping("tsa"));
            assert_eq!(leaf.certificate.check_signed_by(&root.certificate), Ok(()));
            assert_eq!(root.certificate.check_signed_by(&root.certificate), Ok(()));
            let renewed = Made::root("root").certificate;
            assert_eq!(leaf.certificate.check_signed_by(&renewed), Err(LinkError::BadSignature));
            let other = Made::root("other").certificate;
            assert_eq!(leaf.certificate.check_signed_by(&other), Err(LinkError::OtherIssuer));
            let mut altered = leaf.certificate.der().to_vec();
            *altered.last_mut().unwrap() ^= 1;
            let altered = Certificate::read(&altered).unwrap();
            assert_eq!(altered.check_signed_by(&root.certificate), Err(LinkError::BadSignature));
        }
    }

    #[test]
    fn what_is_not_one_certificate_is_refused() {
        let good = Made::root("root").certificate.der().to_vec();
        let trailing = [&*good, &[0]].concat();
        for bad in [&good[..good.len() - 1], &trailing, &[], b"0\x00", b"hello"] {
            assert!(matches!(Certificate::read(bad), Err(CertificateError::Form { .. })), "{} bytes", bad.len());
        }
        let large = alloc::vec![0x30; MAX_BYTES + 1];
        assert_eq!(Certificate::read(&large).unwrap_err(), CertificateError::TooLarge { most: MAX_BYTES });
    }

    #[test]
    fn an_extension_that_is_there_twice_is_refused() {
        let mut params = authority("root");
        let extension = || rcgen::CustomExtension::from_oid_content(&[1, 2, 3], alloc::vec![5, 0]);
        params.custom_extensions = alloc::vec![extension()];
        let key = rcgen::KeyPair::generate_for(&rcgen::PKCS_ED25519).unwrap();
        assert!(Certificate::read(params.self_signed(&key).unwrap().der()).is_ok());
        params.custom_extensions = alloc::vec![extension(), extension()];
        let error = Certificate::read(params.self_signed(&key).unwrap().der()).unwrap_err();
        assert_eq!(error, CertificateError::ExtensionTwice { oid: "1.2.3".to_owned() });
    }
}
