//! The plan is frozen with the files: what keyholders are shown cannot change under their eyes, and an edit of `plan.toml` stops nobody.

use std::fs;

use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};

const PLAN: &str = "ceremonies/first/plan.toml";
const FROZEN_PLAN: &str = "ceremonies/first/frozen/plan.toml";
const REMARK: &str =
    "ceremonies/first/plan.toml was edited after the ceremony was frozen: freeze again to sign the edit";
const RULE: &str = "the signed bytes are the frozen bytes";

/// What reads a frozen ceremony before it has been signed, on day 0.
const READERS: [&[&str]; 5] = [
    &["ceremony", "review", "first"],
    &["ceremony", "status", "first"],
    &["ceremony", "request", "first"],
    &["ceremony", "payload", "first", "--role", "root", "--output", "root.payload"],
    &["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"],
];

/// A first ceremony with a summary, frozen.
fn frozen() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fixture.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture
}

/// From the first signature to what is public, with each step reminding of the edit.
#[track_caller]
fn goes_on(fixture: &RepositoryFixture) {
    for reader in READERS {
        let output = fixture.done(reader);
        assert_eq!(output.stderr.matches(REMARK).count(), 1, "{reader:?}: {output:?}");
    }
    fixture.done(&["ceremony", "review", "first"]).says("ceremony first: Begin");
    fixture
        .done(&["sign", "first.request.json", "--yes", "--key", "keys/bob.pem", "--output", "bob.json"])
        .says("Begin");
    fixture.done(&["ceremony", "accept", "bob.json"]).says("bob has signed root 1 and targets 1");
    fixture.sign("first", "carol").says("next: rootline-repo ceremony seal first");
    fixture.done(&["ceremony", "seal", "first"]).says("next: rootline-repo online");
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture.done(&["publish"]);
    fixture.verify("public", 1, DAY_0).unwrap();
}

#[test]
fn freezing_keeps_the_plan_byte_for_byte_with_the_files() {
    let fixture = frozen();
    assert_eq!(fixture.read(FROZEN_PLAN), fixture.read(PLAN));
    let before = fixture.done(&["ceremony", "status", "first", "--json"]).json();
    fixture.edit(PLAN, "Begin", "Start");
    fixture.done(&["ceremony", "freeze", "first"]).says("nothing has changed since the last freeze");
    // What is signed is the same, and so is what is read aloud.
    let after = fixture.done(&["ceremony", "status", "first", "--json"]).json();
    assert_eq!((&before["fingerprint"], &before["revision"]), (&after["fingerprint"], &after["revision"]));
    assert_eq!(fixture.read(FROZEN_PLAN), fixture.read(PLAN));
    fixture.done(&["ceremony", "review", "first"]).says("ceremony first: Start");
    fixture.edit(PLAN, "threshold = 3", "threshold = 2");
    fixture.done(&["ceremony", "freeze", "first"]).says("frozen again as revision 2");
    assert_eq!(fixture.read(FROZEN_PLAN), fixture.read(PLAN));
}

#[test]
fn a_plan_that_is_edited_after_freezing_stops_nobody() {
    let fixture = frozen();
    fixture.edit(PLAN, "Begin", "Hand the keys to Mallory");
    goes_on(&fixture);
    let output = fixture.run(&["ceremony", "verify", "first"]);
    assert!(
        output.status == 1 && output.stdout.contains("WRONG plan: plan.toml differs from the frozen plan"),
        "{output:?}"
    );
}

#[test]
fn a_plan_that_is_broken_after_freezing_stops_nobody() {
    let fixture = frozen();
    fixture.write(PLAN, "at = [\n");
    goes_on(&fixture);
    fixture.write(PLAN, fixture.read(FROZEN_PLAN));
    fixture.done(&["ceremony", "verify", "first"]).says("everything matches the transcript");
}

#[test]
fn a_plan_that_is_gone_after_freezing_is_said_to_be_gone() {
    let fixture = frozen();
    fs::remove_file(fixture.path(PLAN)).unwrap();
    let output = fixture.done(&["ceremony", "review"]);
    output.says("ceremony first: Begin");
    let remark = format!("{PLAN} is missing: the frozen plan is {FROZEN_PLAN}");
    assert!(output.stderr.contains(&remark), "{output:?}");
    fixture.sign("first", "alice").says("alice has signed");
}

#[test]
fn verifying_says_that_an_open_ceremony_has_an_edited_plan() {
    let fixture = frozen();
    let rendered = "plan: renders exactly the frozen files";
    fixture.done(&["ceremony", "verify", "first"]).says(&format!("{rendered}\n"));
    fixture.edit(PLAN, "Begin", "Start");
    fixture.done(&["ceremony", "verify", "first"]).says(&format!("{rendered}; {REMARK}\n"));
}

#[test]
fn a_frozen_plan_that_was_changed_is_refused_and_freezing_again_brings_it_back() {
    for change in [("Begin", "Began"), ("at = 2030", "at = 2031"), ("id = \"first\"", "id = \"other\"")] {
        let fixture = frozen();
        ["alice", "bob", "carol"].iter().for_each(|signer| fixture.sign("first", signer).says("has signed"));
        fixture.edit(FROZEN_PLAN, change.0, change.1);
        let seal = ["ceremony", "seal", "first"];
        for reader in READERS.iter().chain([&&seal[..]]) {
            let output = fixture.at(DAY_0, reader);
            output.refuses("the frozen plan.toml has been changed", RULE, "do not sign; freezing the plan again");
        }
        assert!(!fixture.path("first.request.json").exists() && !fixture.path("root.payload").exists());
        fixture.done(&["ceremony", "freeze", "first"]).says("nothing has changed since the last freeze");
        fixture.done(&seal);
    }
}

#[test]
fn what_was_frozen_without_its_plan_is_signed_as_long_as_plan_toml_is_that_plan() {
    let fixture = frozen();
    fs::remove_file(fixture.path(FROZEN_PLAN)).unwrap();
    for reader in READERS {
        assert_eq!(fixture.done(reader).stderr.matches("plan.toml").count(), 0, "{reader:?}");
    }
    fixture.done(&["ceremony", "verify", "first"]).says("renders exactly the frozen files\n");
    fixture.edit(PLAN, "Begin", "Began");
    for reader in READERS {
        let output = fixture.at(DAY_0, reader);
        let hint = "restore it from version control, or freeze the edit: rootline-repo ceremony freeze first";
        output.refuses("plan.toml differs from the frozen plan: it was edited", RULE, hint);
    }
    fixture.done(&["ceremony", "freeze", "first"]).says("nothing has changed since the last freeze");
    fixture.sign("first", "bob").says("bob has signed");
    assert_eq!(fixture.read(FROZEN_PLAN), fixture.read(PLAN));
}
