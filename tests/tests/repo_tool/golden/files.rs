//! The files that `rootline-repo` writes for itself, for people and for other machines, and what they are called.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::golden::Golden;

use super::{golden, rotation};

/// The names of all files in a folder of a repository, one on each line, without the keys that only tests have there.
pub(crate) fn names(fixture: &RepositoryFixture, folder: &str) -> String {
    let names = fixture.list(folder).into_iter().filter(|name| !name.starts_with("keys/"));
    names.map(|name| format!("{name}\n")).collect()
}

#[track_caller]
fn file(fixture: &RepositoryFixture, golden_name: &str, name: &str) {
    golden(fixture).check(golden_name, &fixture.read(name));
}

#[test]
fn what_init_and_keyholder_write() {
    let fixture = RepositoryFixture::new();
    fixture.behind_caches();
    file(&fixture, "rootline.toml", "rootline.toml");
    file(&fixture, "gitignore.txt", ".gitignore");
    file(&fixture, "gitattributes.txt", ".gitattributes");
    let key = ["--key", "keys/alice.pem", "--new-key"];
    file(&fixture, "keyholder.toml", "keyholders/alice/keyholder.toml");
    fixture.write_key("alice", rootline_ceremonies::KeyKind::Ed25519);
    fixture.done(&[&["keyholder", "add", "alice"], &key[..]].concat());
    file(&fixture, "keyholder-two-keys.toml", "keyholders/alice/keyholder.toml");
}

#[test]
fn plans_as_they_are_proposed() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.done(&[&["ceremony", "new", "first", "--summary", "Begin"], &npm[..]].concat());
    file(&fixture, "plan-first.toml", "ceremonies/first/plan.toml");
    let fixture = rotation();
    file(&fixture, "plan-rotation.toml", "ceremonies/rotation/plan.toml");
}

#[test]
fn a_ceremony_and_its_release() {
    let fixture = RepositoryFixture::new();
    fixture.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    for (file, name) in [("frozen-root.json", "1.root.json"), ("frozen-targets.json", "1.targets.json")] {
        self::file(&fixture, file, &format!("ceremonies/first/frozen/{name}"));
    }
    for name in ["alice", "bob", "carol"] {
        fixture.sign("first", name).says("has signed");
    }
    // One over a P-256 key and one over an Ed25519 key: both kinds are the same at every run here.
    file(&fixture, "signature-p256.json", "ceremonies/first/signatures/1.root/alice.json");
    file(&fixture, "signature-ed25519.json", "ceremonies/first/signatures/1.root/bob.json");
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    let heads = fixture.list("ceremonies/first/heads");
    assert_eq!(heads.len(), 1);
    file(&fixture, "head.json", &format!("ceremonies/first/heads/{}", heads[0]));
    fixture.done(&["ceremony", "seal", "first"]);
    Golden::of("rootline-repo").check("names-sealed.txt", &names(&fixture, ""));
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture.done(&["publish"]);
    Golden::of("rootline-repo").check("names-published.txt", &names(&fixture, ""));
    Golden::of("rootline-repo").check("names-public.txt", &names(&fixture, "public"));
    file(&fixture, "transcript.jsonl", "ceremonies/first/transcript.jsonl");
}

#[test]
fn a_request_and_what_comes_back() {
    let fixture = rotation();
    file(&fixture, "request.json", "rotation.request.json");
    let sign = ["sign", "rotation.request.json", "--key", "keys/alice.pem", "--yes"];
    fixture.done_at(DAY_1, &sign);
    file(&fixture, "response.json", "rotation.alice.response.json");
    fixture.at(DAY_0, &["ceremony", "accept", "rotation.alice.response.json"]).says("alice has signed");
    Golden::of("rootline-repo").check("names-accepted.txt", &names(&fixture, "ceremonies"));
}
