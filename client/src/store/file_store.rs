//! The cache as files in one folder.

use rootline_metadata::{TopLevelRole, file_name};
use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use super::access::Access;
use super::atomic_write;
use super::disk::{Disk, OsDisk};
use super::error::{NOT_A_FOLDER, Operation, StoreError};
use super::lock::{self, Sharing, StoreLock};
use super::prune::{self, prune};
use super::regular_file::open_regular;
use super::{LocalFile, Store, escape, file_has, folders, journal, read_file_at_most};

/// The cache of one repository as plain files, which any TUF user will recognise:
///
/// ```text
/// root.json  timestamp.json  snapshot.json  targets.json    the newest trusted ones, byte for byte
/// ESCAPED_ROLE.json                                         delegated roles; see `escape`
/// root_history/N.root.json                                  every root that was trusted
/// targets/ESCAPED_TARGET                                    targets; see `escape`
/// .lock                                                     the lock; empty, never removed
/// .pending/                                                 saved and not yet in its place, after a crash alone
/// ```
///
/// The folder is made for its owner alone (0700, files 0600). A file is replaced by writing a new one beside it, syncing
/// it, renaming it over the old one and syncing the folder; content that is there already is not written again. Several
/// files are saved in one step: all of them or none, whenever the process or the power ends.
///
/// Of delegated roles and targets those that were written last stay: at most 32768 and 10000, of 512 MiB and 1 GiB, and whatever was
/// saved together with the newest of them.
///
/// Reading needs no lock for safety. [`lock_shared`](Self::lock_shared) is for reading several files that belong
/// together; a writer holds [`lock_exclusive`](Self::lock_exclusive). On a file system without locks both return at once, and say so:
/// [`StoreLock::keeps_others_out`].
#[derive(Clone, Debug)]
pub struct FileStore {
    folder: PathBuf,
    lock_wait: Duration,
    disk: Arc<dyn Disk>,
    /// Whether it was told that locks do not work here.
    told: Arc<AtomicBool>,
}

/// How long [`FileStore::lock_shared`] and [`FileStore::lock_exclusive`] wait for another process unless told otherwise:
/// 60 seconds. A writer may hold the lock while it fetches, so this is longer than one request may take, and enough for
/// a row of processes that start together to refresh one after the other.
pub const LOCK_WAIT: Duration = Duration::from_secs(60);

