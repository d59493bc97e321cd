//! How much a repository may ask of us.

/// Limits of one refresh. The defaults are those that other clients use; Sigstore's whole metadata has about 13 000 bytes.
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
            root: 512_000,
            timestamp: 16_384,
            snapshot: 2_000_000,
            targets: 5_000_000,
            target: 256 << 20,
            root_rotations: 256,
            delegations: 32,
        }
    }
}
