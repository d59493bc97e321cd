//! The cache of one repository: which files it has, where they live, and how they are written so that a crash, a
//! second process or a full disk never leaves half a file behind.
//!
//! Nothing here is trusted. What [`Store::load`] returns are bytes that once were verified and may have been changed
//! since; the workflow verifies them again from the pinned root. So the worst that a damaged or hostile cache can do is
//! to cost a download or to lose the memory of versions seen.

use std::sync::Arc;

mod access;
mod atomic_write;
mod bounded_read;
mod contents;
mod disk;
mod error;
pub(crate) mod escape;
mod file_store;
mod file_system;
mod folders;
mod journal;
mod lock;
mod memory_store;
mod patience;
mod prune;
mod regular_file;
mod relocation;
mod target_place;

pub use access::{Access, keeps_private};
pub(crate) use atomic_write::sweep;
pub(crate) use atomic_write::{StagedFile, sync_files, sync_folders};
pub use atomic_write::{UNFINISHED, create_file, create_file_from, make_folder, write_file};
use bounded_read::file_has;
pub use bounded_read::{read_file_at_most, read_input, read_regular_file};
pub(crate) use bounded_read::{reader_has, reader_meets};
pub use contents::FolderContents;
pub use disk::Disk;
pub use error::{Operation, StoreError};
pub use file_store::{FileStore, LOCK_WAIT};
pub(crate) use lock::lock_file;
pub use lock::{MissingLock, StoreLock, try_lock_file};
pub use memory_store::MemoryStore;
#[cfg(feature = "bundle")]
pub(crate) use target_place::refuse_other_spelling;
pub use target_place::{Layout, TargetPlace};

/// One file of the cache, named by what it is rather than by where it lies.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum LocalFile {
    /// The root that the caller pinned, where the caller chose to leave it with the copy.
    PinnedRoot,
    /// The newest trusted root.
    Root,
    /// The root of this version, as it was when it was trusted.
    RootHistory(u64),
    /// The newest trusted timestamp.
    Timestamp,
    /// The newest trusted snapshot.
    Snapshot,
    /// The newest trusted top-level targets.
    Targets,
    /// The newest trusted metadata of the delegated role with this name. Any name is fine, since it is escaped before
    /// it becomes a file name; see [`FileStore::path`].
    Delegated(String),
    /// When the copy was last compared with the repository, and what the repository then said of its files: no metadata, and never
    /// trusted for more than not asking again too soon.
    LastCheck,
    /// A target that was verified when it was stored, by its path, which is escaped likewise.
    Target(String),
}

/// Where the cache of one repository is kept.
pub trait Store {
    /// The bytes of `file`, or `None` when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::TooLong`] when the file has more than `limit` bytes, which is found out without reading more than
    /// one byte beyond it; [`StoreError::NotARegularFile`] and [`StoreError::Io`] when it cannot be read.
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError>;

    /// Whether `bytes` are the content of `file`. What cannot be read is something else.
    fn has(&self, file: &LocalFile, bytes: &[u8]) -> bool {
        matches!(self.load(file, bytes.len() as u64), Ok(Some(present)) if present == bytes)
    }

    /// Makes `bytes` the content of `file`, entirely or not at all. When this returns `Ok`, they are where they
    /// survive the end of the process, and for a store on disk a loss of power.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when they cannot be written; what was there before is then still there.
    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError>;

    /// Makes each of these the content of its file, all of them or none: a load sees what was there before, or all that is new,
    /// also after a crash in between. A store that cannot promise that saves them in the order given. Of two for the same file the last one
    /// counts. The caller holds the [lock](Store::lock).
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when they cannot be written; what is loaded then is still what was there before, or all that is new.
    fn save_all(&self, files: &[(LocalFile, &[u8])]) -> Result<(), StoreError> {
        files.iter().try_for_each(|(file, bytes)| self.save(file, bytes))
    }

    /// Saves as [`Store::save_all`], unless what is there has changed: `unchanged` looks, as shortly before the new files count as the store
    /// can. Returns whether they were saved. This is for a caller whose lock does not [keep others out](StoreLock::keeps_others_out).
    ///
    /// # Errors
    ///
    /// As [`Store::save_all`].
    fn save_all_if(&self, files: &[(LocalFile, &[u8])], unchanged: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        if unchanged() { self.save_all(files).map(|()| true) } else { Ok(false) }
    }

    /// Keeps everybody else from saving until it is dropped, so that what is saved can be compared with what is there before. A store that
    /// nobody else uses needs none; others return [`StoreLock::holding`] what they hold.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when somebody else is still there after a while; [`StoreError::Io`] when nothing can be saved here. It is none
    /// that there are no locks: that is what the lock itself says.
    fn lock(&self) -> Result<Option<StoreLock>, StoreError> {
        Ok(None)
    }

    /// Keeps everybody from saving until it is dropped, so that several files that belong together can be loaded.
    ///
    /// # Errors
    ///
    /// As [`Store::lock`]; but it is no error that nothing can be saved here.
    fn lock_to_load(&self) -> Result<Option<StoreLock>, StoreError> {
        Ok(None)
    }

    /// Whether a call may block: on a disk, on a lock, on a network. Asynchronous clients call a store that may on a thread of its own, and
    /// one that never does in place.
    fn may_block(&self) -> bool {
        true
    }

    /// Takes `file` away. It is no error when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when it is there and cannot be removed.
    fn remove(&self, file: &LocalFile) -> Result<(), StoreError>;
}

/// In an implementation of [`Store`]: passes on to another store what saves, removes, and keeps others from saving. The one list of these
/// methods, so that a store which stands before another one leaves none of them to its default.
macro_rules! saves_in {
    (|$this:ident| $store:expr) => {
        fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
            let $this = self;
            $store.save(file, bytes)
        }

        fn save_all(&self, files: &[(LocalFile, &[u8])]) -> Result<(), StoreError> {
            let $this = self;
            $store.save_all(files)
        }

        fn save_all_if(&self, files: &[(LocalFile, &[u8])], unchanged: &dyn Fn() -> bool) -> Result<bool, StoreError> {
            let $this = self;
            $store.save_all_if(files, unchanged)
        }

        fn lock(&self) -> Result<Option<StoreLock>, StoreError> {
            let $this = self;
            $store.lock()
        }

        fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
            let $this = self;
            $store.remove(file)
        }
    };
}

/// In an implementation of [`Store`]: passes on to another store every method but [`load`](Store::load).
macro_rules! passes_on {
    (|$this:ident| $store:expr) => {
        fn has(&self, file: &LocalFile, bytes: &[u8]) -> bool {
            let $this = self;
            $store.has(file, bytes)
        }

        fn lock_to_load(&self) -> Result<Option<StoreLock>, StoreError> {
            let $this = self;
            $store.lock_to_load()
        }

        fn may_block(&self) -> bool {
            let $this = self;
            $store.may_block()
        }

        $crate::store::saves_in!(|$this| $store);
    };
}

pub(crate) use {passes_on, saves_in};

/// A pointer to a store is a store.
macro_rules! pointers {
    ($($pointer:ty),*) => {$(
        impl<S: Store + ?Sized> Store for $pointer {
            fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
                (**self).load(file, limit)
            }

            passes_on!(|this| (**this));
        }
    )*};
}

pointers!(&S, Box<S>, Arc<S>);
