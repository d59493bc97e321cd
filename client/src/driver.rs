//! Turning the workflow's cranks: between a transport, a store and nothing else.
//!
//! All local steps are the same for a caller who waits and one who does not; only fetching differs.

use crate::error::{Error, Note};
use crate::store::{LocalFile, Store};
use crate::transport::{AsyncTransport, Request, Transport, TransportError};
use crate::workflow::{Answer, Crank, Step};

/// Turns a crank until it is done, waiting for every file.
///
/// # Errors
/// If a check refuses, a file does not arrive, or a verified file cannot be kept.
pub fn turn<C: Crank>(
    mut crank: C,
    transport: &impl Transport,
    store: &impl Store,
    notes: &mut Vec<Note>,
) -> Result<C::Outcome, Error> {
    loop {
        match turn_to_fetch(&mut crank, store, notes)? {
            Next::Fetch(request) => take_fetched(&mut crank, &request, transport.fetch(&request), notes)?,
            Next::Done(outcome) => return Ok(outcome),
        }
    }
}

/// Turns a crank until it is done, without blocking on the network. The store is used in place: its files are small.
///
/// # Errors
/// As [`turn`].
pub async fn turn_async<C: Crank>(
    mut crank: C,
    transport: &impl AsyncTransport,
    store: &impl Store,
    notes: &mut Vec<Note>,
) -> Result<C::Outcome, Error> {
    loop {
        match turn_to_fetch(&mut crank, store, notes)? {
            Next::Fetch(request) => take_fetched(&mut crank, &request, transport.fetch(&request).await, notes)?,
            Next::Done(outcome) => return Ok(outcome),
        }
    }
}

enum Next<T> {
    Fetch(Request),
    Done(T),
}

/// Does all local steps, up to the next file that has to be fetched.
fn turn_to_fetch<C: Crank>(
    crank: &mut C,
    store: &impl Store,
    notes: &mut Vec<Note>,
) -> Result<Next<C::Outcome>, Error> {
    loop {
        match crank.step()? {
            Step::Load(file, limit) => crank.answer(load(store, &file, limit, notes))?,
            Step::Store(file, document) => {
                store.save(&file, document.bytes())?;
                crank.answer(Answer::Stored)?;
            }
            Step::Fetch(request) => return Ok(Next::Fetch(request)),
            Step::Done(outcome) => return Ok(Next::Done(outcome)),
        }
    }
}

/// A local copy that cannot be read is as good as none: it can only forbid, so the worst is a file fetched once more.
fn load(store: &impl Store, file: &LocalFile, limit: u64, notes: &mut Vec<Note>) -> Answer {
    match store.load(file, limit) {
        Ok(Some(bytes)) => Answer::Bytes(bytes),
        Ok(None) => Answer::Absent,
        Err(error) => {
            notes.push(Note::LocalCopyUnreadable(error));
            Answer::Absent
        }
    }
}

fn take_fetched<C: Crank>(
    crank: &mut C,
    request: &Request,
    fetched: Result<Vec<u8>, TransportError>,
    notes: &mut Vec<Note>,
) -> Result<(), Error> {
    let answer = match fetched {
        Ok(bytes) => Answer::Bytes(bytes),
        Err(TransportError::NotFound { forbidden, .. }) => {
            if forbidden && request.name().ends_with(".root.json") {
                notes.push(Note::RootForbidden { name: request.name() });
            }
            Answer::Absent
        }
        Err(error) => return Err(error.into()),
    };
    Ok(crank.answer(answer)?)
}
