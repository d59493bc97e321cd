//! What a repository shows one client: all of its files, or what is there halfway through an upload, or what caches show.

use std::collections::{BTreeMap, BTreeSet};

use rootline_ceremonies::publication::Mixture;
use rootline_metadata::{Version, file_name};

use super::Files;

/// The files that one client is shown. Nothing is copied: it names what differs from the files of the whole repository.
#[derive(Clone, Debug)]
pub(crate) struct View<'a> {
    files: &'a Files,
    newest_root: Option<Version>,
    timestamp: Option<&'a [u8]>,
    absent: BTreeSet<String>,
}

impl<'a> View<'a> {
    /// All files.
    pub(crate) fn whole(files: &'a Files) -> View<'a> {
        View { files, newest_root: None, timestamp: None, absent: BTreeSet::new() }
    }

    /// What caches can show of them.
    pub(crate) fn mixture(files: &'a Files, mixture: &'a Mixture) -> View<'a> {
        View {
            files,
            newest_root: Some(mixture.newest_root),
            timestamp: Some(&mixture.timestamp),
            absent: mixture.absent.clone(),
        }
    }

    /// What is there halfway: no root after this one, this timestamp, and none of these files.
    pub(crate) fn halfway(
        files: &'a Files,
        newest_root: Option<Version>,
        timestamp: &'a [u8],
        absent: BTreeSet<String>,
    ) -> View<'a> {
        View { files, newest_root, timestamp: Some(timestamp), absent }
    }

    /// The file of this name, if it is shown.
    pub(crate) fn find(&self, name: &str) -> Option<&'a [u8]> {
        if name == file_name::TIMESTAMP {
            return self.timestamp();
        }
        let is_later = self.newest_root.is_some_and(|newest| file_name::root_version(name) > Some(newest));
        if is_later || self.absent.contains(name) {
            return None;
        }
        self.files.get(name).map(Vec::as_slice)
    }

    /// The timestamp that is shown.
    pub(crate) fn timestamp(&self) -> Option<&'a [u8]> {
        self.timestamp.or_else(|| self.files.get(file_name::TIMESTAMP).map(Vec::as_slice))
    }

    /// The roots that are shown, ascending.
    pub(crate) fn roots(&self) -> BTreeMap<Version, &'a [u8]> {
        let versions = self.files.keys().filter_map(|name| file_name::root_version(name));
        versions.filter_map(|version| Some((version, self.find(&file_name::root(version))?))).collect()
    }
}
