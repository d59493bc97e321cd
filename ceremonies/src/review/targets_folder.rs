//! What lies in `targets/` and is not what verifiers get, though somebody may think so.

use std::collections::BTreeMap;

use rootline_metadata::{TargetFile, Targets};

use super::content::TRUSTED_ROOT;
use super::warning::Warning;
use crate::ceremony::frozen::Frozen;
use crate::model::role::CeremonyRole;
use crate::model::target_name::TargetName;
use crate::repository::delegates::delegation_tree;
use crate::repository::published::Published;

/// The ends of names that editors and version control give to what they leave.
const LEAVINGS: [&str; 9] = [".bak", ".orig", ".rej", ".save", ".swo", ".swp", ".tmp", "_BAK", "_ORIG"];

/// Whether a name is one that an editor or a merge gives to what it leaves: such a file is shipped only where the plan names it.
pub fn is_leaving(name: &str) -> bool {
    let last = name.rsplit('/').next().unwrap_or_default();
    LEAVINGS.iter().any(|end| last.ends_with(end)) || ["Thumbs.db", "desktop.ini"].contains(&last)
}

/// Says of each file in `targets/` that verifiers will not get, or not as it is there, once the frozen files are current; of the trust root also
/// that it is shipped no longer. The trust root comes first.
pub fn unshipped(targets: &BTreeMap<TargetName, Vec<u8>>, frozen: &Frozen, published: &Published) -> Vec<Warning> {
    let (before, after) = (shipped_now(published), shipped_then(frozen, published));
    let mut found = Vec::new();
    for (name, bytes) in targets {
        let text = match after.get(name) {
            Some(file) if file.matches(bytes) => continue,
            Some(_) => "what is in targets/ is not what this ceremony ships: freeze again to ship it",
            None if is_leaving(name.as_str()) => continue,
            None => {
                "it is in targets/, and the plan does not ship it: to ship it, add its name to `ship`, and freeze again"
            }
        };
        found.push(warning(name, text));
    }
    let trusted_root = before.keys().find(|name| name.as_str() == TRUSTED_ROOT && !after.contains_key(*name));
    if let Some(name) = trusted_root.filter(|name| !targets.contains_key(*name)) {
        found.push(warning(name, "it is shipped no longer: verifiers will find no trust root"));
    }
    found.sort_by_key(|warning| warning.about != TRUSTED_ROOT);
    found
}

/// Of what is planned to be shipped and of what is published: the published files that are planned no longer. The trust root comes first.
pub fn no_longer_planned(planned: &[TargetName], published: &Published) -> Vec<Warning> {
    let gone = shipped_now(published).into_keys().filter(|name| !planned.contains(name));
    let text = "it is published and not in targets/, so that the plan does not ship it any longer";
    let mut found: Vec<Warning> = gone.map(|name| warning(&name, text)).collect();
    found.sort_by_key(|warning| warning.about != TRUSTED_ROOT);
    found
}

fn warning(name: &TargetName, text: &str) -> Warning {
    let loudly = if name.as_str() == TRUSTED_ROOT { "THE TRUST ROOT: " } else { "" };
    Warning::new(true, name.to_string(), format!("{loudly}{text}"))
}

fn shipped_now(published: &Published) -> BTreeMap<TargetName, TargetFile> {
    let current = published.current();
    shipped(|role| current.and_then(|current| current.targets_of(role)).map(|targets| &**targets))
}

/// What verifiers get once the frozen files are current.
fn shipped_then(frozen: &Frozen, published: &Published) -> BTreeMap<TargetName, TargetFile> {
    let current = published.current();
    let stays = |role: &CeremonyRole| current.and_then(|current| current.targets_of(role)).map(|targets| &**targets);
    shipped(|role| frozen.targets(role).or_else(|| stays(role)))
}

/// What the roles list whose files are these; of several that list one name, the first one counts.
fn shipped<'a>(file: impl Fn(&CeremonyRole) -> Option<&'a Targets>) -> BTreeMap<TargetName, TargetFile> {
    let mut shipped = BTreeMap::new();
    for (_, targets) in delegation_tree(file) {
        for (name, file) in targets.targets() {
            if let Some((name, file)) = name.parse().ok().zip(file) {
                shipped.entry(name).or_insert(file);
            }
        }
    }
    shipped
}
