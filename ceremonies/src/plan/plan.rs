//! What shall be true once a ceremony is over: `plan.toml`.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, KeyId, PublicKey, Root};

use super::compromised::{Bridging, Compromised};
use super::delegated_roles::DelegatedRoles;
use super::delegation::DelegationPlan;
use super::role_plan::RolePlan;
use super::shipment::Shipment;
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;
use crate::model::period::Periods;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;

/// A plan: everything a ceremony changes, and the date from which expiries count. It is the only input beside what is published and
/// the files that are shipped, so that freezing it gives the same bytes on every machine.
#[derive(Clone, Debug)]
pub struct Plan {
    pub(super) id: Name,
    pub(super) at: DateTime<Utc>,
    pub(super) summary: Option<String>,
    pub(super) root: RolePlan,
    pub(super) targets: RolePlan,
    pub(super) shipment: Shipment,
    /// In the order in which they are searched; who delegates comes before those it delegates to, so they make a tree.
    pub(super) delegations: Vec<DelegationPlan>,
    /// The role that each delegation makes, and what it ships.
    pub(super) roles: DelegatedRoles,
    pub(super) online: OnlinePlan,
    /// For those who shall sign with another key than their last.
    pub(super) keys: BTreeMap<Name, PublicKey>,
    pub(super) compromised: Vec<Compromised>,
    pub(super) compromised_keys: BTreeSet<KeyId>,
    /// Everybody whom the plan names is one of them.
    pub(super) keyholders: Keyholders,
    pub(super) text: String,
    pub(super) digest: String,
}

/// What shall hold for what is signed without people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OnlinePlan {
    /// Whose keys sign snapshot and timestamp; any one of them suffices.
    pub keys: Vec<Name>,
    /// How long a snapshot holds. None: as the policy says.
    pub snapshot: Option<Periods>,
    /// How long a timestamp holds. None: as the policy says.
    pub timestamp: Option<Periods>,
}

impl Plan {
    /// The ceremony's name.
    pub fn id(&self) -> &Name {
        &self.id
    }

    /// The instant from which expiries count, in whole seconds.
    pub fn at(&self) -> DateTime<Utc> {
        self.at
    }

    /// What it is for, in a sentence.
    pub fn summary(&self) -> Option<&str> {
        self.summary.as_deref()
    }

    /// Root: whose keys count.
    pub fn root(&self) -> &RolePlan {
        &self.root
    }

    /// Targets: who says what is shipped.
    pub fn targets(&self) -> &RolePlan {
        &self.targets
    }

    /// What targets ships itself.
    pub fn shipment(&self) -> &Shipment {
        &self.shipment
    }

    /// The names of all that targets ships itself, in order, each once.
    pub fn ship(&self) -> &[TargetName] {
        self.shipment.names()
    }

    /// The delegations, in the order in which they are searched; who delegates comes before those it delegates to.
    pub fn delegations(&self) -> &[DelegationPlan] {
        &self.delegations
    }

    /// The delegation that makes a role.
    pub fn delegation(&self, role: &CeremonyRole) -> Option<&DelegationPlan> {
        self.delegations.get(self.roles.delegation(role)?)
    }

    /// The names of what a role ships itself, in order, each once.
    pub fn shipped_by(&self, role: &CeremonyRole) -> &[TargetName] {
        match role {
            CeremonyRole::Targets => self.ship(),
            delegated => self.roles.shipped_by(delegated),
        }
    }

    /// Whether any role ships something of that name.
    pub fn ships(&self, name: &TargetName) -> bool {
        self.ship().binary_search(name).is_ok() || self.roles.ships(name)
    }

    /// The keyholders that sign snapshot and timestamp without a person; any one of them suffices.
    pub fn online(&self) -> &[Name] {
        &self.online.keys
    }

    /// What shall hold for what is signed without people.
    pub fn online_plan(&self) -> &OnlinePlan {
        &self.online
    }

    /// The key that a keyholder signs with once the ceremony is over: the last of theirs, unless the plan names another one.
    pub fn key(&self, name: &Name) -> Option<&PublicKey> {
        self.keys.get(name).or_else(|| self.keyholders.get(name).map(Keyholder::key))
    }

    /// The keys that the plan names one by one.
    pub fn named_keys(&self) -> &BTreeMap<Name, PublicKey> {
        &self.keys
    }

    /// What the plan names as compromised.
    pub fn compromised(&self) -> &[Compromised] {
        &self.compromised
    }

    /// The ids of the keys that the plan names as compromised.
    pub fn compromised_keys(&self) -> &BTreeSet<KeyId> {
        &self.compromised_keys
    }

    /// Whether clients are led over from these roots, which can be their last, to what the plan makes.
    pub fn bridging<'r>(&self, roots: impl IntoIterator<Item = &'r Root>) -> Bridging {
        Bridging::of(&self.compromised_keys, roots)
    }

    /// The plan as it was when these key ids were listed: a keyholder with several keys, and none named here, signs with the last of
    /// theirs that is among them.
    pub(crate) fn with_keys(mut self, listed: &[String]) -> Plan {
        for holder in self.keyholders.iter().filter(|holder| holder.keys().len() > 1) {
            let is_listed = |key: &&PublicKey| listed.iter().any(|id| id == KeyId::of(key).as_str());
            if let Some(key) = holder.keys().iter().rfind(is_listed) {
                self.keys.entry(holder.name().clone()).or_insert_with(|| key.clone());
            }
        }
        self
    }

    /// The expiry of what a role's plan makes.
    pub fn expiry(&self, role: &RolePlan) -> Expiry {
        role.expires.after(role.at.unwrap_or(self.at))
    }

    /// The keyholders that the plan was read with.
    pub fn keyholders(&self) -> &Keyholders {
        &self.keyholders
    }

    /// The text that the plan was read from: freezing keeps it byte for byte.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The SHA-256 digest of the plan's text, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}
