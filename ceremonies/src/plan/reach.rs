//! Whether what is shipped is found by those who look for it (TUF 5.6.7).

use rootline_metadata::TargetPath;

use super::delegation::{Delegates, DelegationPlan};
use super::plan::Plan;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;

/// Where a search for something ends.
#[derive(Debug, PartialEq, Eq)]
enum Found {
    /// With this role, which ships it.
    At(CeremonyRole),
    /// With this role, which does not ship it and is terminating.
    EndedBy(CeremonyRole),
}

/// Why something that a delegated role ships would not be found; nothing if it is.
pub(super) fn hindrance(plan: &Plan, delegation: &DelegationPlan, name: &TargetName) -> Option<String> {
    let own = delegation.role_for(name.path());
    let Some(own) = own else {
        return Some(format!("{} may not ship this: its paths or prefixes do not cover it", delegation.label()));
    };
    match search(plan, &CeremonyRole::Targets, name.path()) {
        Some(Found::At(role)) if role == own => None,
        Some(Found::At(role)) => Some(format!("{role} ships this too, and a search ends there")),
        Some(Found::EndedBy(role)) => {
            Some(format!("a search for this ends with {role}, which is terminating and comes before {own}"))
        }
        None => Some(format!("a search for this never comes to {own}: who delegates to it may not ship this")),
    }
}

/// Goes through the delegations as a client does: a role before those it delegates to, in their order. A plan's delegations make a tree,
/// so this ends.
fn search(plan: &Plan, role: &CeremonyRole, path: &TargetPath) -> Option<Found> {
    if plan.shipped_by(role).binary_search_by(|name| name.path().cmp(path)).is_ok() {
        return Some(Found::At(role.clone()));
    }
    for delegation in plan.delegations().iter().filter(|delegation| delegation.by == *role) {
        let Some(next) = delegation.role_for(path) else { continue };
        if let Some(found) = search(plan, &next, path) {
            return Some(found);
        }
        if matches!(delegation.to, Delegates::Bins(_) | Delegates::Role { terminating: true, .. }) {
            return Some(Found::EndedBy(next));
        }
    }
    None
}
