//! The roles that a plan delegates to, by name.

use std::collections::{BTreeMap, BTreeSet};

use super::delegation::{Delegates, DelegationPlan};
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;

/// Each delegated role with its delegation and what it ships, so that neither is searched for: a plan may come from a stranger, and have very many
/// of both.
#[derive(Clone, Debug, Default)]
pub(crate) struct DelegatedRoles {
    roles: BTreeMap<CeremonyRole, DelegatedRole>,
    names: BTreeSet<TargetName>,
}

#[derive(Clone, Debug)]
struct DelegatedRole {
    /// Which delegation makes it.
    delegation: usize,
    /// In order, each once.
    ships: Vec<TargetName>,
}

impl DelegatedRoles {
    pub(super) fn new(delegations: &[DelegationPlan]) -> DelegatedRoles {
        let mut found = DelegatedRoles::default();
        for (delegation, plan) in delegations.iter().enumerate() {
            let role = |role| (role, DelegatedRole { delegation, ships: Vec::new() });
            found.roles.extend(plan.roles().into_iter().map(role));
            for name in plan.shipment.names() {
                let role = match &plan.to {
                    Delegates::Role { name, .. } => Some(CeremonyRole::Delegated(name.clone())),
                    Delegates::Bins(_) => plan.role_for(name.path()),
                };
                if let Some(role) = role.and_then(|role| found.roles.get_mut(&role)) {
                    role.ships.push(name.clone());
                }
                found.names.insert(name.clone());
            }
        }
        found
    }

    /// Which delegation makes a role.
    pub(super) fn delegation(&self, role: &CeremonyRole) -> Option<usize> {
        self.roles.get(role).map(|role| role.delegation)
    }

    pub(super) fn shipped_by(&self, role: &CeremonyRole) -> &[TargetName] {
        self.roles.get(role).map_or(&[], |role| &role.ships)
    }

    /// Whether one of them ships something of that name.
    pub(super) fn ships(&self, name: &TargetName) -> bool {
        self.names.contains(name)
    }
}
