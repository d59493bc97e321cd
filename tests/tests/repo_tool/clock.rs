//! The clock against the record: what is signed next is later than what was signed before.

use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const DAY_2: &str = "2030-01-03T00:00:00Z";
const DAY_3: &str = "2030-01-04T00:00:00Z";
const DAY_31: &str = "2030-02-01T00:00:00Z";
const RENEW: [&str; 4] = ["online", "--key", "keys/online.pem", "--renew"];
const WORD: [&str; 2] = ["--clock-is-right", "the machine was a month ahead"];
const RULE: &str = "what is signed next is later than what was signed before";
const HINT: &str = "set the clock; if it is right";

fn timestamp_of(fixture: &RepositoryFixture, folder: &str) -> (u64, String) {
    let text = fixture.read(&format!("{folder}/timestamp.json"));
    let signed = serde_json::from_str::<serde_json::Value>(&text).unwrap()["signed"].take();
    (signed["version"].as_u64().unwrap(), signed["expires"].as_str().unwrap().to_owned())
}

fn refused(output: &Output, says: &str) {
    output.refuses(says, RULE, HINT);
}

#[test]
fn with_a_clock_that_is_behind_nothing_is_signed_published_or_planned() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &RENEW);
    fixture.done_at(DAY_1, &["publish"]);
    let before = fixture.list(".");
    let signed = "but timestamp 2 holds until 2030-01-09T00:00:00Z, so it was signed at 2030-01-02T00:00:00Z";
    for command in [&RENEW[..], &RENEW[..3], &["publish"], &["ceremony", "new", "next"]] {
        refused(
            &fixture.at("2030-01-01T23:59:59Z", command),
            &format!("the clock says 2030-01-01T23:59:59Z, {signed}"),
        );
    }
    assert_eq!((fixture.list("."), timestamp_of(&fixture, "public").0), (before, 2));
    let status = fixture.at(DAY_0, &["status", "--json"]);
    assert_eq!((status.status, status.json()["remarks"].as_array().map(Vec::len)), (4, Some(1)), "{status:?}");
    fixture.at(DAY_0, &["doctor"]).says("the one was that wrote it");
    // The very second at which it was signed is not earlier.
    fixture.done_at(DAY_1, &RENEW);
    fixture.done_at(DAY_1, &["publish"]).says("wrote public/timestamp.json");
    assert!(!fixture.at(DAY_1, &["status"]).stderr.contains("the clock says"));
}

#[test]
fn a_night_with_the_clock_ahead_is_noticed_and_mended_with_a_word_that_is_recorded() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_31, &RENEW[..3]);
    fixture.done_at(DAY_31, &["publish"]);
    assert_eq!(timestamp_of(&fixture, "public"), (2, "2030-02-08T00:00:00Z".to_owned()));
    // Nothing is due for a month, and all the same the nightly job does not pass over it.
    refused(&fixture.at(DAY_1, &RENEW[..3]), "the clock says 2030-01-02T00:00:00Z, but timestamp 2 holds until");
    refused(&fixture.at(DAY_1, &["publish"]), "the clock says");
    let output = fixture.done_at(DAY_1, &[&RENEW[..3], &WORD].concat());
    output.says("wrote metadata/timestamp.json");
    assert!(output.stderr.contains("going on, as recorded in ceremony first"), "{output:?}");
    assert_eq!(timestamp_of(&fixture, "metadata"), (3, "2030-01-09T00:00:00Z".to_owned()));
    // The snapshot was signed that night too, as it was due.
    assert!(fixture.read("metadata/3.snapshot.json").contains("2030-02-01T00:00:00Z"));
    // The word counts for the destination as well, and for all that comes later.
    fixture.done_at(DAY_1, &["publish"]).says("wrote public/timestamp.json");
    fixture.verify("public", 1, DAY_1).unwrap();
    fixture.done_at(DAY_2, &RENEW[..3]);
    fixture.done_at(DAY_1, &["ceremony", "log", "first"]).says("right, though the record went to 2030-02-01T00:00:00Z");
    fixture.done_at(DAY_1, &["ceremony", "verify"]);
    refused(&fixture.at(DAY_1, &RENEW), "the clock says 2030-01-02T00:00:00Z, but timestamp 4 holds until");
}

