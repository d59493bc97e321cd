//! A transport of one's own: a repository that was read into memory.

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use rootline_client::transport::{AsyncTransport, Request, Transport, TransportError};

use crate::executor::turn;

/// The files of a repository by their paths in it, and how often they were asked for.
#[derive(Clone, Debug)]
pub struct Published {
    files: BTreeMap<String, Vec<u8>>,
    requests: Arc<AtomicUsize>,
}

impl Published {
    /// Reads what is in `metadata` and `targets` below `folder`.
    pub fn read(folder: &Path) -> io::Result<Published> {
        let mut files = BTreeMap::new();
        for (below, prefix) in [("metadata", ""), ("targets", "targets/")] {
            for entry in fs::read_dir(folder.join(below))? {
                let entry = entry?;
                if entry.file_type()?.is_file() {
                    let name = format!("{prefix}{}", entry.file_name().to_string_lossy());
                    files.insert(name, fs::read(entry.path())?);
                }
            }
        }
        Ok(Published { files, requests: Arc::default() })
    }

    /// The first root.
    pub fn pinned_root(&self) -> Vec<u8> {
        self.files.get("1.root.json").cloned().unwrap_or_default()
    }

    /// How many requests were made, of this one and of its clones.
    pub fn requests(&self) -> usize {
        self.requests.load(Ordering::Relaxed)
    }

    /// Takes a file away.
    pub fn without(mut self, path: &str) -> Published {
        self.files.remove(path);
        self
    }

    /// Replaces a text in every file whose path has `part` in it.
    pub fn replacing(mut self, part: &str, from: &str, to: &str) -> Published {
        for (_, bytes) in self.files.iter_mut().filter(|(path, _)| path.contains(part)) {
            *bytes = String::from_utf8_lossy(bytes).replace(from, to).into_bytes();
        }
        self
    }

    fn find(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.requests.fetch_add(1, Ordering::Relaxed);
        match self.files.get(&request.path()) {
            None => Err(TransportError::not_found(request.path())),
            Some(bytes) if bytes.len() as u64 > request.limit => {
                Err(TransportError::TooLong { location: request.path(), limit: request.limit })
            }
            Some(bytes) => Ok(bytes.clone()),
        }
    }
}

impl Transport for Published {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.find(request)
    }
}

impl AsyncTransport for Published {
    async fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        // As from a network: not at once.
        turn().await;
        self.find(request)
    }
}

/// A repository that fails as only its own transport can.
#[derive(Clone, Copy, Debug)]
pub struct Broken;

impl Transport for Broken {
    fn fetch(&self, _: &Request) -> Result<Vec<u8>, TransportError> {
        Err(TransportError::other(Failed {
            what: "the queue takes no requests",
            cause: io::Error::other("its broker is gone"),
        }))
    }
}

/// An error of one's own, with a cause.
#[derive(Debug)]
pub struct Failed {
    pub what: &'static str,
    pub cause: io::Error,
}

impl fmt::Display for Failed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what)
    }
}

impl Error for Failed {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.cause)
    }
}
