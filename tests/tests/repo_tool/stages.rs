//! Publishing in stages: each becomes public once no cache shows a verifier what it would refuse, and not a second before.

use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use serde_json::{Value, json};

const FIRST: [&str; 3] = ["alice", "bob", "carol"];
/// When the rotation is published first, and the two instants at which caches have forgotten what was there.
const PUBLISHED: &str = "2030-01-02T00:00:00Z";
const TIMESTAMP: &str = "2030-01-02T01:10:00Z";
const ROOT: &str = "2030-01-02T02:20:00Z";

/// Bob, who signed the published targets, is replaced, and three who stay sign the next ones.
fn rotation() -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    fixture.behind_caches();
    fixture.make_current("second", &["--replace", "bob=frank"], &["alice", "carol", "dave"], PUBLISHED);
    fixture
}

fn publish(fixture: &RepositoryFixture, at: &str) -> Value {
    fixture.done_at(at, &["publish", "--json"]).json()
}

fn follows(at: &str, roots: &[u64], timestamp: bool) -> Value {
    json!({ "at": at, "roots": roots, "timestamp": timestamp })
}

fn public(root: u64, timestamp: u64) -> Value {
    json!({ "root": root, "timestamp": timestamp })
}

#[test]
fn files_then_the_timestamp_then_the_root_each_once_caches_have_forgotten() {
    let fixture = rotation();
    let first = publish(&fixture, PUBLISHED);
    assert_eq!(first["written"], json!(["2.targets.json", "2.snapshot.json"]));
    assert_eq!((&first["stage"], &first["stages"]), (&json!(1), &json!(3)));
    assert_eq!((&first["next"], &first["public"]), (&follows(TIMESTAMP, &[], true), &public(1, 1)));

    let early = publish(&fixture, "2030-01-02T01:09:59Z");
    assert_eq!((&early["written"], &early["next"]), (&json!([]), &first["next"]));
    let second = publish(&fixture, TIMESTAMP);
    assert_eq!(second["written"], json!(["timestamp.json"]));
    assert_eq!((&second["stage"], &second["stages"]), (&json!(2), &json!(3)));
    assert_eq!((&second["next"], &second["public"]), (&follows(ROOT, &[2], false), &public(1, 2)));
    fixture.verify("public", 1, TIMESTAMP).unwrap();

    assert_eq!(publish(&fixture, "2030-01-02T02:19:59Z")["written"], json!([]));
    let third = publish(&fixture, ROOT);
    assert_eq!(third["written"], json!(["2.root.json"]));
    assert_eq!((&third["stage"], &third["stages"], &third["next"]), (&json!(3), &json!(3), &Value::Null));
    assert_eq!(third["public"], public(2, 2));
    fixture.verify("public", 1, ROOT).unwrap();
    fixture.verify("public", 2, ROOT).unwrap();
    let after = publish(&fixture, ROOT);
    assert_eq!((&after["written"], &after["stages"], &after["public"]), (&json!([]), &json!(0), &public(2, 2)));
}

#[test]
fn each_stage_says_in_words_what_follows_when_and_why() {
    let fixture = rotation();
    let words = |at: &str, expected: &str| {
        let output = fixture.done_at(at, &["publish"]);
        let text = output.stdout.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(text.contains(expected), "{expected:?} is not in {text:?}");
    };
    let timestamp = "the timestamp follows from 2030-01-02T01:10:00Z on, when no cache lacks what it needs";
    words(PUBLISHED, &format!("stage 1 of 3 is public; {timestamp}"));
    words(PUBLISHED, &format!("stage 1 of 3 is public; {timestamp}"));
    let root = "root 2 follows from 2030-01-02T02:20:00Z on, when no cache has a timestamp that it refuses";
    words(TIMESTAMP, &format!("stage 2 of 3 is public; {root}"));
    words(ROOT, "wrote public/2.root.json");
    words(ROOT, "public is up to date");
}

#[test]
fn the_ceremony_counts_as_published_with_its_last_stage() {
    let fixture = rotation();
    let is_recorded = || fixture.read("ceremonies/second/transcript.jsonl").contains("\"published\"");
    for (at, recorded) in [(PUBLISHED, false), (TIMESTAMP, false), (ROOT, true)] {
        publish(&fixture, at);
        assert_eq!(is_recorded(), recorded, "{at}");
    }
}

