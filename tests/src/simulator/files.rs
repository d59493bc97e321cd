//! What a repository has made public: a value to keep, to change and to serve.

use std::collections::BTreeMap;
use std::fs;
use std::future::ready;
use std::io;
use std::path::Path;
use std::sync::Arc;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};
use rootline_client::transport::{AsyncTransport, InMemory, Place, Request, Transport, TransportError};

use super::server::Server;

/// The public files of one moment. Cloning costs little, so a test keeps `sim.files().clone()` to come back to it.
///
/// As a [`Transport`] it keeps the promises of one: a file that is longer than was asked for does not arrive.
#[derive(Clone, Debug, Default)]
pub struct Files {
    metadata: BTreeMap<String, Arc<[u8]>>,
    targets: BTreeMap<String, Arc<[u8]>>,
}

impl Files {
    /// The bytes of a metadata file, by its whole name (`2.root.json`).
    pub fn metadata(&self, name: &str) -> Option<&[u8]> {
        self.metadata.get(name).map(|bytes| &**bytes)
    }

    /// The bytes of a target, by its whole path (`dir/HASH.name`).
    pub fn target(&self, path: &str) -> Option<&[u8]> {
        self.targets.get(path).map(|bytes| &**bytes)
    }

    /// The names of all metadata files.
    pub fn metadata_names(&self) -> impl Iterator<Item = &str> {
        self.metadata.keys().map(String::as_str)
    }

    /// The paths of all targets.
    pub fn target_paths(&self) -> impl Iterator<Item = &str> {
        self.targets.keys().map(String::as_str)
    }

    /// Puts a metadata file there.
    pub fn set_metadata(&mut self, name: &str, bytes: impl Into<Vec<u8>>) {
        self.metadata.insert(name.to_owned(), bytes.into().into());
    }

    /// Puts a target there.
    pub fn set_target(&mut self, path: &str, bytes: impl Into<Vec<u8>>) {
        self.targets.insert(path.to_owned(), bytes.into().into());
    }

    /// Takes a metadata file away.
    pub fn remove_metadata(&mut self, name: &str) -> Option<Arc<[u8]>> {
        self.metadata.remove(name)
    }

    /// Takes a target away.
    pub fn remove_target(&mut self, path: &str) -> Option<Arc<[u8]>> {
        self.targets.remove(path)
    }

    /// The file that a request is for.
    pub fn get(&self, request: &Request) -> Option<&[u8]> {
        match request.place {
            Place::Metadata => self.metadata(&request.name()),
            Place::Targets => self.target(&request.name()),
        }
    }

    /// Writes a static repository: `metadata/` and `targets/` below `folder`, names of metadata files percent-encoded.
    ///
    /// # Errors
    /// If something cannot be written.
    pub fn write_to(&self, folder: &Path) -> io::Result<()> {
        for (name, bytes) in &self.metadata {
            write(&folder.join("metadata").join(percent_encode(name)), bytes)?;
        }
        for (path, bytes) in &self.targets {
            write(&folder.join("targets").join(path), bytes)?;
        }
        Ok(())
    }

    /// Reads a static repository back: what [`Files::write_to`] wrote, or what somebody else did.
    ///
    /// # Errors
    /// If something cannot be read.
    pub fn read_from(folder: &Path) -> io::Result<Files> {
        let mut files = Files::default();
        for (name, bytes) in read_all(&folder.join("metadata"), "")? {
            files.set_metadata(&percent_decode(&name), bytes);
        }
        for (path, bytes) in read_all(&folder.join("targets"), "")? {
            files.set_target(&path, bytes);
        }
        Ok(files)
    }

    /// Serves them over HTTP on this machine until what is returned is dropped.
    pub fn serve(&self) -> Server {
        Server::start(self.clone())
    }

    /// The file at this path of a server's URL: below `/metadata/` or `/targets/`.
    pub fn by_url_path(&self, path: &str) -> Option<&[u8]> {
        if let Some(name) = path.strip_prefix("/metadata/") {
            return self.metadata.iter().find(|(file, _)| percent_encode(file) == name).map(|(_, bytes)| &**bytes);
        }
        let wanted = path.strip_prefix("/targets/")?;
        let encoded = |path: &str| path.split('/').map(percent_encode).collect::<Vec<_>>().join("/");
        self.targets.iter().find(|(file, _)| encoded(file) == wanted).map(|(_, bytes)| &**bytes)
    }
}

/// All but RFC 3986's unreserved characters.
const RESERVED: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

fn percent_encode(name: &str) -> String {
    utf8_percent_encode(name, RESERVED).to_string()
}

/// The name that is written like this; a name that nobody writes encoded is as it is. A dot at the beginning may be encoded too, so that the
/// file is not a hidden one.
fn percent_decode(written: &str) -> String {
    let decoded = percent_decode_str(written).decode_utf8_lossy().into_owned();
    let hidden = decoded.strip_prefix('.').map(|rest| format!("%2E{}", percent_encode(rest)));
    if percent_encode(&decoded) == written || hidden.as_deref() == Some(written) { decoded } else { written.to_owned() }
}

fn write(path: &Path, bytes: &[u8]) -> io::Result<()> {
    fs::create_dir_all(path.parent().unwrap_or(path))?;
    fs::write(path, bytes)
}

fn read_all(folder: &Path, prefix: &str) -> io::Result<Vec<(String, Vec<u8>)>> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
        if entry.file_type()?.is_dir() {
            files.extend(read_all(&entry.path(), &format!("{name}/"))?);
        } else {
            files.push((name, fs::read(entry.path())?));
        }
    }
    Ok(files)
}

impl Transport for Files {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        Transport::fetch(&InMemory::new(|request: &Request| self.get(request)), request)
    }
}

impl AsyncTransport for Files {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        ready(Transport::fetch(self, request))
    }
}
