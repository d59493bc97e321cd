//! A folder of this machine as a destination.

use std::collections::BTreeMap;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use rootline_client::store::{self, Access, StoreError, UNFINISHED};

use super::{
    Conditions, Content, Created, Destination, DestinationError, Fault, Listed, OutgoingFile, Place, Revision,
    have_same,
};

/// A folder, whose files are written beside their place, synced and renamed, so that readers get each of them whole. Links in it are not
/// followed.
#[derive(Debug)]
pub struct FolderDestination {
    folder: PathBuf,
    place: Place,
}

impl FolderDestination {
    /// This folder, which is made when something is written to it.
    pub fn new(folder: impl Into<PathBuf>) -> FolderDestination {
        let folder = folder.into();
        FolderDestination { place: Place::Folder(folder.clone()), folder }
    }

    /// The path of a file that may be written: one below the folder, and reached by no link.
    fn path(&self, name: &str) -> Result<PathBuf, DestinationError> {
        let mut path = self.folder.clone();
        for part in name.split('/') {
            if part.is_empty() || matches!(part, "." | "..") || part.contains(['\\', '\0']) {
                return Err(
                    self.error(Fault::Unusable, format!("{} cannot be the name of a file", name.escape_debug()))
                );
            }
            path.push(part);
            if fs::symlink_metadata(&path).is_ok_and(|found| found.is_symlink()) {
                return Err(self.error(Fault::Local, format!("{} is a link, and is not followed", path.display())));
            }
        }
        Ok(path)
    }

    fn error(&self, fault: Fault, what: impl Into<String>) -> DestinationError {
        DestinationError::new(&self.place, fault, what)
    }

    fn io(&self, path: &Path) -> impl Fn(io::Error) -> DestinationError {
        move |error| self.error(Fault::Local, format!("{}: {error}", path.display()))
    }

    fn store(&self, error: &StoreError) -> DestinationError {
        self.error(Fault::Local, error.to_string())
    }

    fn list_into(&self, folder: &Path, prefix: &str, files: &mut BTreeMap<String, Listed>) -> io::Result<()> {
        for entry in fs::read_dir(folder)? {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            let found = entry.metadata()?;
            if name.starts_with(UNFINISHED) {
                continue;
            }
            if found.is_file() {
                files.insert(format!("{prefix}{name}"), Listed { bytes: found.len() });
            } else if found.is_dir() && (!prefix.is_empty() || name == TARGETS) {
                self.list_into(&entry.path(), &format!("{prefix}{name}/"), files)?;
            }
        }
        Ok(())
    }

    /// Whether a regular file at this path has this content; `None` when nothing is there.
    fn path_has(&self, path: &Path, content: &Content) -> Result<Option<bool>, DestinationError> {
        let there = match fs::symlink_metadata(path) {
            Ok(there) => there,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(self.io(path)(error)),
        };
        let length = content.length().map_err(|error| self.content(content, &error))?;
        if !there.is_file() || there.len() != length {
            return Ok(Some(false));
        }
        let ours = content.open().map_err(|error| self.content(content, &error))?;
        let theirs = File::open(path).map_err(self.io(path))?;
        have_same(ours, theirs).map(Some).map_err(self.io(path))
    }

    fn content(&self, content: &Content, error: &io::Error) -> DestinationError {
        let path = match content {
            Content::File(path) => path.display().to_string(),
            Content::Bytes(_) => "bytes".to_owned(),
        };
        self.error(Fault::Local, format!("{path} cannot be read: {error}"))
    }

    /// Keeps out other publishers for the moment between looking and writing. Best effort: not every system locks folders.
    fn locked(&self) -> Option<File> {
        let folder = File::open(&self.folder).ok()?;
        folder.lock().ok()?;
        Some(folder)
    }
}

/// The one folder in it that has files of a repository.
const TARGETS: &str = "targets";

impl Destination for FolderDestination {
    fn place(&self) -> &Place {
        &self.place
    }