#[test]
fn the_daily_renewal_goes_on_between_the_stages() {
    let fixture = rotation();
    publish(&fixture, PUBLISHED);
    publish(&fixture, TIMESTAMP);
    // Signed and published while the root still waits: it is a timestamp that root 1 takes too, and keeps nothing waiting.
    fixture.done_at("2030-01-02T01:30:00Z", &["online", "--key", "keys/online.pem", "--renew"]);
    let renewed = publish(&fixture, "2030-01-02T01:30:00Z");
    assert_eq!((&renewed["written"], &renewed["next"]), (&json!(["timestamp.json"]), &follows(ROOT, &[2], false)));
    fixture.verify("public", 1, ROOT).unwrap();
    assert_eq!(publish(&fixture, ROOT)["written"], json!(["2.root.json"]));
}

#[test]
fn a_new_timestamp_alone_waits_for_nothing_and_a_new_snapshot_for_its_own_absence() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.behind_caches();
    fixture.done_at(PUBLISHED, &["online", "--key", "keys/online.pem", "--renew"]);
    assert_eq!(publish(&fixture, PUBLISHED)["next"], Value::Null);
    // Half of its thirty days later the snapshot is renewed as well.
    let later = "2030-01-17T00:00:00Z";
    fixture.done_at("2030-01-12T00:00:00Z", &["online", "--key", "keys/online.pem", "--renew"]);
    publish(&fixture, "2030-01-12T00:00:00Z");
    fixture.done_at(later, &["online", "--key", "keys/online.pem"]);
    let first = publish(&fixture, later);
    assert_eq!(first["written"], json!(["2.snapshot.json"]));
    assert_eq!(first["next"], follows("2030-01-17T01:10:00Z", &[], true));
    assert_eq!(publish(&fixture, "2030-01-17T01:10:00Z")["written"], json!(["timestamp.json"]));
}

#[test]
fn a_renewal_that_comes_late_waits_no_longer_than_the_timestamp_that_is_public_holds() {
    for (at, next) in [
        // The timestamp of day 0 holds for seven days, and caches show it for 70 minutes more.
        ("2030-01-07T20:00:00Z", Some("2030-01-07T21:10:00Z")),
        ("2030-01-07T22:00:00Z", Some("2030-01-07T22:50:00Z")),
        ("2030-01-07T22:50:00Z", None),
        ("2030-01-08T12:00:00Z", None),
    ] {
        let fixture = RepositoryFixture::after_the_first();
        fixture.behind_caches();
        let renew = ["ceremony", "new", "targets", "--renew", "targets"];
        fixture.done_at(at, &renew);
        fixture.done_at(at, &["ceremony", "freeze", "targets"]);
        FIRST.iter().for_each(|signer| assert!(fixture.sign("targets", signer).is_done()));
        fixture.done_at(at, &["ceremony", "seal", "targets"]);
        fixture.done_at(at, &["online", "--key", "keys/online.pem"]);
        let output = publish(&fixture, at);
        assert_eq!(output["next"]["at"].as_str(), next, "{at}: {output}");
    }
}

#[test]
fn a_first_publication_is_one_stage_and_so_is_one_where_nobody_is_served() {
    let fixture = RepositoryFixture::new();
    fixture.behind_caches();
    fixture.hold("first", &[], &FIRST, DAY_0);
    assert!(fixture.path("public/timestamp.json").exists());
    // At another place, later: nobody reads there yet.
    let elsewhere = fixture.done(&["publish", "--to", "elsewhere", "--json"]).json();
    assert_eq!((&elsewhere["stages"], &elsewhere["next"]), (&json!(1), &Value::Null));
}

#[test]
fn all_at_once_is_a_persons_word_and_says_what_it_costs() {
    let fixture = rotation();
    let output = fixture.done_at(PUBLISHED, &["publish", "--at-once", "--json"]);
    assert_eq!(output.json()["written"], json!(["2.targets.json", "2.snapshot.json", "2.root.json", "timestamp.json"]));
    assert!(output.stderr.starts_with("warning: for up to 70 minutes clients behind caches are refused"), "{output:?}");
    // Where nothing would have waited there is nothing to say.
    let again = fixture.done_at(PUBLISHED, &["publish", "--at-once"]);
    assert_eq!(again.stderr, "");
}

