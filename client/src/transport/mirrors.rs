//! Several places of one repository.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::{AsyncTransport, ConcurrentFetches, Fetched, Request, Transport, TransportError};

/// The mirrors of one repository, in the order in which they are used. One that fails, or serves what is not trusted, is left for the
/// next one; each session begins with the first. What they serve is verified alike, so none of them has to be trusted.
#[derive(Debug)]
pub struct Mirrors<T> {
    first: Source<T>,
    others: Vec<Source<T>>,
    /// 0 is the first, `n` the `n`th of the others.
    current: AtomicUsize,
}

/// The mirrors of an instance, each a web server or a folder as its URL says. [`Instance::transport`](crate::Instance::transport) opens them.
#[cfg(feature = "http")]
pub type OpenTransport = Mirrors<Box<dyn Transport + Send + Sync>>;

#[derive(Debug)]
struct Source<T> {
    location: String,
    transport: T,
}

impl<T> Mirrors<T> {
    /// One place; `location` is how messages name it.
    pub fn new(location: impl Into<String>, transport: T) -> Self {
        let first = Source { location: location.into(), transport };
        Mirrors { first, others: Vec::new(), current: AtomicUsize::new(0) }
    }

    /// Adds a further place, which is used when those before it have failed.
    #[must_use]
    pub fn then(mut self, location: impl Into<String>, transport: T) -> Self {
        self.others.push(Source { location: location.into(), transport });
        self
    }

    /// How messages name the place in use.
    pub fn location(&self) -> &str {
        &self.current().location
    }

    fn all(&self) -> impl Iterator<Item = &Source<T>> {
        std::iter::once(&self.first).chain(&self.others)
    }

    fn current(&self) -> &Source<T> {
        let others = self.current.load(Ordering::Relaxed).checked_sub(1);
        others.and_then(|index| self.others.get(index)).unwrap_or(&self.first)
    }

    fn leave(&self) -> Option<String> {
        let current = self.current.load(Ordering::Relaxed);
        if current >= self.others.len() {
            return None;
        }
        let left = self.location().to_owned();
        self.current.store(current + 1, Ordering::Relaxed);
        Some(left)
    }
}

impl<T: Transport> Transport for Mirrors<T> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.current().transport.fetch(request)
    }

    fn fetch_unless(&self, request: &Request, etag: Option<&str>) -> Result<Fetched, TransportError> {
        self.current().transport.fetch_unless(request, etag)
    }

    fn concurrently(&self) -> Option<Box<dyn ConcurrentFetches + '_>> {
        self.current().transport.concurrently()
    }

    fn leave_mirror(&self) -> Option<String> {
        self.leave()
    }

    fn first_mirror(&self) {
        self.current.store(0, Ordering::Relaxed);
    }

    fn begin_session(&self) {
        self.all().for_each(|mirror| mirror.transport.begin_session());
    }
}

impl<T: AsyncTransport> AsyncTransport for Mirrors<T> {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        self.current().transport.fetch(request)
    }

    fn fetch_unless(
        &self,
        request: &Request,
        etag: Option<&str>,
    ) -> impl Future<Output = Result<Fetched, TransportError>> + Send {
        self.current().transport.fetch_unless(request, etag)
    }

    fn leave_mirror(&self) -> Option<String> {
        self.leave()
    }

    fn first_mirror(&self) {
        self.current.store(0, Ordering::Relaxed);
    }

    fn begin_session(&self) {
        self.all().for_each(|mirror| mirror.transport.begin_session());
    }
}
