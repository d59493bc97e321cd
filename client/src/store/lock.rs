//! The lock that keeps processes which share one cache out of each other's way.

use std::any::Any;
use std::fmt;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::access::Access;
use super::disk::{Disk, OsDisk};
use super::error::{Operation, StoreError};
use super::file_system;
use super::patience::is_held_open;
use super::regular_file::not_regular;

/// A lock on a store, held until it is dropped. That of a [`FileStore`](super::FileStore) ends with the process too, however that ends.
#[derive(Debug)]
#[must_use = "the lock is given back as soon as this is dropped"]
pub struct StoreLock {
    /// Dropping it gives the lock back. `None` where there is nothing to lock because nobody can write, or locks do not work.
    _guard: Option<Box<dyn Any + Send + Sync>>,
    keeps_others_out: bool,
    missing: Option<MissingLock>,
}

/// A lock that cannot be held, because the file system has none.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MissingLock {
    /// The lock file.
    pub path: PathBuf,
    /// What the file system is called, as `nfs4`; `None` where the operating system does not say.
    pub file_system: Option<String>,
    /// What it answered.
    pub reason: String,
}

impl fmt::Display for MissingLock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MissingLock { path, file_system, reason } = self;
        match file_system {
            Some(name) => write!(f, "locks do not work for {} on {name}: {reason}", path.display()),
            None => write!(f, "locks do not work for {}: {reason}", path.display()),
        }
    }
}

impl StoreLock {
    /// Makes the lock of a [`Store`](super::Store) of an implementor's own, such as a row or a lease: dropping `guard` gives it back.
    pub fn holding(guard: impl Send + Sync + 'static) -> Self {
        StoreLock { _guard: Some(Box::new(guard)), keeps_others_out: true, missing: None }
    }

    /// Nothing is held, and nothing has to be.
    fn needless() -> Self {
        StoreLock { _guard: None, keeps_others_out: true, missing: None }
    }

    /// Nothing is held, because nothing can be.
    fn missing(path: PathBuf, error: &io::Error) -> Self {
        let file_system = file_system::name_at(&path);
        let missing = MissingLock { path, file_system, reason: error.to_string() };
        StoreLock { _guard: None, keeps_others_out: false, missing: Some(missing) }
    }

    /// Whether nobody else saves until this is dropped. If not, the file system has no locks: what is saved has to be
    /// [compared once more](super::Store::save_all_if).
    pub fn keeps_others_out(&self) -> bool {
        self.keeps_others_out
    }

    /// Takes what there is to tell of a lock that does not keep others out; once for each store.
    pub fn take_missing(&mut self) -> Option<MissingLock> {
        self.missing.take()
    }
}

/// Whether others may hold the lock at the same time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Sharing {
    /// Others that only read may.
    Shared,
    /// Nobody else may.
    Exclusive,
}

/// Takes the lock at `path` for one who writes, waiting as a [`FileStore`](super::FileStore) does.
pub(crate) fn lock_file(path: PathBuf) -> Result<StoreLock, StoreError> {
    acquire(&OsDisk, path, Sharing::Exclusive, super::LOCK_WAIT, Access::Owner)
}

/// Takes the lock at `path` without waiting, for one who writes. The file is made for those of `access` if it is missing.
///
/// # Errors
/// [`StoreError::Locked`] when another process has it, [`StoreError::Io`] when the file cannot be used. A file system without locks is no error:
/// see [`StoreLock::keeps_others_out`].
pub fn try_lock_file(path: PathBuf, access: Access) -> Result<StoreLock, StoreError> {
    acquire(&OsDisk, path, Sharing::Exclusive, Duration::ZERO, access)
}

/// Takes the lock at `path`, and tries again for `wait` while somebody else has it.
pub(super) fn acquire(
    disk: &dyn Disk,
    path: PathBuf,
    sharing: Sharing,
    wait: Duration,
    access: Access,
) -> Result<StoreLock, StoreError> {
    // A pipe would never open, and a link may lead to somebody else's file.
    if let Some(found) = not_regular(&path) {
        return Err(StoreError::NotARegularFile { path, found });
    }
    // The time waited is the sum of the pauses, so that no clock, faked or stopped, decides how this ends.
    let mut waited = Duration::ZERO;
    let mut pause = FIRST_PAUSE;
    let mut opened = None;
    loop {
        match attempt(disk, &path, sharing, access, &mut opened) {
            // Closing the file gives the lock back.
            Ok(()) => return Ok(opened.map_or_else(StoreLock::needless, StoreLock::holding)),
            // Who cannot make the lock file cannot write here, and nobody has written here yet. Reading needs no lock for
            // safety either, since every file is replaced in one step.
            Err(TryLockError::Error(error))
                if opened.is_none() && sharing == Sharing::Shared && cannot_create(&error) =>
            {
                return Ok(StoreLock::needless());
            }
            Err(TryLockError::Error(error)) if opened.is_some() && file_system::has_no_locks(&error) => {
                return Ok(StoreLock::missing(path, &error));
            }
            Err(TryLockError::Error(error)) if !is_held_open(&error) => {
                return Err(StoreError::io(Operation::Lock, path)(error));
            }
            Err(_) if waited >= wait => return Err(StoreError::Locked { path, waited: wait }),
            Err(_) => {
                let this = pause.min(wait - waited);
                thread::sleep(this);
                waited += this;
                pause = (pause * 2).min(MAX_PAUSE);
            }
        }
    }
}

/// Opens the file unless it is open, and tries to lock it.
fn attempt(
    disk: &dyn Disk,
    path: &Path,
    sharing: Sharing,
    access: Access,
    opened: &mut Option<File>,
) -> Result<(), TryLockError> {
    let file = match opened {
        Some(file) => file,
        None => opened.insert(open(path, sharing, access).map_err(TryLockError::Error)?),
    };
    disk.try_lock(file, sharing == Sharing::Shared)
}

/// A refresh where nothing changed takes milliseconds nearby and a round trip further off, so the first tries come quickly.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

fn open(path: &Path, sharing: Sharing, access: Access) -> io::Result<File> {
    // An existing lock file in a read-only folder can be shared as long as it is opened only for reading. An exclusive
    // lock needs a file opened for writing on network file systems.
    if sharing == Sharing::Shared {
        match OpenOptions::new().read(true).open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            other => return other,
        }
    }
    let mut options = OpenOptions::new();
    options.read(true).write(true).create(true).truncate(false);
    access.of_new_file(&mut options);
    options.open(path)
}

fn cannot_create(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}