#[test]
fn a_lost_record_makes_publishing_wait_longer_and_a_damaged_one_is_told() {
    for damaged in [false, true] {
        let fixture = rotation();
        publish(&fixture, PUBLISHED);
        publish(&fixture, TIMESTAMP);
        let record = fixture.list("publications").into_iter().find(|name| name.ends_with(".json")).unwrap();
        let path = fixture.path(&format!("publications/{}", record.rsplit('/').next().unwrap()));
        match damaged {
            true => std::fs::write(&path, "{}").unwrap(),
            false => std::fs::remove_file(&path).unwrap(),
        }
        let output = fixture.done_at("2030-01-02T02:00:00Z", &["publish", "--json"]);
        assert_eq!(output.stderr.contains("is not the record of a place"), damaged, "{output:?}");
        // Seventy minutes from now on: until then a cache may show a timestamp that nobody remembers.
        assert_eq!(output.json()["next"], follows("2030-01-02T03:10:00Z", &[2], false));
        assert_eq!(publish(&fixture, "2030-01-02T03:09:59Z")["written"], json!([]));
        assert_eq!(publish(&fixture, "2030-01-02T03:10:00Z")["written"], json!(["2.root.json"]));
    }
}

#[test]
fn a_dry_run_lists_the_files_in_order_and_writes_nothing() {
    let fixture = rotation();
    let before = fixture.list("");
    let output = fixture.done_at(PUBLISHED, &["publish", "--dry-run", "--json"]).json();
    assert_eq!((&output["dry_run"], &output["written"]), (&json!(true), &json!(["2.targets.json", "2.snapshot.json"])));
    assert_eq!(fixture.list(""), before);
    let output = fixture.done_at(PUBLISHED, &["publish", "--dry-run"]);
    output.says("would write public/2.targets.json");
    assert_eq!(publish(&fixture, PUBLISHED)["dry_run"], json!(false));
}

#[test]
fn waiting_needs_a_clock_that_goes_on() {
    let fixture = rotation();
    let hint = "leave one of them out";
    fixture.at(PUBLISHED, &["publish", "--wait"]).refuses(
        "--wait waits for an instant, and --at stops the clock",
        "",
        hint,
    );
    for other in ["--at-once", "--dry-run"] {
        assert_eq!(fixture.at(PUBLISHED, &["publish", "--wait", other]).status, 2, "{other}");
    }
}

#[test]
fn an_online_key_is_replaced_without_a_gap_where_both_keys_sign() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "swap", "--replace", "online=frank"]);
    fixture.done(&["ceremony", "freeze", "swap"]);
    for signer in ["alice", "bob", "carol"] {
        assert_eq!(fixture.sign("swap", signer).status, 0);
    }
    fixture.done(&["ceremony", "seal", "swap"]);
    let alone = fixture.at(DAY_0, &["online", "--key", "keys/frank.pem"]);
    assert!(alone.stderr.contains("online is needed until"), "{alone:?}");
    let both = fixture.at(DAY_0, &["online", "--key", "keys/frank.pem", "--key", "keys/online.pem", "--renew"]);
    assert!(
        both.stderr.contains("root 1 can be somebody's last until") || both.stdout.contains("somebody's last"),
        "{both:?}"
    );
    assert!(!both.stderr.contains("is needed"), "{both:?}");
}

/// Somebody else has the online key: waiting would only let them sign for longer, so the plan that names it is word enough.
#[test]
fn what_takes_a_compromised_threshold_away_is_public_at_once() {
    for compromised in [true, false] {
        let fixture = RepositoryFixture::after_the_first();
        fixture.behind_caches();
        fixture.done_at(PUBLISHED, &["keyholder", "add", "online", "--key", "keys/stranger.pem", "--new-key"]);
        let mut new = vec!["ceremony", "new", "second"];
        if compromised {
            new.extend(["--compromised", "online=It was stolen"]);
        }
        fixture.done_at(PUBLISHED, &new);
        fixture.done_at(PUBLISHED, &["ceremony", "freeze", "second"]);
        FIRST.iter().for_each(|signer| assert!(fixture.sign("second", signer).is_done()));
        fixture.done_at(PUBLISHED, &["ceremony", "seal", "second"]);
        let mut online = vec!["online", "--key", "keys/stranger.pem"];
        if !compromised {
            online.extend(["--key", "keys/online.pem"]);
        }
        fixture.done_at(PUBLISHED, &online);
        let output = fixture.done_at(PUBLISHED, &["publish", "--json"]);
        let said = output.stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        let warning = "second takes compromised keys of timestamp away: nothing leads up to its root";
        assert_eq!(said.contains(warning), compromised, "{said}");
        let written = output.json()["written"].clone();
        let is_public = written.as_array().unwrap().contains(&json!("2.root.json"));
        assert_eq!((is_public, output.json()["next"].is_null()), (compromised, compromised), "{written}");
    }
}
