//! Where a repository is published to.

use std::fmt;
use std::path::{Path, PathBuf};

use rootline::destination::{self, Destination, OutgoingFile, Settings};
use rootline::destination::{Content, Place as Address};
use rootline_ceremonies::{Caches, Published, PublishedFile};
use rootline_client::store::read_regular_file;
use rootline_metadata::file_name;
use rootline_metadata::limits::{MAX_METADATA_BYTES, MAX_TIMESTAMP_BYTES};

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::read_files::read_files;
use crate::folder::repository::RepositoryFolder;
use crate::preflight::Files;

/// A folder that is none of the repository's own, or a bucket.
#[derive(Clone, Debug)]
pub(crate) struct Place {
    /// As it was given, so that it does not depend on where the command was run.
    pub(crate) name: String,
    address: Address,
}

impl Place {
    /// The place that a command names, or else the policy.
    pub(crate) fn find(to: Option<&Path>, context: &Context) -> Result<Place, Failure> {
        let (name, base) = match to {
            Some(to) => (to.display().to_string(), None),
            None => match context.folder.policy()?.publish_to() {
                Some(to) => (to.to_owned(), Some(&context.folder)),
                None => return Err(Failure::new("the policy names no place to publish to", "name one: --to PLACE")),
            },
        };
        let address = Address::parse(&name).map_err(|error| Failure::new(error.to_string(), error.hint()))?;
        let address = match (address, base) {
            (Address::Folder(path), Some(folder)) => Address::Folder(folder.join(path)),
            (address, _) => address,
        };
        let place = Place { name, address };
        place.refuse_own(context)?;
        Ok(place)
    }

    fn refuse_own(&self, context: &Context) -> Result<(), Failure> {
        let Some(path) = self.folder() else { return Ok(()) };
        let resolved = real(path);
        let own =
            RepositoryFolder::FOLDERS.iter().chain(&RepositoryFolder::MADE_LATER).map(|name| context.folder.join(name));
        let inside = own.map(|own| real(&own)).find(|own| resolved.starts_with(own));
        if inside.is_some() || resolved == real(context.folder.path()) {
            let what = format!("{self} is a folder of the repository itself");
            return Err(Failure::new(what, "name another folder, such as public/: verifiers read what is there"));
        }
        Ok(())
    }

    /// The folder, if it is one.
    pub(crate) fn folder(&self) -> Option<&Path> {
        match &self.address {
            Address::Folder(path) => Some(path),
            _ => None,
        }
    }

    /// A file there, for messages.
    pub(crate) fn file(&self, name: &str) -> String {
        match self.folder() {
            Some(path) => path.join(name).display().to_string(),
            None => format!("{self}/{name}"),
        }
    }

    /// Opens it for writing; nothing is asked of it yet.
    pub(crate) fn open(&self, caches: &Caches) -> Result<Box<dyn Destination>, Failure> {
        let lifetime = caches.timestamp.to_std().ok().filter(|lifetime| !lifetime.is_zero());
        Ok(destination::open(&self.address, Settings { lifetime, ..Settings::default() })?)
    }

    /// The timestamp and the names of what is there; `None` where that cannot be seen.
    pub(crate) fn glance(&self, caches: &Caches) -> Option<(Option<Vec<u8>>, Vec<String>)> {
        if let Some(path) = self.folder() {
            let timestamp = read_regular_file(&path.join(file_name::TIMESTAMP), MAX_TIMESTAMP_BYTES as u64).ok();
            let entries = std::fs::read_dir(path).ok()?.flatten();
            return Some((timestamp, entries.filter_map(|entry| entry.file_name().into_string().ok()).collect()));
        }
        let bucket = self.open(caches).ok()?;
        let timestamp = bucket.read(file_name::TIMESTAMP, MAX_TIMESTAMP_BYTES as u64).ok()?;
        Some((timestamp.map(|read| read.bytes), bucket.list().ok()?.into_keys().collect()))
    }

    /// What is there, in the form of what is published: in a bucket, metadata is read, and of a target it is asked only whether it is the
    /// published one. What verifiers never ask for is left out there.
    pub(crate) fn read(&self, published: &Published, caches: &Caches) -> Result<Files, Failure> {
        match self.folder() {
            Some(path) => read_files(path),
            None => Ok(read_bucket(self.open(caches)?.as_ref(), published)?),
        }
    }
}

fn read_bucket(bucket: &dyn Destination, published: &Published) -> Result<Files, destination::DestinationError> {
    let mut there = Files::new();
    for name in bucket.list()?.into_keys() {
        let own = published.files().get(&name);
        match (PublishedFile::parse(&name), own) {
            (Some(PublishedFile::Target(_)), Some(own)) => {
                let file = OutgoingFile { name: name.clone(), content: Content::Bytes(own.clone()) };
                match bucket.has(&file)? {
                    Some(true) => _ = there.insert(name, own.clone()),
                    // Held against the published one, whatever it is.
                    Some(false) => _ = there.insert(name, Vec::new()),
                    None => {}
                }
            }
            (Some(PublishedFile::Target(_)) | None, _) => {}
            (Some(_), _) => {
                let read = bucket.read(&name, MAX_METADATA_BYTES as u64)?;
                there.extend(read.map(|read| (name, read.bytes)));
            }
        }
    }
    Ok(there)
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.folder() {
            Some(path) => path.display().fmt(f),
            None => self.address.fmt(f),
        }
    }
}

/// The path with links followed, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    match there {
        Some((above, real)) => whole.strip_prefix(above).map_or_else(|_| real.clone(), |rest| real.join(rest)),
        None => whole,
    }
}
