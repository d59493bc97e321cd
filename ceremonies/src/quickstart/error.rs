//! Why answers make no instance.

use super::question::Question;
use crate::model::holders::BadHolders;
use crate::model::name::Name;

/// Why answers make no instance.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum QuickstartError {
    /// Not all is answered.
    #[error("missing: {}", .0.iter().map(|missing| missing.option).collect::<Vec<_>>().join(", "))]
    Missing(Vec<Question>),
    /// The keyholders cannot hold a role.
    #[error("{role}: {problem}")]
    Holders {
        /// `root` or `targets`.
        role: &'static str,
        /// Why.
        problem: BadHolders,
    },
    /// Somebody is to sign with and without a person.
    #[error("{0} is a keyholder and an online key: who takes the machine would sign root and targets")]
    OnlineHolds(Name),
    /// An online key is named twice.
    #[error("{0} is named twice among the online keys")]
    OnlineTwice(Name),
    /// There is no such version of Rekor.
    #[error("{url}: there is no Rekor version {version}")]
    RekorVersion {
        /// The log.
        url: String,
        /// As stated.
        version: u32,
    },
    /// A log of certificates has no version and no origin.
    #[error("{url}: a log of certificates has no {member}")]
    OfRekorAlone {
        /// The log.
        url: String,
        /// What was stated.
        member: &'static str,
    },
}

impl QuickstartError {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            QuickstartError::Missing(missing) => {
                let members: Vec<&str> = missing.iter().map(|missing| missing.member).collect();
                format!("add these options, or their members to the file of --from: {}", members.join(", "))
            }
            QuickstartError::Holders { .. } => {
                "name each keyholder once, and a threshold up to their number".to_owned()
            }
            QuickstartError::OnlineHolds(_) => "use another key, of another name, for --online".to_owned(),
            QuickstartError::OnlineTwice(_) => "name each online key once".to_owned(),
            QuickstartError::RekorVersion { .. } => "state version 1 or 2, or none: it follows from the key".to_owned(),
            QuickstartError::OfRekorAlone { member, .. } => format!("leave out {member}"),
        }
    }
}
