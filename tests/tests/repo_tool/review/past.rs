//! The review of a ceremony that is over: what did root 2 mean?

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::Value;

fn review(fixture: &RepositoryFixture, id: &str) -> Value {
    fixture.done_at(DAY_1, &["ceremony", "review", id, "--json"]).json()
}

/// A whole ceremony, with the review as it was shown before anybody signed.
fn hold(fixture: &RepositoryFixture, id: &str, options: &[&str], signers: &[&str]) -> Value {
    fixture.done_at(DAY_1, &[&["ceremony", "new", id], options].concat());
    fixture.done_at(DAY_1, &["ceremony", "freeze", id]);
    let shown = review(fixture, id);
    for signer in signers {
        assert_eq!(fixture.sign(id, signer).status, 0, "{signer}");
    }
    fixture.done_at(DAY_1, &["ceremony", "seal", id]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    shown
}

#[test]
fn a_ceremony_that_is_over_is_reviewed_as_it_was_before_it() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--summary", "Begin"];
    let first = hold(&fixture, "first", &npm, &["alice", "bob", "carol", "frank"]);
    let root = hold(
        &fixture,
        "root",
        &["--replace", "bob=frank", "--threshold", "root=2"],
        &["alice", "bob", "carol", "dave"],
    );
    fixture.done_at(DAY_1, &["trust", "retire", "https://rekor.sigstore.dev"]);
    let log = hold(&fixture, "log", &[], &["alice", "carol", "dave"]);
    fixture.write("targets/npm/keys.json", "[1]");
    let keys = hold(&fixture, "keys", &[], &["frank"]);
    // Root again, so that root 2 is not the newest.
    hold(&fixture, "later", &["--renew", "root"], &["alice", "carol"]);
    for (id, shown) in [("first", first), ("root", root), ("log", log), ("keys", keys)] {
        let now = review(&fixture, id);
        let outcome = now["outcome"].as_str().unwrap();
        assert!(
            outcome.starts_with(&format!("released at {DAY_1} by the clock of who recorded it; compared with")),
            "{outcome}"
        );
        for member in [
            "ceremony",
            "summary",
            "at",
            "changes",
            "warnings",
            "files",
            "authorities",
            "delegations",
            "targets",
            "trust",
            "fingerprint",
        ] {
            assert_eq!(now[member], shown[member], "{id}: {member}");
        }
        assert_eq!(shown["outcome"], Value::Null);
    }
    fixture.done_at(DAY_1, &["ceremony", "review", "root"]).says("released at 2030-01-02T00:00:00Z by the clock of");
    fixture.done_at(DAY_1, &["ceremony", "review", "root", "--html"]).says("<p class=\"quiet\">released at 2030-01-02");
}

#[test]
fn an_abandoned_ceremony_is_reviewed_too_and_one_that_was_never_frozen_is_not() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--replace", "bob=frank"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    let shown = review(&fixture, "second");
    fixture.done_at(DAY_1, &["ceremony", "abandon", "second", "--reason", "It rained"]);
    let now = review(&fixture, "second");
    assert_eq!((&now["changes"], &now["authorities"]), (&shown["changes"], &shown["authorities"]));
    assert!(now["outcome"].as_str().unwrap().starts_with("abandoned at "));
    fixture.done_at(DAY_1, &["ceremony", "new", "third"]);
    fixture.done_at(DAY_0, &["ceremony", "abandon", "third", "--reason", "It rained"]);
    fixture.at(DAY_1, &["ceremony", "review", "third"]).refuses(
        "third was abandoned before it was frozen",
        "",
        "read its plan",
    );
    // Without a name, one that is open is meant.
    fixture.at(DAY_1, &["ceremony", "review"]).refuses("no ceremony is open", "", "start one");
}