impl FileStore {
    /// The store in `folder`, which is made when it is missing, and the folders above it as well.
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when the folder is missing and cannot be made ([`StoreError::is_read_only`] says whether to
    /// carry on without), [`StoreError::NotARegularFile`] when something else has its name. A folder that is there but
    /// cannot be written is no error yet.
    pub fn open(folder: impl Into<PathBuf>) -> Result<Self, StoreError> {
        let folder = folder.into();
        folders::create_all(&folder, Access::Owner)?;
        let store = Self::in_folder(folder);
        // Whoever looks for plain names finds what was saved last. Where that is not possible, nothing is lost.
        let _ = store.finish();
        Ok(store)
    }

    fn in_folder(folder: PathBuf) -> Self {
        Self { folder, lock_wait: LOCK_WAIT, disk: Arc::new(OsDisk), told: Arc::default() }
    }

    /// Sets the disk: everything is written through it in place of the operating system's own operations. For tests of crashes.
    #[must_use]
    pub fn with_disk(self, disk: Arc<dyn Disk>) -> Self {
        Self { disk, ..self }
    }

    /// Sets how long to wait when another process has the lock. Default: [`LOCK_WAIT`].
    #[must_use]
    pub fn with_lock_wait(self, wait: Duration) -> Self {
        Self { lock_wait: wait, ..self }
    }

    pub(super) fn disk(&self) -> &dyn Disk {
        &*self.disk
    }

    /// The same store, which has been moved.
    pub(super) fn in_another_folder(self, folder: PathBuf) -> Self {
        Self { folder, ..self }
    }

    /// The folder that this store is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The store in `folder` if there is one; nothing is made.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotARegularFile`] when something else than a folder is there.
    pub fn open_existing(folder: impl Into<PathBuf>) -> Result<Option<Self>, StoreError> {
        let folder = folder.into();
        match fs::metadata(&folder) {
            Ok(found) if found.is_dir() => Ok(Some(Self::in_folder(folder))),
            Ok(_) => Err(StoreError::NotARegularFile { path: folder, found: NOT_A_FOLDER }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io(Operation::Read, folder)(error)),
        }
    }

    /// Where `file` is, or would be. The names of delegated roles and of targets are percent-encoded, all but small letters, digits, `-`,
    /// `.`, `_` and `~`; those that mean something to an operating system or to the cache get their first character encoded too, and very long ones
    /// end in their digest.
    pub fn path(&self, file: &LocalFile) -> PathBuf {
        self.folder.join(name_of(file))
    }

    /// Waits until no process is writing here, and keeps writers out until the lock is dropped. Where this user can
    /// make no lock file and there is none, there is nobody to wait for, and the lock is empty.
    ///
    /// A process that holds one lock and asks for another, unless both are shared, waits for itself: drop the first one.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when a writer is still there after the wait, [`StoreError::Io`] when the lock file cannot
    /// be used.
    pub fn lock_shared(&self) -> Result<StoreLock, StoreError> {
        lock::acquire(&*self.disk, self.folder.join(LOCK), Sharing::Shared, self.lock_wait, Access::Owner)
    }

    /// Waits until nobody else reads or writes here, and keeps everybody else out until the lock is dropped. Also
    /// removes what earlier writers left unfinished, if nobody else can be writing.
    ///
    /// What was read before this lock was held may have been replaced since: load again what a decision rests on.
    ///
    /// # Errors
    ///
    /// [`StoreError::Locked`] when somebody else is still there after the wait, [`StoreError::Io`] when the lock file
    /// cannot be made or used, as in a read-only home.
    pub fn lock_exclusive(&self) -> Result<StoreLock, StoreError> {
        let mut lock =
            lock::acquire(&*self.disk, self.folder.join(LOCK), Sharing::Exclusive, self.lock_wait, Access::Owner)?;
        if !lock.keeps_others_out() {
            // What looks left behind may be another writer's work. Once is enough to tell.
            if self.told.swap(true, Ordering::Relaxed) {
                lock.take_missing();
            }
            return Ok(lock);
        }
        if self.finish().is_ok() {
            journal::sweep(&self.folder);
        }
        atomic_write::sweep(&self.folder);
        for sub_folder in SUB_FOLDERS {
            atomic_write::sweep(&self.folder.join(sub_folder));
        }
        Ok(lock)
    }

    /// Puts into its place what an earlier writer has saved and not come to.
    fn finish(&self) -> Result<(), StoreError> {
        journal::finish(&*self.disk, &self.folder, &SUB_FOLDERS)
    }

    /// The file, wherever it is now.
    fn open_file(&self, file: &LocalFile) -> Result<Option<(File, PathBuf)>, StoreError> {
        let name = name_of(file);
        if let Some(pending) = journal::pending_path(&self.folder, &name)
            && let Some(opened) = open_regular(&pending)?
        {
            return Ok(Some((opened, pending)));
        }
        let path = self.folder.join(&name);
        Ok(open_regular(&path)?.map(|opened| (opened, path)))
    }

    /// Those of the files that are not there as they are to be; of two for the same file the last one.
    fn not_yet<'f>(&self, files: &'f [(LocalFile, &'f [u8])]) -> Vec<(&'f LocalFile, &'f [u8])> {
        let last: BTreeMap<&LocalFile, &[u8]> = files.iter().map(|(file, bytes)| (file, *bytes)).collect();
        last.into_iter().filter(|(file, bytes)| !self.has(file, bytes)).collect()
    }

    fn save_in_one_step(
        &self,
        new: &[(&LocalFile, &[u8])],
        unless: Option<&dyn Fn() -> bool>,
    ) -> Result<bool, StoreError> {
        self.finish()?;
        let named: Vec<_> = new.iter().map(|(file, bytes)| (name_of(file), *bytes)).collect();
        journal::save_all(&*self.disk, &self.folder, &SUB_FOLDERS, &named, unless)
    }

    /// Lets the oldest of those kinds go that these files are of, but none of these files.
    fn prune(&self, files: &[(LocalFile, &[u8])]) {
        let names: BTreeSet<PathBuf> = files.iter().map(|(file, _)| name_of(file)).collect();
        if files.iter().any(|(file, _)| matches!(file, LocalFile::Delegated(_))) {
            let is_role = |name: &str| file_name::role_in(name).is_some_and(escape::is_role_stem);
            prune(&*self.disk, &self.folder, prune::DELEGATED, |name| {
                is_role(name) && !names.contains(Path::new(name))
            });
        }
        if files.iter().any(|(file, _)| matches!(file, LocalFile::Target(_))) {
            let folder = Path::new(TARGETS);
            prune(&*self.disk, &self.folder.join(folder), prune::TARGETS, |name| !names.contains(&folder.join(name)));
        }
    }

    /// Whether users other than the owner may write in the folder, which lets them make this program forget the
    /// versions it has seen. Folders that [`open`](Self::open) made are never so. Always false where there are no Unix
    /// permissions.
    pub fn is_open_to_others(&self) -> bool {
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            fs::metadata(&self.folder).is_ok_and(|folder| folder.permissions().mode() & 0o022 != 0)
        }
        #[cfg(not(unix))]
        false
    }
}

impl Store for FileStore {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let Some((opened, path)) = self.open_file(file)? else { return Ok(None) };
        match read_file_at_most(&opened, limit).map_err(StoreError::io(Operation::Read, &path))? {
            Some(bytes) => Ok(Some(bytes)),
            None => Err(StoreError::TooLong { path, limit }),
        }
    }

