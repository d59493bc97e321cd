//! Trust roots out of what others have: documents of their tools, PEM targets, cosign's specs, files, and running instances.

mod repairs;
mod repository;
mod sources;
mod specs;

use std::fs;
use std::path::Path;

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::fixtures::sigstore::documents::{self, Window};
use rootline_tests::fixtures::sigstore::{CtLog, Fulcio, Rekor, Tsa};
use rootline_tests::real_data;
use serde_json::Value;

/// When the archive of Sigstore's repository was fresh.
const REAL: &str = "2026-08-28T12:00:00Z";
const FILE: &str = "targets/trusted_root.json";

fn start() -> DateTime<Utc> {
    parse_instant("2029-06-01T00:00:00Z").unwrap()
}

/// A repository that has no trust root yet.
fn fresh() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fs::remove_file(fixture.path(FILE)).unwrap();
    fixture
}

/// The same with an instance's keys and certificates.
fn private() -> RepositoryFixture {
    let fixture = fresh();
    fixture.write("fulcio.pem", fulcio().chain.pem());
    fixture.write("tsa.pem", tsa().chain.pem());
    fixture.write("rekor.pub", Rekor::v1("rekor.acme.example").key.public_pem());
    fixture.write("rekor-2.pub", Rekor::v2("rekor-2.acme.example").key.public_pem());
    fixture.write("ctfe.pub", ct().key.public_pem());
    fixture
}

fn fulcio() -> Fulcio {
    Fulcio::with_intermediate("acme.example", start())
}

fn tsa() -> Tsa {
    Tsa::new("acme.example", start())
}

fn ct() -> CtLog {
    CtLog::new("https://ct.acme.example")
}

/// The trust root of that instance, as it should be.
fn document() -> Value {
    let window = Window(start(), None);
    documents::trusted_root(
        &[
            documents::tlog(&Rekor::v1("rekor.acme.example"), window),
            documents::tlog(&Rekor::v2("rekor-2.acme.example"), window),
        ],
        &[documents::certificate_authority(&fulcio(), window)],
        &[documents::ctlog(&ct(), window)],
        &[documents::timestamp_authority(&tsa(), window)],
    )
}

fn import(fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    fixture.at(DAY_0, &[&["trust", "import"], arguments].concat())
}

fn written(fixture: &RepositoryFixture) -> Value {
    serde_json::from_str(&fixture.read(FILE)).unwrap()
}

trait Taken {
    fn taken(self) -> Self;
}

impl Taken for Output {
    /// It is done; the lint may have warned.
    #[track_caller]
    fn taken(self) -> Output {
        assert_eq!(self.status, 0, "{self:?}");
        self
    }
}

/// It was refused with an error, a check or a hint that has all of this.
#[track_caller]
fn refused(output: &Output, what: &[&str]) {
    assert_eq!(output.status, 1, "{output:?}");
    for what in what {
        assert!(output.stderr.contains(what), "{what} is not in {}", output.stderr);
    }
}

/// Imports a document, and gives what was written and what was said.
#[track_caller]
fn imported(document: &Value, more: &[&str]) -> (Value, Vec<String>) {
    let fixture = fresh();
    fixture.write("others.json", document.to_string());
    let output = import(&fixture, &[&["others.json", "--json"], more].concat()).taken();
    (written(&fixture), remarks(&output))
}

fn remarks(output: &Output) -> Vec<String> {
    let report = output.json();
    let text = |member: &Value| member.as_str().unwrap().to_owned();
    let remarks = report["remarks"].as_array().unwrap().iter();
    remarks.map(|one| format!("{}: {}: {}", text(&one["kind"]), text(&one["subject"]), text(&one["text"]))).collect()
}

#[track_caller]
fn says(remarks: &[String], what: &str) {
    assert!(remarks.iter().any(|remark| remark.contains(what)), "{what} is not in {remarks:#?}");
}

/// Sigstore's repository, as a folder that is served.
fn sigstore() -> Option<(RepositoryFixture, Value)> {
    let archive = real_data::sigstore_prod()?;
    let fixture = fresh();
    copy(&archive.join("metadata"), &fixture.path("theirs"));
    copy(&archive.join("targets"), &fixture.path("theirs/targets"));
    let real = real_data::file_ending(&archive.join("targets"), ".trusted_root.json");
    Some((fixture, serde_json::from_slice(&real).unwrap()))
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap().map(Result::unwrap).filter(|entry| entry.path().is_file()) {
        fs::copy(entry.path(), to.join(entry.file_name())).unwrap();
    }
}

const ROOT: [&str; 3] = ["theirs", "--root", "theirs/1.root.json"];
