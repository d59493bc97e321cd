//! What is noted down when files are frozen.

use std::collections::BTreeMap;

use crate::model::fingerprint::Fingerprint;

/// The digests of frozen files, and which plan they come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FrozenRecord {
    /// How many times different bytes have been frozen in this ceremony, this one included.
    pub revision: u64,
    /// The SHA-256 digest of the plan, in hex.
    pub plan: String,
    /// The SHA-256 digest of each file by its name.
    pub files: BTreeMap<String, [u8; 32]>,
}

impl FrozenRecord {
    /// One short text for all of it.
    pub fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(&self.files)
    }
}