    fn has(&self, file: &LocalFile, bytes: &[u8]) -> bool {
        // A file that is unreadable or not regular differs; if it also resists being replaced, that says so.
        matches!(self.open_file(file), Ok(Some((opened, _))) if file_has(&opened, bytes).unwrap_or(false))
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        if self.has(file, bytes) {
            return Ok(());
        }
        // What is pending would go before it.
        if let Err(error) = self.finish()
            && journal::pending_path(&self.folder, &name_of(file)).is_some_and(|pending| pending.exists())
        {
            return Err(error);
        }
        let path = self.path(file);
        if let Some(folder) = path.parent().filter(|folder| *folder != self.folder) {
            journal::make_folder(&*self.disk, folder)?;
        }
        self.disk.replace(&path, bytes).map_err(StoreError::io(Operation::Write, path))
    }

    fn save_all(&self, files: &[(LocalFile, &[u8])]) -> Result<(), StoreError> {
        let new = self.not_yet(files);
        match new[..] {
            [] => self.finish()?,
            [(file, bytes)] => self.save(file, bytes)?,
            _ => {
                self.save_in_one_step(&new, None)?;
            }
        }
        if !new.is_empty() {
            self.prune(files);
        }
        Ok(())
    }

    fn save_all_if(&self, files: &[(LocalFile, &[u8])], unchanged: &dyn Fn() -> bool) -> Result<bool, StoreError> {
        let new = self.not_yet(files);
        if new.is_empty() {
            return Ok(unchanged());
        }
        // A single file too, so that the step that decides comes right after the look.
        let saved = self.save_in_one_step(&new, Some(&|| !unchanged()))?;
        if saved {
            self.prune(files);
        }
        Ok(saved)
    }

    fn lock(&self) -> Result<Option<StoreLock>, StoreError> {
        self.lock_exclusive().map(Some)
    }

    fn lock_to_load(&self) -> Result<Option<StoreLock>, StoreError> {
        self.lock_shared().map(Some)
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.finish()?;
        let path = self.path(file);
        match self.disk.remove_file(&path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io(Operation::Remove, path)(error)),
            Ok(()) => {
                let folder = path.parent().unwrap_or(&self.folder);
                self.disk.sync_folder(folder).map_err(StoreError::io(Operation::Remove, &path))
            }
        }
    }
}

pub(super) const ROOT_HISTORY: &str = "root_history";
const PINNED: &str = "pinned";
const TARGETS: &str = "targets";
pub(super) const SUB_FOLDERS: [&str; 3] = [ROOT_HISTORY, PINNED, TARGETS];
pub(super) const LOCK: &str = ".lock";

/// The place of `file` within the folder.
fn name_of(file: &LocalFile) -> PathBuf {
    match file {
        LocalFile::PinnedRoot => Path::new(PINNED).join(file_name::top_level(TopLevelRole::Root)),
        LocalFile::Root => file_name::top_level(TopLevelRole::Root).into(),
        LocalFile::RootHistory(version) => Path::new(ROOT_HISTORY).join(format!("{version}.root.json")),
        LocalFile::Timestamp => file_name::TIMESTAMP.into(),
        LocalFile::Snapshot => file_name::top_level(TopLevelRole::Snapshot).into(),
        LocalFile::Targets => file_name::top_level(TopLevelRole::Targets).into(),
        LocalFile::LastCheck => PathBuf::from("last_check"),
        LocalFile::Delegated(role) => file_name::role(escape::role_file_stem(role)).into(),
        LocalFile::Target(target) => Path::new(TARGETS).join(escape::cached_target_name(target)),
    }
}
