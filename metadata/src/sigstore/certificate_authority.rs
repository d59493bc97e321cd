//! One certificate or timestamp authority of a trusted root.

use alloc::string::String;
use alloc::vec::Vec;

use spki::der::asn1::AnyRef;
use spki::der::{Decode, Tag, Tagged};

use super::proto_json::Message;
use super::section::Section;
use super::skipped::SkipReason;
use super::window::Window;
use crate::json::Node;

/// A Fulcio certificate authority or an RFC 3161 timestamp authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CertificateAuthority {
    section: Section,
    position: usize,
    subject: Subject,
    uri: String,
    chain: Vec<Vec<u8>>,
    valid_for: Window,
    operator: Option<String>,
}

/// The name of an authority.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Subject {
    /// The organisation, as in `sigstore.dev`. Empty if it is not there.
    pub organization: String,
    /// The name of the authority. Empty if it is not there.
    pub common_name: String,
}

impl CertificateAuthority {
    /// The list it stands in: [`Section::CertificateAuthorities`] or [`Section::TimestampAuthorities`].
    pub fn section(&self) -> Section {
        self.section
    }

    /// Its position in that list, from 0, skipped entries counted.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What the file calls it. What the certificates call it is not read here.
    pub fn subject(&self) -> &Subject {
        &self.subject
    }

    /// What identifies it, often its base URL. Empty if it is not there.
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The certificates in DER, from the one that issues, or for a timestamp authority signs, to the trust anchor; at least one. Each
    /// is one SEQUENCE and nothing after it; no more is known of it, nor whether the order is right.
    pub fn chain(&self) -> impl ExactSizeIterator<Item = &[u8]> {
        self.chain.iter().map(Vec::as_slice)
    }

    /// The chain as PEM (RFC 7468), leaf to root, one block after the other.
    pub fn chain_pem(&self) -> String {
        self.chain().map(|certificate| crate::keys::pem::block("CERTIFICATE", certificate)).collect()
    }

    /// From when to when the chain is to be trusted, beside what its certificates say.
    pub fn valid_for(&self) -> Window {
        self.valid_for
    }

    /// Who runs it, as in `sigstore.dev` (version 0.2). Authorities of one operator count once towards a threshold.
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    pub(super) fn read(section: Section, position: usize, node: Node<'_>) -> Result<CertificateAuthority, SkipReason> {
        let message = Message::read(node)?;
        Ok(CertificateAuthority {
            section,
            position,
            subject: message.message("subject")?.map(Subject::read).transpose()?.unwrap_or_default(),
            uri: message.text("uri")?.unwrap_or_default(),
            chain: read_chain(Message::read(message.required("certChain")?)?)?,
            valid_for: Window::read(message.member("validFor")?)?,
            operator: message.text("operator")?,
        })
    }
}

impl Subject {
    fn read(message: Message<'_>) -> Result<Subject, SkipReason> {
        Ok(Subject {
            organization: message.text("organization")?.unwrap_or_default(),
            common_name: message.text("commonName")?.unwrap_or_default(),
        })
    }
}

/// Whether the bytes are one DER SEQUENCE and nothing after it, as every certificate is.
pub(super) fn is_one_sequence(bytes: &[u8]) -> bool {
    AnyRef::from_der(bytes).is_ok_and(|any| any.tag() == Tag::Sequence)
}

fn read_chain(message: Message<'_>) -> Result<Vec<Vec<u8>>, SkipReason> {
    let mut chain = Vec::new();
    for (position, node) in message.elements("certificates")?.enumerate() {
        let certificate = Message::read(node)?.bytes("rawBytes")?.unwrap_or_default();
        if !is_one_sequence(&certificate) {
            return Err(SkipReason::NotACertificate { position });
        }
        chain.push(certificate);
    }
    if chain.is_empty() { Err(SkipReason::EmptyChain) } else { Ok(chain) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_is_one_sequence_that_fills_the_bytes() {
        assert!(is_one_sequence(&[0x30, 0]));
        assert!(is_one_sequence(&[0x30, 2, 5, 0]));
        let mut long = [0x30, 0x81, 0x80].to_vec();
        long.resize(3 + 0x80, 0);
        assert!(is_one_sequence(&long));
        long.push(0);
        assert!(!is_one_sequence(&long));
        // Nothing, another tag, a length that is cut off, indefinite, or longer than it need be.
        for bytes in [
            &[][..],
            &[0x31, 0],
            &[0x30],
            &[0x30, 1],
            &[0x30, 0x80, 0, 0],
            &[0x30, 0x81, 0],
            &[0x30, 0, 0],
            &[0x30, 0x81, 0x80],
        ] {
            assert!(!is_one_sequence(bytes), "{bytes:?}");
        }
    }
}
