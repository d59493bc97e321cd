//! Why a draft cannot be made or changed so.

use rootline_metadata::KeyId;

use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;

/// Why a draft cannot be made or changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum DraftError {
    /// The policy has nobody to sign a role in the first ceremony.
    #[error("the policy names nobody to sign {role}")]
    NobodyNamed {
        /// The role.
        role: CeremonyRole,
    },
    /// What is published lists a key that is nobody's.
    #[error("what is published lists the key {}, and no keyholder has it", .key_id.short())]
    NobodysKey {
        /// The key.
        key_id: KeyId,
    },
    /// Somebody who was to be taken out is not there.
    #[error("{name} is not named there, so there is nobody to replace or remove")]
    NotNamed {
        /// Who.
        name: Name,
    },
    /// A role that nothing is said about.
    #[error("no role {role} is signed by people here")]
    NoSuchRole {
        /// The role.
        role: CeremonyRole,
    },
    /// A role that is there already.
    #[error("{role} is delegated to already")]
    DelegatedAlready {
        /// The role.
        role: CeremonyRole,
    },
    /// What is published delegates in a form that no plan can say.
    #[error("targets delegates to {what}, which no plan can say")]
    Delegations {
        /// To whom.
        what: String,
    },
    /// A file that something is to be said about is not shipped.
    #[error("no role ships {name}, so nothing can be said about it")]
    NotShipped {
        /// The file.
        name: TargetName,
    },
    /// Somebody who was to come in is there.
    #[error("{name} is named there already")]
    AlreadyNamed {
        /// Who.
        name: Name,
    },
}

impl DraftError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            DraftError::NobodyNamed { .. } => "name the holders in rootline.toml",
            DraftError::NobodysKey { .. } => "bring back the folder of the keyholder who has it, in keyholders/",
            DraftError::NoSuchRole { .. } => {
                "name root, targets, or a role that targets delegates to; --delegate makes one"
            }
            DraftError::DelegatedAlready { .. } => "edit the plan that is written without this option",
            DraftError::Delegations { .. } => {
                "a repository that another tool made cannot be carried on with this version"
            }
            DraftError::NotShipped { .. } => "put the file into targets/, or correct its name",
            DraftError::NotNamed { .. } | DraftError::AlreadyNamed { .. } => {
                "see who holds what now: rootline-repo ceremony status"
            }
        }
    }
}
