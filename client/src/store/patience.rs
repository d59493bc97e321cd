//! What Windows refuses for a moment.
//!
//! A virus scanner, an indexer or a backup opens a file as soon as it is written, and often lets nobody rename, replace or remove it meanwhile.
//! A moment later the same call succeeds. Unix has nothing of the kind.

use std::io;
use std::thread;
use std::time::Duration;

/// Renames, replaces or removes something, and tries again for about a second as long as another program may have it open.
pub(super) fn patiently<T>(mut act: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    if cfg!(windows) { retry(act, is_passing, thread::sleep) } else { act() }
}

/// Opens something, and tries again for about a second as long as another program has it open.
pub(super) fn open_patiently<T>(mut open: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    if cfg!(windows) { retry(open, is_held_open, thread::sleep) } else { open() }
}

fn retry<T>(
    mut act: impl FnMut() -> io::Result<T>,
    is_passing: fn(&io::Error) -> bool,
    mut sleep: impl FnMut(Duration),
) -> io::Result<T> {
    // The time waited is the sum of the pauses, so that no clock decides how this ends.
    let (mut waited, mut pause) = (Duration::ZERO, FIRST_PAUSE);
    loop {
        match act() {
            Err(error) if is_passing(&error) && waited < PATIENCE => {
                sleep(pause);
                waited += pause;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            done => return done,
        }
    }
}

/// Whether another program has the file open and shares it with nobody, as Windows says it.
pub(super) fn is_held_open(error: &io::Error) -> bool {
    cfg!(windows) && matches!(error.raw_os_error(), Some(SHARING_VIOLATION | LOCK_VIOLATION))
}

/// Whether it may be otherwise in a moment. A file that is held open is as often called inaccessible.
fn is_passing(error: &io::Error) -> bool {
    matches!(error.raw_os_error(), Some(ACCESS_DENIED | SHARING_VIOLATION | LOCK_VIOLATION))
}

const ACCESS_DENIED: i32 = 5;
const SHARING_VIOLATION: i32 = 32;
const LOCK_VIOLATION: i32 = 33;

/// Long enough for a scanner, and short enough for a person where the file is inaccessible for good.
const PATIENCE: Duration = Duration::from_secs(1);
const FIRST_PAUSE: Duration = Duration::from_millis(5);
const MAX_PAUSE: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    /// Fails with this code so many times; how it ended, after how many tries and pauses of how long together.
    fn fails(code: i32, times: usize) -> (io::Result<()>, usize, Duration) {
        let (mut tries, mut waited) = (0, Duration::ZERO);
        let done = retry(
            || {
                tries += 1;
                if tries > times { Ok(()) } else { Err(io::Error::from_raw_os_error(code)) }
            },
            is_passing,
            |pause| waited += pause,
        );
        (done, tries, waited)
    }

    #[test]
    fn what_passes_is_tried_again_and_what_does_not_is_told_at_once() {
        for code in [5, 32, 33] {
            let (done, tries, waited) = fails(code, 3);
            assert!(done.is_ok(), "{code}");
            assert_eq!((tries, waited), (4, Duration::from_millis(35)), "{code}");
        }
        for code in [2, 3, 4, 6, 31, 34, 80, 112, 123, 183] {
            let (done, tries, waited) = fails(code, 3);
            assert_eq!(done.unwrap_err().raw_os_error(), Some(code));
            assert_eq!((tries, waited), (1, Duration::ZERO), "{code}");
        }
    }

    #[test]
    fn a_file_that_stays_open_is_given_up_after_about_a_second() {
        let (done, tries, waited) = fails(32, usize::MAX);
        assert_eq!(done.unwrap_err().raw_os_error(), Some(32));
        assert!(tries > 10 && waited >= PATIENCE && waited < PATIENCE + MAX_PAUSE, "{tries} {waited:?}");
    }
}
