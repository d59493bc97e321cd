//! What shall be true once a ceremony is over: `plan.toml`.

use std::collections::BTreeSet;

use chrono::{DateTime, Datelike, Utc};
use rootline_metadata::{hex, parse_instant, sha256};
use serde::Deserialize;
use toml::Spanned;

use crate::holders::{self, Holders, RawHolders, RawNames, RawOnline};
use crate::keyholder::Keyholders;
use crate::name::Name;
use crate::period::Days;
use crate::target_name::TargetName;
use crate::toml_error::{self, TomlError};

/// A plan: everything a ceremony changes, and the date from which expiries count. It is the only input beside what is published and
/// the files that are shipped, so that freezing it gives the same bytes on every machine.
#[derive(Clone, Debug)]
pub struct Plan {
    id: Name,
    at: DateTime<Utc>,
    summary: Option<String>,
    root: RolePlan,
    targets: RolePlan,
    ship: Vec<TargetName>,
    online: Vec<Name>,
    /// Everybody whom the plan names is one of them.
    keyholders: Keyholders,
    digest: String,
}

/// What shall hold for a role that people sign.
#[derive(Clone, Debug)]
pub struct RolePlan {
    /// Who signs it.
    pub holders: Holders,
    /// How long a new version holds.
    pub expires: Days,
    /// Whether there shall be a new version even if nothing else changes, for its expiry.
    pub renew: bool,
}

impl Plan {
    /// Reads `plan.toml`; [`Draft::to_toml`](crate::Draft::to_toml) writes one. Every name in it is one of `keyholders`.
    ///
    /// # Errors
    /// With its line, if it has another form, a member that is not known, a name that is nobody's, a threshold that cannot be met, a
    /// number out of bounds, or a key that is to sign both with and without a person.
    pub fn parse(text: &str, keyholders: &Keyholders) -> Result<Plan, TomlError> {
        let raw: RawPlan = toml_error::read(text)?;
        let check_known = |names: &RawNames| check_known(text, names, keyholders);
        check_known(&raw.root.holders)?;
        check_known(&raw.targets.holders)?;
        check_known(&raw.online.keys)?;
        let root = raw.root.read(text)?;
        let targets = raw.targets.read(text)?;
        Ok(Plan {
            id: raw.id.get_ref().parse().map_err(|bad| TomlError::at(text, raw.id.span(), format!("{bad}")))?,
            at: read_instant(text, &raw.at)?,
            summary: raw.summary,
            online: read_online(text, &raw.online.keys, [&root, &targets])?,
            root,
            targets,
            ship: read_ship(text, &raw.targets.ship)?,
            keyholders: keyholders.clone(),
            digest: hex::encode(&sha256(text.as_bytes())),
        })
    }

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

    /// Targets: what is shipped.
    pub fn targets(&self) -> &RolePlan {
        &self.targets
    }

    /// The names of all that is shipped, in order, each once.
    pub fn ship(&self) -> &[TargetName] {
        &self.ship
    }

    /// The keyholders that sign snapshot and timestamp without a person; any one of them suffices.
    pub fn online(&self) -> &[Name] {
        &self.online
    }

    /// The keyholders that the plan was read with.
    pub fn keyholders(&self) -> &Keyholders {
        &self.keyholders
    }

    /// The SHA-256 digest of the plan's text, in hex.
    pub fn digest(&self) -> &str {
        &self.digest
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    id: Spanned<String>,
    at: Spanned<toml::value::Datetime>,
    summary: Option<String>,
    root: RawRoot,
    targets: RawTargets,
    online: RawOnline,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawRoot {
    holders: RawNames,
    threshold: Spanned<u64>,
    expires_days: Spanned<u64>,
    #[serde(default)]
    renew: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct RawTargets {
    holders: RawNames,
    threshold: Spanned<u64>,
    expires_days: Spanned<u64>,
    #[serde(default)]
    renew: bool,
    ship: Spanned<Vec<Spanned<String>>>,
}

impl RawRoot {
    fn read(&self, text: &str) -> Result<RolePlan, TomlError> {
        let holders = RawHolders { names: &self.holders, threshold: &self.threshold }.read(text)?;
        Ok(RolePlan { holders, expires: Days::read(text, &self.expires_days)?, renew: self.renew })
    }
}

impl RawTargets {
    fn read(&self, text: &str) -> Result<RolePlan, TomlError> {
        let holders = RawHolders { names: &self.holders, threshold: &self.threshold }.read(text)?;
        Ok(RolePlan { holders, expires: Days::read(text, &self.expires_days)?, renew: self.renew })
    }
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

fn read_online(text: &str, raw: &RawNames, offline: [&RolePlan; 2]) -> Result<Vec<Name>, TomlError> {
    let names = holders::read_names(text, raw)?;
    if names.is_empty() {
        return Err(TomlError::at(text, raw.span(), "snapshot and timestamp need an online key"));
    }
    let mut seen = BTreeSet::new();
    for (name, place) in names.iter().zip(raw.get_ref()) {
        if !seen.insert(name) {
            return Err(TomlError::at(text, place.span(), format!("{name} is named twice")));
        }
        // Whoever breaks into the machine would have one signature of a root.
        if offline.iter().any(|role| role.holders.names().contains(name)) {
            let problem = format!("{name} also holds root or targets; a key that signs without a person must not");
            return Err(TomlError::at(text, place.span(), problem));
        }
    }
    Ok(names)
}

fn read_ship(text: &str, raw: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<TargetName>, TomlError> {
    let mut ship = BTreeSet::new();
    for raw in raw.get_ref() {
        let fault = |problem: String| TomlError::at(text, raw.span(), problem);
        let name: TargetName = raw.get_ref().parse().map_err(|bad| fault(format!("{bad}")))?;
        if !ship.insert(name) {
            return Err(fault("this is named twice".to_owned()));
        }
    }
    Ok(ship.into_iter().collect())
}
