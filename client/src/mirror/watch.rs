//! Keeping a mirror fresh.

use std::ops::ControlFlow;
use std::time::Duration;

/// The wait after a first failure; twice as long after each further one, but never longer than between two rounds.
pub const FIRST_PAUSE: Duration = Duration::from_secs(10);

/// Repeats `round` until `wait` breaks off. `round` returns whether it succeeded; after one that failed the next comes sooner. `wait` waits for as
/// long as it is told: the only place where time passes.
pub fn watch(interval: Duration, mut round: impl FnMut() -> bool, mut wait: impl FnMut(Duration) -> ControlFlow<()>) {
    let mut pause = FIRST_PAUSE;
    loop {
        let next = if round() {
            pause = FIRST_PAUSE;
            interval
        } else {
            let next = pause.min(interval);
            pause = pause.saturating_mul(2).min(interval);
            next
        };
        if wait(next).is_break() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failing_round_is_tried_again_after_pauses_that_grow_up_to_the_interval() {
        let mut outcomes = [true, false, false, false, false, false, true, false, true].into_iter();
        let mut waited = Vec::new();
        watch(
            Duration::from_secs(100),
            || outcomes.next().unwrap(),
            |pause| {
                waited.push(pause.as_secs());
                if waited.len() == 9 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!(waited, [100, 10, 20, 40, 80, 100, 100, 10, 100]);
    }

    #[test]
    fn no_pause_is_longer_than_the_interval_and_the_first_failure_does_not_end_it() {
        let (mut rounds, mut waited) = (0, Vec::new());
        watch(
            Duration::from_secs(3),
            || {
                rounds += 1;
                false
            },
            |pause| {
                waited.push(pause.as_secs());
                if waited.len() == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
            },
        );
        assert_eq!((rounds, waited), (3, vec![3, 3, 3]));
    }
}
