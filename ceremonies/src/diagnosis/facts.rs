//! Who signs each role: as it is published, planned, or named by a policy.

use std::collections::BTreeSet;

use rootline_metadata::{
    Authority, DelegatedRoles, Delegations, Expiry, KeyId, PublicKey, Role, Targets, TopLevelRole, Verified,
};

use super::SignedRole;
use crate::model::holders::Holders;
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;
use crate::model::period::Periods;
use crate::model::role::CeremonyRole;
use crate::plan::delegation::DelegationPlan;
use crate::plan::plan::Plan;
use crate::plan::policy::{OfflinePolicy, Policy};
use crate::repository::delegates::{delegates, delegation_tree};
use crate::repository::published::{Current, Published};
use crate::repository::release::OnlinePeriods;

/// One role, or all bins of one delegation.
#[derive(Clone, Debug)]
pub(super) struct RoleFacts {
    pub(super) role: SignedRole,
    pub(super) label: String,
    pub(super) delegator: Option<CeremonyRole>,
    pub(super) threshold: u64,
    /// Each once, whatever number of ids it is listed under.
    pub(super) keys: Vec<KeyFacts>,
    /// What is published: one file, or one for each bin.
    pub(super) files: Vec<FileFacts>,
    pub(super) periods: Option<Periods>,
}

#[derive(Clone, Debug)]
pub(super) struct KeyFacts {
    /// None where a policy names somebody who has no key yet.
    pub(super) id: Option<KeyId>,
    pub(super) owner: Option<Name>,
    /// Whether it is the key that its owner signs with from the next ceremony on.
    pub(super) is_last: bool,
}

#[derive(Clone, Debug)]
pub(super) struct FileFacts {
    pub(super) expiry: Expiry,
    pub(super) signed_by: BTreeSet<KeyId>,
}

impl FileFacts {
    fn of<R: Role>(file: &Verified<R>) -> FileFacts {
        let signatures = file.envelope().signatures().iter().filter(|signature| signature.bytes.is_some());
        FileFacts { expiry: file.expiry(), signed_by: signatures.map(|signature| signature.key_id.clone()).collect() }
    }
}

/// What is published, each delegator before its delegated roles.
pub(super) fn published(published: &Published, keyholders: &Keyholders, policy: &Policy) -> Vec<RoleFacts> {
    let Some(root) = published.root() else { return Vec::new() };
    let current = published.current();
    let periods = |role: &CeremonyRole, policy: Periods| {
        let signing = published.signing_days(role).unwrap_or(policy.signing);
        Periods { signing, ..policy }
    };
    let online = OnlinePeriods::in_force(published, None, policy);
    let top_level = |role: SignedRole, name: TopLevelRole, file: Option<FileFacts>, periods: Periods| RoleFacts {
        label: role.name().to_owned(),
        role,
        delegator: None,
        threshold: root.authority(name).role.threshold(),
        keys: listed_keys(root.authority(name), keyholders),
        files: file.into_iter().collect(),
        periods: Some(periods),
    };
    let people = |role: CeremonyRole, name, file, policy: &OfflinePolicy| {
        let periods = periods(&role, policy.periods);
        top_level(SignedRole::People(role), name, file, periods)
    };
    let targets = current.map(|current| FileFacts::of(&current.targets));
    let mut facts = vec![
        people(CeremonyRole::Root, TopLevelRole::Root, Some(FileFacts::of(root)), policy.root()),
        people(CeremonyRole::Targets, TopLevelRole::Targets, targets, policy.targets()),
    ];
    if let Some(current) = current {
        for (by, delegator) in delegation_tree(|role| current.targets_of(role).map(|targets| &**targets)) {
            for mut delegated in delegated(delegator, current, keyholders) {
                let SignedRole::People(role) = &delegated.role else { continue };
                delegated.periods = Some(periods(role, policy.periods_of(role)));
                delegated.delegator = Some(by.clone());
                facts.push(delegated);
            }
        }
    }
    for (role, periods) in [(TopLevelRole::Snapshot, online.snapshot), (TopLevelRole::Timestamp, online.timestamp)] {
        let file = current.map(|current| match role {
            TopLevelRole::Snapshot => FileFacts::of(&current.snapshot),
            _ => FileFacts::of(&current.timestamp),
        });
        facts.push(top_level(SignedRole::Online(role), role, file, periods));
    }
    facts
}

