//! The end of a transcript, and a keyholder's signature of it.

use std::collections::BTreeSet;
use std::fmt;

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, Value, ValueMembers};
use rootline_metadata::{KeyId, PublicKey, hex, instant_text, parse_instant, sha256};

use super::{LineDigest, Transcript};
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;

/// The last lines of a transcript and how many lines there are. Their digests commit to all of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Head {
    /// How many lines there are up to here.
    pub lines: u64,
    /// The digests of the lines that nothing follows: one, unless clones were merged and nothing was written since.
    pub digests: BTreeSet<LineDigest>,
}

impl Head {
    /// What a keyholder signs who has read the transcript of that ceremony. It is no JSON, so it can never be the signed part of a
    /// TUF file.
    pub fn message(&self, ceremony: &Name) -> Vec<u8> {
        let mut text = format!(
            "rootline: head of a ceremony's transcript, version 1\nceremony: {ceremony}\nlines: {}\n",
            self.lines
        );
        self.digests.iter().for_each(|digest| text.push_str(&format!("head: {}\n", hex::encode(digest))));
        text.into_bytes()
    }
}

impl fmt::Display for Head {
    /// Each digest in groups of four digits, as people read them out; several with commas between.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let digests: Vec<String> = self.digests.iter().map(|digest| hex::encode_in_fours(digest)).collect();
        f.write_str(&digests.join(", "))
    }
}

/// A keyholder's word that a transcript was this one: `heads/NAME-DIGITS.json`. With it, a transcript that was cut at its end is found
/// out. Nothing in it is trusted before [`HeadSignature::check`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HeadSignature {
    /// The ceremony.
    pub ceremony: Name,
    /// Who signed.
    pub keyholder: Name,
    /// The key.
    pub key_id: KeyId,
    /// What was signed.
    pub head: Head,
    /// When, as the keyholder says.
    pub at: DateTime<Utc>,
    /// The signature of [`Head::message`].
    pub bytes: Vec<u8>,
}

impl HeadSignature {
    /// Most bytes of a file: as many digests as there can be, and the rest.
    pub const MAX_BYTES: usize = 16_384;

    /// Whose a key is, and so who signs with it.
    ///
    /// # Errors
    /// [`HeadRefusal::NobodysKey`] if no keyholder has it.
    pub fn owner<'a>(key: &PublicKey, keyholders: &'a Keyholders) -> Result<&'a Keyholder, HeadRefusal> {
        keyholders.owner(key.material()).ok_or_else(|| HeadRefusal::NobodysKey { key_id: KeyId::of(key) })
    }

    /// Takes a signature that was made over [`Head::message`], wherever the key is, once it has been verified.
    ///
    /// # Errors
    /// If the key is nobody's or the signature is wrong.
    pub fn accept(
        ceremony: &Name,
        head: Head,
        key: &PublicKey,
        bytes: Vec<u8>,
        at: DateTime<Utc>,
        keyholders: &Keyholders,
    ) -> Result<HeadSignature, HeadRefusal> {
        let keyholder = HeadSignature::owner(key, keyholders)?.name().clone();
        let signature =
            HeadSignature { ceremony: ceremony.clone(), keyholder, key_id: KeyId::of(key), head, at, bytes };
        signature.verify(key)?;
        Ok(signature)
    }

    /// That it is a good signature by the keyholder that it names, of a head that the transcript has had: its lines are still there, and
    /// all that they followed.
    ///
    /// # Errors
    /// If it is another ceremony's, the key is not the keyholder's, the signature is wrong, or the transcript does not have these lines.
    pub fn check(&self, ceremony: &Name, keyholders: &Keyholders, transcript: &Transcript) -> Result<(), HeadRefusal> {
        if self.ceremony != *ceremony {
            return Err(HeadRefusal::OtherCeremony { says: self.ceremony.clone() });
        }
        let key_id = || self.key_id.clone();
        let key_of = |holder: &'_ Keyholder| holder.keys().iter().find(|key| KeyId::of(key) == self.key_id).cloned();
        let key = match keyholders.get(&self.keyholder) {
            Some(holder) => key_of(holder)
                .ok_or_else(|| HeadRefusal::NotTheirKey { keyholder: self.keyholder.clone(), key_id: key_id() })?,
            // Renamed since: keys decide, and not names.
            None => keyholders
                .iter()
                .find_map(key_of)
                .ok_or_else(|| HeadRefusal::NoSuchKeyholder { name: self.keyholder.clone() })?,
        };
        self.verify(&key)?;
        match transcript.count_up_to(&self.head.digests) {
            Some(lines) if lines == self.head.lines && !self.head.digests.is_empty() => Ok(()),
            found => Err(HeadRefusal::Gone {
                keyholder: self.keyholder.clone(),
                at: self.at,
                signed: self.head.lines,
                found,
            }),
        }
    }

    fn verify(&self, key: &PublicKey) -> Result<(), HeadRefusal> {
        key.verify(&self.head.message(&self.ceremony), &self.bytes)
            .map_err(|_| HeadRefusal::WrongSignature { keyholder: self.keyholder.clone(), key_id: self.key_id.clone() })
    }

    /// The name of its file: another one for each head, and for each key.
    pub fn file_name(&self) -> String {
        let mut signed = self.head.message(&self.ceremony);
        signed.extend_from_slice(self.key_id.as_str().as_bytes());
        let digits = hex::encode(sha256(&signed).first_chunk::<8>().unwrap_or(&[0; 8]));
        format!("{}-{digits}.json", self.keyholder)
    }

    /// Reads one.
    ///
    /// # Errors
    /// If it does not have the form of one, or is of a newer version.
    pub fn parse(bytes: &[u8]) -> Result<HeadSignature, FileError> {
        let document = Document::parse(bytes.to_vec(), HeadSignature::MAX_BYTES)?;
        let object = document.top().object()?;
        format::check(object, format::MEMBER)?;
        let name = |member| {
            let node = object.required(member)?;
            node.string()?.parse::<Name>().map_err(|bad| node.invalid(format!("{bad}")))
        };
        let (sig, at) = (object.required("sig")?, object.required("at")?);
        let mut digests = BTreeSet::new();
        for node in object.required("head")?.array()? {
            let digest = hex::decode_array(&node.string()?);
            digests.insert(digest.ok_or_else(|| node.invalid("expected a SHA-256 digest in hex"))?);
        }
        Ok(HeadSignature {
            ceremony: name("ceremony")?,
            keyholder: name("keyholder")?,
            key_id: KeyId::declared(object.required("keyid")?.string()?),
            head: Head { lines: object.required("lines")?.number()?, digests },
            at: parse_instant(&at.string()?).ok_or_else(|| at.invalid("expected a date and time"))?,
            bytes: hex::decode(&sig.string()?).ok_or_else(|| sig.invalid("expected hex digits"))?,
        })
    }

    /// The text of its file.
    pub fn to_json(&self) -> Vec<u8> {
        let head: Value = self.head.digests.iter().map(|digest| hex::encode(digest)).collect();
        let members = ValueMembers::new()
            .with(format::MEMBER, format::CURRENT)
            .with("ceremony", self.ceremony.as_str())
            .with("keyholder", self.keyholder.as_str())
            .with("keyid", self.key_id.as_str())
            .with("lines", self.head.lines)
            .with("head", head)
            .with("at", instant_text(self.at))
            .with("sig", hex::encode(&self.bytes));
        Value::from(members).pretty(2).into_bytes()
    }
}

