//! URLs that are fetched from elsewhere.

use rootline_client::store::MemoryStore;
use rootline_client::transport::{HttpSettings, Request, Transport};
use rootline_tests::servers::scripted_server::{Reply, ScriptedServer};
use rootline_tests::simulator::Simulator;

use super::{client, repository, settings};

fn rewriting(pairs: &[(&str, &str)]) -> HttpSettings {
    pairs.iter().fold(settings(), |settings, (from, to)| settings.with_rewrite(*from, *to))
}

#[test]
fn a_refresh_goes_to_the_mirror_that_its_url_is_rewritten_to() {
    let sim = Simulator::default();
    let server = sim.files().serve();
    let mirror = server.metadata_url();
    let mirror = mirror.trim_end_matches("/metadata/");
    let store = MemoryStore::new();
    let settings = rewriting(&[("https://tuf.example", mirror)]);
    client(sim.root_bytes(1), "https://tuf.example", settings, &store).refresh(sim.day(1)).unwrap();
}

#[test]
fn where_a_redirect_leads_is_rewritten_too() {
    let server = ScriptedServer::with_script([Reply::redirect(302, "https://objects.example/a?b=c"), Reply::ok("x")]);
    let objects = format!("{}/objects", server.url());
    let http = repository(&server.url(), rewriting(&[("https://objects.example/", &objects)]));
    assert_eq!(http.fetch(&Request::metadata("timestamp.json", 9)).unwrap(), b"x");
    assert_eq!(server.targets(), ["/metadata/timestamp.json", "/objects/a?b=c"]);
}

#[test]
fn an_error_names_the_url_that_was_really_used_and_no_credentials() {
    let server = ScriptedServer::answering(|_| Reply::status(500, "broken"));
    let mirror = server.url().replace("http://", "http://user:secret@");
    let http = repository("https://tuf.example", rewriting(&[("https://tuf.example", &mirror)]));
    let failed = http.fetch(&Request::metadata("timestamp.json", 9)).unwrap_err();
    let shown = format!("{failed} {failed:?}");
    assert!(shown.contains(&format!("{}/metadata/timestamp.json", server.url())), "{shown}");
    assert!(!shown.contains("tuf.example") && !shown.contains("secret"), "{shown}");
    assert_eq!(server.requests()[0].header("authorization"), Some("Basic dXNlcjpzZWNyZXQ="));
}
