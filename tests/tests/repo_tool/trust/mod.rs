//! The trust root by command: from certificates and keys to the file, and each change of it with what it stops.

mod changing;
mod making;
mod shipping;
mod showing;

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Tsa};
use serde_json::Value;

/// When every verifier can have what is planned on day 1.
const REACHED: &str = "2030-02-24T03:00:00Z";

fn instant(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn start() -> DateTime<Utc> {
    instant("2029-06-01T00:00:00Z")
}

/// A repository whose trust root is empty, with an instance's files in `parts/`.
fn private() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    fixture.done(&["trust", "create"]);
    std::fs::create_dir(fixture.path("parts")).unwrap();
    fixture.write("parts/fulcio.pem", Fulcio::with_intermediate("acme.example", start()).chain.pem());
    fixture.write("parts/tsa.pem", Tsa::new("acme.example", start()).chain.pem());
    fixture.write("parts/rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    fixture.write("parts/rekor-2.pub", Rekor::v2("rekor-2.acme.example").key.public_pem());
    fixture.write("parts/ct.pub", CtLog::new("https://ct.acme.example").key.public_pem());
    fixture.write("parts/ct-rsa.pub", CtLog::rsa("https://ct-rsa.acme.example").key.public_pem());
    fixture
}

const CA: [&str; 6] = ["trust", "add-ca", "--url", "https://fulcio.acme.example", "--chain", "parts/fulcio.pem"];
const TSA: [&str; 6] = ["trust", "add-tsa", "--url", "https://tsa.acme.example", "--chain", "parts/tsa.pem"];
const CT: [&str; 8] =
    ["trust", "add-log", "--kind", "ct", "--url", "https://ct.acme.example", "--public-key", "parts/ct.pub"];
const LOG: [&str; 6] = ["trust", "add-log", "--url", "https://rekor.acme.example", "--public-key", "parts/rekor.pub"];

/// A repository whose trust root has one of each kind.
fn instance() -> RepositoryFixture {
    let fixture = private();
    for part in [&CA[..], &TSA, &LOG, &CT] {
        fixture.done(part);
    }
    fixture
}

fn trusted_root(fixture: &RepositoryFixture) -> Value {
    serde_json::from_str(&fixture.read("targets/trusted_root.json")).unwrap()
}

fn names(fixture: &RepositoryFixture) -> Vec<String> {
    let shown = fixture.done(&["trust", "show", "--json"]).json();
    shown["entries"].as_array().unwrap().iter().map(|entry| entry["name"].as_str().unwrap().to_owned()).collect()
}
