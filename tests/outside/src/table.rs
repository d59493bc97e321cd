//! A store of one's own: a table in memory, with a lock that is waited for.

use std::collections::BTreeMap;
use std::io;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, ThreadId};

use rootline_client::store::{LocalFile, Store, StoreError, StoreLock};

use crate::repository::Failed;

/// A table that its clones share.
#[derive(Clone, Debug)]
pub struct Table(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    rows: Mutex<BTreeMap<LocalFile, Vec<u8>>>,
    lock: Mutex<Lock>,
    given_back: Condvar,
    /// The thread that runs the program's tasks, and must not be kept waiting.
    tasks: ThreadId,
}

#[derive(Debug, Default)]
struct Lock {
    is_held: bool,
    waiting: usize,
}

impl Table {
    /// An empty table of a program whose tasks run on this thread.
    pub fn new() -> Table {
        let tasks = thread::current().id();
        Table(Arc::new(Shared { rows: Mutex::default(), lock: Mutex::default(), given_back: Condvar::new(), tasks }))
    }

    /// How many threads wait for the lock.
    pub fn waiting(&self) -> usize {
        self.lock_state().waiting
    }

    fn rows(&self) -> MutexGuard<'_, BTreeMap<LocalFile, Vec<u8>>> {
        self.0.rows.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn lock_state(&self) -> MutexGuard<'_, Lock> {
        self.0.lock.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Table {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self.rows().get(file) {
            Some(bytes) if bytes.len() as u64 > limit => {
                Err(StoreError::TooLong { path: format!("{file:?}").into(), limit })
            }
            bytes => Ok(bytes.cloned()),
        }
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        self.rows().insert(file.clone(), bytes.to_vec());
        Ok(())
    }

    fn lock(&self) -> Result<Option<StoreLock>, StoreError> {
        let mut lock = self.lock_state();
        if lock.is_held && thread::current().id() == self.0.tasks {
            return Err(StoreError::other("the lock would be waited for on the thread of the tasks"));
        }
        lock.waiting += 1;
        let waited = self.0.given_back.wait_while(lock, |lock| lock.is_held);
        let mut lock = waited.unwrap_or_else(PoisonError::into_inner);
        lock.waiting -= 1;
        lock.is_held = true;
        Ok(Some(StoreLock::holding(Held(self.clone()))))
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.rows().remove(file);
        Ok(())
    }
}

/// The lock, as long as this is there.
struct Held(Table);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.lock_state().is_held = false;
        self.0.0.given_back.notify_one();
    }
}

/// A store that fails as only its own implementor knows.
#[derive(Clone, Copy, Debug)]
pub struct ReadOnly;

impl Store for ReadOnly {
    fn load(&self, _: &LocalFile, _: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(None)
    }

    fn save(&self, _: &LocalFile, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::other(Failed {
            what: "the table takes no rows",
            cause: io::Error::other("its lease has ended"),
        }))
    }

    fn remove(&self, _: &LocalFile) -> Result<(), StoreError> {
        Ok(())
    }
}
