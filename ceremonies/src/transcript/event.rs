//! What a transcript tells of.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{KeyId, Version, hex, instant_text};

use super::LineDigest;
use super::head::{Head, HeadSignature};
use crate::ceremony::frozen::{BridgeTerms, FrozenRecord};
use crate::ceremony::given_up::GivenUp;
use crate::ceremony::signature_file::SignatureSource;
use crate::model::name::Name;
use crate::model::role_version::RoleVersion;

/// The fact of a freezing that lists the published roots that were in use.
const ROOTS_IN_USE: &str = "roots_in_use";

/// The fact of a freezing that lists the keys that its plan names as compromised.
const COMPROMISED: &str = "compromised";

/// The fact of a sealing without a bridge.
const AT_ONCE: &str = "at_once";

/// Something that happened, with what is worth knowing about it. Facts depend on the kind; more of both may come, and a reader keeps
/// those it does not know.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Event {
    /// What happened.
    pub kind: EventKind,
    /// What is worth knowing about it, by name.
    pub facts: ValueMembers,
}

/// What happened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EventKind {
    /// A plan was written.
    Planned,
    /// The files to sign were rendered from the plan.
    Frozen,
    /// A keyholder signed a file.
    Signed,
    /// Every threshold was met and the signatures were put in.
    Sealed,
    /// Verifiers were tried, and none refused.
    Checked,
    /// Snapshot and timestamp made the files current.
    Released,
    /// The repository was put where clients read it.
    Published,
    /// What another ceremony had planned became part of this one.
    Merged,
    /// A keyholder signed the head of the transcript.
    Witnessed,
    /// The ceremony was given up.
    Abandoned,
    /// Files that no ceremony of this record made were taken over as they were.
    Imported,
    /// A person said that the clock was right, though the record had later instants.
    Clock,
    /// Versions that enough keyholders had signed were given up.
    GivenUp,
    /// Something that this version knows nothing of.
    Other(String),
}

/// Every kind that this version knows, with its name in the transcript.
const KINDS: [(EventKind, &str); 13] = [
    (EventKind::Planned, "planned"),
    (EventKind::Frozen, "frozen"),
    (EventKind::Signed, "signed"),
    (EventKind::Sealed, "sealed"),
    (EventKind::Checked, "checked"),
    (EventKind::Released, "released"),
    (EventKind::Published, "published"),
    (EventKind::Merged, "merged"),
    (EventKind::Witnessed, "witnessed"),
    (EventKind::Abandoned, "abandoned"),
    (EventKind::Imported, "imported"),
    (EventKind::Clock, "clock"),
    (EventKind::GivenUp, "given-up"),
];

impl EventKind {
    /// Its name in the transcript.
    pub fn name(&self) -> &str {
        match self {
            EventKind::Other(name) => name,
            known => KINDS.iter().find(|(kind, _)| kind == known).map_or("", |(_, name)| name),
        }
    }

    /// Every kind that this version knows, in the order of a ceremony.
    pub fn known() -> impl Iterator<Item = EventKind> {
        KINDS.into_iter().map(|(kind, _)| kind)
    }

    /// The kind of that name.
    pub fn named(name: &str) -> EventKind {
        let known = KINDS.iter().find(|(_, known)| *known == name);
        known.map_or_else(|| EventKind::Other(name.to_owned()), |(kind, _)| kind.clone())
    }
}

/// What is noted down about a signature.
#[derive(Clone, Copy, Debug)]
pub struct SignedFacts<'a> {
    /// The file that was signed.
    pub part: &'a RoleVersion,
    /// Who signed.
    pub keyholder: &'a str,
    /// The key.
    pub key_id: &'a str,
    /// How the key signs, where it is known.
    pub scheme: Option<&'a str>,
    /// The SHA-256 digest of what was signed, in hex.
    pub payload: &'a str,
    /// What the signer shows for how the key is kept, where there is something.
    pub attestation: Option<&'a Value>,
    /// How the signature came, where that is known.
    pub source: Option<&'a SignatureSource>,
}

impl Event {
    /// An event about which nothing is said yet.
    pub fn new(kind: EventKind) -> Event {
        Event { kind, facts: ValueMembers::new() }
    }

