//! As much of a repository as a keyholder needs to judge what they are asked to sign.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::file_name;

use super::{Current, Published};
use crate::model::file_name::PublishedFile;
use crate::model::target_name::TargetName;

impl Published {
    /// A part of it that is a published repository itself, with the same roots, the same that is current, and the same versions that come next:
    /// all roots, what the timestamp makes current with the files that are shipped, and the highest version of every role. Older
    /// targets files and delegated roles are in it only where the others do not verify without them.
    #[must_use]
    pub fn excerpt(&self) -> Published {
        let needed = self.needed_files();
        let some = |wanted: &dyn Fn(&PublishedFile) -> bool| -> BTreeMap<String, Vec<u8>> {
            let is_wanted = |name: &str| PublishedFile::parse(name).is_some_and(|file| wanted(&file));
            let files = self.files.iter().filter(|(name, _)| is_wanted(name));
            files.map(|(name, bytes)| (name.clone(), bytes.clone())).collect()
        };
        let is_needed = |file: &PublishedFile| matches!(file, PublishedFile::Root(_)) || needed.contains(file);
        // The highest version of a role that is gone was signed as an old file asks.
        let with_history = |file: &PublishedFile| {
            is_needed(file) || matches!(file, PublishedFile::Targets(_) | PublishedFile::Delegated(..))
        };
        let excerpt = Published::read(some(&is_needed)).or_else(|_| Published::read(some(&with_history)));
        match excerpt {
            Ok(excerpt) => excerpt.with_given_up(self.given_up.clone()),
            Err(_) => self.clone(),
        }
    }

    fn needed_files(&self) -> BTreeSet<PublishedFile> {
        let current = self.current.iter();
        let shipped = current.clone().flat_map(Current::all_targets).flat_map(|(_, targets)| {
            let file = |(name, file): (std::borrow::Cow<'_, str>, Option<_>)| {
                Some(PublishedFile::Target(name.parse::<TargetName>().ok()?.published_as(&file?)))
            };
            targets.targets().filter_map(file).collect::<Vec<_>>()
        });
        let targets = current.clone().flat_map(Current::all_targets).map(|(part, _)| part.published_file());
        let snapshot = current.map(|current| PublishedFile::Snapshot(current.timestamp.snapshot().version));
        let highest = self.highest.iter();
        let highest = highest.filter_map(|(role, version)| PublishedFile::parse(&file_name::versioned(role, *version)));
        [PublishedFile::Timestamp].into_iter().chain(shipped).chain(targets).chain(snapshot).chain(highest).collect()
    }
}
