//! The entries of a trusted root, by name.

use std::collections::BTreeSet;

use chrono::Datelike;
use rootline_metadata::sigstore::{EntryRef, LogId, Section, TrustedRoot, Window};

use super::entry_id::EntryId;
use super::notes::TrustNotes;
use crate::model::name::Name;

/// An entry of a trusted root that is understood.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEntry {
    /// Its name: the one that was noted, or else one made of its kind and the year in which it starts.
    pub name: Name,
    /// What makes it this one.
    pub id: EntryId,
    /// Its position in its list, from 0, entries that are not understood counted.
    pub position: usize,
    /// Its URL, as the document has it.
    pub url: String,
    /// From when to when it is trusted.
    pub window: Window,
}

impl NamedEntry {
    /// The list it stands in.
    pub fn section(&self) -> Section {
        self.id.section()
    }

    /// The entry, for an edit.
    pub fn entry_ref(&self) -> EntryRef {
        EntryRef::Position(self.position)
    }
}

/// The entries of a trusted root that are understood, each with a name that no other one has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedEntries(Vec<NamedEntry>);

/// Why a text calls no entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum NoSuchEntry {
    /// It is no entry's name, id or URL.
    #[error("no log or authority of the trust root is called {called:?}")]
    Unknown {
        /// As it was called.
        called: String,
    },
    /// Several entries have that URL.
    #[error("{called} is the URL of several: {}", .names.iter().map(Name::as_str).collect::<Vec<_>>().join(", "))]
    Several {
        /// As they were called.
        called: String,
        /// Their names.
        names: Vec<Name>,
    },
}

/// The first part of a made name.
fn kind_word(section: Section) -> &'static str {
    match section {
        Section::TransparencyLogs => "rekor",
        Section::CertificateAuthorities => "fulcio",
        Section::CertificateTransparencyLogs => "ctlog",
        Section::TimestampAuthorities => "tsa",
    }
}

impl NamedEntries {
    /// The entries of a trusted root in the order of its lists. Made names follow from the document and the notes alone.
    pub fn new(root: &TrustedRoot, notes: &TrustNotes) -> NamedEntries {
        let unnamed: Vec<(EntryId, usize, String, Window)> = Section::ALL
            .into_iter()
            .flat_map(|section| {
                let logs = root
                    .logs(section)
                    .iter()
                    .map(|log| (EntryId::of_log(log), log.position(), log.base_url().to_owned(), log.valid_for()));
                let authorities = root.authorities(section).iter().map(|authority| {
                    let id = EntryId::of_authority(authority);
                    (id, authority.position(), authority.uri().to_owned(), authority.valid_for())
                });
                logs.chain(authorities)
            })
            .collect();
        let noted = unnamed.iter().filter_map(|(id, ..)| notes.name_of(id).cloned());
        let mut taken: BTreeSet<Name> = noted.collect();
        let mut named: Vec<NamedEntry> = Vec::with_capacity(unnamed.len());
        for (id, position, url, window) in unnamed {
            // One that is listed twice has its name once.
            let noted = notes.name_of(&id).filter(|name| named.iter().all(|entry| entry.name != **name)).cloned();
            let name = noted.unwrap_or_else(|| made_name(id.section(), window, &taken));
            taken.insert(name.clone());
            named.push(NamedEntry { name, id, position, url, window });
        }
        NamedEntries(named)
    }

    /// All of them, in the order of the document's lists.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &NamedEntry> {
        self.0.iter()
    }

    /// The entry that is called by its name, by its log id in hex or base64, by the digest of its chain, or by its URL if no other one has it.
    ///
    /// # Errors
    /// If none is, or several.
    pub fn find(&self, called: &str) -> Result<&NamedEntry, NoSuchEntry> {
        let by_name = self.0.iter().find(|entry| entry.name.as_str() == called);
        let hex = LogId::parse(called).map(|id| id.to_hex());
        let by_id = || self.0.iter().find(|entry| Some(entry.id.hex()) == hex.as_deref());
        if let Some(entry) = by_name.or_else(by_id) {
            return Ok(entry);
        }
        let url = called.trim_end_matches('/');
        let has_url = |entry: &&NamedEntry| !url.is_empty() && entry.url.trim_end_matches('/') == url;
        let by_url: Vec<&NamedEntry> = self.0.iter().filter(has_url).collect();
        match by_url[..] {
            [entry] => Ok(entry),
            [] => Err(NoSuchEntry::Unknown { called: called.to_owned() }),
            _ => {
                let names = by_url.iter().map(|entry| entry.name.clone()).collect();
                Err(NoSuchEntry::Several { called: called.to_owned(), names })
            }
        }
    }

    /// The notes with the names of these entries, and of no other.
    #[must_use]
    pub fn noted_in(&self, notes: &TrustNotes) -> TrustNotes {
        let mut notes = notes.clone();
        notes.keep_names_of(&self.0.iter().map(|entry| entry.id.clone()).collect());
        for entry in &self.0 {
            if notes.name_of(&entry.id).is_none() {
                notes.set_name(entry.id.clone(), entry.name.clone());
            }
        }
        notes
    }
}

