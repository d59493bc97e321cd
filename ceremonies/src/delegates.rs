//! Whom a targets file delegates to.

use rootline_metadata::{Authority, DelegatedRoles, RoleName, Targets};

use crate::name::Name;
use crate::plan::DelegationPlan;
use crate::role::CeremonyRole;

/// The roles that a file delegates to, in order, and whose signatures each needs.
///
/// # Errors
/// With a role that this program does not write: its name is no [`Name`], or there are more bins than a plan can have.
pub fn delegates(targets: &Targets) -> Result<Vec<(Name, Authority<'_>)>, String> {
    let Some(delegations) = targets.delegations() else { return Ok(Vec::new()) };
    let names: Vec<RoleName> = match delegations.roles() {
        DelegatedRoles::Listed(roles) => roles.iter().map(|role| role.name().clone()).collect(),
        DelegatedRoles::HashBins(bins) if bins.bit_length() <= DelegationPlan::MOST_BITS => {
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
