//! Ceremonies that are open at the same time and make a file of the same role.

use std::collections::BTreeSet;
use std::fmt;

use rootline_ceremonies::{CeremonyRole, Freezing, FrozenRecord, Name, Published, RoleVersion};
use serde_json::{Value, json};

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::Stage;

/// Another ceremony, and what it has in common with one.
#[derive(Clone, Debug)]
pub(super) struct Overlapping {
    id: Name,
    other: Name,
    roles: BTreeSet<CeremonyRole>,
}

impl Overlapping {
    pub(super) fn to_json(&self) -> Value {
        let roles: Vec<&str> = self.roles.iter().map(CeremonyRole::name).collect();
        json!({ "ceremony": self.other.as_str(), "roles": roles })
    }
}

impl fmt::Display for Overlapping {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Overlapping { id, other, roles } = self;
        let roles: Vec<&str> = roles.iter().map(CeremonyRole::name).collect();
        write!(
            f,
            "{other} also makes a new {}: the one published second must be frozen and signed again. To merge them: \
             rootline-repo ceremony merge {id} {other}",
            roles.join(" and ")
        )
    }
}

/// The other open ceremonies that make a file of a role that this one makes a file of.
pub(super) fn overlapping(
    id: &Name,
    record: &FrozenRecord,
    published: &Published,
    context: &Context,
) -> Result<Vec<Overlapping>, Failure> {
    let own = roles(record);
    let mut overlapping = Vec::new();
    for other in context.folder.ceremonies()? {
        if other.id() == id {
            continue;
        }
        let other = other.load(published)?;
        if !matches!(other.stage()?, Stage::Frozen | Stage::Sealed) {
            continue;
        }
        let Freezing::Agreed(theirs) = other.transcript().freezing() else { continue };
        let theirs = roles(&theirs);
        let roles: BTreeSet<CeremonyRole> = own.intersection(&theirs).cloned().collect();
        if !roles.is_empty() {
            overlapping.push(Overlapping { id: id.clone(), other: other.id().clone(), roles });
        }
    }
    Ok(overlapping)
}

fn roles(record: &FrozenRecord) -> BTreeSet<CeremonyRole> {
    record.files.keys().filter_map(|name| RoleVersion::parse(name)).map(|part| part.role).collect()
}