    /// Adds a fact.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Value>) -> Event {
        self.facts.insert(name, fact.into());
        self
    }

    /// A fact that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.facts.get(name).and_then(Value::as_text)
    }

    /// A fact that is a whole number from 0.
    pub fn number(&self, name: &str) -> Option<u64> {
        number(self.facts.get(name)?)
    }

    /// A fact that is a list of texts.
    pub fn texts(&self, name: &str) -> Option<Vec<&str>> {
        self.facts.get(name)?.as_array()?.iter().map(Value::as_text).collect()
    }

    /// A fact that is SHA-256 digests by the names of files.
    pub fn digests(&self, name: &str) -> Option<BTreeMap<String, [u8; 32]>> {
        let files = self.facts.get(name)?.as_object()?.iter();
        files.map(|(name, digest)| Some((name.to_owned(), hex::decode_array(digest.as_text()?)?))).collect()
    }

    /// That a plan was written: its SHA-256 digest in hex, and what it says it is for.
    pub fn planned(plan: &str, summary: Option<&str>) -> Event {
        let event = Event::new(EventKind::Planned).with("plan", plan);
        summary.into_iter().fold(event, |event, summary| event.with("summary", summary))
    }

    /// The event, with the heads that the transcripts of other ceremonies had: one of those that is gone or was cut short since is found by it.
    #[must_use]
    pub fn after(self, heads: &BTreeMap<Name, Head>) -> Event {
        if heads.is_empty() {
            return self;
        }
        let digests = |head: &Head| head.digests.iter().map(|digest| hex::encode(digest)).collect::<Value>();
        self.with("after", heads.iter().map(|(id, head)| (id.to_string(), digests(head))).collect::<ValueMembers>())
    }

    /// The heads of other ceremonies that it was noted after, without their numbers of lines; what is not one is passed over.
    pub fn noted_after(&self) -> BTreeMap<Name, BTreeSet<LineDigest>> {
        let Some(after) = self.facts.get("after").and_then(Value::as_object) else { return BTreeMap::new() };
        let digest = |digest: &Value| hex::decode_array(digest.as_text()?);
        let head = |(id, digests): (&str, &Value)| {
            Some((id.parse().ok()?, digests.as_array()?.iter().map(digest).collect::<Option<_>>()?))
        };
        after.iter().filter_map(head).collect()
    }

    /// That files were frozen.
    pub fn frozen(record: &FrozenRecord) -> Event {
        let event = Event::new(EventKind::Frozen)
            .with("revision", record.revision)
            .with("plan", &*record.plan)
            .with("files", digests_by_name(&record.files))
            .with("fingerprint", record.fingerprint().to_hex());
        let BridgeTerms { roots, compromised } = &record.bridge;
        let roots: Vec<Value> = roots.iter().map(|version| version.number().into()).collect();
        let event = if roots.is_empty() { event } else { event.with(ROOTS_IN_USE, roots) };
        let compromised: Vec<Value> = compromised.iter().map(|id| id.as_str().into()).collect();
        if compromised.is_empty() { event } else { event.with(COMPROMISED, compromised) }
    }

    /// What was frozen, if that is what happened.
    pub fn frozen_record(&self) -> Option<FrozenRecord> {
        if self.kind != EventKind::Frozen {
            return None;
        }
        let (revision, plan) = (self.number("revision")?, self.text("plan")?.to_owned());
        let numbers = self.facts.get(ROOTS_IN_USE).and_then(Value::as_array).into_iter().flatten();
        let roots = numbers.filter_map(|value| Version::new(number(value)?));
        let compromised = self.texts(COMPROMISED).unwrap_or_default().into_iter().map(KeyId::declared);
        let bridge = BridgeTerms { roots: roots.collect(), compromised: compromised.collect() };
        Some(FrozenRecord { revision, plan, files: self.digests("files")?, bridge })
    }

    /// The sealing, without the signatures that older roots ask for.
    #[must_use]
    pub fn at_once(self) -> Event {
        self.with(AT_ONCE, true)
    }

    /// Whether files were sealed without the signatures that older roots ask for.
    pub fn is_at_once(&self) -> bool {
        self.kind == EventKind::Sealed && self.facts.get(AT_ONCE) == Some(&Value::from(true))
    }

    /// That a file was signed.
    pub fn signed(facts: SignedFacts<'_>) -> Event {
        let event = Event::new(EventKind::Signed)
            .with("role", facts.part.role.name())
            .with("version", facts.part.version.number())
            .with("keyholder", facts.keyholder)
            .with("keyid", facts.key_id)
            .with("payload", facts.payload);
        let event = facts.scheme.into_iter().fold(event, |event, scheme| event.with("scheme", scheme));
        let event = facts
            .attestation
            .into_iter()
            .fold(event, |event, attestation| event.with("attestation", attestation.clone()));
        facts.source.into_iter().fold(event, |event, source| event.with("source", source.to_members()))
    }

    /// That verifiers were tried before something became current or public: from each of these roots, that many in all.
    pub fn checked(before: &str, roots: &[u64], verifiers: u64) -> Event {
        Event::new(EventKind::Checked)
            .with("before", before)
            .with("roots", roots.iter().copied().collect::<Value>())
            .with("verifiers", verifiers)
    }

    /// That the repository was put where clients read it: where, the timestamp's version and its SHA-256 digest.
    pub fn published(to: &str, version: u64, timestamp: &[u8; 32]) -> Event {
        Event::new(EventKind::Published)
            .with("to", to)
            .with("timestamp", version)
            .with("digest", hex::encode(timestamp))
    }

    /// That the head of the transcript was signed: the name of the file that has the signature, and whose it is.
    pub fn witnessed(file: &str, signature: &HeadSignature) -> Event {
        Event::new(EventKind::Witnessed)
            .with("keyholder", signature.keyholder.as_str())
            .with("keyid", signature.key_id.as_str())
            .with("lines", signature.head.lines)
            .with("head", signature.head.digests.iter().map(|digest| hex::encode(digest)).collect::<Value>())
            .with("file", file)
    }

    /// That what another ceremony had planned became part of this one: which, and the SHA-256 digest in hex of the plan that says both.
    pub fn merged(from: &str, plan: &str) -> Event {
        Event::new(EventKind::Merged).with("from", from).with("plan", plan)
    }

    /// That published files were taken over as they were, and why: their names with their SHA-256 digests.
    pub fn imported(files: &BTreeMap<String, [u8; 32]>, reason: &str) -> Event {
        Event::new(EventKind::Imported).with("files", digests_by_name(files)).with("reason", reason)
    }

    /// That versions were given up whose signatures stay valid.
    pub fn given_up(versions: &[GivenUp]) -> Event {
        let file = |version: &GivenUp| {
            let signed: Value = version.signed.iter().map(Name::as_str).collect();
            let facts = ValueMembers::new().with("payload", &*version.payload).with("signed", signed);
            let facts = version.sealed.iter().fold(facts, |facts, sealed| facts.with("sealed", &**sealed));
            (version.part.file_name(), facts.into())
        };
        Event::new(EventKind::GivenUp).with("files", versions.iter().map(file).collect::<ValueMembers>())
    }

    /// The versions that were given up, if that is what happened in that ceremony; what is not one is passed over.
    pub fn versions_given_up(&self, ceremony: &Name) -> Vec<GivenUp> {
        let files = self.facts.get("files").and_then(Value::as_object);
        let files = files.filter(|_| self.kind == EventKind::GivenUp).into_iter().flat_map(ValueMembers::iter);
        let digest = |facts: &Value, name| {
            let digest = facts.get(name)?.as_text()?;
            hex::decode_array::<32>(digest).map(|digest| hex::encode(&digest))
        };
        let version = |(name, facts): (&str, &Value)| {
            let signed = facts.get("signed")?.as_array()?.iter().filter_map(|name| name.as_text()?.parse().ok());
            Some(GivenUp {
                ceremony: ceremony.clone(),
                part: RoleVersion::parse(name).filter(|part| part.file_name() == name)?,
                payload: digest(facts, "payload")?,
                signed: signed.collect(),
                sealed: digest(facts, "sealed"),
            })
        };
        files.filter_map(version).collect()
    }

    /// That the ceremony was given up, and why.
    pub fn abandoned(reason: &str) -> Event {
        Event::new(EventKind::Abandoned).with("reason", reason)
    }

    /// That a person said that the clock was right: why, and the latest instant that the record had.
    pub fn clock(reason: &str, latest: DateTime<Utc>) -> Event {
        Event::new(EventKind::Clock).with("reason", reason).with("latest", instant_text(latest))
    }
}

