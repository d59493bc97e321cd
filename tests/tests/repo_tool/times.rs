//! Times are what clocks said: those that cannot all be right are told, and nothing fails by them.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const DAY_2: &str = "2030-01-03T00:00:01Z";

#[test]
fn times_are_called_what_they_are() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "log", "first"]).says("times are those of the writers' clocks, and not signed\n");
    fixture.done(&["ceremony", "log", "first", "--json"]).says("\"times\": \"self-declared\"");
    fixture.done(&["ceremony", "verify"]).says("  ok    times: by the clock of each writer, not signed; in order\n");
}

#[test]
fn a_signature_from_before_the_freezing_is_odd_by_more_than_a_day() {
    let signed_after = |frozen: &str| {
        let fixture = RepositoryFixture::planned();
        fixture.done_at(frozen, &["ceremony", "freeze", "first"]);
        // On day 0.
        fixture.sign("first", "alice").says("alice has signed");
        fixture.done_at(frozen, &["ceremony", "verify"])
    };
    assert!(!signed_after(DAY_1).stdout.contains("odd"));
    let output = signed_after(DAY_2);
    output.says("  ok    times: by the clock of each writer, not signed; odd, see below\n");
    output.says("  odd   times: alice's signature of root 1 is dated 2030-01-01T00:00:00Z, before the file was frozen at 2030-01-03T00:00:01Z\n");
}

#[test]
fn a_clock_that_was_ahead_is_odd_and_stops_nothing() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done_at("2031-01-01T00:00:00Z", &["ceremony", "new", "second", "--renew", "root"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    let json = fixture.done_at(DAY_0, &["ceremony", "verify", "second", "--json"]).json();
    assert_eq!(json["holds"], true);
    let odd = &json["ceremonies"][0]["odd"];
    let text = "the frozen line is dated 2030-01-02T00:00:00Z, and follows one of 2031-01-01T00:00:00Z";
    assert_eq!(odd, &serde_json::json!([text]));
    fixture.sign("second", "alice").says("alice has signed");
}
