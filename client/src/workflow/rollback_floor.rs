//! What must not go down: caches that may forbid and never permit.

use rootline_metadata::{Envelope, Role, Root, Snapshot, Timestamp, TopLevelRole, Verified, Version};

use crate::workflow::limits::Limits;

/// The versions that nothing may go below. A cache counts if it verifies, now, under the keys of the final root; that it may have expired
/// does not matter. So rotating the timestamp key frees the timestamp's version, rotating the timestamp and the snapshot key the
/// snapshot's, and rotating the snapshot key the versions of targets (5.3.11), without anything being deleted; and a key that is only
/// added frees nothing.
#[derive(Clone, Debug, Default)]
pub struct Floor {
    timestamp: Option<Verified<Timestamp>>,
    snapshot: Option<Verified<Snapshot>>,
}

impl Floor {
    /// 5.3.11: takes the caches that the final root's keys have signed.
    pub(super) fn of(copies: CachedFiles, root: &Root, limits: &Limits) -> Floor {
        let timestamp = |bytes| verified(bytes, limits.timestamp, root, TopLevelRole::Timestamp);
        let snapshot = |bytes| verified(bytes, limits.snapshot, root, TopLevelRole::Snapshot);
        Floor { timestamp: copies.timestamp.and_then(timestamp), snapshot: copies.snapshot.and_then(snapshot) }
    }

    /// The version that a timestamp must not go below.
    pub fn timestamp_version(&self) -> Option<Version> {
        self.timestamp.as_ref().map(|timestamp| timestamp.version())
    }

    /// The version of the snapshot that a timestamp must not go below.
    pub fn snapshot_version(&self) -> Option<Version> {
        let stated = self.timestamp.as_ref().map(|timestamp| timestamp.snapshot().version);
        let cached = self.snapshot.as_ref().map(|snapshot| snapshot.version());
        // The higher of the two; `None` is below every version.
        stated.max(cached)
    }

    /// The snapshot whose entries must not go down or away.
    pub(super) fn snapshot(&self) -> Option<&Verified<Snapshot>> {
        self.snapshot.as_ref()
    }

    /// The local timestamp, to go on with when the repository has no newer one.
    pub(super) fn timestamp(&self) -> Option<&Verified<Timestamp>> {
        self.timestamp.as_ref()
    }
}

/// Caches as they were found. Nobody has verified them yet: that takes the final root.
#[derive(Clone, Debug, Default)]
pub(super) struct CachedFiles {
    pub(super) timestamp: Option<Vec<u8>>,
    pub(super) snapshot: Option<Vec<u8>>,
}

fn verified<R: Role>(bytes: Vec<u8>, limit: u64, root: &Root, role: TopLevelRole) -> Option<Verified<R>> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    Envelope::parse(bytes, limit).ok()?.verify(root.authority(role)).ok()
}
