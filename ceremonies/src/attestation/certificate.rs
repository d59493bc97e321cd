//! One certificate: its form, and the parts of it that are looked at.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use ring::signature::{
    ECDSA_P256_SHA256_ASN1, ECDSA_P256_SHA384_ASN1, ECDSA_P384_SHA256_ASN1, ECDSA_P384_SHA384_ASN1,
    RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_2048_8192_SHA384, RSA_PKCS1_2048_8192_SHA512, UnparsedPublicKey,
    VerificationAlgorithm,
};
use rootline_metadata::{PublicKey, sha256};
use x509_cert::certificate::{TbsCertificate, Version};
use x509_cert::der::asn1::{AnyRef, BitStringRef, ObjectIdentifier, UintRef};
use x509_cert::der::{self, Decode, Encode, Reader, SliceReader};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::{BasicConstraints, KeyUsage};
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierRef;
use x509_cert::time::Time;

use super::refusal::{AttestationRefusal, CertificateFault, NotAnIssuer, WhichCertificate};
use super::token;

/// Most bytes of one certificate. Real ones have 600 to 1500.
pub(super) const MAX_BYTES: usize = 4096;
/// Most bytes of an RSA modulus: 4096 bits, as long as any vendor's. Twice as long takes eight times as long.
const MAX_RSA_BYTES: usize = 512;
/// Most extensions of one certificate. Real ones have up to seven.
const MAX_EXTENSIONS: usize = 32;

// RFC 8017, appendix C; RFC 5758, section 3.2.
const SHA256_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.11");
const SHA384_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.12");
const SHA512_RSA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.13");
const ECDSA_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
const ECDSA_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
// RFC 5280, section 4.2.1.
const BASIC_CONSTRAINTS: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.19");
const KEY_USAGE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.15");

/// How the issuer signs a certificate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Algorithm {
    RsaSha256,
    RsaSha384,
    RsaSha512,
    EcdsaSha256,
    EcdsaSha384,
}

/// A certificate of good form. Whom it is from is not known yet.
#[derive(Clone, Debug)]
pub(super) struct Certificate {
    /// As it arrived.
    der: Vec<u8>,
    /// The part of `der` that is signed.
    signed: Vec<u8>,
    content: TbsCertificate,
    algorithm: Algorithm,
    signature: Vec<u8>,
    constraints: Option<BasicConstraints>,
    usage: Option<KeyUsage>,
}

impl Certificate {
    pub(super) fn read(which: WhichCertificate, der: Vec<u8>) -> Result<Certificate, AttestationRefusal> {
        read(der).map_err(|fault| AttestationRefusal::Malformed { which, fault })
    }

    pub(super) fn der(&self) -> &[u8] {
        &self.der
    }

    pub(super) fn digest(&self) -> [u8; 32] {
        sha256(&self.der)
    }

    pub(super) fn subject(&self) -> &Name {
        self.content.subject()
    }

    pub(super) fn issuer(&self) -> &Name {
        self.content.issuer()
    }

    /// The value of an extension; no certificate has one twice.
    pub(super) fn extension(&self, id: ObjectIdentifier) -> Option<&[u8]> {
        let extensions = self.content.extensions()?;
        extensions.iter().find(|extension| extension.extn_id == id).map(|extension| extension.extn_value.as_bytes())
    }

    /// The key that is certified.
    pub(super) fn public_key(&self) -> Result<PublicKey, CertificateFault> {
        let spki = self.content.subject_public_key_info().to_der().map_err(CertificateFault::form)?;
        PublicKey::from_spki_der(&spki).map_err(|why| CertificateFault::Key(Box::new(why)))
    }

    /// The first and the last instant of its period, both included.
    pub(super) fn period(&self) -> Option<(DateTime<Utc>, DateTime<Utc>)> {
        let instant = |time: Time| {
            let seconds = i64::try_from(time.to_unix_duration().as_secs()).ok()?;
            DateTime::from_timestamp(seconds, 0)
        };
        let validity = self.content.validity();
        Some((instant(validity.not_before)?, instant(validity.not_after)?))
    }

    /// Whether this certificate may certify others, with `below` certificates of issuers between it and the key's (RFC 5280, 4.2.1.9, 4.2.1.3).
    pub(super) fn may_certify(&self, below: usize) -> Result<(), NotAnIssuer> {
        let Some(constraints) = self.constraints.as_ref().filter(|constraints| constraints.ca) else {
            return Err(NotAnIssuer::NoAuthority);
        };
        if let Some(most) = constraints.path_len_constraint
            && below > usize::from(most)
        {
            return Err(NotAnIssuer::TooFarUp { most: usize::from(most), below });
        }
        // The tokens' own certificates do not say what their keys are for.
        match &self.usage {
            Some(usage) if !usage.key_cert_sign() => Err(NotAnIssuer::OtherUsage),
            _ => Ok(()),
        }
    }

    /// Whether it claims to be an authority's.
    pub(super) fn is_authority(&self) -> bool {
        self.constraints.as_ref().is_some_and(|constraints| constraints.ca)
    }

