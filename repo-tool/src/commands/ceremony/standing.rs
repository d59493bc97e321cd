//! A tally, for people and for programs.

use std::collections::BTreeSet;

use rootline_ceremonies::{Keyholders, Name, QuorumStanding, RoleStanding, Standing};
use serde_json::{Value, json};

use crate::commands::join;
use crate::signer::recorded_place;

/// One line for each quorum, and one for each answer that does not count. Whoever is missing is told with what they sign with, where that is
/// noted down.
pub(super) fn standing_lines(standing: &Standing, keyholders: &Keyholders) -> Vec<String> {
    standing.roles.iter().flat_map(|role| role_lines(role, keyholders)).collect()
}

/// What to reach for to sign as somebody: where the private halves of their keys are, as far as that is noted down.
fn places(name: &Name, keyholders: &Keyholders) -> BTreeSet<String> {
    let holder = keyholders.get(name);
    let signers = holder.into_iter().flat_map(|holder| holder.keys().iter().filter_map(|key| holder.signer(key)));
    signers.filter_map(recorded_place).collect()
}

fn with_places(names: &[Name], keyholders: &Keyholders) -> String {
    let with_place = |name: &Name| match places(name, keyholders).into_iter().collect::<Vec<_>>() {
        places if places.is_empty() => name.to_string(),
        places => format!("{name} [{}]", places.join(" or ")),
    };
    if names.is_empty() { join(names) } else { names.iter().map(with_place).collect::<Vec<_>>().join(", ") }
}

fn role_lines(role: &RoleStanding, keyholders: &Keyholders) -> Vec<String> {
    let mut lines = Vec::new();
    for quorum in &role.quorums {
        let QuorumStanding { under, threshold, signed, missing, nobodys } = quorum;
        let still = match quorum.still_needed() {
            0 => "enough".to_owned(),
            needed => format!("{needed} more needed, of: {}", with_places(missing, keyholders)),
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

pub(super) fn standing_json(standing: &Standing, keyholders: &Keyholders) -> Value {
    let names = |names: &[Name]| -> Value { names.iter().map(Name::as_str).collect() };
    let signers = |names: &[Name]| -> Value {
        let places = names.iter().map(|name| (name.to_string(), places(name, keyholders)));
        places.filter(|(_, places)| !places.is_empty()).map(|(name, places)| (name, json!(places))).collect()
    };
    let quorum = |quorum: &QuorumStanding| {
        json!({
            "under": quorum.under.to_string(),
            "threshold": quorum.threshold,
            "signed": names(&quorum.signed),
            "missing": names(&quorum.missing),
            "signers": signers(&quorum.missing),
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
