//! The time that a session has, and how slow a server may be.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::super::TransportError;
use super::HttpSettings;

/// How much slower than the slowest rate a server may be before it is given up: it begins with so much time, spends it while it is waited
/// for, and earns it back with what it sends, up to what it began with. So a drip comes to an end soon after whatever was sent before it,
/// and a line that is slow and steady is never cut.
#[derive(Clone, Debug)]
pub(super) struct Credit {
    most: Duration,
    until: Instant,
}

impl Credit {
    pub(super) fn new(now: Instant, most: Duration) -> Credit {
        Credit { most, until: later(now, most) }
    }

    /// Gives time back.
    pub(super) fn earn(&mut self, now: Instant, time: Duration) {
        self.until = later(self.until, time).min(later(now, self.most));
    }

    /// When it is spent.
    pub(super) fn until(&self) -> Instant {
        self.until
    }
}

/// From when a session begins, so much time for all that it fetches, and so much credit. Before the first one begins, there is no end.
#[derive(Debug)]
pub(super) struct Deadline {
    total: Duration,
    patience: Duration,
    slowest_rate: u64,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    session: Option<Session>,
    /// How many files are on their way at this moment.
    running: u32,
}

#[derive(Debug)]
struct Session {
    /// `None` when that is more than a clock can count.
    until: Option<Instant>,
    credit: Credit,
    /// While no file is on its way, no server is waited for.
    idle_since: Instant,
}

/// A file is on its way for as long as this lives.
pub(super) struct Running<'a>(&'a Deadline);

impl Drop for Running<'_> {
    fn drop(&mut self) {
        self.0.ended(Instant::now());
    }
}

/// What a file earns by being there, however small it is: a few round trips of a slow line.
const FOR_A_FILE: Duration = Duration::from_secs(4);

