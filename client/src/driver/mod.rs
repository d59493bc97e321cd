//! Driving the workflow's state machines: between a transport, the cache and nothing else.
//!
//! All local actions are the same for a blocking and an asynchronous caller; only fetching differs. With [`Prefetch::On`] the files that
//! a machine will probably need are requested at the same time as the one it needs, so that a refresh takes few round trips.
//! Each is verified when the machine asks for it, in order, and dropped if it never does.

pub(crate) mod attempts;
pub(crate) mod last_check;
pub(crate) mod pending_writes;
pub(crate) mod save_seen;
pub(crate) mod worker;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rootline_metadata::file_name;

pub use pending_writes::Persistence;

use crate::driver::pending_writes::PendingWrites;
use crate::driver::worker::Worker;
use crate::error::{Error, Note};
use crate::store::Store;
use crate::transport::{AsyncTransport, Fetched, Place, Request, Transport, TransportError};
use crate::workflow::{Action, Input, Prefetched, Seen, StateMachine};

/// Whether to fetch what will probably be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefetch {
    /// At the same time as what is needed, where the transport can.
    On,
    /// No: one request after the other, and none in vain.
    Off,
}

impl Prefetch {
    /// This, where the transport can fetch several files at the same time. Elsewhere files come one after the other anyway: nothing can have
    /// been mixed up, and nothing need be tried again.
    pub(crate) fn where_possible(self, transport: &impl Transport) -> Prefetch {
        if transport.concurrently().is_some() { self } else { Prefetch::Off }
    }
}

/// How the files of one attempt are fetched.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fetching {
    /// With what will probably be needed, where the transport can.
    Ahead,
    /// One after the other.
    Plainly,
    /// One after the other, and past caches: what was refused may be a mixture of publications that only a cache shows.
    PastCaches,
}

impl From<Prefetch> for Fetching {
    fn from(prefetch: Prefetch) -> Fetching {
        match prefetch {
            Prefetch::On => Fetching::Ahead,
            Prefetch::Off => Fetching::Plainly,
        }
    }
}

impl Fetching {
    /// The request, as it is made so.
    pub(crate) fn request(self, request: Request) -> Request {
        request.with_past_caches(self == Fetching::PastCaches)
    }
}

/// Drives a state machine to its outcome, blocking on every file.
///
/// # Errors
/// If a check refuses, or a file does not arrive.
pub(crate) fn drive<M: StateMachine>(
    mut machine: M,
    transport: &impl Transport,
    local: &mut PendingWrites<impl Store>,
    fetching: impl Into<Fetching>,
) -> Result<M::Outcome, Error> {
    let fetching = fetching.into();
    let mut concurrent = if fetching == Fetching::Ahead { transport.concurrently() } else { None };
    let mut pool = Pool::default();
    loop {
        let request = match drive_to_fetch(&mut machine, local)? {
            Next::Fetch(request) => fetching.request(request),
            Next::Done(outcome) => return Ok(outcome),
        };
        let fetched = loop {
            let Some(concurrent) = &mut concurrent else {
                break transport.fetch_unless(&request, local.etag(&request));
            };
            if let Some(fetched) = pool.take(&request) {
                break fetched;
            }
            for wanted in pool.not_yet_asked(&request, &machine) {
                let etag = local.etag(&wanted).map(str::to_owned);
                concurrent.ask(wanted, etag);
            }
            match concurrent.next() {
                Some((request, fetched)) => pool.arrived(request, fetched),
                None => break transport.fetch_unless(&request, local.etag(&request)),
            }
        };
        take_fetched(&mut machine, &request, fetched, local)?;
    }
}

/// Drives a state machine to its outcome without blocking the caller's thread: what reads the cache or checks signatures is done by
/// `worker`. Returns the files to write as well, since they went there and back; what was verified is added to `seen` at each step, since
/// the caller may drop this future at any time.
pub(crate) async fn drive_async<M, S>(
    mut machine: M,
    transport: &impl AsyncTransport,
    mut local: PendingWrites<S>,
    fetching: impl Into<Fetching>,
    worker: &Worker,
    seen: &mut Seen,
) -> (Result<M::Outcome, Error>, PendingWrites<S>)
where
    M: StateMachine<Outcome: Send> + Send + 'static,
    S: Store + Send + 'static,
{
    let fetching = fetching.into();
    let mut running = FuturesUnordered::new();
    let mut pool = Pool::default();
    let mut arrived = None;
    loop {
        let next;
        (machine, local, next) = worker
            .run(move || {
                let next = take_and_drive(&mut machine, arrived, &mut local);
                (machine, local, next)
            })
            .await;
        local.add_to(seen);
        let request = match next {
            Ok(Next::Fetch(request)) => fetching.request(request),
            Ok(Next::Done(outcome)) => return (Ok(outcome), local),
            Err(error) => return (Err(error), local),
        };
        let fetched = loop {
            if fetching != Fetching::Ahead {
                break transport.fetch_unless(&request, local.etag(&request)).await;
            }
            if let Some(fetched) = pool.take(&request) {
                break fetched;
            }
            for wanted in pool.not_yet_asked(&request, &machine) {
                let etag = local.etag(&wanted).map(str::to_owned);
                running.push(async move {
                    let fetched = transport.fetch_unless(&wanted, etag.as_deref()).await;
                    (wanted, fetched)
                });
            }
            match running.next().await {
                Some((request, fetched)) => pool.arrived(request, fetched),
                None => break transport.fetch_unless(&request, local.etag(&request)).await,
            }
        };
        arrived = Some((request, fetched));
    }
}

