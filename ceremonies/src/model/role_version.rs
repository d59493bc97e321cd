//! One file that a ceremony makes.

use std::fmt;

use rootline_metadata::{Version, file_name};

use crate::model::file_name::PublishedFile;
use crate::model::role::CeremonyRole;

/// A version of a role: what keyholders sign one signature for. A ceremony may make several roots, one after the other; parts are in the order
/// in which they are signed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleVersion {
    /// The role.
    pub role: CeremonyRole,
    /// The version that its file has.
    pub version: Version,
}

impl RoleVersion {
    /// That version of a role.
    pub fn new(role: CeremonyRole, version: Version) -> RoleVersion {
        RoleVersion { role, version }
    }

    /// The name of its file, frozen, sealed and published: `2.root.json`.
    pub fn file_name(&self) -> String {
        self.published_file().to_string()
    }

    /// The name of the folder that signature files for it are in: `2.root`.
    pub fn folder_name(&self) -> String {
        format!("{}.{}", self.version, self.role)
    }

    /// The part whose folder or file has that name.
    pub fn parse(name: &str) -> Option<RoleVersion> {
        let file = file_name::role(file_name::role_in(name).unwrap_or(name));
        let (version, role) = file_name::versioned_role_in(&file)?;
        Some(RoleVersion::new(CeremonyRole::parse(role)?, version))
    }

    /// Its file in the published repository.
    pub fn published_file(&self) -> PublishedFile {
        match &self.role {
            CeremonyRole::Root => PublishedFile::Root(self.version),
            CeremonyRole::Targets => PublishedFile::Targets(self.version),
            CeremonyRole::Delegated(name) => PublishedFile::Delegated(name.clone(), self.version),
        }
    }
}

impl fmt::Display for RoleVersion {
    /// As people say it: `root 2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.role, self.version)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_comes_back_from_its_names() {
        for name in ["1.root", "12.targets", "3.registry.npmjs.org", "1.bin-0a"] {
            let part = RoleVersion::parse(name).unwrap();
            assert_eq!((part.folder_name(), part.file_name()), (name.to_owned(), format!("{name}.json")));
            assert_eq!(RoleVersion::parse(&part.file_name()), Some(part));
        }
        for bad in
            ["root", "0.root", "01.root", "1.snapshot", "1.timestamp", "timestamp.json", "1.", "1.Root", "targets/x"]
        {
            assert_eq!(RoleVersion::parse(bad), None, "{bad}");
        }
    }

    #[test]
    fn parts_are_in_the_order_in_which_they_are_signed() {
        let mut parts = ["1.npm", "10.root", "4.targets", "9.root"].map(|name| RoleVersion::parse(name).unwrap());
        parts.sort();
        assert_eq!(parts.map(|part| part.to_string()), ["root 9", "root 10", "targets 4", "npm 1"]);
    }
}
