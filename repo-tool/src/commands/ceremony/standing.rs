//! A tally, for people and for programs.

use rootline_ceremonies::{Name, QuorumStanding, RoleStanding, Standing};
use serde_json::{Value, json};

use crate::commands::join;

/// One line for each quorum, and one for each answer that does not count.
pub(super) fn standing_lines(standing: &Standing) -> Vec<String> {
    standing.roles.iter().flat_map(role_lines).collect()
}

fn role_lines(role: &RoleStanding) -> Vec<String> {
    let mut lines = Vec::new();
    for quorum in &role.quorums {
        let QuorumStanding { under, threshold, signed, missing, nobodys } = quorum;
        let still = match quorum.still_needed() {
            0 => "enough".to_owned(),
            needed => format!("{needed} more needed, of: {}", join(missing)),
        };
        let (name, version, count) = (role.role, role.version, signed.len());
        lines.push(format!("  {name} {version} under {under}: {count} of {threshold} ({}); {still}", join(signed)));
        if !nobodys.is_empty() && !quorum.is_met() {
            let ids: Vec<&str> = nobodys.iter().map(|id| id.short()).collect();
            lines.push(format!("    keys that are nobody's here: {}", ids.join(", ")));
        }
    }
    for name in &role.void {
        lines.push(format!("  {}: {name} signed an earlier revision and has to sign again", role.role));
    }
    for (name, why) in &role.rejected {
        lines.push(format!("  {}: what is filed for {name} does not count: {why}", role.role));
    }
    lines
}

pub(super) fn standing_json(standing: &Standing) -> Value {
    let names = |names: &[Name]| -> Value { names.iter().map(Name::as_str).collect() };
    let quorum = |quorum: &QuorumStanding| {
        json!({
            "under": quorum.under.to_string(),
            "threshold": quorum.threshold,
            "signed": names(&quorum.signed),
            "missing": names(&quorum.missing),
            "still_needed": quorum.still_needed(),
        })
    };
    let role = |role: &RoleStanding| {
        let rejected = |(name, why): &(Name, rootline_ceremonies::Refusal)| json!({ "keyholder": name.as_str(), "why": why.to_string() });
        json!({
            "role": role.role.name(),
            "version": role.version.number(),
            "quorums": role.quorums.iter().map(quorum).collect::<Vec<_>>(),
            "void": names(&role.void),
            "rejected": role.rejected.iter().map(rejected).collect::<Vec<_>>(),
        })
    };
    json!({ "complete": standing.is_met(), "roles": standing.roles.iter().map(role).collect::<Vec<_>>() })
}
