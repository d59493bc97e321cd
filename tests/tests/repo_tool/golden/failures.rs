//! What a command prints for programs when it fails.

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};

use super::golden;

#[track_caller]
fn failure(office: &Office, at: &str, name: &str, arguments: &[&str]) {
    let said = office.at(at, &[arguments, &["--json"]].concat());
    assert_eq!(said.status, 1, "{said:?}");
    golden(office).check(&format!("failure-{name}.json"), &said.out);
}

#[test]
fn failures() {
    failure(&Office::empty(), DAY_0, "no-repository", &["status"]);

    let office = Office::planned();
    failure(&office, DAY_0, "no-ceremony", &["ceremony", "freeze", "second"]);
    failure(&office, DAY_0, "not-frozen", &["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    failure(&office, DAY_0, "nothing-to-publish", &["publish"]);
    office.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 9");
    failure(&office, DAY_0, "bad-toml", &["ceremony", "freeze", "first"]);

    let office = Office::frozen();
    failure(&office, DAY_0, "not-a-keyholder", &["ceremony", "sign", "first", "--key", "keys/stranger.pem", "--yes"]);
    failure(&office, DAY_0, "not-enough-signatures", &["ceremony", "seal", "first"]);
    office.write("bad.response.json", "{\"answer\": true, \"text\": \"longer than a signature, which has 64 bytes\"}");
    failure(&office, DAY_0, "bad-answer", &["ceremony", "accept", "bad.response.json"]);
    office.write("ceremonies/first/frozen/1.root.json", "{}");
    failure(&office, DAY_0, "frozen-changed", &["ceremony", "review", "first"]);

    // What is refused by a verifier says which check of the specification it was.
    let office = Office::after_the_first();
    office.hold("second", &["--renew", "root"], &["alice", "bob", "carol"], DAY_1);
    let other = Office::after_the_first();
    failure(&other, DAY_0, "to-a-file", &["publish", "--to", "rootline.toml"]);
    for file in office.list("public") {
        other.write(&format!("public/{file}"), office.read(&format!("public/{file}")));
    }
    failure(&other, DAY_0, "older-than-published", &["publish"]);
}
