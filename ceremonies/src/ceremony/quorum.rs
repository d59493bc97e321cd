//! The tally of one part under one file that says whose signatures count.

use std::collections::BTreeSet;
use std::fmt;

use rootline_metadata::{KeyId, Version};

use crate::model::name::Name;
use crate::model::role_version::RoleVersion;

/// The tally under one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumTally {
    /// Which root asks for the signatures.
    pub delegator: Delegator,
    /// Whether this root is not the last one: it asks only because it can still be the last that a client has.
    pub is_bridge: bool,
    /// How many keyholders have to sign.
    pub threshold: u64,
    /// Who has, by name. A keyholder counts once, whatever number of keys they have signed with.
    pub signed: Vec<Name>,
    /// Who else could.
    pub missing: Vec<Name>,
    /// Keys that would count and that are nobody's, so that nobody can sign with them here.
    pub unowned: Vec<KeyId>,
}

impl QuorumTally {
    /// Whether enough have signed.
    pub fn is_met(&self) -> bool {
        self.signed.len() as u64 >= self.threshold
    }

    /// How many more have to sign.
    pub fn still_needed(&self) -> u64 {
        self.threshold.saturating_sub(self.signed.len() as u64)
    }
}

/// Everybody whose signature would help with a threshold that is not met.
pub(crate) fn can_still_sign(quorums: &[QuorumTally]) -> BTreeSet<&Name> {
    quorums.iter().filter(|quorum| !quorum.is_met()).flat_map(|quorum| &quorum.missing).collect()
}

/// Which file says whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegator {
    /// The root before the one that is being signed; for targets, a published one that can be a client's last.
    OldRoot(Version),
    /// The root that is being signed, for itself; for targets, one of this ceremony, where others ask as well.
    NewRoot(Version),
    /// The root that will be in force, where it alone asks for what stands below it.
    Root(Version),
    /// The targets file that will delegate to what is being signed.
    Targets(RoleVersion),
}

impl fmt::Display for Delegator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Delegator::OldRoot(version) => write!(f, "root {version} (old)"),
            Delegator::NewRoot(version) => write!(f, "root {version} (new)"),
            Delegator::Root(version) => write!(f, "root {version}"),
            Delegator::Targets(part) => part.fmt(f),
        }
    }
}
