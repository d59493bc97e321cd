//! The time that all of a piece of work has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use rootline_client::store::MemoryStore;
use rootline_client::transport::{Mirrors, Request, Transport, TransportError};
use rootline_client::{Client, Error};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use rootline_tests::simulator::Simulator;

use super::{repository, settings};

const SOON: Duration = Duration::from_millis(50);

#[test]
fn a_refresh_ends_when_its_time_is_up_however_patient_each_request_is() {
    let sim = Simulator::default();
    // Each answer is about to come; each try is allowed half a minute.
    let server = ScriptedServer::answering(|_| Reply::default().stall());
    let hurried = settings().with_total_timeout(SOON).with_tries(99);
    let mut client = Client::new(sim.root_bytes(1), repository(&server.url(), hurried), MemoryStore::new());
    let error = client.refresh(sim.day(1)).unwrap_err();
    let Error::Transport(error @ TransportError::OutOfTime { limit: SOON, .. }) = error else { panic!("{error}") };
    assert!(error.is_network() && error.hint() == Some(rootline_client::Hint::TryLaterOrAllowMoreTime));
    assert!(error.to_string().contains("/metadata/"), "{error}");
}

#[test]
fn time_counts_anew_for_each_piece_of_work() {
    let sim = Simulator::default();
    let server = sim.files().serve();
    let url = server.metadata_url();
    let settings = settings().with_total_timeout(Duration::from_secs(60));
    let http = repository(url.trim_end_matches("/metadata/"), settings);
    let mut client = Client::new(sim.root_bytes(1), http, MemoryStore::new());
    for _ in 0..2 {
        client.refresh(sim.day(1)).unwrap();
    }
    // Without any piece of work, a request has the time of a request.
    let server = ScriptedServer::answering(|_| Reply::ok("x"));
    let none = super::settings().with_total_timeout(Duration::ZERO);
    let http = repository(&server.url(), none);
    let file = Request::metadata("timestamp.json", 9);
    assert!(http.fetch(&file).is_ok());
    http.begin_session();
    assert!(matches!(http.fetch(&file), Err(TransportError::OutOfTime { .. })));
}

/// Each try could have its own time, and there could be a hundred of them; but a drip is left for another mirror.
#[test]
fn a_server_that_drips_is_not_tried_again_and_again_and_the_next_mirror_is() {
    let sim = Simulator::default();
    let drip = (0..5_000).fold(Reply::head(200, &[("Content-Length", "5000")]), |reply, _| {
        reply.send(" ").pause(Duration::from_millis(1))
    });
    let dripping = ScriptedServer::answering(move |_| drip.clone());
    let impatient = settings()
        .with_request_timeout(Duration::from_millis(40))
        .with_patience(Duration::from_millis(60))
        .with_slowest_rate(1_000_000)
        .with_tries(100);
    let http = repository(&dripping.url(), impatient.clone());
    http.begin_session();
    let failed = http.fetch(&Request::metadata("timestamp.json", 5_000)).unwrap_err();
    let TransportError::TimedOut { awaited: "too little of it", tries: 2, .. } = failed else { panic!("{failed}") };

    let server = sim.files().serve();
    let url = server.metadata_url();
    let mirrors = Mirrors::new("first", repository(&dripping.url(), impatient))
        .then("second", repository(url.trim_end_matches("/metadata/"), settings()));
    let mut client = Client::new(sim.root_bytes(1), mirrors, MemoryStore::new());
    client.refresh(sim.day(1)).unwrap();
    assert_eq!(client.take_notes().len(), 1);
}

#[test]
fn where_the_time_is_up_no_other_mirror_is_tried() {
    let sim = Simulator::default();
    let stalled = ScriptedServer::answering(|_| Reply::default().stall());
    let asked = Arc::new(AtomicUsize::new(0));
    let counting = Arc::clone(&asked);
    let other = ScriptedServer::answering(move |_| {
        counting.fetch_add(1, Ordering::SeqCst);
        Reply::ok("x")
    });
    let hurried = settings().with_total_timeout(SOON);
    let mirrors = Mirrors::new("first", repository(&stalled.url(), hurried.clone()))
        .then("second", repository(&other.url(), hurried));
    let mut client = Client::new(sim.root_bytes(1), mirrors, MemoryStore::new());
    let error = client.refresh(sim.day(1)).unwrap_err();
    assert!(matches!(error, Error::Transport(TransportError::OutOfTime { .. })), "{error}");
    assert!(client.take_notes().is_empty());
    assert_eq!(asked.load(Ordering::SeqCst), 0);
}

#[test]
fn a_server_that_asks_to_be_left_alone_for_longer_than_there_is_time_is_not_waited_for() {
    let server = ScriptedServer::answering(|_| Reply::with_headers(503, &[("Retry-After", "9")], "later"));
    let hurried = settings().with_total_timeout(Duration::from_secs(8));
    let http = repository(&server.url(), hurried);
    http.begin_session();
    let began = Instant::now();
    let failed = http.fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    assert!(matches!(failed, TransportError::Status { status: 503, tries: 1, .. }), "{failed}");
    assert!(began.elapsed() < Duration::from_secs(8));
    assert_eq!(server.requests().len(), 1);
}
