//! The record of a ceremony: its log, and the signatures of its head.

use std::fs;

use rootline_ceremonies::{HeadSignature, Transcript};
use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};

fn frozen() -> Office {
    let office = Office::new();
    office.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    office.done(&["ceremony", "freeze", "first"]);
    office
}

const TRANSCRIPT: &str = "ceremonies/first/transcript.jsonl";

fn transcript(office: &Office) -> Transcript {
    Transcript::parse(&office.read(TRANSCRIPT)).unwrap()
}

#[test]
fn a_log_that_is_asked_for_without_a_name_is_that_of_what_is_open_or_was_last() {
    let office = Office::new();
    office.run(&["ceremony", "log"]).refuses("there is no ceremony yet", "", "begin one");
    let office = Office::after_the_first();
    office.done(&["ceremony", "log"]).says("published");
    office.hold("second", &["--renew", "root"], &["alice", "bob", "carol"], DAY_1);
    office.done(&["ceremony", "log", "--json"]).says("\"ceremony\": \"second\"");
    office.done_at(DAY_1, &["ceremony", "new", "third"]);
    office.done(&["ceremony", "log", "--json"]).says("\"ceremony\": \"third\"");
    office.done_at(DAY_1, &["ceremony", "new", "fourth"]);
    office.run(&["ceremony", "log"]).refuses("several ceremonies are open: fourth, third", "", "name one of them");
}

#[test]
fn a_log_tells_when_what_and_who_and_ends_with_the_head_to_read_aloud() {
    let office = Office::after_the_first();
    let said = office.done(&["ceremony", "log", "first"]);
    for line in [
        "2030-01-01T00:00:00Z  planned    plan ",
        "  frozen     revision 1 of 1.root.json, 1.targets.json, fingerprint ",
        "  signed     bob signed targets 1 ",
        "  sealed     1.root.json, 1.targets.json: 1.root.json by alice, bob, carol; 1.targets.json by alice, bob, carol\n",
        "  checked    1 verifier, from 1 root, accepted it before its release\n",
        "  released   1.root.json, 1.targets.json\n",
        "  published  to public, timestamp 1 (",
        "head, for keyholders to read out (13 lines):\n",
    ] {
        said.says(line);
    }
    let head = said.out.lines().last().unwrap().trim();
    assert_eq!(head, transcript(&office).head().to_string());
    assert_eq!(head.split(' ').count(), 16);
}

#[test]
fn a_log_for_programs_has_every_fact() {
    let office = Office::after_the_first();
    let said = office.done(&["ceremony", "log", "first", "--json"]);
    let log = said.json();
    let entries = log["entries"].as_array().unwrap();
    assert_eq!((entries.len(), &log["lines"], &log["ceremony"]), (13, &13.into(), &"first".into()));
    assert_eq!(log["head"][0], entries[12]["digest"]);
    assert_eq!(entries[12]["previous"][0], entries[11]["digest"]);
    let signed = &entries[2];
    assert_eq!((&signed["event"], &signed["facts"]["keyholder"]), (&"signed".into(), &"alice".into()));
    assert_eq!(signed["facts"]["scheme"], "ecdsa-sha2-nistp256");
    let sealed = entries.iter().find(|entry| entry["event"] == "sealed").unwrap();
    let tally = &sealed["facts"]["tally"][0];
    assert_eq!((&tally["under"], &tally["threshold"]), (&"root 1 (new)".into(), &3.into()));
    let digest = rootline_metadata::sha256(&fs::read(office.path("public/timestamp.json")).unwrap());
    assert_eq!(entries[12]["facts"]["digest"], rootline_metadata::hex::encode(&digest));
}

#[test]
fn a_broken_transcript_is_shown_up_to_the_fault_and_refused() {
    let office = frozen();
    office.sign("first", "alice").says("alice has signed");
    office.edit(TRANSCRIPT, "\"keyholder\":\"alice\",", "\"keyholder\":\"carol\",");
    let said = office.run(&["ceremony", "log", "first"]);
    said.refuses(
        "ceremonies/first/transcript.jsonl: line 4 of the transcript follows a line that does not stand before it",
        "",
        "bring back transcript.jsonl",
    );
    assert_eq!(said.out.lines().count(), 3, "{said:?}");
    assert!(!said.out.contains("head"), "{said:?}");
    let said = office.run(&["ceremony", "log", "first", "--json"]);
    let json = said.json();
    assert!(json["error"]["what"].as_str().unwrap().contains("line 4 of the transcript"), "{said:?}");
}

#[test]
fn what_a_later_version_noted_down_is_shown_and_moves_no_cursor() {
    let office = frozen();
    let mut record = transcript(&office);
    let event = rootline_ceremonies::Event::new(rootline_ceremonies::EventKind::named("lunch\u{1b}[2J"));
    let line = record.append(rootline_metadata::parse_instant(DAY_1).unwrap(), event.with("served", "soup\u{7}"));
    office.write(TRANSCRIPT, office.read(TRANSCRIPT) + &line + "\n");
    let said = office.done(&["ceremony", "log", "first"]);
    said.says("2030-01-02T00:00:00Z  lunch [2J");
    said.says("\"served\":\"soup");
    assert!(said.out.chars().all(|character| character == '\n' || !character.is_control()), "{said:?}");
    office.done(&["ceremony", "status"]).says("first: to be signed");
}

