//! Replacing a file entirely or not at all, and having it on the disk before saying so.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::process;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;

use super::access::Access;
use super::error::{Operation, StoreError};
use super::file_system::{is_unsupported, is_unsupported_sync};
use super::folders;
use super::patience::patiently;

/// The prefix of the names of unfinished files, to be passed over when a folder is listed. Such a name does not end in `.json`, so that it is
/// not taken for metadata.
pub const UNFINISHED: &str = ".unfinished-";

/// Makes `bytes` the content of the file at `path`, entirely or not at all, whatever was there before; folders that are missing are made.
/// When this returns `Ok`, the file is on the disk.
///
/// # Errors
///
/// [`StoreError::Io`] when it cannot be written; what was there before is then still there.
pub fn write_file(path: &Path, bytes: &[u8], access: Access) -> Result<(), StoreError> {
    write_at(path, bytes, access, Existing::Replace)
}

/// Writes a new file as [`write_file`] does; one that is there already stays as it is.
///
/// # Errors
///
/// [`StoreError::Io`] when it cannot be written, or of the kind [`io::ErrorKind::AlreadyExists`] when it is there.
pub fn create_file(path: &Path, bytes: &[u8], access: Access) -> Result<(), StoreError> {
    write_at(path, bytes, access, Existing::Keep)
}

/// Writes a new file as [`create_file`] does, with what `content` has, in pieces: a large file is never held in memory.
///
/// # Errors
///
/// As [`create_file`], and when `content` cannot be read.
pub fn create_file_from(path: &Path, content: &mut dyn Read, access: Access) -> Result<(), StoreError> {
    let folder = folder_of(path);
    folders::create_all(folder, access)?;
    let written = Unfinished::filled(folder, access, |file| io::copy(content, file).map(drop));
    let placed = written.and_then(|(unfinished, file)| name_synced(folder, path, unfinished, file, Existing::Keep));
    placed.map_err(StoreError::io(Operation::Write, path))
}

/// Makes a folder and those above it; when this returns `Ok`, they are on the disk.
///
/// # Errors
///
/// [`StoreError::Io`] when one cannot be made, [`StoreError::NotARegularFile`] when something else is in its place.
pub fn make_folder(folder: &Path, access: Access) -> Result<(), StoreError> {
    folders::create_all(folder, access)
}

/// What becomes of a file that is there already.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Existing {
    Replace,
    Keep,
}

fn write_at(path: &Path, bytes: &[u8], access: Access, existing: Existing) -> Result<(), StoreError> {
    let folder = folder_of(path);
    folders::create_all(folder, access)?;
    write_and_rename(folder, path, bytes, access, existing).map_err(StoreError::io(Operation::Write, path))
}

/// Makes `bytes` the content of the file at `path`, in a folder that is there. The rename replaces whatever is at `path`, a symbolic
/// link itself rather than what it leads to; it fails when there is a folder.
pub(super) fn replace(path: &Path, bytes: &[u8], access: Access) -> io::Result<()> {
    write_and_rename(folder_of(path), path, bytes, access, Existing::Replace)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

/// Makes renames, new files and removals in `folder` last. Where the file system cannot do that for a folder, its own journal is relied upon:
/// what is lost then with the power is the newest name, and never a part of a file.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    match open_folder(folder).and_then(|folder| folder.sync_all()) {
        Err(error) if is_unsupported_sync(&error) || error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        synced => synced,
    }
}

#[cfg(not(windows))]
fn open_folder(folder: &Path) -> io::Result<File> {
    File::open(folder)
}

/// Windows opens a folder only for who says that it is one, and syncs what may be written.
#[cfg(windows)]
fn open_folder(folder: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    OpenOptions::new().write(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(folder)
}

/// Has the content of a file on the disk, where the file system can tell when it is.
pub(super) fn sync_content(file: &File) -> io::Result<()> {
    match file.sync_all() {
        Err(error) if is_unsupported_sync(&error) => Ok(()),
        synced => synced,
    }
}

/// Removes what writers left behind that were ended before their rename. Only for who knows that nobody else is writing.
/// Best effort: what cannot be removed is in nobody's way.
pub(crate) fn sweep(folder: &Path) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
            let _ = if is_folder { fs::remove_dir_all(entry.path()) } else { fs::remove_file(entry.path()) };
        }
    }
}