/// Hands over the file that has arrived, if there is one, and does all local steps up to the next file.
fn take_and_drive<M: StateMachine>(
    machine: &mut M,
    arrived: Option<(Request, Result<Fetched, TransportError>)>,
    local: &mut PendingWrites<impl Store>,
) -> Result<Next<M::Outcome>, Error> {
    if let Some((request, fetched)) = arrived {
        take_fetched(machine, &request, fetched, local)?;
    }
    drive_to_fetch(machine, local)
}

enum Next<T> {
    Fetch(Request),
    Done(T),
}

/// Does all local steps, up to the next file that has to be fetched.
fn drive_to_fetch<M: StateMachine>(
    machine: &mut M,
    local: &mut PendingWrites<impl Store>,
) -> Result<Next<M::Outcome>, Error> {
    loop {
        match machine.action()? {
            Action::Load(file, limit) => hand_over(machine, local.load(&file, limit), local)?,
            Action::Store(file, content) => {
                local.write(file, content);
                hand_over(machine, Input::Stored, local)?;
            }
            Action::Fetch(request) => return Ok(Next::Fetch(request)),
            Action::Done(outcome) => return Ok(Next::Done(outcome)),
        }
    }
}

fn take_fetched<M: StateMachine>(
    machine: &mut M,
    request: &Request,
    fetched: Result<Fetched, TransportError>,
    local: &mut PendingWrites<impl Store>,
) -> Result<(), Error> {
    let input = match fetched {
        Ok(Fetched::New { bytes, etag }) => {
            local.take_etag(request, etag);
            Input::Bytes(bytes)
        }
        // Only the timestamp is ever asked for in this way, and then its bytes are here.
        Ok(Fetched::Unchanged) => local.unchanged(request).map_or(Input::Absent, Input::Bytes),
        Err(TransportError::NotFound { forbidden, .. }) => {
            if forbidden && file_name::root_version(&request.name()).is_some() {
                local.note(Note::RootForbidden { name: request.name() });
            }
            Input::Absent
        }
        Err(error) => return Err(error.into()),
    };
    hand_over(machine, input, local)
}

/// Gives the machine what it has asked for, and keeps what it noticed.
fn hand_over<M: StateMachine>(
    machine: &mut M,
    input: Input,
    local: &mut PendingWrites<impl Store>,
) -> Result<(), Error> {
    let taken = machine.input(input);
    machine.take_notes().into_iter().for_each(|note| local.note(note));
    Ok(taken?)
}

/// Files that were requested before the machine asked for them.
#[derive(Default)]
struct Pool {
    asked: BTreeSet<Name>,
    arrived: BTreeMap<Name, (u64, Result<Fetched, TransportError>)>,
}

type Name = (bool, Vec<String>);

fn name(request: &Request) -> Name {
    (request.place == Place::Targets, request.segments.clone())
}

impl Pool {
    /// What has to be asked for now: `needed`, and with it what the machine will probably need.
    fn not_yet_asked(&mut self, needed: &Request, machine: &impl StateMachine) -> Vec<Request> {
        let mut requests = vec![needed.clone()];
        requests.extend(machine.prefetch_plan(self));
        requests.retain(|request| self.asked.insert(name(request)));
        requests
    }

    fn arrived(&mut self, request: Request, fetched: Result<Fetched, TransportError>) {
        self.arrived.insert(name(&request), (request.limit, fetched));
    }

    /// What came of `request`. What was fetched under another limit counts if it is within this one; otherwise it is asked for again.
    fn take(&mut self, request: &Request) -> Option<Result<Fetched, TransportError>> {
        let name = name(request);
        let (limit, fetched) = self.arrived.remove(&name)?;
        let counts = match &fetched {
            Ok(Fetched::New { bytes, .. }) => bytes.len() as u64 <= request.limit,
            Ok(Fetched::Unchanged) => true,
            Err(error) => limit == request.limit || error.is_not_found(),
        };
        if !counts {
            self.asked.remove(&name);
        }
        counts.then_some(fetched)
    }
}

impl Prefetched for Pool {
    fn bytes(&self, name: &str) -> Option<&[u8]> {
        match &self.arrived.get(&(false, vec![name.to_owned()]))?.1 {
            Ok(Fetched::New { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }
}
