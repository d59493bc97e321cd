//! Files of a newer version are answered as such; files that state no version are of the first.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use std::fs;

use super::rotation;

const NEWER: &str = "was made by a newer rootline (format 2; this one reads 1)";

#[track_caller]
fn refused(fixture: &RepositoryFixture, file: &str, arguments: &[&str]) {
    fixture.at(DAY_1, arguments).refuses(&format!("{file} {NEWER}"), "", "update rootline");
}

/// A file that states no version is read; with the first one too; and with the second it is refused, whatever else is in it.
#[track_caller]
fn of_toml(fixture: &RepositoryFixture, file: &str, arguments: &[&str]) {
    let text = fixture.read(file).replacen("format = 1\n", "", 1);
    for good in [text.clone(), format!("format = 1\n{text}")] {
        fixture.write(file, good);
        fixture.done_at(DAY_1, arguments);
    }
    fixture.write(file, format!("format = 2\nof-the-future = [1]\n{text}"));
    refused(fixture, file, arguments);
    fixture.write(file, format!("format = 0\n{text}"));
    fixture.at(DAY_1, arguments).refuses(&format!("{file}:1:10: a format is a number, 1 or more"), "", "edit");
}

#[test]
fn files_that_people_write() {
    let fixture = RepositoryFixture::planned();
    of_toml(&fixture.copy(), "rootline.toml", &["status"]);
    of_toml(&fixture.copy(), "keyholders/alice/keyholder.toml", &["keyholder", "list"]);
    of_toml(&fixture, "ceremonies/first/plan.toml", &["ceremony", "freeze", "first"]);
}

#[test]
fn signatures_and_heads() {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    let signature = "ceremonies/first/signatures/1.root/alice.json";
    let head = format!("ceremonies/first/heads/{}", fixture.list("ceremonies/first/heads")[0]);
    // Neither stated its version in the beginning.
    fixture.edit(signature, "  \"format\": 1,\n", "");
    fixture.edit(&head, "  \"format\": 1,\n", "");
    fixture.done(&["ceremony", "status", "first"]).says("1 of 3 (alice)");
    fixture.done(&["ceremony", "verify", "first"]);
    // The head is signed already, and its file stays as it is.
    let before = fixture.read(&head);
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    assert_eq!(fixture.read(&head), before);
    for file in [signature, &head] {
        let text = fixture.read(file);
        fixture.write(file, text.replacen('{', "{\"format\": 2,", 1));
        let output = fixture.at(DAY_0, &["ceremony", "verify", "first"]);
        assert_eq!(output.status, 1, "{output:?}");
        assert!(output.stdout.contains(&format!("{file} {NEWER}")), "{output:?}");
        fixture.write(file, text);
    }
}

#[test]
fn lines_of_a_transcript() {
    let fixture = RepositoryFixture::frozen();
    let file = "ceremonies/first/transcript.jsonl";
    let text = fixture.read(file);
    // What is written has the first version and does not state it, so that digests stay.
    assert!(!text.contains("\"format\""));
    let last = text.lines().last().unwrap();
    let stating = |format: u64| text.replacen(last, &last.replacen('{', &format!("{{\"format\":{format},"), 1), 1);
    fixture.write(file, stating(1));
    fixture.done(&["ceremony", "log", "first"]);
    fixture.write(file, stating(2));
    refused(&fixture, &format!("{file}: line 2 of the transcript"), &["ceremony", "status", "first"]);
}

#[test]
fn requests_and_answers() {
    let fixture = rotation();
    let request = fixture.read("rotation.request.json");
    let sign = ["sign", "rotation.request.json", "--key", "keys/alice.pem", "--yes"];
    fixture.write("rotation.request.json", request.replacen("\"request\": 1", "\"request\": 2", 1));
    refused(&fixture, "the request", &sign);
    fixture.write("rotation.request.json", request.replacen("\"plan\": \"", "\"plan\": \"format = 2\\n", 1));
    let output = fixture.at(DAY_1, &sign);
    output.refuses("the plan: line 1, column 10: made by a newer rootline", "", "update rootline");
    fixture.write("rotation.request.json", request);
    fixture.done_at(DAY_1, &sign);
    let answer = "rotation.alice.response.json";
    let text = fixture.read(answer);
    fixture.write(answer, text.replacen("\"response\":1", "\"response\":2", 1));
    refused(&fixture, &format!("{answer}: the response"), &["ceremony", "accept", answer]);
    fs::write(fixture.path(answer), text).unwrap();
    fixture.done_at(DAY_1, &["ceremony", "accept", answer]);
}
