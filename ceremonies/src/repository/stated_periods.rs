//! The periods that our files state in members of their own, beside those of the specification.

use rootline_metadata::json::{Value, ValueMembers};

pub(crate) use rootline_metadata::ROOTLINE_EXPIRES_DAYS as EXPIRES_DAYS;

use crate::model::period::{Days, Periods};

/// The member, of a signed part or of an online role in root, with the days before the expiry from which the next version is due.
pub(crate) const SIGNING_DAYS: &str = "x-rootline-signing-days";

/// Adds the signing period to a signed part.
pub(crate) fn with_signing_days(signed: ValueMembers, days: Option<Days>) -> ValueMembers {
    with_days(signed, SIGNING_DAYS, days)
}

/// Adds both periods to an online role in root.
pub(crate) fn with_periods(role: ValueMembers, periods: Option<Periods>) -> ValueMembers {
    let role = with_days(role, EXPIRES_DAYS, periods.map(|periods| periods.expires));
    with_days(role, SIGNING_DAYS, periods.map(|periods| periods.signing))
}

fn with_days(members: ValueMembers, name: &str, days: Option<Days>) -> ValueMembers {
    match days {
        Some(days) => members.with(name, u64::from(days.number())),
        None => members,
    }
}

/// The days that a member states; `None` unless it is a number of days that is [allowed](Days::new).
pub(crate) fn days(member: &Value) -> Option<Days> {
    let Value::Integer(number) = member else { return None };
    number.digits().parse().ok().and_then(Days::new)
}

/// The periods that an online role in root states.
pub(crate) fn periods(role: &Value) -> Option<Periods> {
    let (expires, signing) = (days(role.get(EXPIRES_DAYS)?)?, days(role.get(SIGNING_DAYS)?)?);
    (signing < expires).then_some(Periods { expires, signing })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stated_periods_are_read_where_they_are_those_that_count() {
        let read = |text: &str| periods(&Value::parse(text.as_bytes(), 100).unwrap());
        let role = |expires: &str, signing: &str| {
            read(&format!("{{\"{EXPIRES_DAYS}\": {expires}, \"{SIGNING_DAYS}\": {signing}}}"))
        };
        assert!(role("7", "6").is_some());
        for (expires, signing) in [("7", "7"), ("0", "6"), ("7", "0"), ("\"7\"", "6"), ("3661", "6")] {
            assert!(role(expires, signing).is_none(), "{expires} {signing}");
        }
        assert!(read("{}").is_none());
    }
}
