//! Files in memory as a repository.

use std::future::ready;

use super::{AsyncTransport, Request, Transport, TransportError};

/// Files in memory as a repository: a lookup from requests to bytes. A file that it does not have is [`TransportError::NotFound`], and one
/// with more bytes than the request allows [`TransportError::TooLong`], as from any repository.
///
/// ```
/// use std::collections::BTreeMap;
/// use rootline_client::transport::{InMemory, Request, Transport};
///
/// let files = BTreeMap::from([("timestamp.json".to_owned(), b"{}".to_vec())]);
/// let repository = InMemory::new(|request: &Request| files.get(&request.name()));
/// assert_eq!(repository.fetch(&Request::metadata("timestamp.json", 2)).unwrap(), b"{}");
/// assert!(repository.fetch(&Request::metadata("timestamp.json", 1)).is_err());
/// assert!(repository.fetch(&Request::metadata("2.root.json", 2)).unwrap_err().is_not_found());
/// ```
#[derive(Clone, Debug)]
pub struct InMemory<F> {
    find: F,
    place: &'static str,
}

impl<B: AsRef<[u8]>, F: Fn(&Request) -> Option<B>> InMemory<F> {
    /// Serves the files that `find` finds.
    pub fn new(find: F) -> Self {
        InMemory { find, place: "" }
    }

    /// Names the place of the files in errors, such as "in the bundle".
    #[must_use]
    pub fn in_place(self, place: &'static str) -> Self {
        InMemory { place, ..self }
    }

    fn read(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let location = || format!("{} {}", request.name(), self.place).trim_end().to_owned();
        match (self.find)(request) {
            None => Err(TransportError::NotFound { location: location(), forbidden: false }),
            Some(bytes) if bytes.as_ref().len() as u64 > request.limit => {
                Err(TransportError::TooLong { location: location(), limit: request.limit })
            }
            Some(bytes) => Ok(bytes.as_ref().to_vec()),
        }
    }
}

impl<B: AsRef<[u8]>, F: Fn(&Request) -> Option<B>> Transport for InMemory<F> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.read(request)
    }
}

impl<B: AsRef<[u8]>, F: Fn(&Request) -> Option<B> + Send + Sync> AsyncTransport for InMemory<F> {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        ready(self.read(request))
    }
}
