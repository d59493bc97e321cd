//! Versions that enough keyholders have signed, and that were given up: their signatures stay valid.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rootline_metadata::{TopLevelRole, hex};

use crate::ceremony::ceremony::{Ceremony, SignatureFiles, digest};
use crate::ceremony::frozen::Frozen;
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::repository::delegates::{delegate, delegation_tree};
use crate::repository::published::Published;
use crate::transcript::{EventKind, Transcript};

/// A version that enough keyholders have signed, and that was given up when its ceremony was abandoned or frozen again. No signature can be taken
/// back: the file must never be served, and no other file gets its version, unless it is a root, which cannot skip one.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct GivenUp {
    /// The ceremony in which it was signed.
    pub ceremony: Name,
    /// What was signed.
    pub part: RoleVersion,
    /// The SHA-256 digest of the signed part, in hex.
    pub payload: String,
    /// Who signed.
    pub signed: Vec<Name>,
    /// The SHA-256 digest of the file with its signatures, in hex, where it was sealed.
    pub sealed: Option<String>,
}

impl GivenUp {
    /// What stays valid if a ceremony is given up as it is. Where its frozen files are no longer there or no longer follow what is published, the
    /// signatures that the transcript tells of count, with the thresholds of what is published: rather a version too many than one too few.
    pub fn of(
        id: &Name,
        frozen: Option<&Frozen>,
        published: &Published,
        keyholders: &Keyholders,
        signature_files: &SignatureFiles,
        transcript: &Transcript,
    ) -> Vec<GivenUp> {
        let ceremony = frozen.and_then(|frozen| Ceremony::new(id, frozen, published, keyholders).ok());
        let sealed = transcript.sealing().and_then(|entry| entry.event.digests("files")).unwrap_or_default();
        let given_up = |part: RoleVersion, payload: String, signed: Vec<Name>| {
            let is_frozen = frozen.and_then(|frozen| frozen.message(&part)).is_some_and(|now| digest(&now) == payload);
            let sealed = sealed.get(&part.file_name()).filter(|_| is_frozen).map(|digest| hex::encode(digest));
            GivenUp { ceremony: id.clone(), part, payload, signed, sealed }
        };
        if let Some(ceremony) = ceremony {
            let met = ceremony.tally(signature_files).parts.into_iter().filter(|part| part.is_met());
            let met = met.filter_map(|tally| {
                let signed = tally.signed().into_iter().cloned().collect();
                let payload = digest(&ceremony.frozen().message(&tally.part)?);
                Some(given_up(tally.part, payload, signed))
            });
            return met.collect();
        }
        let enough = |((part, payload), signed): ((RoleVersion, String), BTreeSet<Name>)| {
            let is_enough = signed.len() as u64 >= threshold(&part.role, published);
            is_enough.then(|| given_up(part, payload, signed.into_iter().collect()))
        };
        claims(signature_files, transcript).into_iter().filter_map(enough).collect()
    }

    /// Whether the same is to be signed in these files, so that it is not given up.
    pub fn is_in(&self, frozen: &Frozen) -> bool {
        frozen.message(&self.part).is_some_and(|message| digest(&message) == self.payload)
    }

    /// Whether it is published, so that it was not given up after all.
    pub fn is_published(&self, published: &Published) -> bool {
        let bytes = published.files().get(&self.part.file_name());
        let message = bytes.and_then(|bytes| Frozen::message_in(&self.part, bytes).ok());
        message.is_some_and(|message| digest(&message) == self.payload)
    }

    /// Who signed, for a sentence.
    pub fn signers(&self) -> String {
        let names: Vec<&str> = self.signed.iter().map(Name::as_str).collect();
        names.join(", ")
    }

    /// What tells the file from every other one.
    pub fn identity(&self) -> String {
        match &self.sealed {
            Some(sealed) => format!("sealed with sha256 {sealed}, its signed part {}", self.payload),
            None => format!("its signed part has sha256 {}", self.payload),
        }
    }
}

impl fmt::Display for GivenUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let GivenUp { ceremony, part, .. } = self;
        write!(f, "{part} of {ceremony}, signed by {}: {}", self.signers(), self.identity())
    }
}

/// Who has signed what, as files and the transcript say.
fn claims(
    signature_files: &SignatureFiles,
    transcript: &Transcript,
) -> BTreeMap<(RoleVersion, String), BTreeSet<Name>> {
    let mut claims: BTreeMap<(RoleVersion, String), BTreeSet<Name>> = BTreeMap::new();
    let filed = signature_files.iter().map(|((part, name), file)| (part.clone(), file.payload.clone(), name.clone()));
    let signed = transcript.entries().iter().filter(|entry| entry.event.kind == EventKind::Signed);
    let noted = signed.filter_map(|entry| {
        let event = &entry.event;
        let part = RoleVersion::parse(&format!("{}.{}", event.number("version")?, event.text("role")?))?;
        Some((part, event.text("payload")?.to_owned(), event.text("keyholder")?.parse().ok()?))
    });
    for (part, payload, name) in filed.chain(noted) {
        claims.entry((part, payload)).or_default().insert(name);
    }
    claims
}

/// How many have to sign a role, as what is published says; one where it says nothing.
fn threshold(role: &CeremonyRole, published: &Published) -> u64 {
    let of = |role: TopLevelRole| published.root().map(|root| root.authority(role).role.threshold());
    let threshold = match role {
        CeremonyRole::Root => of(TopLevelRole::Root),
        CeremonyRole::Targets => of(TopLevelRole::Targets),
        CeremonyRole::Delegated(name) => {
            let current = published.current();
            let file = |role: &CeremonyRole| current.and_then(|current| current.targets_of(role)).map(|file| &**file);
            delegation_tree(file).find_map(|(_, targets)| Some(delegate(targets, name)?.role.threshold()))
        }
    };
    threshold.unwrap_or(1)
}
