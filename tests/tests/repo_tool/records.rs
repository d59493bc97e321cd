//! The record of a ceremony: its log, and the signatures of its head.

use std::fs;

use rootline_ceremonies::{HeadSignature, Transcript};
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

fn frozen() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fixture.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture
}

const TRANSCRIPT: &str = "ceremonies/first/transcript.jsonl";

fn transcript(fixture: &RepositoryFixture) -> Transcript {
    Transcript::parse(&fixture.read(TRANSCRIPT)).unwrap()
}

#[test]
fn a_log_that_is_asked_for_without_a_name_is_that_of_what_is_open_or_was_last() {
    let fixture = RepositoryFixture::new();
    fixture.run(&["ceremony", "log"]).refuses("there is no ceremony yet", "", "start one");
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "log"]).says("published");
    fixture.hold("second", &["--renew", "root"], &["alice", "bob", "carol"], DAY_1);
    fixture.done(&["ceremony", "log", "--json"]).says("\"ceremony\": \"second\"");
    fixture.done_at(DAY_1, &["ceremony", "new", "third"]);
    fixture.done(&["ceremony", "log", "--json"]).says("\"ceremony\": \"third\"");
    fixture.done_at(DAY_1, &["ceremony", "new", "fourth"]);
    fixture.run(&["ceremony", "log"]).refuses("several ceremonies are open: fourth, third", "", "name one of them");
}

#[test]
fn a_log_tells_when_what_and_who_and_ends_with_the_head_to_read_aloud() {
    let fixture = RepositoryFixture::after_the_first();
    let output = fixture.done(&["ceremony", "log", "first"]);
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
        output.says(line);
    }
    let head = output.stdout.lines().last().unwrap().trim();
    assert_eq!(head, transcript(&fixture).head().to_string());
    assert_eq!(head.split(' ').count(), 16);
}

#[test]
fn a_log_for_programs_has_every_fact() {
    let fixture = RepositoryFixture::after_the_first();
    let output = fixture.done(&["ceremony", "log", "first", "--json"]);
    let log = output.json();
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
    let digest = rootline_metadata::sha256(&fs::read(fixture.path("public/timestamp.json")).unwrap());
    assert_eq!(entries[12]["facts"]["digest"], rootline_metadata::hex::encode(&digest));
}

#[test]
fn a_broken_transcript_is_shown_up_to_the_fault_and_refused() {
    let fixture = frozen();
    fixture.sign("first", "alice").says("alice has signed");
    fixture.edit(TRANSCRIPT, "\"keyholder\":\"alice\",", "\"keyholder\":\"carol\",");
    let output = fixture.run(&["ceremony", "log", "first"]);
    output.refuses(
        "ceremonies/first/transcript.jsonl: line 4 of the transcript follows a line that does not stand before it",
        "",
        "bring back transcript.jsonl",
    );
    assert_eq!(output.stdout.lines().count(), 3, "{output:?}");
    assert!(!output.stdout.contains("head"), "{output:?}");
    let output = fixture.run(&["ceremony", "log", "first", "--json"]);
    let json = output.json();
    assert!(json["error"]["what"].as_str().unwrap().contains("line 4 of the transcript"), "{output:?}");
}

#[test]
fn what_a_later_version_noted_down_is_shown_and_moves_no_cursor() {
    let fixture = frozen();
    let mut record = transcript(&fixture);
    let event = rootline_ceremonies::Event::new(rootline_ceremonies::EventKind::named("lunch\u{1b}[2J"));
    let line = record.append(rootline_metadata::parse_instant(DAY_1).unwrap(), event.with("served", "soup\u{7}"));
    fixture.write(TRANSCRIPT, fixture.read(TRANSCRIPT) + &line + "\n");
    let output = fixture.done(&["ceremony", "log", "first"]);
    output.says("2030-01-02T00:00:00Z  lunch [2J");
    output.says("\"served\":\"soup");
    assert!(output.stdout.chars().all(|character| character == '\n' || !character.is_control()), "{output:?}");
    fixture.done(&["ceremony", "status"]).says("first: to be signed");
}

#[test]
fn a_log_of_nothing_says_so() {
    let fixture = RepositoryFixture::planned();
    fs::remove_file(fixture.path(TRANSCRIPT)).unwrap();
    fixture.done(&["ceremony", "log"]).says("first has no transcript yet");
    let output = fixture.run(&["ceremony", "log", "second"]);
    output.refuses("there is no ceremony second", "", "list them");
}

