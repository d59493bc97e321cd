//! Replacing a file entirely or not at all, and having it on the disk before saying so.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;

use super::access::Access;
use super::error::{Operation, StoreError};
use super::folders;

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

/// Makes renames, new files and removals in `folder` last. Only Unix lets a folder be opened for that; elsewhere the
/// file system's journal is relied upon.
pub(super) fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(unix) { File::open(folder)?.sync_all() } else { Ok(()) }
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
    unfinished: tempfile::TempPath,
    path: PathBuf,
}

impl StagedFile {
    /// Writes `bytes` beside `path`, in `folder`.
    pub(super) fn write(folder: &Path, path: &Path, bytes: &[u8], access: Access) -> Result<StagedFile, StoreError> {
        let unfinished = unfinished(folder, bytes, access).map_err(StoreError::io(Operation::Write, path))?;
        Ok(StagedFile { unfinished: unfinished.into_temp_path(), path: path.to_owned() })
    }

    /// Where it is until it is put in its place.
    pub(crate) fn unfinished(&self) -> &Path {
        &self.unfinished
    }

    /// Replaces what is in its place. It lasts once it and its folder [are synced](sync_files).
    ///
    /// # Errors
    ///
    /// [`StoreError::Io`] when it cannot be put there; what was there before is then still there.
    pub(crate) fn put_in_place(self) -> Result<PathBuf, StoreError> {
        self.unfinished
            .persist(&self.path)
            .map_err(|error| StoreError::io(Operation::Write, &self.path)(error.error))?;
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
    file.and_then(|file| file.sync_all()).map_err(StoreError::io(Operation::Write, path))
}

fn write_and_rename(folder: &Path, path: &Path, bytes: &[u8], access: Access, existing: Existing) -> io::Result<()> {
    let file = unfinished(folder, bytes, access)?;
    // Before the rename: after a loss of power the name must never stand for an empty file.
    file.as_file().sync_all()?;
    match existing {
        Existing::Replace => file.persist(path),
        Existing::Keep => file.persist_noclobber(path),
    }
    .map_err(|error| error.error)?;
    sync_folder(folder)
}

/// A file beside its place.
fn unfinished(folder: &Path, bytes: &[u8], access: Access) -> io::Result<tempfile::NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(UNFINISHED);
    if let Some(permissions) = access.permissions() {
        builder.permissions(permissions);
    }
    let mut file = builder.tempfile_in(folder)?;
    file.write_all(bytes)?;
    Ok(file)
}
