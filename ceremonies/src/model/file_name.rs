//! The names of published files.

use std::fmt;

use rootline_metadata::{RoleName, TopLevelRole, Version, file_name};

use crate::model::name::Name;

/// One file of a published repository, seen from its folder (TUF 6.2, `consistent_snapshot` true).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum PublishedFile {
    /// `N.root.json`
    Root(Version),
    /// `timestamp.json`
    Timestamp,
    /// `N.snapshot.json`
    Snapshot(Version),
    /// `N.targets.json`
    Targets(Version),
    /// `N.NAME.json`, of a delegated role
    Delegated(Name, Version),
    /// `targets/…DIGEST.NAME`
    Target(String),
}

impl PublishedFile {
    /// The file of that name, if it is one that a repository of ours has.
    pub fn parse(name: &str) -> Option<PublishedFile> {
        if name == file_name::TIMESTAMP {
            return Some(PublishedFile::Timestamp);
        }
        if name.starts_with(file_name::TARGETS_FOLDER) {
            return Some(PublishedFile::Target(name.to_owned()));
        }
        Some(match file_name::versioned_role_in(name)? {
            (version, "root") => PublishedFile::Root(version),
            (version, "snapshot") => PublishedFile::Snapshot(version),
            (version, "targets") => PublishedFile::Targets(version),
            // The one top-level role left is `timestamp`, whose file has no version.
            (version, delegated) => PublishedFile::Delegated(RoleName::new(delegated)?.as_str().parse().ok()?, version),
        })
    }

    /// The file of a top-level role.
    pub fn of(role: TopLevelRole, version: Version) -> PublishedFile {
        match role {
            TopLevelRole::Root => PublishedFile::Root(version),
            TopLevelRole::Timestamp => PublishedFile::Timestamp,
            TopLevelRole::Snapshot => PublishedFile::Snapshot(version),
            TopLevelRole::Targets => PublishedFile::Targets(version),
        }
    }

    /// In which order files are put where clients read them: what nothing points at yet first, then a new root, and the timestamp that
    /// makes all of it current last.
    pub fn publishing_order(&self) -> (u8, Option<Version>) {
        match self {
            PublishedFile::Target(_) => (0, None),
            PublishedFile::Targets(version) => (1, Some(*version)),
            PublishedFile::Delegated(_, version) => (2, Some(*version)),
            PublishedFile::Snapshot(version) => (3, Some(*version)),
            PublishedFile::Root(version) => (4, Some(*version)),
            PublishedFile::Timestamp => (5, None),
        }
    }

    /// In which order files are put into the record of what was published: roots first, because they say whose signatures the others
    /// need, so that what is there verifies wherever it was interrupted; the timestamp last all the same.
    pub fn keeping_order(&self) -> (bool, u8, Option<Version>) {
        let (step, version) = self.publishing_order();
        (!matches!(self, PublishedFile::Root(_)), step, version)
    }
}

impl fmt::Display for PublishedFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PublishedFile::Root(version) => f.write_str(&file_name::root(*version)),
            PublishedFile::Timestamp => f.write_str(file_name::TIMESTAMP),
            PublishedFile::Snapshot(version) => f.write_str(&file_name::versioned(TopLevelRole::Snapshot, *version)),
            PublishedFile::Targets(version) => f.write_str(&file_name::versioned(TopLevelRole::Targets, *version)),
            PublishedFile::Delegated(name, version) => f.write_str(&file_name::versioned(name, *version)),
            PublishedFile::Target(name) => f.write_str(name),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_names_that_we_write_are_files_of_a_repository() {
        for good in [
            "1.root.json",
            "timestamp.json",
            "12.snapshot.json",
            "9223372036854775807.targets.json",
            "targets/ab.c",
            "8.registry.npmjs.org.json",
        ] {
            assert_eq!(PublishedFile::parse(good).unwrap().to_string(), good);
        }
        for bad in [
            "root.json",
            "0.root.json",
            "01.root.json",
            "+1.root.json",
            "1.timestamp.json",
            "1..json",
            "1.Npm.json",
            "01.npm.json",
            "x",
            "1.root.json~",
        ] {
            assert_eq!(PublishedFile::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn the_timestamp_is_written_last_and_roots_in_order() {
        let mut files: Vec<PublishedFile> = [
            "timestamp.json",
            "10.root.json",
            "1.npm.json",
            "1.snapshot.json",
            "9.root.json",
            "targets/x",
            "1.targets.json",
        ]
        .map(|name| PublishedFile::parse(name).unwrap())
        .into();
        files.sort_by_key(PublishedFile::publishing_order);
        let names = |files: &[PublishedFile]| files.iter().map(ToString::to_string).collect::<Vec<_>>();
        assert_eq!(
            names(&files),
            [
                "targets/x",
                "1.targets.json",
                "1.npm.json",
                "1.snapshot.json",
                "9.root.json",
                "10.root.json",
                "timestamp.json"
            ]
        );
        files.sort_by_key(PublishedFile::keeping_order);
        assert_eq!(
            names(&files),
            [
                "9.root.json",
                "10.root.json",
                "targets/x",
                "1.targets.json",
                "1.npm.json",
                "1.snapshot.json",
                "timestamp.json"
            ]
        );
    }
}
