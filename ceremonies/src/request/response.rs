//! What a keyholder sends back to a signing request: one line, small enough for a QR code.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, FormatError, Node, Value, ValueMembers};
use rootline_metadata::{instant_text, parse_instant};

use crate::ceremony::signature_file::SignatureSource;
use crate::keys::compact_signature::CompactSignature;
use crate::model::fingerprint::Fingerprint;
use crate::model::name::Name;
use crate::model::role_version::RoleVersion;

/// The signatures that one keyholder has given to a whole ceremony. Nothing in it is trusted: [`Ceremony::accept_response`] keeps what verifies.
///
/// [`Ceremony::accept_response`]: crate::Ceremony::accept_response
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningResponse {
    /// The ceremony it is for.
    pub ceremony: Name,
    /// What was signed, all of it: tells which revision.
    pub fingerprint: Fingerprint,
    /// Who signed.
    pub keyholder: Name,
    /// When, as the keyholder says.
    pub at: DateTime<Utc>,
    /// One signature for each part, all by one key.
    pub signatures: BTreeMap<RoleVersion, CompactSignature>,
    /// How they were made, as the program says that made them.
    pub source: SignatureSource,
}

/// The member that has the version: it also says what the line is, so it is always there.
const FORMAT_MEMBER: &str = "response";

/// How the signatures were made, in as few letters as possible: `file shown 0.1.0`.
const MADE: &str = "made";

impl SigningResponse {
    /// Most bytes of one: a signature for each of a thousand bins has room in it.
    pub const MAX_BYTES: usize = 1 << 18;

    /// Reads one.
    ///
    /// # Errors
    /// If it does not have the form of one, or is of a newer version.
    pub fn parse(bytes: &[u8]) -> Result<SigningResponse, FileError> {
        let document = Document::parse(bytes.to_vec(), SigningResponse::MAX_BYTES)?;
        let response = document.top().object()?;
        response.required(FORMAT_MEMBER)?;
        format::check(response, FORMAT_MEMBER)?;
        let (fingerprint, at) = (response.required("fingerprint")?, response.required("at")?);
        let mut signatures = BTreeMap::new();
        for (name, node) in response.required("signatures")?.object()?.members() {
            let part = RoleVersion::parse(&name).filter(|part| part.folder_name() == *name);
            let part = part.ok_or_else(|| node.invalid("expected the name of what was signed, such as 2.root"))?;
            let signature = CompactSignature::from_base64(&node.string()?);
            signatures.insert(part, signature.ok_or_else(|| node.invalid("expected 64 bytes in base64"))?);
        }
        Ok(SigningResponse {
            ceremony: read_name(response.required("ceremony")?)?,
            fingerprint: Fingerprint::from_hex(&fingerprint.string()?)
                .ok_or_else(|| fingerprint.invalid("expected 64 hex digits"))?,
            keyholder: read_name(response.required("keyholder")?)?,
            at: parse_instant(&at.string()?)
                .ok_or_else(|| at.invalid("expected a date and time such as 2030-01-31T12:00:00Z"))?,
            signatures,
            source: SignatureSource::of_request(
                response.optional(MADE).map(|made| made.string()).transpose()?.as_deref(),
            ),
        })
    }

    /// Its text, one line: under 1000 bytes for six parts.
    pub fn to_json(&self) -> Vec<u8> {
        let signature = |members: ValueMembers, (part, signature): (&RoleVersion, &CompactSignature)| {
            members.with(&part.folder_name(), signature.to_base64())
        };
        let members = ValueMembers::new()
            .with(FORMAT_MEMBER, format::CURRENT)
            .with("ceremony", self.ceremony.as_str())
            .with("fingerprint", self.fingerprint.to_hex())
            .with("keyholder", self.keyholder.as_str())
            .with("at", instant_text(self.at))
            .with("signatures", self.signatures.iter().fold(ValueMembers::new(), signature));
        let members = self.source.to_word().into_iter().fold(members, |members, made| members.with(MADE, made));
        let mut text = Value::from(members).compact();
        text.push('\n');
        text.into_bytes()
    }
}

fn read_name(node: Node<'_>) -> Result<Name, FormatError> {
    node.string()?.parse().map_err(|bad| node.invalid(format!("{bad}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};

    fn response(kind: KeyKind, name: &str, parts: &[&str]) -> SigningResponse {
        let key = SecretKey::from_seed(kind, &[1; 32]);
        let signature = |part: &&str| {
            let signature = CompactSignature::of(&key.public_key(), &key.sign(part.as_bytes())).unwrap();
            (RoleVersion::parse(part).unwrap(), signature)
        };
        SigningResponse {
            ceremony: name.parse().unwrap(),
            fingerprint: Fingerprint::of(&BTreeMap::new()),
            keyholder: name.parse().unwrap(),
            at: parse_instant("2030-01-31T12:00:00Z").unwrap(),
            signatures: parts.iter().map(signature).collect(),
            source: SignatureSource {
                way: SignatureSource::REQUEST.to_owned(),
                signer: Some("pkcs11".to_owned()),
                review: Some(false),
                tool: Some("rootline-repo 10.20.30".to_owned()),
            },
        }
    }

    #[test]
    fn six_parts_of_whoever_has_the_longest_name_are_under_a_thousand_bytes() {
        let six = ["12.root", "13.root", "14.root", "27.targets", "27.npm", "5.pypi"];
        for parts in 1..=six.len() {
            for kind in [KeyKind::EcdsaP256, KeyKind::Ed25519] {
                let response = response(kind, &"a".repeat(64), &six[..parts]);
                let text = response.to_json();
                assert!(text.len() < 1000, "{}", text.len());
                assert_eq!(SigningResponse::parse(&text), Ok(response));
            }
        }
    }

    #[test]
    fn a_thousand_bins_have_room() {
        let bins: Vec<String> = (0..1024).map(|bin| format!("1000.bin-{bin:03x}")).collect();
        let response = response(KeyKind::Ed25519, "a", &bins.iter().map(String::as_str).collect::<Vec<_>>());
        let text = response.to_json();
        assert!(text.len() < SigningResponse::MAX_BYTES, "{}", text.len());
        assert_eq!(SigningResponse::parse(&text), Ok(response));
    }

    #[test]
    fn what_is_no_response_is_refused_with_its_place() {
        let text = String::from_utf8(response(KeyKind::EcdsaP256, "alice", &["2.root"]).to_json()).unwrap();
        for (from, to, problem) in [
            ("\"response\":1", "\"response\":2", "made by a newer rootline (format 2; this one reads 1)"),
            ("\"response\":1", "\"response\":0", "a format is a number, 1 or more"),
            ("\"response\":1", "\"format\":1", "response"),
            ("\"alice\"", "\"Alice\"", "begins with a lowercase letter"),
            ("2.root", "02.root", "expected the name of what was signed"),
            ("2.root", "2.root.json", "expected the name of what was signed"),
            ("2030-", "2030/", "expected a date and time"),
            ("\"fingerprint\":\"", "\"fingerprint\":\"0", "expected 64 hex digits"),
            ("\"2.root\":\"", "\"2.root\":\"A", "expected 64 bytes in base64"),
            ("}", "", ""),
        ] {
            assert!(text.contains(from), "{from}");
            let refused = SigningResponse::parse(text.replace(from, to).as_bytes()).unwrap_err();
            assert!(refused.to_string().contains(problem), "{refused}");
        }
    }
}
