//! What the timestamp makes current.

use std::collections::BTreeMap;

use rootline_metadata::{Role, Snapshot, Targets, Timestamp, Verified, Version};

use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;

/// The files that the timestamp makes current.
#[derive(Clone, Debug)]
pub struct Current {
    /// Says which snapshot is the newest.
    pub timestamp: Verified<Timestamp>,
    /// Says which targets files are.
    pub snapshot: Verified<Snapshot>,
    /// Says what is shipped.
    pub targets: Verified<Targets>,
    /// The delegated roles, each of which one role delegates to.
    pub delegated: BTreeMap<Name, Verified<Targets>>,
    /// The oldest root among those that vouch for the first three.
    pub(super) root_version: Version,
}

impl Current {
    /// The file of a targets role.
    pub fn targets_of(&self, role: &CeremonyRole) -> Option<&Verified<Targets>> {
        match role {
            CeremonyRole::Root => None,
            CeremonyRole::Targets => Some(&self.targets),
            CeremonyRole::Delegated(name) => self.delegated.get(name),
        }
    }

    /// The files of all targets roles.
    pub fn all_targets(&self) -> impl Iterator<Item = (RoleVersion, &Verified<Targets>)> {
        let delegated = self.delegated.iter().map(|(name, file)| (CeremonyRole::Delegated(name.clone()), file));
        let all = [(CeremonyRole::Targets, &self.targets)].into_iter().chain(delegated);
        all.map(|(role, file)| (RoleVersion::new(role, file.version()), file))
    }
}
