//! Whose signatures a part needs.

use std::collections::BTreeSet;

use rootline_metadata::{Authority, KeyId, KeyMaterial, Role, Root, TopLevelRole};

use crate::ceremony::ceremony::Ceremony;
use crate::ceremony::quorum::Delegator;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::plan::compromised::Bridging;
use crate::repository::delegates::{delegate, delegation_tree};

/// One file that says whose signatures count for a part.
pub(super) struct Demand<'a> {
    pub(super) delegator: Delegator,
    pub(super) authority: Authority<'a>,
    /// Whether only clients that have this root as their last ask for it. The last root never does so alone.
    pub(super) is_bridge: bool,
    /// Keys that do not count although they are listed.
    compromised: Option<&'a BTreeSet<KeyId>>,
}

impl<'a> Demand<'a> {
    fn required(delegator: Delegator, authority: Authority<'a>) -> Demand<'a> {
        Demand { delegator, authority, is_bridge: false, compromised: None }
    }

    /// The ids that count, as the file lists them.
    pub(super) fn key_ids(&self) -> impl Iterator<Item = &'a KeyId> {
        let is_compromised = |id: &KeyId| {
            let compromised = self.compromised.zip(self.authority.key(id));
            compromised.is_some_and(|(compromised, key)| compromised.contains(&KeyId::of(key)))
        };
        self.authority.role.key_ids().iter().filter(move |id| !is_compromised(id))
    }
}

impl<'a> Ceremony<'a> {
    /// Whose signatures a part needs: the last root's and, for targets, those of each root that can be a client's last as well.
    pub(super) fn demands(&self, part: &RoleVersion) -> Vec<Demand<'a>> {
        match &part.role {
            CeremonyRole::Root => self.demands_on_root(part),
            CeremonyRole::Targets => self.demands_on_targets(),
            CeremonyRole::Delegated(name) => self.demand_on_delegated(name).into_iter().collect(),
        }
    }

    /// Whether old roots are bridged, or why not.
    pub fn bridging(&self) -> Bridging {
        self.frozen().bridge_terms().bridging(self.published())
    }

    fn demands_on_root(&self, part: &RoleVersion) -> Vec<Demand<'a>> {
        let before = self.frozen().roots().map(|(part, root)| (part.version, root));
        let old = before.take_while(|(version, _)| *version < part.version).last();
        let old = old.or_else(|| self.published().root().map(|root| (root.version(), &**root)));
        let new = self.frozen().roots().find(|(own, _)| *own == part).map(|(own, root)| (own.version, root));
        let old = old.map(|(version, root)| (Delegator::OldRoot(version), root));
        let new = new.map(|(version, root)| (Delegator::NewRoot(version), root));
        let demand = |(delegator, root): (_, &'a Root)| Demand::required(delegator, root.authority(TopLevelRole::Root));
        old.into_iter().chain(new).map(demand).collect()
    }

    /// The last root's, which nobody can do without, and those of the roots that can be a client's last before it. Roots that say the same
    /// need no demand of their own.
    fn demands_on_targets(&self) -> Vec<Demand<'a>> {
        let sealed: Vec<&'a Root> = self.frozen().roots().map(|(_, root)| root).collect();
        let published = self.published().root().map(|root| &**root);
        let Some(last) = sealed.last().copied().or(published) else { return Vec::new() };
        let terms = self.frozen().bridge_terms();
        let in_use = terms.roots_in(self.published());
        let (old, new) = if self.bridging().is_emergency() { (Vec::new(), Vec::new()) } else { (in_use, sealed) };
        let old = old.into_iter().map(|root| (Delegator::OldRoot(root.version()), root));
        let new = new.into_iter().map(|root| (Delegator::NewRoot(root.version()), root));
        // What was frozen before there was a bridge is counted as it was then.
        let new = new.filter(|_| !terms.roots.is_empty());
        let of_last = last.authority(TopLevelRole::Targets);
        let mut demands: Vec<Demand<'a>> = Vec::new();
        for (delegator, root) in old.chain(new) {
            let authority = root.authority(TopLevelRole::Targets);
            let is_known = |known: Authority<'_>| is_alike(known, authority);
            if !is_known(of_last) && !demands.iter().any(|known| is_known(known.authority)) {
                let compromised = Some(&terms.compromised);
                demands.push(Demand { delegator, authority, is_bridge: true, compromised });
            }
        }
        let version = last.version();
        let of_last_by = if demands.is_empty() { Delegator::Root(version) } else { Delegator::NewRoot(version) };
        demands.push(Demand::required(of_last_by, of_last));
        demands
    }

    /// The file that will delegate to a role, and whose signatures it asks for.
    fn demand_on_delegated(&self, name: &Name) -> Option<Demand<'a>> {
        let (frozen, published) = (self.frozen(), self.published().current());
        let file = |role: &CeremonyRole| {
            let published = published.and_then(|current| current.targets_of(role)).map(|targets| &**targets);
            frozen.targets(role).or(published)
        };
        delegation_tree(file).find_map(|(role, targets)| {
            let delegator = Delegator::Targets(RoleVersion::new(role, targets.version()));
            Some(Demand::required(delegator, delegate(targets, name)?))
        })
    }
}

/// Whether two roots ask the same people for the same number of signatures.
fn is_alike(one: Authority<'_>, other: Authority<'_>) -> bool {
    fn keys<'k>(authority: Authority<'k>) -> BTreeSet<&'k KeyMaterial> {
        authority.usable_keys().map(|key| key.material()).collect()
    }
    one.role.threshold() == other.role.threshold() && keys(one) == keys(other)
}
