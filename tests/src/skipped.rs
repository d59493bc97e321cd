//! Tests that are skipped: each says why, and `tests/run` says how many there were at its end.

use std::env;
use std::fs::OpenOptions;
use std::io::Write as _;
use std::thread;

use crate::binaries::profile_folder;

/// The record of skipped tests, in the target folder: one line for each time that a test was skipped, its name and the reason with a tab
/// between them. `tests/run` begins it anew.
const RECORD: &str = "skipped-tests";

/// Says why the test that runs now is skipped, and records it.
///
/// # Panics
/// If the record cannot be written.
#[expect(clippy::print_stderr, reason = "a test that is skipped says so")]
pub fn skip(reason: &str) {
    eprintln!("skipped: {reason}");
    // The harness names the thread of a test after the test.
    let line = format!("{}\t{reason}\n", thread::current().name().unwrap_or("a test's own thread"));
    let record = profile_folder().parent().expect("tests are in TARGET/PROFILE/deps").join(RECORD);
    let file = OpenOptions::new().create(true).append(true).open(&record);
    // One write, so that lines of tests that run at the same time do not mix.
    let written = file.and_then(|mut file| file.write_all(line.as_bytes()));
    written.unwrap_or_else(|error| panic!("{}: {error}", record.display()));
}

/// Skips the test that runs now because something is missing that the project's CI has. Returns `None`, for a test that looks for what it
/// needs.
///
/// # Panics
/// If `CI=true`.
pub fn skip_without<T>(missing: &str) -> Option<T> {
    assert!(env::var_os("CI").is_none_or(|value| value != "true"), "{missing}");
    skip(missing);
    None
}
