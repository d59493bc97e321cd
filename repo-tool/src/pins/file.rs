//! The file of a user's pins.

use std::fs;
use std::io;
use std::path::Path;

use rootline_client::store::{self, Access, read_regular_file};
use rootline_metadata::format::{self, NewerFormat};
use serde::{Deserialize, Serialize};

use crate::failure::Failure;

/// Most bytes of the file: thousands of repositories.
const MAX_BYTES: u64 = 2_000_000;

/// Everything that is remembered. What is not known is refused: a misspelled member must not be passed over.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct PinFile {
    #[serde(default = "first")]
    format: u64,
    /// The places of private keys that this user has named.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) signers: Vec<String>,
    #[serde(default, rename = "repository", skip_serializing_if = "Vec::is_empty")]
    pub(super) repositories: Vec<Pin>,
}

/// A repository that this user has reviewed or signed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Pin {
    /// Its name, as it called itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<String>,
    /// The SHA-256 digest of its root 1: what it is known by.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) root_1_sha256: Option<String>,
    /// The SHA-256 digests of what this user has signed as root 1, before it was complete.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) signed_as_root_1: Vec<String>,
    /// The folders that it was seen in.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub(super) folders: Vec<String>,
}

/// The version of its format alone.
#[derive(Debug, Deserialize)]
struct Stated {
    format: Option<u64>,
}

fn first() -> u64 {
    format::CURRENT
}

impl Default for PinFile {
    fn default() -> Self {
        PinFile { format: first(), signers: Vec::new(), repositories: Vec::new() }
    }
}

impl PinFile {
    /// Reads the file; nothing is remembered where there is none. One that cannot be read is a failure: a pin that is lost forbids nothing.
    pub(super) fn read(path: &Path) -> Result<PinFile, Failure> {
        if fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink()) {
            let what =
                format!("the pinned repositories in {} are a symbolic link, and none is followed", path.display());
            return Err(Failure::new(what, "put the file itself in its place"));
        }
        let bytes = match read_regular_file(path, MAX_BYTES) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(PinFile::default()),
            Err(error) => return Err(Failure::io("read the pinned repositories in", path, &error)),
        };
        let text = String::from_utf8_lossy(&bytes);
        let malformed = |error: toml::de::Error| {
            let line =
                text.bytes().take(error.span().map_or(0, |span| span.start)).filter(|byte| *byte == b'\n').count();
            let what = format!("{}:{}: {}", path.display(), line + 1, error.message().trim().replace('\n', "; "));
            Failure::new(
                what,
                "correct this line; without the file, every repository counts as seen for the first time",
            )
        };
        // First of all: in another format there may be other members.
        let stated: Stated = toml::from_str(&text).map_err(malformed)?;
        if let Some(newer) = stated.format.and_then(NewerFormat::of) {
            return Err(Failure::new(format!("{} was {newer}", path.display()), newer.hint()));
        }
        toml::from_str(&text).map_err(malformed)
    }

    /// Writes the file, for its owner alone.
    pub(super) fn write(&self, path: &Path) -> Result<(), Failure> {
        let text = toml::to_string(self).map_err(|error| {
            Failure::new(
                format!("the pinned repositories cannot be written: {error}"),
                "report this to rootline's developers",
            )
        })?;
        Ok(store::write_file(path, text.as_bytes(), Access::Owner)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a/pins.toml");
        assert_eq!(PinFile::read(&path).unwrap(), PinFile::default());
        let pin = Pin {
            name: Some("It's \"Test\"".to_owned()),
            root_1_sha256: Some("00".repeat(32)),
            signed_as_root_1: vec!["11".repeat(32)],
            folders: vec!["/home/a b".to_owned()],
        };
        let file = PinFile {
            signers: vec!["pkcs11:token=a".to_owned()],
            repositories: vec![pin, Pin::default()],
            ..PinFile::default()
        };
        file.write(&path).unwrap();
        assert_eq!(PinFile::read(&path).unwrap(), file);
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let mode = |path: &Path| std::fs::metadata(path).unwrap().permissions().mode() & 0o777;
            assert_eq!((mode(&path), mode(path.parent().unwrap())), (0o600, 0o700));
        }
    }

    #[test]
    fn what_cannot_be_read_is_not_absent() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("pins.toml");
        for (text, problem) in [
            ("format = 2\nodd = 1\n", "made by a newer rootline"),
            ("format = 1\nodd = 1\n", ":2: unknown field `odd`"),
            ("[[repository]]\nfolder = 'a'\n", ":2: unknown field `folder`"),
            ("format", ":1: "),
        ] {
            std::fs::write(&path, text).unwrap();
            let refused = PinFile::read(&path).unwrap_err();
            assert!(refused.what().contains(problem), "{}", refused.what());
        }
        std::fs::write(&path, vec![b'#'; 2_000_000]).unwrap();
        assert!(PinFile::read(&path).is_ok());
        std::fs::write(&path, vec![b'#'; 2_000_001]).unwrap();
        assert!(PinFile::read(&path).is_err());
        #[cfg(unix)]
        {
            std::fs::write(folder.path().join("other"), "").unwrap();
            std::fs::remove_file(&path).unwrap();
            std::os::unix::fs::symlink("other", &path).unwrap();
            assert!(PinFile::read(&path).is_err());
        }
    }
}
