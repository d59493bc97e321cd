//! What must not go down: files that may forbid and never permit.

use rootline_metadata::{Envelope, Role, Root, Snapshot, Timestamp, TopLevelRole, Verified, Version};

use crate::workflow::limits::Limits;
use crate::workflow::phases::check_rollback;
use crate::workflow::seen::Seen;

/// The versions that nothing may go below. A cached file counts if it verifies, now, under the keys of the final root; that it may have
/// expired does not matter. So rotating the timestamp key frees the timestamp's version, rotating the timestamp and the snapshot key the
/// snapshot's, and rotating the snapshot key the versions of targets (5.3.11), without anything being deleted; and a key that is only
/// added frees nothing. What an earlier attempt of the same work has verified counts as a cached file does.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    timestamp: Option<Verified<Timestamp>>,
    /// The highest version that a timestamp has given for the snapshot.
    stated_snapshot: Option<Version>,
    /// None of which may be gone below, the one to keep first.
    snapshots: Vec<Verified<Snapshot>>,
}

impl Floor {
    /// 5.3.11: takes the files that the final root's keys have signed.
    pub(super) fn of(cached: &CachedFiles, seen: &Seen, root: &Root, limits: &Limits) -> Floor {
        let timestamps: Vec<Verified<Timestamp>> = cached
            .timestamp
            .as_deref()
            .into_iter()
            .chain(seen.timestamps())
            .filter_map(|bytes| verified(bytes, limits.timestamp, root, TopLevelRole::Timestamp))
            .collect();
        let mut snapshots: Vec<Verified<Snapshot>> = cached
            .snapshot
            .as_deref()
            .into_iter()
            .chain(seen.snapshots())
            .filter_map(|bytes| verified(bytes, limits.snapshot, root, TopLevelRole::Snapshot))
            .collect();
        // One that takes nothing backwards replaces those before it.
        for next in 1..snapshots.len() {
            let (kept, newer) = (&snapshots[0], &snapshots[next]);
            if newer.version() > kept.version() && check_rollback(kept, newer).is_ok() {
                snapshots.swap(0, next);
            }
        }
        Floor {
            stated_snapshot: timestamps.iter().map(|timestamp| timestamp.snapshot().version).max(),
            // Of two with the same version the first one stays, as in an update.
            timestamp: timestamps
                .into_iter()
                .reduce(|kept, next| if next.version() > kept.version() { next } else { kept }),
            snapshots,
        }
    }

    /// The version that a timestamp must not go below.
    pub fn timestamp_version(&self) -> Option<Version> {
        self.timestamp.as_ref().map(|timestamp| timestamp.version())
    }

    /// The version of the snapshot that a timestamp must not go below.
    pub fn snapshot_version(&self) -> Option<Version> {
        let held = self.snapshots.iter().map(|snapshot| snapshot.version()).max();
        // The higher of the two; `None` is below every version.
        self.stated_snapshot.max(held)
    }

    /// The snapshots whose entries must not go down or away.
    pub(super) fn snapshots(&self) -> &[Verified<Snapshot>] {
        &self.snapshots
    }

    /// The snapshot to keep: the newest that takes nothing backwards.
    pub(super) fn snapshot(&self) -> Option<&Verified<Snapshot>> {
        self.snapshots.first()
    }

    /// The newest timestamp, to go on with when the repository has no newer one.
    pub(super) fn timestamp(&self) -> Option<&Verified<Timestamp>> {
        self.timestamp.as_ref()
    }
}

/// Cached files as they were found. Nobody has verified them yet: that takes the final root.
#[derive(Clone, Debug, Default)]
pub(super) struct CachedFiles {
    pub(super) timestamp: Option<Vec<u8>>,
    pub(super) snapshot: Option<Vec<u8>>,
}

fn verified<R: Role>(bytes: &[u8], limit: u64, root: &Root, role: TopLevelRole) -> Option<Verified<R>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Envelope::parse(bytes.to_vec(), limit).ok()?.verify(root.authority(role)).ok()
}
