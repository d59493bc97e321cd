//! Which files were asked for.

use std::sync::{Mutex, PoisonError};

use rootline_client::transport::{AsyncTransport, Place, Request, Transport, TransportError};

/// A transport that notes what it is asked for, in order.
#[derive(Debug, Default)]
pub struct Recorder<T> {
    inner: T,
    requests: Mutex<Vec<Request>>,
}

impl<T> Recorder<T> {
    /// Records what `inner` is asked for.
    pub fn new(inner: T) -> Recorder<T> {
        Recorder { inner, requests: Mutex::default() }
    }

    /// What was asked for since this was last called.
    pub fn take(&self) -> Vec<Request> {
        std::mem::take(&mut self.requests.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The names of [`Recorder::take`]; targets with `targets/` before them.
    pub fn take_names(&self) -> Vec<String> {
        self.take().iter().map(shown).collect()
    }

    fn note(&self, request: &Request) {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    }
}

/// The name of what is asked for; a target with `targets/` before it.
pub fn shown(request: &Request) -> String {
    let place = if request.place == Place::Targets { "targets/" } else { "" };
    format!("{place}{}", request.name())
}

impl<T: Transport> Transport for Recorder<T> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.note(request);
        self.inner.fetch(request)
    }
}

impl<T: AsyncTransport> AsyncTransport for Recorder<T> {
    fn fetch(&self, request: &Request) -> impl Future<Output = Result<Vec<u8>, TransportError>> + Send {
        self.note(request);
        self.inner.fetch(request)
    }
}
