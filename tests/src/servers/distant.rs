//! A repository at a distance: a request takes one round trip, in a time that passes only while somebody waits.

use std::collections::VecDeque;
use std::future::Future;
use std::pin::{Pin, pin};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use rootline_client::transport::{AsyncTransport, ConcurrentFetches, Fetched, Request, Transport, TransportError};

use crate::recorder::shown;

/// A transport that counts round trips. Requests made at the same time share one.
#[derive(Debug)]
pub struct Distant<T> {
    inner: T,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    /// In round trips since the beginning.
    now: u64,
    /// When each request was made, and what for.
    asked: Vec<(u64, String)>,
    /// Who waits for which time.
    waiting: Vec<(u64, Waker)>,
}

impl<T> Distant<T> {
    /// Puts `inner` at a distance.
    pub fn new(inner: T) -> Distant<T> {
        Distant { inner, state: Mutex::default() }
    }

    /// How many round trips have passed.
    pub fn round_trips(&self) -> u64 {
        self.state().now
    }

    /// What was asked for, one line for each round trip in which something was.
    pub fn asked(&self) -> Vec<String> {
        let state = self.state();
        let mut lines: Vec<(u64, String)> = Vec::new();
        for (at, name) in &state.asked {
            match lines.last_mut() {
                Some((last, line)) if last == at => *line = format!("{line} {name}"),
                _ => lines.push((*at, name.clone())),
            }
        }
        lines.into_iter().map(|(_, line)| line).collect()
    }

    /// Polls `future` to its end; time passes whenever it waits.
    ///
    /// # Panics
    /// If it waits for anything else than this transport.
    pub fn block_on<R>(&self, future: impl Future<Output = R>) -> R {
        let mut future = pin!(future);
        loop {
            if let Poll::Ready(outcome) = future.as_mut().poll(&mut Context::from_waker(Waker::noop())) {
                return outcome;
            }
            self.pass_time();
        }
    }

    /// On to the next time that somebody waits for.
    fn pass_time(&self) {
        let mut state = self.state();
        let next = state.waiting.iter().map(|(due, _)| *due).min().expect("somebody waits for a file");
        state.now = state.now.max(next);
        let (due, later) = std::mem::take(&mut state.waiting).into_iter().partition(|(due, _)| *due <= next);
        state.waiting = later;
        drop(state);
        let due: Vec<(u64, Waker)> = due;
        due.into_iter().for_each(|(_, waker)| waker.wake());
    }

    /// Notes a request, and says when its answer is there.
    fn ask(&self, request: &Request) -> u64 {
        let mut state = self.state();
        let now = state.now;
        state.asked.push((now, shown(request)));
        now + 1
    }

    fn wait_until(&self, due: u64) {
        let mut state = self.state();
        state.now = state.now.max(due);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: Transport> Transport for Distant<T> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let due = self.ask(request);
        self.wait_until(due);
        self.inner.fetch(request)
    }

    fn concurrently(&self) -> Option<Box<dyn ConcurrentFetches + '_>> {
        Some(Box::new(UnderWay { distant: self, requests: VecDeque::new() }))
    }
}

/// Requests under way; the first one asked is the first one there.
struct UnderWay<'a, T> {
    distant: &'a Distant<T>,
    requests: VecDeque<(u64, Request)>,
}

impl<T: Transport> ConcurrentFetches for UnderWay<'_, T> {
    fn ask(&mut self, request: Request, _: Option<String>) {
        self.requests.push_back((self.distant.ask(&request), request));
    }

    fn next(&mut self) -> Option<(Request, Result<Fetched, TransportError>)> {
        let (due, request) = self.requests.pop_front()?;
        self.distant.wait_until(due);
        let fetched = self.distant.inner.fetch_unless(&request, None);
        Some((request, fetched))
    }
}

impl<T: Transport + Send + Sync> AsyncTransport for Distant<T> {
    async fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        Arrival { distant: self, due: self.ask(request) }.await;
        self.inner.fetch(request)
    }
}

struct Arrival<'a, T> {
    distant: &'a Distant<T>,
    due: u64,
}

impl<T> Future for Arrival<'_, T> {
    type Output = ();

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let mut state = self.distant.state();
        if state.now >= self.due {
            return Poll::Ready(());
        }
        state.waiting.push((self.due, context.waker().clone()));
        Poll::Pending
    }
}
