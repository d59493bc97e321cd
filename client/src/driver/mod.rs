//! Turning the workflow's cranks: between a transport, the local copy and nothing else.
//!
//! All local steps are the same for a caller who waits and one who does not; only fetching differs. With [`Prefetch::On`] the files that
//! a crank will probably need are asked for at the same time as the one it needs, so that a refresh takes few round trips.
//! They are judged in their turn, in order, and dropped if nobody asks for them.

pub mod last_check;
pub mod offline;
pub mod pending_writes;

use std::collections::{BTreeMap, BTreeSet};

use futures_util::StreamExt;
use futures_util::stream::FuturesUnordered;
use rootline_metadata::file_name;

use crate::driver::pending_writes::Unsaved;
use crate::error::{Error, Note};
use crate::store::Store;
use crate::transport::{AsyncTransport, Fetched, Place, Request, Transport, TransportError};
use crate::workflow::{Answer, Crank, Seen, Step};

/// Whether to fetch what will probably be needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Prefetch {
    /// At the same time as what is needed, where the transport can.
    On,
    /// No: one request after the other, and none in vain.
    Off,
}

/// Turns a crank until it is done, waiting for every file.
///
/// # Errors
/// If a check refuses, or a file does not arrive.
pub fn turn<C: Crank>(
    mut crank: C,
    transport: &impl Transport,
    local: &mut Unsaved<'_, impl Store>,
    prefetch: Prefetch,
) -> Result<C::Outcome, Error> {
    let mut together = if prefetch == Prefetch::On { transport.together() } else { None };
    let mut pool = Pool::default();
    loop {
        let request = match turn_to_fetch(&mut crank, local)? {
            Next::Fetch(request) => request,
            Next::Done(outcome) => return Ok(outcome),
        };
        let fetched = loop {
            let Some(together) = &mut together else {
                break transport.fetch_unless(&request, local.etag(&request));
            };
            if let Some(fetched) = pool.take(&request) {
                break fetched;
            }
            for wanted in pool.not_yet_asked(&request, &crank) {
                let etag = local.etag(&wanted).map(str::to_owned);
                together.ask(wanted, etag);
            }
            match together.next() {
                Some((request, fetched)) => pool.arrived(request, fetched),
                None => break transport.fetch_unless(&request, local.etag(&request)),
            }
        };
        take_fetched(&mut crank, &request, fetched, local)?;
    }
}

/// Turns a crank until it is done, without blocking on the network. The store is used in place: its files are small.
///
/// # Errors
/// As [`turn`].
pub async fn turn_async<C: Crank>(
    mut crank: C,
    transport: &impl AsyncTransport,
    local: &mut Unsaved<'_, impl Store>,
    prefetch: Prefetch,
) -> Result<C::Outcome, Error> {
    let mut running = FuturesUnordered::new();
    let mut pool = Pool::default();
    loop {
        let request = match turn_to_fetch(&mut crank, local)? {
            Next::Fetch(request) => request,
            Next::Done(outcome) => return Ok(outcome),
        };
        let fetched = loop {
            if prefetch == Prefetch::Off {
                break transport.fetch_unless(&request, local.etag(&request)).await;
            }
            if let Some(fetched) = pool.take(&request) {
                break fetched;
            }
            for wanted in pool.not_yet_asked(&request, &crank) {
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
        take_fetched(&mut crank, &request, fetched, local)?;
    }
}

enum Next<T> {
    Fetch(Request),
    Done(T),
}

/// Does all local steps, up to the next file that has to be fetched.
fn turn_to_fetch<C: Crank>(crank: &mut C, local: &mut Unsaved<'_, impl Store>) -> Result<Next<C::Outcome>, Error> {
    loop {
        match crank.step()? {
            Step::Load(file, limit) => crank.answer(local.load(&file, limit))?,
            Step::Store(file, content) => {
                local.keep(file, content);
                crank.answer(Answer::Stored)?;
            }
            Step::Fetch(request) => return Ok(Next::Fetch(request)),
            Step::Done(outcome) => return Ok(Next::Done(outcome)),
        }
    }
}

fn take_fetched<C: Crank>(
    crank: &mut C,
    request: &Request,
    fetched: Result<Fetched, TransportError>,
    local: &mut Unsaved<'_, impl Store>,
) -> Result<(), Error> {
    let answer = match fetched {
        Ok(Fetched::New { bytes, etag }) => {
            local.take_etag(request, etag);
            Answer::Bytes(bytes)
        }
        // Only the timestamp is ever asked for in this way, and then its bytes are here.
        Ok(Fetched::Unchanged) => local.unchanged(request).map_or(Answer::Absent, Answer::Bytes),
        Err(TransportError::NotFound { forbidden, .. }) => {
            if forbidden && file_name::root_version(&request.name()).is_some() {
                local.note(Note::RootForbidden { name: request.name() });
            }
            Answer::Absent
        }
        Err(error) => return Err(error.into()),
    };
    Ok(crank.answer(answer)?)
}

/// What was asked for ahead of its turn.
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
    /// What has to be asked for now: `needed`, and with it what the crank will probably need.
    fn not_yet_asked(&mut self, needed: &Request, crank: &impl Crank) -> Vec<Request> {
        let mut requests = vec![needed.clone()];
        requests.extend(crank.ahead(self));
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

impl Seen for Pool {
    fn bytes(&self, name: &str) -> Option<&[u8]> {
        match &self.arrived.get(&(false, vec![name.to_owned()]))?.1 {
            Ok(Fetched::New { bytes, .. }) => Some(bytes),
            _ => None,
        }
    }
}
