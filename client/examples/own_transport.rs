//! Files from wherever you have them: here a repository that was read into memory, as it might be embedded in a program, or lie
//! in a database. Takes a folder in place of a URL.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::collections::BTreeMap;
use std::error::Error;
use std::fs;
use std::path::Path;

use rootline_client::Client;
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Place, Request, Transport, TransportError};

/// Metadata and targets by their names. A transport is trusted with nothing: whatever it brings is verified.
struct Embedded {
    metadata: BTreeMap<String, Vec<u8>>,
    targets: BTreeMap<String, Vec<u8>>,
}

impl Transport for Embedded {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let files = match request.place {
            Place::Metadata => &self.metadata,
            Place::Targets => &self.targets,
        };
        let location = format!("{} (embedded)", request.name());
        match files.get(&request.name()) {
            // Told apart from every other failure, because for the next root it is the good answer.
            None => Err(TransportError::NotFound { location, forbidden: false }),
            // Whoever reads from elsewhere stops reading here, before memory is spent.
            Some(bytes) if bytes.len() as u64 > request.limit => {
                Err(TransportError::TooLong { location, limit: request.limit })
            }
            Some(bytes) => Ok(bytes.clone()),
        }
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;
    let metadata = files(Path::new(&instance.metadata_url))?;
    let targets = files(Path::new(&instance.targets_url))?;
    println!("{} metadata files and {} targets in memory", metadata.len(), targets.len());

    let mut client = Client::new(instance.pinned_root, Embedded { metadata, targets }, MemoryStore::new());
    let trust_root = client.trust_root(now)?;
    println!("fresh until {}", trust_root.expiry());
    Ok(())
}

fn files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Box<dyn Error>> {
    let mut files = BTreeMap::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_file() {
            files.insert(entry.file_name().to_string_lossy().into_owned(), fs::read(entry.path())?);
        }
    }
    Ok(files)
}
