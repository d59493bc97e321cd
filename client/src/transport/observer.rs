//! What was asked for and what came, for logs and for people who look for the slow mirror.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

/// One request that is over: of a web server each hop of a redirect and each attempt is one, of a folder each file.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Exchange {
    /// The URL, without credentials and without its query, or the path.
    pub location: String,
    /// What came of it.
    pub answer: Answer,
    /// The `Cache-Control` of a web server's answer, where it had one.
    pub cache_control: Option<String>,
    /// The bytes of its body, as far as they were read. Of a redirect and of a refusal they are not counted.
    pub bytes: u64,
    /// The time from the request to its end.
    pub time: Duration,
}

/// What came of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Answer {
    /// A web server answered with this HTTP status.
    Status(u16),
    /// A web server did not answer: no connection, no time left, or the request was given up.
    Nothing,
    /// A folder has the file.
    Found,
    /// A folder does not have the file.
    NotFound,
    /// A folder could not be read, or the file is not one to be read.
    Unreadable,
}

/// A function that is called with every request of a transport when it is over. It runs within the request, so it should be quick.
#[derive(Clone)]
pub struct Observer(Arc<dyn Fn(&Exchange) + Send + Sync>);

impl Observer {
    /// An observer that calls this function.
    pub fn new(tell: impl Fn(&Exchange) + Send + Sync + 'static) -> Self {
        Self(Arc::new(tell))
    }

    /// Tells it of one request.
    pub fn observe(&self, exchange: &Exchange) {
        (self.0)(exchange);
    }
}

impl fmt::Debug for Observer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Observer(..)")
    }
}

/// A request on its way. The observer is told when this is dropped: so also of one that ran out of time or was given up.
pub(super) struct Observed {
    watch: Option<(Observer, Exchange)>,
    started: Instant,
}

impl Observed {
    /// Begins now; `location` is asked for only where somebody observes.
    pub(super) fn begin(observer: Option<&Observer>, location: impl FnOnce() -> String) -> Self {
        let watch = observer.map(|observer| {
            let answer = Answer::Nothing;
            let exchange =
                Exchange { location: location(), answer, cache_control: None, bytes: 0, time: Duration::ZERO };
            (observer.clone(), exchange)
        });
        Self { watch, started: Instant::now() }
    }

    pub(super) fn answered(&mut self, answer: Answer) {
        if let Some((_, exchange)) = &mut self.watch {
            exchange.answer = answer;
        }
    }

    #[cfg(feature = "http")]
    pub(super) fn cached(&mut self, cache_control: Option<String>) {
        if let Some((_, exchange)) = &mut self.watch {
            exchange.cache_control = cache_control;
        }
    }

    pub(super) fn read(&mut self, bytes: usize) {
        if let Some((_, exchange)) = &mut self.watch {
            exchange.bytes += bytes as u64;
        }
    }
}

impl Drop for Observed {
    fn drop(&mut self) {
        if let Some((observer, mut exchange)) = self.watch.take() {
            exchange.time = self.started.elapsed();
            observer.observe(&exchange);
        }
    }
}
