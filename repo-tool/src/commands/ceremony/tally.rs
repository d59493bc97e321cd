//! A tally, for people and for programs.

use std::collections::{BTreeMap, BTreeSet};

use rootline_ceremonies::{Keyholders, Name, QuorumTally, RoleTally, RoleVersion, Tally};
use serde_json::{Value, json};

use crate::signer::recorded_place;
use crate::text::join;

/// A role with its version says more than a number of them, as long as there are few.
const MAX_ALIKE_ONE_BY_ONE: usize = 8;

/// One line for each quorum, and one for each signature file that does not count. Files of which all the same is to be said, as of many bins, are told of
/// at once. Whoever is missing is told with what they sign with, where that is noted down and they have no line of their own, which says it.
pub(super) fn tally_lines(tally: &Tally, keyholders: &Keyholders, have_own_line: &[&Name]) -> Vec<String> {
    let name = |name: &Name| match have_own_line.contains(&name) {
        true => name.to_string(),
        false => with_places(name.to_string(), name, keyholders),
    };
    let obsolete = tally.obsolete.iter();
    let obsolete =
        obsolete.map(|(part, name)| format!("  {part}: {name} has signed it, but this ceremony no longer signs it"));
    let unnamed: Vec<_> = tally.parts.iter().map(|part| (part, part_lines(part, "", &name))).collect();
    let alike = unnamed.chunk_by(|(_, lines), (_, next)| lines == next);
    let told = alike.flat_map(|alike| match alike {
        [(first, _), .., (last, _)] if alike.len() > MAX_ALIKE_ONE_BY_ONE => {
            part_lines(first, &format!("{} to {} ({} files)", first.part, last.part, alike.len()), &name)
        }
        few => few.iter().flat_map(|(part, _)| part_lines(part, &part.part.to_string(), &name)).collect(),
    });
    let emergency = Some(&tally.bridging).filter(|bridging| bridging.is_emergency());
    told.chain(obsolete).chain(emergency.map(|why| format!("  {why}"))).collect()
}

/// What to reach for to sign as somebody: where the private halves of their keys are, as far as that is noted down.
fn places(name: &Name, keyholders: &Keyholders) -> BTreeSet<String> {
    let holder = keyholders.get(name);
    let signers = holder.into_iter().flat_map(|holder| holder.keys().iter().filter_map(|key| holder.signer(key)));
    signers.filter_map(recorded_place).collect()
}

/// What somebody signs with, where that is noted down, after a text about them: `bob [token bob]`.
pub(super) fn with_places(text: String, name: &Name, keyholders: &Keyholders) -> String {
    match places(name, keyholders).into_iter().collect::<Vec<_>>() {
        places if places.is_empty() => text,
        places => format!("{text} [{}]", places.join(" or ")),
    }
}

fn part_lines(tally: &RoleTally, part: &str, shown: &dyn Fn(&Name) -> String) -> Vec<String> {
    let mut lines = Vec::new();
    for quorum in &tally.quorums {
        let QuorumTally { delegator, threshold, signed, missing, unowned, is_bridge: _ } = quorum;
        let still = match quorum.still_needed() {
            0 => "enough".to_owned(),
            needed if missing.is_empty() => format!("{needed} more needed, of: {}", join(missing)),
            needed => {
                let missing: Vec<String> = missing.iter().map(shown).collect();
                format!("{needed} more needed, of: {}", missing.join(", "))
            }
        };
        let count = signed.len();
        lines.push(format!("  {part} under {delegator}: {count} of {threshold} ({}); {still}", join(signed)));
        if !unowned.is_empty() && !quorum.is_met() {
            let ids: Vec<&str> = unowned.iter().map(|id| id.short()).collect();
            lines.push(format!("    keys without a keyholder: {}", ids.join(", ")));
        }
    }
    for name in &tally.voided {
        lines.push(format!("  {part}: {name} signed an earlier revision and must sign again"));
    }
    for (name, why) in &tally.rejected {
        lines.push(format!("  {part}: the signature file of {name} does not count: {why}"));
    }
    lines
}

pub(super) fn tally_json(tally: &Tally, keyholders: &Keyholders) -> Value {
    let names = |names: &[Name]| -> Value { names.iter().map(Name::as_str).collect() };
    let signers = |names: &[Name]| -> Value {
        let places = names.iter().map(|name| (name.to_string(), places(name, keyholders)));
        places.filter(|(_, places)| !places.is_empty()).map(|(name, places)| (name, json!(places))).collect()
    };
    let quorum = |quorum: &QuorumTally| {
        json!({
            "under": quorum.delegator.to_string(),
            "bridge": quorum.is_bridge,
            "threshold": quorum.threshold,
            "signed": names(&quorum.signed),
            "missing": names(&quorum.missing),
            "signers": signers(&quorum.missing),
            "still_needed": quorum.still_needed(),
        })
    };
    let part = |tally: &RoleTally| {
        let rejected = |(name, why): &(Name, rootline_ceremonies::Refusal)| json!({ "keyholder": name.as_str(), "why": why.to_string() });
        json!({
            "role": tally.part.role.name(),
            "version": tally.part.version.number(),
            "quorums": tally.quorums.iter().map(quorum).collect::<Vec<_>>(),
            "voided": names(&tally.voided),
            "rejected": tally.rejected.iter().map(rejected).collect::<Vec<_>>(),
        })
    };
    json!({
        "complete": tally.is_met(),
        "bridged": !tally.bridging.is_emergency(),
        "roles": tally.parts.iter().map(part).collect::<Vec<_>>(),
        "obsolete": signatures_json(tally.obsolete.iter().map(|(part, name)| (part, name))),
    })
}

/// Signatures, by what they are over and who gave them.
pub(super) fn signatures_json<'a>(signatures: impl IntoIterator<Item = (&'a RoleVersion, &'a Name)>) -> Value {
    let signature = |(part, name): (&RoleVersion, &Name)| json!({ "role": part.role.name(), "version": part.version.number(), "keyholder": name.as_str() });
    signatures.into_iter().map(signature).collect()
}

/// Signatures, for a sentence: by whom, and over what.
pub(super) fn signatures_text<'a>(signatures: impl IntoIterator<Item = (&'a RoleVersion, &'a Name)>) -> String {
    let mut by_name: BTreeMap<&Name, Vec<String>> = BTreeMap::new();
    for (part, name) in signatures {
        by_name.entry(name).or_default().push(part.to_string());
    }
    let each: Vec<String> = by_name.iter().map(|(name, parts)| format!("{name} ({})", parts.join(", "))).collect();
    each.join(", ")
}
