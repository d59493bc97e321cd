//! The files that `rootline-repo` writes for itself, for people and for other machines, and what they are called.

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};
use rootline_tests::golden::Golden;

use super::{golden, rotation};

/// The names of all files in a folder of an office, one on each line, without the keys that only tests have there.
pub(crate) fn names(office: &Office, folder: &str) -> String {
    let names = office.list(folder).into_iter().filter(|name| !name.starts_with("keys/"));
    names.map(|name| format!("{name}\n")).collect()
}

#[track_caller]
fn file(office: &Office, golden_name: &str, name: &str) {
    golden(office).check(golden_name, &office.read(name));
}

#[test]
fn what_init_and_keyholder_write() {
    let office = Office::new();
    file(&office, "rootline.toml", "rootline.toml");
    file(&office, "gitignore.txt", ".gitignore");
    file(&office, "gitattributes.txt", ".gitattributes");
    let key = ["--key", "keys/alice.pem", "--new-key"];
    file(&office, "keyholder.toml", "keyholders/alice/keyholder.toml");
    office.write_key("alice", rootline_ceremonies::KeyKind::Ed25519);
    office.done(&[&["keyholder", "add", "alice"], &key[..]].concat());
    file(&office, "keyholder-two-keys.toml", "keyholders/alice/keyholder.toml");
}

#[test]
fn plans_as_they_are_proposed() {
    let office = Office::new();
    office.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    office.done(&[&["ceremony", "new", "first", "--summary", "Begin"], &npm[..]].concat());
    file(&office, "plan-first.toml", "ceremonies/first/plan.toml");
    let office = rotation();
    file(&office, "plan-rotation.toml", "ceremonies/rotation/plan.toml");
}

#[test]
fn a_ceremony_and_its_release() {
    let office = Office::new();
    office.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    office.done(&["ceremony", "freeze", "first"]);
    for (file, name) in [("frozen-root.json", "1.root.json"), ("frozen-targets.json", "1.targets.json")] {
        self::file(&office, file, &format!("ceremonies/first/frozen/{name}"));
    }
    for name in ["alice", "bob", "carol"] {
        office.sign("first", name).says("has signed");
    }
    // One over a P-256 key and one over an Ed25519 key: both kinds are the same at every run here.
    file(&office, "signature-p256.json", "ceremonies/first/signatures/1.root/alice.json");
    file(&office, "signature-ed25519.json", "ceremonies/first/signatures/1.root/bob.json");
    office.done(&["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    let heads = office.list("ceremonies/first/heads");
    assert_eq!(heads.len(), 1);
    file(&office, "head.json", &format!("ceremonies/first/heads/{}", heads[0]));
    office.done(&["ceremony", "seal", "first"]);
    Golden::of("rootline-repo").check("names-sealed.txt", &names(&office, ""));
    office.done(&["online", "--key", "keys/online.pem"]);
    office.done(&["publish"]);
    Golden::of("rootline-repo").check("names-published.txt", &names(&office, ""));
    Golden::of("rootline-repo").check("names-public.txt", &names(&office, "public"));
    file(&office, "transcript.jsonl", "ceremonies/first/transcript.jsonl");
}

#[test]
fn a_request_and_what_comes_back() {
    let office = rotation();
    file(&office, "request.json", "rotation.request.json");
    let sign = ["sign", "rotation.request.json", "--key", "keys/alice.pem", "--yes"];
    office.done_at(DAY_1, &sign);
    file(&office, "answer.json", "rotation.alice.response.json");
    office.at(DAY_0, &["ceremony", "accept", "rotation.alice.response.json"]).says("alice has signed");
    Golden::of("rootline-repo").check("names-accepted.txt", &names(&office, "ceremonies"));
}
