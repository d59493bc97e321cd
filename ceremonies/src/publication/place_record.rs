//! What one place of publication has shown, and since when.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::limits::MAX_TIMESTAMP_BYTES;
use rootline_metadata::{Envelope, Role, Timestamp, Version, hex, sha256};

use crate::model::file_name::PublishedFile;
use crate::plan::caches::Caches;

/// What one place shows: its roots, its snapshots and its timestamp.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PlaceContent {
    /// The versions of its roots.
    pub roots: BTreeSet<Version>,
    /// The versions of its snapshots. A snapshot is written after all that it leads to.
    pub snapshots: BTreeSet<Version>,
    /// Its timestamp.
    pub timestamp: Option<Vec<u8>>,
}

impl PlaceContent {
    /// Adds a file that is there; all but roots, snapshots and the timestamp are left out.
    pub fn add(&mut self, file: &PublishedFile, bytes: &[u8]) {
        match file {
            PublishedFile::Root(version) => _ = self.roots.insert(*version),
            PublishedFile::Snapshot(version) => _ = self.snapshots.insert(*version),
            PublishedFile::Timestamp => self.timestamp = Some(bytes.to_vec()),
            _ => {}
        }
    }
}

/// A timestamp that a place has shown.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownTimestamp {
    /// The file.
    pub bytes: Vec<u8>,
    /// Since when it was public.
    pub since: DateTime<Utc>,
    /// When another one was seen in its place; `None` for the one that is there.
    pub replaced: Option<DateTime<Utc>>,
}

impl ShownTimestamp {
    /// Until when a cache can show it; `None` without an end.
    pub fn seen_until(&self, caches: &Caches) -> Option<DateTime<Utc>> {
        self.replaced.map(|replaced| replaced + caches.stale())
    }
}

/// Since when each root and snapshot is public at one place, and which timestamps can still be seen there. It authorises nothing: what is
/// not recorded counts as public since now, which only makes publishing wait.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlaceRecord {
    pub(super) place: String,
    /// Timestamps that were replaced before are not known; `None` where there was none.
    pub(super) known_since: Option<DateTime<Utc>>,
    pub(super) roots: BTreeMap<Version, DateTime<Utc>>,
    pub(super) snapshots: BTreeMap<Version, DateTime<Utc>>,
    pub(super) timestamps: Vec<ShownTimestamp>,
    /// How many stages of a publication that is not complete are public.
    pub(super) stages_done: u64,
}

impl PlaceRecord {
    /// Most characters of a place in the name of its file.
    const MAX_NAME: usize = 60;

    /// The record of a place of which nothing is known: what is there counts as public since `at`, and before it there may have been anything.
    pub fn begin(place: impl Into<String>, content: &PlaceContent, at: DateTime<Utc>) -> PlaceRecord {
        let since = |versions: &BTreeSet<Version>| versions.iter().map(|version| (*version, at)).collect();
        let timestamp = content.timestamp.iter();
        PlaceRecord {
            place: place.into(),
            known_since: content.timestamp.as_ref().map(|_| at),
            roots: since(&content.roots),
            snapshots: since(&content.snapshots),
            timestamps: timestamp
                .map(|bytes| ShownTimestamp { bytes: bytes.clone(), since: at, replaced: None })
                .collect(),
            stages_done: 0,
        }
    }

    /// The record once it has been seen at `at` what the place shows: what is new is public since then, and what is gone is forgotten.
    #[must_use]
    pub fn seen(mut self, content: &PlaceContent, caches: &Caches, at: DateTime<Utc>) -> PlaceRecord {
        for (known, there) in [(&mut self.roots, &content.roots), (&mut self.snapshots, &content.snapshots)] {
            known.retain(|version, _| there.contains(version));
            // A clock that was ahead must not make publishing wait for that instant.
            known.values_mut().for_each(|since| *since = (*since).min(at));
            for version in there {
                known.entry(*version).or_insert(at);
            }
        }
        self.known_since = self.known_since.map(|since| since.min(at));
        for shown in &mut self.timestamps {
            shown.since = shown.since.min(at);
            shown.replaced = shown.replaced.map(|replaced| replaced.min(at));
        }
        self.see_timestamp(content.timestamp.as_ref(), at);
        self.timestamps.retain(|shown| shown.seen_until(caches).is_none_or(|until| at < until));
        self
    }

    fn see_timestamp(&mut self, there: Option<&Vec<u8>>, at: DateTime<Utc>) {
        if self.current_timestamp().map(|current| &current.bytes) == there {
            return;
        }
        if let Some(last) = self.timestamps.last_mut() {
            last.replaced.get_or_insert(at);
        }
        // One that comes back is shown without an end again.
        self.timestamps.retain(|shown| Some(&shown.bytes) != there);
        let shown = there.map(|bytes| ShownTimestamp { bytes: bytes.clone(), since: at, replaced: None });
        self.timestamps.extend(shown);
    }

    /// The place, as the policy or the command names it.
    pub fn place(&self) -> &str {
        &self.place
    }

    /// The name of the file that the record of a place is kept in: what people recognize of the place, and what tells it from all others.
    pub fn file_name(place: &str) -> String {
        let plain = |char: char| if char.is_ascii_alphanumeric() { char.to_ascii_lowercase() } else { '-' };
        let known: String = place.chars().map(plain).collect();
        let parts: Vec<&str> = known.split('-').filter(|part| !part.is_empty()).collect();
        let known: String = parts.join("-").chars().take(PlaceRecord::MAX_NAME).collect();
        let digest = sha256(place.as_bytes());
        format!("{known}-{}.json", hex::encode(digest.first_chunk::<4>().unwrap_or(&[0; 4])))
    }

    /// The timestamp that is there.
    pub fn current_timestamp(&self) -> Option<&ShownTimestamp> {
        self.timestamps.last().filter(|shown| shown.replaced.is_none())
    }

    /// The newest root that is public there.
    pub fn newest_root(&self) -> Option<Version> {
        self.roots.last_key_value().map(|(version, _)| *version)
    }

    /// The roots that can be a verifier's last at an instant: the newest one, and each whose successor's absence a cache can still show.
    pub fn living_roots(&self, caches: &Caches, at: DateTime<Utc>) -> BTreeSet<Version> {
        let lives = |version: &Version| self.last_until(*version, caches).is_none_or(|until| at < until);
        self.roots.keys().copied().filter(lives).collect()
    }

    /// Until when a root can be a verifier's last; `None` without an end, as for the newest one.
    pub fn last_until(&self, version: Version, caches: &Caches) -> Option<DateTime<Utc>> {
        let since = self.roots.get(&version.next()?)?;
        Some(*since + caches.absent())
    }

    /// Whether the timestamp that is there has not expired at an instant.
    pub(super) fn serves(&self, at: DateTime<Utc>) -> bool {
        let current = self.current_timestamp().map(|current| current.bytes.clone());
        let envelope = current.and_then(|bytes| Envelope::<Timestamp>::parse(bytes, MAX_TIMESTAMP_BYTES).ok());
        envelope.is_some_and(|envelope| !envelope.unverified().expiry().has_passed(at))
    }

    /// How many stages of a publication that is not complete are public.
    pub fn stages_done(&self) -> u64 {
        self.stages_done
    }

    /// The record after one more stage has become public; `is_last` where the publication is complete with it.
    #[must_use]
    pub fn with_stage(self, is_last: bool) -> PlaceRecord {
        PlaceRecord { stages_done: if is_last { 0 } else { self.stages_done + 1 }, ..self }
    }
}
