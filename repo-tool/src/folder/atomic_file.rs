//! Atomic and durable writes, by the client's store, with failures for a maintainer.

use std::fs;
use std::io;
use std::path::Path;

use rootline_client::store::{self, StoreError, read_regular_file};
pub(crate) use rootline_client::store::{Access, UNFINISHED};

use crate::failure::Failure;
use crate::journal;

/// Replaces the content of the file.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    store::write_file(path, bytes, Access::Umask)?;
    journal::note(format_args!("wrote {}", path.display()));
    Ok(())
}

/// Creates a file; an existing one is a failure and stays.
pub(crate) fn create(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    store::create_file(path, bytes, access).map_err(|error| match error.io_kind() {
        Some(io::ErrorKind::AlreadyExists) => exists(path),
        _ => error.into(),
    })?;
    journal::note(format_args!("wrote {}", path.display()));
    Ok(())
}

/// Creates a file, or finds it with the same content, as after an interrupted run. An existing file with other content is a failure and stays.
pub(crate) fn ensure(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if holds(path, bytes) { Ok(()) } else { create(path, bytes, Access::Umask) }
}

/// Refuses what [`ensure`] would: a file that is there with other content.
pub(crate) fn refuse_other(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    if fs::symlink_metadata(path).is_err() || holds(path, bytes) {
        return Ok(());
    }
    Err(exists(path))
}

fn exists(path: &Path) -> Failure {
    Failure::new(format!("{} already exists", path.display()), "name another file, or move this one away")
}

/// Whether a file has this content.
pub(crate) fn holds(path: &Path, bytes: &[u8]) -> bool {
    read_regular_file(path, bytes.len() as u64).is_ok_and(|there| there == bytes)
}

/// Removes the temporary files of interrupted writers in a folder and below it. Only safe while no other process writes there. Best effort: a
/// leftover does no harm.
pub(crate) fn sweep(folder: &Path) {
    sweep_one(folder, true);
}

/// As [`sweep`], for the folder alone.
pub(crate) fn sweep_flat(folder: &Path) {
    sweep_one(folder, false);
}

fn sweep_one(folder: &Path, with_folders: bool) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && with_folders {
            sweep_one(&entry.path(), true);
        } else if kind.is_file() && entry.file_name().to_str().is_some_and(is_unfinished) {
            let _ = fs::remove_file(entry.path());
        }
    }
}

/// Whether a name is one that this program gives to a file that it has not finished: with the number of its process, and of the file. What
/// somebody else called similarly stays.
fn is_unfinished(name: &str) -> bool {
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    let numbers = name.strip_prefix(UNFINISHED).and_then(|rest| rest.split_once('-'));
    numbers.is_some_and(|(process, file)| is_number(process) && is_number(file))
}

/// Creates a folder and those above it.
pub(crate) fn create_folder(path: &Path) -> Result<(), Failure> {
    store::make_folder(path, Access::Umask).map_err(Failure::from)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::new(
            error.to_string(),
            error
                .hint()
                .and_then(rootline::hint::words)
                .unwrap_or("check the path and its permissions, and run this again"),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/key.pem");
        create(&path, b"first", Access::Owner).unwrap();
        let refused = create(&path, b"second", Access::Owner).unwrap_err();
        assert!(refused.what().ends_with("already exists"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        replace(&path, b"third").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[test]
    fn a_file_that_is_there_as_it_is_to_be_is_as_good_as_new() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("plan.toml");
        for _ in 0..2 {
            ensure(&path, b"first").unwrap();
        }
        assert!(ensure(&path, b"second").unwrap_err().what().ends_with("already exists"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
    }

    #[test]
    fn what_was_left_unfinished_is_swept_away_and_nothing_else() {
        let folder = tempfile::tempdir().unwrap();
        for name in [
            "a/.unfinished-1-0",
            "a/b/.unfinished-20-3",
            "a/.hidden",
            "a/b/c.json",
            "a/.unfinished-notes",
            "a/.unfinished-1",
        ] {
            create(&folder.path().join(name), b"x", Access::Umask).unwrap();
        }
        sweep_flat(folder.path());
        assert!(folder.path().join("a/.unfinished-1-0").exists());
        sweep(folder.path());
        let there = |name: &str| folder.path().join(name).exists();
        assert!(!there("a/.unfinished-1-0") && !there("a/b/.unfinished-20-3"));
        let others = ["a/.hidden", "a/b/c.json", "a/.unfinished-notes", "a/.unfinished-1"];
        assert!(others.into_iter().all(there));
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        create(&path, b"secret", Access::Owner).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
