//! The roles that people sign.

use std::fmt;

use rootline_metadata::{TopLevelRole, Version};

use crate::file_name::PublishedFile;

/// A role whose files a ceremony makes. Snapshot and timestamp are signed without people, by [`Release`](crate::Release).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum CeremonyRole {
    /// Says whose keys count for what.
    Root,
    /// Says what is shipped.
    Targets,
}

impl CeremonyRole {
    /// All of them, in the order in which they are reviewed and signed.
    pub const ALL: [CeremonyRole; 2] = [CeremonyRole::Root, CeremonyRole::Targets];

    /// The role's name in metadata, and that of the folder its answers are in.
    pub fn name(self) -> &'static str {
        self.top_level().name()
    }

    /// The role of that name.
    pub fn parse(name: &str) -> Option<CeremonyRole> {
        CeremonyRole::ALL.into_iter().find(|role| role.name() == name)
    }

    /// The name of its frozen file.
    pub fn frozen_file(self) -> String {
        format!("{}.json", self.name())
    }

    /// The same as one of the four top-level roles.
    pub fn top_level(self) -> TopLevelRole {
        match self {
            CeremonyRole::Root => TopLevelRole::Root,
            CeremonyRole::Targets => TopLevelRole::Targets,
        }
    }

    /// The name of its published file.
    pub fn published_file(self, version: Version) -> PublishedFile {
        PublishedFile::of(self.top_level(), version)
    }
}

impl fmt::Display for CeremonyRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}
