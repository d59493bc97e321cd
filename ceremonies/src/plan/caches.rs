//! How long caches keep what they have: `[caches]` of the policy.

use chrono::TimeDelta;
use rootline_metadata::parse_duration;
use serde::Deserialize;
use toml::Spanned;

use crate::model::toml_error::TomlError;

/// How long a verifier may see what is no longer so, because of caches between it and the published files. Nobody but the people who run
/// these caches knows, so the policy states it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Caches {
    /// How long a replaced `timestamp.json` is still served.
    pub timestamp: TimeDelta,
    /// How long the absence of a file is still served after it came.
    pub missing: TimeDelta,
    /// How long a client takes from its first request to its last.
    pub visit: TimeDelta,
}

impl Default for Caches {
    /// An hour, as a public bucket has it where nothing is said; and ten minutes for a visit.
    fn default() -> Caches {
        Caches { timestamp: TimeDelta::hours(1), missing: TimeDelta::hours(1), visit: TimeDelta::minutes(10) }
    }
}

impl Caches {
    /// How long a verifier can be shown a timestamp after another one took its place.
    pub fn stale(&self) -> TimeDelta {
        self.timestamp + self.visit
    }

    /// How long a verifier can be shown that a file is not there after it came.
    pub fn absent(&self) -> TimeDelta {
        self.missing + self.visit
    }

    /// How long a verifier behind caches can be refused where a rotation becomes public all at once.
    pub fn longest_gap(&self) -> TimeDelta {
        self.stale().max(self.absent())
    }

    /// How long a verifier may see what is no longer so because of all of them.
    pub fn total(&self) -> TimeDelta {
        self.timestamp + self.missing + self.visit
    }
}

/// The table in `rootline.toml`: each a number with a unit, such as `"60m"`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCaches {
    timestamp: Option<Spanned<String>>,
    missing: Option<Spanned<String>>,
    visit: Option<Spanned<String>>,
}

impl RawCaches {
    pub(crate) fn read(&self, text: &str) -> Result<Caches, TomlError> {
        let default = Caches::default();
        let read = |member: &Option<Spanned<String>>, default| match member {
            None => Ok(default),
            Some(stated) => {
                parse_duration(stated.get_ref()).map_err(|problem| TomlError::at(text, stated.span(), problem))
            }
        };
        Ok(Caches {
            timestamp: read(&self.timestamp, default.timestamp)?,
            missing: read(&self.missing, default.missing)?,
            visit: read(&self.visit, default.visit)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::toml_error;

    fn read(text: &str) -> Result<Caches, TomlError> {
        toml_error::read::<RawCaches>(text)?.read(text)
    }

    #[test]
    fn what_is_not_stated_is_an_hour_and_a_visit_of_ten_minutes() {
        assert_eq!(read("").unwrap(), Caches::default());
        let stated = read("timestamp = \"60m\"\nmissing = \"5s\"\nvisit = \"0s\"").unwrap();
        let expected =
            Caches { timestamp: TimeDelta::hours(1), missing: TimeDelta::seconds(5), visit: TimeDelta::zero() };
        assert_eq!(stated, expected);
    }

    #[test]
    fn a_time_without_a_unit_is_refused_with_its_line() {
        for text in [
            "visit = \"10m\"\ntimestamp = \"60\"",
            "visit = \"10m\"\ntimestamp = 60",
            "visit = \"10m\"\nother = \"1m\"",
        ] {
            assert_eq!(read(text).unwrap_err().line, 2, "{text}");
        }
    }
}
