//! A disk on which the process ends, the power fails, or the room runs out after any number of steps.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use rootline_client::store::{Disk, UNFINISHED};

/// What happens when no step is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Then {
    /// Nothing is done any more, as after the end of the process.
    End,
    /// Nothing is made any more; what is there can be removed.
    Full,
}

/// A disk that does its steps in a folder of this machine, remembers them, and has only so many.
#[derive(Debug)]
pub struct CrashingDisk {
    steps: AtomicUsize,
    then: Then,
    done: Mutex<Vec<Done>>,
}

/// One step. A file is made empty, filled by halves and synced: four steps.
#[derive(Clone, Debug)]
enum Done {
    MakeFolder(PathBuf),
    Write(PathBuf, Vec<u8>),
    SyncFile(PathBuf),
    Rename(PathBuf, PathBuf),
    SyncFolder(PathBuf),
    RemoveFile(PathBuf),
    RemoveFolder(PathBuf),
}

impl CrashingDisk {
    /// A disk for that many steps.
    pub fn after(steps: usize, then: Then) -> CrashingDisk {
        CrashingDisk { steps: AtomicUsize::new(steps), then, done: Mutex::default() }
    }

    /// A disk that works, and does not wait for the one beneath to sync.
    pub fn endless() -> CrashingDisk {
        CrashingDisk::after(usize::MAX, Then::End)
    }

    /// Whether a step was left at the end.
    pub fn has_room(&self) -> bool {
        self.steps.load(Ordering::Relaxed) > 0
    }

    /// Makes in `folder`, which is as the disk's folder `before` was before the first step, what is left there after a loss of power: what was synced, and of
    /// everything else what `kept` says of each step by its number. Nobody promises an order for that.
    ///
    /// # Panics
    /// If `folder` cannot be written.
    pub fn lose_power(&self, before: &Path, folder: &Path, mut kept: impl FnMut(usize) -> bool) {
        let done = self.done.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let moved = |path: &Path| folder.join(path.strip_prefix(before).expect("a step within the folder"));
        for (number, step) in done.iter().enumerate() {
            let later = &done[number + 1..];
            let named = |path: &Path| {
                let above = path.parent();
                later.iter().any(|step| matches!(step, Done::SyncFolder(synced) if Some(synced.as_path()) == above))
            };
            let synced =
                |path: &Path| later.iter().any(|step| matches!(step, Done::SyncFile(synced) if synced == path));
            let lasts = match step {
                Done::MakeFolder(path) | Done::RemoveFile(path) | Done::RemoveFolder(path) => named(path),
                // The name of a file may last without its content.
                Done::Write(path, bytes) => named(path) && (bytes.is_empty() || synced(path)),
                Done::Rename(from, to) => named(from) || named(to),
                Done::SyncFile(_) | Done::SyncFolder(_) => continue,
            };
            if lasts || kept(number) {
                // What a lost step would have made is not there for this one.
                let _ = match step {
                    Done::MakeFolder(path) => fs::create_dir(moved(path)),
                    Done::Write(path, bytes) => fs::write(moved(path), bytes),
                    Done::Rename(from, to) => fs::rename(moved(from), moved(to)),
                    Done::RemoveFile(path) => fs::remove_file(moved(path)),
                    Done::RemoveFolder(path) => fs::remove_dir(moved(path)),
                    Done::SyncFile(_) | Done::SyncFolder(_) => Ok(()),
                };
            }
        }
    }

    fn step(&self, step: Done, act: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        let removes = matches!(step, Done::RemoveFile(_) | Done::RemoveFolder(_));
        if !(removes && self.then == Then::Full) {
            let take = |left: usize| left.checked_sub(1);
            if self.steps.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).is_err() {
                return Err(match self.then {
                    Then::End => io::Error::other("the process has ended"),
                    Then::Full => io::ErrorKind::StorageFull.into(),
                });
            }
        }
        act()?;
        self.done.lock().unwrap_or_else(PoisonError::into_inner).push(step);
        Ok(())
    }

    fn fill(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        for part in [&[][..], &bytes[..bytes.len() / 2], bytes] {
            self.step(Done::Write(path.to_owned(), part.to_owned()), || fs::write(path, part))?;
        }
        self.step(Done::SyncFile(path.to_owned()), || Ok(()))
    }
}

impl Disk for CrashingDisk {
    fn make_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(Done::MakeFolder(folder.to_owned()), || fs::create_dir(folder))
    }

    fn create(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        match path.exists() {
            true => Err(io::ErrorKind::AlreadyExists.into()),
            false => self.fill(path, bytes),
        }
    }

    fn replace(&self, path: &Path, bytes: &[u8]) -> io::Result<()> {
        let folder = path.parent().expect("a file in a folder");
        let unfinished = folder.join(format!("{UNFINISHED}replacing"));
        let replaced = self.fill(&unfinished, bytes).and_then(|()| self.rename(&unfinished, path));
        if replaced.is_err() {
            let _ = self.remove_file(&unfinished);
        }
        replaced.and_then(|()| self.sync_folder(folder))
    }

    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        self.step(Done::Rename(from.to_owned(), to.to_owned()), || fs::rename(from, to))
    }

    fn sync_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(Done::SyncFolder(folder.to_owned()), || Ok(()))
    }

    fn remove_file(&self, path: &Path) -> io::Result<()> {
        self.step(Done::RemoveFile(path.to_owned()), || fs::remove_file(path))
    }

    fn remove_folder(&self, folder: &Path) -> io::Result<()> {
        self.step(Done::RemoveFolder(folder.to_owned()), || fs::remove_dir(folder))
    }
}
