//! What each command prints with `--json`.

use std::io::{BufRead, BufReader};
use std::process::Stdio;

use rootline_ceremonies::SecretKey;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, FIVE, RepositoryFixture};
use rootline_tests::fixtures::vendor::{SERIAL, Vendor};
use rootline_tests::golden::Golden;
use rootline_tests::softhsm::SoftHsm;
use serde_json::Value;

use super::super::quickstart;
use super::{document, document_at, golden, rotation};

#[test]
fn beginning_a_repository() {
    let fixture = RepositoryFixture::empty();
    let init = ["--name", "Test", "--holders", "alice,bob,carol", "--threshold", "2", "--online", "online"];
    document(&fixture, "init", &[&["init", "."], &init[..]].concat());
    fixture.done(&["init", "another"]);
    let fixture = RepositoryFixture::new();
    document(&fixture, "keyholder-list", &["keyholder", "list"]);
    let next = ["keyholder", "add", "alice", "--public-key", "keys/stranger.pub", "--new-key"];
    document(&fixture, "keyholder-add-new-key", &next);
    fixture.write_key("grace", rootline_ceremonies::KeyKind::Ed25519);
    let add = ["keyholder", "add", "grace", "--display-name", "Grace Example", "--key", "keys/grace.pem"];
    document(&fixture, "keyholder-add", &add);
    document(&fixture, "keyholder-check", &["keyholder", "check"]);
}

#[test]
fn a_private_instance() {
    let fixture = quickstart::instance();
    let without_carol =
        quickstart::OPTIONS.iter().map(|option| option.strip_suffix("=keys/carol.pub").unwrap_or(option));
    let quickstart: Vec<&str> = ["quickstart", "tuf"].into_iter().chain(without_carol).collect();
    document(&fixture, "quickstart", &quickstart);
    golden(&fixture).check("for-users.md", &fixture.read("tuf/for-users.md"));
    document(&fixture, "guide", &["guide", "--repository", "tuf", "--url", "https://other.example"]);
}

#[test]
fn editing_what_is_shipped() {
    let fixture = RepositoryFixture::new();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    document(&fixture, "trust-create", &["trust", "create", "--from", "sigstore"]);
    document(&fixture, "trust-show", &["trust", "show"]);
    let add = ["trust", "add-log", "--url", "https://log.example", "--public-key", "keys/dave.pub"];
    document(&fixture, "trust-add-log", &[&add[..], &["--start", "2030-02-23T03:00:00Z"]].concat());
    let retire = ["trust", "retire", "https://rekor.sigstore.dev", "--end", DAY_1];
    document(&fixture, "trust-retire", &retire);
    document(&fixture, "trust-rename", &["trust", "rename", "rekor-2025", "tiles"]);
    document(&fixture, "trust-diff", &["trust", "diff"]);
    document(&fixture, "trust-legacy", &["trust", "legacy"]);
    let create = ["trust", "signing-config", "create", "--operator", "sigstore.dev"];
    let oidc = ["--oidc", "https://oauth2.sigstore.dev/auth"];
    document(&fixture, "trust-signing-config-create", &[&create[..], &oidc].concat());
    document(&fixture, "trust-signing-config-show", &["trust", "signing-config", "show"]);
    let edit = ["trust", "signing-config", "edit", "--remove", "https://oauth2.sigstore.dev/auth"];
    document(&fixture, "trust-signing-config-edit", &edit);
    let export = ["trust", "export", "--format", "client-trust-config", "--output", "client.json"];
    document(&fixture, "trust-export", &export);
    // A key under the name that old clients know, whose URL and start no file says.
    std::fs::copy(fixture.path("keys/erin.pub"), fixture.path("ctfe.pub")).unwrap();
    let import = ["trust", "import", "ctfe.pub", "--url-of", "ctfe.pub=http://ct.example"];
    document(&fixture, "trust-import", &import);
}

#[test]
fn linting() {
    let fixture = RepositoryFixture::after_the_first();
    let policy = fixture.read("rootline.toml");
    let table = "\n[lint]\nrepo-root-json = { severity = \"warning\", why = \"guides pin it\" }\n";
    fixture.write("rootline.toml", policy + table);
    document(&fixture, "lint", &["lint", "public"]);
    document(&fixture, "lint-explain", &["lint", "--explain", "repo-root-json"]);
}

