//! Putting a verified target where a user wants it.
//!
//! A target's path comes from the repository and is never used as a path as it is: absolute names, `..`, and symbolic
//! links in the way have led other clients out of the target folder (CVE-2021-41149, CVE-2026-6968, CVE-2026-24137).
//! The target folder itself is the user's choice and may be a link; nothing below it is followed.
//!
//! What is not defended against is somebody else who may write in the target folder and changes it at the same moment:
//! they can as well replace the file afterwards.

use std::ffi::{OsStr, OsString};
use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use rootline_metadata::plain_name::without_case;

use super::access::Access;
use super::atomic_write::{self, StagedFile};
use super::bounded_read::reader_meets;
use super::error::{NOT_A_FOLDER, Operation, StoreError};
use super::regular_file::open_regular;
use super::{escape, folders};

/// How a target's path becomes a file below the target folder.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Layout {
    /// One file name, percent-encoded: `dir/a.json` is `dir%2Fa.json`. Takes every name.
    #[default]
    Flat,
    /// Sub-folders as in the path: `dir/a.json` is `a.json` in `dir`. Refuses paths with parts that could lead elsewhere.
    Nested,
}

/// The place of one target below a user's folder.
#[derive(Clone, Debug)]
pub struct TargetPlace {
    folder: PathBuf,
    /// Below `folder`; each one is harmless as a file name, and the last one is the file's.
    components: Vec<String>,
}

impl TargetPlace {
    /// The place of the target `target_path` below `folder`. Touches no file.
    ///
    /// # Errors
    ///
    /// [`StoreError::UnsafeName`] for a path with empty parts, `.`, `..`, a backslash or a NUL, with
    /// [`Layout::Nested`] only.
    pub fn new(folder: impl Into<PathBuf>, target_path: &str, layout: Layout) -> Result<Self, StoreError> {
        let components = match layout {
            Layout::Flat => vec![escape::target_file_name(target_path)],
            Layout::Nested => target_path.split('/').map(str::to_owned).collect(),
        };
        for component in &components {
            escape::check_component(component)
                .map_err(|reason| StoreError::UnsafeName { name: target_path.to_owned(), reason })?;
        }
        Ok(Self { folder: folder.into(), components })
    }

    /// Where the file is, or will be.
    pub fn path(&self) -> PathBuf {
        let mut path = self.folder.clone();
        path.extend(&self.components);
        path
    }

    /// Whether the file is there already, as a regular file of `length` bytes that `verify` accepts. `verify` is given
    /// the content to read, and is not called when the length is another one. A link, a folder or a pipe in the file's
    /// place is not the file: the answer is no.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotARegularFile`] when a link or a file is where a sub-folder belongs; [`StoreError::Io`] when the
    /// file cannot be opened. What `verify` cannot read it does not accept.
    pub fn existing_matches(
        &self,
        length: u64,
        verify: impl FnOnce(&mut dyn Read) -> bool,
    ) -> Result<bool, StoreError> {
        if self.walk(Missing::Leave)?.is_none() {
            return Ok(false);
        }
        let path = self.path();
        let file = match open_regular(&path) {
            Ok(Some(file)) => file,
            Ok(None) | Err(StoreError::NotARegularFile { .. }) => return Ok(false),
            Err(error) => return Err(error),
        };
        let found = file.metadata().map_err(StoreError::io(Operation::Read, path))?.len();
        // One byte more than promised, so that a file which grows meanwhile does not match by its beginning.
        Ok(found == length && verify(&mut file.take(length.saturating_add(1))))
    }

    /// Whether the file is there already with the length and the digests that the repository lists for it.
    ///
    /// # Errors
    ///
    /// As [`TargetPlace::existing_matches`].
    pub fn has(&self, listed: &rootline_metadata::TargetFile) -> Result<bool, StoreError> {
        self.existing_matches(listed.length, |content| reader_meets(content, &listed.digests))
    }

    /// Makes `bytes`, which the caller has verified, the content of the file, entirely or not at all, and returns where
    /// it is. Missing folders are made. What was there before is replaced, a symbolic link as the link it is; when
    /// this returns `Ok`, the file is on the disk.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotARegularFile`] when a link or a file is where a sub-folder belongs, or a folder where the file
    /// does; [`StoreError::OtherSpelling`] when a file of another name would be replaced; [`StoreError::Io`] when it cannot be written.
    pub fn write(&self, bytes: &[u8]) -> Result<PathBuf, StoreError> {
        let (_, path) = self.place()?;
        refuse_other_spelling(&path)?;
        atomic_write::replace(&path, bytes, Access::Umask).map_err(StoreError::io(Operation::Write, &path))?;
        Ok(path)
    }

