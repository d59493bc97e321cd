//! Instants, and how far they are from the ceremony's date. Always UTC, and always with the instant itself.

use chrono::{DateTime, Utc};
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::Window;

/// What days are counted from.
#[derive(Clone, Copy, Debug)]
pub struct Origin {
    /// The instant.
    pub at: DateTime<Utc>,
    /// Whether it is the date of the ceremony that is reviewed, and not now.
    is_ceremony: bool,
}

impl Origin {
    /// The date of the ceremony that is reviewed.
    pub fn ceremony(at: DateTime<Utc>) -> Origin {
        Origin { at, is_ceremony: true }
    }

    /// The instant of a command.
    pub fn now(at: DateTime<Utc>) -> Origin {
        Origin { at, is_ceremony: false }
    }

    /// How far from it an instant lies: `31 days after this ceremony`, or `in 31 days`. Days are whole ones.
    pub fn beside(self, instant: DateTime<Utc>) -> String {
        let distance = instant.signed_duration_since(self.at);
        let days = match distance.num_days().unsigned_abs() {
            0 => "less than a day".to_owned(),
            1 => "1 day".to_owned(),
            days => format!("{days} days"),
        };
        match (self.is_ceremony, instant < self.at) {
            (true, _) if distance.is_zero() => "at the very instant of this ceremony".to_owned(),
            (true, true) => format!("{days} before this ceremony"),
            (true, false) => format!("{days} after this ceremony"),
            (false, _) if distance.is_zero() => "now".to_owned(),
            (false, true) => format!("{days} ago"),
            (false, false) => format!("in {days}"),
        }
    }

    /// An instant with its distance.
    pub fn dated(self, instant: DateTime<Utc>) -> String {
        format!("{}, {}", instant_text(instant), self.beside(instant))
    }
}

/// An instant with the days until it: `2030-07-17T00:00:00Z, in 197 days`.
pub fn in_days(instant: DateTime<Utc>, at: DateTime<Utc>) -> String {
    let days = days_until(instant, at);
    let number = days.unsigned_abs();
    let unit = if number == 1 { "day" } else { "days" };
    match instant < at {
        true => format!("{}, {number} {unit} ago", instant_text(instant)),
        false => format!("{}, in {number} {unit}", instant_text(instant)),
    }
}

/// Whole days from the ceremony's date to an instant; negative if it lies before.
pub fn days_until(instant: DateTime<Utc>, at: DateTime<Utc>) -> i64 {
    instant.signed_duration_since(at).num_days()
}

/// A window in words. A side without a bound is said to have none.
pub fn window_text(window: Window) -> String {
    match (window.start(), window.end()) {
        (Some(start), Some(end)) => format!("{} to {}", instant_text(start), instant_text(end)),
        (Some(start), None) => format!("{}, without an end", instant_text(start)),
        (None, Some(end)) => format!("until {}, without a start", instant_text(end)),
        (None, None) => "without start and end".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::parse_instant;

    use super::*;

    #[test]
    fn a_distance_is_told_in_whole_days_on_either_side() {
        let at = parse_instant("2030-01-01T00:00:00Z").unwrap();
        for (instant, told) in [
            ("2030-01-01T00:00:00Z", "at the very instant of this ceremony"),
            ("2030-01-01T23:59:59Z", "less than a day after this ceremony"),
            ("2029-12-31T00:00:01Z", "less than a day before this ceremony"),
            ("2030-01-02T00:00:00Z", "1 day after this ceremony"),
            ("2029-12-31T00:00:00Z", "1 day before this ceremony"),
            ("2030-02-01T12:00:00Z", "31 days after this ceremony"),
        ] {
            let instant = parse_instant(instant).unwrap();
            assert_eq!(Origin::ceremony(at).beside(instant), told, "{instant}");
        }
        let told = |instant| Origin::now(at).beside(parse_instant(instant).unwrap());
        assert_eq!(told("2030-01-01T00:00:00Z"), "now");
        assert_eq!(told("2030-01-03T00:00:00Z"), "in 2 days");
        assert_eq!(told("2029-12-31T00:00:00Z"), "1 day ago");
    }

    #[test]
    fn an_expiry_is_told_with_the_days_until_it() {
        let at = parse_instant("2030-01-01T00:00:00Z").unwrap();
        let told = |instant| in_days(parse_instant(instant).unwrap(), at);
        assert_eq!(told("2030-07-17T00:00:00Z"), "2030-07-17T00:00:00Z, in 197 days");
        assert_eq!(told("2030-01-02T00:00:00Z"), "2030-01-02T00:00:00Z, in 1 day");
        assert_eq!(told("2029-12-30T00:00:00Z"), "2029-12-30T00:00:00Z, 2 days ago");
    }
}
