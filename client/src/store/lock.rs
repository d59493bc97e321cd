//! The lock that keeps processes which share one cache out of each other's way.

use std::any::Any;
use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::Duration;

use super::error::{Operation, StoreError};
use super::regular_file::not_regular;

/// A lock on a store, held until it is dropped. That of a [`FileStore`](super::FileStore) ends with the process too, however that ends.
#[derive(Debug)]
#[must_use = "the lock is given back as soon as this is dropped"]
pub struct StoreLock {
    /// Dropping it gives the lock back. `None` where there is nothing to lock because nobody can write.
    _guard: Option<Box<dyn Any + Send + Sync>>,
}

impl StoreLock {
    /// Makes the lock of a [`Store`](super::Store) of an implementor's own, such as a row or a lease: dropping `guard` gives it back.
    pub fn holding(guard: impl Send + Sync + 'static) -> Self {
        StoreLock { _guard: Some(Box::new(guard)) }
    }

    /// Nothing is held, and nothing has to be.
    fn needless() -> Self {
        StoreLock { _guard: None }
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
    acquire(path, Sharing::Exclusive, super::LOCK_WAIT)
}

/// Takes the lock at `path`, and tries again for `wait` while somebody else has it.
pub(super) fn acquire(path: PathBuf, sharing: Sharing, wait: Duration) -> Result<StoreLock, StoreError> {
    // A pipe would never open, and a link may lead to somebody else's file.
    if let Some(found) = not_regular(&path) {
        return Err(StoreError::NotARegularFile { path, found });
    }
    let file = match open(&path, sharing) {
        Ok(file) => file,
        // Who cannot make the lock file cannot write here, and nobody has written here yet. Reading needs no lock for
        // safety either, since every file is replaced in one step.
        Err(error) if sharing == Sharing::Shared && cannot_create(&error) => return Ok(StoreLock::needless()),
        Err(error) => return Err(StoreError::io(Operation::Lock, path)(error)),
    };
    // The time waited is the sum of the pauses, so that no clock, faked or stopped, decides how this ends.
    let mut waited = Duration::ZERO;
    let mut pause = FIRST_PAUSE;
    loop {
        let attempt = match sharing {
            Sharing::Shared => file.try_lock_shared(),
            Sharing::Exclusive => file.try_lock(),
        };
        match attempt {
            // Closing the file gives the lock back.
            Ok(()) => return Ok(StoreLock::holding(file)),
            Err(TryLockError::WouldBlock) if waited >= wait => return Err(StoreError::Locked { path, waited: wait }),
            Err(TryLockError::WouldBlock) => {
                let this = pause.min(wait - waited);
                thread::sleep(this);
                waited += this;
                pause = (pause * 2).min(MAX_PAUSE);
            }
            Err(TryLockError::Error(error)) => return Err(StoreError::io(Operation::Lock, path)(error)),
        }
    }
}

/// A refresh where nothing changed takes milliseconds nearby and a round trip further off, so the first tries come quickly.
const FIRST_PAUSE: Duration = Duration::from_millis(1);
const MAX_PAUSE: Duration = Duration::from_millis(50);

fn open(path: &Path, sharing: Sharing) -> io::Result<File> {
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
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

fn cannot_create(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}
