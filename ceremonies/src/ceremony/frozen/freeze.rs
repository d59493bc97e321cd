//! From a plan to files.

use std::collections::BTreeMap;

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{Authority, KeyId, PublicKey, Root, TargetFile, Targets, TopLevelRole, Verified, Version};

use super::base::Base;
use super::bridge_terms::BridgeTerms;
use super::content;
use super::{FreezeError, FrozenFile};
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;
use crate::plan::delegation::DelegationPlan;
use crate::plan::plan::Plan;
use crate::plan::role_plan::RolePlan;
use crate::plan::root_sequence::{MAX_ROOTS, RootHolders, root_sequence};
use crate::repository::document::{self, DelegationContent, RoleContent};
use crate::repository::published::Published;

pub(super) fn freeze(
    plan: &Plan,
    published: &Published,
    targets: &BTreeMap<TargetName, Vec<u8>>,
    bridge: &BridgeTerms,
) -> Result<BTreeMap<RoleVersion, FrozenFile>, FreezeError> {
    if !published.is_complete() {
        return Err(FreezeError::Incomplete);
    }
    content::check(plan, published, targets)?;
    let freezer = Freezer { plan, base: Base::Now(published), given: targets, files: BTreeMap::new(), bridge };
    let files = freezer.freeze()?;
    if files.is_empty() { Err(FreezeError::NothingChanges) } else { Ok(files) }
}

/// Renders the files of an earlier freezing again.
pub(super) fn rebuild(
    plan: &Plan,
    base: Base<'_>,
    targets: &BTreeMap<TargetName, Vec<u8>>,
) -> Result<BTreeMap<RoleVersion, FrozenFile>, FreezeError> {
    // Which files there are has been decided.
    let bridge = &BridgeTerms::default();
    Freezer { plan, base, given: targets, files: BTreeMap::new(), bridge }.freeze()
}

struct Freezer<'a> {
    plan: &'a Plan,
    base: Base<'a>,
    given: &'a BTreeMap<TargetName, Vec<u8>>,
    files: BTreeMap<RoleVersion, FrozenFile>,
    bridge: &'a BridgeTerms,
}