#[test]
fn a_transcript_counts_and_the_times_that_signers_state_do_not() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_0, &["ceremony", "new", "next", "--renew", "targets"]);
    fixture.done_at(DAY_0, &["ceremony", "freeze", "next"]);
    let signed = fixture.at(DAY_31, &["ceremony", "sign", "next", "--key", "keys/alice.pem", "--yes"]);
    assert_eq!((signed.status, signed.stderr.as_str()), (0, ""), "{signed:?}");
    fixture.done_at(DAY_0, &RENEW);
    fixture.done_at(DAY_2, &["ceremony", "freeze", "next"]);
    fixture.done_at(DAY_3, &["ceremony", "abandon", "next", "--reason", "no need"]);
    refused(
        &fixture.at(DAY_2, &RENEW),
        "the clock says 2030-01-03T00:00:00Z, but the transcript of next has a line \"abandoned\" of 2030-01-04T00:00:00Z",
    );
    // Clocks of two machines differ by minutes.
    fixture.done_at("2030-01-03T23:50:00Z", &RENEW);
    refused(&fixture.at("2030-01-03T23:49:59Z", &RENEW), "the clock says 2030-01-03T23:49:59Z");
    let plan = ["ceremony", "new", "more", "--clock-is-right", "that laptop was ahead"];
    fixture.done_at(DAY_3, &plan);
}

#[test]
fn a_ceremony_goes_on_with_a_clock_that_is_behind_and_says_so() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at(DAY_1, &["ceremony", "new", "next", "--renew", "targets"]);
    let warning = "the clock says 2030-01-01T00:00:00Z, but the transcript of next has a line \"planned\"";
    for command in [&["ceremony", "freeze"][..], &["ceremony", "sign", "--key", "keys/alice.pem", "--yes"]] {
        let output = fixture.at(DAY_0, command);
        assert!(output.status == 0 && output.stderr.contains(warning), "{output:?}");
    }
    assert_eq!(fixture.at(DAY_1, &["ceremony", "sign", "--key", "keys/bob.pem", "--yes"]).stderr, "");
}

/// Two clones with the same online key, which both publish to one place.
struct Clones {
    first: RepositoryFixture,
    second: RepositoryFixture,
    to: String,
    _place: tempfile::TempDir,
}

impl Clones {
    fn new() -> Clones {
        let first = RepositoryFixture::after_the_first();
        let place = tempfile::tempdir().unwrap();
        let to = place.path().join("tuf").to_str().unwrap().to_owned();
        Clones { second: first.copy(), first, to, _place: place }
    }
}

#[test]
fn another_timestamp_of_the_same_version_is_not_overwritten() {
    let Clones { first, second, to, .. } = &Clones::new();
    let publish = ["publish", "--to", to];
    first.done_at(DAY_1, &RENEW);
    first.done_at(DAY_1, &publish);
    // To publish the same again changes nothing.
    first.done_at(DAY_1, &publish).says("is up to date");
    second.done_at(DAY_2, &RENEW);
    second.at(DAY_2, &publish).refuses(
        &format!("{to}/timestamp.json is another timestamp 2 than the one to be published"),
        "content never changes without a new version",
        "another clone published it",
    );
    second.done_at(DAY_2, &RENEW);
    second.done_at(DAY_2, &publish).says("timestamp.json");
}

#[test]
fn a_timestamp_that_was_signed_before_the_one_at_the_destination_is_not_published() {
    let Clones { first, second, to, .. } = &Clones::new();
    let publish = ["publish", "--to", to];
    first.done_at(DAY_3, &RENEW);
    first.done_at(DAY_3, &publish);
    // The second clone knows nothing of it, and its clock is two days behind.
    second.done_at(DAY_1, &RENEW);
    second.done_at(DAY_1, &RENEW);
    let place = format!("but timestamp 2 in {to} holds until 2030-01-11T00:00:00Z, so it was signed at {DAY_3}");
    refused(&second.at(DAY_1, &publish), &format!("the clock says {DAY_1}, {place}"));
    refused(&second.at(DAY_3, &publish), &format!("timestamp 3 was signed at {DAY_1}, {place}"));
    second.done_at(DAY_3, &RENEW);
    second.done_at(DAY_3, &publish);
}