/// A file that is written beside its place, and not put there yet. Dropped, it is gone.
///
/// For many files, and for those that have to change at the same time, as nearly as a file system can: all are written first, then
/// [synced](sync_files), and then renamed one right after the other.
#[derive(Debug)]
pub(crate) struct StagedFile {
    unfinished: Unfinished,
    path: PathBuf,
}

impl StagedFile {
    /// Writes `bytes` beside `path`, in `folder`.
    pub(super) fn write(folder: &Path, path: &Path, bytes: &[u8], access: Access) -> Result<StagedFile, StoreError> {
        let (unfinished, _) =
            Unfinished::write(folder, bytes, access).map_err(StoreError::io(Operation::Write, path))?;
        Ok(StagedFile { unfinished, path: path.to_owned() })
    }

    /// Where it is until it is put in its place.
    pub(crate) fn unfinished(&self) -> &Path {
        &self.unfinished.path
    }

    /// Replaces what is in its place. It lasts once it and its folder [are synced](sync_files).
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when it cannot be put there; what was there before is then still there.
    pub(crate) fn put_in_place(self) -> Result<PathBuf, StoreError> {
        self.unfinished.replace(&self.path).map_err(StoreError::io(Operation::Write, &self.path))?;
        Ok(self.path)
    }
}

/// Makes these files last, and their names in their folders. Many at the same time take hardly longer than one.
///
/// # Errors
///
/// [`StoreError::Io`] when one cannot be synced.
pub(crate) fn sync_files(files: &[PathBuf]) -> Result<(), StoreError> {
    let share = files.len().div_ceil(SYNCED_TOGETHER).max(1);
    let failed = thread::scope(|scope| {
        let threads =
            files.chunks(share).map(|files| scope.spawn(|| files.iter().try_for_each(|file| sync_file(file))));
        // All of them are begun before one is waited for.
        let threads: Vec<_> = threads.collect();
        let outcomes =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        outcomes.fold(Ok(()), Result::and)
    });
    failed?;
    sync_folders(&files.iter().map(|file| folder_of(file)).collect())
}

/// Makes what was put in place or removed in these folders last.
///
/// # Errors
///
/// [`StoreError::Io`] when one cannot be synced.
pub(crate) fn sync_folders(folders: &BTreeSet<&Path>) -> Result<(), StoreError> {
    folders.iter().try_for_each(|folder| sync_folder(folder).map_err(StoreError::io(Operation::Write, *folder)))
}

/// More do not help where one journal takes them all.
const SYNCED_TOGETHER: usize = 32;

fn sync_file(path: &Path) -> Result<(), StoreError> {
    // Only Unix syncs a file that was opened for reading.
    let file = if cfg!(unix) { File::open(path) } else { File::options().write(true).open(path) };
    file.and_then(|file| sync_content(&file)).map_err(StoreError::io(Operation::Write, path))
}

fn write_and_rename(folder: &Path, path: &Path, bytes: &[u8], access: Access, existing: Existing) -> io::Result<()> {
    let (unfinished, file) = Unfinished::write(folder, bytes, access)?;
    name_synced(folder, path, unfinished, file, existing)
}

fn name_synced(folder: &Path, path: &Path, unfinished: Unfinished, file: File, existing: Existing) -> io::Result<()> {
    // Before the rename: after a loss of power the name must never stand for an empty file.
    sync_content(&file)?;
    // Windows renames nothing that is open.
    drop(file);
    match existing {
        Existing::Replace => unfinished.replace(path),
        Existing::Keep => unfinished.give_name(path, |from, to| fs::hard_link(from, to)),
    }?;
    sync_folder(folder)
}

/// A file beside its place. Dropped, it is gone.
#[derive(Debug)]
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    /// Writes `bytes` in `folder`, not synced yet.
    fn write(folder: &Path, bytes: &[u8], access: Access) -> io::Result<(Unfinished, File)> {
        Unfinished::filled(folder, access, |file| file.write_all(bytes))
    }

    /// Lets `fill` write a file in `folder`, not synced yet.
    fn filled(
        folder: &Path,
        access: Access,
        fill: impl FnOnce(&mut File) -> io::Result<()>,
    ) -> io::Result<(Unfinished, File)> {
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        access.of_new_file(&mut options);
        let (path, mut file) = under_a_free_name(folder, |path| options.open(path))?;
        let unfinished = Unfinished { path };
        fill(&mut file)?;
        Ok((unfinished, file))
    }

    fn replace(self, path: &Path) -> io::Result<()> {
        patiently(|| fs::rename(&self.path, path))
    }

    /// Gives it the name `path` unless something has that.
    fn give_name(self, path: &Path, link: impl Fn(&Path, &Path) -> io::Result<()>) -> io::Result<()> {
        match link(&self.path, path) {
            // FAT and some network file systems have no second names; Linux calls that "not permitted".
            Err(error) if is_unsupported(&error) || error.kind() == io::ErrorKind::PermissionDenied => {
                // An empty file takes the name until it is replaced, and stays only if the process ends in between.
                OpenOptions::new().write(true).create_new(true).open(path)?;
                self.replace(path)
            }
            // The first name goes with `self`.
            linked => linked,
        }
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // Best effort: the next writer removes what is left. Nothing is there after a rename.
        let _ = fs::remove_file(&self.path);
    }
}

