//! Roles with their versions and expiries, as a table and as JSON.

use chrono::{DateTime, Utc};
use rootline_client::workflow::Trusted;
use rootline_metadata::{Expiry, Role, RoleName, Targets, TopLevelRole, Version};
use serde_json::{Value, json};

use crate::table::{Cell, Table};
use crate::terminal::{Terminal, Tone};

/// One role at an instant.
#[derive(Debug)]
pub(crate) struct RoleState {
    name: String,
    version: Version,
    expiry: Expiry,
    now: DateTime<Utc>,
}

/// The four roles in the order in which they are updated.
pub(crate) fn role_states(trusted: &Trusted, now: DateTime<Utc>) -> Vec<RoleState> {
    let state = |role: TopLevelRole, version, expiry| RoleState { name: role.name().to_owned(), version, expiry, now };
    let (root, timestamp) = (trusted.root(), trusted.timestamp());
    let (snapshot, targets) = (trusted.snapshot(), trusted.targets());
    vec![
        state(TopLevelRole::Root, root.version(), root.expiry()),
        state(TopLevelRole::Timestamp, timestamp.version(), timestamp.expiry()),
        state(TopLevelRole::Snapshot, snapshot.version(), snapshot.expiry()),
        state(TopLevelRole::Targets, targets.version(), targets.expiry()),
    ]
}

/// A tone for those that have expired, and for no others.
pub(crate) fn by_expiry(role: &RoleState) -> Tone {
    if role.has_expired() { Tone::Failure } else { Tone::Plain }
}

impl RoleState {
    /// Any role, at `now`.
    pub(crate) fn new(name: &str, version: Version, expiry: Expiry, now: DateTime<Utc>) -> RoleState {
        RoleState { name: name.to_owned(), version, expiry, now }
    }

    /// A delegated role.
    pub(crate) fn delegated(name: &RoleName, role: &Targets, now: DateTime<Utc>) -> RoleState {
        RoleState::new(name.as_str(), role.version(), role.expiry(), now)
    }

    /// Its name, as the repository has it.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    pub(crate) fn version(&self) -> Version {
        self.version
    }

    pub(crate) fn expiry(&self) -> Expiry {
        self.expiry
    }

    /// Whether it has expired.
    pub(crate) fn has_expired(&self) -> bool {
        self.expiry.has_passed(self.now)
    }

    /// Whole days until it expires; less than zero once it has.
    pub(crate) fn days_left(&self) -> i64 {
        self.expiry.instant().signed_duration_since(self.now).num_seconds().div_euclid(86_400)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "role": self.name,
            "version": self.version.number(),
            "expires": self.expiry.to_text(),
            "days_left": self.days_left(),
            "expired": self.has_expired(),
        })
    }
}

/// The table, for people.
pub(crate) fn role_table(roles: &[RoleState], terminal: &Terminal, tone: impl Fn(&RoleState) -> Tone) -> String {
    let mut table = Table::new(["role", "version", "expires (UTC)", "days left", ""]);
    for role in roles {
        let remark = if role.has_expired() { "expired" } else { "" };
        let tone = tone(role);
        table.row([
            Cell::text(role.name.as_str()),
            Cell::number(role.version.number()),
            Cell::text(role.expiry.to_text()),
            Cell::number(role.days_left()).toned(tone),
            Cell::text(remark).toned(tone),
        ]);
    }
    table.render(terminal)
}
