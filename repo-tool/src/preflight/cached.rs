//! What a client can have in its cache.

use std::collections::{BTreeMap, BTreeSet};

use rootline_client::store::{LocalFile, MemoryStore, Store, StoreError};
use rootline_metadata::{Envelope, Role, Snapshot, Timestamp, Version, file_name, limits};

use super::Files;

/// What a client has in its cache. Roots are not in it: a client that has followed some goes on as one that begins with the last of them.
#[derive(Clone, Debug, Default)]
pub(crate) struct Cached<'a> {
    /// In a few words, as what a client "has".
    pub(crate) name: String,
    timestamp: Option<&'a [u8]>,
    snapshot: Option<&'a [u8]>,
    targets: Option<&'a [u8]>,
}

impl<'a> Cached<'a> {
    /// Nothing.
    pub(crate) fn nothing() -> Cached<'a> {
        Cached { name: "nothing cached".to_owned(), ..Cached::default() }
    }

    /// All that a client has which has read these files; `None` where there is no timestamp.
    pub(crate) fn publication(name: &str, files: &'a Files) -> Option<Cached<'a>> {
        let timestamp = files.get(file_name::TIMESTAMP)?.as_slice();
        let snapshot = parse::<Timestamp>(timestamp, limits::MAX_TIMESTAMP_BYTES)
            .and_then(|timestamp| file(files, "snapshot", timestamp.unverified().snapshot().version));
        let targets = snapshot.and_then(|bytes| targets_of(bytes, files));
        Some(Cached { name: name.to_owned(), timestamp: Some(timestamp), snapshot, targets })
    }

    /// What clients can have of all earlier publications. Their timestamps are gone, so each is a snapshot and its targets; and of those that
    /// list the same files the newest, which forbids the most.
    pub(crate) fn earlier(files: &'a Files) -> Vec<Cached<'a>> {
        let mut newest: BTreeMap<String, (Version, &[u8])> = BTreeMap::new();
        for (name, bytes) in files {
            let Some((version, "snapshot")) = file_name::versioned_role_in(name) else { continue };
            let Some(snapshot) = parse::<Snapshot>(bytes, limits::MAX_SNAPSHOT_BYTES) else { continue };
            let listed: Vec<String> = snapshot
                .unverified()
                .meta_files()
                .map(|(name, file)| format!("{name} {:?}", file.map(|file| file.version)))
                .collect();
            let kept = newest.entry(listed.join("\n")).or_insert((version, bytes));
            if version > kept.0 {
                *kept = (version, bytes);
            }
        }
        let by_version: BTreeMap<Version, &[u8]> = newest.into_values().collect();
        by_version
            .into_iter()
            .map(|(version, bytes)| Cached {
                name: format!("snapshot {version} cached"),
                timestamp: None,
                snapshot: Some(bytes),
                targets: targets_of(bytes, files),
            })
            .collect()
    }

    /// The versions that it forbids to go below: of the timestamp and of the snapshot.
    pub(crate) fn floor(&self) -> (Option<Version>, Option<Version>) {
        let timestamp = self.timestamp.and_then(|bytes| parse::<Timestamp>(bytes, limits::MAX_TIMESTAMP_BYTES));
        let snapshot = self.snapshot.and_then(|bytes| parse::<Snapshot>(bytes, limits::MAX_SNAPSHOT_BYTES));
        let stated = timestamp.as_ref().map(|timestamp| timestamp.unverified().snapshot().version);
        let held = snapshot.map(|snapshot| snapshot.unverified().version());
        (timestamp.map(|timestamp| timestamp.unverified().version()), stated.max(held))
    }

    /// As a cache, built without a refresh, since the files may have expired meanwhile.
    pub(crate) fn store(&self) -> Result<MemoryStore, StoreError> {
        let store = MemoryStore::new();
        let files = [
            (LocalFile::Timestamp, self.timestamp),
            (LocalFile::Snapshot, self.snapshot),
            (LocalFile::Targets, self.targets),
        ];
        for (file, bytes) in files {
            if let Some(bytes) = bytes {
                store.save(&file, bytes)?;
            }
        }
        Ok(store)
    }

    /// Of several, each once.
    pub(crate) fn distinct(all: Vec<Cached<'a>>) -> Vec<Cached<'a>> {
        let mut seen = BTreeSet::new();
        all.into_iter().filter(|one| seen.insert((one.timestamp, one.snapshot, one.targets))).collect()
    }
}

fn parse<R: Role>(bytes: &[u8], limit: usize) -> Option<Envelope<R>> {
    Envelope::parse(bytes.to_vec(), limit).ok()
}

/// The file of a role's version, whether snapshots are consistent or not.
fn file<'a>(files: &'a Files, role: &str, version: Version) -> Option<&'a [u8]> {
    let found = files.get(&file_name::versioned(role, version)).or_else(|| files.get(&file_name::role(role)));
    found.map(Vec::as_slice)
}

fn targets_of<'a>(snapshot: &[u8], files: &'a Files) -> Option<&'a [u8]> {
    let snapshot = parse::<Snapshot>(snapshot, limits::MAX_SNAPSHOT_BYTES)?;
    file(files, "targets", snapshot.unverified().targets().version)
}
