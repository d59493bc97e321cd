//! What a draft says about one role.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{PathPattern, Scope, instant_text};

use crate::model::holders::names_toml;
use crate::model::name::Name;
use crate::model::period::Days;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;
use crate::model::toml_error::quoted;
use crate::plan::delegation::{Delegates, DelegationPlan};
use crate::plan::role_plan::RolePlan;
use crate::plan::shipment::Shipment;

/// Who signs a role, and how long it holds. Whether that can be is found out when the plan is read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DraftRole {
    pub(crate) holders: Vec<Name>,
    pub(crate) threshold: u64,
    pub(crate) expires: Days,
    pub(crate) signing: Option<Days>,
    pub(crate) renew: bool,
    pub(crate) at: Option<DateTime<Utc>>,
}

/// To whom a role delegates what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct DraftDelegation {
    pub(crate) by: CeremonyRole,
    pub(crate) to: Delegates,
    pub(crate) role: DraftRole,
    pub(crate) shipment: Shipment,
}

impl DraftRole {
    pub(crate) fn of(plan: &RolePlan) -> DraftRole {
        DraftRole {
            holders: plan.holders.names().to_vec(),
            threshold: plan.holders.threshold(),
            expires: plan.expires,
            signing: plan.signing,
            renew: plan.renew,
            at: plan.at,
        }
    }

    pub(crate) fn to_toml(&self) -> String {
        let signing = self.signing.map(|days| format!("signing-days = {}\n", days.number())).unwrap_or_default();
        let at = self.at.map(|at| format!("at = {}\n", instant_text(at))).unwrap_or_default();
        format!(
            "holders = {}\n\
             threshold = {}\n\
             expires-days = {}\n\
             {signing}\
             {at}\
             renew = {} # true: a new version even if only its expiry changes\n",
            names_toml(&self.holders),
            self.threshold,
            self.expires.number(),
            self.renew,
        )
    }
}

impl DraftDelegation {
    pub(crate) fn of(plan: &DelegationPlan) -> DraftDelegation {
        DraftDelegation {
            by: plan.by.clone(),
            to: plan.to.clone(),
            role: DraftRole::of(&plan.role),
            shipment: plan.shipment.clone(),
        }
    }

    pub(crate) fn to_toml(&self) -> String {
        let by = match &self.by {
            CeremonyRole::Targets => String::new(),
            other => format!("by = {}\n", quoted(other.name())),
        };
        let to = match &self.to {
            Delegates::Bins(bins) => {
                let (prefix, bits) = (quoted(bins.name_prefix()), bins.bit_length());
                format!("bins = {{ prefix = {prefix}, bits = {bits} }}\n")
            }
            Delegates::Role { name, scope, terminating } => {
                let (member, texts): (_, Vec<&str>) = match scope {
                    Scope::Patterns(patterns) => ("paths", patterns.iter().map(PathPattern::as_str).collect()),
                    Scope::HashPrefixes(prefixes) => ("hash-prefixes", prefixes.iter().map(String::as_str).collect()),
                };
                let texts: Vec<String> = texts.into_iter().map(quoted).collect();
                format!("name = \"{name}\"\n{member} = [{}]\nterminating = {terminating}\n", texts.join(", "))
            }
        };
        format!(
            "\n[[delegations]]\n{to}{by}{}ship = {}\n{}",
            self.role.to_toml(),
            ship_toml(self.shipment.names()),
            custom_toml("delegations", &self.shipment.custom)
        )
    }
}

/// The list of what is shipped, a name a line.
pub(crate) fn ship_toml(names: &[TargetName]) -> String {
    let names: String = names.iter().map(|name| format!("    {},\n", quoted(name.as_str()))).collect();
    if names.is_empty() { "[]".to_owned() } else { format!("[\n{names}]") }
}

/// The tables `[TABLE.custom."NAME"]`.
pub(crate) fn custom_toml(table: &str, custom: &BTreeMap<TargetName, ValueMembers>) -> String {
    let members = |members: &ValueMembers| -> String {
        members.iter().map(|(name, value)| format!("{} = {}\n", quoted(name), value_toml(value))).collect()
    };
    let tables =
        custom.iter().map(|(name, all)| format!("[{table}.custom.{}]\n{}", quoted(name.as_str()), members(all)));
    tables.collect()
}

fn value_toml(value: &Value) -> String {
    let list = |parts: Vec<String>| parts.join(", ");
    match value {
        // TOML has no null; the plan that this comes from had none either.
        Value::Null => "\"\"".to_owned(),
        Value::Bool(truth) => truth.to_string(),
        Value::Integer(number) => number.digits().to_owned(),
        Value::Text(text) => quoted(text),
        Value::Array(elements) => format!("[{}]", list(elements.iter().map(value_toml).collect())),
        Value::Object(members) => {
            let member = |(name, value): (&str, &Value)| format!("{} = {}", quoted(name), value_toml(value));
            format!("{{ {} }}", list(members.iter().map(member).collect()))
        }
    }
}
