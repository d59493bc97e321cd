//! What changes in a trust root, in Sigstore's terms.

use std::collections::BTreeMap;
use std::fmt;

use rootline_metadata::sigstore::{CertificateAuthority, LogInstance, Section, TrustedRoot, Window};
use rootline_metadata::{hex, instant_text, sha256};
use serde_json::{Value, json};

/// The name under which a trust root is shipped.
pub(crate) const TRUSTED_ROOT: &str = "trusted_root.json";

/// Most bytes of a trust root: Sigstore's has 7 kB, GitHub's 32.
pub(crate) const MOST_BYTES: usize = 8 << 20;

/// One entry, and what becomes of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustChange {
    what: &'static str,
    entry: TrustEntry,
    before: Option<Window>,
    after: Option<Window>,
}

/// A log or an authority.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TrustEntry {
    pub(crate) kind: &'static str,
    pub(crate) place: String,
    /// A log's id, or the digest of the certificates of a chain, in hex.
    pub(crate) id: String,
    pub(crate) window: Window,
}

/// Compares two trust roots. One that is not there, or cannot be read, lists nothing.
pub(crate) fn trust_changes(before: Option<&[u8]>, after: Option<&[u8]>) -> Vec<TrustChange> {
    let entries = |bytes: Option<&[u8]>| {
        let root = bytes.and_then(|bytes| TrustedRoot::parse(bytes, MOST_BYTES).ok());
        let entries = root.map(|root| entries(&root)).unwrap_or_default();
        entries.into_iter().map(|entry| ((entry.kind, entry.id.clone()), entry)).collect::<BTreeMap<_, _>>()
    };
    let (mut before, after) = (entries(before), entries(after));
    let mut changes = Vec::new();
    for (key, entry) in after {
        let old = before.remove(&key).map(|old| old.window);
        let new = Some(entry.window);
        if old != new {
            let closes = old.is_some_and(|old| old.end() != entry.window.end()) && entry.window.end().is_some();
            let what = match old {
                None => "new",
                Some(_) if closes => "closes",
                Some(_) => "another window",
            };
            changes.push(TrustChange { what, before: old, after: new, entry });
        }
    }
    let gone = before.into_values();
    changes.extend(gone.map(|entry| TrustChange {
        what: "no longer listed",
        before: Some(entry.window),
        after: None,
        entry,
    }));
    changes
}

/// Everything that a trust root lists and that is understood.
pub(crate) fn entries(root: &TrustedRoot) -> Vec<TrustEntry> {
    let of_section = |section: Section| -> Vec<TrustEntry> {
        let logs = root.logs(section).iter().map(TrustEntry::log);
        logs.chain(root.authorities(section).iter().map(TrustEntry::authority)).collect()
    };
    Section::ALL.into_iter().flat_map(of_section).collect()
}

pub(crate) fn kind(section: Section) -> &'static str {
    match section {
        Section::TransparencyLogs => "transparency log",
        Section::CertificateAuthorities => "certificate authority",
        Section::CertificateTransparencyLogs => "certificate log",
        Section::TimestampAuthorities => "timestamp authority",
    }
}

impl TrustEntry {
    fn log(log: &LogInstance) -> TrustEntry {
        TrustEntry {
            kind: kind(log.section()),
            place: log.base_url().to_owned(),
            id: log.log_id().map(|id| id.to_hex()).unwrap_or_default(),
            window: log.valid_for(),
        }
    }

    fn authority(authority: &CertificateAuthority) -> TrustEntry {
        let certificates: Vec<u8> = authority.chain().flat_map(sha256).collect();
        TrustEntry {
            kind: kind(authority.section()),
            place: authority.uri().to_owned(),
            id: hex::encode(&sha256(&certificates)),
            window: authority.valid_for(),
        }
    }

    /// The place without anything that could move a cursor: it comes from a file.
    pub(crate) fn shown_place(&self) -> String {
        self.place.chars().filter(|character| !character.is_control()).collect()
    }
}

pub(crate) fn window_text(window: Window) -> String {
    let text = |instant: Option<_>| instant.map_or("open".to_owned(), instant_text);
    format!("{} to {}", text(window.start()), text(window.end()))
}

fn window_json(window: Window) -> Value {
    json!({ "start": window.start().map(instant_text), "end": window.end().map(instant_text) })
}

impl TrustChange {
    pub(crate) fn to_json(&self) -> Value {
        json!({
            "change": self.what,
            "kind": self.entry.kind,
            "url": self.entry.place,
            "id": self.entry.id,
            "before": self.before.map(window_json),
            "after": self.after.map(window_json),
        })
    }
}

impl fmt::Display for TrustChange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = match (self.before, self.after) {
            (None, _) => '+',
            (_, None) => '-',
            _ => '~',
        };
        let TrustEntry { kind, id, .. } = &self.entry;
        let (place, short) = (self.entry.shown_place(), id.get(..16).unwrap_or(id));
        write!(f, "  {sign} {kind} {place} ({short}): {}", self.what)?;
        self.after.map_or(Ok(()), |window| write!(f, ", {}", window_text(window)))
    }
}