/// The roles that a file delegates to; bins, which have the same holders, as one.
fn delegated(delegator: &Targets, current: &Current, keyholders: &Keyholders) -> Vec<RoleFacts> {
    // Reading what is published has refused what this program does not write.
    let listed = delegates(delegator).unwrap_or_default();
    let facts = |label: String, roles: &[(Name, Authority<'_>)]| {
        let (first, authority) = roles.first()?;
        let file = |(name, _): &(Name, Authority<'_>)| current.delegated.get(name).map(FileFacts::of);
        Some(RoleFacts {
            role: SignedRole::People(CeremonyRole::Delegated(first.clone())),
            label,
            delegator: None,
            threshold: authority.role.threshold(),
            keys: listed_keys(*authority, keyholders),
            files: roles.iter().filter_map(file).collect(),
            periods: None,
        })
    };
    match delegator.delegations().map(Delegations::roles) {
        None => Vec::new(),
        Some(DelegatedRoles::Listed(_)) => {
            listed.iter().filter_map(|role| facts(role.0.to_string(), std::slice::from_ref(role))).collect()
        }
        Some(DelegatedRoles::HashBins(bins)) => facts(bins.label(), &listed).into_iter().collect(),
    }
}

fn listed_keys(authority: Authority<'_>, keyholders: &Keyholders) -> Vec<KeyFacts> {
    let mut seen: Vec<&PublicKey> = Vec::new();
    let mut keys = Vec::new();
    for id in authority.role.key_ids() {
        let key = authority.key(id);
        if let Some(key) = key {
            if seen.iter().any(|other| other.material() == key.material()) {
                continue;
            }
            seen.push(key);
        }
        let owner = key.and_then(|key| keyholders.owner(key.material()));
        let is_last = owner.zip(key).is_some_and(|(owner, key)| owner.key().material() == key.material());
        keys.push(KeyFacts { id: Some(id.clone()), owner: owner.map(|owner| owner.name().clone()), is_last });
    }
    keys
}

/// What a plan says, of a repository of which nothing is published.
pub(super) fn planned(plan: &Plan) -> Vec<RoleFacts> {
    let keys = |names: &[Name]| {
        let key =
            |name: &Name| KeyFacts { id: plan.key(name).map(KeyId::of), owner: Some(name.clone()), is_last: true };
        names.iter().map(key).collect()
    };
    let role = |role: SignedRole, label: String, names: &[Name], threshold| RoleFacts {
        role,
        label,
        delegator: None,
        threshold,
        keys: keys(names),
        files: Vec::new(),
        periods: None,
    };
    let people = |name: CeremonyRole, label: String, holders: &Holders| {
        role(SignedRole::People(name), label, holders.names(), holders.threshold())
    };
    let delegation = |delegation: &DelegationPlan| {
        let first = delegation.roles().into_iter().next()?;
        let facts = people(first, delegation.label(), &delegation.role.holders);
        Some(RoleFacts { delegator: Some(delegation.by.clone()), ..facts })
    };
    let top_level = [(CeremonyRole::Root, plan.root()), (CeremonyRole::Targets, plan.targets())];
    let top_level = top_level.map(|(name, role)| people(name.clone(), name.to_string(), &role.holders));
    let online = |name: TopLevelRole| role(SignedRole::Online(name), name.to_string(), plan.online(), 1);
    let delegated = plan.delegations().iter().filter_map(delegation);
    let online = [TopLevelRole::Snapshot, TopLevelRole::Timestamp].map(online);
    top_level.into_iter().chain(delegated).chain(online).collect()
}

/// What a policy says, before there is a plan.
pub(super) fn of_policy(policy: &Policy, keyholders: &Keyholders) -> Vec<RoleFacts> {
    let role = |role: SignedRole, names: &[Name], threshold| {
        let key = |name: &Name| KeyFacts {
            id: keyholders.get(name).map(Keyholder::key).map(KeyId::of),
            owner: Some(name.clone()),
            is_last: true,
        };
        RoleFacts {
            label: role.name().to_owned(),
            role,
            delegator: None,
            threshold,
            keys: names.iter().map(key).collect(),
            files: Vec::new(),
            periods: None,
        }
    };
    let people = [(CeremonyRole::Root, policy.root()), (CeremonyRole::Targets, policy.targets())];
    let people = people.into_iter().filter_map(|(name, policy)| {
        let holders = policy.holders.as_ref()?;
        Some(role(SignedRole::People(name), holders.names(), holders.threshold()))
    });
    let online = [TopLevelRole::Snapshot, TopLevelRole::Timestamp];
    let online = online.map(|name| role(SignedRole::Online(name), policy.online(), 1));
    people.chain(online.into_iter().filter(|role| !role.keys.is_empty())).collect()
}
