//! Certificates and log keys as PEM files, for tools that know nothing of trust roots.

use std::borrow::Cow;
use std::fs;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::instant_text;
use rootline_metadata::json::{Document, Kind, Node, Value, ValueMembers};
use rootline_metadata::sigstore::{Section, TrustedRoot, Window};

use super::error::ExportError;
use super::file::ExportedFile;
use crate::store::{Operation, StoreError, read_regular_file};

/// The file that says what the others are.
const INDEX: &str = "index.json";
/// Most bytes of it.
const LIMIT: u64 = 8 << 20;

/// One file for each certificate chain and each log key, named by kind and place so that they sort, and `index.json` with their names, URLs and windows.
/// Only what is trusted at `at`; `None` for everything.
pub fn pem(trusted_root: &TrustedRoot, at: Option<DateTime<Utc>>) -> Vec<ExportedFile> {
    let mut files = Vec::new();
    let mut index = Vec::new();
    for (section, kind) in [
        (Section::CertificateAuthorities, "certificate-authority"),
        (Section::CertificateTransparencyLogs, "certificate-log"),
        (Section::TimestampAuthorities, "timestamp-authority"),
        (Section::TransparencyLogs, "transparency-log"),
    ] {
        let mut add = |position: usize, url: &str, window: Window, pem: String| {
            if at.is_some_and(|instant| !window.contains(instant)) {
                return;
            }
            let name = format!("{kind}-{:02}.pem", position + 1);
            let instant = |instant: Option<DateTime<Utc>>| instant.map_or(Value::Null, |at| instant_text(at).into());
            let entry = ValueMembers::new()
                .with("file", name.as_str())
                .with("kind", kind)
                .with("url", url)
                .with("start", instant(window.start()))
                .with("end", instant(window.end()));
            index.push(Value::from(entry));
            files.push(ExportedFile::new(name, pem));
        };
        for log in trusted_root.logs(section) {
            add(log.position(), log.base_url(), log.valid_for(), log.key().to_pem());
        }
        for authority in trusted_root.authorities(section) {
            add(authority.position(), authority.uri(), authority.valid_for(), authority.chain_pem());
        }
    }
    let index = Value::from(ValueMembers::new().with(format::MEMBER, format::CURRENT).with("files", index)).pretty(2);
    files.push(ExportedFile::new(INDEX, index));
    files
}

/// The files that an export of PEM files has left in a folder, by its index.
#[derive(Clone, Debug)]
pub struct PemIndex {
    folder: PathBuf,
    files: Vec<String>,
}

impl PemIndex {
    /// Reads it. A folder that is empty, or is not there, has left nothing.
    ///
    /// # Errors
    /// If there is something else in the folder, it cannot be read, or a newer version has written it.
    pub fn read(folder: &Path) -> Result<PemIndex, ExportError> {
        let foreign = || ExportError::Foreign { path: folder.to_owned() };
        let empty = PemIndex { folder: folder.to_owned(), files: Vec::new() };
        match fs::read_dir(folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(empty),
            Err(error) => return Err(io(Operation::Read, folder, error)),
            Ok(mut entries) => {
                if entries.next().is_none() {
                    return Ok(empty);
                }
            }
        }
        let bytes = read_regular_file(&folder.join(INDEX), LIMIT).map_err(|_| foreign())?;
        let index = Document::parse(bytes, LIMIT as usize).map_err(|_| foreign())?;
        let top = index.top().object().map_err(|_| foreign())?;
        format::check(top, format::MEMBER).map_err(|error| match error {
            FileError::Newer(newer) => ExportError::NewerIndex { path: folder.join(INDEX), newer },
            _ => foreign(),
        })?;
        let entries = index.top().get("files").filter(|files| files.kind() == Kind::Array).ok_or_else(foreign)?;
        let names = entries.elements().map(|entry| entry.get("file").and_then(Node::text).map(Cow::into_owned));
        Ok(PemIndex { files: names.collect::<Option<_>>().ok_or_else(foreign)?, ..empty })
    }

    /// Removes those that were not written again: what is no longer trusted must not lie there as if it were.
    ///
    /// # Errors
    /// If one cannot be removed.
    pub fn remove_all_but(&self, written: &[ExportedFile]) -> Result<(), ExportError> {
        for name in &self.files {
            // The index may have been changed by somebody: nothing but such a file beside it is ever removed.
            let is_ours = name.ends_with(".pem") && !name.contains(['/', '\\', '\0']);
            if !is_ours || written.iter().any(|file| file.path == Path::new(name)) {
                continue;
            }
            let path = self.folder.join(name);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    return Err(io(Operation::Remove, &path, error));
                }
                _ => (),
            }
        }
        Ok(())
    }
}

fn io(operation: Operation, path: &Path, error: std::io::Error) -> ExportError {
    StoreError::Io { operation, path: path.to_owned(), error }.into()
}
