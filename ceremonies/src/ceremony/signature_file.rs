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
    /// How it came, where that was noted down.
    pub source: Option<SignatureSource>,
}

/// How a signature came into a ceremony, as the programs say that made and took it. Nothing rests on it; it is for who reads the record later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SignatureSource {
    /// One of [`SignatureSource::HERE`], [`SignatureSource::REQUEST`] and [`SignatureSource::DETACHED`], or what a later version calls it.
    pub way: String,
    /// The kind of signer: `file`, `pkcs11`, `awskms` or `plugin`. Never where it is.
    pub signer: Option<String>,
    /// Whether the keyholder was shown the review by the program that signed.
    pub review: Option<bool>,
    /// The program that signed, with its version.
    pub tool: Option<String>,
}

impl SignatureSource {
    /// Signed in the repository's folder.
    pub const HERE: &str = "here";
    /// Signed elsewhere, by a signing request.
    pub const REQUEST: &str = "request";
    /// Signed by another tool, over the bytes alone.
    pub const DETACHED: &str = "detached";

    /// Most bytes of each text.
    const MAX_BYTES: usize = 100;

    /// A signature that another tool made, of which nothing else is known.
    pub(crate) fn detached() -> SignatureSource {
        SignatureSource { way: SignatureSource::DETACHED.to_owned(), signer: None, review: None, tool: None }
    }

    /// Signed elsewhere by a request: what its response says of it in [`SignatureSource::to_word`]. What a later version says otherwise is passed
    /// over.
    pub(crate) fn of_request(made: Option<&str>) -> SignatureSource {
        let mut source = SignatureSource { way: SignatureSource::REQUEST.to_owned(), ..SignatureSource::detached() };
        let words: Vec<&str> = made.unwrap_or_default().split(' ').collect();
        if let [signer, review @ (SHOWN | NOT_SHOWN), version] = words[..]
            && made.is_some_and(|made| made.len() <= SignatureSource::MAX_BYTES)
        {
            source.signer = Some(signer.to_owned());
            source.review = Some(review == SHOWN);
            source.tool = Some(format!("{TOOL} {version}"));
        }
        source
    }

    /// The kind of signer, whether the review was shown and the version, in a few letters: a response is read from a picture.
    pub(crate) fn to_word(&self) -> Option<String> {
        let review = if self.review? { SHOWN } else { NOT_SHOWN };
        let version = self.tool.as_ref()?.strip_prefix(TOOL)?.trim_start();
        Some(format!("{} {review} {version}", self.signer.as_ref()?))
    }

    /// As the members of an object.
    pub fn to_members(&self) -> ValueMembers {
        let members = ValueMembers::new().with("way", &*self.way);
        let members = self.signer.iter().fold(members, |members, signer| members.with("signer", &**signer));
        let members = self.review.iter().fold(members, |members, review| members.with("review", *review));
        self.tool.iter().fold(members, |members, tool| members.with("tool", &**tool))
    }
}

const SHOWN: &str = "shown";
const NOT_SHOWN: &str = "unshown";

/// The program that signs, where a response has its version alone.
const TOOL: &str = "rootline-repo";

fn short_text(node: Node<'_>) -> Result<String, FormatError> {
    let text = node.string()?;
    match text.len() {
        1..=SignatureSource::MAX_BYTES => Ok(text.into_owned()),
        _ => Err(node.invalid(format!("expected 1 to {} bytes", SignatureSource::MAX_BYTES))),
    }
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

    /// The file, with how the signature by that key came.
    #[must_use]
    pub fn with_source(mut self, key_id: &KeyId, source: &SignatureSource) -> SignatureFile {
        let own = self.signatures.iter_mut().filter(|signature| signature.key_id == *key_id);
        own.for_each(|signature| signature.source = Some(source.clone()));
        self
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
        let members = ValueMembers::new()
            .with("keyid", self.key_id.as_str())
            .with("sig", hex::encode(&self.bytes))
            .with("at", instant_text(self.at));
        self.source.iter().fold(members, |members, source| members.with("source", source.to_members()))
    }
}

fn read_name(object: Object<'_>, member: &'static str) -> Result<Name, FormatError> {
    let node = object.required(member)?;
    node.string()?.parse().map_err(|bad| node.invalid(format!("{bad}")))
}

fn read_source(node: Node<'_>) -> Result<SignatureSource, FormatError> {
    let object = node.object()?;
    let text = |name| object.optional(name).map(short_text).transpose();
    let way = short_text(object.required("way")?)?;
    let review = object.optional("review").map(|review| review.truth()).transpose()?;
    Ok(SignatureSource { way, signer: text("signer")?, review, tool: text("tool")? })
}

fn read_signature(node: Node<'_>) -> Result<KeySignature, FormatError> {
    let object = node.object()?;
    let (sig, at) = (object.required("sig")?, object.required("at")?);
    Ok(KeySignature {
        key_id: KeyId::declared(object.required("keyid")?.string()?),
        bytes: hex::decode(&sig.string()?).ok_or_else(|| sig.invalid("expected hex digits"))?,
        at: parse_instant(&at.string()?)
            .ok_or_else(|| at.invalid("expected a date and time such as 2030-01-31T12:00:00Z"))?,
        source: object.optional("source").map(read_source).transpose()?,
    })
}
