//! The options of commands that read a bundle, and what they say of it.

use std::fs::File;
use std::io::BufReader;
use std::path::PathBuf;

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rootline_metadata::{Expiry, Role, Version, instant_text};
use serde_json::{Value, json};

use crate::Freshness;
use crate::bundle::{Bundle, BundleError, BundleLimits, UnverifiedBundle};
use crate::cli::clock::parse_at;
use crate::cli::duration::parse_duration;
use crate::cli::failure::Failure;
use crate::cli::freshness::freshness_json;
use crate::cli::terminal::Terminal;
use crate::refusal::Fault;

/// Which bundle, and how long after its expiry it may be used.
#[derive(Args, Debug)]
pub(crate) struct BundleArgs {
    /// The bundle, as `rootline export` made it
    file: PathBuf,

    /// Accept it for so long after its expiry, such as 30d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    grace: Option<TimeDelta>,

    /// Accept what had not expired at this instant, whatever has expired since
    #[arg(long, value_name = "INSTANT", value_parser = parse_at, conflicts_with = "grace")]
    as_of: Option<DateTime<Utc>>,

    /// Most bytes of the bundle, which is held in memory while it is verified
    #[arg(long, value_name = "BYTES", default_value_t = BundleLimits::default().bytes)]
    max_bytes: u64,
}

impl BundleArgs {
    /// The bundle, verified.
    pub(crate) fn verify(&self, pinned_root: &[u8], now: DateTime<Utc>) -> Result<Bundle, Failure> {
        let file = File::open(&self.file).map_err(|error| Failure::unreadable(&self.file, &error))?;
        let limits = BundleLimits { bytes: self.max_bytes, ..BundleLimits::default() };
        let bundle = UnverifiedBundle::read(BufReader::new(file), limits)?;
        Ok(bundle.verify(pinned_root, now, self.freshness())?)
    }

    fn freshness(&self) -> Freshness {
        match self.as_of {
            Some(instant) => Freshness::OfflineAsOf(instant),
            None => Freshness::OfflineWithGrace(self.grace.unwrap_or_default()),
        }
    }

    /// Until when this site may use what is in the bundle: its first expiry and the grace; none if the caller has named an instant instead.
    fn usable_until(&self, bundle: &Bundle) -> Option<DateTime<Utc>> {
        let expiry = bundle.contents().first_expiry().instant();
        let grace = self.grace.unwrap_or_default();
        self.as_of.is_none().then(|| expiry.checked_add_signed(grace).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// What is in it, for people.
    pub(crate) fn print(&self, bundle: &Bundle, now: DateTime<Utc>, terminal: &Terminal) {
        let contents = bundle.contents();
        let taken = bundle.taken_at().map_or_else(|| "it does not say when".to_owned(), instant_text);
        terminal.line(format_args!("bundle of {}, verified from root {}", plain(bundle.instance()), contents.pinned()));
        terminal.line(format_args!("taken at: {taken}"));
        let roles = roles(bundle);
        let width = roles.iter().map(|(name, ..)| name.chars().count()).max().unwrap_or(0).max(10);
        terminal
            .line(format_args!("  {:<width$} {:>7}  {:<20}  {:>9}", "role", "version", "expires (UTC)", "days left"));
        for (name, version, expiry) in &roles {
            let remark = if expiry.has_passed(now) { "  expired" } else { "" };
            let (expires, days) = (expiry.to_text(), days_left(*expiry, now));
            terminal.line(format_args!("  {:<width$} {version:>7}  {expires:<20}  {days:>9}{remark}", plain(name)));
        }
        for (found, bytes) in &bundle.updated().targets {
            terminal.line(format_args!("  target {} ({} bytes)", plain(found.path.as_str()), bytes.len()));
        }
        if let Some(until) = self.usable_until(bundle) {
            let left = days_left(Expiry::at(until), now);
            terminal.line(format_args!("this site may use it until {} ({left} days left)", instant_text(until)));
        }
        if let Some((role, expiry)) = bundle.freshness().first_expiry().filter(|(_, expiry)| expiry.has_passed(now)) {
            let role = plain(role);
            terminal.warning(format_args!(
                "stale: {role} expired at {expiry} ({} days ago)",
                now.signed_duration_since(expiry.instant()).num_days()
            ));
        }
        if bundle.taken_at().is_some_and(|taken| taken > now) {
            terminal.warning(format_args!(
                "the bundle says that it was taken after {}: see if the clock is right",
                instant_text(now)
            ));
        }
    }

    /// The same for programs.
    pub(crate) fn to_json(&self, bundle: &Bundle, now: DateTime<Utc>) -> Value {
        let contents = bundle.contents();
        let roles = roles(bundle).into_iter().map(|(name, version, expiry)| {
            json!({
                "role": name,
                "version": version.number(),
                "expires": expiry.to_text(),
                "days_left": days_left(expiry, now),
                "expired": expiry.has_passed(now),
            })
        });
        let targets = bundle
            .updated()
            .targets
            .iter()
            .map(|(found, bytes)| json!({ "name": found.path.as_str(), "length": bytes.len() }));
        json!({
            "instance": bundle.instance(),
            "pinned_root": contents.pinned().number(),
            "taken_at": bundle.taken_at().map(instant_text),
            "freshness": freshness_json(&bundle.freshness(), now),
            "usable_until": self.usable_until(bundle).map(instant_text),
            "roles": roles.collect::<Vec<_>>(),
            "targets": targets.collect::<Vec<_>>(),
        })
    }
}

fn roles(bundle: &Bundle) -> Vec<(String, Version, Expiry)> {
    let trusted = &bundle.updated().trusted;
    let (root, timestamp) = (trusted.root(), trusted.timestamp());
    let (snapshot, targets) = (trusted.snapshot(), trusted.targets());
    let mut roles = vec![
        ("root".to_owned(), root.version(), root.expiry()),
        ("timestamp".to_owned(), timestamp.version(), timestamp.expiry()),
        ("snapshot".to_owned(), snapshot.version(), snapshot.expiry()),
        ("targets".to_owned(), targets.version(), targets.expiry()),
    ];
    let delegated = bundle.contents().delegated().iter();
    roles.extend(delegated.map(|role| (role.name.as_str().to_owned(), role.version, role.expiry)));
    roles
}

/// Whole days until then; less than zero once it has passed.
fn days_left(expiry: Expiry, now: DateTime<Utc>) -> i64 {
    expiry.instant().signed_duration_since(now).num_seconds().div_euclid(86_400)
}

/// Names come from the bundle; nothing in them may move the cursor.
fn plain(name: &str) -> String {
    name.chars().filter(|character| !character.is_control()).collect()
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        if let BundleError::Contents(error) = error {
            let expired = error.refusal().is_some_and(|refusal| matches!(refusal.fault, Fault::Expired { .. }));
            let failure = Failure::from(error);
            return match expired {
                true => failure
                    .with_hint("carry over a newer bundle; or use this one for a stated time with --grace DURATION"),
                false => failure,
            };
        }
        match error.hint() {
            Some(hint) => Failure::new(error.to_string(), hint),
            None => Failure::new(error.to_string(), "check the path, its permissions and the space on the disk"),
        }
    }
}
