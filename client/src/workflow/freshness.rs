//! How fresh a caller wants the trust root to be, and how fresh it is.

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::Expiry;

/// Where files may come from, and how old they may be. In each case everything is verified from the pinned root.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Freshness {
    /// Ask the repository.
    #[default]
    Online,
    /// Use the cache without any request while the last successful refresh by this client is younger than this, and ask the repository
    /// otherwise. The import of a bundle is no refresh.
    MaxAge(TimeDelta),
    /// Use the cache alone, for so long after its expiry: zero means not a moment.
    OfflineWithGrace(TimeDelta),
    /// Use the cache alone, as of this instant: whatever expires, it has to expire later than that.
    OfflineAsOf(DateTime<Utc>),
}

impl Freshness {
    /// Use the cache alone, and only while it is unexpired.
    pub fn offline() -> Freshness {
        Freshness::OfflineWithGrace(TimeDelta::zero())
    }

    /// Whether no request may be made.
    pub fn is_offline(self) -> bool {
        matches!(self, Freshness::OfflineWithGrace(_) | Freshness::OfflineAsOf(_))
    }

    /// The instant that expiries of a cache are judged at. What lies before all time is its beginning.
    pub(crate) fn judged_at(self, now: DateTime<Utc>) -> DateTime<Utc> {
        match self {
            Freshness::Online | Freshness::MaxAge(_) => now,
            Freshness::OfflineWithGrace(grace) => now.checked_sub_signed(grace).unwrap_or(DateTime::<Utc>::MIN_UTC),
            Freshness::OfflineAsOf(instant) => instant,
        }
    }
}

/// How fresh a verified set is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FreshnessReport {
    /// When this client last compared it with the repository; `None` when that is not known.
    pub checked_at: Option<DateTime<Utc>>,
    /// About when its timestamp was [signed](crate::workflow::Trusted::signed_at); `None` when root does not state how long a timestamp
    /// lives.
    pub signed_at: Option<DateTime<Utc>>,
    /// The instant that its expiries were judged at.
    pub judged_at: DateTime<Utc>,
    /// When each role that vouches for it expires, by its name: the four, and the delegated ones that list what was asked for.
    pub expiries: Vec<(String, Expiry)>,
}

impl FreshnessReport {
    /// From when on it is stale: the role that expires first, and when.
    pub fn first_expiry(&self) -> Option<(&str, Expiry)> {
        let first = self.expiries.iter().min_by_key(|(_, expiry)| *expiry)?;
        Some((&first.0, first.1))
    }

    /// How long before `now` its timestamp was signed, about; `None` when that is not known, or lies in the future: then root states another
    /// lifetime than this timestamp was given, or the clock is wrong.
    pub fn signed_age(&self, now: DateTime<Utc>) -> Option<TimeDelta> {
        let age = now.signed_duration_since(self.signed_at?);
        (age >= TimeDelta::zero()).then_some(age)
    }

    /// Whether it was compared with the repository less than `max_age` before `now`. A check in the future says nothing: some clock was wrong.
    pub fn is_younger_than(&self, max_age: TimeDelta, now: DateTime<Utc>) -> bool {
        self.checked_at.is_some_and(|at| is_within(at, max_age, now))
    }

    /// Whether some role has expired at `now`. It can only be so where the caller has allowed a grace, or named an instant.
    pub fn is_stale(&self, now: DateTime<Utc>) -> bool {
        self.first_expiry().is_some_and(|(_, expiry)| expiry.has_passed(now))
    }
}

/// Whether `at` is less than `max_age` before `now`, and not after it.
pub(crate) fn is_within(at: DateTime<Utc>, max_age: TimeDelta, now: DateTime<Utc>) -> bool {
    let age = now.signed_duration_since(at);
    age >= TimeDelta::zero() && age < max_age
}
