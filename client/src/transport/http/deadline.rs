//! The time that a session has.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::TransportError;

/// From when a session begins, so much time for all that it fetches. Before the first one begins, there is no end.
#[derive(Debug)]
pub(super) struct Deadline {
    total: Duration,
    until: Mutex<Option<Instant>>,
}

impl Deadline {
    pub(super) fn of(total: Duration) -> Self {
        Deadline { total, until: Mutex::default() }
    }

    /// A session begins.
    pub(super) fn begin(&self) {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner) = Instant::now().checked_add(self.total);
    }

    /// When its time is up.
    pub(super) fn until(&self) -> Option<Instant> {
        *self.until.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// That it is up.
    pub(super) fn is_up(&self, location: String) -> TransportError {
        TransportError::OutOfTime { location, limit: self.total }
    }
}

/// So much later than `instant`; in thirty years if that is more than a clock can count.
pub(super) fn later(instant: Instant, time: Duration) -> Instant {
    instant.checked_add(time).unwrap_or_else(|| instant + Duration::from_secs(30 * 365 * 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_counts_from_when_work_begins() {
        let deadline = Deadline::of(Duration::from_secs(60));
        assert_eq!(deadline.until(), None);
        let before = Instant::now();
        deadline.begin();
        let first = deadline.until().unwrap();
        assert!(before + Duration::from_secs(60) <= first);
        deadline.begin();
        assert!(first <= deadline.until().unwrap());
    }

    #[test]
    fn more_time_than_can_be_counted_is_no_panic() {
        let endless = Deadline::of(Duration::MAX);
        endless.begin();
        assert_eq!(endless.until(), None);
        let now = Instant::now();
        assert_eq!(later(now, Duration::from_secs(1)), now + Duration::from_secs(1));
        assert!(later(now, Duration::MAX) > now);
    }
}
