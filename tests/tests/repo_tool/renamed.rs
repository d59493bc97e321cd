//! Names are bound to keys when a ceremony is frozen: later edits are found, and a keyholder who is renamed changes nothing about what was.

use std::fs;

use rootline_ceremonies::{Event, Transcript};
use rootline_tests::fixtures::repository::{DAY_1, RepositoryFixture};

fn rename(fixture: &RepositoryFixture, from: &str, to: &str) {
    let path = |name: &str| fixture.path(&format!("keyholders/{name}"));
    fs::rename(path(from), path(to)).unwrap();
}

fn show_as(fixture: &RepositoryFixture, name: &str, display_name: &str) {
    let file = format!("keyholders/{name}/keyholder.toml");
    let display = |name: &str| format!("display-name = \"{name}\"\n");
    let now = fixture.read(&file).lines().next().unwrap().to_owned() + "\n";
    fixture.edit(&file, &now, &display(display_name));
}

#[track_caller]
fn finds(fixture: &RepositoryFixture, what: &str) {
    let output = fixture.at(DAY_1, &["ceremony", "verify", "first"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.contains(&format!("  WRONG keyholders: {what}")), "{output:?}");
}

#[test]
fn a_name_that_is_edited_between_review_and_signature_is_found() {
    let fixture = RepositoryFixture::frozen();
    fixture.done(&["ceremony", "verify"]).says("  ok    keyholders: 6 shown with the keys that they have\n");
    show_as(&fixture, "alice", "Mallory Example");
    finds(&fixture, "keyholders/ was edited after it was frozen: alice was shown as alice and is now Mallory Example");
    // Frozen again, it is what is shown from now on, and all that was signed counts.
    fixture.done(&["ceremony", "freeze"]).says("nothing has changed since the last freeze");
    fixture.done(&["ceremony", "verify"]).says("6 shown with the keys that they have\n");
    let before = fixture.read("ceremonies/first/transcript.jsonl");
    fixture.done(&["ceremony", "freeze"]);
    assert_eq!(fixture.read("ceremonies/first/transcript.jsonl"), before);
}

#[test]
fn a_keyholder_who_is_renamed_does_not_break_what_is_over() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/bob.pem"]);
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/frank.pem"]);
    // Who signed, who did not, and one who was no part of it.
    rename(&fixture, "bob", "robert");
    rename(&fixture, "erin", "erin-2");
    rename(&fixture, "frank", "francis");
    show_as(&fixture, "alice", "Alice Example");
    let output = fixture.done_at(DAY_1, &["ceremony", "verify"]);
    output.says("  ok    keyholders: 6 shown with the keys that they have; since then bob is now robert; erin is now erin-2; alice was shown as alice and is now Alice Example\n");
    let review = fixture.done_at(DAY_1, &["ceremony", "review", "first"]).stdout;
    assert!(review.contains("bob") && !review.contains("robert") && !review.contains("Alice Example"), "{review}");
    // Keys decide: one who takes the name has none of what was signed under it.
    fixture.write_key("bob-2", rootline_ceremonies::KeyKind::Ed25519);
    fixture.done_at(DAY_1, &["keyholder", "add", "bob", "--public-key", "keys/bob-2.pub"]);
    fixture.done_at(DAY_1, &["ceremony", "verify"]).says("bob is now robert");
    fs::remove_dir_all(fixture.path("keyholders/robert")).unwrap();
    finds(&fixture, "no keyholder has the key ");
}

#[test]
fn a_record_from_before_names_were_bound_verifies_as_it_did() {
    let fixture = RepositoryFixture::after_the_first();
    let file = "ceremonies/first/transcript.jsonl";
    let (mut older, mut text) = (Transcript::default(), String::new());
    for entry in Transcript::parse(&fixture.read(file)).unwrap().entries() {
        let facts = entry.event.facts.iter().filter(|(name, _)| *name != "keyholders");
        let facts = facts.map(|(name, fact)| (name.to_owned(), fact.clone())).collect();
        text.push_str(&older.append(entry.at, Event { kind: entry.event.kind.clone(), facts }));
        text.push('\n');
    }
    fixture.write(file, text);
    let holds = || fixture.done_at(DAY_1, &["ceremony", "verify"]).stdout;
    assert!(!holds().contains("keyholders: "));
    // Whose name is known by what they have signed.
    rename(&fixture, "bob", "robert");
    holds();
    rename(&fixture, "erin", "erin-2");
    let output = fixture.at(DAY_1, &["ceremony", "verify"]);
    assert_eq!(output.status, 1, "{output:?}");
    assert!(output.stdout.contains("there is no keyholder \"erin\""), "{output:?}");
}