#[test]
fn keys_in_files() {
    let fixture = RepositoryFixture::new();
    let output = fixture.done(&["key", "generate", "--out", "new.pem", "--plain", "--json"]);
    let member = |name: &str| output.json()[name].as_str().unwrap().to_owned();
    golden(&fixture)
        .blank(member("keyid"), "KEYID")
        .blank(member("spki_sha256"), "SPKI")
        .check("key-generate.json", &output.stdout);
    document(&fixture, "key-check", &["key", "check", "keys/alice.pem", "keys/bob.pem"]);
    let one = ["key", "check", "keys/alice.pem", "--public-key-out", "alice.pub"];
    document(&fixture, "key-check-one", &one);
    document(&fixture, "key-prove", &["key", "prove", "alice", "--key", "keys/alice.pem"]);
    golden(&fixture).check("proof.json", &fixture.read("alice.proof.json"));
}

#[test]
fn keys_on_tokens() {
    let Some(hsm) = SoftHsm::new() else { return };
    let fixture = RepositoryFixture::new();
    hsm.add_token("alice", "1234");
    hsm.import("alice", "1234", &fixture.path("keys/alice.pem"), "root", "01", true);
    let mut command = fixture.command(&["key", "list", "--json"]);
    hsm.give_to(&mut command);
    let output = fixture.run_command(command);
    assert_eq!(output.status, 0, "{output:?}");
    let serial = output.json()["tokens"][0]["serial"].as_str().unwrap().to_owned();
    golden(&fixture).blank(serial, "SERIAL").check("key-list.json", &output.stdout);
}

#[test]
fn attestations() {
    let fixture = RepositoryFixture::new();
    let mut vendor = Vendor::with(1);
    vendor.key = SecretKey::from_pem(&fixture.read("keys/alice.pem"), None).unwrap();
    vendor.said.key = vendor.key.public_key().to_spki_der();
    vendor.says(SERIAL, &[2, 1, 17]);
    for (name, text) in [("key", vendor.key_pem()), ("device", vendor.device_pem()), ("root", vendor.root_pem())] {
        fixture.write(&format!("sent/{name}.pem"), text);
    }
    let certificates = ["--certificate", "sent/key.pem", "--device", "sent/device.pem"];
    let attest = [&["keyholder", "attest", "alice"], &certificates[..], &["--vendor-root", "sent/root.pem"]].concat();
    document(&fixture, "keyholder-attest", &attest);
    document(&fixture, "keyholder-check-attested", &["keyholder", "check", "alice"]);
    let attestations = fixture.list("keyholders/alice/attestations");
    assert_eq!(attestations.len(), 1);
    let kept = fixture.read(&format!("keyholders/alice/attestations/{}", attestations[0]));
    golden(&fixture).check("attestation.pem", &kept);

    fixture.done(&["ceremony", "new", "first"]);
    document(&fixture, "ceremony-freeze-attested", &["ceremony", "freeze", "first"]);
    fixture.sign("first", "alice").says("alice has signed");
    document(&fixture, "ceremony-status-attested", &["ceremony", "status", "first"]);
    golden(&fixture).check("transcript-attested.jsonl", &fixture.read("ceremonies/first/transcript.jsonl"));
    golden(&fixture).check("names-attested.txt", &super::files::names(&fixture, ""));
}

