//! Just enough DER (X.690) and X.509 (RFC 5280) to write certificates with any defect, and the same bytes at every run.

use rootline_ceremonies::SecretKey;
use rootline_metadata::PublicKey;

pub(crate) fn tlv(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = match content.len() {
        short @ ..=0x7f => vec![u8::try_from(short).unwrap()],
        long => {
            let bytes = u16::try_from(long).unwrap().to_be_bytes();
            let bytes = if bytes[0] == 0 { &bytes[1..] } else { &bytes[..] };
            [&[0x80 | u8::try_from(bytes.len()).unwrap()], bytes].concat()
        }
    };
    [&[tag][..], &length, content].concat()
}

pub(crate) fn sequence(parts: &[&[u8]]) -> Vec<u8> {
    tlv(0x30, &parts.concat())
}

/// `1.3.6.1.…`
pub(crate) fn oid(text: &str) -> Vec<u8> {
    let mut numbers = text.split('.').map(|number| number.parse::<u32>().unwrap());
    let mut content = vec![u8::try_from(numbers.next().unwrap() * 40 + numbers.next().unwrap()).unwrap()];
    for number in numbers {
        let septets: Vec<u8> = (0..5).rev().map(|at| (number >> (7 * at) & 0x7f) as u8).collect();
        let first = septets.iter().position(|septet| *septet != 0).unwrap_or(4);
        let last = septets.len() - 1;
        content.extend(
            septets.iter().enumerate().skip(first).map(|(at, septet)| septet | if at < last { 0x80 } else { 0 }),
        );
    }
    tlv(6, &content)
}

/// A name that is one common name.
pub(crate) fn name(common_name: &str) -> Vec<u8> {
    let attribute = sequence(&[&oid("2.5.4.3"), &tlv(0x0c, common_name.as_bytes())]);
    sequence(&[&tlv(0x31, &attribute)])
}

pub(crate) fn block(der: &[u8]) -> String {
    rootline_tests::pem::block("CERTIFICATE", der)
}

pub(crate) const ECDSA_SHA256: &str = "1.2.840.10045.4.3.2";
pub(crate) const BASIC_CONSTRAINTS: &str = "2.5.29.19";
pub(crate) const KEY_USAGE: &str = "2.5.29.15";

/// An extension: its id, whether it is critical, its value.
#[derive(Clone)]
pub(crate) struct Extension(pub(crate) &'static str, pub(crate) bool, pub(crate) Vec<u8>);

/// A certificate that has not been signed yet.
#[derive(Clone)]
pub(crate) struct Draft {
    /// 2 is version 3.
    pub(crate) version: u8,
    pub(crate) algorithm: Vec<u8>,
    /// What stands beside the signature.
    pub(crate) outer_algorithm: Vec<u8>,
    pub(crate) issuer: Vec<u8>,
    pub(crate) subject: Vec<u8>,
    /// The first and the last second, as GeneralizedTime has them.
    pub(crate) period: (&'static str, &'static str),
    pub(crate) key: Vec<u8>,
    pub(crate) extensions: Vec<Extension>,
}

impl Draft {
    pub(crate) fn new(issuer: &str, subject: &str, key: &PublicKey) -> Draft {
        let algorithm = sequence(&[&oid(ECDSA_SHA256)]);
        Draft {
            version: 2,
            outer_algorithm: algorithm.clone(),
            algorithm,
            issuer: name(issuer),
            subject: name(subject),
            period: ("20160314000000Z", "20520417000000Z"),
            key: key.to_spki_der(),
            extensions: Vec::new(),
        }
    }

    /// That of an authority, with so many others below it.
    pub(crate) fn authority(issuer: &str, subject: &str, key: &PublicKey, below: Option<u8>) -> Draft {
        let mut draft = Draft::new(issuer, subject, key);
        draft.extensions.push(Extension(BASIC_CONSTRAINTS, true, basic_constraints(true, below)));
        draft
    }

    /// Signed, whatever it says.
    pub(crate) fn signed_by(&self, issuer: &SecretKey) -> Vec<u8> {
        let content = self.content();
        let signature = issuer.sign(&content);
        sequence(&[&content, &self.outer_algorithm, &tlv(3, &[&[0], &signature[..]].concat())])
    }

    fn content(&self) -> Vec<u8> {
        let version = tlv(0xa0, &tlv(2, &[self.version]));
        let (from, until) = self.period;
        // Before 2050 it has to be UTCTime.
        let time = |text: &str| match &text[..4] < "2050" {
            true => tlv(0x17, &text.as_bytes()[2..]),
            false => tlv(0x18, text.as_bytes()),
        };
        let period = sequence(&[&time(from), &time(until)]);
        let extension = |Extension(id, critical, value): &Extension| {
            let critical = if *critical { tlv(1, &[0xff]) } else { Vec::new() };
            sequence(&[&oid(id), &critical, &tlv(4, value)])
        };
        let extensions: Vec<u8> = self.extensions.iter().flat_map(extension).collect();
        let extensions = if extensions.is_empty() { Vec::new() } else { tlv(0xa3, &tlv(0x30, &extensions)) };
        sequence(&[
            &version,
            &tlv(2, &[1]),
            &self.algorithm,
            &self.issuer,
            &period,
            &self.subject,
            &self.key,
            &extensions,
        ])
    }
}

pub(crate) fn basic_constraints(is_authority: bool, below: Option<u8>) -> Vec<u8> {
    let is_authority = if is_authority { tlv(1, &[0xff]) } else { Vec::new() };
    let below = below.map(|below| tlv(2, &[below])).unwrap_or_default();
    sequence(&[&is_authority, &below])
}
