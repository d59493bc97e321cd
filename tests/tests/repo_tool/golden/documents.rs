//! What each command prints with `--json`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rootline_ceremonies::SecretKey;
use rootline_tests::fixtures::office::{DAY_0, DAY_1, FIVE, Office};
use rootline_tests::fixtures::vendor::{SERIAL, Vendor};
use rootline_tests::golden::Golden;
use rootline_tests::softhsm::SoftHsm;
use serde_json::Value;

use super::{document, document_at, golden, rotation};

#[test]
fn beginning_a_repository() {
    let office = Office::empty();
    let init = ["--name", "Test", "--holders", "alice,bob,carol", "--threshold", "2", "--online", "online"];
    document(&office, "init", &[&["init", "."], &init[..]].concat());
    office.done(&["init", "another"]);
    let office = Office::new();
    document(&office, "keyholder-list", &["keyholder", "list"]);
    let next = ["keyholder", "add", "alice", "--public-key", "keys/stranger.pub", "--new-key"];
    document(&office, "keyholder-add-new-key", &next);
    office.write_key("grace", rootline_ceremonies::KeyKind::Ed25519);
    let add = ["keyholder", "add", "grace", "--display-name", "Grace Example", "--key", "keys/grace.pem"];
    document(&office, "keyholder-add", &add);
    document(&office, "keyholder-check", &["keyholder", "check"]);
}

#[test]
fn editing_what_is_shipped() {
    let office = Office::new();
    std::fs::remove_file(office.path("targets/trusted_root.json")).unwrap();
    document(&office, "trust-create", &["trust", "create", "--from", "sigstore"]);
    document(&office, "trust-show", &["trust", "show"]);
    let add = ["trust", "add-log", "--url", "https://log.example", "--public-key", "keys/dave.pub"];
    document(&office, "trust-add-log", &add);
    let retire = ["trust", "retire-log", "https://rekor.sigstore.dev", "--end", DAY_1];
    document(&office, "trust-retire-log", &retire);
}

#[test]
fn keys_in_files() {
    let office = Office::new();
    let said = office.done(&["key", "generate", "--out", "new.pem", "--plain", "--json"]);
    let key_id = said.json()["keyid"].as_str().unwrap().to_owned();
    golden(&office).blank(key_id, "KEYID").check("key-generate.json", &said.out);
    document(&office, "key-check", &["key", "check", "keys/alice.pem", "keys/bob.pem"]);
    let one = ["key", "check", "keys/alice.pem", "--public-key-out", "alice.pub"];
    document(&office, "key-check-one", &one);
}

#[test]
fn keys_on_tokens() {
    let Some(hsm) = SoftHsm::new() else { return };
    let office = Office::new();
    hsm.add_token("alice", "1234");
    hsm.import("alice", "1234", &office.path("keys/alice.pem"), "root", "01", true);
    let mut command = office.command(&["key", "list", "--json"]);
    hsm.give_to(&mut command);
    let said = office.run_command(command);
    assert_eq!(said.status, 0, "{said:?}");
    let serial = said.json()[0]["serial"].as_str().unwrap().to_owned();
    golden(&office).blank(serial, "SERIAL").check("key-list.json", &said.out);
}

#[test]
fn attestations() {
    let office = Office::new();
    let mut vendor = Vendor::with(1);
    vendor.key = SecretKey::from_pem(&office.read("keys/alice.pem"), None).unwrap();
    vendor.said.key = vendor.key.public_key().to_spki_der();
    vendor.says(SERIAL, &[2, 1, 17]);
    for (name, text) in [("key", vendor.key_pem()), ("device", vendor.device_pem()), ("root", vendor.root_pem())] {
        office.write(&format!("sent/{name}.pem"), text);
    }
    let certificates = ["--certificate", "sent/key.pem", "--device", "sent/device.pem"];
    let attest = [&["keyholder", "attest", "alice"], &certificates[..], &["--vendor-root", "sent/root.pem"]].concat();
    document(&office, "keyholder-attest", &attest);
    document(&office, "keyholder-check-attested", &["keyholder", "check", "alice"]);
    let attestations = office.list("keyholders/alice/attestations");
    assert_eq!(attestations.len(), 1);
    let kept = office.read(&format!("keyholders/alice/attestations/{}", attestations[0]));
    golden(&office).check("attestation.pem", &kept);

    office.done(&["ceremony", "new", "first"]);
    document(&office, "ceremony-freeze-attested", &["ceremony", "freeze", "first"]);
    office.sign("first", "alice").says("alice has signed");
    document(&office, "ceremony-status-attested", &["ceremony", "status", "first"]);
    golden(&office).check("transcript-attested.jsonl", &office.read("ceremonies/first/transcript.jsonl"));
    golden(&office).check("names-attested.txt", &super::files::names(&office, ""));
}

