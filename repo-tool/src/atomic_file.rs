//! Writing files so that each is there entirely or not at all, and on the disk before anybody is told. The client's store does it; here it
//! is told to a maintainer.

use std::io;
use std::path::Path;

use rootline_client::store::{self, StoreError};
pub(crate) use rootline_client::store::{Access, UNFINISHED};

use crate::failure::Failure;

/// Makes `bytes` the content of the file, whatever was there before.
pub(crate) fn replace(path: &Path, bytes: &[u8]) -> Result<(), Failure> {
    store::write_file(path, bytes, Access::Umask).map_err(Failure::from)
}

/// Makes a new file; one that is there already stays as it is.
pub(crate) fn create(path: &Path, bytes: &[u8], access: Access) -> Result<(), Failure> {
    store::create_file(path, bytes, access).map_err(|error| match error.io_kind() {
        Some(io::ErrorKind::AlreadyExists) => {
            Failure::new(format!("{} is there already", path.display()), "name another file, or move that one away")
        }
        _ => error.into(),
    })
}

/// Makes a folder and those above it.
pub(crate) fn create_folder(path: &Path) -> Result<(), Failure> {
    store::make_folder(path, Access::Umask).map_err(Failure::from)
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure::new(
            error.to_string(),
            error.hint().unwrap_or("check the path and its permissions, and run this again"),
        )
    }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn a_new_file_never_takes_the_place_of_another() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/b/key.pem");
        create(&path, b"first", Access::Owner).unwrap();
        let refused = create(&path, b"second", Access::Owner).unwrap_err();
        assert!(refused.what().ends_with("is there already"));
        assert_eq!(fs::read(&path).unwrap(), b"first");
        replace(&path, b"third").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"third");
        assert_eq!(fs::read_dir(path.parent().unwrap()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_private_file_is_its_owners_alone() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("key.pem");
        create(&path, b"secret", Access::Owner).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
    }
}
