//! What came of bringing a mirror up to date.

use std::fmt;

use rootline_metadata::{Expiry, Version};

use crate::error::Note;
use crate::workflow::{ReachedRoles, RootsLeftOut, Trusted};

/// What a mirror serves now, and what was done for it.
#[derive(Debug)]
#[non_exhaustive]
pub struct MirrorReport {
    /// The four top-level roles.
    pub trusted: Trusted,
    /// The oldest root that is served; readers may have pinned this one or any later one.
    pub oldest_root: Version,
    /// Each delegated role with its version and its expiry, in order of the names.
    pub delegated: Vec<(String, Version, Expiry)>,
    /// How many targets it has, by their names in the repository.
    pub targets: usize,
    /// What was written, by its place below the folder, in this order.
    pub written: Vec<String>,
    /// How many bytes were written.
    pub written_bytes: u64,
    /// How many files were there already, as they have to be.
    pub present: usize,
    /// How many files of earlier publications are kept for those who are still reading.
    pub kept: usize,
    /// What was removed, by its place below the folder.
    pub pruned: Vec<String>,
    /// What the repository lists and the mirror does not have.
    pub left_out: Vec<LeftOut>,
    /// What was noticed, and was no failure.
    pub notes: Vec<Note>,
}

/// What the repository lists and a mirror does not have.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LeftOut {
    /// Roots before the pinned one. Readers who have pinned one of them cannot begin with this mirror.
    EarlierRoots(RootsLeftOut),
    /// A root before the pinned one, in whose place is another file that the mirror has not written.
    RootInTheWay {
        /// Its place below the folder.
        place: String,
    },
    /// A delegated role that has expired. Who asks for it is refused, here as there.
    ExpiredRole {
        /// Its name.
        role: String,
        /// Since when.
        expiry: Expiry,
    },
    /// A delegated role that the repository does not have as its delegators have signed it; of a bundle alone, since a mirror goes on
    /// serving what it has. Who asks for the role is refused, here as there.
    RefusedRole {
        /// Its name.
        role: String,
        /// Why.
        reason: String,
    },
    /// The targets of a delegated role that no search comes to.
    DeepRole {
        /// Its name.
        role: String,
        /// How many delegated roles a search asks.
        limit: usize,
    },
    /// A target whose name cannot become a file below a folder.
    UnsafeName {
        /// Its name.
        name: String,
        /// What is wrong with it.
        reason: &'static str,
    },
}

impl LeftOut {
    /// The delegated roles whose targets nobody can get from what was reached, each with its reason.
    pub fn roles(walked: &ReachedRoles) -> Vec<LeftOut> {
        let limit = walked.trusted().rooted().limits().delegations;
        let expired = walked.expired().map(|(role, expiry)| LeftOut::ExpiredRole { role: role.to_string(), expiry });
        let refused = walked
            .refused()
            .map(|(role, refusal)| LeftOut::RefusedRole { role: role.to_string(), reason: refusal.to_string() });
        let deep = walked.too_deep().filter(|(_, targets)| targets.targets().next().is_some());
        let deep = deep.map(|(role, _)| LeftOut::DeepRole { role: role.to_string(), limit });
        expired.chain(refused).chain(deep).collect()
    }
}

impl fmt::Display for LeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            LeftOut::EarlierRoots(roots) => roots.fmt(f),
            LeftOut::RootInTheWay { place } => {
                write!(f, "{place} was left out: another file is there that this mirror has not written")
            }
            LeftOut::ExpiredRole { role, expiry } => {
                write!(f, "the delegated role {} expired at {expiry}; it was left out", role.escape_debug())
            }
            LeftOut::RefusedRole { role, reason } => {
                write!(f, "the delegated role {} was left out: {reason}", role.escape_debug())
            }
            LeftOut::DeepRole { role, limit } => {
                let role = role.escape_debug();
                write!(
                    f,
                    "the role {role} is deeper than delegations are followed ({limit}); its targets were left out"
                )
            }
            LeftOut::UnsafeName { name, reason } => {
                write!(f, "the target {} was left out: {reason}", name.escape_debug())
            }
        }
    }
}
