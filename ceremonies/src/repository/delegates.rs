//! Whom a targets file delegates to.

use std::collections::{BTreeSet, VecDeque};

use rootline_metadata::{Authority, DelegatedRoles, RoleName, Targets};

use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::plan::delegation::DelegationPlan;

/// The roles that a file delegates to, in order, and whose signatures each needs.
///
/// # Errors
/// With a role that this program does not write: its name is no [`Name`], or there are more bins than a plan can have.
pub fn delegates(targets: &Targets) -> Result<Vec<(Name, Authority<'_>)>, String> {
    let Some(delegations) = targets.delegations() else { return Ok(Vec::new()) };
    let names: Vec<RoleName> = match delegations.roles() {
        DelegatedRoles::Listed(roles) => roles.iter().map(|role| role.name().clone()).collect(),
        DelegatedRoles::HashBins(bins) if bins.bit_length() <= DelegationPlan::MAX_BITS => {
            (0..bins.count()).filter_map(|number| bins.bin(number)).collect()
        }
        DelegatedRoles::HashBins(bins) => return Err(format!("{} hash bins", bins.count())),
    };
    let delegate = |role: &RoleName| {
        let name = role.as_str().parse().ok().filter(|name: &Name| CeremonyRole::delegated(name.clone()).is_some());
        name.zip(delegations.authority(role)).ok_or_else(|| format!("a role called {:?}", role.as_str()))
    };
    names.iter().map(delegate).collect()
}

/// Whose signatures one role needs, if a file delegates to it; more bins than a plan can have are not looked at.
pub(crate) fn delegate<'a>(targets: &'a Targets, name: &Name) -> Option<Authority<'a>> {
    let delegations = targets.delegations()?;
    match delegations.roles() {
        DelegatedRoles::HashBins(bins) if bins.bit_length() > DelegationPlan::MAX_BITS => None,
        _ => delegations.authority(&CeremonyRole::Delegated(name.clone()).role_name()?),
    }
}

/// The targets file and all that are delegated to from it, each before those it delegates to: `file` returns the one of a role that
/// counts. A role without a file, and a file that delegates in a form that this program does not write, end their branch: freezing and reading
/// refuse them.
pub(crate) fn delegation_tree<'a>(
    file: impl Fn(&CeremonyRole) -> Option<&'a Targets>,
) -> impl Iterator<Item = (CeremonyRole, &'a Targets)> {
    let mut to_visit = VecDeque::from([CeremonyRole::Targets]);
    let mut reached = BTreeSet::new();
    let mut before: Option<&Targets> = None;
    std::iter::from_fn(move || {
        // Only now: a search that ends in one file need not know of all that it delegates to.
        for (name, _) in before.take().and_then(|targets| delegates(targets).ok()).into_iter().flatten() {
            if reached.insert(name.clone()) {
                to_visit.push_back(CeremonyRole::Delegated(name));
            }
        }
        while let Some(role) = to_visit.pop_front() {
            if let Some(targets) = file(&role) {
                before = Some(targets);
                return Some((role, targets));
            }
        }
        None
    })
}
