//! A disk that works, but for what a test has it refuse, and on which something may happen between two steps.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rootline_client::store::Disk;

/// One step of the disk, before it is done.
#[derive(Clone, Copy, Debug)]
pub enum Step<'a> {
    /// A folder is made.
    MakeFolder(&'a Path),
    /// A file is made.
    Create(&'a Path),
    /// The content of a file is replaced.
    Replace(&'a Path),
    /// Something gets another name.
    Rename(&'a Path, &'a Path),
    /// The names in a folder are made to last.
    SyncFolder(&'a Path),
    /// A file or a folder is removed.
    Remove(&'a Path),
    /// The lock is asked for.
    Lock,
}

type Before = dyn FnMut(Step<'_>) -> io::Result<()> + Send;

/// See the module.
#[derive(Clone)]
pub struct RefusingDisk {
    before: Arc<Mutex<Box<Before>>>,
}

impl RefusingDisk {
    /// A disk on which `before` comes before every step; a step for which it fails is not done.
    pub fn new(before: impl FnMut(Step<'_>) -> io::Result<()> + Send + 'static) -> Arc<RefusingDisk> {
        Arc::new(RefusingDisk { before: Arc::new(Mutex::new(Box::new(before))) })
    }

    /// A disk of a file system without locks (ENOLCK), with `before` before every other step.
    pub fn without_locks(mut before: impl FnMut(Step<'_>) -> io::Result<()> + Send + 'static) -> Arc<RefusingDisk> {
        RefusingDisk::new(move |step| match step {
            Step::Lock => Err(io::ErrorKind::Unsupported.into()),
            step => before(step),
        })
    }

    fn before(&self, step: Step<'_>) -> io::Result<()> {
        (self.before.lock().unwrap_or_else(PoisonError::into_inner))(step)
    }
}

impl fmt::Debug for RefusingDisk {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("RefusingDisk")
    }
}

impl Disk for RefusingDisk {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.before(Step::MakeFolder(folder))?;
        fs::create_dir(folder)
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.before(Step::Create(path))?;
        fs::write(path, bytes)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        self.before(Step::Replace(path))?;
        fs::write(path, bytes)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.before(Step::Rename(from, to))?;
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.before(Step::SyncFolder(folder))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.before(Step::Remove(path))?;
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.before(Step::Remove(folder))?;
        fs::remove_dir(folder)
    }

    fn try_lock(&self, file: &File, shared: bool) -> Result<(), TryLockError> {
        self.before(Step::Lock).map_err(TryLockError::Error)?;
        if shared { file.try_lock_shared() } else { file.try_lock() }
    }
}
