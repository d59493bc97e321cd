//! The options of commands that read a bundle, and their report.

use std::fmt::Arguments;
use std::fs::File;
use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rootline_client::bundle::{Bundle, BundleError, BundleLimits, UnverifiedBundle};
use rootline_client::workflow::Fault;
use rootline_client::{Freshness, Instance};
use rootline_metadata::instant_text;
use serde_json::{Value, json};

use crate::clock::parse_at;
use crate::failure::Failure;
use crate::freshness::{freshness_json, signed_text};
use crate::help::{FRESHNESS, LIMITS};
use crate::hint::words;
use crate::limits::LimitArgs;
use crate::printable::printable;
use crate::repository::PinnedRootArgs;
use crate::roles::{RoleState, by_expiry, role_states, role_table};
use crate::terminal::Terminal;
use rootline_metadata::parse_duration;

/// A bundle that was verified, for which instance, and when.
pub(crate) struct Verified {
    pub(crate) bundle: Bundle,
    pub(crate) instance: Instance,
    pub(crate) now: DateTime<Utc>,
}

/// Which bundle, and how long after its expiry it may be used.
#[derive(Args, Debug)]
pub(crate) struct BundleArgs {
    /// The trust bundle; - is standard input
    file: PathBuf,

    /// Accept it this long after its expiry, such as 30d
    #[arg(long, help_heading = FRESHNESS, value_name = "DURATION", value_parser = parse_duration)]
    grace: Option<TimeDelta>,

    /// Check its expiry at this instant instead of now
    #[arg(long, help_heading = FRESHNESS, value_name = "INSTANT", value_parser = parse_at, conflicts_with = "grace")]
    as_of: Option<DateTime<Utc>>,

    #[command(flatten)]
    pin: PinnedRootArgs,

    /// The largest bundle to accept, which is held in memory
    #[arg(long, help_heading = LIMITS, value_name = "BYTES", default_value_t = BundleLimits::default().bytes)]
    max_bytes: u64,

    #[command(flatten)]
    limits: LimitArgs,
}

impl BundleArgs {
    /// The bundle, verified.
    pub(crate) fn verify(&self) -> Result<Verified, Failure> {
        let (repository, now) = (self.limits.limits(), self.pin.now());
        let instance = self.pin.instance(&repository)?;
        let limits = BundleLimits::default().with_bytes(self.max_bytes).with_repository(repository);
        let bundle = UnverifiedBundle::read(open(&self.file)?, limits)
            .and_then(|bundle| bundle.verify(&instance.pinned_root, now, self.freshness()))
            .map_err(|error| self.located(error, None))?;
        Ok(Verified { bundle, instance, now })
    }

    /// The failure, with the bundle's file and the cache.
    pub(crate) fn located(&self, error: BundleError, copy: Option<&Path>) -> Failure {
        Failure::from(error).located(self.file.display().to_string(), copy)
    }

    fn freshness(&self) -> Freshness {
        match self.as_of {
            Some(instant) => Freshness::OfflineAsOf(instant),
            None => Freshness::OfflineWithGrace(self.grace.unwrap_or_default()),
        }
    }

    /// The end of the bundle's use at this site: its first expiry plus the grace; `None` when the caller has named an instant instead.
    fn usable_until(&self, bundle: &Bundle) -> Option<DateTime<Utc>> {
        let expiry = bundle.contents().first_expiry().instant();
        let grace = self.grace.unwrap_or_default();
        self.as_of.is_none().then(|| expiry.checked_add_signed(grace).unwrap_or(DateTime::<Utc>::MAX_UTC))
    }

    /// What is in it, for people.
    pub(crate) fn print(&self, verified: &Verified, line: impl Fn(Arguments<'_>), terminal: &Terminal) {
        let Verified { bundle, instance: Instance { name: instance, .. }, now } = verified;
        let now = *now;
        let contents = bundle.contents();
        let freshness = bundle.freshness();
        line(format_args!("bundle verified from root {} of {}", contents.pinned(), printable(instance)));
        line(format_args!("{}", signed_text(&freshness, now)));
        line(format_args!("{}", role_table(&roles(bundle, now), terminal, by_expiry)));
        for (found, bytes) in &bundle.updated().targets {
            line(format_args!("  target {} ({} bytes)", printable(found.path.as_str()), bytes.len()));
        }
        if let Some(until) = self.usable_until(bundle) {
            let left = until.signed_duration_since(now).num_days();
            line(format_args!("usable until {} ({left} days left)", instant_text(until)));
        }
        if let Some((role, expiry)) = freshness.first_expiry().filter(|(_, expiry)| expiry.has_passed(now)) {
            let role = printable(role);
            terminal.warning(format_args!(
                "stale: {role} expired at {expiry} ({} days ago)",
                now.signed_duration_since(expiry.instant()).num_days()
            ));
        }
        let taken = bundle.stated_taken_at().map_or_else(|| "an unknown time".to_owned(), instant_text);
        line(format_args!("stated by the bundle, not signed:"));
        line(format_args!("  instance {}", printable(bundle.stated_instance())));
        line(format_args!("  taken at {taken}"));
    }

    /// The same for programs.
    pub(crate) fn to_json(&self, Verified { bundle, instance, now }: &Verified) -> Value {
        let now = *now;
        let contents = bundle.contents();
        let roles = roles(bundle, now);
        let targets = bundle
            .updated()
            .targets
            .iter()
            .map(|(found, bytes)| json!({ "name": found.path.as_str(), "length": bytes.len() }));
        json!({
            "instance": instance.name,
            "pinned_root": contents.pinned().number(),
            "freshness": freshness_json(&bundle.freshness(), now),
            "usable_until": self.usable_until(bundle).map(instant_text),
            "roles": roles.iter().map(RoleState::to_json).collect::<Vec<_>>(),
            "targets": targets.collect::<Vec<_>>(),
            "unsigned": {
                "instance": bundle.stated_instance(),
                "taken_at": bundle.stated_taken_at().map(instant_text),
            },
        })
    }
}

/// The bundle in this file, or on standard input.
pub(crate) fn open(path: &Path) -> Result<impl Read + use<>, Failure> {
    let source: Box<dyn Read> = match path.as_os_str() == "-" {
        true => Box::new(io::stdin().lock()),
        false => Box::new(File::open(path).map_err(|error| Failure::unreadable(path, &error))?),
    };
    Ok(BufReader::new(source))
}

fn roles(bundle: &Bundle, now: DateTime<Utc>) -> Vec<RoleState> {
    let mut roles = role_states(&bundle.updated().trusted, now);
    let delegated = bundle.contents().delegated().iter();
    roles.extend(delegated.map(|role| RoleState::new(role.name.as_str(), role.version, role.expiry, now)));
    roles
}

impl From<BundleError> for Failure {
    fn from(error: BundleError) -> Self {
        if let BundleError::Contents(error) = error {
            let expired = error.refusal().is_some_and(|refusal| matches!(refusal.fault, Fault::Expired { .. }));
            let failure = Failure::from(error);
            return match expired {
                true => failure.with_hint("bring a newer bundle, or accept this one for longer with --grace DURATION"),
                false => failure,
            };
        }
        match error.hint().and_then(words) {
            Some(hint) => Failure::new(error.to_string(), hint),
            None => Failure::new(error.to_string(), "check the path, its permissions and the free space on the disk"),
        }
    }
}
