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
    let others = making(&roles(record), published, context)?.into_iter().filter(|(other, _)| other != id);
    Ok(others.map(|(other, roles)| Overlapping { id: id.clone(), other, roles }).collect())
}

/// The open ceremonies that make a file of one of these roles, and of which of them.
pub(crate) fn making(
    wanted: &BTreeSet<CeremonyRole>,
    published: &Published,
    context: &Context,
) -> Result<Vec<(Name, BTreeSet<CeremonyRole>)>, Failure> {
    let mut making = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let ceremony = ceremony.load(published)?;
        if !matches!(ceremony.stage()?, Stage::Frozen | Stage::Sealed) {
            continue;
        }
        let Freezing::Agreed(frozen) = ceremony.transcript().freezing() else { continue };
        let roles: BTreeSet<CeremonyRole> = wanted.intersection(&roles(&frozen)).cloned().collect();
        if !roles.is_empty() {
            making.push((ceremony.id().clone(), roles));
        }
    }
    Ok(making)
}

fn roles(record: &FrozenRecord) -> BTreeSet<CeremonyRole> {
    record.files.keys().filter_map(|name| RoleVersion::parse(name)).map(|part| part.role).collect()
}