impl Freezer<'_> {
    fn freeze(mut self) -> Result<BTreeMap<RoleVersion, FrozenFile>, FreezeError> {
        self.freeze_roots()?;
        self.freeze_targets(&CeremonyRole::Targets)?;
        // Who delegates comes before those it delegates to.
        for role in self.plan.delegations().iter().flat_map(DelegationPlan::roles) {
            self.freeze_targets(&role)?;
        }
        Ok(self.files)
    }

    fn freeze_roots(&mut self) -> Result<(), FreezeError> {
        let plan = self.plan;
        let planned = planned_roles(plan);
        let (expiry, signing) = (plan.expiry(plan.root()), plan.root().signing);
        let last = document::root(Version::FIRST, expiry, signing, &planned);
        let decided = self.base.decides(&CeremonyRole::Root);
        if decided == Some(false) {
            return Ok(());
        }
        let Some(published) = self.base.root() else { return self.put_root(last) };
        let stays = !plan.root().renew && document::same_content(&last, &document::read_signed_part(published.bytes()));
        if decided.is_none() && stays {
            return Ok(());
        }
        let (from, to) = (published_holders(plan, published)?, planned_holders(plan));
        let mut sequence = root_sequence(&from, &to).ok_or(FreezeError::TooManyRoots { most: MAX_ROOTS })?;
        sequence.pop();
        // Only the holders of root change on the way; all else comes with the last one.
        let steps: Vec<ValueMembers> = sequence
            .iter()
            .map(|step| {
                let mut roles = published_roles(published);
                let keys = step.keys.values().map(|(_, key)| *key).collect();
                roles.insert(TopLevelRole::Root, RoleContent { keys, threshold: step.threshold, periods: None });
                document::root(Version::FIRST, expiry, signing, &roles)
            })
            .collect();
        steps.into_iter().chain([last]).try_for_each(|root| self.put_root(root))
    }

    /// The next root in a row, as the version that is its turn.
    fn put_root(&mut self, signed: ValueMembers) -> Result<(), FreezeError> {
        let before = self.files.keys().rfind(|part| part.role == CeremonyRole::Root);
        let part = match before {
            None => self.base.next_part(&CeremonyRole::Root)?,
            Some(before) => {
                let version = before.version.next().ok_or_else(|| before.role.no_version_left())?;
                RoleVersion::new(CeremonyRole::Root, version)
            }
        };
        self.put(part, signed)
    }

    fn put(&mut self, part: RoleVersion, mut signed: ValueMembers) -> Result<(), FreezeError> {
        signed.insert("version", part.version.number().into());
        let file = FrozenFile::read(&part.role, document::unsigned(signed))
            .map_err(|source| FreezeError::Unreadable { part: part.clone(), source })?;
        self.files.insert(part, file);
        Ok(())
    }

    fn freeze_targets(&mut self, role: &CeremonyRole) -> Result<(), FreezeError> {
        let decided = self.base.decides(role);
        if decided == Some(false) {
            return Ok(());
        }
        let (role_plan, files) = self.planned_files(role)?;
        let delegations: Vec<DelegationContent<'_>> = self
            .plan
            .delegations()
            .iter()
            .filter(|delegation| delegation.by == *role)
            .map(|delegation| DelegationContent {
                to: &delegation.to,
                holders: holders_content(self.plan, &delegation.role),
            })
            .collect();
        let expiry = self.plan.expiry(role_plan);
        let signed_part = document::targets(Version::FIRST, expiry, role_plan.signing, &files, &delegations);
        if decided.is_none() && !role_plan.renew && self.stays(role, &signed_part) {
            return Ok(());
        }
        self.put(self.base.next_part(role)?, signed_part)
    }

    /// Whether what is published says the same, and has the signatures that it will need: those who say whose count may have changed, and
    /// several roots may ask for targets.
    fn stays(&self, role: &CeremonyRole, signed_part: &ValueMembers) -> bool {
        let Base::Now(published) = self.base else { return false };
        let current = published.current().and_then(|current| current.targets_of(role));
        current.is_some_and(|current| {
            let same = document::same_content(signed_part, &document::read_signed_part(current.bytes()));
            let is_signed = |authority| current.envelope().clone().verify(authority).is_ok();
            let bridged = self.bridged(role, published);
            same && self.authority(role, published).is_some_and(is_signed) && bridged.into_iter().all(is_signed)
        })
    }

    /// What the plan says about a role, and the files that it ships.
    fn planned_files(&self, role: &CeremonyRole) -> Result<(&RolePlan, BTreeMap<TargetName, TargetFile>), FreezeError> {
        let plan = self.plan;
        let (role_plan, shipment, names) = match plan.delegation(role) {
            Some(delegation) => (&delegation.role, &delegation.shipment, plan.shipped_by(role)),
            None => (plan.targets(), plan.shipment(), plan.ship()),
        };
        let before = self.base.targets(role);
        let mut files = BTreeMap::new();
        for name in names {
            let bytes = self.given.get(name).ok_or_else(|| FreezeError::NoSuchTarget { name: name.clone() })?;
            let custom = match shipment.custom(name) {
                Some(custom) => Some(custom).filter(|custom| !custom.is_empty()).cloned().map(Value::from),
                // The plan says nothing of it, so it stays as it is.
                None => before.and_then(|before| before.target(name.path())).and_then(|before| before.custom),
            };
            files.insert(name.clone(), TargetFile { custom, ..TargetFile::of(bytes) });
        }
        Ok((role_plan, files))
    }

    /// Whose signatures targets need beside the last root's: those of each root that can be a client's last.
    fn bridged<'p>(&'p self, role: &CeremonyRole, published: &'p Published) -> Vec<Authority<'p>> {
        if *role != CeremonyRole::Targets || self.bridge.bridging(published).is_emergency() {
            return Vec::new();
        }
        let frozen = self.files.values().filter_map(|file| match file {
            FrozenFile::Root(root) => Some(root.unverified()),
            FrozenFile::Targets(_) => None,
        });
        let frozen = frozen.filter(|_| !self.bridge.roots.is_empty());
        let roots = self.bridge.roots_in(published).into_iter().chain(frozen);
        roots.map(|root| root.authority(TopLevelRole::Targets)).collect()
    }

    /// Whose signatures a targets role needs once the ceremony is over. Whoever delegates to it has been frozen before, if it changes.
    fn authority<'p>(&'p self, role: &CeremonyRole, published: &'p Published) -> Option<Authority<'p>> {
        let Some(delegation) = self.plan.delegation(role) else {
            let frozen = self.files.values().rev().find_map(|file| match file {
                FrozenFile::Root(root) => Some(root.unverified()),
                FrozenFile::Targets(_) => None,
            });
            let published: Option<&Root> = published.root().map(|root| &**root);
            return frozen.or(published).map(|root| root.authority(TopLevelRole::Targets));
        };
        let frozen = self.files.iter().find_map(|(part, file)| match file {
            FrozenFile::Targets(targets) if part.role == delegation.by => Some(targets.unverified()),
            _ => None,
        });
        let published: Option<&Targets> =
            published.current().and_then(|current| current.targets_of(&delegation.by)).map(|targets| &**targets);
        frozen.or(published)?.delegations()?.authority(&role.role_name()?)
    }
}

