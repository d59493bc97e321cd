//! What a plan is rendered onto.

use std::collections::BTreeMap;

use rootline_metadata::{Envelope, Role, Root, Targets, Verified};

use super::{Frozen, FrozenFile};
use crate::model::role::{CeremonyRole, NoVersionLeft};
use crate::model::role_version::RoleVersion;
use crate::repository::published::Published;

/// What was published before.
pub(super) enum Base<'a> {
    /// What is published now: the files that a plan changes are rendered.
    Now(&'a Published),
    /// What was published when these files were frozen: the same files are rendered, whatever came later.
    Then { published: &'a Published, frozen: &'a Frozen, before: BTreeMap<CeremonyRole, Envelope<Targets>> },
}

impl<'a> Base<'a> {
    /// As it was when `frozen` was.
    pub(super) fn then(published: &'a Published, frozen: &'a Frozen) -> Base<'a> {
        let mut before = BTreeMap::new();
        for (part, _) in frozen.all_targets() {
            let earlier = |name: &String| {
                RoleVersion::parse(name).filter(|other| other.role == part.role && other.version < part.version)
            };
            let last = published.files().keys().filter_map(earlier).max();
            // Every published file was read when the repository was.
            let bytes = last.and_then(|last| published.files().get(&last.file_name()));
            let file = bytes.and_then(|bytes| Envelope::parse(bytes.clone(), part.role.max_bytes()).ok());
            before.extend(file.map(|file| (part.role.clone(), file)));
        }
        Base::Then { published, frozen, before }
    }

    /// The root before the ones that are rendered.
    pub(super) fn root(&self) -> Option<&'a Verified<Root>> {
        match self {
            Base::Now(published) => published.root(),
            Base::Then { published, frozen, .. } => match frozen.roots().next() {
                Some((first, _)) => published.roots().iter().rfind(|root| root.version() < first.version),
                None => published.root(),
            },
        }
    }

    /// The file of a targets role before the one that is rendered.
    pub(super) fn targets(&self, role: &CeremonyRole) -> Option<&Targets> {
        match self {
            Base::Now(published) => Some(&**published.current()?.targets_of(role)?),
            Base::Then { before, .. } => before.get(role).map(Envelope::unverified),
        }
    }

    /// The next file of a role.
    pub(super) fn next_part(&self, role: &CeremonyRole) -> Result<RoleVersion, NoVersionLeft> {
        match self {
            Base::Now(published) => published.next_part(role),
            Base::Then { published, frozen, .. } => {
                let first = frozen.parts().find(|part| part.role == *role).cloned();
                first.map_or_else(|| published.next_part(role), Ok)
            }
        }
    }

    /// Whether a role's file is rendered whether or not it says anything new; nothing where that decides.
    pub(super) fn decides(&self, role: &CeremonyRole) -> Option<bool> {
        match self {
            Base::Now(_) => None,
            Base::Then { frozen, .. } => Some(frozen.part(role).is_some()),
        }
    }
}

/// The keys that a frozen file lists, by id, with the role's own name for it: which of a person's keys was the last one then.
pub(super) fn listed_keys(frozen: &Frozen) -> Vec<String> {
    let roots = frozen.roots().flat_map(|(_, root)| root.keys().iter().map(|(id, _)| id.to_string()));
    let delegated = frozen.all_targets().filter_map(|(_, targets)| targets.delegations());
    roots.chain(delegated.flat_map(|all| all.keys().iter().map(|(id, _)| id.to_string()))).collect()
}

impl FrozenFile {
    pub(super) fn is_same_as(&self, other: &FrozenFile) -> bool {
        self.bytes() == other.bytes()
    }
}
