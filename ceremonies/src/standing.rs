//! The tally of a ceremony, by name.

use std::collections::BTreeSet;
use std::fmt;

use rootline_metadata::{KeyId, Signature, Version};

use crate::name::Name;
use crate::refusal::Refusal;
use crate::role::CeremonyRole;

/// Who has signed what, and who is still needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Each role that is to be signed.
    pub roles: Vec<RoleStanding>,
}

impl Standing {
    /// Whether every threshold is met.
    pub fn is_met(&self) -> bool {
        self.roles.iter().all(RoleStanding::is_met)
    }

    /// Everybody who could still sign something that is not met yet.
    pub fn can_still_sign(&self) -> BTreeSet<&Name> {
        self.roles.iter().flat_map(RoleStanding::can_still_sign).collect()
    }
}

/// The tally of one role.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleStanding {
    /// The role.
    pub role: CeremonyRole,
    /// The version that is being signed.
    pub version: Version,
    /// Whose signatures it needs: for root those that the old and the new root ask for, otherwise one.
    pub quorums: Vec<QuorumStanding>,
    /// Who has answered to an earlier revision: they have to sign again.
    pub void: Vec<Name>,
    /// Answers that do not count, and why.
    pub rejected: Vec<(Name, Refusal)>,
    /// All good signatures, each key once.
    pub(crate) signatures: Vec<Signature>,
}

impl RoleStanding {
    /// Whether every threshold of it is met.
    pub fn is_met(&self) -> bool {
        self.quorums.iter().all(QuorumStanding::is_met)
    }

    /// Everybody whose signature would help with a threshold that is not met.
    pub fn can_still_sign(&self) -> BTreeSet<&Name> {
        self.quorums.iter().filter(|quorum| !quorum.is_met()).flat_map(|quorum| &quorum.missing).collect()
    }
}

/// The tally under one root.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QuorumStanding {
    /// Which root asks for the signatures.
    pub under: Under,
    /// How many keyholders have to sign.
    pub threshold: u64,
    /// Who has, by name. A keyholder counts once, whatever number of keys they have signed with.
    pub signed: Vec<Name>,
    /// Who else could.
    pub missing: Vec<Name>,
    /// Keys that would count and that are nobody's, so that nobody can sign with them here.
    pub nobodys: Vec<KeyId>,
}

impl QuorumStanding {
    /// Whether enough have signed.
    pub fn is_met(&self) -> bool {
        self.signed.len() as u64 >= self.threshold
    }

    /// How many more have to sign.
    pub fn still_needed(&self) -> u64 {
        self.threshold.saturating_sub(self.signed.len() as u64)
    }
}

/// Which root says whose signatures count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Under {
    /// The root that is published, for the root that follows it.
    OldRoot(Version),
    /// The root that is being signed, for itself.
    NewRoot(Version),
    /// The root that will be in force, for what stands below it.
    Root(Version),
}

impl fmt::Display for Under {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Under::OldRoot(version) => write!(f, "root {version} (old)"),
            Under::NewRoot(version) => write!(f, "root {version} (new)"),
            Under::Root(version) => write!(f, "root {version}"),
        }
    }
}