    /// As [`TargetPlace::write`], but for putting it in place, which is done later.
    ///
    /// # Errors
    ///
    /// As [`TargetPlace::write`].
    pub(crate) fn stage(&self, bytes: &[u8]) -> Result<StagedFile, StoreError> {
        let (folder, path) = self.place()?;
        StagedFile::write(&folder, &path, bytes, Access::Umask)
    }

    /// Takes the file away, unless something else than a regular file is there, and gives the folder it was in, which is [to be
    /// synced](super::sync_folders) for that to last. It is no error when there is none.
    ///
    /// # Errors
    ///
    /// [`StoreError::NotARegularFile`] as [`TargetPlace::write`]; [`StoreError::Io`] when it is there and cannot be removed.
    pub(crate) fn remove(&self) -> Result<Option<PathBuf>, StoreError> {
        let (folder, path) = (self.walk(Missing::Leave)?, self.path());
        if !fs::symlink_metadata(&path).is_ok_and(|found| found.is_file()) {
            return Ok(None);
        }
        fs::remove_file(&path).map_err(StoreError::io(Operation::Remove, path))?;
        Ok(folder)
    }

    /// The folder that the file is in, made if it is missing, and the file's place in it.
    fn place(&self) -> Result<(PathBuf, PathBuf), StoreError> {
        let path = self.path();
        let folder = self.walk(Missing::Create)?.unwrap_or_else(|| self.folder.clone());
        if fs::symlink_metadata(&path).is_ok_and(|found| found.is_dir()) {
            return Err(StoreError::NotARegularFile { path, found: "a folder" });
        }
        Ok((folder, path))
    }

    /// Goes down to the folder that the file is in, one component at a time, through real folders only. `None` when one
    /// is missing and is to be left so.
    fn walk(&self, missing: Missing) -> Result<Option<PathBuf>, StoreError> {
        if missing == Missing::Create {
            folders::create_all(&self.folder, Access::Umask)?;
        }
        let mut folder = self.folder.clone();
        let sub_folders = self.components.split_last().map_or(&[][..], |(_, above)| above);
        for component in sub_folders {
            folder.push(component);
            let refuse = |found| Err(StoreError::NotARegularFile { path: folder.clone(), found });
            match fs::symlink_metadata(&folder) {
                Ok(found) if found.is_dir() => {}
                Ok(found) if found.is_symlink() => return refuse("a symbolic link"),
                Ok(_) => return refuse(NOT_A_FOLDER),
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    return Err(StoreError::io(Operation::Read, folder)(error));
                }
                Err(_) if missing == Missing::Leave => return Ok(None),
                Err(_) => folders::create_one(&folder, Access::Umask)?,
            }
        }
        Ok(Some(folder))
    }
}

/// Refuses to take what is at `path` for that file if its folder lists it under another name: the file system takes the two for one.
///
/// # Errors
/// [`StoreError::OtherSpelling`] as said; [`StoreError::Io`] when the folder cannot be listed.
pub(crate) fn refuse_other_spelling(path: &Path) -> Result<(), StoreError> {
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Ok(()) };
    if fs::symlink_metadata(path).is_err() {
        return Ok(());
    }
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let listed = fs::read_dir(folder).map_err(StoreError::io(Operation::Read, folder))?;
    let listed: Vec<OsString> = listed.flatten().map(|entry| entry.file_name()).collect();
    match spelt_otherwise(name, &listed) {
        Some(found) => Err(StoreError::OtherSpelling { path: path.to_owned(), found }),
        None => Ok(()),
    }
}

/// The name under which a file is there that this is another name of; empty when it cannot be told.
fn spelt_otherwise(name: &OsStr, listed: &[OsString]) -> Option<String> {
    let text = |name: &OsStr| without_case(&name.to_string_lossy());
    let alike = || listed.iter().find(|listed| text(listed) == text(name));
    match listed.iter().any(|listed| listed == name) {
        true => None,
        false => Some(alike().map(|listed| listed.to_string_lossy().into_owned()).unwrap_or_default()),
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Missing {
    Leave,
    Create,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_that_is_there_under_another_name_is_not_taken_for_it() {
        let spelt = |name: &str, listed: &[&str]| {
            spelt_otherwise(OsStr::new(name), &listed.iter().map(OsString::from).collect::<Vec<_>>())
        };
        assert_eq!(spelt("a.txt", &["A.txt", "b"]).as_deref(), Some("A.txt"));
        assert_eq!(spelt("a.txt", &["b", "longer name.txt"]).as_deref(), Some(""));
        assert_eq!(spelt("a.txt", &["A.txt", "a.txt"]), None);
        assert_eq!(spelt("a.txt", &["a.txt"]), None);
    }
}
