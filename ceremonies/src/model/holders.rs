//! Who signs a role, and how many of them have to.

use std::collections::BTreeSet;

use serde::Deserialize;
use toml::Spanned;

use crate::model::name::Name;
use crate::model::toml_error::TomlError;

/// The keyholders of a role, and how many of them have to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holders {
    names: Vec<Name>,
    threshold: u64,
}

impl Holders {
    /// These keyholders, of whom `threshold` have to sign.
    ///
    /// # Errors
    /// If one is named twice, or the threshold is not from 1 to their number.
    pub fn new(names: Vec<Name>, threshold: u64) -> Result<Holders, BadHolders> {
        let mut seen = BTreeSet::new();
        if let Some(twice) = names.iter().find(|name| !seen.insert(*name)) {
            return Err(BadHolders::Twice(twice.clone()));
        }
        let holders = names.len();
        if threshold == 0 || threshold > holders as u64 {
            return Err(BadHolders::Threshold { threshold, holders });
        }
        Ok(Holders { names, threshold })
    }

    /// More than half of so many people: fewer could each decide without the others.
    pub fn majority(people: usize) -> u64 {
        people as u64 / 2 + 1
    }

    /// Their names, in the order they were given.
    pub fn names(&self) -> &[Name] {
        &self.names
    }

    /// How many of them have to sign.
    pub fn threshold(&self) -> u64 {
        self.threshold
    }
}

/// Why some names and a number are no [`Holders`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadHolders {
    /// A keyholder is named twice.
    #[error("{0} is named twice; one keyholder counts once")]
    Twice(Name),
    /// Nobody would have to sign, or more than there are.
    #[error("{}", threshold_problem(*.threshold, *.holders))]
    Threshold {
        /// How many would have to sign.
        threshold: u64,
        /// How many there are.
        holders: usize,
    },
}

fn threshold_problem(threshold: u64, holders: usize) -> String {
    match (threshold, holders) {
        (_, 0) => "nobody is named to sign this role".to_owned(),
        (0, _) => "a threshold is 1 or more".to_owned(),
        _ => format!("{threshold} have to sign and only {holders} are named"),
    }
}

/// The two members of a table that say it, with their places.
#[derive(Debug)]
pub(crate) struct RawHolders<'a> {
    pub(crate) names: &'a Spanned<Vec<Spanned<String>>>,
    pub(crate) threshold: &'a Spanned<u64>,
}

impl RawHolders<'_> {
    pub(crate) fn read(&self, text: &str) -> Result<Holders, TomlError> {
        let names = read_names(text, self.names)?;
        Holders::new(names, *self.threshold.get_ref()).map_err(|bad| {
            let span = match &bad {
                BadHolders::Threshold { holders: 1.., .. } => self.threshold.span(),
                BadHolders::Threshold { .. } => self.names.span(),
                BadHolders::Twice(name) => {
                    let mut places = self.names.get_ref().iter().filter(|raw| raw.get_ref() == name.as_str());
                    places.next_back().map_or(self.names.span(), Spanned::span)
                }
            };
            TomlError::at(text, span, bad.to_string())
        })
    }
}

/// A list of names, each of which is one.
pub(crate) fn read_names(text: &str, raw: &Spanned<Vec<Spanned<String>>>) -> Result<Vec<Name>, TomlError> {
    let name = |raw: &Spanned<String>| {
        raw.get_ref().parse::<Name>().map_err(|bad| TomlError::at(text, raw.span(), bad.to_string()))
    };
    raw.get_ref().iter().map(name).collect()
}

/// `"a", "b"`, as a list in a TOML file has it.
pub(crate) fn names_toml<'a>(names: impl IntoIterator<Item = &'a Name>) -> String {
    let quoted: Vec<String> = names.into_iter().map(|name| format!("\"{name}\"")).collect();
    format!("[{}]", quoted.join(", "))
}

/// A list of names and its place, as every table with keyholders has it.
pub(crate) type RawNames = Spanned<Vec<Spanned<String>>>;

/// The keys that sign without a person.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOnline {
    pub(crate) keys: RawNames,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_majorities_always_share_somebody() {
        for (people, threshold) in [(0, 1), (1, 1), (2, 2), (3, 2), (4, 3), (5, 3), (6, 4)] {
            assert_eq!(Holders::majority(people), threshold);
        }
    }
}
