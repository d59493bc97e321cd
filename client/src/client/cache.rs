//! The cache of one instance, in its place among the caches of all.

use std::env;
use std::fmt;
use std::fs;
use std::path::{Path, PathBuf};

use crate::client::cache_folders::{CacheFolders, take_newer_roots};
use crate::client::instance::Instance;
use crate::error::Note;
use crate::store::{FileStore, LocalFile, MemoryStore, Store, StoreError, StoreLock, passes_on};

/// The cache of one instance: a folder below the folder for all instances, named after the [repository](Instance::cache_name); or memory,
/// where there is no place to write.
pub struct Cache {
    store: Box<dyn Store + Send + Sync>,
    folder: Option<PathBuf>,
    note: Option<Note>,
}

impl Cache {
    /// The folder for the caches of all instances: `rootline` in the platform's cache folder. `None` when this user has none.
    pub fn default_folder() -> Option<PathBuf> {
        platform_folder().map(|folder| folder.join("rootline"))
    }

    /// The folders of the caches of `instance` below `folder`: the one that counts, and others of the same repository. Nothing is changed.
    pub fn folders(folder: &Path, instance: &Instance) -> CacheFolders {
        CacheFolders::find(folder, instance)
    }

    /// The cache of `instance` below `folder`, on disk. One that an earlier version has named is given its name of today.
    ///
    /// # Errors
    /// If it is missing and cannot be made.
    pub fn open(folder: &Path, instance: &Instance) -> Result<Cache, StoreError> {
        let folders = CacheFolders::find_used(folder, instance);
        let note = folders.begins_apart().map(|other| Note::OtherRoots { folder: other.to_owned() });
        let store = match &folders.earlier {
            Some(earlier) => {
                let store = adopt(earlier, &folders.used)?;
                take_newer_roots(&store, &folders.superseded, instance)?;
                store
            }
            None => FileStore::open(&folders.used)?,
        };
        Ok(Cache { note, ..Cache::on_disk(store) })
    }

    /// The cache of `instance` below `folder`, on disk if that is possible. Otherwise what can be read there still counts, so that nothing goes
    /// below the versions that were seen; what is new is kept in memory; and the note says why.
    pub fn open_if_possible(folder: Option<&Path>, instance: &Instance) -> (Cache, Option<Note>) {
        let Some(folder) = folder else { return (Cache::in_memory(None), Some(Note::NoCacheFolder)) };
        match Cache::open(folder, instance) {
            Ok(cache) => (cache, None),
            Err(error) => {
                let folders = CacheFolders::find_used(folder, instance);
                let below = FileStore::open_existing(folders.to_read()).ok().flatten();
                (Cache::in_memory(below), Some(Note::NotPersisted(error)))
            }
        }
    }

    /// The cache of `instance` below `folder`, to be read alone: nothing is made. It is empty when there is no copy.
    ///
    /// # Errors
    /// If something else is in its place.
    pub fn open_existing(folder: &Path, instance: &Instance) -> Result<Cache, StoreError> {
        let folders = CacheFolders::find_used(folder, instance);
        let note = folders.begins_apart().map(|other| Note::OtherRoots { folder: other.to_owned() });
        let existing = FileStore::open_existing(folders.to_read())?;
        Ok(Cache { note, ..existing.map_or_else(|| Cache::in_memory(None), Cache::on_disk) })
    }

    /// Takes the note that there is a cache of another chain of roots under the same URL, if this one has just been begun beside it.
    pub fn take_note(&mut self) -> Option<Note> {
        self.note.take()
    }

    /// A cache in memory, which ends with the process. `below` is read and never written.
    pub fn in_memory(below: Option<FileStore>) -> Cache {
        let store = below.map_or_else(MemoryStore::new, MemoryStore::over);
        Cache { store: Box::new(store), folder: None, note: None }
    }

    /// Its folder; `None` when it is in memory.
    pub fn folder(&self) -> Option<&Path> {
        self.folder.as_deref()
    }

    fn on_disk(store: FileStore) -> Cache {
        let folder = Some(store.folder().to_owned());
        Cache { store: Box::new(store), folder, note: None }
    }
}

/// The cache that was in `earlier`, under its name of today. Where it cannot be moved it is used as it is; another process may have moved it.
fn adopt(earlier: &Path, name: &Path) -> Result<FileStore, StoreError> {
    // An empty folder would be in the way on Windows, and another one stays.
    let _ = fs::remove_dir(name);
    if let Ok(moved) = FileStore::open(earlier).and_then(|store| store.move_to(name)) {
        return Ok(moved);
    }
    FileStore::open(if name.is_dir() { name } else { earlier })
}

impl Store for Cache {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.store.load(file, limit)
    }

    passes_on!(|this| this.store);
}

impl fmt::Debug for Cache {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cache").field("folder", &self.folder).finish_non_exhaustive()
    }
}

/// Where the platform keeps caches: `LOCALAPPDATA` on Windows, `Library/Caches` on Apple's systems, elsewhere what the XDG base directory
/// specification says. A relative path is nobody's folder: it would be another one in every working directory.
fn platform_folder() -> Option<PathBuf> {
    let set = |name| env::var_os(name).map(PathBuf::from);
    let home = || env::home_dir().filter(|home| home.is_absolute());
    if cfg!(windows) {
        set("LOCALAPPDATA").filter(|folder| folder.is_absolute())
    } else if cfg!(target_vendor = "apple") {
        home().map(|home| home.join("Library/Caches"))
    } else {
        set("XDG_CACHE_HOME").filter(|folder| folder.is_absolute()).or_else(|| home().map(|home| home.join(".cache")))
    }
}
