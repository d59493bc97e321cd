//! What acts on a ceremony stands on what `ceremony verify` finds to hold: nothing that it calls wrong is shown as good, signed, sealed, handed
//! on, released or published.

use std::fs;

use rootline_ceremonies::{Event, EventKind, FrozenRecord, Transcript};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{hex, parse_instant, sha256};
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

/// Writes a ceremony's transcript again, each event as `change` gives it and `more` after them, with digests that fit: as somebody does who
/// hides what they did.
fn forge(fixture: &RepositoryFixture, id: &str, change: impl Fn(Event) -> Option<Event>, more: Vec<Event>) {
    let name = format!("ceremonies/{id}/transcript.jsonl");
    let before = Transcript::parse(&fixture.read(&name)).unwrap();
    let (mut forged, mut text) = (Transcript::default(), String::new());
    let events = before.entries().iter().filter_map(|entry| Some((entry.at, change(entry.event.clone())?)));
    let more = more.into_iter().map(|event| (parse_instant(DAY_0).unwrap(), event));
    for (at, event) in events.chain(more) {
        text += &(forged.append(at, event) + "\n");
    }
    fixture.write(&name, text);
}

/// The digests of files in a folder, as facts of an event.
fn digests(fixture: &RepositoryFixture, folder: &str) -> ValueMembers {
    let names = fixture.list(folder).into_iter().filter(|name| name.ends_with(".json"));
    names.fold(ValueMembers::new(), |members, name| {
        let bytes = fixture.read(&format!("{folder}/{name}"));
        members.with(&name, hex::encode(&sha256(bytes.as_bytes())))
    })
}

#[track_caller]
fn is_wrong(fixture: &RepositoryFixture, id: &str, check: &str) {
    let output = fixture.run(&["ceremony", "verify", id]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.contains(&format!("  WRONG {check}: ")), "{output:?}");
}

/// Another threshold in the frozen file, and a transcript that says that it was frozen so.
fn forge_frozen(fixture: &RepositoryFixture) {
    fixture.edit("ceremonies/first/frozen/1.root.json", "\"threshold\": 3", "\"threshold\": 1");
    let digest = sha256(fixture.read("ceremonies/first/frozen/1.root.json").as_bytes());
    let forged = |event: Event| match event.frozen_record() {
        None => Some(event),
        Some(mut record) => {
            record.files.insert("1.root.json".to_owned(), digest);
            Some(Event::frozen(&FrozenRecord { ..record }))
        }
    };
    forge(fixture, "first", forged, Vec::new());
}

#[test]
fn frozen_files_that_their_plan_does_not_give_are_neither_shown_nor_signed_nor_handed_on() {
    let fixture = RepositoryFixture::frozen();
    forge_frozen(&fixture);
    is_wrong(&fixture, "first", "plan");
    for command in [
        &["ceremony", "review", "first"][..],
        &["ceremony", "review", "first", "--html", "page.html"],
        &["ceremony", "payload", "first", "--role", "root"],
        &["ceremony", "request", "first"],
        &["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"],
        &["ceremony", "seal", "first"],
        &["ceremony", "witness", "first", "--key", "keys/alice.pem"],
    ] {
        let output = fixture.at(DAY_0, command);
        assert_eq!(output.status, 1, "{command:?}: {output:?}");
        let refusal = "error: the plan does not give the 1.root.json that was frozen\n";
        assert!(output.stderr.contains(refusal), "{command:?}: {output:?}");
        assert!(output.stdout.is_empty(), "{command:?}: {output:?}");
    }
    for nowhere in ["page.html", "first.request.json", "ceremonies/first/signatures", "ceremonies/first/heads"] {
        assert!(!fixture.path(nowhere).exists(), "{nowhere}");
    }
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture.sign("first", "alice").says("alice has signed");
}

#[test]
fn a_signature_that_is_wrong_stops_the_sealing_and_can_be_given_again() {
    let fixture = RepositoryFixture::frozen();
    for name in ["alice", "bob", "carol"] {
        fixture.sign("first", name).says("has signed");
    }
    let file = "ceremonies/first/signatures/1.root/carol.json";
    fixture.write(file, fixture.read("ceremonies/first/signatures/1.root/alice.json"));
    is_wrong(&fixture, "first", "signatures");
    assert_eq!(fixture.at(DAY_0, &["ceremony", "seal", "first"]).status, 1);
    fs::remove_file(fixture.path(file)).unwrap();
    // Missing, it is a signature that can still be given, and one that is needed as long as it is recorded.
    let output = fixture.sign("first", "dave");
    assert!(output.stderr.contains("warning: carol's recorded signature of root 1 is missing"), "{output:?}");
    fixture.at(DAY_0, &["ceremony", "seal", "first"]).refuses(
        "carol's recorded signature of root 1 is missing or differs",
        "a ceremony's record never changes",
        "restore it",
    );
}

