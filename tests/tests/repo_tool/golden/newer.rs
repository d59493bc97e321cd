//! Files of a newer version are answered as such; files that state no version are of the first.

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};
use std::fs;

use super::rotation;

const NEWER: &str = "was made by a newer rootline (format 2; this one reads 1)";

#[track_caller]
fn refused(office: &Office, file: &str, arguments: &[&str]) {
    office.at(DAY_1, arguments).refuses(&format!("{file} {NEWER}"), "", "update rootline");
}

/// A file that states no version is read; with the first one too; and with the second it is refused, whatever else is in it.
#[track_caller]
fn of_toml(office: &Office, file: &str, arguments: &[&str]) {
    let text = office.read(file).replacen("format = 1\n", "", 1);
    for good in [text.clone(), format!("format = 1\n{text}")] {
        office.write(file, good);
        office.done_at(DAY_1, arguments);
    }
    office.write(file, format!("format = 2\nof-the-future = [1]\n{text}"));
    refused(office, file, arguments);
    office.write(file, format!("format = 0\n{text}"));
    office.at(DAY_1, arguments).refuses(&format!("{file}:1:10: a format is 1 or more"), "", "edit");
}

#[test]
fn files_that_people_write() {
    let office = Office::planned();
    of_toml(&office.copy(), "rootline.toml", &["status"]);
    of_toml(&office.copy(), "keyholders/alice/keyholder.toml", &["keyholder", "list"]);
    of_toml(&office, "ceremonies/first/plan.toml", &["ceremony", "freeze", "first"]);
}

#[test]
fn signatures_and_heads() {
    let office = Office::frozen();
    office.sign("first", "alice").says("alice has signed");
    office.done(&["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    let signature = "ceremonies/first/signatures/1.root/alice.json";
    let head = format!("ceremonies/first/heads/{}", office.list("ceremonies/first/heads")[0]);
    // Neither stated its version in the beginning.
    office.edit(signature, "  \"format\": 1,\n", "");
    office.edit(&head, "  \"format\": 1,\n", "");
    office.done(&["ceremony", "status", "first"]).says("1 of 3 (alice)");
    office.done(&["ceremony", "verify", "first"]);
    // The head is signed already, and its file stays as it is.
    let before = office.read(&head);
    office.done(&["ceremony", "witness", "first", "--key", "keys/dave.pem"]);
    assert_eq!(office.read(&head), before);
    for file in [signature, &head] {
        let text = office.read(file);
        office.write(file, text.replacen('{', "{\"format\": 2,", 1));
        let said = office.at(DAY_0, &["ceremony", "verify", "first"]);
        assert_eq!(said.status, 1, "{said:?}");
        assert!(said.out.contains(&format!("{file} {NEWER}")), "{said:?}");
        office.write(file, text);
    }
}

#[test]
fn lines_of_a_transcript() {
    let office = Office::frozen();
    let file = "ceremonies/first/transcript.jsonl";
    let text = office.read(file);
    // What is written has the first version and does not state it, so that digests stay.
    assert!(!text.contains("\"format\""));
    let last = text.lines().last().unwrap();
    let stating = |format: u64| text.replacen(last, &last.replacen('{', &format!("{{\"format\":{format},"), 1), 1);
    office.write(file, stating(1));
    office.done(&["ceremony", "log", "first"]);
    office.write(file, stating(2));
    refused(&office, &format!("{file}: line 2 of the transcript"), &["ceremony", "status", "first"]);
}

#[test]
fn requests_and_answers() {
    let office = rotation();
    let request = office.read("rotation.request.json");
    let sign = ["sign", "rotation.request.json", "--key", "keys/alice.pem", "--yes"];
    office.write("rotation.request.json", request.replacen("\"request\": 1", "\"request\": 2", 1));
    refused(&office, "the request", &sign);
    office.write("rotation.request.json", request.replacen("\"plan\": \"", "\"plan\": \"format = 2\\n", 1));
    let said = office.at(DAY_1, &sign);
    said.refuses("the plan: line 1, column 10: made by a newer rootline", "", "update rootline");
    office.write("rotation.request.json", request);
    office.done_at(DAY_1, &sign);
    let answer = "rotation.alice.response.json";
    let text = office.read(answer);
    office.write(answer, text.replacen("\"answer\":1", "\"answer\":2", 1));
    refused(&office, &format!("{answer}: the response"), &["ceremony", "accept", answer]);
    fs::write(office.path(answer), text).unwrap();
    office.done_at(DAY_1, &["ceremony", "accept", answer]);
}
