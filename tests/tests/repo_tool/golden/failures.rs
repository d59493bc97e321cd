//! What a command prints for programs when it fails.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

use super::golden;

#[track_caller]
fn failure(fixture: &RepositoryFixture, at: &str, name: &str, arguments: &[&str]) {
    let output = fixture.at(at, &[arguments, &["--json"]].concat());
    assert_eq!(output.status, 1, "{output:?}");
    golden(fixture).check(&format!("failure-{name}.json"), &output.stdout);
}

#[test]
fn failures() {
    failure(&RepositoryFixture::empty(), DAY_0, "no-repository", &["status"]);

    let fixture = RepositoryFixture::planned();
    failure(&fixture, DAY_0, "no-ceremony", &["ceremony", "freeze", "second"]);
    failure(&fixture, DAY_0, "not-frozen", &["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    failure(&fixture, DAY_0, "nothing-to-publish", &["publish"]);
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 9");
    failure(&fixture, DAY_0, "bad-toml", &["ceremony", "freeze", "first"]);

    let fixture = RepositoryFixture::frozen();
    failure(&fixture, DAY_0, "not-a-keyholder", &["ceremony", "sign", "first", "--key", "keys/stranger.pem", "--yes"]);
    failure(&fixture, DAY_0, "not-enough-signatures", &["ceremony", "seal", "first"]);
    fixture
        .write("bad.response.json", "{\"response\": true, \"text\": \"longer than a signature, which has 64 bytes\"}");
    failure(&fixture, DAY_0, "bad-response", &["ceremony", "accept", "bad.response.json"]);
    fixture.write("ceremonies/first/frozen/1.root.json", "{}");
    failure(&fixture, DAY_0, "frozen-changed", &["ceremony", "review", "first"]);

    // What is refused by a verifier says which check of the specification it was.
    let fixture = RepositoryFixture::after_the_first();
    fixture.hold("second", &["--renew", "root"], &["alice", "bob", "carol"], DAY_1);
    let other = RepositoryFixture::after_the_first();
    failure(&other, DAY_0, "to-a-file", &["publish", "--to", "rootline.toml"]);
    for file in fixture.list("public") {
        other.write(&format!("public/{file}"), fixture.read(&format!("public/{file}")));
    }
    failure(&other, DAY_0, "older-than-published", &["publish"]);
}
