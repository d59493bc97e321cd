//! Saving several files in one step: all of them or none, also when the process or the power ends in between.
//!
//! ```text
//! .unfinished-*/     the new files, each synced, under the names that they will have
//! .pending/          the same folder after one rename: from here on the new files are what the cache has
//! ```
//!
//! Whoever finds a `.pending` reads each file there first. Moving its files into their places is the rest of the work, which anybody may do,
//! again and at any time: it changes nothing that a reader sees.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::atomic_write::{UNFINISHED, under_a_free_name};
use super::disk::Disk;
use super::error::{Operation, StoreError};

/// The folder of files that are saved and not yet in their places.
pub(super) const PENDING: &str = ".pending";

/// Where the saved file of that name is read, if it is not yet in its place.
pub(super) fn pending_path(folder: &Path, name: &Path) -> Option<PathBuf> {
    let pending = folder.join(PENDING);
    is_folder(&pending).then(|| pending.join(name))
}

/// Saves files, named as they lie in `folder`, all of them or none; then moves them into their places. `sub_folders` are those that files can
/// be in. Either nobody else saves here meanwhile, or `unless` looks, right before the step that decides, whether somebody has: then nothing is
/// saved, and `false` returned.
pub(super) fn save_all(
    disk: &dyn Disk,
    folder: &Path,
    sub_folders: &[&str],
    files: &[(PathBuf, &[u8])],
    unless: Option<&dyn Fn() -> bool>,
) -> Result<bool, StoreError> {
    for (name, _) in files {
        // What cannot be replaced is found out before anything is decided.
        let place = folder.join(name);
        if is_folder(&place) {
            return Err(StoreError::NotARegularFile { path: place, found: "a folder" });
        }
    }
    let make = |path: &Path| disk.make_folder(path);
    let (unfinished, ()) =
        under_a_free_name(folder, make).map_err(StoreError::io(Operation::CreateFolder, folder.join(UNFINISHED)))?;
    let pending = folder.join(PENDING);
    let saved = write(disk, &unfinished, files).and_then(|()| {
        // Only Unix lets an empty folder be replaced.
        if is_folder(&pending) {
            give_back(disk, &pending);
        }
        if unless.is_some_and(|has_changed| has_changed()) {
            return Ok(false);
        }
        match disk.rename(&unfinished, &pending) {
            // Somebody else has saved, and is not done with moving.
            Err(error) if unless.is_some() && is_not_empty(&error) => Ok(false),
            renamed => renamed.map(|()| true).map_err(StoreError::io(Operation::Write, &pending)),
        }
    });
    if !matches!(saved, Ok(true)) {
        // Best effort: the next writer removes what is left.
        discard(disk, &unfinished, files);
        return saved;
    }
    disk.sync_folder(folder).map_err(StoreError::io(Operation::Write, folder))?;
    // From here on they are saved. What cannot be moved, as when another program has a file open, is read where it is, and the next writer moves it.
    let _ = finish(disk, folder, sub_folders);
    Ok(true)
}

fn is_not_empty(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::DirectoryNotEmpty | io::ErrorKind::AlreadyExists)
}

/// Moves what was saved into its places, if an earlier writer did not come to it. Anybody may, and several at a time.
pub(super) fn finish(disk: &dyn Disk, folder: &Path, sub_folders: &[&str]) -> Result<(), StoreError> {
    let pending = folder.join(PENDING);
    if !is_folder(&pending) {
        return Ok(());
    }
    // What others are verified with first, and `timestamp.json` after what it leads to.
    for sub_folder in sub_folders {
        let from = pending.join(sub_folder);
        if is_folder(&from) {
            let to = folder.join(sub_folder);
            make_folder(disk, &to)?;
            move_files(disk, &from, &to)?;
            give_back(disk, &from);
        }
    }
    move_files(disk, &pending, folder)?;
    give_back(disk, &pending);
    Ok(())
}

/// Removes what is called like a finished save and is none. Only for who knows that nobody else is writing.
pub(super) fn sweep(folder: &Path) {
    let pending = folder.join(PENDING);
    let _ = if is_folder(&pending) { fs::remove_dir_all(&pending) } else { fs::remove_file(&pending) };
}

/// A folder that is there may be one from before, or have been made by somebody else meanwhile.
pub(super) fn make_folder(disk: &dyn Disk, folder: &Path) -> Result<(), StoreError> {
    match disk.make_folder(folder) {
        Ok(()) => {
            let above = folder.parent().unwrap_or(folder);
            disk.sync_folder(above).map_err(StoreError::io(Operation::CreateFolder, folder))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && is_folder(folder) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            Err(StoreError::NotARegularFile { path: folder.to_owned(), found: super::error::NOT_A_FOLDER })
        }
        Err(error) => Err(StoreError::io(Operation::CreateFolder, folder)(error)),
    }
}

fn write(disk: &dyn Disk, unfinished: &Path, files: &[(PathBuf, &[u8])]) -> Result<(), StoreError> {
    for sub_folder in sub_folders(files) {
        let folder = unfinished.join(sub_folder);
        disk.make_folder(&folder).map_err(StoreError::io(Operation::CreateFolder, &folder))?;
    }
    for (name, bytes) in files {
        let path = unfinished.join(name);
        disk.create(&path, bytes).map_err(StoreError::io(Operation::Write, &path))?;
    }
    for sub_folder in sub_folders(files) {
        let folder = unfinished.join(sub_folder);
        disk.sync_folder(&folder).map_err(StoreError::io(Operation::Write, &folder))?;
    }
    disk.sync_folder(unfinished).map_err(StoreError::io(Operation::Write, unfinished))
}

fn discard(disk: &dyn Disk, unfinished: &Path, files: &[(PathBuf, &[u8])]) {
    for (name, _) in files {
        let _ = disk.remove_file(&unfinished.join(name));
    }
    for sub_folder in sub_folders(files) {
        let _ = disk.remove_folder(&unfinished.join(sub_folder));
    }
    let _ = disk.remove_folder(unfinished);
}

fn sub_folders<'a>(files: &'a [(PathBuf, &[u8])]) -> BTreeSet<&'a Path> {
    let above = files.iter().filter_map(|(name, _)| name.parent());
    above.filter(|above| !above.as_os_str().is_empty()).collect()
}

/// Moves the files of one folder into another, in the order of their names, and has that on the disk. Names that begin with a dot are none that
/// was ever saved.
fn move_files(disk: &dyn Disk, from: &Path, to: &Path) -> Result<(), StoreError> {
    let entries = match fs::read_dir(from) {
        // Somebody else has done the rest of the work.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(StoreError::io(Operation::Read, from))?,
    };
    let mut names = BTreeSet::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io(Operation::Read, from))?;
        let is_file = entry.file_type().is_ok_and(|kind| kind.is_file());
        if is_file && !entry.file_name().as_encoded_bytes().starts_with(b".") {
            names.insert(entry.file_name());
        }
    }
    for name in names {
        let place = to.join(&name);
        match disk.rename(&from.join(&name), &place) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            renamed => renamed.map_err(StoreError::io(Operation::Write, place))?,
        }
    }
    disk.sync_folder(to).map_err(StoreError::io(Operation::Write, to))
}

/// An empty folder that stays says nothing, so it is no failure.
fn give_back(disk: &dyn Disk, folder: &Path) {
    let _ = disk.remove_folder(folder);
}

/// Whether there is a folder, and not a link to one.
pub(super) fn is_folder(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_dir())
}
