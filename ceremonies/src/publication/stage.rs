//! One stage of a publication, and what caches can show after it.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_metadata::Version;

/// Something that becomes public in a stage.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublicStep {
    /// All files but roots and the timestamp. Nothing points at them yet.
    Files,
    /// A root.
    Root(Version),
    /// The timestamp.
    Timestamp,
}

/// What may become public at one instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stage {
    /// The instant.
    pub at: DateTime<Utc>,
    /// What becomes public, in this order.
    pub steps: Vec<PublicStep>,
    /// What caches can show from then on until the next stage.
    pub mixtures: Vec<Mixture>,
}

/// What caches can show one verifier: the newest root that it finds, and the timestamp. Files that nothing has asked for before may be missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mixture {
    /// The newest root that the verifier finds.
    pub newest_root: Version,
    /// The timestamp that it is shown.
    pub timestamp: Vec<u8>,
    /// Metadata whose absence a cache can still show, by name: a verifier that needs one of them is refused.
    pub absent: BTreeSet<String>,
}
