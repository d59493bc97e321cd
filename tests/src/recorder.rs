//! Which files were asked for.

use std::sync::{Mutex, PoisonError};

use rootline_client::transport::{AsyncTransport, Place, Request, Transport, TransportError};

/// A transport that notes the names of what it is asked for, in order; targets with `targets/` before them.
#[derive(Debug, Default)]
pub struct Recorder<T> {
    inner: T,
    names: Mutex<Vec<String>>,
}

impl<T> Recorder<T> {
    /// Records what `inner` is asked for.
    pub fn new(inner: T) -> Recorder<T> {
        Recorder { inner, names: Mutex::default() }
    }

    /// What was asked for since this was last called.
    pub fn take_names(&self) -> Vec<String> {
        std::mem::take(&mut self.names.lock().unwrap_or_else(PoisonError::into_inner))
    }

    fn note(&self, request: &Request) {
        let place = if request.place == Place::Targets { "targets/" } else { "" };
        let name = format!("{place}{}", request.name());
        self.names.lock().unwrap_or_else(PoisonError::into_inner).push(name);
    }
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
