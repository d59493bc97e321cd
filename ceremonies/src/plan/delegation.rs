//! To whom a plan delegates.

use rootline_metadata::{BinNames, PathPattern, Scope, TargetPath};
use serde::Deserialize;
use toml::Spanned;

use super::role_plan::RolePlan;
use super::shipment::{RawCustom, RawShip, Shipment};
use crate::model::holders::RawNames;
use crate::model::name::Name;
use crate::model::role::CeremonyRole;
use crate::model::toml_error::TomlError;

/// One delegation: a role, or bins, that may ship what its scope covers.
#[derive(Clone, Debug)]
pub struct DelegationPlan {
    /// The role that delegates.
    pub by: CeremonyRole,
    /// To whom.
    pub to: Delegates,
    /// Who signs, how long it holds.
    pub role: RolePlan,
    /// What it ships.
    pub shipment: Shipment,
}

/// To whom something is delegated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delegates {
    /// One role, for what its scope covers.
    Role {
        /// Its name.
        name: Name,
        /// Which targets it is about.
        scope: Scope,
        /// Whether a search for one of these ends with it.
        terminating: bool,
    },
    /// As many roles as there are bins, with the same holders; every target has exactly one (TAP 15).
    Bins(BinNames),
}

impl DelegationPlan {
    /// Most delegations of one repository: clients visit 32 roles on the way to a target, `targets` among them.
    pub const MAX: usize = 31;

    /// Most patterns and prefixes of all delegations together: each of them is held against everything that is shipped.
    pub const MAX_RULES: usize = 1024;

    /// Most of these times files that delegated roles ship.
    pub const MAX_MATCHES: usize = 4_000_000;

    /// Most bits of the number of a bin: every bin is a file that its holders sign.
    pub const MAX_BITS: u32 = 10;

    /// The roles that it makes.
    pub fn roles(&self) -> Vec<CeremonyRole> {
        self.to.roles()
    }

    /// The role that ships something of that name, if it is delegated here.
    pub fn role_for(&self, path: &TargetPath) -> Option<CeremonyRole> {
        match &self.to {
            Delegates::Role { name, scope, .. } => scope.covers(path).then(|| CeremonyRole::Delegated(name.clone())),
            Delegates::Bins(bins) => bins.bin_for(path)?.as_str().parse().ok().and_then(CeremonyRole::delegated),
        }
    }

    /// What it is called where people speak of it: the role's name, or that of the first and the last bin.
    pub fn label(&self) -> String {
        match &self.to {
            Delegates::Role { name, .. } => name.to_string(),
            Delegates::Bins(bins) => bins.label(),
        }
    }
}

