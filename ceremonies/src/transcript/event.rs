//! What a transcript tells of.

use std::collections::BTreeMap;

use rootline_metadata::hex;
use rootline_metadata::json::{Value, ValueMembers};

use crate::frozen::FrozenRecord;

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
    /// A keyholder signed a role.
    Signed,
    /// Every threshold was met and the signatures were put in.
    Sealed,
    /// Snapshot and timestamp made the files current.
    Released,
    /// The repository was put where clients read it.
    Published,
    /// What another ceremony had planned became part of this one.
    Merged,
    /// The ceremony was given up.
    Abandoned,
    /// Something that this version knows nothing of.
    Other(String),
}

impl EventKind {
    /// Its name in the transcript.
    pub fn name(&self) -> &str {
        match self {
            EventKind::Planned => "planned",
            EventKind::Frozen => "frozen",
            EventKind::Signed => "signed",
            EventKind::Sealed => "sealed",
            EventKind::Released => "released",
            EventKind::Published => "published",
            EventKind::Merged => "merged",
            EventKind::Abandoned => "abandoned",
            EventKind::Other(name) => name,
        }
    }

    /// The kind of that name.
    pub fn named(name: &str) -> EventKind {
        match name {
            "planned" => EventKind::Planned,
            "frozen" => EventKind::Frozen,
            "signed" => EventKind::Signed,
            "sealed" => EventKind::Sealed,
            "released" => EventKind::Released,
            "published" => EventKind::Published,
            "merged" => EventKind::Merged,
            "abandoned" => EventKind::Abandoned,
            other => EventKind::Other(other.to_owned()),
        }
    }
}

impl Event {
    /// An event about which nothing is said yet.
    pub fn new(kind: EventKind) -> Event {
        Event { kind, facts: ValueMembers::new() }
    }

    /// The same with one more fact.
    #[must_use]
    pub fn with(mut self, name: &str, fact: impl Into<Value>) -> Event {
        self.facts.insert(name, fact.into());
        self
    }

    /// A fact that is a text.
    pub fn text(&self, name: &str) -> Option<&str> {
        self.facts.get(name).and_then(Value::as_text)
    }

    /// That files were frozen.
    pub fn frozen(record: &FrozenRecord) -> Event {
        let file = |files: ValueMembers, (name, digest): (&String, &[u8; 32])| files.with(name, hex::encode(digest));
        Event::new(EventKind::Frozen)
            .with("revision", record.revision)
            .with("plan", &*record.plan)
            .with("files", record.files.iter().fold(ValueMembers::new(), file))
            .with("fingerprint", record.fingerprint().to_hex())
    }

    /// What was frozen, if that is what happened.
    pub(crate) fn frozen_record(&self) -> Option<FrozenRecord> {
        if self.kind != EventKind::Frozen {
            return None;
        }
        let revision = self.facts.get("revision").and_then(|value| match value {
            Value::Integer(number) => number.digits().parse().ok(),
            _ => None,
        })?;
        let mut files = BTreeMap::new();
        for (name, digest) in self.facts.get("files")?.as_object()?.iter() {
            files.insert(name.to_owned(), hex::decode(digest.as_text()?)?.try_into().ok()?);
        }
        Some(FrozenRecord { revision, plan: self.text("plan")?.to_owned(), files })
    }
}
