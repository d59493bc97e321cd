//! What was published before a ceremony.

use std::collections::BTreeMap;

use rootline_metadata::{Role, Snapshot, Targets, TopLevelRole, Verified};

use super::delegated::read_delegated;
use super::file::pinned;
use super::{Current, Published, PublishedError};
use crate::ceremony::frozen::Frozen;
use crate::model::file_name::PublishedFile;
use crate::model::role::CeremonyRole;

impl Published {
    /// As it was before these files were made: the roots before the first of them, and the targets files of the last snapshot that lists none of
    /// them. Where they are roots alone, the targets files are those of now, which the ceremony did not touch. Of timestamps, only the newest is kept,
    /// and it stands for the one of then.
    #[must_use]
    pub fn before(&self, frozen: &Frozen) -> Published {
        let first = frozen.roots().next().map(|(part, _)| part.version);
        let roots = self.roots.iter().filter(|root| first.is_none_or(|first| root.version() < first)).cloned();
        let named: BTreeMap<PublishedFile, &Vec<u8>> =
            self.files.iter().filter_map(|(name, bytes)| Some((PublishedFile::parse(name)?, bytes))).collect();
        let current = match frozen.all_targets().next() {
            None => self.current.clone(),
            // In order of their versions.
            Some(_) => named.iter().rev().find_map(|(file, bytes)| match file {
                PublishedFile::Snapshot(_) => self.current_before(frozen, file, bytes, &named).ok().flatten(),
                _ => None,
            }),
        };
        Published { roots: roots.collect(), current, ..self.clone() }
    }

    /// What that snapshot made current, if it lists nothing of these files or of later ones.
    fn current_before(
        &self,
        frozen: &Frozen,
        file: &PublishedFile,
        bytes: &[u8],
        named: &BTreeMap<PublishedFile, &Vec<u8>>,
    ) -> Result<Option<Current>, PublishedError> {
        let (snapshot, root_of_snapshot) = self.verify::<Snapshot>(TopLevelRole::Snapshot, file, bytes)?;
        let listed = |role: &CeremonyRole| match role {
            CeremonyRole::Delegated(_) => snapshot.delegated(&role.role_name()?).map(|meta| meta.version),
            _ => Some(snapshot.targets().version),
        };
        let is_before = frozen.all_targets().all(|(part, _)| listed(&part.role).is_none_or(|was| was < part.version));
        let Some(newest) = self.current.as_ref().filter(|_| is_before) else { return Ok(None) };
        let targets_file = PublishedFile::Targets(snapshot.targets().version);
        let bytes = pinned(named, file.clone(), &targets_file, snapshot.targets())?;
        let (targets, root_of_targets): (Verified<Targets>, _) =
            self.verify(TopLevelRole::Targets, &targets_file, bytes)?;
        let delegated = read_delegated(named, &snapshot, &targets)?;
        let root_version = root_of_snapshot.min(root_of_targets);
        Ok(Some(Current { timestamp: newest.timestamp.clone(), snapshot, targets, delegated, root_version }))
    }
}
