//! The files that certificates come in: PEM with text around it, DER, and PKCS#7.

use alloc::string::{String, ToString};
use alloc::vec::Vec;
use core::fmt;

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier};
use x509_cert::der::{self, Decode, Reader, SliceReader};

use super::certificate::{Certificate, CertificateError};
use crate::keys::pem;

/// Most bytes of a file with certificates in it.
pub const MAX_CONTAINER_BYTES: usize = 1 << 20;

/// Most certificates of one file. Chains have one to four, and a company's bundle perhaps twenty.
pub const MAX_CERTIFICATES: usize = 64;

/// RFC 5652, section 5.1.
const SIGNED_DATA: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.7.2");

/// Why certificates cannot be read from a file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ContainerError {
    /// It has more bytes than are read.
    TooLarge {
        /// The most that are read.
        most: usize,
    },
    /// It has no certificate in it.
    NoCertificates,
    /// It has more certificates than are read.
    TooMany {
        /// The most that are read.
        most: usize,
    },
    /// It has a private key in it, which must not be where a certificate is published from.
    PrivateKey,
    /// It is a public key, not a certificate.
    PublicKey,
    /// A PEM block that is neither a certificate nor PKCS#7.
    OtherBlock {
        /// Its label.
        label: String,
    },
    /// A PEM block is not one: without its end, or not in base64.
    BrokenBlock {
        /// Which block, from 1.
        number: usize,
    },
    /// A certificate cannot be read.
    Certificate {
        /// Which one, from 1.
        number: usize,
        /// Why.
        problem: CertificateError,
    },
    /// PKCS#7 that cannot be read.
    Pkcs7 {
        /// What the reader says.
        problem: String,
    },
}

/// Reads the certificates of a file, in its order: PEM blocks `CERTIFICATE`, `X509 CERTIFICATE`, `TRUSTED CERTIFICATE`, `PKCS7` and `CMS`
/// with any text between them (RFC 7468), the DER of one certificate, or the DER of a PKCS#7 bundle (`.p7b`, RFC 5652).
///
/// # Errors
/// If it is larger than [`MAX_CONTAINER_BYTES`], has no certificate or more than [`MAX_CERTIFICATES`], or something else in it.
pub fn read_certificates(bytes: &[u8]) -> Result<Vec<Certificate>, ContainerError> {
    if bytes.len() > MAX_CONTAINER_BYTES {
        return Err(ContainerError::TooLarge { most: MAX_CONTAINER_BYTES });
    }
    let mut found = Vec::new();
    match core::str::from_utf8(bytes) {
        Ok(text) if pem::has_block(text) => read_pem(text, &mut found)?,
        Ok(_) => return Err(ContainerError::NoCertificates),
        Err(_) if is_pkcs7(bytes) => read_pkcs7(bytes, &mut found)?,
        Err(_) => push(&mut found, bytes)?,
    }
    if found.is_empty() { Err(ContainerError::NoCertificates) } else { Ok(found) }
}

fn push(found: &mut Vec<Certificate>, der: &[u8]) -> Result<(), ContainerError> {
    if found.len() == MAX_CERTIFICATES {
        return Err(ContainerError::TooMany { most: MAX_CERTIFICATES });
    }
    let number = found.len() + 1;
    found.push(Certificate::read(der).map_err(|problem| ContainerError::Certificate { number, problem })?);
    Ok(())
}

fn read_pem(text: &str, found: &mut Vec<Certificate>) -> Result<(), ContainerError> {
    for (block, number) in pem::blocks(text).zip(1..) {
        let broken = ContainerError::BrokenBlock { number };
        let block = block.ok_or(broken.clone())?;
        let der = || block.der().ok_or(broken.clone());
        match block.label {
            "CERTIFICATE" | "X509 CERTIFICATE" => push(found, &der()?)?,
            // OpenSSL's: what it is trusted for stands behind the certificate, and is not part of it.
            "TRUSTED CERTIFICATE" => push(found, first_element(&der()?).ok_or(broken)?)?,
            "PKCS7" | "CMS" => read_pkcs7(&der()?, found)?,
            "PUBLIC KEY" | "RSA PUBLIC KEY" => return Err(ContainerError::PublicKey),
            label if label.ends_with("PRIVATE KEY") => return Err(ContainerError::PrivateKey),
            label => return Err(ContainerError::OtherBlock { label: label.chars().take(40).collect() }),
        }
    }
    Ok(())
}

