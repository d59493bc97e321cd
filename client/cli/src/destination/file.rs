//! A file on its way to a destination.

use std::fs::File;
use std::io::{self, Read};
use std::path::PathBuf;
use std::time::Duration;

use rootline_metadata::file_name;

/// A file to be put at a destination.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct OutgoingFile {
    /// Its name there: its path below the place, such as `2.root.json` or `targets/HASH.NAME`.
    pub name: String,
    /// What it has.
    pub content: Content,
}

/// What a file has.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// These bytes.
    Bytes(Vec<u8>),
    /// What a file of this machine has, which is read in pieces: a large target is never held in memory.
    File(PathBuf),
}

impl Content {
    /// How many bytes it has.
    ///
    /// # Errors
    ///
    /// If the file is not there.
    pub fn length(&self) -> io::Result<u64> {
        match self {
            Content::Bytes(bytes) => Ok(bytes.len() as u64),
            Content::File(path) => std::fs::metadata(path).map(|found| found.len()),
        }
    }

    /// Reads it from its beginning.
    ///
    /// # Errors
    ///
    /// If the file cannot be opened.
    pub fn open(&self) -> io::Result<Box<dyn Read + '_>> {
        match self {
            Content::Bytes(bytes) => Ok(Box::new(bytes.as_slice())),
            Content::File(path) => Ok(Box::new(File::open(path)?)),
        }
    }
}

impl OutgoingFile {
    /// Whether its content belongs to its name for ever: versioned metadata and targets that are named by their digest.
    pub fn is_immutable(&self) -> bool {
        is_immutable(&self.name)
    }

    /// When it has to be public, counted from first to last: a reader in between never meets a name that leads nowhere.
    pub fn stage(&self) -> Stage {
        if self.name.starts_with(file_name::TARGETS_FOLDER) {
            return Stage::Targets;
        }
        match file_name::versioned_role_in(&self.name) {
            Some((_, "root")) | None => Stage::Entry,
            Some((_, "snapshot")) => Stage::Snapshot,
            Some(_) => Stage::Metadata,
        }
    }
}

/// When a file has to be public.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Stage {
    /// Targets, which nothing needs but those who were told of them.
    Targets,
    /// Targets metadata and delegated roles, which name targets.
    Metadata,
    /// Snapshots, which name metadata.
    Snapshot,
    /// Roots and what has no version (`timestamp.json`): in the order that their publisher gives.
    Entry,
}

/// Whether a file of this name never changes.
pub(super) fn is_immutable(name: &str) -> bool {
    match name.strip_prefix(file_name::TARGETS_FOLDER) {
        Some(target) => target.rsplit('/').next().is_some_and(begins_with_digest),
        None => file_name::versioned_role_in(name).is_some(),
    }
}

fn begins_with_digest(name: &str) -> bool {
    let digest = name.split_once('.').map_or("", |(digest, _)| digest);
    matches!(digest.len(), 64 | 128) && digest.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
}

/// How long caches may keep a file: for ever where it never changes, else for `lifetime`; `None` is not at all.
pub fn cache_control(name: &str, lifetime: Option<Duration>) -> String {
    match lifetime.map(|lifetime| lifetime.as_secs()) {
        _ if is_immutable(name) => "public, max-age=31536000, immutable".to_owned(),
        Some(seconds @ 1..) => format!("public, max-age={seconds}"),
        _ => "no-store".to_owned(),
    }
}

/// What a web server says that a file is.
pub fn content_type(name: &str) -> &'static str {
    let is_json = name.rsplit_once('.').is_some_and(|(_, ending)| ending == "json");
    if is_json { "application/json" } else { "application/octet-stream" }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn named(name: &str) -> OutgoingFile {
        OutgoingFile { name: name.to_owned(), content: Content::Bytes(Vec::new()) }
    }

    #[test]
    fn what_caches_may_keep_for_ever_is_what_never_changes() {
        let target = format!("targets/a/{}.b.json", "0a".repeat(32));
        for name in ["1.root.json", "2.targets.json", "3.a.b.json", &target] {
            assert!(named(name).is_immutable(), "{name}");
            assert_eq!(cache_control(name, None), "public, max-age=31536000, immutable");
        }
        for name in ["timestamp.json", "root.json", "index.html", "targets/a.json", "targets/00.a"] {
            assert!(!named(name).is_immutable(), "{name}");
            assert_eq!(cache_control(name, None), "no-store");
            assert_eq!(cache_control(name, Some(Duration::ZERO)), "no-store");
            assert_eq!(cache_control(name, Some(Duration::from_secs(60))), "public, max-age=60");
        }
    }

    #[test]
    fn files_are_public_before_what_names_them() {
        let target = format!("targets/{}.a", "0a".repeat(32));
        let names = [&target, "1.targets.json", "1.snapshot.json", "1.root.json"];
        assert!(names.windows(2).all(|pair| named(pair[0]).stage() < named(pair[1]).stage()));
        assert_eq!(named("1.delegated.json").stage(), Stage::Metadata);
        for name in ["timestamp.json", "root.json"] {
            assert_eq!(named(name).stage(), Stage::Entry);
        }
    }

    #[test]
    fn a_type_is_told_by_the_ending_alone() {
        assert_eq!(content_type("timestamp.json"), "application/json");
        assert_eq!(content_type("targets/ab.ctfe.pub"), "application/octet-stream");
    }
}