    /// Whether `issuer` has signed it. Says nothing about whether `issuer` may.
    pub(super) fn is_signed_by(&self, issuer: &Certificate) -> bool {
        let info = issuer.content.subject_public_key_info();
        let (Some(key), Ok(public)) = (info.subject_public_key.as_bytes(), issuer.public_key()) else { return false };
        let algorithm: &dyn VerificationAlgorithm = match (public.material().kind(), self.algorithm) {
            ("RSA", _) if modulus_bytes(key).is_none_or(|bytes| bytes > MAX_RSA_BYTES) => return false,
            ("RSA", Algorithm::RsaSha256) => &RSA_PKCS1_2048_8192_SHA256,
            ("RSA", Algorithm::RsaSha384) => &RSA_PKCS1_2048_8192_SHA384,
            ("RSA", Algorithm::RsaSha512) => &RSA_PKCS1_2048_8192_SHA512,
            ("P-256", Algorithm::EcdsaSha256) => &ECDSA_P256_SHA256_ASN1,
            ("P-256", Algorithm::EcdsaSha384) => &ECDSA_P256_SHA384_ASN1,
            // A token's own key on P-384 signs with SHA-256 all the same.
            ("P-384", Algorithm::EcdsaSha256) => &ECDSA_P384_SHA256_ASN1,
            ("P-384", Algorithm::EcdsaSha384) => &ECDSA_P384_SHA384_ASN1,
            _ => return false,
        };
        UnparsedPublicKey::new(algorithm, key).verify(&self.signed, &self.signature).is_ok()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Certificate {}

fn read(der: Vec<u8>) -> Result<Certificate, CertificateFault> {
    if der.len() > MAX_BYTES {
        return Err(CertificateFault::TooLarge { most: MAX_BYTES });
    }
    let (signed, outer, signature) = split(&der).map_err(CertificateFault::form)?;
    let content = TbsCertificate::from_der(signed).map_err(CertificateFault::form)?;
    // What is not signed must not say anything else than what is (RFC 5280, 4.1.1.2).
    let inner = content.signature().to_der().map_err(CertificateFault::form)?;
    if inner != outer.to_der().map_err(CertificateFault::form)? {
        return Err(CertificateFault::TwoAlgorithms);
    }
    let algorithm = read_algorithm(outer)?;
    if content.version() != Version::V3 {
        return Err(CertificateFault::Version);
    }
    let extensions = content.extensions().map(Vec::as_slice).unwrap_or_default();
    check_extensions(extensions)?;
    let constraints = read_extension(extensions, BASIC_CONSTRAINTS)?;
    let usage = read_extension(extensions, KEY_USAGE)?;
    let (signed, signature) = (signed.to_vec(), signature.to_vec());
    Ok(Certificate { signed, content, algorithm, signature, constraints, usage, der })
}

/// The part that is signed, the algorithm and the signature, and nothing behind them.
fn split(der: &[u8]) -> der::Result<(&[u8], AlgorithmIdentifierRef<'_>, &[u8])> {
    let mut reader = SliceReader::new(der)?;
    let parts = reader.sequence(|reader| {
        let signed = reader.tlv_bytes()?;
        let algorithm = AlgorithmIdentifierRef::decode(reader)?;
        let signature = BitStringRef::decode(reader)?;
        let signature = signature.as_bytes().ok_or_else(|| der::Error::from(der::Tag::BitString.value_error()))?;
        Ok::<_, der::Error>((signed, algorithm, signature))
    })?;
    reader.finish()?;
    Ok(parts)
}

/// How long the modulus of an RSAPublicKey (RFC 8017, appendix A.1.1) is.
fn modulus_bytes(key: &[u8]) -> Option<usize> {
    let read = |reader: &mut SliceReader<'_>| -> der::Result<usize> {
        let (modulus, _): (UintRef<'_>, UintRef<'_>) = (reader.decode()?, reader.decode()?);
        Ok(modulus.as_bytes().len())
    };
    SliceReader::new(key).and_then(|mut reader| reader.sequence(read)).ok()
}

fn read_algorithm(identifier: AlgorithmIdentifierRef<'_>) -> Result<Algorithm, CertificateFault> {
    // RSA has NULL for its parameters, ECDSA none.
    let is_rsa = identifier.parameters == Some(AnyRef::NULL);
    let is_ecdsa = identifier.parameters.is_none();
    let algorithm = match identifier.oid {
        SHA256_RSA if is_rsa => Algorithm::RsaSha256,
        SHA384_RSA if is_rsa => Algorithm::RsaSha384,
        SHA512_RSA if is_rsa => Algorithm::RsaSha512,
        ECDSA_SHA256 if is_ecdsa => Algorithm::EcdsaSha256,
        ECDSA_SHA384 if is_ecdsa => Algorithm::EcdsaSha384,
        oid => return Err(CertificateFault::Algorithm { oid: oid.to_string() }),
    };
    Ok(algorithm)
}

/// None twice, and none critical that is not looked at here (RFC 5280, 4.2).
fn check_extensions(extensions: &[Extension]) -> Result<(), CertificateFault> {
    if extensions.len() > MAX_EXTENSIONS {
        return Err(CertificateFault::TooManyExtensions { most: MAX_EXTENSIONS });
    }
    let mut seen = BTreeSet::new();
    for Extension { extn_id: id, critical, .. } in extensions {
        if !seen.insert(*id) {
            return Err(CertificateFault::ExtensionTwice { oid: id.to_string() });
        }
        let is_looked_at = *id == BASIC_CONSTRAINTS || *id == KEY_USAGE || token::EXTENSIONS.contains(id);
        if *critical && !is_looked_at {
            return Err(CertificateFault::UnknownCritical { oid: id.to_string() });
        }
    }
    Ok(())
}

fn read_extension<'a, T: Decode<'a, Error = der::Error>>(
    extensions: &'a [Extension],
    id: ObjectIdentifier,
) -> Result<Option<T>, CertificateFault> {
    let found = extensions.iter().find(|extension| extension.extn_id == id);
    found.map(|extension| T::from_der(extension.extn_value.as_bytes()).map_err(CertificateFault::form)).transpose()
}
