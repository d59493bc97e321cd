//! A cache that gets another folder, and the roots that it has.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use super::FileStore;
use super::error::{Operation, StoreError};
use super::file_store::ROOT_HISTORY;
use super::journal::PENDING;

impl FileStore {
    /// Gives the whole cache another folder, in one step, while nobody else reads or writes it. `to` is beside the folder of this store, and
    /// nothing is there. After a crash the cache is whole in one of the two folders.
    ///
    /// # Errors
    /// [`StoreError::Locked`] when another process keeps using it, [`StoreError::Io`] when it has been moved by another process, or cannot be.
    pub fn move_to(self, to: impl Into<PathBuf>) -> Result<FileStore, StoreError> {
        let to = to.into();
        let lock = self.lock_exclusive()?;
        // Windows moves no folder in which a file is open, and the lock is one.
        let lock = (!cfg!(windows)).then_some(lock);
        self.disk().rename(self.folder(), &to).map_err(StoreError::io(Operation::Write, &to))?;
        drop(lock);
        let above = to.parent().unwrap_or(&to);
        self.disk().sync_folder(above).map_err(StoreError::io(Operation::Write, above))?;
        Ok(self.in_another_folder(to))
    }

    /// The versions of the roots that are kept, whether or not they are whole.
    pub(crate) fn root_versions(&self) -> BTreeSet<u64> {
        let folders = [self.folder().join(ROOT_HISTORY), self.folder().join(PENDING).join(ROOT_HISTORY)];
        let entries = folders.iter().filter_map(|folder| fs::read_dir(folder).ok()).flatten().flatten();
        entries.filter_map(|entry| entry.file_name().to_str()?.strip_suffix(".root.json")?.parse().ok()).collect()
    }
}
