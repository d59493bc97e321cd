//! Writing what is exported.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rootline_metadata::Version;
use rootline_metadata::json::Document;
use rootline_metadata::limits::MAX_METADATA_BYTES;
use rootline_metadata::plain_name::without_case;

use super::error::ExportError;
use crate::store::{Access, read_regular_file, refuse_other_spelling, write_file};

/// A file for another program.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ExportedFile {
    /// Where it belongs, below the folder that is exported to.
    pub path: PathBuf,
    /// What is in it.
    pub bytes: Vec<u8>,
    /// Its version if it is metadata: what is there already must not be newer.
    pub version: Option<Version>,
}

impl ExportedFile {
    /// A file that replaces what is there, whatever version that has.
    pub fn new(path: impl Into<PathBuf>, bytes: impl Into<Vec<u8>>) -> ExportedFile {
        ExportedFile { path: path.into(), bytes: bytes.into(), version: None }
    }

    /// Sets the version of metadata: what is there already must not be newer.
    #[must_use]
    pub fn with_version(self, version: Version) -> ExportedFile {
        ExportedFile { version: Some(version), ..self }
    }
}

/// Writes files below `folder`, each of them entirely or not at all, in the order given. What else is there is left alone.
///
/// # Errors
/// If a newer version of one of them is there, and nothing is written then; or if one cannot be written.
pub fn write_all(folder: &Path, files: &[ExportedFile]) -> Result<(), ExportError> {
    for file in files {
        let path = folder.join(&file.path);
        if let (Some(offered), Some(present)) = (file.version, file.version.and_then(|_| version_at(&path)))
            && present > offered
        {
            return Err(ExportError::Newer { path, present, offered });
        }
    }
    let mut names = BTreeSet::new();
    for file in files {
        let path = folder.join(&file.path);
        // One of these files must not replace another one, where the file system takes the two names for one.
        if !names.insert(without_case(&file.path.to_string_lossy())) {
            refuse_other_spelling(&path)?;
        }
        write_file(&path, &file.bytes, Access::Umask)?;
    }
    Ok(())
}

/// The version of the metadata that is there; none if there is none that can be read, which is then replaced.
fn version_at(path: &Path) -> Option<Version> {
    let bytes = read_regular_file(path, MAX_METADATA_BYTES as u64).ok()?;
    let document = Document::parse(bytes, MAX_METADATA_BYTES).ok()?;
    document.top().get("signed")?.get("version")?.digits()?.parse().ok().and_then(Version::new)
}
