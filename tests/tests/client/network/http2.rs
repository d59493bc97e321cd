//! Connections: one where the server speaks HTTP/2, and one for each file on its way where it does not.

use std::sync::Barrier;
use std::time::Duration;

use rootline_client::Client;
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Request, Transport};
use rootline_client::workflow::TargetQuery;
use rootline_tests::servers::http2_server::Http2Server;
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer, loopback_tls};
use rootline_tests::simulator::{Files, Simulator};
use rootline_tests::verifier::target_path;

use super::{client, repository, trusting};

fn published() -> Simulator {
    let mut sim = Simulator::default();
    sim.add_target("targets", "a.txt", b"content");
    sim.publish();
    sim
}

fn update(sim: &Simulator, files: &Files, together: usize) -> Http2Server {
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, settings) = trusting(&pem);
    let server = Http2Server::serving(files.clone(), tls, together);
    let store = MemoryStore::new();
    let mut client = client(sim.root_bytes(1), &server.url(), settings, &store);
    let wanted = [TargetQuery::required(target_path("a.txt"))];
    let updated = client.update(sim.day(1), &wanted).unwrap();
    assert_eq!(updated.targets[0].1.as_ref(), b"content");
    server
}

#[test]
fn a_whole_update_that_fetches_ahead_takes_one_connection() {
    let sim = published();
    let server = update(&sim, sim.files(), 0);
    assert!(server.requests().len() > 5, "{:?}", server.requests());
    assert_eq!(server.connections(), 1);
}

/// The server answers nothing before all of them are there: none of them waits for the answer to another.
#[test]
fn what_is_asked_for_first_goes_out_at_the_same_time_over_one_connection() {
    let sim = published();
    let server = update(&sim, sim.files(), 5);
    let mut first: Vec<String> = server.requests()[..5].to_vec();
    first.sort();
    let roots = (2..=5).map(|version| format!("/metadata/{version}.root.json"));
    assert_eq!(first, roots.chain(["/metadata/timestamp.json".to_owned()]).collect::<Vec<_>>());
    assert_eq!(server.connections(), 1);
}

#[test]
fn without_http_2_each_has_a_connection_of_its_own_and_none_is_wasted() {
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, settings) = trusting(&pem);
    let three = Barrier::new(3);
    let server = ScriptedServer::answering_over_tls(tls, move |_| {
        three.wait();
        Reply::ok("x")
    });
    let http = repository(&server.url(), settings);
    // Twice: when the protocol is yet to be found out, and when it is known.
    for _ in 0..2 {
        let mut concurrent = http.concurrently().unwrap();
        for name in ["1.root.json", "2.root.json", "timestamp.json"] {
            concurrent.ask(Request::metadata(name, 9), None);
        }
        for _ in 0..3 {
            concurrent.next().unwrap().1.unwrap();
        }
    }
    let mut connections: Vec<usize> = server.requests().iter().map(|request| request.connection).collect();
    connections.sort_unstable();
    assert_eq!(connections, [0, 0, 1, 1, 2, 2]);
}

#[test]
fn a_server_that_has_gone_is_an_error_for_everybody_who_waits_for_its_connection() {
    let sim = published();
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, settings) = trusting(&pem);
    let server = Http2Server::serving(sim.files().clone(), tls, 0);
    let url = server.url();
    drop(server);
    let mut client = Client::new(sim.root_bytes(1), repository(&url, settings), MemoryStore::new());
    assert!(client.refresh(sim.day(1)).unwrap_err().to_string().contains("cannot be reached"));
}

/// Whoever gives up a request leaves a shared connection open, so that another try would go over the same dead one.
#[test]
fn a_connection_that_has_gone_silent_is_left_for_a_new_one() {
    let sim = published();
    let (pem, tls) = loopback_tls().unwrap();
    let (_ca, settings) = trusting(&pem);
    let settings = settings.with_read_timeout(Duration::from_millis(100));
    let server = Http2Server::deaf_at_first(sim.files().clone(), tls);
    let mut client = Client::new(sim.root_bytes(1), repository(&server.url(), settings), MemoryStore::new());
    client.refresh(sim.day(1)).unwrap();
    assert_eq!(server.connections(), 2);
}
