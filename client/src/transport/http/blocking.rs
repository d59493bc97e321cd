//! HTTP for callers without a runtime.

use std::fmt;

use tokio::runtime::{Builder, Handle, Runtime};

use super::super::{AsyncTransport, ConcurrentFetches, Fetched, Request, Transport, TransportError};
use super::Http;
use super::concurrent::ConcurrentHttp;

/// [`Http`] with a small runtime of its own, on the calling thread. Connections stay open from one call to the next.
pub struct HttpBlocking {
    http: Http,
    /// `None` only while this is dropped.
    runtime: Option<Runtime>,
}

impl HttpBlocking {
    /// Wraps `http`.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when the system has no more file descriptors.
    pub fn new(http: Http) -> Result<Self, TransportError> {
        let runtime = Builder::new_current_thread()
            .enable_io()
            .enable_time()
            .build()
            .map_err(|error| TransportError::Setup { reason: format!("no runtime: {error}") })?;
        Ok(Self { http, runtime: Some(runtime) })
    }

    /// The transport inside, for futures that [`block_on`](Self::block_on) is to run.
    pub fn http(&self) -> &Http {
        &self.http
    }

    /// Runs `future` to its end on this thread: an asynchronous driver, say, which fetches several files at once.
    ///
    /// # Errors
    ///
    /// [`TransportError::Setup`] when this thread is already running futures and may not wait.
    pub fn block_on<F: Future>(&self, future: F) -> Result<F::Output, TransportError> {
        let setup = |reason: &str| TransportError::Setup { reason: reason.to_owned() };
        if Handle::try_current().is_ok() {
            return Err(setup("the blocking transport was used within an asynchronous program"));
        }
        let runtime = self.runtime.as_ref().ok_or_else(|| setup("the transport was dropped"))?;
        Ok(runtime.block_on(future))
    }
}

impl Transport for HttpBlocking {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.block_on(self.http.fetch(request))?
    }

    fn fetch_unless(&self, request: &Request, etag: Option<&str>) -> Result<Fetched, TransportError> {
        self.block_on(self.http.fetch_unless(request, etag))?
    }

    fn concurrently(&self) -> Option<Box<dyn ConcurrentFetches + '_>> {
        Some(Box::new(ConcurrentHttp::new(self)))
    }

    fn begin_session(&self) {
        self.http.begin_session();
    }
}

impl Drop for HttpBlocking {
    /// Waits for nothing: a name that is still being resolved must not hold up the end of the program.
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

impl fmt::Debug for HttpBlocking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpBlocking").field("http", &self.http).finish_non_exhaustive()
    }
}
