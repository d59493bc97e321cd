//! Regular files and nothing else: no links, pipes or devices.

use std::fs::{self, File, Metadata};
use std::io;
use std::path::Path;

use super::error::{Operation, StoreError};
use super::patience::open_patiently;

/// What is at `path`, if there is something, and it is no regular file.
pub(super) fn not_regular(path: &Path) -> Option<&'static str> {
    kind_unless_regular(&fs::symlink_metadata(path).ok()?)
}

fn kind_unless_regular(found: &Metadata) -> Option<&'static str> {
    match found {
        found if found.is_symlink() => Some("a symbolic link"),
        found if found.is_dir() => Some("a folder"),
        found if !found.is_file() => Some("not a regular file"),
        _ => None,
    }
}

/// The file at `path` for reading, when it is there and regular. Links are not followed, and pipes and devices, which
/// might never end or never begin, are not opened. Checked by name first and again on what was opened.
pub(super) fn open_regular(path: &Path) -> Result<Option<File>, StoreError> {
    let refuse = |found| StoreError::NotARegularFile { path: path.to_owned(), found };
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(StoreError::io(Operation::Read, path)(error)),
        Ok(found) => kind_unless_regular(&found).map_or(Ok(()), |found| Err(refuse(found)))?,
    }
    match open_patiently(|| File::open(path)) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io(Operation::Read, path)(error)),
        Ok(file) => match file.metadata() {
            Err(error) => Err(StoreError::io(Operation::Read, path)(error)),
            Ok(opened) if !opened.is_file() => Err(refuse("not a regular file")),
            Ok(_) => Ok(Some(file)),
        },
    }
}
