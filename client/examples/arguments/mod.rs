//! What the examples are run on: Sigstore's repository now, or another place of it and another instant, as in
//! `cargo run --example trust_root -- http://localhost:8080 2026-08-22T00:00:00Z`.

use std::env;
use std::time::SystemTime;

use chrono::{DateTime, Utc};
use rootline_client::Instance;
use rootline_metadata::parse_instant;

/// The repository, and the instant to work at.
pub(crate) fn read() -> Result<(Instance, DateTime<Utc>), String> {
    let mut arguments = env::args().skip(1);
    let sigstore = Instance::sigstore();
    let instance = match arguments.next() {
        Some(url) => Instance::at(&url, sigstore.pinned_root),
        None => sigstore,
    };
    let instant = match arguments.next() {
        Some(text) => parse_instant(&text).ok_or("expected a date and time such as 2026-08-22T00:00:00Z")?,
        None => now(),
    };
    Ok((instance, instant))
}

#[allow(clippy::disallowed_methods, reason = "an example is a program, and this is where it reads the clock")]
fn now() -> DateTime<Utc> {
    DateTime::from(SystemTime::now())
}
