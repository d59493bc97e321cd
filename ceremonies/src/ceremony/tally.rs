//! The tally of a ceremony, by name.

use std::collections::BTreeSet;

use rootline_metadata::Signature;

use crate::ceremony::quorum::{QuorumTally, can_still_sign};
use crate::ceremony::refusal::Refusal;
use crate::model::name::Name;
use crate::model::role_version::RoleVersion;
use crate::plan::compromised::Bridging;

/// Who has signed what, and who is still needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tally {
    /// Each part that is to be signed.
    pub parts: Vec<RoleTally>,
    /// Signature files for what is no longer to be signed: by part and keyholder.
    pub obsolete: Vec<(RoleVersion, Name)>,
    /// Whether old roots are bridged, or why not.
    pub bridging: Bridging,
}

impl Tally {
    /// Whether every threshold is met.
    pub fn is_met(&self) -> bool {
        self.parts.iter().all(RoleTally::is_met)
    }

    /// Everybody who could still sign something that is not met yet.
    pub fn can_still_sign(&self) -> BTreeSet<&Name> {
        self.parts.iter().flat_map(RoleTally::can_still_sign).collect()
    }

    /// Signatures that no longer count because what they are over has changed: by part and keyholder.
    pub fn voided(&self) -> Vec<(&RoleVersion, &Name)> {
        let obsolete = self.obsolete.iter().map(|(part, name)| (part, name));
        let changed = self.parts.iter().flat_map(|part| part.voided.iter().map(move |name| (&part.part, name)));
        obsolete.chain(changed).collect()
    }

    /// Signatures that count: by part and keyholder, each once.
    pub fn kept(&self) -> Vec<(&RoleVersion, &Name)> {
        self.parts.iter().flat_map(|part| part.signed().into_iter().map(move |name| (&part.part, name))).collect()
    }
}

/// The tally of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleTally {
    /// What is being signed.
    pub part: RoleVersion,
    /// Whose signatures it needs: for root those that the old and the new root ask for, for targets those of each root that can be a client's
    /// last, otherwise one.
    pub quorums: Vec<QuorumTally>,
    /// Who has signed an earlier revision: they have to sign again.
    pub voided: Vec<Name>,
    /// Signature files that do not count, and why.
    pub rejected: Vec<(Name, Refusal)>,
    /// All good signatures, each key once.
    pub(crate) signatures: Vec<Signature>,
}

impl RoleTally {
    /// Whether every threshold of it is met.
    pub fn is_met(&self) -> bool {
        self.quorums.iter().all(QuorumTally::is_met)
    }

    /// Whether every threshold is met without which no client accepts it: all but those of the bridge.
    pub fn has_required(&self) -> bool {
        self.quorums.iter().all(|quorum| quorum.is_bridge || quorum.is_met())
    }

    /// Everybody whose signature counts, under whichever root.
    pub fn signed(&self) -> BTreeSet<&Name> {
        self.quorums.iter().flat_map(|quorum| &quorum.signed).collect()
    }

    /// Everybody whose signature would help with a threshold that is not met.
    pub fn can_still_sign(&self) -> BTreeSet<&Name> {
        can_still_sign(&self.quorums)
    }
}
