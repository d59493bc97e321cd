//! The bounds of the policy hold at every step, and for what online keys sign.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const BOUNDS: &str = "\n[bounds]\nroot = { least-threshold = 3, longest-days = 197, why = \"we have promised it\" }\n";
const BEYOND: &str = "root: the policy asks for a threshold of at least 3: we have promised it";
const RULE: &str = "the bounds of the policy hold at every step";
const RENEW: [&str; 4] = ["online", "--key", "keys/online.pem", "--renew"];

/// With the bounds, or as if there had never been any.
fn set(fixture: &RepositoryFixture, is_bounded: bool) {
    let policy = fixture.read("rootline.toml").replace(BOUNDS, "");
    fixture.write("rootline.toml", if is_bounded { policy + BOUNDS } else { policy });
}

#[test]
fn bounds_that_are_taken_out_for_one_step_stop_the_next() {
    let fixture = RepositoryFixture::after_the_first();
    let sign = |by: &str| fixture.sign("next", by);
    fixture.done(&["ceremony", "new", "next", "--threshold", "root=2"]);
    set(&fixture, true);
    let freeze = fixture.run(&["ceremony", "freeze", "next"]);
    assert!(freeze.status == 1 && freeze.stderr.contains("at least 3: we have promised it"), "{freeze:?}");
    set(&fixture, false);
    fixture.done(&["ceremony", "freeze", "next"]);
    sign("alice").says("alice has signed root 2");

    set(&fixture, true);
    let review = fixture.at(DAY_0, &["ceremony", "review", "next", "--json"]).json();
    assert_eq!(review["warnings"][0]["about"], "root");
    assert_eq!(review["warnings"][0]["text"], "the policy asks for a threshold of at least 3: we have promised it");
    sign("bob").refuses(BEYOND, RULE, "change the plan");
    fixture.at(DAY_0, &["ceremony", "request", "next"]).refuses(BEYOND, RULE, "change the plan");
    set(&fixture, false);
    ["bob", "carol"].iter().for_each(|by| sign(by).says("has signed root 2"));

    set(&fixture, true);
    fixture.at(DAY_0, &["ceremony", "seal", "next"]).refuses(BEYOND, RULE, "change the plan");
    set(&fixture, false);
    fixture.done(&["ceremony", "seal", "next"]);

    // The timestamp of what is public is renewed all the same, and a person hears of the rest.
    set(&fixture, true);
    let online = fixture.at(DAY_0, &RENEW);
    assert!(online.status == 4 && online.stderr.contains(BEYOND), "{online:?}");
    assert!(!fixture.path("metadata/2.root.json").exists());
    fixture.at(DAY_0, &[&RENEW[..], &["--ceremony", "next"]].concat()).refuses(BEYOND, RULE, "change the plan");
    set(&fixture, false);
    fixture.done(&RENEW).says("next is now current");

    set(&fixture, true);
    fixture.at(DAY_0, &["publish"]).refuses(BEYOND, RULE, "change the plan");
    assert!(!fixture.path("public/2.root.json").exists());
}

#[test]
fn what_was_public_before_there_was_a_bound_stays_so_and_is_told() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.hold("next", &["--threshold", "root=2"], &["alice", "bob", "carol"], DAY_0);
    assert!(!fixture.at(DAY_0, &["status"]).stderr.contains("bounds"));
    set(&fixture, true);
    fixture.done(&["ceremony", "verify"]);
    fixture.done_at(DAY_1, &RENEW);
    fixture.done_at(DAY_1, &["publish"]);
    fixture.done_at(DAY_1, &["publish", "--to", "elsewhere"]);
    let told = format!("beyond the policy's bounds: {BEYOND}");
    let status = fixture.at(DAY_1, &["status"]);
    assert!(status.status == 4 && status.stderr.contains(&told), "{status:?}");
    fixture.at(DAY_1, &["doctor", "--json"]).says("beyond the policy's bounds");
}

#[test]
fn a_date_to_come_does_not_make_a_file_hold_longer_than_its_bound() {
    let fixture = RepositoryFixture::planned();
    set(&fixture, true);
    for (at, is_frozen) in [("2030-01-01T00:10:01Z", false), ("2030-01-01T00:10:00Z", true)] {
        let plan = fixture.read("ceremonies/first/plan.toml");
        let plan: String = plan
            .lines()
            .map(|line| if line.starts_with("at = ") { format!("at = {at}\n") } else { format!("{line}\n") })
            .collect();
        fixture.write("ceremonies/first/plan.toml", plan);
        let freeze = fixture.run(&["ceremony", "freeze", "first", "--at", DAY_0]);
        assert_eq!(freeze.status == 0, is_frozen, "{at}: {freeze:?}");
        let told = "root 1: the policy lets this hold 197 days at the most, and it holds until 2030-07-17T00:10:01Z";
        assert_eq!(freeze.stderr.contains(told), !is_frozen, "{at}: {freeze:?}");
    }
}

#[test]
fn an_online_key_signs_for_no_longer_than_the_bound() {
    let fixture = RepositoryFixture::after_the_first();
    let policy = fixture.read("rootline.toml");
    let bound = |days: u16| {
        fixture.write("rootline.toml", format!("{policy}\n[bounds]\nonline = {{ longest-days = {days} }}\n"))
    };
    bound(30);
    fixture.done(&RENEW[..3]).says("nothing is due");
    bound(29);
    // The snapshot that is there holds too long, whether it is due or not.
    let online = fixture.at(DAY_0, &RENEW[..3]);
    let told = "snapshot would hold 30 days, and is signed for 29, which is the policy's bound";
    assert!(online.status == 4 && online.stderr.contains(told), "{online:?}");
    assert!(fixture.read("metadata/2.snapshot.json").contains("2030-01-30T00:00:00Z"));
    fixture.done(&RENEW[..3]).says("nothing is due");
    bound(6);
    fixture.done(&RENEW[..3]);
    assert!(fixture.read("metadata/timestamp.json").contains("2030-01-07T00:00:00Z"));
    let status = fixture.at(DAY_0, &["status"]);
    assert!(status.status == 4 && status.stderr.contains("timestamp would hold 7 days"), "{status:?}");
    assert!(!status.stderr.contains("the clock says"), "{status:?}");
}
