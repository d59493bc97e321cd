//! A plan while it is being written.

mod error;
mod published;
pub(crate) mod role;

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::json::ValueMembers;
use rootline_metadata::{KeyId, PathPattern, PublicKey, Scope, Targets, TopLevelRole, instant_text};

pub use error::DraftError;

use self::published::{owners, published_delegations, published_role};
use self::role::{DraftDelegation, DraftRole, custom_toml, ship_toml};
use crate::model::holders::names_toml;
use crate::model::keyholder::Keyholders;
use crate::model::name::Name;
use crate::model::period::{Days, Periods};
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;
use crate::model::toml_error::quoted;
use crate::plan::compromised::Compromised;
use crate::plan::delegation::Delegates;
use crate::plan::plan::{OnlinePlan, Plan};
use crate::plan::policy::{OfflinePolicy, Policy};
use crate::plan::shipment::Shipment;
use crate::repository::published::{Current, Published};

/// The beginning of a plan: what is true now, to be changed into what shall be true. Whether it can be is found out when the plan is
/// read.
#[derive(Clone, Debug)]
pub struct Draft {
    pub(crate) id: Name,
    pub(crate) at: DateTime<Utc>,
    pub(crate) summary: String,
    pub(crate) root: DraftRole,
    pub(crate) targets: DraftRole,
    pub(crate) shipment: Shipment,
    pub(crate) delegations: Vec<DraftDelegation>,
    pub(crate) online: OnlinePlan,
    pub(crate) keys: BTreeMap<Name, PublicKey>,
    pub(crate) compromised: Vec<Compromised>,
}

impl Draft {
    /// A draft that says who signs as the newest root does and delegations do, or as the policy does before there is a root; how long files
    /// hold, as the policy says, and of delegated roles the plans that it knows; and what is shipped, as given. What nobody ships yet goes to the first role that it is delegated to, or
    /// else to targets.
    ///
    /// # Errors
    /// If the policy names nobody yet, or something published lists a key that is nobody's.
    pub fn new(
        id: Name,
        at: DateTime<Utc>,
        policy: &Policy,
        published: &Published,
        keyholders: &Keyholders,
        ship: Vec<TargetName>,
    ) -> Result<Draft, DraftError> {
        let role = |role: CeremonyRole, policy: &OfflinePolicy| match (role.top_level(), published.root()) {
            (Some(top_level), Some(root)) => {
                let signing = published.signing_days(&role);
                published_role(root.authority(top_level), keyholders, policy.periods.expires, signing)
            }
            _ => match &policy.holders {
                Some(holders) => Ok(DraftRole {
                    holders: holders.names().to_vec(),
                    threshold: holders.threshold(),
                    expires: policy.periods.expires,
                    signing: None,
                    renew: false,
                    at: None,
                }),
                None => Err(DraftError::NobodyNamed { role }),
            },
        };
        let keys = match published.root() {
            Some(root) => owners(root.authority(TopLevelRole::Timestamp), keyholders)?,
            None => policy.online().to_vec(),
        };
        let periods = |role| published.online_periods(role);
        let mut draft = Draft {
            id,
            at,
            summary: String::new(),
            root: role(CeremonyRole::Root, policy.root())?,
            targets: role(CeremonyRole::Targets, policy.targets())?,
            shipment: Shipment::default(),
            delegations: match published.current() {
                Some(current) => published_delegations(published, current, keyholders, policy)?,
                None => Vec::new(),
            },
            online: OnlinePlan {
                keys,
                snapshot: periods(TopLevelRole::Snapshot),
                timestamp: periods(TopLevelRole::Timestamp),
            },
            keys: BTreeMap::new(),
            compromised: Vec::new(),
        };
        ship.into_iter().for_each(|name| draft.ship(name, published));
        Ok(draft)
    }

    /// The draft that a plan was made from.
    pub fn of(plan: &Plan) -> Draft {
        Draft {
            id: plan.id().clone(),
            at: plan.at(),
            summary: plan.summary().unwrap_or_default().to_owned(),
            root: DraftRole::of(plan.root()),
            targets: DraftRole::of(plan.targets()),
            shipment: plan.shipment().clone(),
            delegations: plan.delegations().iter().map(DraftDelegation::of).collect(),
            online: plan.online_plan().clone(),
            keys: plan.named_keys().clone(),
            compromised: plan.compromised().to_vec(),
        }
    }

    /// Says what the ceremony is for.
    pub fn summarise(&mut self, summary: impl Into<String>) {
        self.summary = summary.into();
    }