/// Makes something in `folder` under a name of unfinished files that nothing has: the number of a process comes again, and is the same in two
/// containers.
pub(super) fn under_a_free_name<T>(
    folder: &Path,
    mut make: impl FnMut(&Path) -> io::Result<T>,
) -> io::Result<(PathBuf, T)> {
    static NEXT: AtomicU64 = AtomicU64::new(0);
    const MAX_TRIES: usize = 1000;
    let mut tries = 0;
    loop {
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let path = folder.join(format!("{UNFINISHED}{}-{number}", process::id()));
        match make(&path) {
            Ok(made) => return Ok((path, made)),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists && tries < MAX_TRIES => tries += 1,
            Err(error) => return Err(error),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn unfinished(folder: &Path) -> Unfinished {
        Unfinished::write(folder, b"new", Access::Owner).unwrap().0
    }

    fn left(folder: &Path) -> usize {
        fs::read_dir(folder).unwrap().count()
    }

    #[test]
    fn a_new_file_gets_its_name_also_where_no_file_has_two() {
        for refusal in [None, Some(io::ErrorKind::Unsupported), Some(io::ErrorKind::PermissionDenied)] {
            let folder = tempfile::tempdir().unwrap();
            let path = folder.path().join("key.pem");
            let link =
                |from: &Path, to: &Path| refusal.map_or_else(|| fs::hard_link(from, to), |kind| Err(kind.into()));
            unfinished(folder.path()).give_name(&path, link).unwrap();
            assert_eq!(fs::read(&path).unwrap(), b"new", "{refusal:?}");
            fs::write(&path, "older").unwrap();
            let refused = unfinished(folder.path()).give_name(&path, link).unwrap_err();
            assert_eq!(refused.kind(), io::ErrorKind::AlreadyExists, "{refusal:?}");
            assert_eq!(fs::read(&path).unwrap(), b"older", "{refusal:?}");
            assert_eq!(left(folder.path()), 1, "{refusal:?}");
        }
    }

    #[test]
    fn a_link_that_fails_for_another_reason_is_a_failure_and_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        let full = |_: &Path, _: &Path| Err(io::ErrorKind::StorageFull.into());
        assert_eq!(unfinished(folder.path()).give_name(&path, full).unwrap_err().kind(), io::ErrorKind::StorageFull);
        assert_eq!(left(folder.path()), 0);
    }

    #[test]
    fn a_file_is_created_in_pieces_entirely_or_not_at_all() {
        struct Fails;
        impl Read for Fails {
            fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
                Err(io::Error::other("no more"))
            }
        }
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("target");
        assert!(create_file_from(&path, &mut b"half".chain(Fails), Access::Umask).is_err());
        assert_eq!(left(folder.path()), 0);
        create_file_from(&path, &mut &b"whole"[..], Access::Umask).unwrap();
        let again = create_file_from(&path, &mut &b"other"[..], Access::Umask).unwrap_err();
        assert_eq!(again.io_kind(), Some(io::ErrorKind::AlreadyExists));
        assert_eq!((fs::read(&path).unwrap(), left(folder.path())), (b"whole".to_vec(), 1));
    }

    #[test]
    fn a_name_that_is_taken_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let mut refused = 0;
        let (path, ()) = under_a_free_name(folder.path(), |path| {
            if refused < 3 {
                refused += 1;
                return Err(io::ErrorKind::AlreadyExists.into());
            }
            fs::write(path, "")
        })
        .unwrap();
        assert!(path.file_name().unwrap().to_str().unwrap().starts_with(UNFINISHED));
        assert_eq!((refused, left(folder.path())), (3, 1));
    }
}
