//! What is kept with a ceremony as it came: requests, responses, and the signatures that later ones have replaced. Each file is called after what
//! is in it, so that none takes the place of another, in another clone either.

use std::path::{Path, PathBuf};

use rootline_ceremonies::{Request, SignatureFile, SigningResponse};
use rootline_metadata::format::FileError;
use rootline_metadata::{hex, sha256};

use super::atomic_file;
use super::ceremony::CeremonyFolder;
use super::links;
use super::read_files::read_files;
use crate::failure::Failure;

/// The folder of the requests that keyholders were sent.
const REQUESTS: &str = "requests";

/// The folder of the responses that were taken.
const RESPONSES: &str = "responses";

/// The folder of the signature files that later ones have replaced.
const VOIDED: &str = "voided";

impl CeremonyFolder {
    /// Keeps a signature file that another one, of the same part and keyholder, is about to replace.
    pub(super) fn keep_voided(&self, file: &SignatureFile, earlier: &[u8]) -> Result<(), Failure> {
        self.keep(&self.voided_path(file, earlier), earlier)
    }

    /// The signature files that later ones have replaced.
    pub(crate) fn voided_files(&self) -> Result<Vec<SignatureFile>, Failure> {
        let read = |path: &Path, bytes: &[u8]| SignatureFile::parse(bytes).map_err(|error| damaged(path, &error));
        self.kept(VOIDED, "signature file", read, |file, bytes| {
            (file.ceremony == *self.id()).then(|| self.voided_path(file, bytes))
        })
    }

    /// Keeps a response whose signatures were taken, as it came.
    pub(crate) fn keep_response(&self, response: &SigningResponse, bytes: &[u8]) -> Result<(), Failure> {
        self.keep(&self.response_path(response, bytes), bytes)
    }

    /// The responses that were kept.
    pub(crate) fn responses(&self) -> Result<Vec<SigningResponse>, Failure> {
        let read = |path: &Path, bytes: &[u8]| SigningResponse::parse(bytes).map_err(|error| damaged(path, &error));
        self.kept(RESPONSES, "response", read, |response, bytes| Some(self.response_path(response, bytes)))
    }

    /// Keeps a request that keyholders are sent, and returns the path of its file.
    pub(crate) fn keep_request(&self, request: &Request, bytes: &[u8]) -> Result<PathBuf, Failure> {
        let path = self.request_path(request, bytes);
        self.keep(&path, bytes)?;
        Ok(path)
    }

    /// The requests that were kept, each read as a keyholder reads it.
    pub(crate) fn requests(&self) -> Result<Vec<Request>, Failure> {
        self.refuse_links()?;
        let read = |path: &Path, bytes: &[u8]| {
            Request::read(bytes.to_vec()).map_err(|error| Failure::from(error).about(&path.display().to_string()))
        };
        self.kept(REQUESTS, "request", read, |request, bytes| {
            (request.plan().id() == self.id()).then(|| self.request_path(request, bytes))
        })
    }

    fn voided_path(&self, file: &SignatureFile, bytes: &[u8]) -> PathBuf {
        let folder = self.path().join(VOIDED).join(file.part.folder_name());
        folder.join(file_name(file.keyholder.as_str(), bytes))
    }

    fn response_path(&self, response: &SigningResponse, bytes: &[u8]) -> PathBuf {
        self.path().join(RESPONSES).join(file_name(response.keyholder.as_str(), bytes))
    }

    fn request_path(&self, request: &Request, bytes: &[u8]) -> PathBuf {
        self.path().join(REQUESTS).join(file_name(&request.revision().to_string(), bytes))
    }

    fn keep(&self, path: &Path, bytes: &[u8]) -> Result<(), Failure> {
        links::refuse_on_the_way(self.top(), path)?;
        atomic_file::ensure(path, bytes)
    }

    /// Reads all files of a folder, each of which has to be in the place that belongs to what is in it; none does for another ceremony's.
    fn kept<T>(
        &self,
        folder: &str,
        what: &str,
        read: impl Fn(&Path, &[u8]) -> Result<T, Failure>,
        place: impl Fn(&T, &[u8]) -> Option<PathBuf>,
    ) -> Result<Vec<T>, Failure> {
        let folder = self.path().join(folder);
        let read = |(name, bytes): (String, Vec<u8>)| {
            let path = folder.join(&name);
            let kept = read(&path, &bytes)?;
            match place(&kept, &bytes).as_ref() == Some(&path) {
                true => Ok(kept),
                false => Err(Failure::new(
                    format!("{} is not the {what} that its name says", path.display()),
                    "restore it from version control, or move it out of this folder",
                )),
            }
        };
        read_files(&folder)?.into_iter().map(read).collect()
    }
}

fn damaged(path: &Path, error: &FileError) -> Failure {
    Failure::file(path, error, "restore it from version control")
}

/// The name of a file: who or what it is of, and the first 16 hex digits of its SHA-256 digest, which tell it from others.
fn file_name(of: &str, bytes: &[u8]) -> String {
    format!("{of}-{}.json", hex::encode(sha256(bytes).first_chunk::<8>().unwrap_or(&[0; 8])))
}
