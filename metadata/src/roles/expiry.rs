//! When metadata stops being trusted.

use alloc::string::String;
use core::fmt;

use chrono::{DateTime, SecondsFormat, Utc};

use crate::json::{FormatError, Node};

/// The instant from which on a file is expired (TUF 4.3, `EXPIRES`). Always given together with the instant to judge it at; nothing
/// here reads a clock.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Expiry(DateTime<Utc>);

impl Expiry {
    /// Expires at that instant.
    pub fn at(instant: DateTime<Utc>) -> Expiry {
        Expiry(instant)
    }

    /// The instant.
    pub fn instant(self) -> DateTime<Utc> {
        self.0
    }

    /// Whether a file with this expiry is expired at `now`: the expiry has to be later than now, so equal is expired.
    pub fn has_passed(self, now: DateTime<Utc>) -> bool {
        self.0 <= now
    }

    /// As it is published: `YYYY-MM-DDTHH:MM:SSZ`.
    pub fn to_text(self) -> String {
        instant_text(self.0)
    }

    pub(crate) fn read(node: Node<'_>) -> Result<Expiry, FormatError> {
        let text = node.string()?;
        parse_instant(&text)
            .map(Expiry)
            .ok_or_else(|| node.invalid("expected a date and time such as 2030-01-31T00:00:00Z"))
    }
}

impl fmt::Display for Expiry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.to_text())
    }
}

/// Reads an instant as RFC 3339 has it, with any offset and any fraction.
pub fn parse_instant(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text).ok().map(|instant| instant.to_utc())
}

/// Writes an instant in UTC with whole seconds, as the TUF specification has it.
pub fn instant_text(instant: DateTime<Utc>) -> String {
    instant.to_rfc3339_opts(SecondsFormat::Secs, true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_expired_from_the_very_instant_of_its_expiry() {
        let at = |text| parse_instant(text).unwrap();
        let expiry = Expiry::at(at("2026-08-28T19:25:56Z"));
        assert!(!expiry.has_passed(at("2026-08-28T19:25:55Z")));
        assert!(expiry.has_passed(at("2026-08-28T19:25:56Z")));
        assert!(expiry.has_passed(at("2026-08-28T19:25:57Z")));
    }

    #[test]
    fn offsets_and_fractions_of_the_first_sigstore_roots_are_read() {
        let instant = parse_instant("2021-12-18T13:28:12.99008-06:00").unwrap();
        assert_eq!(instant.to_rfc3339_opts(SecondsFormat::Micros, true), "2021-12-18T19:28:12.990080Z");
        assert_eq!(instant_text(instant), "2021-12-18T19:28:12Z");
        assert!(parse_instant("2022-05-11T19:09:02.663975009Z").is_some());
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in ["", "2030-01-31", "2030-01-31T00:00:00", "2030-02-31T00:00:00Z", "2030-01-31T25:00:00Z", "soon"] {
            assert_eq!(parse_instant(text), None, "{text}");
        }
    }
}