    /// Puts `new` where `old` is named, in every role.
    ///
    /// # Errors
    /// If `old` is named nowhere, or `new` is already where `old` is.
    pub fn replace(&mut self, old: &Name, new: &Name) -> Result<(), DraftError> {
        let mut found = false;
        let delegated = self.delegations.iter_mut().map(|delegation| &mut delegation.role.holders);
        let top_level = [&mut self.root.holders, &mut self.targets.holders, &mut self.online.keys];
        for names in top_level.into_iter().chain(delegated) {
            let Some(at) = names.iter().position(|name| name == old) else { continue };
            if names.contains(new) {
                return Err(DraftError::AlreadyNamed { name: new.clone() });
            }
            names[at] = new.clone();
            found = true;
        }
        if found { Ok(()) } else { Err(DraftError::NotNamed { name: old.clone() }) }
    }

    /// Says that somebody else may have the keys of a keyholder that the plan gives no role, and how that came.
    pub fn name_compromised(&mut self, holder: Name, reason: Option<String>) {
        if !self.compromised.iter().any(|known| known.holder == holder && known.key.is_none()) {
            self.compromised.push(Compromised { holder, key: None, reason });
        }
    }

    /// Names one more keyholder for a role.
    ///
    /// # Errors
    /// If they are named already, or there is no such role.
    pub fn add(&mut self, role: &CeremonyRole, name: &Name) -> Result<(), DraftError> {
        let holders = &mut self.role(role)?.holders;
        if holders.contains(name) {
            return Err(DraftError::AlreadyNamed { name: name.clone() });
        }
        holders.push(name.clone());
        Ok(())
    }

    /// Takes a keyholder out of a role.
    ///
    /// # Errors
    /// If they are not in it, or there is no such role.
    pub fn remove(&mut self, role: &CeremonyRole, name: &Name) -> Result<(), DraftError> {
        let holders = &mut self.role(role)?.holders;
        let at = holders.iter().position(|holder| holder == name);
        let at = at.ok_or_else(|| DraftError::NotNamed { name: name.clone() })?;
        holders.remove(at);
        Ok(())
    }

    /// Says how many have to sign a role.
    ///
    /// # Errors
    /// If there is no such role.
    pub fn set_threshold(&mut self, role: &CeremonyRole, threshold: u64) -> Result<(), DraftError> {
        self.role(role)?.threshold = threshold;
        Ok(())
    }

    /// Says how long the next version of a role holds.
    ///
    /// # Errors
    /// If there is no such role.
    pub fn set_expiry(&mut self, role: &CeremonyRole, expires: Days) -> Result<(), DraftError> {
        self.role(role)?.expires = expires;
        Ok(())
    }

    /// Asks for a new version of a role even if only its expiry changes.
    ///
    /// # Errors
    /// If there is no such role.
    pub fn renew(&mut self, role: &CeremonyRole) -> Result<(), DraftError> {
        self.role(role)?.renew = true;
        Ok(())
    }

    /// Lets targets delegate to one more role, searched after the others: whatever fits one of these patterns. It has no holders yet, ships
    /// what nobody ships by name yet, and holds as long as targets does.
    ///
    /// # Errors
    /// If there is such a role.
    pub fn delegate(&mut self, name: Name, patterns: Vec<String>, published: &Published) -> Result<(), DraftError> {
        let role = CeremonyRole::Delegated(name.clone());
        if self.role(&role).is_ok() {
            return Err(DraftError::DelegatedAlready { role });
        }
        let scope = Scope::Patterns(patterns.into_iter().map(PathPattern::new).collect());
        let role = DraftRole { holders: Vec::new(), threshold: 1, renew: false, at: None, ..self.targets.clone() };
        let to = Delegates::Role { name, scope, terminating: true };
        self.delegations.push(DraftDelegation { by: CeremonyRole::Targets, to, role, shipment: Shipment::default() });
        // What it covers and is not published under another role is for it to ship.
        let names = std::mem::take(&mut self.shipment.names);
        names.into_iter().for_each(|name| self.ship(name, published));
        Ok(())
    }

    /// Says something about a file beside its length and digests: the `custom` object (TUF 4.5). An empty one takes away what is there.
    ///
    /// # Errors
    /// If no role ships the file.
    pub fn set_custom(&mut self, name: &TargetName, members: ValueMembers) -> Result<(), DraftError> {
        let delegated = self.delegations.iter_mut().map(|delegation| &mut delegation.shipment);
        let mut shipments = std::iter::once(&mut self.shipment).chain(delegated);
        let shipment = shipments.find(|shipment| shipment.names.contains(name));
        let shipment = shipment.ok_or_else(|| DraftError::NotShipped { name: name.clone() })?;
        shipment.custom.insert(name.clone(), members);
        Ok(())
    }