#[test]
fn a_keyholder_signs_the_head_as_often_as_there_is_something_new() {
    let fixture = frozen();
    let witness = |by: &str| fixture.at(DAY_1, &["ceremony", "witness", "first", "--key", &format!("keys/{by}.pem")]);
    let head = transcript(&fixture).head();
    let output = witness("alice");
    output.says("alice has signed the head of first, after 2 lines:\n");
    output.says(&format!("  {head}\n"));
    let files = fixture.list("ceremonies/first/heads");
    assert_eq!(files.len(), 1);
    assert!(files[0].starts_with("alice-"), "{files:?}");
    let signature =
        HeadSignature::parse(&fs::read(fixture.path(&format!("ceremonies/first/heads/{}", files[0]))).unwrap());
    assert_eq!(signature.unwrap().head, head);
    let last = transcript(&fixture).entries().last().unwrap().clone();
    assert_eq!((last.event.kind.name(), last.event.text("file")), ("witnessed", Some(&*files[0])));
    // Nothing is new but that she has.
    witness("alice").says("after 2 lines");
    assert_eq!((transcript(&fixture).entries().len(), fixture.list("ceremonies/first/heads").len()), (3, 1));
    // That she has is new to bob, and that he has is new to her.
    witness("bob").says("bob has signed the head of first, after 3 lines");
    witness("alice").says("alice has signed the head of first, after 4 lines");
    assert_eq!(fixture.list("ceremonies/first/heads").len(), 3);
}

#[test]
fn a_head_is_signed_by_nobody_but_a_keyholder() {
    let fixture = frozen();
    let before = fixture.read(TRANSCRIPT);
    let output = fixture.run(&["ceremony", "witness", "first", "--key", "keys/stranger.pem"]);
    output.refuses(
        "the key ",
        "only keys that a keyholder was given count",
        "if the key was meant to be given to somebody",
    );
    assert_eq!((fixture.read(TRANSCRIPT), fixture.list("ceremonies/first/heads").len()), (before, 0));
    // A file that somebody has put there is no signature, and is never written over.
    fixture.write("ceremonies/first/heads/alice-0000000000000000.json", "{}");
    let output = fixture.run(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    output.refuses("ceremonies/first/heads/alice-0000000000000000.json: ", "", "restore it from version control");
}

#[test]
fn nothing_that_was_not_noted_down_can_be_witnessed() {
    let fixture = RepositoryFixture::planned();
    fs::remove_file(fixture.path(TRANSCRIPT)).unwrap();
    let output = fixture.run(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    output.refuses("first has no transcript yet", "", "freeze it first");
}

#[test]
fn each_place_that_was_published_to_is_noted_down_once() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["publish", "--to", "second"]);
    fixture.done(&["publish", "--to", "second"]);
    fixture.done(&["publish"]);
    let record = transcript(&fixture);
    let published = record.entries().iter().filter(|entry| entry.event.kind.name() == "published");
    assert_eq!(published.map(|entry| entry.event.text("to").unwrap()).collect::<Vec<_>>(), ["public", "second"]);
}

#[test]
fn a_command_that_has_done_its_work_may_be_given_again() {
    let fixture = RepositoryFixture::planned();
    // Interrupted before it was noted down, and run again on another day.
    fs::remove_file(fixture.path(TRANSCRIPT)).unwrap();
    let plan = fixture.read("ceremonies/first/plan.toml");
    fixture.done_at(DAY_1, &["ceremony", "new", "first"]);
    assert_eq!(fixture.read("ceremonies/first/plan.toml"), plan);
    assert_eq!(transcript(&fixture).entries().len(), 1);
    // Another plan, or one that was edited, is not taken for it.
    let other = fixture.at(DAY_1, &["ceremony", "new", "first", "--summary", "Other"]);
    other.refuses("ceremonies/first/plan.toml already exists", "", "name another file");
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let edited = fixture.at(DAY_1, &["ceremony", "new", "first"]);
    edited.refuses("ceremonies/first/plan.toml already exists", "", "name another file");
    // The same key for the same keyholder changes nothing; another one is not theirs by saying so.
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/alice.pub"]).says("alice holds key");
    let other = fixture.run(&["keyholder", "add", "alice", "--public-key", "keys/stranger.pub"]);
    other.refuses("there is a keyholder alice already", "a keyholder counts once", "choose another name");
}

#[test]
fn what_could_not_be_read_again_is_not_noted_down() {
    let fixture = frozen();
    let before = fixture.read(TRANSCRIPT);
    let mut record = transcript(&fixture);
    let mut long = before.clone();
    while record.entries().len() < Transcript::MAX_LINES {
        let event = rootline_ceremonies::Event::new(rootline_ceremonies::EventKind::named("lunch"));
        long += &(record.append(rootline_metadata::parse_instant(DAY_0).unwrap(), event) + "\n");
    }
    fixture.write(TRANSCRIPT, &long);
    let output = fixture.run(&["ceremony", "abandon", "--reason", "Enough"]);
    output.refuses(
        "ceremonies/first/transcript.jsonl: the transcript has more than",
        "",
        "bring back transcript.jsonl",
    );
    assert_eq!(fixture.read(TRANSCRIPT), long);
}
