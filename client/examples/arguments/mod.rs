//! What the examples are run on: Sigstore's repository now, or another place of it and another instant, as in
//! `cargo run --example trust_root -- http://localhost:8080 2026-08-22T00:00:00Z`.

use std::env;

use chrono::{DateTime, Utc};
use rootline_client::Instance;
use rootline_client::cli::clock::{At, parse_at};

/// The repository, and the instant to work at.
pub(crate) fn read() -> Result<(Instance, DateTime<Utc>), String> {
    let mut arguments = env::args().skip(1);
    let sigstore = Instance::sigstore();
    let instance = match arguments.next() {
        Some(url) => Instance::at(&url, sigstore.pinned_root),
        None => sigstore,
    };
    let instant = arguments.next().map(|text| parse_at(&text)).transpose()?;
    Ok((instance, At::new(instant).instant()))
}
