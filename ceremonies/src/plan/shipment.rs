//! What a role ships.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::json::{Integer, Value, ValueMembers};
use serde::Deserialize;
use toml::Spanned;

use crate::model::target_name::TargetName;
use crate::model::toml_error::TomlError;

/// The files that a role ships, and what is said about them beside their lengths and digests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Shipment {
    pub(crate) names: Vec<TargetName>,
    pub(crate) custom: BTreeMap<TargetName, ValueMembers>,
}

impl Shipment {
    /// The names, in order, each once.
    pub fn names(&self) -> &[TargetName] {
        &self.names
    }

    /// The `custom` object that is planned for a file. None: what it has now stays. An empty one takes it away.
    pub fn custom(&self, name: &TargetName) -> Option<&ValueMembers> {
        self.custom.get(name)
    }
}

/// `ship = [...]`, with places.
pub(crate) type RawShip = Spanned<Vec<Spanned<String>>>;

/// `[targets.custom."NAME"]`, with places.
#[derive(Debug, Default, Deserialize)]
#[serde(transparent)]
pub(crate) struct RawCustom(BTreeMap<Spanned<String>, Spanned<toml::Table>>);

pub(crate) fn read(text: &str, ship: &RawShip, custom: &RawCustom) -> Result<Shipment, TomlError> {
    let mut names = BTreeSet::new();
    for raw in ship.get_ref() {
        let fault = |problem: String| TomlError::at(text, raw.span(), problem);
        let name: TargetName = raw.get_ref().parse().map_err(|bad| fault(format!("{bad}")))?;
        if !names.insert(name) {
            return Err(fault("this is named twice".to_owned()));
        }
    }
    let mut customs = BTreeMap::new();
    for (raw_name, table) in &custom.0 {
        let fault = |problem: &str| TomlError::at(text, raw_name.span(), problem);
        let name = raw_name.get_ref().parse::<TargetName>().ok().filter(|name| names.contains(name));
        let name =
            name.ok_or_else(|| fault("nothing of this name is shipped here, so nothing can be said about it"))?;
        let members = members(table.get_ref()).map_err(|problem| TomlError::at(text, table.span(), problem))?;
        customs.insert(name, members);
    }
    Ok(Shipment { names: names.into_iter().collect(), custom: customs })
}

/// A table as JSON, its members in order of their names.
fn members(table: &toml::Table) -> Result<ValueMembers, &'static str> {
    let mut names: Vec<&String> = table.keys().collect();
    names.sort();
    let mut members = ValueMembers::new();
    for name in names {
        members.insert(name, json(&table[name])?);
    }
    Ok(members)
}

fn json(value: &toml::Value) -> Result<Value, &'static str> {
    Ok(match value {
        toml::Value::String(text) => text.as_str().into(),
        toml::Value::Boolean(truth) => (*truth).into(),
        toml::Value::Integer(number) => match u64::try_from(*number) {
            Ok(number) => Value::Integer(Integer::from(number)),
            Err(_) => return Err("a number here is 0 or more"),
        },
        toml::Value::Array(elements) => elements.iter().map(json).collect::<Result<Vec<_>, _>>()?.into(),
        toml::Value::Table(table) => members(table)?.into(),
        toml::Value::Float(_) => return Err("signed files have whole numbers only; write this as a string"),
        toml::Value::Datetime(_) => return Err("write a date as a string, in quotes"),
    })
}