#[test]
fn a_first_ceremony() {
    let fixture = RepositoryFixture::new();
    document(&fixture, "status-empty", &["status"]);
    document(&fixture, "ceremony-new", &["ceremony", "new", "first", "--summary", "Begin"]);
    document(&fixture, "ceremony-status-planned", &["ceremony", "status", "first"]);
    document(&fixture, "ceremony-freeze", &["ceremony", "freeze", "first"]);
    document(&fixture, "ceremony-review", &["ceremony", "review", "first"]);
    document(&fixture, "ceremony-review-html", &["ceremony", "review", "first", "--html", "review.html"]);
    document(&fixture, "ceremony-payload", &["ceremony", "payload", "first", "--role", "root", "--output", "payload"]);
    let sign = |name: &str| format!("keys/{name}.pem");
    document(&fixture, "ceremony-sign", &["ceremony", "sign", "first", "--key", &sign("alice"), "--yes"]);
    document(&fixture, "ceremony-status", &["ceremony", "status", "first"]);
    document(&fixture, "ceremony-witness", &["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    fixture.sign("first", "bob").says("bob has signed");
    fixture.sign("first", "carol").says("carol has signed");
    document(&fixture, "status-open", &["status"]);
    document(&fixture, "ceremony-seal", &["ceremony", "seal", "first"]);
    document(&fixture, "online", &["online", "--key", "keys/online.pem"]);
    document(&fixture, "online-nothing-due", &["online", "--key", "keys/online.pem"]);
    document(&fixture, "preflight", &["preflight"]);
    document(&fixture, "publish", &["publish"]);
    document(&fixture, "publish-nothing-new", &["publish"]);
    document(&fixture, "status", &["status"]);
    document(&fixture, "ceremony-list", &["ceremony", "list"]);
    document(&fixture, "ceremony-log", &["ceremony", "log", "first"]);
    document(&fixture, "ceremony-verify", &["ceremony", "verify"]);

    let transcript = fixture.read("ceremonies/first/transcript.jsonl");
    fixture.write("ceremonies/first/transcript.jsonl", transcript.replacen("\"alice\"", "\"erin\"", 1));
    let broken = fixture.at(DAY_0, &["ceremony", "verify", "--json"]);
    assert_eq!(broken.status, 1);
    golden(&fixture).check("ceremony-verify-broken.json", &broken.stdout);
}

#[test]
fn renewing() {
    let fixture = RepositoryFixture::after_the_first();
    document_at(&fixture, "2030-06-01T00:00:00Z", "renew", &["renew"]);
}

#[test]
fn signing_elsewhere() {
    let fixture = rotation();
    document_at(&fixture, DAY_1, "ceremony-request", &["ceremony", "request", "rotation"]);
    let sign = |name: &str| -> Vec<String> {
        let (key, answer) = (format!("keys/{name}.pem"), format!("{name}.response.json"));
        ["sign", "rotation.request.json", "--key", &key, "--yes", "--output", &answer].map(str::to_owned).into()
    };
    let sign = |name: &str| sign(name).leak().iter().map(|argument| &**argument).collect::<Vec<&str>>();
    let with_root = [sign("alice"), vec!["--root", "metadata/1.root.json"]].concat();
    document_at(&fixture, DAY_1, "sign", &with_root);
    fixture.done_at(DAY_1, &sign("dave"));
    let accept = ["ceremony", "accept", "alice.response.json", "dave.response.json"];
    document_at(&fixture, DAY_1, "ceremony-accept", &accept);
    document_at(&fixture, DAY_1, "ceremony-review-rotation", &["ceremony", "review", "rotation"]);
}

#[test]
fn ceremonies_that_end_otherwise() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    fixture.done(&["ceremony", "freeze", "threshold"]);
    fixture.done_at(DAY_1, &["ceremony", "new", "npm", "--renew", "npm", "--expires", "npm=30"]);
    fixture.done(&["ceremony", "freeze", "npm"]);
    fixture.sign("npm", "frank").says("frank has signed npm 2");
    fixture.done_at(DAY_1, &["ceremony", "new", "more", "--renew", "root"]);
    document_at(&fixture, DAY_1, "ceremony-freeze-overlapping", &["ceremony", "freeze", "more"]);
    document_at(&fixture, DAY_1, "ceremony-merge", &["ceremony", "merge", "threshold", "npm"]);
    document_at(&fixture, DAY_1, "ceremony-abandon", &["ceremony", "abandon", "more", "--reason", "Not needed"]);
    document_at(&fixture, DAY_1, "ceremony-list-ended", &["ceremony", "list"]);
    let copy = fixture.copy();
    std::fs::remove_dir_all(copy.path("ceremonies/first")).unwrap();
    document_at(&copy, DAY_1, "ceremony-import", &["ceremony", "import", "before", "--reason", "Taken over"]);
    document_at(&fixture, DAY_1, "status-delegated", &["status"]);
}

/// What the doctor says, and with which exit status.
#[track_caller]
fn diagnosis(fixture: &RepositoryFixture, at: &str, name: &str, status: i32, arguments: &[&str]) {
    let output = fixture.at(at, &[&["doctor", "--json"], arguments].concat());
    assert_eq!(output.status, status, "{output:?}");
    golden(fixture).check(&format!("doctor-{name}.json"), &output.stdout);
}

#[test]
fn diagnoses() {
    let fixture = RepositoryFixture::new();
    diagnosis(&fixture, DAY_0, "policy", 0, &[]);
    fixture.done(&["ceremony", "new", "first"]);
    diagnosis(&fixture, DAY_0, "plan", 0, &[]);
    let fixture = RepositoryFixture::after_the_first();
    diagnosis(&fixture, DAY_0, "healthy", 0, &[]);
    diagnosis(&fixture, "2030-02-01T00:00:00Z", "expired", 0, &[]);
    diagnosis(&fixture, DAY_0, "lost", 0, &["--lost", "alice,bob", "--replace", "alice=frank"]);
    diagnosis(&fixture, DAY_0, "broken", 1, &["--lost", "alice,bob,carol"]);
    diagnosis(&fixture, DAY_0, "compromised", 1, &["--compromised", &FIVE[..3].join(",")]);
    fixture.done(&["ceremony", "new", "second", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "second"]);
    fixture.write("ceremonies/second/frozen/2.root.json", "{}");
    diagnosis(&fixture, DAY_0, "damaged", 0, &[]);
}

#[test]
fn serving_a_folder() {
    let fixture = RepositoryFixture::after_the_first();
    let mut server = fixture.command(&["serve", "public", "--json"]).stdout(Stdio::piped()).spawn().unwrap();
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
