//! The manifest of the files that a mirror has written.
//!
//! A file of the mirror's folder is removed only if it stands in this list, and nothing points at it any more since long enough. What somebody
//! else has put there is neither removed nor replaced. A file is recorded before it is written, so that none is ever forgotten.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, Node, Value, ValueMembers};
use rootline_metadata::{instant_text, parse_instant};

use crate::store::{Access, StoreError, read_regular_file, write_file};

use super::error::MirrorError;
use super::place::is_place;

/// The name of the list in the mirror's folder.
const NAME: &str = ".rootline-mirror.json";
/// Most bytes of it: enough for two million files.
const LIMIT: usize = 256 << 20;

/// The files that this mirror has written, by their place in its folder.
#[derive(Debug)]
pub(super) struct WrittenFiles {
    path: PathBuf,
    /// By its place: since when nothing points at it; `None` while it is served.
    files: BTreeMap<String, Option<DateTime<Utc>>>,
    changed: bool,
}

impl WrittenFiles {
    /// The list in `folder`; empty if there is none yet.
    ///
    /// # Errors
    /// If it is there and cannot be read, or a newer version has written it: what that one knows of a file may be a reason to keep it.
    pub(super) fn load(folder: &Path) -> Result<WrittenFiles, MirrorError> {
        let path = folder.join(NAME);
        let damaged = |reason: String| MirrorError::WrittenFiles { path: path.clone(), reason };
        if let Err(error) = fs::symlink_metadata(&path)
            && error.kind() == io::ErrorKind::NotFound
        {
            return Ok(WrittenFiles { path, files: BTreeMap::new(), changed: false });
        }
        let bytes = read_regular_file(&path, LIMIT as u64).map_err(|error| damaged(error.to_string()))?;
        let document = Document::parse(bytes, LIMIT).map_err(|error| damaged(error.to_string()))?;
        let top = document.top().object().map_err(|error| damaged(error.to_string()))?;
        format::check(top, format::MEMBER).map_err(|error| match error {
            FileError::Newer(newer) => MirrorError::NewerWrittenFiles { path: path.clone(), newer },
            error => damaged(error.to_string()),
        })?;
        let files = document.top().get("files").map(Node::elements);
        let files = files.ok_or_else(|| damaged("it lists no files".to_owned()))?;
        let files = files.map(entry).collect::<Option<_>>();
        let files = files.ok_or_else(|| damaged("an entry is none that a mirror writes".to_owned()))?;
        Ok(WrittenFiles { path, files, changed: false })
    }

    /// Writes it, if it has changed.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn save(&mut self) -> Result<(), StoreError> {
        if !std::mem::take(&mut self.changed) {
            return Ok(());
        }
        let files = self.files.iter().map(|(place, since)| {
            let since = since.map(|since| Value::from(instant_text(since).as_str()));
            Value::Array([Some(Value::from(place.as_str())), since].into_iter().flatten().collect())
        });
        let about = "What rootline mirror has written here, and since when nothing points at it. Without this list nothing is removed.";
        let members = ValueMembers::new()
            .with(format::MEMBER, format::CURRENT)
            .with("about", about)
            .with("files", Value::Array(files.collect()));
        write_file(&self.path, Value::from(members).pretty(1).as_bytes(), Access::Umask)
    }

    /// Whether the mirror has written, or was about to write, the file in that place.
    pub(super) fn has(&self, place: &str) -> bool {
        self.files.contains_key(place)
    }

    /// Records a file that is about to be written.
    pub(super) fn enter(&mut self, place: &str) {
        if self.files.insert(place.to_owned(), None) != Some(None) {
            self.changed = true;
        }
    }

    /// Notes that `now` these files are served, and no others.
    pub(super) fn serves(&mut self, places: &BTreeSet<&str>, now: DateTime<Utc>) {
        for (place, since) in &mut self.files {
            match (places.contains(place.as_str()), &since) {
                (true, Some(_)) => *since = None,
                (false, None) => *since = Some(now),
                _ => continue,
            }
            self.changed = true;
        }
    }

    /// The files that nothing has pointed at for as long as `keep`.
    pub(super) fn outdated(&self, keep: TimeDelta, now: DateTime<Utc>) -> Vec<String> {
        let outdated = |since: &DateTime<Utc>| now.signed_duration_since(since) >= keep;
        let files = self.files.iter().filter(|(_, since)| since.as_ref().is_some_and(outdated));
        files.map(|(place, _)| place.clone()).collect()
    }

    /// How many files nothing points at.
    pub(super) fn kept(&self) -> usize {
        self.files.values().filter(|since| since.is_some()).count()
    }

    /// Removes a file from the manifest.
    pub(super) fn remove(&mut self, place: &str) {
        self.changed |= self.files.remove(place).is_some();
    }
}

/// A place that could lead out of the folder is none that was ever written.
fn entry(node: Node<'_>) -> Option<(String, Option<DateTime<Utc>>)> {
    let mut parts = node.elements();
    let place = parts.next()?.text()?.into_owned();
    is_place(&place).ok()?;
    let since = match parts.next() {
        Some(since) => Some(parse_instant(&since.text()?)?),
        None => None,
    };
    Some((place, since))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    #[test]
    fn a_file_is_outdated_once_nothing_has_pointed_at_it_for_as_long_as_it_is_kept_and_not_a_second_before() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = WrittenFiles::load(folder.path()).unwrap();
        written.enter("1.snapshot.json");
        written.enter("2.snapshot.json");
        written.serves(&BTreeSet::from(["2.snapshot.json"]), at("2030-01-01T00:00:00Z"));
        written.save().unwrap();
        let written = WrittenFiles::load(folder.path()).unwrap();
        let day = TimeDelta::days(1);
        assert_eq!(written.outdated(day, at("2030-01-01T23:59:59Z")), Vec::<String>::new());
        assert_eq!(written.outdated(day, at("2030-01-02T00:00:00Z")), ["1.snapshot.json"]);
        assert_eq!(written.kept(), 1);
    }

    #[test]
    fn a_file_that_is_served_again_is_not_outdated() {
        let folder = tempfile::tempdir().unwrap();
        let mut written = WrittenFiles::load(folder.path()).unwrap();
        written.enter("a");
        written.serves(&BTreeSet::new(), at("2030-01-01T00:00:00Z"));
        written.serves(&BTreeSet::from(["a"]), at("2030-01-02T00:00:00Z"));
        assert_eq!(written.outdated(TimeDelta::zero(), at("2031-01-01T00:00:00Z")), Vec::<String>::new());
    }

    #[test]
    fn a_list_that_was_tampered_with_removes_nothing_outside() {
        for list in [
            r#"{"files":[["../x","2030-01-01T00:00:00Z"]]}"#,
            r#"{"files":[["/etc/x"]]}"#,
            r#"{"files":[["a//b"]]}"#,
            r#"{"files":[["a","yesterday"]]}"#,
            r#"{"files":[[]]}"#,
            r#"{"other":[]}"#,
            "",
            "[",
        ] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join(NAME), list).unwrap();
            assert!(matches!(WrittenFiles::load(folder.path()), Err(MirrorError::WrittenFiles { .. })), "{list}");
        }
    }
}