    fn list(&self) -> Result<BTreeMap<String, Listed>, DestinationError> {
        let mut files = BTreeMap::new();
        match self.list_into(&self.folder, "", &mut files) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(self.io(&self.folder)(error)),
            _ => Ok(files),
        }
    }

    fn read(&self, name: &str, limit: u64) -> Result<Option<Revision>, DestinationError> {
        let path = self.path(name)?;
        match store::read_regular_file(&path, limit) {
            Ok(bytes) => Ok(Some(Revision { bytes })),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) if error.kind() == io::ErrorKind::FileTooLarge => {
                Err(self.error(Fault::TooLong, format!("{name} has more than {limit} bytes")))
            }
            Err(error) => Err(self.io(&path)(error)),
        }
    }

    fn has(&self, file: &OutgoingFile) -> Result<Option<bool>, DestinationError> {
        self.path_has(&self.path(&file.name)?, &file.content)
    }

    fn create(&self, file: &OutgoingFile) -> Result<Created, DestinationError> {
        let path = self.path(&file.name)?;
        let created = match &file.content {
            Content::Bytes(bytes) => store::create_file(&path, bytes, Access::Umask),
            content @ Content::File(_) => {
                let mut reader = content.open().map_err(|error| self.content(content, &error))?;
                store::create_file_from(&path, &mut reader, Access::Umask)
            }
        };
        match created {
            Ok(()) => Ok(Created::Created),
            Err(error) if error.io_kind() == Some(io::ErrorKind::AlreadyExists) => {
                let same = self.path_has(&path, &file.content)? == Some(true);
                Ok(if same { Created::Same } else { Created::Different })
            }
            Err(error) => Err(self.store(&error)),
        }
    }

    fn replace(&self, name: &str, bytes: &[u8], read: Option<&Revision>) -> Result<(), DestinationError> {
        let path = self.path(name)?;
        let _lock = self.locked();
        let expected = read.map(|read| Content::Bytes(read.bytes.clone()));
        let is_as_read = match &expected {
            Some(content) => self.path_has(&path, content)? == Some(true),
            None => fs::symlink_metadata(&path).is_err(),
        };
        if is_as_read {
            return store::write_file(&path, bytes, Access::Umask).map_err(|error| self.store(&error));
        }
        if self.path_has(&path, &Content::Bytes(bytes.to_vec()))? == Some(true) {
            return Ok(());
        }
        Err(self.error(Fault::Conflict, format!("{name} was written by somebody else meanwhile")))
    }

    fn probe(&self) -> Result<Conditions, DestinationError> {
        Ok(Conditions::Kept)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(name: &str, bytes: &[u8]) -> OutgoingFile {
        OutgoingFile { name: name.to_owned(), content: Content::Bytes(bytes.to_vec()) }
    }

    #[test]
    fn a_file_is_created_once_and_compared_from_then_on() {
        let folder = tempfile::tempdir().unwrap();
        let there = FolderDestination::new(folder.path().join("public"));
        assert!(there.list().unwrap().is_empty());
        assert_eq!(there.has(&file("targets/a/b", b"1")).unwrap(), None);
        assert_eq!(there.create(&file("targets/a/b", b"1")).unwrap(), Created::Created);
        assert_eq!(there.create(&file("targets/a/b", b"1")).unwrap(), Created::Same);
        assert_eq!(there.create(&file("targets/a/b", b"2")).unwrap(), Created::Different);
        assert_eq!(there.has(&file("targets/a/b", b"2")).unwrap(), Some(false));
        assert_eq!(there.read("targets/a/b", 1).unwrap().unwrap().bytes, b"1");
        assert_eq!(there.read("targets/a/b", 0).unwrap_err().fault(), Fault::TooLong);
        assert_eq!(there.read("none", 1).unwrap(), None);
        let source = folder.path().join("source");
        fs::write(&source, "streamed").unwrap();
        let streamed = OutgoingFile { name: "targets/c".to_owned(), content: Content::File(source) };
        assert_eq!(there.create(&streamed).unwrap(), Created::Created);
        assert_eq!(there.create(&streamed).unwrap(), Created::Same);
        let names: Vec<String> = there.list().unwrap().into_keys().collect();
        assert_eq!(names, ["targets/a/b", "targets/c"]);
    }

    #[test]
    fn a_file_is_replaced_only_if_it_is_as_it_was_read() {
        let folder = tempfile::tempdir().unwrap();
        let there = FolderDestination::new(folder.path());
        there.replace("timestamp.json", b"1", None).unwrap();
        assert_eq!(there.replace("timestamp.json", b"2", None).unwrap_err().fault(), Fault::Conflict);
        let read = there.read("timestamp.json", 10).unwrap();
        there.replace("timestamp.json", b"2", read.as_ref()).unwrap();
        assert_eq!(there.replace("timestamp.json", b"3", read.as_ref()).unwrap_err().fault(), Fault::Conflict);
        there.replace("timestamp.json", b"2", read.as_ref()).expect("it is as it is to be");
        assert_eq!(fs::read(folder.path().join("timestamp.json")).unwrap(), b"2");
    }

    #[test]
    fn names_that_lead_out_are_refused_and_foreign_folders_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let there = FolderDestination::new(folder.path());
        for name in ["../a", "a//b", "/a", "a/.", ""] {
            assert_eq!(there.create(&file(name, b"1")).unwrap_err().fault(), Fault::Unusable, "{name}");
        }
        fs::create_dir(folder.path().join(".git")).unwrap();
        fs::write(folder.path().join(".git/HEAD"), "x").unwrap();
        fs::write(folder.path().join(".unfinished-1-1"), "x").unwrap();
        assert!(there.list().unwrap().is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let folder = tempfile::tempdir().unwrap();
        let outside = tempfile::tempdir().unwrap();
        std::os::unix::fs::symlink(outside.path(), folder.path().join("targets")).unwrap();
        let there = FolderDestination::new(folder.path());
        assert_eq!(there.create(&file("targets/a", b"1")).unwrap_err().fault(), Fault::Local);
        assert_eq!(fs::read_dir(outside.path()).unwrap().count(), 0);
        assert!(there.list().unwrap().is_empty());
    }
}
