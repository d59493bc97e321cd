//! The plan is frozen with the files: what keyholders are shown cannot change under their eyes, and an edit of `plan.toml` stops nobody.

use std::fs;

use rootline_tests::fixtures::office::{DAY_0, Office};

const PLAN: &str = "ceremonies/first/plan.toml";
const FROZEN_PLAN: &str = "ceremonies/first/frozen/plan.toml";
const REMARK: &str = "ceremonies/first/plan.toml was edited after freezing: freeze again to sign the edit";
const RULE: &str = "what is signed is byte for byte what was frozen";

/// What reads a frozen ceremony before it has been signed, on day 0.
const READERS: [&[&str]; 5] = [
    &["ceremony", "review", "first"],
    &["ceremony", "status", "first"],
    &["ceremony", "request", "first"],
    &["ceremony", "payload", "first", "--role", "root", "--output", "root.payload"],
    &["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"],
];

/// A first ceremony with a summary, frozen.
fn frozen() -> Office {
    let office = Office::new();
    office.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    office.done(&["ceremony", "freeze", "first"]);
    office
}

/// From the first signature to what is public, with each step reminding of the edit.
#[track_caller]
fn goes_on(office: &Office) {
    for reader in READERS {
        let said = office.done(reader);
        assert_eq!(said.err.matches(REMARK).count(), 1, "{reader:?}: {said:?}");
    }
    office.done(&["ceremony", "review", "first"]).says("ceremony first: Begin");
    office
        .done(&["sign", "first.request.json", "--yes", "--key", "keys/bob.pem", "--output", "bob.json"])
        .says("Begin");
    office.done(&["ceremony", "accept", "bob.json"]).says("bob has signed root 1 and targets 1");
    office.sign("first", "carol").says("next: rootline-repo ceremony seal first");
    office.done(&["ceremony", "seal", "first"]).says("next: rootline-repo online");
    office.done(&["online", "--key", "keys/online.pem"]);
    office.done(&["publish"]);
    office.verify("public", 1, DAY_0).unwrap();
}

#[test]
fn freezing_keeps_the_plan_byte_for_byte_with_the_files() {
    let office = frozen();
    assert_eq!(office.read(FROZEN_PLAN), office.read(PLAN));
    let before = office.done(&["ceremony", "status", "first", "--json"]).json();
    office.edit(PLAN, "Begin", "Start");
    office.done(&["ceremony", "freeze", "first"]).says("nothing has changed since it was frozen");
    // What is signed is the same, and so is what is read aloud.
    let after = office.done(&["ceremony", "status", "first", "--json"]).json();
    assert_eq!((&before["fingerprint"], &before["revision"]), (&after["fingerprint"], &after["revision"]));
    assert_eq!(office.read(FROZEN_PLAN), office.read(PLAN));
    office.done(&["ceremony", "review", "first"]).says("ceremony first: Start");
    office.edit(PLAN, "threshold = 3", "threshold = 2");
    office.done(&["ceremony", "freeze", "first"]).says("frozen anew, revision 2");
    assert_eq!(office.read(FROZEN_PLAN), office.read(PLAN));
}

#[test]
fn a_plan_that_is_edited_after_freezing_stops_nobody() {
    let office = frozen();
    office.edit(PLAN, "Begin", "Hand the keys to Mallory");
    goes_on(&office);
    let said = office.run(&["ceremony", "verify", "first"]);
    assert!(said.status == 1 && said.out.contains("WRONG plan: plan.toml differs from the frozen plan"), "{said:?}");
}

#[test]
fn a_plan_that_is_broken_after_freezing_stops_nobody() {
    let office = frozen();
    office.write(PLAN, "at = [\n");
    goes_on(&office);
    office.write(PLAN, office.read(FROZEN_PLAN));
    office.done(&["ceremony", "verify", "first"]).says("everything matches the transcript");
}

#[test]
fn a_plan_that_is_gone_after_freezing_is_said_to_be_gone() {
    let office = frozen();
    fs::remove_file(office.path(PLAN)).unwrap();
    let said = office.done(&["ceremony", "review"]);
    said.says("ceremony first: Begin");
    let remark = format!("{PLAN} is gone: the plan that was frozen is {FROZEN_PLAN}");
    assert!(said.err.contains(&remark), "{said:?}");
    office.sign("first", "alice").says("alice has signed");
}

#[test]
fn verifying_says_that_an_open_ceremony_has_an_edited_plan() {
    let office = frozen();
    let rendered = "plan: renders to the frozen files, byte for byte";
    office.done(&["ceremony", "verify", "first"]).says(&format!("{rendered}\n"));
    office.edit(PLAN, "Begin", "Start");
    office.done(&["ceremony", "verify", "first"]).says(&format!("{rendered}; {REMARK}\n"));
}

#[test]
fn a_frozen_plan_that_was_changed_is_refused_and_freezing_again_brings_it_back() {
    for change in [("Begin", "Began"), ("at = 2030", "at = 2031"), ("id = \"first\"", "id = \"other\"")] {
        let office = frozen();
        ["alice", "bob", "carol"].iter().for_each(|signer| office.sign("first", signer).says("has signed"));
        office.edit(FROZEN_PLAN, change.0, change.1);
        let seal = ["ceremony", "seal", "first"];
        for reader in READERS.iter().chain([&&seal[..]]) {
            let said = office.at(DAY_0, reader);
            said.refuses("the frozen plan.toml has been changed", RULE, "do not sign; freezing the plan again");
        }
        assert!(!office.path("first.request.json").exists() && !office.path("root.payload").exists());
        office.done(&["ceremony", "freeze", "first"]).says("nothing has changed since it was frozen");
        office.done(&seal);
    }
}

#[test]
fn what_was_frozen_without_its_plan_is_signed_as_long_as_plan_toml_is_that_plan() {
    let office = frozen();
    fs::remove_file(office.path(FROZEN_PLAN)).unwrap();
    for reader in READERS {
        assert_eq!(office.done(reader).err.matches("plan.toml").count(), 0, "{reader:?}");
    }
    office.done(&["ceremony", "verify", "first"]).says("renders to the frozen files, byte for byte\n");
    office.edit(PLAN, "Begin", "Began");
    for reader in READERS {
        let said = office.at(DAY_0, reader);
        let hint = "restore it from version control, or freeze what it says now: rootline-repo ceremony freeze first";
        said.refuses("plan.toml differs from the frozen plan: it was edited", RULE, hint);
    }
    office.done(&["ceremony", "freeze", "first"]).says("nothing has changed since it was frozen");
    office.sign("first", "bob").says("bob has signed");
    assert_eq!(office.read(FROZEN_PLAN), office.read(PLAN));
}