impl Delegates {
    /// The roles.
    pub fn roles(&self) -> Vec<CeremonyRole> {
        match self {
            Delegates::Role { name, .. } => vec![CeremonyRole::Delegated(name.clone())],
            Delegates::Bins(bins) => {
                let bin = |number| bins.bin(number)?.as_str().parse().ok().and_then(CeremonyRole::delegated);
                (0..bins.count()).filter_map(bin).collect()
            }
        }
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(super) struct RawDelegation {
    name: Option<Spanned<String>>,
    bins: Option<Spanned<RawBins>>,
    by: Option<Spanned<String>>,
    paths: Option<Spanned<Vec<Spanned<String>>>>,
    hash_prefixes: Option<Spanned<Vec<Spanned<String>>>>,
    terminating: Option<Spanned<bool>>,
    pub(super) holders: RawNames,
    pub(super) threshold: Spanned<u64>,
    pub(super) expires_days: Spanned<u64>,
    pub(super) signing_days: Option<Spanned<u64>>,
    pub(super) at: Option<Spanned<toml::value::Datetime>>,
    #[serde(default)]
    pub(super) renew: bool,
    pub(super) ship: RawShip,
    #[serde(default)]
    pub(super) custom: RawCustom,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawBins {
    prefix: Spanned<String>,
    bits: Spanned<u64>,
}

impl RawDelegation {
    /// Where it begins, for messages about all of it.
    pub(super) fn span(&self) -> std::ops::Range<usize> {
        let name = self.name.as_ref().map(Spanned::span);
        name.or(self.bins.as_ref().map(Spanned::span)).unwrap_or_else(|| self.holders.span())
    }

    /// Who delegates; the role itself when nobody is named.
    pub(super) fn read_by(&self, text: &str) -> Result<CeremonyRole, TomlError> {
        let Some(by) = &self.by else { return Ok(CeremonyRole::Targets) };
        let role = CeremonyRole::parse(by.get_ref()).filter(|role| *role != CeremonyRole::Root);
        role.ok_or_else(|| TomlError::at(text, by.span(), "only targets and roles that it delegates to delegate"))
    }

    pub(super) fn read_to(&self, text: &str) -> Result<Delegates, TomlError> {
        let fault = |span: std::ops::Range<usize>, problem: &str| Err(TomlError::at(text, span, problem));
        match (&self.name, &self.bins) {
            (Some(name), None) => {
                let read = |name: &Spanned<String>| name.get_ref().parse::<Name>().map_err(|bad| bad.to_string());
                let read = read(name).and_then(|read| match CeremonyRole::delegated(read.clone()) {
                    Some(_) => Ok(read),
                    None => Err(format!("{read} is a top-level role, and those are not delegated to")),
                });
                let name = read.map_err(|problem| TomlError::at(text, name.span(), problem))?;
                let terminating = self.terminating.as_ref().is_some_and(|terminating| *terminating.get_ref());
                Ok(Delegates::Role { name, scope: self.read_scope(text)?, terminating })
            }
            (None, Some(bins)) => {
                let others = [self.paths.as_ref().map(Spanned::span), self.hash_prefixes.as_ref().map(Spanned::span)];
                let terminating = self.terminating.as_ref().map(Spanned::span);
                if let Some(span) = others.into_iter().flatten().chain(terminating).next() {
                    return fault(span, "bins are about every target, and a search ends with each: leave this out");
                }
                read_bins(text, bins.get_ref()).map(Delegates::Bins)
            }
            _ => fault(self.span(), "a delegation has either a `name` or `bins`"),
        }
    }

    fn read_scope(&self, text: &str) -> Result<Scope, TomlError> {
        let (raw, is_paths) = match (&self.paths, &self.hash_prefixes) {
            (Some(paths), None) => (paths, true),
            (None, Some(prefixes)) => (prefixes, false),
            _ => {
                let problem = "a delegation to a role has either `paths` or `hash-prefixes`";
                return Err(TomlError::at(text, self.span(), problem));
            }
        };
        if raw.get_ref().is_empty() {
            return Err(TomlError::at(text, raw.span(), "without any of these nothing is delegated"));
        }
        let hex =
            |prefix: &str| prefix.len() <= 64 && prefix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        for one in raw.get_ref() {
            let problem = match one.get_ref().as_str() {
                "" => "a pattern and a prefix have at least one character",
                pattern if is_paths && pattern.chars().any(char::is_control) => "a pattern has no control characters",
                prefix if !is_paths && !hex(prefix) => "a prefix has up to 64 lowercase hex digits",
                _ => continue,
            };
            return Err(TomlError::at(text, one.span(), problem));
        }
        let texts = raw.get_ref().iter().map(|one| one.get_ref().clone());
        Ok(match is_paths {
            true => Scope::Patterns(texts.map(PathPattern::new).collect()),
            false => Scope::HashPrefixes(texts.collect()),
        })
    }
}

fn read_bins(text: &str, raw: &RawBins) -> Result<BinNames, TomlError> {
    let bits = u32::try_from(*raw.bits.get_ref()).ok().filter(|bits| (1..=DelegationPlan::MAX_BITS).contains(bits));
    let problem =
        format!("bins have 1 to {} bits: every bin is a file that its holders sign", DelegationPlan::MAX_BITS);
    let bits = bits.ok_or_else(|| TomlError::at(text, raw.bits.span(), problem))?;
    let named = BinNames::new(raw.prefix.get_ref().as_str(), bits);
    let is_name = |bins: &BinNames| bins.bin(0).is_some_and(|bin| bin.as_str().parse::<Name>().is_ok());
    named.filter(is_name).ok_or_else(|| {
        let problem = "bins are named by this prefix, `-` and a number, and a name has only lowercase letters, digits, `-`, `_` and `.`";
        TomlError::at(text, raw.prefix.span(), problem)
    })
}
