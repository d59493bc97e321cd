//! The freshness that a command needs, and the line that reports it.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rootline_client::workflow::Fault;
use rootline_client::{Error, Freshness, FreshnessReport};
use rootline_metadata::instant_text;
use serde_json::{Value, json};

use crate::clock::parse_at;
use crate::failure::Failure;
use crate::help::FRESHNESS;
use crate::printable::printable;
use rootline_metadata::parse_duration;

/// The options of commands that use the trust root.
#[derive(Args, Debug)]
pub(crate) struct FreshnessArgs {
    /// Make no request if the repository was asked less than this long ago, such as 6h or 7d
    #[arg(long, help_heading = FRESHNESS, value_name = "DURATION", value_parser = parse_duration, conflicts_with = "offline")]
    max_age: Option<TimeDelta>,

    /// Use the cache alone, which must be complete and unexpired
    #[arg(long, help_heading = FRESHNESS)]
    offline: bool,

    /// With --offline: accept it this long after its expiry, such as 30d
    #[arg(long, hide_short_help = true, help_heading = FRESHNESS, value_name = "DURATION", value_parser = parse_duration, requires = "offline")]
    grace: Option<TimeDelta>,

    /// With --offline: check its expiry at this instant instead of now
    #[arg(
        long, hide_short_help = true, help_heading = FRESHNESS, value_name = "INSTANT", value_parser = parse_at, requires = "offline",
        conflicts_with = "grace"
    )]
    as_of: Option<DateTime<Utc>>,
}

impl FreshnessArgs {
    /// What they ask for.
    pub(crate) fn freshness(&self) -> Freshness {
        match (self.offline, self.as_of, self.max_age) {
            (true, Some(instant), _) => Freshness::OfflineAsOf(instant),
            (true, None, _) => Freshness::OfflineWithGrace(self.grace.unwrap_or_default()),
            (false, _, Some(max_age)) => Freshness::MaxAge(max_age),
            (false, _, None) => Freshness::Online,
        }
    }
}

/// When the timestamp was signed, as far as signed metadata shows.
pub(crate) fn signed_text(report: &FreshnessReport, now: DateTime<Utc>) -> String {
    match report.signed_at.zip(report.signed_age(now)) {
        Some((at, age)) => format!("signed about {} ({} days ago)", at.date_naive(), age.num_days()),
        None => "time of signing unknown".to_owned(),
    }
}

/// The same for programs.
pub(crate) fn signed_json(report: &FreshnessReport, now: DateTime<Utc>) -> Value {
    report.signed_age(now).and(report.signed_at).map(instant_text).into()
}

/// The freshness in one line.
pub(crate) fn freshness_line(report: &FreshnessReport, now: DateTime<Utc>) -> String {
    let checked = match report.checked_at {
        Some(instant) => format!("checked at {}", instant_text(instant)),
        None => "last check unknown".to_owned(),
    };
    let checked = format!("{}; {checked}", signed_text(report, now));
    let Some((role, expiry)) = report.first_expiry() else { return checked };
    let days = expiry.instant().signed_duration_since(now).num_days();
    match report.is_stale(now) {
        false => format!("{checked}; fresh until {expiry} ({days} days left)"),
        true => format!("{checked}; stale: {} expired at {expiry} ({} days ago)", printable(role), -days),
    }
}

/// The same for programs.
pub(crate) fn freshness_json(report: &FreshnessReport, now: DateTime<Utc>) -> Value {
    let expiries = report.expiries.iter().map(|(role, expiry)| (role.clone(), expiry.to_text().into()));
    json!({
        "signed_at": signed_json(report, now),
        "checked_at": report.checked_at.map(instant_text),
        "judged_at": instant_text(report.judged_at),
        "fresh_until": report.first_expiry().map(|(_, expiry)| expiry.to_text()),
        "stale": report.is_stale(now),
        "expiries": expiries.collect::<serde_json::Map<String, Value>>(),
    })
}

/// The failure of a command that uses the trust root; the hint depends on whether there is a network.
pub(crate) fn failure(error: Error, freshness: Freshness) -> Failure {
    if !freshness.is_offline() {
        return error.into();
    }
    match error.refusal().map(|refusal| (&refusal.fault, &refusal.file)) {
        Some((Fault::Expired { .. }, _)) => Failure::from(error)
            .with_hint("run `rootline update` with a network, or accept it for longer with --grace 30d"),
        Some((Fault::Absent, file)) => {
            let what = format!("the cache has no {file}");
            Failure::from(error)
                .with_what(what)
                .with_hint("run `rootline update` with a network, or import a bundle: rootline bundle import FILE")
        }
        _ => error.into(),
    }
}