fn first_element(der: &[u8]) -> Option<&[u8]> {
    SliceReader::new(der).ok()?.tlv_bytes().ok()
}

/// Whether it begins as `ContentInfo ::= SEQUENCE { contentType OBJECT IDENTIFIER, … }` does with signed data.
fn is_pkcs7(der: &[u8]) -> bool {
    let content_type = || -> der::Result<ObjectIdentifier> {
        let content = AnyRef::decode(&mut SliceReader::new(der)?)?;
        ObjectIdentifier::decode(&mut SliceReader::new(content.value())?)
    };
    content_type() == Ok(SIGNED_DATA)
}

fn read_pkcs7(der: &[u8], found: &mut Vec<Certificate>) -> Result<(), ContainerError> {
    let malformed = |error: der::Error| ContainerError::Pkcs7 { problem: error.to_string() };
    let certificates = certificates_of(der).map_err(malformed)?;
    certificates.iter().try_for_each(|certificate| push(found, certificate))
}

/// The certificates of `SignedData` (RFC 5652, section 5.1), which stand tagged after its version, its digests and its content.
fn certificates_of(der: &[u8]) -> der::Result<Vec<&[u8]>> {
    const PARTS: usize = 8;
    let tagged = |part: &&[u8]| part.first() == Some(&0xa0);
    let value = |whole| AnyRef::from_der(whole).map(AnyRef::value);
    let info = elements(value(der)?, PARTS)?;
    let Some(content) = info.into_iter().find(tagged) else { return Ok(Vec::new()) };
    let signed_data = elements(value(value(content)?)?, PARTS)?;
    match signed_data.into_iter().find(tagged) {
        Some(certificates) => elements(value(certificates)?, MAX_CERTIFICATES + 1),
        None => Ok(Vec::new()),
    }
}

/// The DER elements that follow one another, at most so many.
fn elements(der: &[u8], most: usize) -> der::Result<Vec<&[u8]>> {
    let mut reader = SliceReader::new(der)?;
    let mut found = Vec::new();
    while !reader.is_finished() && found.len() < most {
        found.push(reader.tlv_bytes()?);
    }
    Ok(found)
}

impl fmt::Display for ContainerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            ContainerError::TooLarge { most } => write!(f, "a file of more than {most} bytes is not read"),
            ContainerError::NoCertificates => f.write_str("it has no certificate in it"),
            ContainerError::TooMany { most } => write!(f, "it has more than {most} certificates"),
            ContainerError::PrivateKey => f.write_str("it has a private key in it"),
            ContainerError::PublicKey => f.write_str("it is a public key, not a certificate"),
            ContainerError::OtherBlock { label } => {
                write!(f, "it has a PEM block {} in it, which is not a certificate", crate::quoted::Quoted(label))
            }
            ContainerError::BrokenBlock { number } => write!(f, "its PEM block {number} is damaged"),
            ContainerError::Certificate { number, problem } => write!(f, "certificate {number}: {problem}"),
            ContainerError::Pkcs7 { problem } => write!(f, "its PKCS#7 cannot be read: {problem}"),
        }
    }
}

