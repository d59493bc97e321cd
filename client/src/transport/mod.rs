//! Fetching the files of a repository: from a folder, over HTTP(S), or from wherever a caller likes.
//!
//! A transport brings bytes and vouches for nothing. It keeps three promises: it accepts no more bytes than the request
//! allows, and counts them itself while they arrive; no name that it is asked for leads out of the repository;
//! and it tells "not there" apart from every other failure, because for the next root version that is the good answer.

pub(crate) mod address;
mod cached_repository;
mod error;
mod fetched;
mod file_url;
mod folder;
#[cfg(feature = "http")]
mod http;
mod in_memory;
mod mirrors;
mod observer;
mod request;

pub use address::Address;
pub use cached_repository::CachedRepository;
pub use error::TransportError;
pub use fetched::Fetched;
pub use file_url::read_file_url;
pub use folder::Folder;
#[cfg(feature = "http")]
pub use http::{Http, HttpBlocking, HttpSettings, ProxyChoice};
pub use in_memory::InMemory;
pub use mirrors::Mirrors;
#[cfg(feature = "http")]
pub use mirrors::OpenTransport;
pub use observer::{Answer, Exchange, Observer};
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

    /// Fetches a file unless it still is the one that had the entity tag `etag` (RFC 9110, 8.8.3). A transport without entity
    /// tags brings the file.
    ///
    /// # Errors
    ///
    /// As [`Transport::fetch`].
    fn fetch_unless(&self, request: &Request, etag: Option<&str>) -> Result<Fetched, TransportError> {
        let _ = etag;
        self.fetch(request).map(|bytes| Fetched::New { bytes, etag: None })
    }

    /// Fetches several files at the same time; `None` if this transport cannot.
    fn concurrently(&self) -> Option<Box<dyn ConcurrentFetches + '_>> {
        None
    }

    /// Leaves the mirror in use for the next one of the same repository, and says which one was left; `None` when there is no other.
    /// Called when it failed, or served what is not trusted.
    fn leave_mirror(&self) -> Option<String> {
        None
    }

    /// Goes back to the first mirror. Called before each refresh.
    fn first_mirror(&self) {}

    /// A session begins: a refresh with its attempts and mirrors, a search, a download. A limit on the time of all of it counts
    /// from here.
    fn begin_session(&self) {}
}

/// Several fetches at the same time, for a blocking caller.
pub trait ConcurrentFetches {
    /// Begins to fetch a file, as [`Transport::fetch_unless`] does.
    fn ask(&mut self, request: Request, etag: Option<String>);

    /// Waits for the next file to arrive; `None` if nothing is on its way. Dropping all this ends the transfers.
    fn next(&mut self) -> Option<(Request, Result<Fetched, TransportError>)>;
}

/// Brings the files of one repository, several at the same time if the caller likes.
pub trait AsyncTransport: Send + Sync {
    /// The bytes of one file. Dropping the future ends the transfer.
    ///
    /// # Errors
    ///
    /// As [`Transport::fetch`].
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send;

    /// As [`Transport::fetch_unless`]. Dropping the future ends the transfer.
    ///
    /// # Errors
    ///
    /// As [`Transport::fetch`].
    fn fetch_unless(
        &self,
        request: &Request,
        etag: Option<&str>,
    ) -> impl Future<Output = Result<Fetched, TransportError>> + Send {
        let _ = etag;
        async { self.fetch(request).await.map(|bytes| Fetched::New { bytes, etag: None }) }
    }

    /// As [`Transport::leave_mirror`].
    fn leave_mirror(&self) -> Option<String> {
        None
    }

    /// As [`Transport::first_mirror`].
    fn first_mirror(&self) {}

    /// As [`Transport::begin_session`].
    fn begin_session(&self) {}
}

/// A pointer to a transport is a transport: every method, those with a default too, is passed on to it.
macro_rules! pass_on {
    ($($pointer:ty),*) => {$(
        impl<T: Transport + ?Sized> Transport for $pointer {
            fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
                (**self).fetch(request)
            }

            fn fetch_unless(&self, request: &Request, etag: Option<&str>) -> Result<Fetched, TransportError> {
                (**self).fetch_unless(request, etag)
            }

            fn concurrently(&self) -> Option<Box<dyn ConcurrentFetches + '_>> {
                (**self).concurrently()
            }

            fn leave_mirror(&self) -> Option<String> {
                (**self).leave_mirror()
            }

            fn first_mirror(&self) {
                (**self).first_mirror();
            }

            fn begin_session(&self) {
                (**self).begin_session();
            }
        }
    )*};
}

pass_on!(&T, Box<T>);

impl<T: AsyncTransport> AsyncTransport for &T {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        (**self).fetch(request)
    }

    fn fetch_unless(
        &self,
        request: &Request,
        etag: Option<&str>,
    ) -> impl Future<Output = Result<Fetched, TransportError>> + Send {
        (**self).fetch_unless(request, etag)
    }

    fn leave_mirror(&self) -> Option<String> {
        (**self).leave_mirror()
    }

    fn first_mirror(&self) {
        (**self).first_mirror();
    }

    fn begin_session(&self) {
        (**self).begin_session();
    }
}
