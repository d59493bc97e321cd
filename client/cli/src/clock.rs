//! The one place where a program of this workspace reads the clock.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;

/// The instant that a command works at: what `--at` says, or now. The clock is the C library's, so `faketime` works.
#[derive(Clone, Copy, Debug)]
pub struct At(Option<DateTime<Utc>>);

impl At {
    /// What `--at` says; none is now.
    pub fn new(at: Option<DateTime<Utc>>) -> At {
        At(at)
    }

    /// Whether it is what `--at` says, so that no time passes.
    pub fn is_stated(self) -> bool {
        self.0.is_some()
    }

    /// The instant.
    #[allow(clippy::disallowed_methods)] // the one place
    pub fn instant(self) -> DateTime<Utc> {
        self.0.unwrap_or_else(|| DateTime::from(SystemTime::now()))
    }
}

/// Reads the value of `--at`.
///
/// # Errors
/// If it is no RFC 3339 instant: what is expected.
pub fn parse_at(text: &str) -> Result<DateTime<Utc>, String> {
    parse_instant(text).ok_or_else(|| "expected a date and time such as 2026-08-22T00:00:00Z".to_owned())
}