impl core::error::Error for ContainerError {}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::vec;

    use super::super::fixtures::{Made, der, names, pkcs7, timestamping};
    use super::*;

    fn read(bytes: &[u8]) -> Result<Vec<String>, ContainerError> {
        read_certificates(bytes).map(|certificates| names(&certificates))
    }

    #[test]
    fn every_container_gives_its_certificates_in_its_order() {
        let root = Made::root("root");
        let leaf = root.issue(timestamping("leaf"));
        let (root_pem, leaf_pem) = (root.pem(), leaf.pem());
        let bundle = format!("subject=CN=leaf\n{leaf_pem}\nissued by\r\n{root_pem}# the end\n");
        let pkcs7 = pkcs7(&[&leaf.certificate, &root.certificate]);
        let trusted = [leaf.certificate.der(), &der(0x30, &[])].concat();
        let block = |label, der: &[u8]| crate::keys::pem::block(label, der);
        for (container, expected) in [
            (bundle.as_bytes(), &["leaf", "root"][..]),
            (leaf.certificate.der(), &["leaf"]),
            (&pkcs7, &["leaf", "root"]),
            (block("PKCS7", &pkcs7).as_bytes(), &["leaf", "root"]),
            (block("CMS", &pkcs7).as_bytes(), &["leaf", "root"]),
            (block("X509 CERTIFICATE", leaf.certificate.der()).as_bytes(), &["leaf"]),
            (block("TRUSTED CERTIFICATE", &trusted).as_bytes(), &["leaf"]),
        ] {
            assert_eq!(read(container).unwrap(), expected);
        }
    }

    #[test]
    fn what_is_not_certificates_is_named() {
        let root = Made::root("root");
        let pem = root.pem();
        let key = root.key.serialize_pem();
        let broken = pem.replace("-----END CERTIFICATE-----", "");
        let not_base64 = pem.replace('M', "*");
        let empty = crate::keys::pem::block("PKCS7", &pkcs7(&[]));
        let no_certificate = crate::keys::pem::block("CERTIFICATE", b"0\x00");
        for (container, why) in [
            ("".as_bytes(), "it has no certificate in it"),
            (b"hello", "it has no certificate in it"),
            (empty.as_bytes(), "it has no certificate in it"),
            (key.as_bytes(), "it has a private key in it"),
            ([&*pem, &*key].concat().as_bytes(), "it has a private key in it"),
            (b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "it is a public key, not a certificate"),
            (b"-----BEGIN X-----\nAAAA\n-----END X-----\n", "it has a PEM block `X` in it, which is not a certificate"),
            (broken.as_bytes(), "its PEM block 1 is damaged"),
            (not_base64.as_bytes(), "its PEM block 1 is damaged"),
            ([&*pem, &*broken].concat().as_bytes(), "its PEM block 2 is damaged"),
        ] {
            assert_eq!(read(container).unwrap_err().to_string(), why);
        }
        for container in [&b"\xff\xfe"[..], no_certificate.as_bytes()] {
            assert!(matches!(read(container), Err(ContainerError::Certificate { number: 1, .. })), "{container:?}");
        }
        let mut cut = pkcs7(&[&root.certificate]);
        cut.truncate(cut.len() - 3);
        assert!(read(&cut).is_err());
    }

    #[test]
    fn a_file_has_at_most_so_many_certificates_and_bytes() {
        let root = Made::root("root");
        let pem = root.pem();
        assert_eq!(read(pem.repeat(MAX_CERTIFICATES).as_bytes()).unwrap().len(), MAX_CERTIFICATES);
        let most = ContainerError::TooMany { most: MAX_CERTIFICATES };
        assert_eq!(read(pem.repeat(MAX_CERTIFICATES + 1).as_bytes()).unwrap_err(), most);
        assert_eq!(read(&pkcs7(&vec![&root.certificate; MAX_CERTIFICATES])).unwrap().len(), MAX_CERTIFICATES);
        assert_eq!(read(&pkcs7(&vec![&root.certificate; MAX_CERTIFICATES + 1])).unwrap_err(), most);
        let padded = |length: usize| pem.clone() + &" ".repeat(length - pem.len());
        assert!(read(padded(MAX_CONTAINER_BYTES).as_bytes()).is_ok());
        let most = ContainerError::TooLarge { most: MAX_CONTAINER_BYTES };
        assert_eq!(read(padded(MAX_CONTAINER_BYTES + 1).as_bytes()).unwrap_err(), most);
    }
}
