//! Many targets, several at the same time.

use std::collections::HashMap;

use crate::driver::Fetching;
use crate::transport::{Fetched, Request, Transport, TransportError};

use super::error::MirrorError;

/// Most targets that are on their way at the same time.
const TOGETHER: usize = 16;
/// Most bytes that are on their way at the same time, unless one target has more.
const TOGETHER_BYTES: u64 = 64 << 20;

/// Fetches each of `wanted`, and hands on its index and what came of it, in whatever order they arrive.
///
/// # Errors
/// The first that `take` gives; the other transfers are ended then.
pub(super) fn each(
    transport: &impl Transport,
    fetching: Fetching,
    wanted: &[&Request],
    mut take: impl FnMut(usize, Result<Vec<u8>, TransportError>) -> Result<(), MirrorError>,
) -> Result<(), MirrorError> {
    let mut waiting = wanted.iter().enumerate().peekable();
    let concurrent = if fetching == Fetching::Ahead { transport.concurrently() } else { None };
    if let Some(mut concurrent) = concurrent {
        let mut running: HashMap<Request, usize> = HashMap::new();
        let mut bytes = 0;
        loop {
            while let Some((index, request)) = waiting.next_if(|(_, request)| {
                running.is_empty() || (running.len() < TOGETHER && bytes + request.limit <= TOGETHER_BYTES)
            }) {
                bytes += request.limit;
                running.insert((*request).clone(), index);
                // Each target has the time of a download, however many there are.
                transport.begin_session();
                concurrent.ask((*request).clone(), None);
            }
            if running.is_empty() {
                return Ok(());
            }
            let Some((request, fetched)) = concurrent.next() else { break };
            if let Some(index) = running.remove(&request) {
                bytes -= request.limit;
                take(index, fetched.map(bytes_of))?;
            }
        }
        // Where this thread may not wait for several, one after the other will do.
        for (request, index) in running {
            transport.begin_session();
            take(index, transport.fetch(&request))?;
        }
    }
    for (index, request) in waiting {
        transport.begin_session();
        take(index, transport.fetch(&fetching.request((*request).clone())))?;
    }
    Ok(())
}

/// Nothing is asked for conditionally, so that nothing is unchanged.
fn bytes_of(fetched: Fetched) -> Vec<u8> {
    match fetched {
        Fetched::New { bytes, .. } => bytes,
        Fetched::Unchanged => Vec::new(),
    }
}
