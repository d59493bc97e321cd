//! A cache on a disk that fills up.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicUsize, Ordering};

use rootline_client::store::{LocalFile, MemoryStore, Operation, Store, StoreError};

/// A store in memory that has room for so many writes, and fails from then on.
#[derive(Debug)]
pub struct FullDisk {
    files: MemoryStore,
    room: AtomicUsize,
}

impl FullDisk {
    /// Room for that many writes.
    pub fn after(writes: usize) -> FullDisk {
        FullDisk { files: MemoryStore::new(), room: AtomicUsize::new(writes) }
    }

    /// Makes room for as many more writes as there may be.
    pub fn clean_up(&self) {
        self.room.store(usize::MAX, Ordering::Relaxed);
    }
}

impl Store for FullDisk {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.load(file, limit)
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        let take = |room: usize| room.checked_sub(1);
        match self.room.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take) {
            Ok(_) => self.files.save(file, bytes),
            Err(_) => Err(StoreError::Io {
                operation: Operation::Write,
                path: PathBuf::from(format!("{file:?}")),
                error: io::ErrorKind::StorageFull.into(),
            }),
        }
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.files.remove(file)
    }
}