/// Why a signature of a head does not count.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum HeadRefusal {
    /// Nobody has been given this key.
    #[error("the key {} is nobody's: no keyholder has it", .key_id.short())]
    NobodysKey {
        /// The key.
        key_id: KeyId,
    },
    /// There is no keyholder of that name.
    #[error("there is no keyholder {name}")]
    NoSuchKeyholder {
        /// The name.
        name: Name,
    },
    /// It names a key that its keyholder does not have.
    #[error("{keyholder} has no key {}", .key_id.short())]
    NotTheirKey {
        /// Who is said to have signed.
        keyholder: Name,
        /// The key.
        key_id: KeyId,
    },
    /// It is of another ceremony's transcript.
    #[error("it signs the transcript of {says}")]
    OtherCeremony {
        /// Of which.
        says: Name,
    },
    /// The signature is not one of this head by this key.
    #[error("the signature by {keyholder}'s key {} is not one of this head", .key_id.short())]
    WrongSignature {
        /// Whose key it is.
        keyholder: Name,
        /// The key.
        key_id: KeyId,
    },
    /// Lines that a keyholder has signed are not in the transcript any more.
    #[error("{}", gone(.keyholder, *.at, *.signed, *.found))]
    Gone {
        /// Who has signed them.
        keyholder: Name,
        /// When.
        at: DateTime<Utc>,
        /// How many lines there were.
        signed: u64,
        /// How many of them there are, where the last of them is there.
        found: Option<u64>,
    },
}

impl HeadRefusal {
    /// The rule that was broken.
    pub fn check(&self) -> &'static str {
        match self {
            HeadRefusal::NobodysKey { .. } | HeadRefusal::NoSuchKeyholder { .. } | HeadRefusal::NotTheirKey { .. } => {
                "only keys that a keyholder was given count"
            }
            HeadRefusal::OtherCeremony { .. } => "a head counts in the ceremony whose transcript it ends",
            HeadRefusal::WrongSignature { .. } => "a signature is verified before it is kept",
            HeadRefusal::Gone { .. } => "a transcript only grows",
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            HeadRefusal::NobodysKey { .. } => {
                "if the key was meant to be given to somebody: rootline-repo keyholder add NAME --public-key FILE"
            }
            HeadRefusal::NoSuchKeyholder { .. } | HeadRefusal::NotTheirKey { .. } => {
                "see who holds which key: rootline-repo keyholder list"
            }
            HeadRefusal::OtherCeremony { .. } => "move the file to where it belongs, or take it away",
            HeadRefusal::WrongSignature { .. } => "take the file away, and ask the keyholder to sign the head again",
            HeadRefusal::Gone { .. } => "bring back transcript.jsonl with all of its lines, from version control",
        }
    }
}

fn gone(keyholder: &Name, at: DateTime<Utc>, signed: u64, found: Option<u64>) -> String {
    let at = instant_text(at);
    match found {
        None => format!("{keyholder} signed {signed} lines of the transcript at {at}, and the last of them is gone"),
        Some(found) => {
            format!(
                "{keyholder} signed {signed} lines of the transcript at {at}, and the signature names the last of {found}"
            )
        }
    }
}