impl Deadline {
    pub(super) fn of(settings: &HttpSettings) -> Self {
        Deadline {
            total: settings.total_timeout,
            patience: settings.patience.max(settings.request_timeout),
            slowest_rate: settings.slowest_rate.max(1),
            state: Mutex::default(),
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session begins.
    pub(super) fn begin(&self, now: Instant) {
        let credit = Credit::new(now, self.patience);
        self.state().session = Some(Session { until: now.checked_add(self.total), credit, idle_since: now });
    }

    /// When its time is up.
    pub(super) fn until(&self) -> Option<Instant> {
        self.state().session.as_ref()?.until
    }

    /// That it is up.
    pub(super) fn is_up(&self, location: String) -> TransportError {
        TransportError::OutOfTime { location, limit: self.total }
    }

    /// A file is on its way, until what is returned is dropped.
    pub(super) fn running(&self) -> Running<'_> {
        self.started(Instant::now());
        Running(self)
    }

    fn started(&self, now: Instant) {
        let mut state = self.state();
        state.running += 1;
        let was_idle = state.running == 1;
        if let Some(session) = state.session.as_mut().filter(|_| was_idle) {
            session.credit.earn(now, now.saturating_duration_since(session.idle_since));
        }
    }

    fn ended(&self, now: Instant) {
        let mut state = self.state();
        state.running -= 1;
        let is_idle = state.running == 0;
        if let Some(session) = state.session.as_mut().filter(|_| is_idle) {
            session.idle_since = now;
        }
    }

    /// The credit of one file, with all its tries.
    pub(super) fn credit_of_a_file(&self, now: Instant) -> Credit {
        Credit::new(now, self.patience)
    }

    /// The time that a server may be waited for beyond what it sends.
    pub(super) fn patience(&self) -> Duration {
        self.patience
    }

    /// When the session's credit, or that of the file, is spent.
    pub(super) fn spent_at(&self, file: &Credit) -> Instant {
        let state = self.state();
        state.session.as_ref().map_or(file.until(), |session| session.credit.until().min(file.until()))
    }

    /// So many bytes of a file have arrived; returns what they are worth to the file. Files that are on their way at the same time share
    /// the line, so that each may be as much slower as there are.
    pub(super) fn arrived(&self, now: Instant, file: &mut Credit, bytes: usize) -> Duration {
        let nanos = bytes as u128 * 1_000_000_000 / u128::from(self.slowest_rate);
        let time = Duration::from_nanos(u64::try_from(nanos).unwrap_or(u64::MAX));
        let share = time.saturating_mul(self.earn(now, time).max(1));
        file.earn(now, share);
        share
    }

    /// A whole file has arrived.
    pub(super) fn finished(&self, now: Instant) {
        self.earn(now, FOR_A_FILE);
    }

    /// Nobody was waited for in this time.
    pub(super) fn paused(&self, now: Instant, file: &mut Credit, time: Duration) {
        file.earn(now, time);
        self.earn(now, time);
    }

    /// Returns how many files are on their way.
    fn earn(&self, now: Instant, time: Duration) -> u32 {
        let mut state = self.state();
        if let Some(session) = &mut state.session {
            session.credit.earn(now, time);
        }
        state.running
    }
}

/// So much later than `instant`; in thirty years if that is more than a clock can count.
pub(super) fn later(instant: Instant, time: Duration) -> Instant {
    instant.checked_add(time).unwrap_or_else(|| instant + Duration::from_secs(30 * 365 * 86_400))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn deadline(settings: &HttpSettings) -> (Deadline, Instant) {
        let deadline = Deadline::of(settings);
        let now = Instant::now();
        deadline.begin(now);
        (deadline, now)
    }

    /// How many seconds a server is waited for that sends so many bytes at the end of each second of a session, `running` files at the same
    /// time and the bytes of this file alone; `None` if it is not given up within an hour.
    fn seconds(deadline: &Deadline, began: Instant, bytes: usize, running: usize) -> Option<u64> {
        (0..running).for_each(|_| deadline.started(began));
        let mut file = deadline.credit_of_a_file(began);
        let given_up = (1..=3600).find(|second| {
            let now = began + Duration::from_secs(*second);
            if deadline.spent_at(&file) <= now {
                return true;
            }
            deadline.arrived(now, &mut file, bytes);
            false
        });
        (0..running).for_each(|_| deadline.ended(began));
        given_up
    }

    #[test]
    fn a_drip_is_given_up_within_a_minute_and_a_line_at_the_slowest_rate_never() {
        let settings = HttpSettings::default();
        let rate = settings.slowest_rate as usize;
        for (bytes, given_up) in
            [(0, Some(45)), (1, Some(46)), (rate / 4, Some(60)), (rate / 2, Some(89)), (rate, None)]
        {
            let (deadline, began) = deadline(&settings);
            assert_eq!(seconds(&deadline, began, bytes, 1), given_up, "{bytes} bytes a second");
        }
        let (deadline, began) = deadline(&settings);
        assert!(seconds(&deadline, began, rate - rate / 16, 1).is_some_and(|seconds| seconds < 900));
    }

    #[test]
    fn what_was_sent_at_once_does_not_pay_for_a_drip_after_it() {
        let (deadline, began) = deadline(&HttpSettings::default());
        let mut file = deadline.credit_of_a_file(began);
        deadline.arrived(began, &mut file, 100 << 20);
        assert_eq!(deadline.spent_at(&file), began + Duration::from_secs(45));
        assert_eq!(seconds(&deadline, began, 1, 1), Some(46));
    }

    #[test]
    fn files_that_share_a_line_may_each_be_as_much_slower_and_a_drip_among_them_may_not() {
        let settings = HttpSettings::default();
        let share = settings.slowest_rate as usize / 32;
        for (bytes, is_given_up) in [(share, false), (share / 2, true), (1, true)] {
            let (deadline, began) = deadline(&settings);
            (0..32).for_each(|_| deadline.started(began));
            let mut file = deadline.credit_of_a_file(began);
            let given_up = (1..=3600).any(|second| {
                let now = began + Duration::from_secs(second);
                // The others, whose own credit is not looked at here.
                let mut other = deadline.credit_of_a_file(now);
                deadline.arrived(now, &mut other, settings.slowest_rate as usize);
                let is_spent = deadline.spent_at(&file) <= now;
                deadline.arrived(now, &mut file, bytes);
                is_spent
            });
            assert_eq!(given_up, is_given_up, "{bytes} bytes a second");
        }
    }

    #[test]
    fn a_whole_file_and_a_pause_give_time_back() {
        let (deadline, began) = deadline(&HttpSettings::default());
        let mut file = deadline.credit_of_a_file(began);
        let after = |seconds| began + Duration::from_secs(seconds);
        deadline.finished(after(30));
        assert_eq!(deadline.spent_at(&deadline.credit_of_a_file(after(30))), after(45 + 4));
        assert_eq!(deadline.spent_at(&file), after(45), "its own is not that of others");
        deadline.paused(after(40), &mut file, Duration::from_secs(10));
        assert_eq!(deadline.spent_at(&file), after(55));
    }

    /// Another mirror was asked before this one, or signatures were checked.
    #[test]
    fn time_in_which_no_file_is_on_its_way_costs_nothing() {
        let (deadline, began) = deadline(&HttpSettings::default());
        let after = |seconds| began + Duration::from_secs(seconds);
        let spent_at = || deadline.spent_at(&deadline.credit_of_a_file(after(1000)));
        deadline.started(after(100));
        assert_eq!(spent_at(), after(145));
        deadline.started(after(110));
        deadline.ended(after(120));
        assert_eq!(spent_at(), after(145), "one is still on its way");
        deadline.ended(after(130));
        deadline.started(after(200));
        assert_eq!(spent_at(), after(200 + 15));
    }

    #[test]
    fn who_is_patient_with_a_request_is_no_less_so_with_a_session() {
        let settings = HttpSettings::default().with_request_timeout(Duration::from_secs(120));
        let (deadline, began) = deadline(&settings);
        assert_eq!(seconds(&deadline, began, 0, 1), Some(120));
    }

    #[test]
    fn time_counts_from_when_work_begins() {
        let deadline = Deadline::of(&HttpSettings::default().with_total_timeout(Duration::from_secs(60)));
        assert_eq!(deadline.until(), None);
        let now = Instant::now();
        deadline.begin(now);
        assert_eq!(deadline.until(), Some(now + Duration::from_secs(60)));
        deadline.begin(now + Duration::from_secs(1));
        assert_eq!(deadline.until(), Some(now + Duration::from_secs(61)));
    }

    #[test]
    fn more_time_than_can_be_counted_is_no_panic() {
        let endless = HttpSettings::default().with_total_timeout(Duration::MAX).with_patience(Duration::MAX);
        let (endless, now) = deadline(&endless);
        assert_eq!(endless.until(), None);
        let mut file = endless.credit_of_a_file(now);
        endless.arrived(now, &mut file, usize::MAX);
        assert!(endless.spent_at(&file) > now);
        assert_eq!(later(now, Duration::from_secs(1)), now + Duration::from_secs(1));
        assert!(later(now, Duration::MAX) > now);
    }
}
