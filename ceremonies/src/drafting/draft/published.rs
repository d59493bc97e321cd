//! A draft of what is published: every role as it is now.

use rootline_metadata::{Authority, BinNames, DelegatedRoles, KeyId};

use super::role::DraftRole;
use super::{DraftDelegation, DraftError};
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::period::Days;
use crate::model::role::CeremonyRole;
use crate::plan::delegation::Delegates;
use crate::plan::policy::Policy;
use crate::plan::shipment::Shipment;
use crate::repository::delegates::delegation_tree;
use crate::repository::published::{Current, Published};

pub(super) fn published_role(
    authority: Authority<'_>,
    keyholders: &Keyholders,
    expires: Days,
    signing: Option<Days>,
) -> Result<DraftRole, DraftError> {
    Ok(DraftRole {
        holders: owners(authority, keyholders)?,
        threshold: authority.role.threshold(),
        expires,
        signing: signing.filter(|signing| *signing < expires),
        renew: false,
        at: None,
    })
}

/// All delegations that are published, each delegator before its delegated roles.
pub(super) fn published_delegations(
    published: &Published,
    current: &Current,
    keyholders: &Keyholders,
    policy: &Policy,
) -> Result<Vec<DraftDelegation>, DraftError> {
    let mut drafts = Vec::new();
    for (by, targets) in delegation_tree(|role| current.targets_of(role).map(|targets| &**targets)) {
        let Some(delegations) = targets.delegations() else { continue };
        let unsayable = |what: &str| DraftError::Delegations { what: what.to_owned() };
        let delegates: Vec<(Delegates, Authority<'_>)> = match delegations.roles() {
            DelegatedRoles::HashBins(bins) => {
                let names: &BinNames = bins;
                vec![(Delegates::Bins(names.clone()), Authority { keys: delegations.keys(), role: bins.keys() })]
            }
            DelegatedRoles::Listed(roles) => {
                let mut listed = Vec::new();
                for role in roles.iter() {
                    let name: Name = role.name().as_str().parse().map_err(|_| unsayable(role.name().as_str()))?;
                    let authority =
                        delegations.authority(role.name()).ok_or_else(|| unsayable(role.name().as_str()))?;
                    let (scope, terminating) = (role.scope().clone(), role.is_terminating());
                    listed.push((Delegates::Role { name, scope, terminating }, authority));
                }
                listed
            }
        };
        for (to, authority) in delegates {
            // Bins have the same periods, and each of them says so.
            let made = to.roles();
            let signing = made.iter().find_map(|role| published.signing_days(role));
            let expires = policy.periods_of(made.first().unwrap_or(&CeremonyRole::Targets)).expires;
            let role = published_role(authority, keyholders, expires, signing)?;
            drafts.push(DraftDelegation { by: by.clone(), to, role, shipment: Shipment::default() });
        }
    }
    Ok(drafts)
}

/// Whose keys an authority lists, each keyholder once, in order of their names.
pub(super) fn owners(authority: Authority<'_>, keyholders: &Keyholders) -> Result<Vec<Name>, DraftError> {
    let owner = |key_id: &KeyId| {
        let owner = keyholders.owner_of(authority, key_id).map(|owner| owner.name().clone());
        owner.ok_or_else(|| DraftError::NobodysKey { key_id: key_id.clone() })
    };
    let mut names: Vec<Name> = authority.role.key_ids().iter().map(owner).collect::<Result<_, _>>()?;
    names.sort();
    names.dedup();
    Ok(names)
}
