//! The state of one instance's cache at an instant: every role, the windows of the trust root, and the last check.

use chrono::{DateTime, TimeDelta, Utc};
use rootline_client::{Freshness, FreshnessReport, TrustRoot};
use rootline_metadata::{Expiry, TopLevelRole, instant_text};
use serde_json::{Value, json};

use crate::entries::{Entry, entries};
use crate::failure::Failure;
use crate::freshness::{failure, signed_json};
use crate::printable::printable;
use crate::repository::Repository;
use crate::roles::{RoleState, role_states};
use crate::terminal::Terminal;

/// How near an expiry may come.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Thresholds {
    /// With less time left there is a warning.
    pub(crate) warn: Option<TimeDelta>,
    /// With less time left it is a failure; what has expired always is one.
    pub(crate) fail: TimeDelta,
}

/// How something stands; the worst comes last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Verdict {
    Fine,
    Warn,
    Fail,
}

impl Verdict {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Verdict::Fine => "fine",
            Verdict::Warn => "warn",
            Verdict::Fail => "fail",
        }
    }
}

impl Thresholds {
    /// How a role stands that expires then.
    fn judge(&self, expiry: Expiry, now: DateTime<Utc>) -> Verdict {
        let left = expiry.instant().signed_duration_since(now);
        if expiry.has_passed(now) || left < self.fail {
            return Verdict::Fail;
        }
        if self.warn.is_some_and(|warn| left < warn) { Verdict::Warn } else { Verdict::Fine }
    }

    /// How far ahead to look for windows that open or close.
    fn horizon(&self) -> TimeDelta {
        self.warn.unwrap_or(TimeDelta::days(30))
    }
}

/// The state of a cache that verifies from the pinned root.
pub(crate) struct InstanceStatus {
    pub(crate) instance: String,
    pub(crate) now: DateTime<Utc>,
    pub(crate) freshness: FreshnessReport,
    pub(crate) roles: Vec<RoleState>,
    /// The delegated roles that list the trust root and the signing config.
    vouching: Vec<String>,
    /// Everything that the trust root lists; empty where the repository ships none.
    pub(crate) entries: Vec<Entry>,
    thresholds: Thresholds,
}

impl InstanceStatus {
    /// Reads and verifies the cache, without a request.
    ///
    /// # Errors
    /// If there is none, or it does not verify.
    pub(crate) fn read(
        repository: &mut Repository,
        thresholds: Thresholds,
        terminal: &Terminal,
    ) -> Result<InstanceStatus, Failure> {
        // Every signature and pin is verified as of the beginning of time, when nothing had expired; expiries are then told, not refused.
        let then = DateTime::UNIX_EPOCH;
        let targets = TrustRoot::queries_if_listed();
        // A copy without its trust root is no less verified.
        let loaded = repository.client.load(then, &targets).or_else(|_| repository.client.load(then, &[]));
        terminal.client_notes(&repository.client.take_notes());
        let hint = "run `rootline update` with the same options to create or repair the cache";
        let explain =
            |repository: &Repository, error| repository.located(failure(error, Freshness::offline())).with_hint(hint);
        let loaded = loaded.map_err(|error| explain(repository, error))?;
        let walked = repository.client.load_delegated(&loaded.trusted);
        let walked = walked.map_err(|error| explain(repository, error))?;
        let mut roles = role_states(&loaded.trusted, repository.now);
        let delegated = walked.roles();
        roles.extend(delegated.map(|(name, role)| RoleState::delegated(name, role, repository.now)));
        let freshness = loaded.freshness();
        let vouching =
            loaded.targets.iter().filter_map(|(found, _)| found.role.as_ref().map(ToString::to_string)).collect();
        let listed = if loaded.target(TrustRoot::TRUSTED_ROOT).is_some() {
            let trust_root = TrustRoot::assemble(loaded).map_err(|error| explain(repository, error))?;
            entries(trust_root.trusted_root(), None)
        } else {
            Vec::new()
        };
        let instance = repository.instance.name.clone();
        Ok(InstanceStatus { instance, now: repository.now, freshness, roles, vouching, entries: listed, thresholds })
    }

    /// The worst of its roles and windows. Windows close because operators have planned it: that is a warning where warnings are asked for,
    /// and never a failure.
    pub(crate) fn verdict(&self) -> Verdict {
        let worst = self.roles.iter().map(|role| self.verdict_of(role)).max().unwrap_or(Verdict::Fine);
        let closing = self.thresholds.warn.is_some() && self.changes().any(|change| change.closes);
        if closing { worst.max(Verdict::Warn) } else { worst }
    }

