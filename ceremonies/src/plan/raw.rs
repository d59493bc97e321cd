//! `plan.toml` as it stands in the file, and what is checked about it, each with its place.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Datelike, Utc};
use rootline_metadata::plain_name;
use rootline_metadata::{PublicKey, Scope, hex, parse_instant, sha256};
use serde::Deserialize;
use toml::Spanned;

use super::compromised::{self, RawCompromised};
use super::delegated_roles::DelegatedRoles;
use super::delegation::{Delegates, DelegationPlan, RawDelegation};
use super::plan::{OnlinePlan, Plan};
use super::reach;
use super::role_plan::RolePlan;
use super::shipment::{self, RawCustom, RawShip};
use crate::model::bounds::{Bound, Bounds};
use crate::model::holders::{self, RawHolders, RawNames};
use crate::model::keyholder::{Keyholder, Keyholders};
use crate::model::name::Name;
use crate::model::period::{Days, Periods, RawPeriods, read_signing};
use crate::model::role::CeremonyRole;
use crate::model::toml_error::{self, TomlError};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    #[serde(rename = "format")]
    _format: Option<u64>,
    id: Spanned<String>,
    at: Spanned<toml::value::Datetime>,
    summary: Option<String>,
    root: RawRoot,
    targets: RawTargets,
    #[serde(default)]
    delegations: Vec<RawDelegation>,
    online: RawOnlinePlan,
    #[serde(default)]
    keys: BTreeMap<Spanned<String>, Spanned<String>>,
    #[serde(default)]
    compromised: Vec<RawCompromised>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRoot {
    holders: RawNames,
    threshold: Spanned<u64>,
    expires_days: Spanned<u64>,
    signing_days: Option<Spanned<u64>>,
    at: Option<Spanned<toml::value::Datetime>>,
    #[serde(default)]
    renew: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTargets {
    holders: RawNames,
    threshold: Spanned<u64>,
    expires_days: Spanned<u64>,
    signing_days: Option<Spanned<u64>>,
    at: Option<Spanned<toml::value::Datetime>>,
    #[serde(default)]
    renew: bool,
    ship: RawShip,
    #[serde(default)]
    custom: RawCustom,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawOnlinePlan {
    keys: RawNames,
    snapshot: Option<Spanned<RawPeriods>>,
    timestamp: Option<Spanned<RawPeriods>>,
}

/// What every table of a role that people sign has.
struct RawRole<'a> {
    holders: &'a RawNames,
    threshold: &'a Spanned<u64>,
    expires_days: &'a Spanned<u64>,
    signing_days: Option<&'a Spanned<u64>>,
    at: Option<&'a Spanned<toml::value::Datetime>>,
    renew: bool,
}

/// Gives the members that all three kinds of tables have.
macro_rules! raw_role {
    ($table:expr) => {
        RawRole {
            holders: &$table.holders,
            threshold: &$table.threshold,
            expires_days: &$table.expires_days,
            signing_days: $table.signing_days.as_ref(),
            at: $table.at.as_ref(),
            renew: $table.renew,
        }
    };
}

impl RawRole<'_> {
    fn read(&self, text: &str, keyholders: &Keyholders, bound: &Bound) -> Result<RolePlan, TomlError> {
        check_known(text, self.holders, keyholders)?;
        let holders = RawHolders { names: self.holders, threshold: self.threshold }.read(text)?;
        let at_fault = |span, problem| TomlError::at(text, span, problem);
        bound.check_threshold(holders.threshold()).map_err(|problem| at_fault(self.threshold.span(), problem))?;
        let expires = Days::read(text, self.expires_days)?;
        bound.check_days(expires).map_err(|problem| at_fault(self.expires_days.span(), problem))?;
        Ok(RolePlan {
            holders,
            expires,
            signing: self.signing_days.map(|raw| read_signing(text, raw, expires)).transpose()?,
            renew: self.renew,
            at: self.at.map(|raw| read_instant(text, raw)).transpose()?,
        })
    }
}

