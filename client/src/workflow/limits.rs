//! How much a repository may ask of us.

use rootline_metadata::limits;

/// Limits of one refresh. The defaults for metadata are those that other clients use.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Most bytes of a root.
    pub root: u64,
    /// Most bytes of a timestamp.
    pub timestamp: u64,
    /// Most bytes of a snapshot.
    pub snapshot: u64,
    /// Most bytes of a targets file, top-level or delegated.
    pub targets: u64,
    /// Most bytes of a target.
    pub target: u64,
    /// Most new roots in one refresh. When they are reached the refresh goes on with the root it has; the next one goes further.
    pub root_rotations: u32,
    /// Most delegated roles that the search for one target asks.
    pub delegations: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Limits {
            root: limits::MAX_ROOT_BYTES as u64,
            timestamp: limits::MAX_TIMESTAMP_BYTES as u64,
            snapshot: limits::MAX_SNAPSHOT_BYTES as u64,
            targets: limits::MAX_TARGETS_BYTES as u64,
            target: 256 << 20,
            root_rotations: 256,
            delegations: 32,
        }
    }
}
