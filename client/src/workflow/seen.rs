//! What the attempts of one piece of work have verified so far.

use std::collections::BTreeMap;
use std::sync::Arc;

use rootline_metadata::json::Document;

use crate::store::LocalFile;
use crate::workflow::machine::Content;

/// Roots, timestamps and snapshots that were verified in the same piece of work and are not in the cache yet. They can forbid and never
/// permit: [`Refresh`](super::Refresh) verifies each of them again from the pinned root, as it does a cached file.
#[derive(Clone, Debug, Default)]
pub struct Seen {
    roots: BTreeMap<u64, Vec<Arc<Document>>>,
    timestamps: Vec<Arc<Document>>,
    snapshots: Vec<Arc<Document>>,
}

impl Seen {
    /// Nothing yet.
    pub fn new() -> Seen {
        Seen::default()
    }

    /// Adds a file that a machine of this work has asked to store. Only roots, timestamps and snapshots count; the rest is pinned by them.
    pub fn add(&mut self, file: &LocalFile, content: &Content) {
        let Content::Metadata(document) = content else { return };
        let same_file = match file {
            LocalFile::RootHistory(version) => self.roots.entry(*version).or_default(),
            LocalFile::Timestamp => &mut self.timestamps,
            LocalFile::Snapshot => &mut self.snapshots,
            _ => return,
        };
        if !same_file.iter().any(|seen| seen.bytes() == document.bytes()) {
            same_file.push(Arc::clone(document));
        }
    }

    /// Whether there is nothing.
    pub fn is_empty(&self) -> bool {
        self.roots.is_empty() && self.timestamps.is_empty() && self.snapshots.is_empty()
    }

    /// The roots of that version.
    pub(super) fn roots(&self, version: u64) -> impl Iterator<Item = &[u8]> {
        self.roots.get(&version).into_iter().flatten().map(|root| root.bytes())
    }

    /// The timestamps.
    pub(super) fn timestamps(&self) -> impl Iterator<Item = &[u8]> {
        self.timestamps.iter().map(|timestamp| timestamp.bytes())
    }

    /// The snapshots.
    pub(super) fn snapshots(&self) -> impl Iterator<Item = &[u8]> {
        self.snapshots.iter().map(|snapshot| snapshot.bytes())
    }
}
