//! A repository in local folders.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use super::address::looks_like_host;
use super::observer::Observed;
use super::{Answer, AsyncTransport, Observer, Place, Request, Transport, TransportError};
use crate::store::escape::{check_component, percent_encode};
use crate::store::read_file_at_most;

/// A repository as static files in two folders: a checkout, a mounted mirror, an unpacked bundle.
///
/// Names that could lead out of the two folders (`..`, separators, NUL) are refused. A symbolic link is followed to a place inside, and to
/// one outside only if the caller [says so](Self::following_links). A name that does not fit the file system is not there.
#[derive(Clone, Debug)]
pub struct Folder {
    metadata: PathBuf,
    targets: PathBuf,
    follows_links: bool,
    observer: Option<Observer>,
}

impl Folder {
    /// The repository whose metadata files and whose targets are in these folders. Touches no file; a folder that is
    /// missing is a [`TransportError::Io`] when something is fetched from it.
    pub fn new(metadata: impl Into<PathBuf>, targets: impl Into<PathBuf>) -> Self {
        Self { metadata: metadata.into(), targets: targets.into(), follows_links: false, observer: None }
    }

    /// Sets whether symbolic links are followed to files outside the two folders, as in a forest of links that a build system or a package
    /// manager makes. Limits hold, and a pipe or a device is refused, wherever a link leads. Default: no.
    #[must_use]
    pub fn following_links(self, follows_links: bool) -> Self {
        Self { follows_links, ..self }
    }

    /// Tells `observer` of every file that is read.
    #[must_use]
    pub fn with_observer(self, observer: Observer) -> Self {
        Self { observer: Some(observer), ..self }
    }

    fn observed(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let name = || candidates(request).into_iter().next().unwrap_or_else(|| request.name().into());
        let location = || self.base(request).join(name()).display().to_string();
        let mut observed = Observed::begin(self.observer.as_ref(), location);
        let read = self.read(request);
        observed.answered(match &read {
            Ok(_) => Answer::Found,
            Err(error) if error.is_not_found() => Answer::NotFound,
            Err(_) => Answer::Unreadable,
        });
        observed.read(read.as_ref().map_or(0, Vec::len));
        read
    }

    fn base(&self, request: &Request) -> &Path {
        match request.place {
            Place::Metadata => &self.metadata,
            Place::Targets => &self.targets,
        }
    }

    fn read(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let base = self.base(request);
        // A folder that is gone is not a repository without the file: that would pass for "no newer root".
        let root = fs::canonicalize(base).map_err(|error| no_folder(base, error))?;
        let inside = (!self.follows_links).then_some(&*root);
        let candidates = candidates(request);
        if candidates.is_empty() {
            let reason = "it has a part that could lead outside the repository's folder";
            return Err(TransportError::BadLocation { location: request.name(), reason });
        }
        for candidate in &candidates {
            if let Some(file) = open(&base.join(candidate), inside)? {
                return match read_file_at_most(&file, request.limit).map_err(io_error(&base.join(candidate)))? {
                    Some(bytes) => Ok(bytes),
                    None => Err(TransportError::TooLong {
                        location: base.join(candidate).display().to_string(),
                        limit: request.limit,
                    }),
                };
            }
        }
        Err(TransportError::NotFound { location: base.join(&candidates[0]).display().to_string(), forbidden: false })
    }
}

impl Transport for Folder {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.observed(request)
    }
}

/// Reads within the call: files of this size come from memory as a rule, and moving them to another thread costs more.
impl AsyncTransport for Folder {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        std::future::ready(self.observed(request))
    }
}

/// Where below the base the file can be, the likeliest first. A metadata file whose name has special characters is
/// there percent-encoded, as most writers name it, or under the decoded name, which web servers make of the URL.
fn candidates(request: &Request) -> Vec<PathBuf> {
    let mut candidates = Vec::new();
    let decoded = match request.place {
        Place::Metadata => {
            let encoded = percent_encode(&request.name());
            if check_component(&encoded).is_ok() {
                candidates.push(PathBuf::from(encoded));
            }
            request.segments.iter().flat_map(|segment| segment.split('/')).collect::<Vec<_>>()
        }
        Place::Targets => request.segments.iter().map(String::as_str).collect(),
    };
    if !decoded.is_empty() && decoded.iter().all(|component| check_component(component).is_ok()) {
        let decoded: PathBuf = decoded.iter().collect();
        if candidates.first() != Some(&decoded) {
            candidates.push(decoded);
        }
    }
    candidates
}

/// The regular file at `path`, with all links followed, if it is there and `inside` the folder that it has to be in.
fn open(path: &Path, inside: Option<&Path>) -> Result<Option<File>, TransportError> {
    let real = match fs::canonicalize(path) {
        Ok(real) => real,
        // A link that leads nowhere is there: it must not pass for "no newer root".
        Err(error) if is_absent(&error) && !is_link(path) => return Ok(None),
        Err(error) => return Err(io_error(path)(error)),
    };
    if inside.is_some_and(|root| !real.starts_with(root)) {
        return Err(TransportError::LinkLeadsOutside { location: path.display().to_string() });
    }
    let refuse =
        || TransportError::BadLocation { location: path.display().to_string(), reason: "it is not a regular file" };
    // Before opening: to open a pipe is to wait for its writer. And after it: the name may have got another meaning.
    if !fs::metadata(&real).map_err(io_error(path))?.is_file() {
        return Err(refuse());
    }
    let file = File::open(&real).map_err(io_error(path))?;
    match file.metadata().map_err(io_error(path))?.is_file() {
        true => Ok(Some(file)),
        false => Err(refuse()),
    }
}

fn is_link(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|found| found.is_symlink())
}

/// The failure of a repository whose folder cannot be entered.
fn no_folder(folder: &Path, error: io::Error) -> TransportError {
    if error.kind() == io::ErrorKind::NotFound && looks_like_host(folder) {
        let reason = "there is no such folder; the URL of a web server begins with http:// or https://";
        return TransportError::BadLocation { location: folder.display().to_string(), reason };
    }
    io_error(folder)(error)
}

/// Also for a file where a folder belongs, and for a name that this file system cannot have.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory | io::ErrorKind::InvalidFilename)
}

fn io_error(path: &Path) -> impl FnOnce(io::Error) -> TransportError + use<> {
    let location = path.display().to_string();
    move |error| TransportError::Io { location, error }
}