impl Plan {
    /// Reads `plan.toml`; [`Draft::to_toml`](crate::Draft::to_toml) writes one. Every name in it is one of `keyholders`, and everything
    /// in it is within `bounds`.
    ///
    /// # Errors
    /// With its line, if it has another form, a member that is not known, a name that is nobody's, a threshold that cannot be met, a
    /// number out of bounds, a key that is to sign both with and without a person, or ships what nobody would find.
    pub fn parse(text: &str, keyholders: &Keyholders, bounds: &Bounds) -> Result<Plan, TomlError> {
        let raw: RawPlan = toml_error::read_file(text)?;
        let root = raw_role!(raw.root).read(text, keyholders, bounds.of(&CeremonyRole::Root))?;
        let targets = raw_role!(raw.targets).read(text, keyholders, bounds.of(&CeremonyRole::Targets))?;
        let delegations = read_delegations(text, &raw.delegations, keyholders, bounds)?;
        let mut plan = Plan {
            compromised: Vec::new(),
            compromised_keys: BTreeSet::new(),
            id: raw.id.get_ref().parse().map_err(|bad| TomlError::at(text, raw.id.span(), format!("{bad}")))?,
            at: read_instant(text, &raw.at)?,
            summary: raw.summary,
            online: read_online(text, &raw.online, [&root, &targets], keyholders, bounds)?,
            root,
            targets,
            shipment: shipment::read(text, &raw.targets.ship, &raw.targets.custom)?,
            roles: DelegatedRoles::new(&delegations),
            delegations,
            keys: read_keys(text, &raw.keys, keyholders)?,
            keyholders: keyholders.clone(),
            text: text.to_owned(),
            digest: hex::encode(&sha256(text.as_bytes())),
        };
        let has_role = |key: &PublicKey| plan.has_role(key);
        (plan.compromised, plan.compromised_keys) = compromised::read(text, &raw.compromised, keyholders, has_role)?;
        for (raw, delegation) in raw.delegations.iter().zip(&plan.delegations) {
            for name in raw.ship.get_ref() {
                // Each was read as a name above.
                let own = name.get_ref().parse().ok();
                if let Some(why) = own.and_then(|own| reach::hindrance(&plan, delegation, &own)) {
                    return Err(TomlError::at(text, name.span(), why));
                }
            }
        }
        let ships = raw.delegations.iter().map(|delegation| &delegation.ship).chain([&raw.targets.ship]);
        let shipped: Vec<&Spanned<String>> = ships.flat_map(|ship| ship.get_ref()).collect();
        // Of a name that two roles ship it was said above whether both are found.
        let names: BTreeSet<&str> = shipped.iter().map(|name| name.get_ref().as_str()).collect();
        if let Some((name, other)) = plain_name::clash(names) {
            let place =
                shipped.iter().find(|shipped| shipped.get_ref() == name).map_or(raw.id.span(), |name| name.span());
            let problem =
                format!("where case makes no difference, as on Windows and macOS, this is in the place of {other}");
            return Err(TomlError::at(text, place, problem));
        }
        Ok(plan)
    }
}

impl Plan {
    /// Whether somebody whom the plan names signs with this key.
    fn has_role(&self, key: &PublicKey) -> bool {
        let delegated = self.delegations.iter().map(|delegation| delegation.role.holders.names());
        let names = [self.root.holders.names(), self.targets.holders.names(), &self.online.keys];
        let mut names = names.into_iter().chain(delegated).flatten();
        names.any(|name| self.key(name).is_some_and(|own| own.material() == key.material()))
    }
}

fn read_delegations(
    text: &str,
    raw: &[RawDelegation],
    keyholders: &Keyholders,
    bounds: &Bounds,
) -> Result<Vec<DelegationPlan>, TomlError> {
    let mut delegations: Vec<DelegationPlan> = Vec::new();
    let (mut rules, mut names) = (0_usize, 0_usize);
    let mut roles = BTreeSet::from([CeremonyRole::Targets]);
    for raw in raw {
        let fault = |problem: String| TomlError::at(text, raw.span(), problem);
        if delegations.len() == DelegationPlan::MAX {
            let most = DelegationPlan::MAX;
            return Err(fault(format!("there are at most {most} delegations: clients do not look further")));
        }
        let (by, to) = (raw.read_by(text)?, raw.read_to(text)?);
        if !roles.contains(&by) {
            return Err(fault(format!("{by} delegates this, and no delegation above makes a role of that name")));
        }
        let is_bins = |to: &Delegates| matches!(to, Delegates::Bins(_));
        if delegations.iter().any(|other| other.by == by && (is_bins(&other.to) || is_bins(&to))) {
            return Err(fault(format!("bins are all that one role delegates to, and {by} delegates to others too")));
        }
        rules += match &to {
            Delegates::Role { scope: Scope::Patterns(patterns), .. } => patterns.len(),
            Delegates::Role { scope: Scope::HashPrefixes(prefixes), .. } => prefixes.len(),
            Delegates::Bins(_) => 0,
        };
        if rules > DelegationPlan::MAX_RULES {
            let most = DelegationPlan::MAX_RULES;
            return Err(fault(format!("up to here there are more than {most} patterns and prefixes: use bins")));
        }
        let role = raw_role!(raw).read(text, keyholders, bounds.delegations())?;
        let shipment = shipment::read(text, &raw.ship, &raw.custom)?;
        let delegation = DelegationPlan { by, to, role, shipment };
        for role in delegation.roles() {
            if !roles.insert(role.clone()) {
                return Err(fault(format!("{role} is delegated to twice")));
            }
        }
        names += delegation.shipment.names().len();
        if names.saturating_mul(rules) > DelegationPlan::MAX_MATCHES {
            let problem = format!("up to here {names} files are shipped under {rules} patterns and prefixes: use bins");
            return Err(fault(problem));
        }
        delegations.push(delegation);
    }
    Ok(delegations)
}

