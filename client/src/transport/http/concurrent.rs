//! Several fetches at once, for callers without a runtime.

use std::pin::Pin;

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;

use super::super::{AsyncTransport, ConcurrentFetches, Fetched, Request, TransportError};
use super::HttpBlocking;

type Arrival = (Request, Result<Fetched, TransportError>);

/// Fetches that go on while a caller waits for the next one.
pub(super) struct ConcurrentHttp<'a> {
    transport: &'a HttpBlocking,
    running: FuturesUnordered<Pin<Box<dyn Future<Output = Arrival> + Send + 'a>>>,
}

impl<'a> ConcurrentHttp<'a> {
    pub(super) fn new(transport: &'a HttpBlocking) -> Self {
        ConcurrentHttp { transport, running: FuturesUnordered::new() }
    }
}

impl ConcurrentFetches for ConcurrentHttp<'_> {
    fn ask(&mut self, request: Request, etag: Option<String>) {
        let http = self.transport.http();
        self.running.push(Box::pin(async move {
            let fetched = http.fetch_unless(&request, etag.as_deref()).await;
            (request, fetched)
        }));
    }

    fn next(&mut self) -> Option<Arrival> {
        // Where this thread may not wait, the caller finds out by fetching without us.
        self.transport.block_on(self.running.next()).ok().flatten()
    }
}
