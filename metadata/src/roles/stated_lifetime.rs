//! How long the files of a role live, where root states it: outside of TUF, in members of its own, and signed like all of root.

use chrono::TimeDelta;

use crate::json::Node;
use crate::roles::header::TopLevelRole;
use crate::roles::root::Root;
use crate::signed::envelope::Verified;

/// The member of an online role in root with the days from a version's date to its expiry, as rootline writes it.
pub const ROOTLINE_EXPIRES_DAYS: &str = "x-rootline-expires-days";
/// The same as tuf-on-ci writes it, in the roots of Sigstore and of GitHub.
pub const TUF_ON_CI_EXPIRY_PERIOD: &str = "x-tuf-on-ci-expiry-period";

/// The most days that count: ten years, as Sigstore's longest-lived files have, and some room.
const MAX_DAYS: i64 = 3660;

impl Verified<Root> {
    /// How long a file of this role lives from its signing to its expiry, as this root states; `None` when it states nothing, two
    /// different things, or no number of days from 1 to 3660.
    pub fn stated_lifetime(&self, role: TopLevelRole) -> Option<TimeDelta> {
        lifetime(self.envelope().member("roles")?.get(role.name())?)
    }
}

fn lifetime(role: Node<'_>) -> Option<TimeDelta> {
    let mut stated = [ROOTLINE_EXPIRES_DAYS, TUF_ON_CI_EXPIRY_PERIOD].into_iter().filter_map(|name| role.get(name));
    let first = days(stated.next()?)?;
    match stated.next() {
        Some(second) if days(second) != Some(first) => None,
        _ => Some(TimeDelta::days(first)),
    }
}

fn days(member: Node<'_>) -> Option<i64> {
    let days = member.digits()?.parse().ok()?;
    (1..=MAX_DAYS).contains(&days).then_some(days)
}

#[cfg(test)]
mod tests {
    use alloc::format;

    use super::*;
    use crate::json::Document;

    #[test]
    fn a_lifetime_counts_where_it_is_a_number_of_days_and_nothing_contradicts_it() {
        for (members, days) in [
            (r#""x-tuf-on-ci-expiry-period": 7"#, Some(7)),
            (r#""x-rootline-expires-days": 7"#, Some(7)),
            (r#""x-rootline-expires-days": 7, "x-tuf-on-ci-expiry-period": 7"#, Some(7)),
            (r#""x-rootline-expires-days": 7, "x-tuf-on-ci-expiry-period": 8"#, None),
            (r#""x-rootline-expires-days": 7, "x-tuf-on-ci-expiry-period": "7""#, None),
            (r#""x-rootline-expires-days": "7", "x-tuf-on-ci-expiry-period": 7"#, None),
            (r#""x-tuf-on-ci-expiry-period": 1"#, Some(1)),
            (r#""x-tuf-on-ci-expiry-period": 0"#, None),
            (r#""x-tuf-on-ci-expiry-period": -7"#, None),
            (r#""x-tuf-on-ci-expiry-period": 3660"#, Some(3660)),
            (r#""x-tuf-on-ci-expiry-period": 3661"#, None),
            (r#""x-tuf-on-ci-expiry-period": 99999999999999999999999"#, None),
            (r#""x-tuf-on-ci-signing-period": 6"#, None),
            ("", None),
        ] {
            let document = Document::parse(format!("{{{members}}}").into_bytes(), 200).unwrap();
            assert_eq!(lifetime(document.top()), days.map(TimeDelta::days), "{members}");
        }
    }
}
