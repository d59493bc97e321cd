//! When a change of the trust root can have reached every verifier.

use chrono::{DateTime, TimeDelta, Utc};

use crate::plan::policy::Policy;

/// How long it takes from planning a change until no verifier is without it: the signing period of targets, in which it is signed; the
/// lifetime of a timestamp, for which a verifier may keep to what it has; and the caches in between.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reach {
    /// In which the change is signed.
    pub signing: TimeDelta,
    /// For which a verifier may keep to what it has.
    pub timestamp: TimeDelta,
    /// In which caches show it what was before.
    pub caches: TimeDelta,
}

impl Reach {
    /// What the policy makes of it.
    pub fn of(policy: &Policy) -> Reach {
        let days = |days: crate::Days| TimeDelta::days(i64::from(days.number()));
        Reach {
            signing: days(policy.targets().periods.signing),
            timestamp: days(policy.timestamp().expires),
            caches: policy.caches().total(),
        }
    }

    /// The earliest instant at which everybody can have what is planned at `now`, as the next full hour.
    pub fn earliest(&self, now: DateTime<Utc>) -> DateTime<Utc> {
        const HOUR: i64 = 3_600;
        let instant = now + self.signing + self.timestamp + self.caches;
        let past = instant.timestamp().rem_euclid(HOUR);
        let is_full = past == 0 && instant.timestamp_subsec_nanos() == 0;
        let full = DateTime::from_timestamp(instant.timestamp() - past, 0).unwrap_or(instant);
        if is_full { full } else { full + TimeDelta::hours(1) }
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::{instant_text, parse_instant};

    use super::*;
    use crate::Name;

    #[test]
    fn a_change_is_signed_then_outlives_a_timestamp_and_the_caches() {
        let name: Name = "alice".parse().unwrap();
        let policy = Policy::parse(&Policy::template("x", std::slice::from_ref(&name), 1, &[])).unwrap();
        let reach = Reach::of(&policy);
        assert_eq!((reach.signing.num_days(), reach.timestamp.num_days(), reach.caches.num_minutes()), (46, 7, 130));
        let earliest = |now: &str| instant_text(reach.earliest(parse_instant(now).unwrap()));
        assert_eq!(earliest("2030-01-01T00:00:00Z"), "2030-02-23T03:00:00Z");
        assert_eq!(earliest("2030-01-01T00:50:00Z"), "2030-02-23T03:00:00Z");
        assert_eq!(earliest("2030-01-01T00:50:01Z"), "2030-02-23T04:00:00Z");
    }
}