#[test]
fn a_log_of_nothing_says_so() {
    let office = Office::planned();
    fs::remove_file(office.path(TRANSCRIPT)).unwrap();
    office.done(&["ceremony", "log"]).says("first has no transcript yet");
    let said = office.run(&["ceremony", "log", "second"]);
    said.refuses("there is no ceremony second", "", "list them");
}

#[test]
fn a_keyholder_signs_the_head_as_often_as_there_is_something_new() {
    let office = frozen();
    let witness = |by: &str| office.at(DAY_1, &["ceremony", "witness", "first", "--key", &format!("keys/{by}.pem")]);
    let head = transcript(&office).head();
    let said = witness("alice");
    said.says("alice has signed the head of first, after 2 lines:\n");
    said.says(&format!("  {head}\n"));
    let files = office.list("ceremonies/first/heads");
    assert_eq!(files.len(), 1);
    assert!(files[0].starts_with("alice-"), "{files:?}");
    let signature =
        HeadSignature::parse(&fs::read(office.path(&format!("ceremonies/first/heads/{}", files[0]))).unwrap());
    assert_eq!(signature.unwrap().head, head);
    let last = transcript(&office).entries().last().unwrap().clone();
    assert_eq!((last.event.kind.name(), last.event.text("file")), ("witnessed", Some(&*files[0])));
    // Nothing is new but that she has.
    witness("alice").says("after 2 lines");
    assert_eq!((transcript(&office).entries().len(), office.list("ceremonies/first/heads").len()), (3, 1));
    // That she has is new to bob, and that he has is new to her.
    witness("bob").says("bob has signed the head of first, after 3 lines");
    witness("alice").says("alice has signed the head of first, after 4 lines");
    assert_eq!(office.list("ceremonies/first/heads").len(), 3);
}

#[test]
fn a_head_is_signed_by_nobody_but_a_keyholder() {
    let office = frozen();
    let before = office.read(TRANSCRIPT);
    let said = office.run(&["ceremony", "witness", "first", "--key", "keys/stranger.pem"]);
    said.refuses(
        "the key ",
        "only keys that a keyholder was given count",
        "if the key was meant to be given to somebody",
    );
    assert_eq!((office.read(TRANSCRIPT), office.list("ceremonies/first/heads").len()), (before, 0));
    // A file that somebody has put there is no signature, and is never written over.
    office.write("ceremonies/first/heads/alice-0000000000000000.json", "{}");
    let said = office.run(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    said.refuses("ceremonies/first/heads/alice-0000000000000000.json: ", "", "restore it from version control");
}

#[test]
fn nothing_that_was_not_noted_down_can_be_witnessed() {
    let office = Office::planned();
    fs::remove_file(office.path(TRANSCRIPT)).unwrap();
    let said = office.run(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    said.refuses("first has no transcript yet", "", "freeze it first");
}

#[test]
fn each_place_that_was_published_to_is_noted_down_once() {
    let office = Office::after_the_first();
    office.done(&["publish", "--to", "second"]);
    office.done(&["publish", "--to", "second"]);
    office.done(&["publish"]);
    let record = transcript(&office);
    let published = record.entries().iter().filter(|entry| entry.event.kind.name() == "published");
    assert_eq!(published.map(|entry| entry.event.text("to").unwrap()).collect::<Vec<_>>(), ["public", "second"]);
}

#[test]
fn a_command_that_has_done_its_work_may_be_given_again() {
    let office = Office::planned();
    // Interrupted before it was noted down, and run again on another day.
    fs::remove_file(office.path(TRANSCRIPT)).unwrap();
    let plan = office.read("ceremonies/first/plan.toml");
    office.done_at(DAY_1, &["ceremony", "new", "first"]);
    assert_eq!(office.read("ceremonies/first/plan.toml"), plan);
    assert_eq!(transcript(&office).entries().len(), 1);
    // Another plan, or one that was edited, is not taken for it.
    let other = office.run(&["ceremony", "new", "first", "--summary", "Other"]);
    other.refuses("ceremonies/first/plan.toml exists already", "", "name another file");
    office.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let edited = office.at(DAY_0, &["ceremony", "new", "first"]);
    edited.refuses("ceremonies/first/plan.toml exists already", "", "name another file");
    // The same key for the same keyholder changes nothing; another one is not theirs by saying so.
    office.done(&["keyholder", "add", "alice", "--public-key", "keys/alice.pub"]).says("alice holds key");
    let other = office.run(&["keyholder", "add", "alice", "--public-key", "keys/stranger.pub"]);
    other.refuses("there is a keyholder alice already", "a keyholder counts once", "choose another name");
}

#[test]
fn what_could_not_be_read_again_is_not_noted_down() {
    let office = frozen();
    let before = office.read(TRANSCRIPT);
    let mut record = transcript(&office);
    let mut long = before.clone();
    while record.entries().len() < Transcript::MAX_LINES {
        let event = rootline_ceremonies::Event::new(rootline_ceremonies::EventKind::named("lunch"));
        long += &(record.append(rootline_metadata::parse_instant(DAY_0).unwrap(), event) + "\n");
    }
    office.write(TRANSCRIPT, &long);
    let said = office.run(&["ceremony", "abandon", "--reason", "Enough"]);
    said.refuses("ceremonies/first/transcript.jsonl: the transcript has more than", "", "bring back transcript.jsonl");
    assert_eq!(office.read(TRANSCRIPT), long);
}