/// `next`, sealed with a root that nobody wants any more, and frozen again with another.
fn given_up() -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &["ceremony", "new", "next", "--replace", "erin=frank"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "next"]);
    for name in ["alice", "bob", "carol"] {
        fixture.sign("next", name).says("has signed");
    }
    fixture.done_at(DAY_1, &["ceremony", "seal", "next"]);
    fixture
}

#[test]
fn files_put_into_the_folder_of_sealed_ones_never_become_current() {
    let fixture = given_up();
    let sealed = fixture.read("ceremonies/next/sealed/2.root.json");
    let digests = digests(&fixture, "ceremonies/next/sealed");
    fixture.edit("ceremonies/next/plan.toml", "frank", "erin");
    fixture.edit("ceremonies/next/plan.toml", "renew = false", "renew = true");
    fixture.done_at(DAY_1, &["ceremony", "freeze", "next"]);
    fixture.write("ceremonies/next/sealed/2.root.json", &sealed);
    forge(&fixture, "next", Some, vec![Event::new(EventKind::Sealed).with("files", Value::from(digests))]);
    is_wrong(&fixture, "next", "sealed files");
    let timestamp = fixture.read("metadata/timestamp.json");
    let output = fixture.at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]);
    assert_eq!(output.status, 4, "{output:?}");
    assert!(output.stderr.contains("warning: next cannot become current: "), "{output:?}");
    assert!(!fixture.path("metadata/2.root.json").exists());
    assert_ne!(fixture.read("metadata/timestamp.json"), timestamp, "what is public is renewed");
    // Asked for by name, it is refused with its reason, and nothing is done.
    let timestamp = fixture.read("metadata/timestamp.json");
    let output = fixture.at(DAY_1, &["online", "--key", "keys/online.pem", "--renew", "--ceremony", "next"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert_eq!(fixture.read("metadata/timestamp.json"), timestamp);
}

#[test]
fn a_release_that_nothing_bears_out_closes_no_ceremony() {
    for files in [false, true] {
        let fixture = given_up();
        let digests = if files { digests(&fixture, "ceremonies/next/sealed") } else { ValueMembers::new() };
        forge(&fixture, "next", Some, vec![Event::new(EventKind::Released).with("files", Value::from(digests))]);
        is_wrong(&fixture, "next", "stage");
        let output = fixture.at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]);
        assert_eq!(output.status, 4, "{output:?}");
        let told = if files {
            "2.root.json, which the transcript records as released, is missing"
        } else {
            "that it does not record as sealed"
        };
        assert!(output.stderr.contains(told), "{output:?}");
        fixture.done_at(DAY_1, &["ceremony", "list"]).says("next");
    }
}

#[test]
fn what_a_ceremony_with_a_fault_has_made_is_not_published_and_what_is_public_is_renewed() {
    let fixture = given_up();
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    let plan = "ceremonies/next/frozen/plan.toml";
    let kept = fixture.read(plan);
    fixture.edit(plan, "frank", "erin");
    let public = fixture.read("public/timestamp.json");
    let output = fixture.at(DAY_1, &["publish"]);
    output.refuses("the frozen plan.toml has been changed", "the signed bytes are the frozen bytes", "");
    // Without any record it is nobody's.
    fs::rename(fixture.path("ceremonies/next"), fixture.path("next")).unwrap();
    fixture.at(DAY_1, &["publish"]).refuses("no ceremony has sealed or released the published 2.root.json", "", "");
    assert_eq!(fixture.read("public/timestamp.json"), public);
    assert!(!fixture.path("public/2.root.json").exists());
    fs::rename(fixture.path("next"), fixture.path("ceremonies/next")).unwrap();
    fixture.write(plan, kept);
    assert_eq!(fixture.at(DAY_1, &["publish"]).status, 0);

    // What is public already goes on, also where the record does not hold any more.
    fixture.write("ceremonies/next/transcript.jsonl", "{");
    let output = fixture.at(DAY_1, &["online", "--key", "keys/online.pem", "--renew"]);
    assert_eq!(output.status, 4, "{output:?}");
    let told = "see what is wrong: rootline-repo ceremony verify next";
    assert!(output.stderr.contains(told), "{output:?}");
    let public = fixture.read("public/timestamp.json");
    let output = fixture.at(DAY_1, &["publish"]);
    assert!(output.status == 4 && output.stderr.contains(told), "{output:?}");
    assert_ne!(fixture.read("public/timestamp.json"), public);
}