#[test]
fn nothing_is_signed_that_the_published_folder_has_in_another_form() {
    let Clones { first, second, .. } = &Clones::new();
    first.done_at(DAY_1, &RENEW);
    first.done_at(DAY_1, &["publish"]);
    second.edit("rootline.toml", "to = \"public\"", &format!("to = {:?}", first.path("public")));
    second.at(DAY_1, &RENEW).refuses(
        &format!(
            "{} is newer than everything published from this folder",
            first.path("public/timestamp.json").display()
        ),
        "versions never go backwards",
        "update this folder first",
    );
    second.write("metadata/timestamp.json", first.read("metadata/timestamp.json"));
    second.done_at(DAY_1, &RENEW);
    // A new version of another file, of which the timestamps tell nothing.
    first.hold("next", &["--renew", "targets"], &["alice", "bob", "carol"], DAY_1);
    second.at(DAY_1, &RENEW).refuses(
        &format!(
            "{} is newer than everything published from this folder",
            first.path("public/2.snapshot.json").display()
        ),
        "versions never go backwards",
        "update this folder first",
    );
}

#[test]
fn a_timestamp_that_outlives_what_it_vouches_for_is_warned_of() {
    let fixture = RepositoryFixture::new();
    fixture.hold("first", &["--expires", "targets=7"], &["alice", "bob", "carol"], DAY_0);
    // It holds as long as targets does, and no longer.
    let warning = "timestamp 2 holds until 2030-01-09T00:00:00Z, and targets 1 only until 2030-01-08T00:00:00Z";
    assert!(!fixture.at(DAY_0, &["status"]).stderr.contains("holds until"));
    let output = fixture.done_at(DAY_1, &RENEW);
    assert!(output.status == 4 && output.stderr.contains(warning), "{output:?}");
    assert!(fixture.at(DAY_1, &["status"]).stderr.contains(warning));
    fixture.at(DAY_1, &["doctor"]).says("and targets 1 only until");
}

#[test]
fn a_plan_of_a_date_to_come_is_warned_of_when_it_is_frozen_and_signed() {
    for (at, is_warned) in [("2030-01-01T00:10:00Z", false), ("2030-01-01T00:10:01Z", true)] {
        let fixture = RepositoryFixture::planned();
        let plan = fixture.read("ceremonies/first/plan.toml");
        fixture.write("ceremonies/first/plan.toml", plan.replacen(&format!("at = {DAY_0}"), &format!("at = {at}"), 1));
        let warning =
            format!("the plan is of {at}, and the clock says {DAY_0}: what is signed before that date holds longer");
        for command in [&["ceremony", "freeze"][..], &["ceremony", "sign", "--key", "keys/alice.pem", "--yes"]] {
            let output = fixture.at(DAY_0, command);
            assert!(output.status == 0 && output.stderr.contains(&warning) == is_warned, "{at}: {output:?}");
        }
    }
}

/// The new root says how long its files hold from now on, so nobody has to be asked; of a policy that only says so nothing is signed.
#[test]
fn a_ceremony_shortens_the_periods_of_what_an_online_key_signs_and_a_policy_takes_a_word() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "next"]);
    let periods =
        "snapshot = { expires-days = 20, signing-days = 5 }\ntimestamp = { expires-days = 3, signing-days = 2 }\n";
    let plan = fixture.read("ceremonies/next/plan.toml");
    fixture.write("ceremonies/next/plan.toml", plan + periods);
    fixture.done(&["ceremony", "freeze", "next"]);
    ["alice", "bob", "carol"].iter().for_each(|by| fixture.sign("next", by).says("has signed root 2"));
    fixture.done(&["ceremony", "seal", "next"]);
    fixture.done(&RENEW[..3]).says("next is now current");
    assert_eq!(timestamp_of(&fixture, "metadata"), (2, "2030-01-04T00:00:00Z".to_owned()));
    assert!(fixture.read("metadata/2.snapshot.json").contains("2030-01-21T00:00:00Z"));
    fixture.done(&["publish"]);
    assert_eq!(fixture.done_at(DAY_1, &RENEW[..3]).stderr, "");

    let other = RepositoryFixture::after_the_first();
    let policy = other.read("rootline.toml");
    let (before, timestamp) = policy.split_once("[timestamp]").unwrap();
    let shorter = timestamp.replacen("expires-days = 7", "expires-days = 5", 1).replacen("= 6", "= 3", 1);
    other.write("rootline.toml", format!("{before}[timestamp]{shorter}"));
    refused(
        &other.at(DAY_1, &RENEW[..3]),
        "the clock says 2030-01-02T00:00:00Z, but timestamp 1 holds until 2030-01-08",
    );
    other.done_at(DAY_1, &[&RENEW[..3], &["--clock-is-right", "five days from now on"]].concat());
    assert_eq!(timestamp_of(&other, "metadata"), (2, "2030-01-07T00:00:00Z".to_owned()));
    other.done_at(DAY_1, &["publish"]);
}
