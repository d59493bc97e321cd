//! The four roles with their versions and expiries, as a table and as JSON.

use crate::workflow::Trusted;
use chrono::{DateTime, Utc};
use rootline_metadata::{Expiry, Role, TopLevelRole, Version};
use serde_json::{Value, json};

use crate::cli::terminal::Terminal;

/// One role at an instant.
#[derive(Debug)]
pub(crate) struct RoleState {
    role: TopLevelRole,
    version: Version,
    expiry: Expiry,
    now: DateTime<Utc>,
}

/// The four roles in the order in which they are updated.
pub(crate) fn role_states(trusted: &Trusted, now: DateTime<Utc>) -> Vec<RoleState> {
    let state = |role, version, expiry| RoleState { role, version, expiry, now };
    let (root, timestamp) = (trusted.root(), trusted.timestamp());
    let (snapshot, targets) = (trusted.snapshot(), trusted.targets());
    vec![
        state(TopLevelRole::Root, root.version(), root.expiry()),
        state(TopLevelRole::Timestamp, timestamp.version(), timestamp.expiry()),
        state(TopLevelRole::Snapshot, snapshot.version(), snapshot.expiry()),
        state(TopLevelRole::Targets, targets.version(), targets.expiry()),
    ]
}

impl RoleState {
    /// Whether it has expired.
    pub(crate) fn has_expired(&self) -> bool {
        self.expiry.has_passed(self.now)
    }

    /// Whole days until it expires; less than zero once it has.
    fn days_left(&self) -> i64 {
        self.expiry.instant().signed_duration_since(self.now).num_seconds().div_euclid(86_400)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "role": self.role.name(),
            "version": self.version.number(),
            "expires": self.expiry.to_text(),
            "days_left": self.days_left(),
            "expired": self.has_expired(),
        })
    }
}

/// Prints the table.
pub(crate) fn role_table(roles: &[RoleState], terminal: &Terminal) {
    terminal.line(format_args!("  {:<10} {:>7}  {:<20}  {:>9}", "role", "version", "expires (UTC)", "days left"));
    for state in roles {
        let remark = if state.has_expired() { "  expired" } else { "" };
        let (role, version, expires) = (state.role.name(), state.version.number(), state.expiry.to_text());
        terminal.line(format_args!("  {role:<10} {version:>7}  {expires:<20}  {:>9}{remark}", state.days_left()));
    }
}
