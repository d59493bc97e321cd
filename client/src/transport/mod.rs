//! Fetching the files of a repository: from a folder, over HTTP(S), or from wherever a caller likes.
//!
//! A transport brings bytes and vouches for nothing. It keeps three promises: it accepts no more bytes than the request
//! allows, and counts them itself while they arrive; what it is asked for can not name anything outside the repository;
//! and it tells "not there" apart from every other failure, because for the next root version that is the good answer.

mod error;
mod folder;
#[cfg(feature = "http")]
mod http;
mod request;

pub use error::TransportError;
pub use folder::Folder;
#[cfg(feature = "http")]
pub use http::{Http, HttpBlocking, HttpSettings, ProxyChoice};
pub use request::{Place, Request};

/// Brings the files of one repository, and waits for them.
pub trait Transport {
    /// The bytes of one file.
    ///
    /// # Errors
    ///
    /// [`TransportError::NotFound`] when the repository has no such file; [`TransportError::TooLong`] when it has more
    /// than [`Request::limit`] bytes; the others by their culprit, see [`TransportError`].
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError>;
}

/// Brings the files of one repository, several at the same time if the caller likes.
pub trait AsyncTransport: Send + Sync {
    /// The bytes of one file. Dropping the future ends the transfer.
    ///
    /// # Errors
    ///
    /// As [`Transport::fetch`].
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send;
}

impl<T: Transport + ?Sized> Transport for &T {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        (**self).fetch(request)
    }
}

impl<T: Transport + ?Sized> Transport for Box<T> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        (**self).fetch(request)
    }
}

impl<T: AsyncTransport> AsyncTransport for &T {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        (**self).fetch(request)
    }
}
