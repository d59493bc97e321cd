//! What is due is renewed by one command up to the signing, and what is not due is not.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::json;

/// 46 days before root and targets expire.
const DUE: &str = "2030-06-01T00:00:00Z";

#[test]
fn what_is_due_is_planned_frozen_and_requested() {
    let fixture = RepositoryFixture::after_the_first();
    let report = fixture.done_at(DUE, &["renew", "--json"]).json();
    assert_eq!(report["roles"], json!(["root", "targets"]));
    assert_eq!(report["freeze"]["files"], json!(["root 2", "targets 2"]));
    assert_eq!(report["request"]["request"], "renewal-2030-06-01.request.json");
    assert_eq!(report["request"]["fingerprint"], report["freeze"]["fingerprint"]);
    // The same as by the three commands.
    let copy = RepositoryFixture::after_the_first();
    let summary = ["--summary", "Renewal of root and targets"];
    let new = ["ceremony", "new", "renewal-2030-06-01", "--renew", "root", "--renew", "targets"];
    for command in [&[&new[..], &summary].concat()[..], &["ceremony", "freeze"], &["ceremony", "request"]] {
        copy.done_at(DUE, command);
    }
    for file in ["renewal-2030-06-01.request.json", "ceremonies/renewal-2030-06-01/transcript.jsonl"] {
        assert_eq!(fixture.read(file), copy.read(file), "{file}");
    }
    // From there to the publication.
    for name in ["alice", "bob", "carol"] {
        let (key, response) = (format!("keys/{name}.pem"), format!("{name}.response.json"));
        let sign = ["sign", "renewal-2030-06-01.request.json", "--key", &key, "--yes", "--output", &response];
        fixture.done_at(DUE, &[&sign[..], &["--root", "metadata/1.root.json"]].concat());
        fixture.done_at(DUE, &["ceremony", "accept", &response]);
    }
    fixture.done_at(DUE, &["ceremony", "seal"]);
    fixture.done_at(DUE, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DUE, &["publish"]);
    assert!(fixture.verify("public", 1, DUE).is_ok());
    fixture.at(DUE, &["renew"]).refuses(
        "nothing is due before 2030-10-30T00:00:00Z, when root and targets are",
        "",
        "run",
    );
}

#[test]
fn nothing_is_renewed_before_it_is_due_unless_it_is_named() {
    let fixture = RepositoryFixture::after_the_first();
    let before = fixture.list("");
    for at in [DAY_1, "2030-05-31T23:59:59Z"] {
        fixture.at(at, &["renew"]).refuses("nothing is due before 2030-06-01T00:00:00Z", "", "run this again then");
    }
    assert_eq!(fixture.list(""), before);
    fixture.at(DAY_1, &["renew", "timestamp"]).refuses("\"timestamp\" is not a role", "", "name root, targets");
    let report = fixture.done_at(DAY_1, &["renew", "targets", "--id", "more", "--output", "to-sign.json", "--json"]);
    assert_eq!(report.json()["freeze"]["files"], json!(["targets 2"]));
    assert!(fixture.path("to-sign.json").exists() && fixture.path("ceremonies/more/frozen/2.targets.json").exists());
}

#[test]
fn a_ceremony_that_renews_already_goes_first() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DUE, &["renew"]).says("renewal-2030-06-01 renews root, targets");
    fixture.at("2030-06-02T00:00:00Z", &["renew"]).refuses(
        "the ceremony renewal-2030-06-01 makes a new root and targets already",
        "",
        "go on with it: rootline-repo ceremony status renewal-2030-06-01",
    );
    assert_eq!(fixture.list("ceremonies").iter().filter(|name| name.starts_with("renewal-2030-06-02")).count(), 0);
}

#[test]
fn what_cannot_be_frozen_stays_planned_and_that_is_told() {
    let fixture = RepositoryFixture::new();
    fixture.at(DAY_0, &["renew"]).refuses("nothing is published yet", "", "hold the first ceremony");
    let fixture = RepositoryFixture::after_the_first();
    fixture.write("targets/trusted_root.json", "{");
    let output = fixture.at(DUE, &["renew"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("warning: renewal-2030-06-01 is planned, and not frozen"), "{output:?}");
    assert!(fixture.path("ceremonies/renewal-2030-06-01/plan.toml").exists());
    assert!(!fixture.path("renewal-2030-06-01.request.json").exists());
}

#[test]
fn where_the_request_cannot_be_written_the_ceremony_stays_frozen_and_that_is_told() {
    let fixture = RepositoryFixture::after_the_first();
    let output = fixture.at(DUE, &["renew", "--output", "metadata/1.root.json/request.json"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stderr.contains("warning: renewal-2030-06-01 is frozen, and there is no request yet"), "{output:?}");
    assert!(output.stderr.contains("go on with rootline-repo ceremony request renewal-2030-06-01"), "{output:?}");
    fixture.done_at(DUE, &["ceremony", "request", "renewal-2030-06-01"]);
}
