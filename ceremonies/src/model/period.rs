//! How long a file holds, and how long before its end the next one is due.

use chrono::{DateTime, Duration, Utc};
use rootline_metadata::Expiry;
use serde::Deserialize;
use toml::Spanned;

use crate::model::toml_error::TomlError;

/// How far the clocks of two machines may differ: minutes, as a wrong time zone is an hour.
pub(crate) const CLOCKS_DIFFER: Duration = Duration::minutes(10);

/// Days from 1 to [`Days::MAX`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Days(u16);

impl Days {
    /// The most days: what Sigstore's longest-lived files have, ten years, and some room.
    pub const MAX: u16 = 3660;

    /// That many days, if it is at least one and at most [`Days::MAX`].
    pub fn new(days: u64) -> Option<Days> {
        u16::try_from(days).ok().filter(|days| (1..=Days::MAX).contains(days)).map(Days)
    }

    /// The number.
    pub fn number(self) -> u16 {
        self.0
    }

    /// The expiry of what begins to hold at `instant`.
    pub fn after(self, instant: DateTime<Utc>) -> Expiry {
        Expiry::at(instant + self.duration())
    }

    fn duration(self) -> Duration {
        Duration::days(i64::from(self.0))
    }

    pub(crate) fn read(text: &str, days: &Spanned<u64>) -> Result<Days, TomlError> {
        Days::new(*days.get_ref()).ok_or_else(|| {
            TomlError::at(text, days.span(), format!("expected a number of days from 1 to {}", Days::MAX))
        })
    }
}

/// How long a version of a file holds, and how long before its expiry the next one is due.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Periods {
    /// From its date to its expiry.
    pub expires: Days,
    /// Before the expiry: while this lasts the next version is to be signed. Shorter than `expires`.
    pub signing: Days,
}

impl Periods {
    /// Whether the next version of a file with this expiry is due at `now`.
    pub fn is_due(self, expiry: Expiry, now: DateTime<Utc>) -> bool {
        self.due_from(expiry) <= now
    }

    /// The same, or where it is longer than that, cut to it.
    pub(crate) fn at_most(self, longest: Option<Days>) -> Periods {
        longest.filter(|longest| *longest < self.expires).map_or(self, |longest| self.scaled_to(longest))
    }

    /// Another time to the expiry, the same part of which is for signing; at least a day.
    pub(crate) fn scaled_to(self, expires: Days) -> Periods {
        let part = u32::from(expires.0) * u32::from(self.signing.0) / u32::from(self.expires.0);
        Periods { expires, signing: Days(u16::try_from(part).unwrap_or(Days::MAX).max(1)) }
    }

    /// Whether a file with this expiry stays as it is at `now`: its next version is not due yet, and it holds no longer than one signed now.
    pub fn holds(self, expiry: Expiry, now: DateTime<Utc>) -> bool {
        !self.is_due(expiry, now) && self.signed_at(expiry) <= now
    }

    /// The instant at which a file with this expiry was signed.
    pub fn signed_at(self, expiry: Expiry) -> DateTime<Utc> {
        expiry.instant() - self.expires.duration()
    }

    /// The instant from which the next version of a file with this expiry is due.
    pub fn due_from(self, expiry: Expiry) -> DateTime<Utc> {
        expiry.instant() - self.signing.duration()
    }
}

/// The two members of a table that say it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub(crate) struct RawPeriods {
    expires_days: Spanned<u64>,
    signing_days: Spanned<u64>,
}

impl RawPeriods {
    pub(crate) fn new(expires_days: Spanned<u64>, signing_days: Spanned<u64>) -> RawPeriods {
        RawPeriods { expires_days, signing_days }
    }

    pub(crate) fn read(&self, text: &str) -> Result<Periods, TomlError> {
        let expires = Days::read(text, &self.expires_days)?;
        Ok(Periods { expires, signing: read_signing(text, &self.signing_days, expires)? })
    }
}

/// A signing period of what holds for `expires`.
pub(crate) fn read_signing(text: &str, days: &Spanned<u64>, expires: Days) -> Result<Days, TomlError> {
    let signing = Days::read(text, days)?;
    if signing >= expires {
        let problem = "a signing period is shorter than the time to the expiry, or every file is due at once";
        return Err(TomlError::at(text, days.span(), problem));
    }
    Ok(signing)
}

#[cfg(test)]
mod tests {
    use super::*;
    use rootline_metadata::parse_instant;

    #[test]
    fn days_are_from_one_to_ten_years() {
        assert_eq!(Days::new(0), None);
        assert_eq!(Days::new(1).map(Days::number), Some(1));
        assert_eq!(Days::new(3660).map(Days::number), Some(3660));
        assert_eq!(Days::new(3661), None);
        assert_eq!(Days::new(u64::MAX), None);
    }

    #[test]
    fn the_next_version_is_due_from_the_very_instant_its_signing_period_begins() {
        let at = |text| parse_instant(text).unwrap();
        let periods = Periods { expires: Days::new(7).unwrap(), signing: Days::new(6).unwrap() };
        let expiry = periods.expires.after(at("2030-01-01T12:00:00Z"));
        assert_eq!(expiry.to_text(), "2030-01-08T12:00:00Z");
        assert!(!periods.is_due(expiry, at("2030-01-02T11:59:59Z")));
        assert!(periods.is_due(expiry, at("2030-01-02T12:00:00Z")));
    }

    #[test]
    fn the_same_part_of_another_time_is_for_signing() {
        let days = |days| Days::new(days).unwrap();
        let policy = Periods { expires: days(197), signing: days(46) };
        for (expires, signing) in [(197, 46), (30, 7), (3660, 854), (5, 1), (4, 1), (1, 1)] {
            assert_eq!(policy.scaled_to(days(expires)).signing, days(signing), "{expires}");
        }
    }

    #[test]
    fn a_file_holds_from_the_instant_it_was_signed_until_the_next_is_due() {
        let at = |text| parse_instant(text).unwrap();
        let periods = Periods { expires: Days::new(7).unwrap(), signing: Days::new(6).unwrap() };
        let expiry = periods.expires.after(at("2030-01-01T12:00:00Z"));
        assert_eq!(periods.signed_at(expiry), at("2030-01-01T12:00:00Z"));
        for (now, holds) in [
            ("2030-01-01T11:59:59Z", false),
            ("2030-01-01T12:00:00Z", true),
            ("2030-01-02T11:59:59Z", true),
            ("2030-01-02T12:00:00Z", false),
        ] {
            assert_eq!(periods.holds(expiry, at(now)), holds, "{now}");
        }
    }

    #[test]
    fn a_signing_period_is_shorter_than_the_time_to_the_expiry() {
        let read = |text: &str| crate::model::toml_error::read::<RawPeriods>(text).and_then(|raw| raw.read(text));
        assert!(read("expires-days = 7\nsigning-days = 6").is_ok());
        assert_eq!(read("expires-days = 7\nsigning-days = 7").unwrap_err().line, 2);
        assert_eq!(read("expires-days = 0\nsigning-days = 7").unwrap_err().line, 1);
    }
}