fn read_online(
    text: &str,
    raw: &RawOnlinePlan,
    offline: [&RolePlan; 2],
    keyholders: &Keyholders,
    bounds: &Bounds,
) -> Result<OnlinePlan, TomlError> {
    check_known(text, &raw.keys, keyholders)?;
    let names = holders::read_names(text, &raw.keys)?;
    if names.is_empty() {
        return Err(TomlError::at(text, raw.keys.span(), "snapshot and timestamp need an online key"));
    }
    let mut seen = BTreeSet::new();
    for (name, place) in names.iter().zip(raw.keys.get_ref()) {
        if !seen.insert(name) {
            return Err(TomlError::at(text, place.span(), format!("{name} is named twice")));
        }
        // Whoever breaks into the machine would have one signature of a root.
        if offline.iter().any(|role| role.holders.names().contains(name)) {
            let problem = format!("{name} also holds root or targets; a key that signs without a person must not");
            return Err(TomlError::at(text, place.span(), problem));
        }
    }
    let periods = |raw: &Option<Spanned<RawPeriods>>| -> Result<Option<Periods>, TomlError> {
        let Some(raw) = raw else { return Ok(None) };
        let periods = raw.get_ref().read(text)?;
        let checked = bounds.online().check_days(periods.expires);
        checked.map_err(|problem| TomlError::at(text, raw.span(), problem))?;
        Ok(Some(periods))
    };
    Ok(OnlinePlan { snapshot: periods(&raw.snapshot)?, timestamp: periods(&raw.timestamp)?, keys: names })
}

/// `[keys]`: NAME = the id of one of their keys, or as much of its beginning as tells it from the others.
fn read_keys(
    text: &str,
    raw: &BTreeMap<Spanned<String>, Spanned<String>>,
    keyholders: &Keyholders,
) -> Result<BTreeMap<Name, PublicKey>, TomlError> {
    let mut keys = BTreeMap::new();
    for (name, id) in raw {
        let unknown = || TomlError::at(text, name.span(), format!("there is no keyholder \"{}\"", name.get_ref()));
        let holder: &Keyholder =
            name.get_ref().parse().ok().and_then(|name| keyholders.get(&name)).ok_or_else(unknown)?;
        let key = compromised::find_key(text, id, holder)?;
        keys.insert(holder.name().clone(), key.clone());
    }
    Ok(keys)
}

fn check_known(text: &str, names: &RawNames, keyholders: &Keyholders) -> Result<(), TomlError> {
    for raw in names.get_ref() {
        let known = raw.get_ref().parse().is_ok_and(|name| keyholders.get(&name).is_some());
        if !known {
            return Err(TomlError::at(text, raw.span(), format!("there is no keyholder \"{}\"", raw.get_ref())));
        }
    }
    Ok(())
}

fn read_instant(text: &str, raw: &Spanned<toml::value::Datetime>) -> Result<DateTime<Utc>, TomlError> {
    let instant = parse_instant(&raw.get_ref().to_string()).filter(|instant| instant.timestamp_subsec_nanos() == 0);
    // Far enough from the year 10000, which RFC 3339 cannot write, for every expiry.
    let instant = instant.filter(|instant| (2000..9000).contains(&instant.year()));
    let expected = "expected a date and time in whole seconds with its zone, such as 2030-01-31T12:00:00Z";
    instant.ok_or_else(|| TomlError::at(text, raw.span(), expected))
}
