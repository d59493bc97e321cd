//! Names of a repository's files (TUF 6.2): how they are written, and how they are read back.
//!
//! ```
//! use rootline_metadata::{Digests, Version, file_name};
//!
//! let version = Version::new(3).unwrap();
//! assert_eq!(file_name::root(version), "3.root.json");
//! assert_eq!(file_name::versioned("targets", version), "3.targets.json");
//! assert_eq!(file_name::target("dir/name", &Digests::of(b"content"), false), "dir/name");
//! ```
//!
//! A role's name may hold any character, slashes included, and so may the name of its file: what becomes of them on a disk or in a URL is
//! for others to say.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use crate::hex;
use crate::roles::digests::Digests;
use crate::roles::header::{RoleName, TopLevelRole};
use crate::roles::root::Root;
use crate::roles::version::Version;

/// The timestamp: the one file that keeps its name when it changes, so that a client knows what to ask for first.
pub const TIMESTAMP: &str = "timestamp.json";

/// The folder that targets are published in, beside the metadata. The specification leaves the place open; this is where repositories have them.
pub const TARGETS_FOLDER: &str = "targets/";

/// What follows any role's name.
const JSON: &str = ".json";

/// `N.root.json`. Roots carry their version also where snapshots are not consistent, since each leads to the next (TUF 5.3.3).
pub fn root(version: Version) -> String {
    versioned(TopLevelRole::Root, version)
}

/// The version in `N.root.json`; `None` for any other name.
pub fn root_version(name: &str) -> Option<Version> {
    versioned_role_in(name).and_then(|(version, role)| (role == TopLevelRole::Root.name()).then_some(version))
}

/// `ROLE.json`: the name under which timestamp and snapshot list a file (TUF 4.4), and that of the file itself where snapshots are not
/// consistent.
pub fn role(role: impl fmt::Display) -> String {
    format!("{role}{JSON}")
}

/// `ROLE` of `ROLE.json`.
pub fn role_in(name: &str) -> Option<&str> {
    name.strip_suffix(JSON)
}

/// The delegated role of `ROLE.json`; `None` for a top-level role's file and for any other name.
pub fn delegated_role_in(name: &str) -> Option<RoleName> {
    role_in(name).and_then(RoleName::new)
}

/// `N.ROLE.json`: the name of a snapshot's or a targets role's file with consistent snapshots.
pub fn versioned(role: impl fmt::Display, version: Version) -> String {
    format!("{version}.{role}{JSON}")
}

/// `N` and `ROLE` of `N.ROLE.json`; `None` for any other name, and for a version that is not written as [`versioned`] writes it
/// (`01.root.json`, `+1.root.json`).
pub fn versioned_role_in(name: &str) -> Option<(Version, &str)> {
    let (digits, file) = name.split_once('.')?;
    let (version, role) = (Version::new(digits.parse().ok()?)?, role_in(file)?);
    (!role.is_empty() && versioned(role, version) == name).then_some((version, role))
}

/// The name under which the repository of `root` publishes its snapshot or a targets role (TUF 5.5.1, 5.6.1): [`versioned`] if that root
/// says that its snapshots are consistent. Roots and the timestamp do not ask: see [`root`] and [`TIMESTAMP`].
pub fn published(root: &Root, role: impl fmt::Display, version: Version) -> String {
    if root.consistent_snapshot() { versioned(role, version) } else { self::role(role) }
}

/// The name of a top-level role's file as people know it: `root.json`, `timestamp.json`, `snapshot.json`, `targets.json`.
pub fn top_level(role: TopLevelRole) -> &'static str {
    match role {
        TopLevelRole::Root => "root.json",
        TopLevelRole::Timestamp => TIMESTAMP,
        TopLevelRole::Snapshot => "snapshot.json",
        TopLevelRole::Targets => "targets.json",
    }
}

/// The path under which a client asks for the target `path`: with consistent snapshots its digest is before the last part of it
/// (`dir/DIGEST.name`).
pub fn target(path: &str, digests: &Digests, consistent_snapshot: bool) -> String {
    if consistent_snapshot { prefixed(path, &digests.name_prefix()) } else { path.to_owned() }
}

/// Every path under which a client may ask for the target `path`: with consistent snapshots one for each digest, since a client chooses.
pub fn target_paths(path: &str, digests: &Digests, consistent_snapshot: bool) -> Vec<String> {
    match consistent_snapshot {
        true => digests.each().map(|(_, digest)| prefixed(path, &hex::encode(digest))).collect(),
        false => [path.to_owned()].into(),
    }
}

fn prefixed(path: &str, digest: &str) -> String {
    match path.rsplit_once('/') {
        Some((folder, name)) => format!("{folder}/{digest}.{name}"),
        None => format!("{digest}.{path}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(number: u64) -> Version {
        Version::new(number).unwrap()
    }

    #[test]
    fn the_version_of_a_root_is_read_only_as_it_is_written() {
        assert_eq!(root(version(10)), "10.root.json");
        assert_eq!(root_version("10.root.json"), Some(version(10)));
        for other in
            ["root.json", ".root.json", "0.root.json", "01.root.json", "+1.root.json", "1.root.json~", "1.Root.json"]
        {
            assert_eq!(root_version(other), None, "{other}");
        }
    }

    #[test]
    fn a_role_s_file_has_the_role_s_name_whatever_it_holds() {
        assert_eq!(versioned("a/b", version(3)), "3.a/b.json");
        assert_eq!(role("a/b"), "a/b.json");
        for role_of_four in TopLevelRole::ALL {
            assert_eq!(top_level(role_of_four), role(role_of_four));
        }
    }

    #[test]
    fn a_versioned_name_comes_back_as_its_version_and_its_role() {
        for role in ["root", "targets", "a/b", "registry.npmjs.org", ".x"] {
            assert_eq!(versioned_role_in(&versioned(role, version(7))), Some((version(7), role)));
        }
        for other in ["targets.json", "7..json", "7.json", "0.npm.json", "07.npm.json", "+7.npm.json", "7.npm", ""] {
            assert_eq!(versioned_role_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_delegated_role_is_never_read_from_a_top_level_role_s_file() {
        assert_eq!(delegated_role_in("npm.json"), RoleName::new("npm"));
        assert_eq!(role_in("targets.json"), Some("targets"));
        for other in ["targets.json", ".json", "npm"] {
            assert_eq!(delegated_role_in(other), None, "{other}");
        }
    }

    #[test]
    fn a_digest_stands_before_the_last_part_of_a_target_s_path() {
        let digests = Digests::of(b"");
        for (path, before, after) in [("a", "", ".a"), ("d/a", "d/", ".a"), ("d/e/a", "d/e/", ".a"), ("/a", "/", ".a")]
        {
            let name = target(path, &digests, true);
            assert_eq!(name, format!("{before}{}{after}", digests.name_prefix()));
            assert_eq!(target_paths(path, &digests, true), [name]);
            assert_eq!(target(path, &digests, false), path);
            assert_eq!(target_paths(path, &digests, false), [path]);
        }
    }
}
