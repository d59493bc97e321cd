//! The tally of a ceremony, by name.

use std::collections::BTreeSet;
use std::fmt;

use rootline_metadata::{KeyId, Signature, Version};

use crate::name::Name;
use crate::part::Part;
use crate::refusal::Refusal;

/// Who has signed what, and who is still needed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Each part that is to be signed.
    pub parts: Vec<PartStanding>,
    /// Answers for what is no longer to be signed: by part and keyholder.
    pub gone: Vec<(Part, Name)>,
}

impl Standing {
    /// Whether every threshold is met.
    pub fn is_met(&self) -> bool {
        self.parts.iter().all(PartStanding::is_met)
    }

    /// Everybody who could still sign something that is not met yet.
    pub fn can_still_sign(&self) -> BTreeSet<&Name> {
        self.parts.iter().flat_map(PartStanding::can_still_sign).collect()
    }

    /// Signatures that no longer count because what they are over has changed: by part and keyholder.
    pub fn void(&self) -> Vec<(&Part, &Name)> {
        let gone = self.gone.iter().map(|(part, name)| (part, name));
        let changed = self.parts.iter().flat_map(|part| part.void.iter().map(move |name| (&part.part, name)));
        gone.chain(changed).collect()
    }

    /// Signatures that count: by part and keyholder, each once.
    pub fn kept(&self) -> Vec<(&Part, &Name)> {
        self.parts.iter().flat_map(|part| part.signed().into_iter().map(move |name| (&part.part, name))).collect()
    }
}

/// The tally of one part.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PartStanding {
    /// What is being signed.
    pub part: Part,
    /// Whose signatures it needs: for root those that the old and the new root ask for, otherwise one.
    pub quorums: Vec<QuorumStanding>,
    /// Who has answered to an earlier revision: they have to sign again.
    pub void: Vec<Name>,
    /// Answers that do not count, and why.
    pub rejected: Vec<(Name, Refusal)>,
    /// All good signatures, each key once.
    pub(crate) signatures: Vec<Signature>,
}

impl PartStanding {
    /// Whether every threshold of it is met.
    pub fn is_met(&self) -> bool {
        self.quorums.iter().all(QuorumStanding::is_met)
    }

    /// Everybody whose signature counts, under whichever root.
    pub fn signed(&self) -> BTreeSet<&Name> {
        self.quorums.iter().flat_map(|quorum| &quorum.signed).collect()
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

/// Which file says whose signatures count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Under {
    /// The root before the one that is being signed.
    OldRoot(Version),
    /// The root that is being signed, for itself.
    NewRoot(Version),
    /// The root that will be in force, for what stands below it.
    Root(Version),
    /// The targets file that will delegate to what is being signed.
    Delegator(Part),
}

impl fmt::Display for Under {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Under::OldRoot(version) => write!(f, "root {version} (old)"),
            Under::NewRoot(version) => write!(f, "root {version} (new)"),
            Under::Root(version) => write!(f, "root {version}"),
            Under::Delegator(part) => part.fmt(f),
        }
    }
}
