//! What a mirror has verified and could not publish.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rootline_metadata::Version;
use rootline_metadata::json::Document;

use crate::driver::save_seen::save_seen;
use crate::store::{FileStore, LocalFile, Store, StoreError, StoreLock, saves_in};
use crate::workflow::limits::Limits;
use crate::workflow::{Content, Seen};

use super::copy::MirrorCopy;
use super::plan::version_of;

/// The folder for it in the mirror's folder.
const NAME: &str = ".rootline-mirror.seen";

/// Roots, timestamps and snapshots that earlier rounds have verified before they failed. They are not served, and nothing that is
/// published later may go below them. It is read as a cache is: each file counts if it verifies under the final root.
pub(super) struct Unpublished<'a> {
    path: PathBuf,
    mirror: &'a Path,
    limits: &'a Limits,
}

/// Reads what is published, and writes beside it.
struct Beside {
    published: MirrorCopy,
    unpublished: FileStore,
}

impl<'a> Unpublished<'a> {
    /// Of the mirror in this folder.
    pub(super) fn in_folder(mirror: &'a Path, limits: &'a Limits) -> Unpublished<'a> {
        Unpublished { path: mirror.join(NAME), mirror, limits }
    }

    /// What is there. A file that cannot be read does not count, as in a cache.
    pub(super) fn load(&self, pinned_root: &[u8]) -> Seen {
        let mut seen = Seen::new();
        let Ok(Some(store)) = FileStore::open_existing(&self.path) else { return seen };
        let mut add = |file: LocalFile, limit: u64| {
            let bytes = store.load(&file, limit).ok().flatten()?;
            let document = Document::parse(bytes, usize::try_from(limit).unwrap_or(usize::MAX)).ok()?;
            seen.add(&file, &Content::Metadata(Arc::new(document)));
            Some(())
        };
        add(LocalFile::Timestamp, self.limits.timestamp);
        add(LocalFile::Snapshot, self.limits.snapshot);
        // The published ones lead up to the first of these.
        let first = MirrorCopy::of(self.mirror, self.limits)
            .newest_root()
            .or_else(|| version_of(pinned_root).map(Version::number));
        for version in first.into_iter().flat_map(|first| first.saturating_add(1)..=u64::MAX) {
            if add(LocalFile::RootHistory(version), self.limits.root).is_none() {
                break;
            }
        }
        seen
    }

    /// Saves what the round has seen.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn save(&self, seen: &mut Seen, pinned_root: &[u8], now: DateTime<Utc>) -> Result<(), StoreError> {
        if seen.is_empty() {
            return Ok(());
        }
        let published = MirrorCopy::of(self.mirror, self.limits);
        let store = Beside { published, unpublished: FileStore::open(&self.path)? };
        save_seen(seen, pinned_root, &store, now, self.limits)
    }
}

impl Unpublished<'_> {
    /// Takes it away: what is published now is not below it. What somebody else has put there stays; and if it cannot be removed, it only
    /// says again what the mirror itself says.
    pub(super) fn clear(&self) {
        if let Ok(Some(store)) = FileStore::open_existing(&self.path) {
            // Nobody waits for this lock: the mirror's own lock is held.
            let _ = store.clear().map(|_| store.remove_lock());
            let _ = fs::remove_dir(&self.path);
        }
    }
}

impl Store for Beside {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.published.load(file, limit)
    }

    fn has(&self, file: &LocalFile, bytes: &[u8]) -> bool {
        self.published.has(file, bytes) || self.unpublished.has(file, bytes)
    }

    saves_in!(|this| this.unpublished);
}