    pub(crate) fn verdict_of(&self, role: &RoleState) -> Verdict {
        self.thresholds.judge(role.expiry(), self.now)
    }

    /// The names of the roles that have expired, where the trust root does not depend on any of them; empty where it does.
    pub(crate) fn expired_beside(&self) -> Vec<&str> {
        let expired: Vec<&str> = self.roles.iter().filter(|role| role.has_expired()).map(RoleState::name).collect();
        let matters = |name: &&str| {
            self.vouching.iter().any(|role| role == name) || TopLevelRole::ALL.iter().any(|role| role.name() == *name)
        };
        if expired.iter().any(matters) { Vec::new() } else { expired }
    }

    /// The windows that open or close soon: within the warning's time, or thirty days.
    fn changes(&self) -> impl Iterator<Item = Change<'_>> {
        let last = self.now.checked_add_signed(self.thresholds.horizon()).unwrap_or(DateTime::<Utc>::MAX_UTC);
        let is_soon = move |instant: &DateTime<Utc>| *instant > self.now && *instant <= last;
        self.entries.iter().flat_map(move |entry| {
            let opens = entry.window.start().filter(is_soon).map(|at| Change { entry, closes: false, at });
            let closes = entry.window.end().filter(is_soon).map(|at| Change { entry, closes: true, at });
            opens.into_iter().chain(closes)
        })
    }

    /// Why it is no better than it is, one sentence each: those of this verdict.
    pub(crate) fn reasons(&self, verdict: Verdict) -> Vec<String> {
        let roles = self.roles.iter().filter(|role| self.verdict_of(role) == verdict);
        let mut reasons: Vec<String> = roles
            .map(|role| {
                let (name, expiry) = (printable(role.name()), role.expiry());
                match (expiry.has_passed(self.now), role.days_left()) {
                    (true, days) => format!("{name} expired at {expiry} ({} days ago)", -days - 1),
                    (false, days) => format!("{name} expires at {expiry} ({days} days left)"),
                }
            })
            .collect();
        if verdict == Verdict::Warn && self.thresholds.warn.is_some() {
            reasons.extend(self.changes().filter(|change| change.closes).map(|change| change.text(self.now)));
        }
        reasons
    }

    /// One line for each window that opens or closes soon.
    pub(crate) fn change_lines(&self) -> Vec<String> {
        self.changes().map(|change| change.text(self.now)).collect()
    }

    pub(crate) fn to_json(&self) -> Value {
        let role = |role: &RoleState| {
            let mut object = role.to_json();
            object["verdict"] = self.verdict_of(role).name().into();
            object
        };
        json!({
            "instance": self.instance,
            "at": instant_text(self.now),
            "verified": true,
            "verdict": self.verdict().name(),
            "fresh": !self.roles.iter().any(RoleState::has_expired),
            "signed_at": signed_json(&self.freshness, self.now),
            "checked_at": self.freshness.checked_at.map(instant_text),
            "roles": self.roles.iter().map(role).collect::<Vec<_>>(),
            "windows": self.changes().map(|change| change.to_json(self.now)).collect::<Vec<_>>(),
        })
    }
}

/// A window of the trust root that opens or closes soon.
struct Change<'a> {
    entry: &'a Entry,
    closes: bool,
    at: DateTime<Utc>,
}

impl Change<'_> {
    fn days_left(&self, now: DateTime<Utc>) -> i64 {
        self.at.signed_duration_since(now).num_days()
    }

    fn text(&self, now: DateTime<Utc>) -> String {
        let (kind, place) = (self.entry.kind, printable(&self.entry.place));
        let verb = if self.closes { "closes" } else { "opens" };
        let (at, days) = (instant_text(self.at), self.days_left(now));
        format!("the window of the {kind} {place} {verb} at {at} ({days} days left)")
    }

    fn to_json(&self, now: DateTime<Utc>) -> Value {
        json!({
            "kind": self.entry.kind,
            "url": self.entry.place,
            "id": self.entry.id,
            "change": if self.closes { "closes" } else { "opens" },
            "at": instant_text(self.at),
            "days_left": self.days_left(now),
        })
    }
}
