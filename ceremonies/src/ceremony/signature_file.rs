//! What a keyholder has signed in a ceremony, in one small file.

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, FormatError, Node, Object, Value, ValueMembers};
use rootline_metadata::{KeyId, PublicKey, Version, hex, instant_text, parse_instant};

use crate::ceremony::refusal::Refusal;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;

/// What one keyholder has signed of one part: `signatures/VERSION.ROLE/NAME.json`. Nothing in it is trusted; a
/// [`Ceremony`](crate::Ceremony) checks it whenever it counts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureFile {
    /// The ceremony it is for.
    pub ceremony: Name,
    /// The file that was signed.
    pub part: RoleVersion,
    /// Who signed.
    pub keyholder: Name,
    /// The SHA-256 digest of what was signed, in hex: a file for an earlier revision shows by it.
    pub payload: String,
    /// One signature for each of the keyholder's keys that was asked for: two when a person's key is replaced by their next one.
    pub signatures: Vec<KeySignature>,
}

/// A signature by one key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySignature {
    /// The key.
    pub key_id: KeyId,
    /// The signature.
    pub bytes: Vec<u8>,
    /// When it was made, as the keyholder says.
    pub at: DateTime<Utc>,
}

impl SignatureFile {
    /// Most bytes of a signature file.
    pub const MAX_BYTES: usize = 16_384;

    /// Reads a signature file.
    ///
    /// # Errors
    /// If it does not have the form of one, or is of a newer version.
    pub fn parse(bytes: &[u8]) -> Result<SignatureFile, FileError> {
        let document = Document::parse(bytes.to_vec(), SignatureFile::MAX_BYTES)?;
        let file = document.top().object()?;
        format::check(file, format::MEMBER)?;
        let (role, version) = (file.required("role")?, file.required("version")?);
        Ok(SignatureFile {
            ceremony: read_name(file, "ceremony")?,
            part: RoleVersion {
                role: CeremonyRole::parse(&role.string()?)
                    .ok_or_else(|| role.invalid("expected a role that people sign"))?,
                version: Version::new(version.number()?).ok_or_else(|| version.invalid("expected a version"))?,
            },
            keyholder: read_name(file, "keyholder")?,
            payload: file.required("payload")?.string()?.into_owned(),
            signatures: file.required("signatures")?.array()?.map(read_signature).collect::<Result<_, _>>()?,
        })
    }

    /// The text of its file, under a kilobyte for one signature.
    pub fn to_json(&self) -> Vec<u8> {
        let signatures: Value = self.signatures.iter().map(KeySignature::to_members).collect();
        let members = ValueMembers::new()
            .with(format::MEMBER, format::CURRENT)
            .with("ceremony", self.ceremony.as_str())
            .with("role", self.part.role.name())
            .with("version", self.part.version.number())
            .with("keyholder", self.keyholder.as_str())
            .with("payload", &*self.payload)
            .with("signatures", signatures);
        Value::from(members).pretty(2).into_bytes()
    }

    /// That it is what it is filed as.
    pub(crate) fn check_place(&self, ceremony: &Name, part: &RoleVersion, keyholder: &Name) -> Result<(), Refusal> {
        if (&self.ceremony, &self.part, &self.keyholder) == (ceremony, part, keyholder) {
            return Ok(());
        }
        let says = format!("{}, {}, {}", self.ceremony, self.part, self.keyholder);
        Err(Refusal::Misfiled { keyholder: keyholder.clone(), part: part.clone(), says })
    }

    /// That a signature of it is a good one by that key, of what there is to sign.
    pub(crate) fn check_signature(
        &self,
        signature: &KeySignature,
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

impl KeySignature {
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

fn read_signature(node: Node<'_>) -> Result<KeySignature, FormatError> {
    let object = node.object()?;
    let (sig, at) = (object.required("sig")?, object.required("at")?);
    Ok(KeySignature {
        key_id: KeyId::declared(object.required("keyid")?.string()?),
        bytes: hex::decode(&sig.string()?).ok_or_else(|| sig.invalid("expected hex digits"))?,
        at: parse_instant(&at.string()?)
            .ok_or_else(|| at.invalid("expected a date and time such as 2030-01-31T12:00:00Z"))?,
    })
}
