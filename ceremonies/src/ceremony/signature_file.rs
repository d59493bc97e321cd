//! A keyholder's answer to a ceremony: the signatures, in one small file.

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Document, FormatError, Node, Object, Value, ValueMembers};
use rootline_metadata::{KeyId, PublicKey, Version, hex, instant_text, parse_instant};

use crate::ceremony::refusal::Refusal;
use crate::model::format::{self, FORMAT, FileError};
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::Part;

/// What one keyholder has signed of one part: `signatures/VERSION.ROLE/NAME.json`. Nothing in it is trusted; a
/// [`Ceremony`](crate::Ceremony) checks it whenever it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The ceremony it is for.
    pub ceremony: Name,
    /// The file that was signed.
    pub part: Part,
    /// Who signed.
    pub keyholder: Name,
    /// The SHA-256 digest of what was signed, in hex: an answer to an earlier revision is told by it.
    pub payload: String,
    /// One signature for each of the keyholder's keys that was asked for: two when a person's key is replaced by their next one.
    pub signatures: Vec<AnswerSignature>,
}

/// A signature by one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AnswerSignature {
    /// The key.
    pub key_id: KeyId,
    /// The signature.
    pub bytes: Vec<u8>,
    /// When it was made, as the keyholder says.
    pub at: DateTime<Utc>,
}

impl Answer {
    /// Most bytes of an answer.
    pub const MAX_BYTES: usize = 16_384;

    /// Reads an answer.
    ///
    /// # Errors
    /// If it does not have the form of one, or is of a newer version.
    pub fn parse(bytes: &[u8]) -> Result<Answer, FileError> {
        let document = Document::parse(bytes.to_vec(), Answer::MAX_BYTES)?;
        let answer = document.top().object()?;
        format::check(answer, format::MEMBER)?;
        let (role, version) = (answer.required("role")?, answer.required("version")?);
        Ok(Answer {
            ceremony: read_name(answer, "ceremony")?,
            part: Part {
                role: CeremonyRole::parse(&role.string()?)
                    .ok_or_else(|| role.invalid("expected a role that people sign"))?,
                version: Version::new(version.number()?).ok_or_else(|| version.invalid("expected a version"))?,
            },
            keyholder: read_name(answer, "keyholder")?,
            payload: answer.required("payload")?.string()?.into_owned(),
            signatures: answer.required("signatures")?.array()?.map(read_signature).collect::<Result<_, _>>()?,
        })
    }

    /// The text of its file, under a kilobyte for one signature.
    pub fn to_json(&self) -> Vec<u8> {
        let signatures: Value = self.signatures.iter().map(AnswerSignature::to_members).collect();
        let members = ValueMembers::new()
            .with(format::MEMBER, FORMAT)
            .with("ceremony", self.ceremony.as_str())
            .with("role", self.part.role.name())
            .with("version", self.part.version.number())
            .with("keyholder", self.keyholder.as_str())
            .with("payload", &*self.payload)
            .with("signatures", signatures);
        Value::from(members).pretty(2).into_bytes()
    }

    /// That it is what it is filed as.
    pub(crate) fn check_place(&self, ceremony: &Name, part: &Part, keyholder: &Name) -> Result<(), Refusal> {
        if (&self.ceremony, &self.part, &self.keyholder) == (ceremony, part, keyholder) {
            return Ok(());
        }
        let says = format!("{}, {}, {}", self.ceremony, self.part, self.keyholder);
        Err(Refusal::Misfiled { keyholder: keyholder.clone(), part: part.clone(), says })
    }

    /// That a signature of it is a good one by that key, of what there is to sign.
    pub(crate) fn check_signature(
        &self,
        signature: &AnswerSignature,
        key: &PublicKey,
        message: &[u8],
    ) -> Result<(), Refusal> {
        key.verify(message, &signature.bytes).map_err(|_| Refusal::WrongSignature {
            keyholder: self.keyholder.clone(),
            key_id: signature.key_id.clone(),
            part: self.part.clone(),
        })
    }
}

impl AnswerSignature {
    fn to_members(&self) -> ValueMembers {
        ValueMembers::new()
            .with("keyid", self.key_id.as_str())
            .with("sig", hex::encode(&self.bytes))
            .with("at", instant_text(self.at))
    }
}

fn read_name(object: Object<'_>, member: &'static str) -> Result<Name, FormatError> {
    let node = object.required(member)?;
    node.string()?.parse().map_err(|bad| node.invalid(format!("{bad}")))
}

fn read_signature(node: Node<'_>) -> Result<AnswerSignature, FormatError> {
    let object = node.object()?;
    let (sig, at) = (object.required("sig")?, object.required("at")?);
    Ok(AnswerSignature {
        key_id: KeyId::declared(object.required("keyid")?.string()?),
        bytes: hex::decode(&sig.string()?).ok_or_else(|| sig.invalid("expected hex digits"))?,
        at: parse_instant(&at.string()?)
            .ok_or_else(|| at.invalid("expected a date and time such as 2030-01-31T12:00:00Z"))?,
    })
}
