//! The first ceremony of the five.

use std::fs;

use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};

use super::people::{FIVE, People, no_secret_is_kept};

/// Planned and frozen: root and targets by three of five, what begins with `npm-` by Ivan.
pub(crate) fn frozen(people: &People) -> RepositoryFixture {
    let fixture = people.repository();
    people.attest(&fixture, "bob");
    let new = ["ceremony", "new", "first", "--summary", "Begin", "--delegate", "npm=npm-*", "--add", "npm=ivan"];
    fixture.done(&[&new[..], &["--threshold", "npm=1"]].concat());
    fixture.done(&["ceremony", "freeze", "first"]).says("to be signed: root 1, targets 1, npm 1");
    let output = people.done_with_key(&fixture, "ivan", DAY_0, &["ceremony", "sign", "first", "--as", "ivan", "--yes"]);
    output.says("ivan has signed npm 1");
    fixture
}

#[test]
fn five_keyholders_with_five_kinds_of_signers_hold_a_ceremony() {
    let Some(people) = People::gathered() else { return };
    let fixture = frozen(&people);
    let review = people.done(&fixture, "alice", DAY_0, &["ceremony", "review", "first"]);
    review.says("alice, bob, carol, dave and erin");
    review.says("token YubiKey serial ");
    for (signed, name) in FIVE.into_iter().enumerate() {
        let status = people.done(&fixture, name, DAY_0, &["ceremony", "status", "first"]);
        if signed < 3 {
            status.says(&format!("{} more needed", 3 - signed));
            status.says("dave [AWS KMS");
        }
        people.sign(&fixture, "first", name, DAY_0);
    }
    let status = people.done(&fixture, "alice", DAY_0, &["ceremony", "status", "first"]);
    for part in ["root 1 under root 1 (new)", "targets 1 under root 1"] {
        status.says(&format!("{part}: 5 of 3 (alice, bob, carol, dave, erin)"));
    }
    people.publish(&fixture, "first", DAY_0).says("accepted by a verifier that begins with root 1");
    people
        .done_with_key(&fixture, "erin", DAY_0, &["ceremony", "witness", "first"])
        .says("erin has signed the head of first");
    let verified = people.done(&fixture, "alice", DAY_0, &["ceremony", "verify", "first"]);
    verified.says("first: done: everything matches the transcript");
    let log = people.done(&fixture, "alice", DAY_0, &["ceremony", "log", "first"]);
    for name in FIVE {
        for part in ["root 1", "targets 1"] {
            log.says(&format!("  signed     {name} signed {part} "));
        }
    }
    for line in [
        "  planned    plan ",
        "  frozen     revision 1 of 1.npm.json, 1.root.json, 1.targets.json, fingerprint ",
        "  signed     ivan signed npm 1 ",
        "  sealed     1.npm.json, 1.root.json, 1.targets.json: 1.root.json by alice, bob, carol, dave, erin; ",
        "  released   1.npm.json, 1.root.json, 1.targets.json\n",
        "  published  to public, timestamp 1 (",
        "  witnessed  erin signed the head after ",
    ] {
        log.says(line);
    }
    fixture.verify("public", 1, DAY_0).unwrap();
    no_secret_is_kept(&fixture);
}

#[test]
fn any_three_of_the_five_are_enough_and_two_are_not() {
    let Some(people) = People::gathered() else { return };
    let frozen = frozen(&people);
    for three in
        [["alice", "bob", "carol"], ["carol", "dave", "erin"], ["alice", "dave", "erin"], ["bob", "carol", "erin"]]
    {
        let fixture = frozen.copy();
        for name in &three[..2] {
            people.sign(&fixture, "first", name, DAY_0);
        }
        people.run(&fixture, "erin", DAY_0, &["ceremony", "seal", "first"]).refuses(
            "root 1 has 2 of the 3 signatures that its own keyholders must give",
            "every threshold is met before a file is sealed",
            "",
        );
        assert!(!fixture.path("ceremonies/first/sealed").exists());
        people.sign(&fixture, "first", three[2], DAY_0);
        people.publish(&fixture, "first", DAY_0);
        let root = fs::read_to_string(fixture.path("public/1.root.json")).unwrap();
        assert_eq!(root.matches("\"sig\"").count(), 3, "{three:?}");
        fixture.verify("public", 1, DAY_0).unwrap();
    }
}
