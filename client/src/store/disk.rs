//! The file operations that the cache is kept with, so that a test can end the process, or the power, between any two of them.

use std::fmt;
use std::fs;
use std::io::{self, Write};
use std::path::Path;

use super::access::Access;
use super::atomic_write;
use super::folders;

/// Everything that a [`FileStore`](super::FileStore) does to a disk, other than reading and locking. All that it makes is for its owner
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
}

/// The disk of this machine.
#[derive(Clone, Copy, Debug)]
pub(super) struct OsDisk;

impl Disk for OsDisk {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        folders::builder(Access::Owner).create(folder)
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(path)?;
        file.write_all(bytes)?;
        file.sync_all()
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        atomic_write::replace(path, bytes, Access::Owner)
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        atomic_write::sync_folder(folder)
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        fs::remove_file(path)
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        fs::remove_dir(folder)
    }
}