#[test]
fn a_first_ceremony() {
    let office = Office::new();
    document(&office, "status-empty", &["status"]);
    document(&office, "ceremony-new", &["ceremony", "new", "first", "--summary", "Begin"]);
    document(&office, "ceremony-status-planned", &["ceremony", "status", "first"]);
    document(&office, "ceremony-freeze", &["ceremony", "freeze", "first"]);
    document(&office, "ceremony-review", &["ceremony", "review", "first"]);
    document(&office, "ceremony-review-html", &["ceremony", "review", "first", "--html", "review.html"]);
    document(&office, "ceremony-payload", &["ceremony", "payload", "first", "--role", "root", "--output", "payload"]);
    let sign = |name: &str| format!("keys/{name}.pem");
    document(&office, "ceremony-sign", &["ceremony", "sign", "first", "--key", &sign("alice"), "--yes"]);
    document(&office, "ceremony-status", &["ceremony", "status", "first"]);
    document(&office, "ceremony-witness", &["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    office.sign("first", "bob").says("bob has signed");
    office.sign("first", "carol").says("carol has signed");
    document(&office, "status-open", &["status"]);
    document(&office, "ceremony-seal", &["ceremony", "seal", "first"]);
    document(&office, "online", &["online", "--key", "keys/online.pem"]);
    document(&office, "online-nothing-due", &["online", "--key", "keys/online.pem"]);
    document(&office, "publish", &["publish"]);
    document(&office, "publish-nothing-new", &["publish"]);
    document(&office, "status", &["status"]);
    document(&office, "ceremony-list", &["ceremony", "list"]);
    document(&office, "ceremony-log", &["ceremony", "log", "first"]);
    document(&office, "ceremony-verify", &["ceremony", "verify"]);

    let transcript = office.read("ceremonies/first/transcript.jsonl");
    office.write("ceremonies/first/transcript.jsonl", transcript.replacen("\"alice\"", "\"erin\"", 1));
    let broken = office.at(DAY_0, &["ceremony", "verify", "--json"]);
    assert_eq!(broken.status, 1);
    golden(&office).check("ceremony-verify-broken.json", &broken.out);
}

#[test]
fn signing_elsewhere() {
    let office = rotation();
    document_at(&office, DAY_1, "ceremony-request", &["ceremony", "request", "rotation"]);
    let sign = |name: &str| -> Vec<String> {
        let (key, answer) = (format!("keys/{name}.pem"), format!("{name}.response.json"));
        ["sign", "rotation.request.json", "--key", &key, "--yes", "--output", &answer].map(str::to_owned).into()
    };
    let sign = |name: &str| sign(name).leak().iter().map(|argument| &**argument).collect::<Vec<&str>>();
    let with_root = [sign("alice"), vec!["--root", "metadata/1.root.json"]].concat();
    document_at(&office, DAY_1, "sign", &with_root);
    office.done_at(DAY_1, &sign("dave"));
    let accept = ["ceremony", "accept", "alice.response.json", "dave.response.json"];
    document_at(&office, DAY_1, "ceremony-accept", &accept);
    document_at(&office, DAY_1, "ceremony-review-rotation", &["ceremony", "review", "rotation"]);
}

#[test]
fn ceremonies_that_end_otherwise() {
    let office = Office::new();
    office.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    office.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    office.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    office.done(&["ceremony", "freeze", "threshold"]);
    office.done_at(DAY_1, &["ceremony", "new", "npm", "--renew", "npm", "--expires", "npm=30"]);
    office.done(&["ceremony", "freeze", "npm"]);
    office.sign("npm", "frank").says("frank has signed npm 2");
    office.done_at(DAY_1, &["ceremony", "new", "more", "--renew", "root"]);
    document_at(&office, DAY_1, "ceremony-freeze-overlapping", &["ceremony", "freeze", "more"]);
    document_at(&office, DAY_1, "ceremony-merge", &["ceremony", "merge", "threshold", "npm"]);
    document_at(&office, DAY_1, "ceremony-abandon", &["ceremony", "abandon", "more", "--reason", "Not needed"]);
    document_at(&office, DAY_1, "ceremony-list-ended", &["ceremony", "list"]);
    document(&office, "status-delegated", &["status"]);
}

/// What the doctor says, and with which exit status.
#[track_caller]
fn diagnosis(office: &Office, at: &str, name: &str, status: i32, arguments: &[&str]) {
    let said = office.at(at, &[&["doctor", "--json"], arguments].concat());
    assert_eq!(said.status, status, "{said:?}");
    golden(office).check(&format!("doctor-{name}.json"), &said.out);
}

#[test]
fn diagnoses() {
    let office = Office::new();
    diagnosis(&office, DAY_0, "policy", 0, &[]);
    office.done(&["ceremony", "new", "first"]);
    diagnosis(&office, DAY_0, "plan", 0, &[]);
    let office = Office::after_the_first();
    diagnosis(&office, DAY_0, "healthy", 0, &[]);
    diagnosis(&office, "2030-02-01T00:00:00Z", "expired", 0, &[]);
    diagnosis(&office, DAY_0, "lost", 0, &["--lost", "alice,bob", "--replace", "alice=frank"]);
    diagnosis(&office, DAY_0, "broken", 1, &["--lost", "alice,bob,carol"]);
    diagnosis(&office, DAY_0, "compromised", 1, &["--compromised", &FIVE[..3].join(",")]);
    office.done(&["ceremony", "new", "second", "--renew", "root"]);
    office.done(&["ceremony", "freeze", "second"]);
    office.write("ceremonies/second/frozen/2.root.json", "{}");
    diagnosis(&office, DAY_0, "damaged", 0, &[]);
}

#[test]
fn serving_a_folder() {
    let office = Office::after_the_first();
    let mut server = office.command(&["serve", "public", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
    let mut out = BufReader::new(server.stdout.take().unwrap());
    let mut text = String::new();
    while serde_json::from_str::<Value>(&text).is_err() {
        assert_ne!(out.read_line(&mut text).unwrap(), 0, "it ended with {text}");
    }
    server.kill().unwrap();
    server.wait().unwrap();
    let url = serde_json::from_str::<Value>(&text).unwrap()["url"].as_str().unwrap().to_owned();
    assert!(url.starts_with("http://127.0.0.1:"), "{url}");
    Golden::of("rootline-repo").blank(url, "URL").check("serve.json", &text);
}
