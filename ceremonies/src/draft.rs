//! A plan while it is being written.

use chrono::{DateTime, Utc};
use rootline_metadata::{Authority, KeyId, Root, TopLevelRole, instant_text};

use crate::holders::names_toml;
use crate::keyholder::Keyholders;
use crate::name::Name;
use crate::period::Days;
use crate::policy::{OfflinePolicy, Policy};
use crate::published::Published;
use crate::role::CeremonyRole;
use crate::target_name::TargetName;
use crate::toml_error::quoted;

/// The beginning of a plan: what is true now, to be changed into what shall be true. Whether it can be is found out when the plan is
/// read.
#[derive(Clone, Debug)]
pub struct Draft {
    id: Name,
    at: DateTime<Utc>,
    summary: String,
    root: DraftRole,
    targets: DraftRole,
    online: Vec<Name>,
    ship: Vec<TargetName>,
}

#[derive(Clone, Debug)]
struct DraftRole {
    holders: Vec<Name>,
    threshold: u64,
    expires: Days,
    renew: bool,
}

impl Draft {
    /// A draft that says who signs as the newest root does, or as the policy does before there is one; how long files hold, as the policy
    /// says; and what is shipped, as given.
    ///
    /// # Errors
    /// If the policy names nobody yet, or the root lists a key that is nobody's.
    pub fn new(
        id: Name,
        at: DateTime<Utc>,
        policy: &Policy,
        published: &Published,
        keyholders: &Keyholders,
        ship: Vec<TargetName>,
    ) -> Result<Draft, DraftError> {
        let role = |role: CeremonyRole, policy: &OfflinePolicy| match published.root() {
            Some(root) => Ok(DraftRole {
                holders: owners(root.authority(role.top_level()), keyholders)?,
                threshold: root.role(role.top_level()).threshold(),
                expires: policy.periods.expires,
                renew: false,
            }),
            None => match &policy.holders {
                Some(holders) => Ok(DraftRole {
                    holders: holders.names().to_vec(),
                    threshold: holders.threshold(),
                    expires: policy.periods.expires,
                    renew: false,
                }),
                None => Err(DraftError::NobodyNamed { role }),
            },
        };
        let online = |root: &Root| owners(root.authority(TopLevelRole::Timestamp), keyholders);
        Ok(Draft {
            id,
            at,
            summary: String::new(),
            root: role(CeremonyRole::Root, policy.root())?,
            targets: role(CeremonyRole::Targets, policy.targets())?,
            online: published.root().map_or_else(|| Ok(policy.online().to_vec()), |root| online(root))?,
            ship,
        })
    }

    /// Says what the ceremony is for.
    pub fn summarise(&mut self, summary: impl Into<String>) {
        self.summary = summary.into();
    }

    /// Puts `new` where `old` is named, in every role.
    ///
    /// # Errors
    /// If `old` is named nowhere, or `new` is already where `old` is.
    pub fn replace(&mut self, old: &Name, new: &Name) -> Result<(), DraftError> {
        let mut found = false;
        for names in [&mut self.root.holders, &mut self.targets.holders, &mut self.online] {
            let Some(at) = names.iter().position(|name| name == old) else { continue };
            if names.contains(new) {
                return Err(DraftError::AlreadyNamed { name: new.clone() });
            }
            names[at] = new.clone();
            found = true;
        }
        if found { Ok(()) } else { Err(DraftError::NotNamed { name: old.clone() }) }
    }

    /// Names one more keyholder for a role.
    ///
    /// # Errors
    /// If they are named already.
    pub fn add(&mut self, role: CeremonyRole, name: &Name) -> Result<(), DraftError> {
        let holders = &mut self.role(role).holders;
        if holders.contains(name) {
            return Err(DraftError::AlreadyNamed { name: name.clone() });
        }
        holders.push(name.clone());
        Ok(())
    }

