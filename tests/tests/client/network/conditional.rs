//! Asking for the timestamp unless it is still the same.

use std::sync::{Arc, Mutex};

use rootline_client::store::MemoryStore;
use rootline_client::transport::{Fetched, Request, Transport, TransportError};
use rootline_client::workflow::Check;
use rootline_client::{Client, Error};
use rootline_metadata::{Role as _, hex, sha256};
use rootline_tests::servers::scripted_server::{Received, Reply, ScriptedServer};
use rootline_tests::simulator::{Files, Simulator};

use super::{client, repository, settings};

/// A server that tags what it serves. With `lies`, whatever is asked for with a tag has not changed.
fn tagging(files: &Arc<Mutex<Files>>, prefix: &'static str, lies: bool) -> ScriptedServer {
    let files = Arc::clone(files);
    ScriptedServer::answering(move |request| {
        let files = files.lock().unwrap();
        let Some(body) = files.by_url_path(&request.target) else { return Reply::status(404, "not found") };
        let tag = format!("{prefix}\"{}\"", hex::encode(&sha256(body)));
        match request.header("if-none-match") {
            Some(asked) if lies || asked == tag => Reply::head(304, &[("ETag", &tag)]),
            _ => Reply::with_headers(200, &[("ETag", &tag)], body),
        }
    })
}

fn served(sim: &Simulator) -> Arc<Mutex<Files>> {
    Arc::new(Mutex::new(sim.files().clone()))
}

fn refresh(sim: &Simulator, server: &ScriptedServer, store: &MemoryStore, day: i64) -> Result<u64, Error> {
    let mut client = client(sim.root_bytes(1), &server.url(), settings(), store);
    client.refresh(sim.day(day)).map(|trusted| trusted.timestamp().version().number())
}

/// What was asked for with a tag since request `from`.
fn tagged(requests: &[Received]) -> Vec<&str> {
    let with_tag = requests.iter().filter(|request| request.header("if-none-match").is_some());
    with_tag.map(|request| request.target.as_str()).collect()
}

#[test]
fn only_the_timestamp_is_asked_for_by_its_tag_and_its_bytes_are_not_sent_again() {
    for prefix in ["", "W/"] {
        let (sim, store) = (Simulator::default(), MemoryStore::new());
        let server = tagging(&served(&sim), prefix, false);
        assert_eq!(refresh(&sim, &server, &store, 1).unwrap(), 1);
        let first = server.requests().len();
        assert_eq!(tagged(&server.requests()), [""; 0]);
        for _ in 0..2 {
            let before = server.requests().len();
            assert_eq!(refresh(&sim, &server, &store, 1).unwrap(), 1);
            let requests = server.requests().split_off(before);
            assert_eq!(tagged(&requests), ["/metadata/timestamp.json"]);
            assert!(requests.len() < first, "and nothing else is fetched but the next root");
        }
    }
}

#[test]
fn a_timestamp_that_has_changed_is_sent_and_trusted() {
    let (mut sim, store) = (Simulator::default(), MemoryStore::new());
    let files = served(&sim);
    let server = tagging(&files, "", false);
    refresh(&sim, &server, &store, 1).unwrap();
    sim.publish();
    *files.lock().unwrap() = sim.files().clone();
    assert_eq!(refresh(&sim, &server, &store, 1).unwrap(), 2);
    assert_eq!(tagged(&server.requests()), ["/metadata/timestamp.json"]);
}

#[test]
fn a_server_that_calls_an_expired_timestamp_unchanged_gains_nothing() {
    let (sim, store) = (Simulator::default(), MemoryStore::new());
    let server = tagging(&served(&sim), "", true);
    assert_eq!(refresh(&sim, &server, &store, 1).unwrap(), 1);
    assert_eq!(refresh(&sim, &server, &store, 6).unwrap(), 1);
    let error = refresh(&sim, &server, &store, 7).unwrap_err();
    assert_eq!(error.refusal().unwrap().check, Check::TimestampExpiry);
}

#[test]
fn a_file_is_asked_for_past_caches_by_the_header_for_it_and_not_otherwise() {
    let server = ScriptedServer::with_script([Reply::ok("x"), Reply::redirect(302, "/elsewhere"), Reply::ok("y")]);
    let http = repository(&server.url(), settings());
    let timestamp = Request::metadata("timestamp.json", 9);
    http.fetch(&timestamp).unwrap();
    http.fetch(&timestamp.with_past_caches(true)).unwrap();
    let requests = server.requests();
    let headers: Vec<Option<&str>> = requests.iter().map(|request| request.header("cache-control")).collect();
    assert_eq!(headers, [None, Some("no-cache"), Some("no-cache")]);
}

#[test]
fn unchanged_without_having_been_asked_is_a_failure() {
    let sim = Simulator::default();
    let server = ScriptedServer::answering(|_| Reply::head(304, &[]));
    let store = MemoryStore::new();
    let mut client = Client::new(sim.root_bytes(1), repository(&server.url(), settings()), &store).recording_checks();
    let error = client.refresh(sim.day(1)).unwrap_err();
    assert!(matches!(error, Error::Transport(TransportError::Status { status: 304, tries: 1, .. })), "{error}");
}

#[test]
fn a_tag_that_is_none_is_neither_kept_nor_asked_with() {
    let long = format!("\"{}\"", "x".repeat(255));
    for tag in ["*", "no quotes", "\"a b\"", &long] {
        let server = ScriptedServer::with_script([Reply::with_headers(200, &[("ETag", tag)], "x"), Reply::ok("y")]);
        let http = repository(&server.url(), settings());
        let timestamp = Request::metadata("timestamp.json", 9);
        assert_eq!(http.fetch_unless(&timestamp, None).unwrap(), Fetched::New { bytes: b"x".to_vec(), etag: None });
        assert_eq!(
            http.fetch_unless(&timestamp, Some(tag)).unwrap(),
            Fetched::New { bytes: b"y".to_vec(), etag: None }
        );
        assert_eq!(tagged(&server.requests()), [""; 0], "{tag}");
    }
}

#[test]
fn a_tag_is_kept_and_asked_with_after_redirects_too() {
    let answers = [
        Reply::redirect(302, "/elsewhere"),
        Reply::with_headers(200, &[("ETag", "W/\"1\"")], "x"),
        Reply::redirect(302, "/elsewhere"),
        Reply::head(304, &[]),
    ];
    let server = ScriptedServer::with_script(answers);
    let http = repository(&server.url(), settings());
    let timestamp = Request::metadata("timestamp.json", 9);
    let etag = Some("W/\"1\"".to_owned());
    assert_eq!(http.fetch_unless(&timestamp, None).unwrap(), Fetched::New { bytes: b"x".to_vec(), etag: etag.clone() });
    assert_eq!(http.fetch_unless(&timestamp, etag.as_deref()).unwrap(), Fetched::Unchanged);
}
