//! Making folders that last.

use std::fs;
use std::io;
use std::path::Path;

use super::access::Access;
use super::atomic_write::sync_folder;
use super::error::{NOT_A_FOLDER, Operation, StoreError};

/// Makes `folder` and what is missing above it, each synced into the folder it is in, since a file that survives a loss
/// of power is of no use in a folder that does not. A folder that is there is left as it is, and may be a link to one.
pub(super) fn create_all(folder: &Path, access: Access) -> Result<(), StoreError> {
    if fs::metadata(folder).is_ok_and(|found| found.is_dir()) {
        return Ok(());
    }
    if let Some(above) = folder.parent().filter(|above| !above.as_os_str().is_empty()) {
        create_all(above, access)?;
    }
    create_one(folder, access)
}

/// Makes `folder` in the folder it is in, which is there. It may have been made by another process meanwhile.
pub(super) fn create_one(folder: &Path, access: Access) -> Result<(), StoreError> {
    match access.of_new_folder().create(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            match fs::symlink_metadata(folder).is_ok_and(|found| found.is_dir()) {
                true => Ok(()),
                false => Err(StoreError::NotARegularFile { path: folder.to_owned(), found: NOT_A_FOLDER }),
            }
        }
        Err(error) => Err(StoreError::io(Operation::CreateFolder, folder)(error)),
        Ok(()) => match folder.parent() {
            Some(above) if !above.as_os_str().is_empty() => sync_folder(above),
            _ => sync_folder(Path::new(".")),
        }
        .map_err(StoreError::io(Operation::CreateFolder, folder)),
    }
}
