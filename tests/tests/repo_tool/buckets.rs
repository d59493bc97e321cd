//! Publishing into a bucket: the same stages, checks and record as for a folder.

use rootline_client::store::MemoryStore;
use rootline_client::transport::{Http, HttpBlocking, HttpSettings};
use rootline_client::{Client, TrustRoot};
use rootline_metadata::{Role, parse_instant};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::servers::bucket_server::{BucketServer, Fault, SECRET};
use serde_json::{Value, json};

const PLACE: &str = "s3://bucket/tuf";
const PUBLISH: [&str; 3] = ["publish", "--to", PLACE];

fn run(fixture: &RepositoryFixture, server: &BucketServer, at: &str, arguments: &[&str]) -> Output {
    let mut command = fixture.command(&[arguments, &["--at", at]].concat());
    command.envs(server.environment());
    let output = fixture.run_command(command);
    assert!(!output.stdout.contains(SECRET) && !output.stderr.contains(SECRET), "{output:?}");
    output
}

#[track_caller]
fn publish(fixture: &RepositoryFixture, server: &BucketServer, at: &str) -> Value {
    let output = run(fixture, server, at, &[&PUBLISH[..], &["--json"]].concat());
    assert!(output.is_done(), "{output:?}");
    output.json()
}

/// A verifier that has the first root, and the URL of the bucket.
fn verify(fixture: &RepositoryFixture, server: &BucketServer, at: &str) -> usize {
    let root = std::fs::read(fixture.path("metadata/1.root.json")).unwrap();
    let url = format!("{}/bucket/tuf", server.url());
    let transport = Http::new(&url, &format!("{url}/targets"), HttpSettings::default()).unwrap();
    let mut client = Client::new(root, HttpBlocking::new(transport).unwrap(), MemoryStore::new());
    let updated = client.update(parse_instant(at).unwrap(), &TrustRoot::queries_if_listed()).unwrap();
    updated.trusted.root().version().number() as usize
}

#[test]
fn a_bucket_gets_content_first_and_headers_that_caches_go_by() {
    let (fixture, server) = (RepositoryFixture::after_the_first(), BucketServer::new());
    fixture.behind_caches();
    let reached = publish(&fixture, &server, DAY_0);
    assert_eq!((&reached["to"], &reached["next"], &reached["is_new"]), (&json!(PLACE), &Value::Null, &json!(false)));
    let written: Vec<String> = server
        .written()
        .into_iter()
        .filter(|name| !name.contains("probe"))
        .map(|name| name.replace("tuf/", ""))
        .collect();
    assert!(written[0].starts_with("targets/"), "{written:?}");
    assert_eq!(written[1..], ["1.targets.json", "1.snapshot.json", "1.root.json", "timestamp.json"]);
    let files = server.files();
    let header = |name: &str| files[&format!("tuf/{name}")].headers["cache-control"].clone();
    assert_eq!(header("1.root.json"), "public, max-age=31536000, immutable");
    assert_eq!(header("timestamp.json"), "public, max-age=3600");
    assert_eq!(verify(&fixture, &server, DAY_0), 1);
    assert_eq!(publish(&fixture, &server, DAY_0)["written"], json!([]));
}

#[test]
fn a_rotation_takes_the_same_stages_as_in_a_folder() {
    let (fixture, server) = (RepositoryFixture::after_the_first(), BucketServer::new());
    fixture.behind_caches();
    publish(&fixture, &server, DAY_0);
    fixture.make_current("second", &["--replace", "bob=frank"], &["alice", "carol", "dave"], DAY_1);
    let mut written = Vec::new();
    for (at, root) in [(DAY_1, 1), ("2030-01-02T01:10:00Z", 1), ("2030-01-02T02:20:00Z", 2)] {
        written.push(publish(&fixture, &server, at)["written"].clone());
        assert_eq!(verify(&fixture, &server, at), root, "{at}");
    }
    let stages = [json!(["2.targets.json", "2.snapshot.json"]), json!(["timestamp.json"]), json!(["2.root.json"])];
    assert_eq!(written, stages);
}

#[test]
fn what_is_newer_or_other_in_the_bucket_is_refused_and_stays() {
    let fixture = RepositoryFixture::after_the_first();
    for (name, bytes, error) in [
        ("tuf/1.snapshot.json", &b"{}"[..], "s3://bucket/tuf/1.snapshot.json differs from the published file"),
        ("tuf/2.root.json", b"{}", "s3://bucket/tuf/2.root.json is newer than everything published from this folder"),
    ] {
        let server = BucketServer::new();
        server.put(name, bytes);
        let before = server.files();
        run(&fixture, &server, DAY_0, &PUBLISH).refuses(error, &refused_by(error), "");
        assert_eq!(server.files(), before);
    }
    // What no verifier asks for does no harm.
    let server = BucketServer::new();
    server.put("tuf/index.html", b"hello");
    publish(&fixture, &server, DAY_0);
}

fn refused_by(error: &str) -> String {
    match error.contains("newer") {
        true => "versions never go backwards".to_owned(),
        false => "content never changes without a new version".to_owned(),
    }
}

#[test]
fn a_store_that_fails_on_the_way_is_gone_on_with() {
    let fixture = RepositoryFixture::after_the_first();
    for fault in [Fault::Forbids, Fault::LosesAnswer(2), Fault::Fails(503, 1)] {
        let server = BucketServer::new();
        server.set_fault(fault);
        let output = run(&fixture, &server, DAY_0, &PUBLISH);
        assert_eq!(output.is_done(), fault != Fault::Forbids, "{fault:?}: {output:?}");
        assert!(output.is_done() || output.stderr.contains("\n  hint: "), "{output:?}");
        server.set_fault(Fault::None);
        publish(&fixture, &server, DAY_0);
        assert_eq!(verify(&fixture, &server, DAY_0), 1);
    }
}

#[test]
fn a_dry_run_writes_nothing_into_the_bucket() {
    let (fixture, server) = (RepositoryFixture::after_the_first(), BucketServer::new());
    let output = run(&fixture, &server, DAY_0, &[&PUBLISH[..], &["--dry-run"]].concat());
    output.says("would write s3://bucket/tuf/timestamp.json");
    assert!(server.files().is_empty());
}