fn digests_by_name(files: &BTreeMap<String, [u8; 32]>) -> ValueMembers {
    files.iter().map(|(name, digest)| (name.clone(), hex::encode(digest).into())).collect()
}

fn number(value: &Value) -> Option<u64> {
    match value {
        Value::Integer(number) => number.digits().parse().ok(),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The kind that is declared after this one. A kind that is added does not compile here until it has its place, and the next test finds it missing
    /// in the table.
    fn after(kind: &EventKind) -> Option<EventKind> {
        Some(match kind {
            EventKind::Planned => EventKind::Frozen,
            EventKind::Frozen => EventKind::Signed,
            EventKind::Signed => EventKind::Sealed,
            EventKind::Sealed => EventKind::Checked,
            EventKind::Checked => EventKind::Released,
            EventKind::Released => EventKind::Published,
            EventKind::Published => EventKind::Merged,
            EventKind::Merged => EventKind::Witnessed,
            EventKind::Witnessed => EventKind::Abandoned,
            EventKind::Abandoned => EventKind::Imported,
            EventKind::Imported => EventKind::Clock,
            EventKind::Clock => EventKind::GivenUp,
            EventKind::GivenUp | EventKind::Other(_) => return None,
        })
    }

    #[test]
    fn every_kind_is_known() {
        let declared = std::iter::successors(Some(EventKind::Planned), after);
        assert_eq!(EventKind::known().collect::<Vec<_>>(), declared.collect::<Vec<_>>());
    }

    #[test]
    fn every_kind_has_a_name_of_its_own_and_is_found_by_it() {
        for (kind, name) in KINDS {
            assert_eq!((kind.name(), EventKind::named(name)), (name, kind.clone()));
        }
        assert_eq!(EventKind::named("lunch"), EventKind::Other("lunch".to_owned()));
        assert_eq!(EventKind::named("lunch").name(), "lunch");
    }

    #[test]
    fn facts_of_another_form_than_expected_are_not_there() {
        let event = Event::new(EventKind::Checked).with("roots", 1).with("verifiers", "one").with("files", "none");
        assert_eq!((event.texts("roots"), event.number("verifiers"), event.digests("files")), (None, None, None));
        let event = Event::published("public", 3, &[7; 32]).with("files", ValueMembers::new().with("a.json", "0f"));
        assert_eq!((event.number("timestamp"), event.digests("files")), (Some(3), None));
    }
}
