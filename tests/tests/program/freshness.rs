//! How fresh a command of `rootline` wants the trust root, and how it says how fresh it is.

use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8};

/// The timestamp expires.
const EXPIRY: &str = "2030-01-08T00:00:00Z";
const JUST_BEFORE: &str = "2030-01-07T23:59:59Z";

/// A repository whose cache is of day 1 and that is gone.
fn with_copy_alone() -> ClientFixture {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    for name in ["timestamp.json", "2.snapshot.json", "2.targets.json"] {
        std::fs::remove_file(fixture.path("metadata").join(name)).expect("it was published");
    }
    fixture
}

#[test]
fn within_max_age_no_request_is_made_and_from_then_on_there_is() {
    let fixture = with_copy_alone();
    for command in ["update", "show", "get"] {
        let arguments: &[&str] = if command == "get" { &["get", "trusted_root.json"] } else { &[command] };
        let young = [arguments, &["--max-age", "1h"]].concat();
        fixture.run(&young, "2030-01-02T00:59:59Z").succeeds();
        fixture
            .run(&young, "2030-01-02T01:00:00Z")
            .is_refused("the repository has no timestamp.json", "TUF 5.4.1 (missing file)");
    }
}

#[test]
fn update_says_when_it_was_checked_and_not_when_it_was_asked() {
    let fixture = with_copy_alone();
    let output = fixture.run(&["update", "--max-age", "1h", "--json"], "2030-01-02T00:30:00Z").succeeds().json();
    assert_eq!(output["checked_at"], DAY_1);
}

#[test]
fn offline_the_copy_is_used_up_to_its_expiry_and_then_for_its_grace() {
    let fixture = with_copy_alone();
    fixture.run(&["show", "--offline"], JUST_BEFORE).succeeds();
    let refused = fixture.run(&["show", "--offline"], EXPIRY);
    assert!(refused.stderr.contains("hint: run `rootline update` with a network, or accept it"), "{}", refused.stderr);
    refused.is_refused("timestamp.json expired at 2030-01-08T00:00:00Z", "TUF 5.4.4 (freeze)");
    let stale = fixture.run(&["show", "--offline", "--grace", "1d"], EXPIRY).succeeds();
    assert!(stale.stdout.contains("stale: timestamp expired at 2030-01-08T00:00:00Z (0 days ago)"), "{}", stale.stdout);
    fixture.run(&["show", "--offline", "--grace", "1d"], "2030-01-08T23:59:59Z").succeeds();
    fixture
        .run(&["show", "--offline", "--grace", "1d"], DAY_8)
        .is_refused("timestamp.json expired", "TUF 5.4.4 (freeze)");
}

#[test]
fn offline_the_copy_is_used_as_of_an_instant() {
    let fixture = with_copy_alone();
    let as_of = |instant| fixture.run(&["show", "--offline", "--as-of", instant, "--json"], "2031-01-01T00:00:00Z");
    let output = as_of(JUST_BEFORE).succeeds().json();
    assert_eq!(output["freshness"]["judged_at"], JUST_BEFORE);
    assert_eq!((&output["freshness"]["stale"], &output["freshness"]["checked_at"]), (&true.into(), &DAY_1.into()));
    assert_eq!(as_of(EXPIRY).status, 1);
}

#[test]
fn a_target_out_of_a_stale_copy_comes_with_a_warning_beside_its_bytes() {
    let fixture = with_copy_alone();
    let fresh = fixture.run(&["get", "trusted_root.json", "--offline"], DAY_1).succeeds();
    let stale = fixture.run(&["get", "trusted_root.json", "--offline", "--grace", "30d"], DAY_8);
    assert_eq!((stale.status, &stale.bytes), (0, &fresh.bytes));
    assert!(
        stale.stderr.starts_with("warning: time of signing unknown; checked at 2030-01-02T00:00:00Z; stale: timestamp"),
        "{}",
        stale.stderr
    );
    assert_eq!(stale.stderr.lines().count(), 1);
}

#[test]
fn without_a_copy_offline_work_says_what_to_do() {
    let fixture = ClientFixture::new();
    let refused = fixture.run(&["show", "--offline"], DAY_1);
    assert_eq!(refused.status, 1);
    assert!(
        refused.stderr.contains("hint: run `rootline update` with a network, or import a bundle"),
        "{}",
        refused.stderr
    );
    assert!(!fixture.path("cache").exists(), "nothing is made");
}

/// After `get` of something else the whole copy is as new as the target: the trust root came along.
#[test]
fn get_leaves_a_copy_that_is_whole() {
    let fixture = ClientFixture::new();
    fixture.run(&["get", "dir/a file"], DAY_1).succeeds();
    fixture.run(&["show", "--offline"], DAY_1).succeeds();
}

#[test]
fn what_makes_no_sense_together_is_wrong_usage() {
    let fixture = ClientFixture::new();
    for arguments in [
        &["show", "--grace", "1d"][..],
        &["show", "--as-of", DAY_1],
        &["show", "--offline", "--max-age", "1d"],
        &["show", "--offline", "--grace", "1d", "--as-of", DAY_1],
        &["show", "--max-age", "1"],
        &["update", "--no-cache", "--max-age", "1d"],
    ] {
        assert_eq!(fixture.run(arguments, DAY_1).status, 2, "{arguments:?}");
    }
}
