//! What a cache on disk consists of, and taking all of it away.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::atomic_write::UNFINISHED;
use super::error::{Operation, StoreError};
use super::file_store::{FileStore, LOCK, SUB_FOLDERS};
use super::journal::{self, PENDING, is_folder};

/// What lies in the folder of a [`FileStore`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FolderContents {
    /// The files of the copy, with their lengths in bytes.
    pub files: Vec<(PathBuf, u64)>,
    /// What somebody else has put there: links, folders, files with other names. Nothing here is followed.
    pub foreign: Vec<PathBuf>,
}

impl FolderContents {
    /// How long all files are together, in bytes.
    pub fn bytes(&self) -> u64 {
        self.files.iter().map(|(_, length)| length).sum()
    }
}

impl FileStore {
    /// Whether `folder` is one of a cache: it has the lock that every writer makes, and is not a link.
    pub fn is_one(folder: &Path) -> bool {
        let is =
            |path: &Path, kind: fn(&fs::Metadata) -> bool| fs::symlink_metadata(path).is_ok_and(|found| kind(&found));
        is(folder, fs::Metadata::is_dir) && is(&folder.join(LOCK), fs::Metadata::is_file)
    }

    /// What lies in the folder.
    ///
    /// # Errors
    /// [`StoreError::Io`] when it cannot be read.
    pub fn contents(&self) -> Result<FolderContents, StoreError> {
        let mut contents = FolderContents::default();
        let is_metadata = |name: &str| name.ends_with(".json") || name == "last_check" || name.starts_with(UNFINISHED);
        gather(self.folder(), &mut contents, is_metadata)?;
        // Where a writer did not come to its end, some files are not in their places yet.
        let pending = self.folder().join(PENDING);
        let mut own: Vec<PathBuf> = SUB_FOLDERS.iter().map(|name| self.folder().join(name)).collect();
        own.extend(SUB_FOLDERS.iter().map(|name| pending.join(name)).filter(|_| is_folder(&pending)));
        own.push(pending);
        own.retain(|path| is_folder(path));
        for folder in &own {
            gather(folder, &mut contents, |_| true)?;
        }
        let is_own_folder = |path: &PathBuf| own.contains(path);
        contents.foreign.retain(|path| *path != self.folder().join(LOCK) && !is_own_folder(path));
        Ok(contents)
    }

    /// Takes the whole copy away, and with it the memory of the versions that were seen. What somebody else has put there stays, and so does the
    /// lock: another process may be waiting for it. Gives what was there.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process keeps using it, [`StoreError::Io`] when a file cannot be removed.
    pub fn clear(&self) -> Result<FolderContents, StoreError> {
        let _lock = self.lock_exclusive()?;
        let contents = self.contents()?;
        // What could not be put into its place would come back.
        journal::sweep(self.folder());
        for (path, _) in &contents.files {
            match fs::remove_file(path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io(Operation::Remove, path)(error));
                }
                _ => {}
            }
        }
        for name in SUB_FOLDERS {
            // It stays if there is something of somebody else in it.
            let _ = fs::remove_dir(self.folder().join(name));
        }
        Ok(contents)
    }
}

impl FileStore {
    /// Removes the lock of a copy that was [cleared](Self::clear), where another lock keeps every other process out.
    pub(crate) fn remove_lock(&self) {
        let _ = fs::remove_file(self.folder().join(LOCK));
    }
}

fn gather(folder: &Path, contents: &mut FolderContents, is_own: impl Fn(&str) -> bool) -> Result<(), StoreError> {
    let entries = fs::read_dir(folder).map_err(StoreError::io(Operation::Read, folder))?;
    for entry in entries.flatten() {
        // Of the entry itself, not of what a link leads to.
        let found = entry.metadata().ok().filter(fs::Metadata::is_file);
        match found.filter(|_| entry.file_name().to_str().is_some_and(&is_own)) {
            Some(found) => contents.files.push((entry.path(), found.len())),
            None => contents.foreign.push(entry.path()),
        }
    }
    Ok(())
}
