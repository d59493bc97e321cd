//! The one place where this program reads the clock.

use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;

/// The instant that a command works at: what `--at` says, or now. The clock is the C library's, so `faketime` works.
#[derive(Clone, Copy, Debug)]
pub(crate) struct At(Option<DateTime<Utc>>);

impl At {
    pub(crate) fn new(at: Option<DateTime<Utc>>) -> At {
        At(at)
    }

    #[allow(clippy::disallowed_methods)] // the one place
    pub(crate) fn instant(self) -> DateTime<Utc> {
        self.0.unwrap_or_else(|| DateTime::from(SystemTime::now()))
    }
}

/// Reads the value of `--at`.
pub(crate) fn parse_at(text: &str) -> Result<DateTime<Utc>, String> {
    parse_instant(text).ok_or_else(|| "expected a date and time such as 2026-08-22T00:00:00Z".to_owned())
}