    /// Takes a keyholder out of a role.
    ///
    /// # Errors
    /// If they are not in it.
    pub fn remove(&mut self, role: CeremonyRole, name: &Name) -> Result<(), DraftError> {
        let holders = &mut self.role(role).holders;
        let at = holders.iter().position(|holder| holder == name);
        let at = at.ok_or_else(|| DraftError::NotNamed { name: name.clone() })?;
        holders.remove(at);
        Ok(())
    }

    /// Says how many have to sign a role.
    pub fn set_threshold(&mut self, role: CeremonyRole, threshold: u64) {
        self.role(role).threshold = threshold;
    }

    /// Says how long the next version of a role holds.
    pub fn set_expiry(&mut self, role: CeremonyRole, expires: Days) {
        self.role(role).expires = expires;
    }

    /// Asks for a new version of a role even if only its expiry changes.
    pub fn renew(&mut self, role: CeremonyRole) {
        self.role(role).renew = true;
    }

    /// The text of `plan.toml`, with a comment on what a person may want to change.
    pub fn to_toml(&self) -> String {
        let ship: String = self.ship.iter().map(|name| format!("    {},\n", quoted(name.as_str()))).collect();
        let ship = if ship.is_empty() { "[]".to_owned() } else { format!("[\n{ship}]") };
        format!(
            "# What shall be true once this ceremony is over. Edit it, then: rootline-repo ceremony freeze {id}\n\
             id = \"{id}\"\n\
             # Expiries count from here, so that freezing gives the same bytes on every machine.\n\
             at = {at}\n\
             # What it is for, in a sentence that keyholders read before they sign.\n\
             summary = {summary}\n\
             \n\
             # Who may change whose keys count. Names are folders under keyholders/.\n\
             [root]\n\
             {root}\
             \n\
             # Who may change what is shipped, and what that is: files under targets/.\n\
             [targets]\n\
             {targets}\
             ship = {ship}\n\
             \n\
             # The keys that sign snapshot and timestamp without a person; any one of them suffices.\n\
             [online]\n\
             keys = {online}\n",
            id = self.id,
            at = instant_text(self.at),
            summary = quoted(&self.summary),
            root = self.root.to_toml(),
            targets = self.targets.to_toml(),
            online = names_toml(&self.online),
        )
    }

    fn role(&mut self, role: CeremonyRole) -> &mut DraftRole {
        match role {
            CeremonyRole::Root => &mut self.root,
            CeremonyRole::Targets => &mut self.targets,
        }
    }
}

impl DraftRole {
    fn to_toml(&self) -> String {
        format!(
            "holders = {}\n\
             threshold = {}\n\
             expires-days = {}\n\
             renew = {} # true: a new version even if only its expiry changes\n",
            names_toml(&self.holders),
            self.threshold,
            self.expires.number(),
            self.renew,
        )
    }
}

/// Why a draft cannot be made or changed so.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DraftError {
    /// The policy has nobody to sign a role in the first ceremony.
    #[error("the policy names nobody to sign {role}")]
    NobodyNamed {
        /// The role.
        role: CeremonyRole,
    },
    /// The root lists a key that is nobody's.
    #[error("the published root lists the key {}, and no keyholder has it", .key_id.short())]
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
            DraftError::NotNamed { .. } | DraftError::AlreadyNamed { .. } => {
                "see who holds what now: rootline-repo ceremony status"
            }
        }
    }
}

/// Whose keys an authority lists, each keyholder once, in order of their names.
fn owners(authority: Authority<'_>, keyholders: &Keyholders) -> Result<Vec<Name>, DraftError> {
    let owner = |key_id: &KeyId| {
        let key = authority.keys.get(key_id).and_then(|key| key.usable().ok());
        let owner = key.and_then(|key| keyholders.owner(key.material())).map(|owner| owner.name().clone());
        owner.ok_or_else(|| DraftError::NobodysKey { key_id: key_id.clone() })
    };
    let mut names: Vec<Name> = authority.role.key_ids().iter().map(owner).collect::<Result<_, _>>()?;
    names.sort();
    names.dedup();
    Ok(names)
}
