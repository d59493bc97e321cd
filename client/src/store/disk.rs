//! The file operations that the cache is kept with, so that a test can end the process, or the power, between any two of them.

use std::fmt;
use std::fs::{self, File, TryLockError};
use std::io::{self, Write};
use std::path::Path;

use super::access::Access;
use super::atomic_write;
use super::patience::patiently;

/// Everything that a [`FileStore`](super::FileStore) does to a disk, other than reading. All that it makes is for its owner
/// alone. What may be lost without a sync is lost when the power is.
pub trait Disk: fmt::Debug + Send + Sync {
    /// Makes a folder where nothing is.
    ///
    /// # Errors
    /// What the operating system says; [`io::ErrorKind::AlreadyExists`] where something is.
    fn make_folder(&self, folder: &Path) -> io::Result<()>;

    /// Makes a file where nothing is, with its content synced. Its name lasts once its folder is synced.
    ///
    /// # Errors
    /// What the operating system says; what was begun may then be there.
    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Makes `bytes` the content of a file, entirely or not at all, and has that on the disk when it returns.
    ///
    /// # Errors
    /// What the operating system says.
    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()>;

    /// Gives a file or a folder another name, also in another folder, in one step. A file that has this name is replaced.
    ///
    /// # Errors
    /// What the operating system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Makes the names in a folder last.
    ///
    /// # Errors
    /// What the operating system says.
    fn sync_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes a file away.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove_file(&self, path: &Path) -> io::Result<()>;

    /// Takes a folder away that is empty.
    ///
    /// # Errors
    /// What the operating system says.
    fn remove_folder(&self, folder: &Path) -> io::Result<()>;

    /// Takes the lock of a file without waiting, until the file is closed: for its holder alone, or shared.
    ///
    /// # Errors
    /// What the operating system says; [`TryLockError::WouldBlock`] where another process has it.
    fn try_lock(&self, file: &File, shared: bool) -> Result<(), TryLockError> {
        if shared { file.try_lock_shared() } else { file.try_lock() }
    }
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug)]
pub(crate) struct OsDisk;

impl Disk for OsDisk {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        Access::Owner.of_new_folder().create(folder)
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        Access::Owner.of_new_file(&mut options);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        atomic_write::sync_content(&file)
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        atomic_write::replace(path, bytes, Access::Owner)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        patiently(|| fs::rename(from, to))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        atomic_write::sync_folder(folder)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        patiently(|| fs::remove_file(path))
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        patiently(|| fs::remove_dir(folder))
    }
}
