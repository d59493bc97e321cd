//! How much a repository may ask of us.

use rootline_metadata::limits;

/// Limits of one refresh. The defaults for metadata are those that other clients use.
///
/// ```
/// use rootline_client::Limits;
///
/// let limits = Limits::default().with_target(64 << 20).with_delegations(8);
/// # assert_eq!((limits.target, limits.delegations), (64 << 20, 8));
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
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

impl Limits {
    /// Sets the most bytes of a root.
    #[must_use]
    pub fn with_root(self, root: u64) -> Self {
        Limits { root, ..self }
    }

    /// Sets the most bytes of a timestamp.
    #[must_use]
    pub fn with_timestamp(self, timestamp: u64) -> Self {
        Limits { timestamp, ..self }
    }

    /// Sets the most bytes of a snapshot.
    #[must_use]
    pub fn with_snapshot(self, snapshot: u64) -> Self {
        Limits { snapshot, ..self }
    }

    /// Sets the most bytes of a targets file.
    #[must_use]
    pub fn with_targets(self, targets: u64) -> Self {
        Limits { targets, ..self }
    }

    /// Sets the most bytes of a target.
    #[must_use]
    pub fn with_target(self, target: u64) -> Self {
        Limits { target, ..self }
    }

    /// Sets the most new roots in one refresh.
    #[must_use]
    pub fn with_root_rotations(self, root_rotations: u32) -> Self {
        Limits { root_rotations, ..self }
    }

    /// Sets the most delegated roles that the search for one target asks.
    #[must_use]
    pub fn with_delegations(self, delegations: usize) -> Self {
        Limits { delegations, ..self }
    }
}