fn holders_content<'a>(plan: &'a Plan, role: &RolePlan) -> RoleContent<'a> {
    RoleContent { keys: keys(plan, role.holders.names()), threshold: role.holders.threshold(), periods: None }
}

fn keys<'a>(plan: &'a Plan, names: &[Name]) -> Vec<&'a PublicKey> {
    names.iter().filter_map(|name| plan.key(name)).collect()
}

fn planned_roles(plan: &Plan) -> BTreeMap<TopLevelRole, RoleContent<'_>> {
    let online = plan.online_plan();
    let signed_online = |periods| RoleContent { keys: keys(plan, &online.keys), threshold: 1, periods };
    BTreeMap::from([
        (TopLevelRole::Root, holders_content(plan, plan.root())),
        (TopLevelRole::Targets, holders_content(plan, plan.targets())),
        (TopLevelRole::Snapshot, signed_online(online.snapshot)),
        (TopLevelRole::Timestamp, signed_online(online.timestamp)),
    ])
}

fn published_roles(root: &Verified<Root>) -> BTreeMap<TopLevelRole, RoleContent<'_>> {
    let content = |role: TopLevelRole| {
        let authority = root.authority(role);
        let periods = crate::repository::published::periods(root, role);
        (role, RoleContent { keys: authority.usable_keys().collect(), threshold: authority.role.threshold(), periods })
    };
    TopLevelRole::ALL.into_iter().map(content).collect()
}

fn planned_holders(plan: &Plan) -> RootHolders<'_> {
    let holders = &plan.root().holders;
    let key = |name| plan.key(name).map(|key| (KeyId::of(key), (name, key)));
    RootHolders { keys: holders.names().iter().filter_map(key).collect(), threshold: holders.threshold() }
}

fn published_holders<'a>(plan: &'a Plan, root: &'a Verified<Root>) -> Result<RootHolders<'a>, FreezeError> {
    let authority = root.authority(TopLevelRole::Root);
    let mut keys = BTreeMap::new();
    for id in authority.role.key_ids() {
        let key = authority.key(id);
        let owner = key.and_then(|key| plan.keyholders().owner(key.material()));
        let (key, owner) = key.zip(owner).ok_or_else(|| FreezeError::NobodysKey { key_id: id.clone() })?;
        keys.insert(KeyId::of(key), (owner.name(), key));
    }
    Ok(RootHolders { keys, threshold: authority.role.threshold() })
}
