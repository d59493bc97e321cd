//! The cache in memory.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use super::error::StoreError;
use super::{LocalFile, Store, StoreLock};

/// A cache that ends with the process: for tests, and for homes that cannot be written.
///
/// Over another store ([`MemoryStore::over`]) it starts out with what that store has and never writes to it, so a
/// read-only cache still tells which versions were seen.
#[derive(Default)]
pub struct MemoryStore {
    /// What was saved (`Some`) or removed (`None`) here, which goes before what is below.
    files: Mutex<BTreeMap<LocalFile, Option<Vec<u8>>>>,
    below: Option<Box<dyn Store + Send + Sync>>,
}

impl MemoryStore {
    /// An empty store.
    pub fn new() -> Self {
        Self::default()
    }

    /// A store that reads what was not saved in it from `below`, and leaves that as it is.
    pub fn over(below: impl Store + Send + Sync + 'static) -> Self {
        Self { below: Some(Box::new(below)), ..Self::default() }
    }

    /// The files that were saved in this store and are still there, in the order of [`LocalFile`]; without those of a
    /// store below.
    pub fn saved(&self) -> Vec<LocalFile> {
        self.files().iter().filter(|(_, bytes)| bytes.is_some()).map(|(file, _)| file.clone()).collect()
    }

    /// A thread that panicked in here leaves the map whole, since each change is one insertion.
    fn files(&self) -> MutexGuard<'_, BTreeMap<LocalFile, Option<Vec<u8>>>> {
        self.files.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for MemoryStore {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match (self.files().get(file), &self.below) {
            (Some(Some(bytes)), _) if bytes.len() as u64 > limit => {
                Err(StoreError::TooLong { path: PathBuf::from(format!("{file:?} (in memory)")), limit })
            }
            (Some(bytes), _) => Ok(bytes.clone()),
            (None, Some(below)) => below.load(file, limit),
            (None, None) => Ok(None),
        }
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        self.files().insert(file.clone(), Some(bytes.to_vec()));
        Ok(())
    }

    fn save_all(&self, files: &[(LocalFile, &[u8])]) -> Result<(), StoreError> {
        let mut saved = self.files();
        saved.extend(files.iter().map(|(file, bytes)| (file.clone(), Some(bytes.to_vec()))));
        Ok(())
    }

    /// What is below may be written by others.
    fn lock_to_load(&self) -> Result<Option<StoreLock>, StoreError> {
        self.below.as_ref().map_or(Ok(None), |below| below.lock_to_load())
    }

    fn may_block(&self) -> bool {
        self.below.as_ref().is_some_and(|below| below.may_block())
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.files().insert(file.clone(), None);
        Ok(())
    }
}

impl fmt::Debug for MemoryStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryStore").field("saved", &self.saved()).finish_non_exhaustive()
    }
}