    /// The text of `plan.toml`, with a comment on what a person may want to change.
    pub fn to_toml(&self) -> String {
        format!(
            "# What shall be true once this ceremony is over. Edit it, then: rootline-repo ceremony freeze {id}\n\
             id = \"{id}\"\n\
             # Expiries count from here, so that freezing gives the same bytes on every machine.\n\
             at = {at}\n\
             # What it is for, in a sentence that keyholders read before they sign.\n\
             summary = {summary}\n\
             \n\
             # Who may change whose keys count. Names are folders under keyholders/.\n\
             [root]\n\
             {root}\
             \n\
             # Who may change what is shipped, and what that is: files under targets/.\n\
             [targets]\n\
             {targets}\
             ship = {ship}\n\
             {custom}\
             {delegations}\
             \n\
             # The keys that sign snapshot and timestamp without a person; any one of them suffices.\n\
             [online]\n\
             keys = {online}\n\
             {periods}\
             {keys}\
             {compromised}",
            id = self.id,
            at = instant_text(self.at),
            summary = quoted(&self.summary),
            root = self.root.to_toml(),
            targets = self.targets.to_toml(),
            ship = ship_toml(&self.shipment.names),
            custom = custom_toml("targets", &self.shipment.custom),
            delegations = self.delegations_toml(),
            online = names_toml(&self.online.keys),
            periods = self.periods_toml(),
            keys = self.keys_toml(),
            compromised = self.compromised.iter().map(Compromised::to_toml).collect::<String>(),
        )
    }

    fn delegations_toml(&self) -> String {
        if self.delegations.is_empty() {
            return String::new();
        }
        let comment = "\n# Who else may ship what, in the order in which it is searched. Instead of paths: hash-prefixes, or bins.";
        let each: String = self.delegations.iter().map(DraftDelegation::to_toml).collect();
        format!("{comment}{each}")
    }

    fn periods_toml(&self) -> String {
        let line = |name: &str, periods: Option<Periods>| {
            let line = |Periods { expires, signing }: Periods| {
                format!("{name} = {{ expires-days = {}, signing-days = {} }}\n", expires.number(), signing.number())
            };
            periods.map(line).unwrap_or_default()
        };
        line("snapshot", self.online.snapshot) + &line("timestamp", self.online.timestamp)
    }

    fn keys_toml(&self) -> String {
        if self.keys.is_empty() {
            return String::new();
        }
        let comment = "\n# Who is to sign with another key than the last of theirs.\n[keys]\n";
        let line = |(name, key): (&Name, &PublicKey)| format!("{} = \"{}\"\n", quoted(name.as_str()), KeyId::of(key));
        format!("{comment}{}", self.keys.iter().map(line).collect::<String>())
    }

    pub(crate) fn role(&mut self, role: &CeremonyRole) -> Result<&mut DraftRole, DraftError> {
        let found = match role {
            CeremonyRole::Root => Some(&mut self.root),
            CeremonyRole::Targets => Some(&mut self.targets),
            CeremonyRole::Delegated(name) => {
                let is_it = |delegation: &&mut DraftDelegation| match &delegation.to {
                    Delegates::Role { name: other, .. } => other == name,
                    Delegates::Bins(bins) => role.role_name().is_some_and(|name| bins.is_bin(&name)),
                };
                self.delegations.iter_mut().find(is_it).map(|delegation| &mut delegation.role)
            }
        };
        found.ok_or_else(|| DraftError::NoSuchRole { role: role.clone() })
    }

    /// Puts a name where it is shipped now, or else where it is delegated to.
    fn ship(&mut self, name: TargetName, published: &Published) {
        let ships = |targets: &Targets| targets.target(name.path()).is_some();
        let now = published.current().into_iter().flat_map(Current::all_targets).find(|(_, targets)| ships(targets));
        let now = now.map(|(part, _)| part.role);
        let place = match &now {
            Some(CeremonyRole::Targets) => None,
            _ => self.delegations.iter_mut().find(|delegation| {
                let covers = match &delegation.to {
                    Delegates::Role { scope, .. } => scope.covers(name.path()),
                    Delegates::Bins(_) => true,
                };
                covers && (now.is_some() || delegation.by == CeremonyRole::Targets) && is_made_by(&now, &delegation.to)
            }),
        };
        match place {
            Some(delegation) => delegation.shipment.names.push(name),
            None => self.shipment.names.push(name),
        }
    }
}

/// Whether a delegation makes this role; any does, where no role is asked for.
fn is_made_by(role: &Option<CeremonyRole>, to: &Delegates) -> bool {
    match (role, to) {
        (None, _) => true,
        (Some(CeremonyRole::Delegated(name)), Delegates::Role { name: other, .. }) => name == other,
        (Some(role), Delegates::Bins(bins)) => role.role_name().is_some_and(|name| bins.is_bin(&name)),
        _ => false,
    }
}