fn made_name(section: Section, window: Window, taken: &BTreeSet<Name>) -> Name {
    let year = window.start().map(|start| format!("-{}", start.year())).unwrap_or_default();
    let base = format!("{}{year}", kind_word(section));
    let numbered = (2_u64..).map(|number| format!("{base}-{number}"));
    let mut names = std::iter::once(base.clone()).chain(numbered).filter_map(|name| name.parse::<Name>().ok());
    names.find(|name| !taken.contains(name)).expect("there are more numbers than entries")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sigstore() -> TrustedRoot {
        TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 1 << 20).unwrap()
    }

    fn names(entries: &NamedEntries) -> Vec<&str> {
        entries.iter().map(|entry| entry.name.as_str()).collect()
    }

    const MADE: [&str; 7] =
        ["rekor-2021", "rekor-2025", "fulcio-2021", "fulcio-2022", "ctlog-2021", "ctlog-2022", "tsa-2025"];

    #[test]
    fn a_name_is_made_of_the_kind_and_the_year() {
        assert_eq!(names(&NamedEntries::new(&sigstore(), &TrustNotes::default())), MADE);
    }

    #[test]
    fn a_noted_name_goes_first_and_stays_when_others_come_and_go() {
        let root = sigstore();
        let entries = NamedEntries::new(&root, &TrustNotes::default());
        let mut notes = entries.noted_in(&TrustNotes::default());
        assert_eq!(notes.names().count(), 7);
        notes.set_name(entries.find("rekor-2025").unwrap().id.clone(), "fulcio-2021".parse().unwrap());
        let renamed = NamedEntries::new(&root, &notes);
        assert_eq!(names(&renamed)[..3], ["rekor-2021", "fulcio-2021", "fulcio-2021-2"]);
        let mut smaller = root.clone();
        smaller.remove(Section::TransparencyLogs, &EntryRef::Position(0)).unwrap();
        let renamed = NamedEntries::new(&smaller, &notes);
        assert_eq!(names(&renamed)[..1], ["fulcio-2021"]);
        assert_eq!(renamed.noted_in(&notes).names().count(), 6);
    }

    #[test]
    fn an_entry_is_called_by_name_id_or_url() {
        let entries = NamedEntries::new(&sigstore(), &TrustNotes::default());
        let find = |called: &str| entries.find(called).map(|entry| entry.name.as_str());
        for called in [
            "rekor-2021",
            "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=",
            "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d",
            "https://rekor.sigstore.dev",
            "https://rekor.sigstore.dev/",
        ] {
            assert_eq!(find(called), Ok("rekor-2021"), "{called}");
        }
        let tsa = entries.find("tsa-2025").unwrap();
        assert_eq!(find(tsa.id.hex()), Ok("tsa-2025"));
        for called in ["", "rekor", "https://elsewhere.example", "/"] {
            assert!(matches!(entries.find(called), Err(NoSuchEntry::Unknown { .. })), "{called}");
        }
        let several = entries.find("https://fulcio.sigstore.dev").unwrap_err();
        assert_eq!(several.to_string(), "https://fulcio.sigstore.dev is the URL of several: fulcio-2021, fulcio-2022");
    }

    #[test]
    fn one_that_is_listed_twice_has_two_names() {
        let mut value: serde_json::Value = serde_json::from_slice(crate::SIGSTORE_TRUSTED_ROOT).unwrap();
        let log = value["tlogs"][0].clone();
        value["tlogs"].as_array_mut().unwrap().insert(1, log);
        let root = TrustedRoot::parse(value.to_string().as_bytes(), 1 << 20).unwrap();
        let entries = NamedEntries::new(&root, &TrustNotes::default());
        assert_eq!(names(&entries)[..3], ["rekor-2021", "rekor-2021-2", "rekor-2025"]);
        let noted = entries.noted_in(&TrustNotes::default());
        assert_eq!(names(&NamedEntries::new(&root, &noted))[..3], ["rekor-2021", "rekor-2021-2", "rekor-2025"]);
    }
}
