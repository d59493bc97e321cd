//! `preflight`: every client is tried with what publishing would show it, now and later, halfway and by way of caches.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::real_data;
use serde_json::{Value, json};

const PUBLISHED: &str = "2030-01-02T00:00:00Z";
/// While Sigstore's timestamp holds.
const SIGSTORE: &str = "2026-08-22T00:00:00Z";

/// Bob, who signed the published targets, is replaced.
fn rotation() -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    fixture.behind_caches();
    fixture.make_current("second", &["--replace", "bob=frank"], &["alice", "carol", "dave"], PUBLISHED);
    fixture
}

fn states(report: &Value) -> Vec<&str> {
    report["states"].as_array().unwrap().iter().map(|row| row["state"].as_str().unwrap()).collect()
}

fn sum(report: &Value, count: &str) -> u64 {
    report["states"].as_array().unwrap().iter().map(|row| row[count].as_u64().unwrap()).sum()
}

#[test]
fn a_rotation_in_stages_is_tried_before_it_after_each_file_and_with_every_mixture_and_nobody_is_refused() {
    let fixture = rotation();
    let report = fixture.done_at(PUBLISHED, &["preflight", "--json"]).json();
    assert_eq!((&report["judges"], &report["refused"]), (&json!(["rootline"]), &json!([])));
    let states = states(&report);
    for state in ["before", "after timestamp.json", "after 2.root.json"] {
        assert!(states.contains(&state), "{state}: {states:?}");
    }
    assert!(states.iter().any(|state| state.starts_with("mixture ")), "{states:?}");
    // Clients see nothing of the files that nothing points at yet, and are tried at each of these moments.
    assert!(report["states"][0]["cases"].as_u64() > Some(2 * 3));
    assert_eq!(report["cases"].as_u64().unwrap(), sum(&report, "accepted") + sum(&report, "expired"));
    assert!(sum(&report, "accepted") > 0 && sum(&report, "expired") > 0, "{report}");
    // Nothing was written.
    assert!(!fixture.path("public/2.targets.json").exists());
}

#[test]
fn the_same_at_once_refuses_who_finds_the_new_root_and_the_old_timestamp() {
    let fixture = rotation();
    let output = fixture.at(PUBLISHED, &["preflight", "--at-once", "--json"]);
    assert_eq!(output.status, 1, "{output:?}");
    let report = output.json();
    let refused = report["refused"].as_array().unwrap();
    let states: BTreeSet<&str> = refused.iter().map(|refused| refused["state"].as_str().unwrap()).collect();
    assert_eq!(states, BTreeSet::from(["after 2.root.json"]));
    assert!(refused[0]["why"].as_str().unwrap().contains("targets"), "{}", refused[0]);

    let output = fixture.at(PUBLISHED, &["preflight", "--at-once"]);
    let who = "rootline refuses after 2.root.json, from roots 1 to 2 with nothing cached, at 2030-01-02T00:00:00Z and another instant: targets";
    assert!(output.stdout.contains(who), "{output:?}");
    assert!(output.stdout.contains("judged by 1 implementation (rootline) in "), "{output:?}");
}

#[test]
fn what_has_expired_before_the_publication_is_no_fault_of_it() {
    let fixture = RepositoryFixture::after_the_first();
    let late = "2030-01-09T00:00:00Z";
    fixture.done_at(late, &["online", "--key", "keys/online.pem"]);
    let report = fixture.done_at(late, &["preflight", "--json"]).json();
    assert_eq!(report["refused"], json!([]));
    let before = &report["states"][0];
    assert_eq!((&before["state"], &before["accepted"]), (&json!("before"), &json!(0)));
}

#[test]
fn each_case_is_tried_at_the_instants_that_are_named_too() {
    let fixture = RepositoryFixture::after_the_first();
    let cases = |arguments: &[&str]| fixture.done_at(DAY_0, arguments).json()["cases"].as_u64().unwrap();
    let usual = cases(&["preflight", "--json"]);
    let more =
        cases(&["preflight", "--json", "--also-at", "2031-01-01T00:00:00Z", "--also-at", "2032-01-01T00:00:00Z"]);
    // From one root, with nothing in the cache, with the publication in it, and with its snapshot alone.
    assert_eq!(more, usual + 2 * 3);
}

#[test]
fn the_oldest_root_that_is_served_stands_in_the_policy() {
    let fixture = rotation();
    let policy = fixture.read("rootline.toml");
    fixture.write("rootline.toml", policy + "\n[preflight]\noldest-root = 2\n");
    let report = fixture.done_at(PUBLISHED, &["preflight", "--json"]).json();
    assert_eq!((&report["oldest_root"], &report["newest_root"]), (&json!(2), &json!(2)));
    // Nobody begins with root 1, and nobody else is there before root 2 is.
    assert_eq!(report["states"][0]["cases"], json!(0));
}

/// One fault is in the copy of Sigstore's repository, and somebody is refused because of it.
#[track_caller]
fn is_red(fixture: &RepositoryFixture, why: &str) {
    let output = fixture.at(SIGSTORE, &["preflight", "sigstore", "--json"]);
    assert_eq!(output.status, 1, "{output:?}");
    let report = output.json();
    let refused = report["refused"].as_array().unwrap();
    assert!(refused.iter().any(|refused| refused["why"].as_str().unwrap().contains(why)), "{why}: {report}");
}

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let path = entry.unwrap().path();
        let to = to.join(path.file_name().unwrap());
        if path.is_dir() { copy(&path, &to) } else { _ = fs::copy(&path, &to).unwrap() }
    }
}

/// Fifteen roots over five years, with rotations of keyholders, of online keys, of key types and of how key ids are made.
#[test]
fn all_of_sigstores_history_gets_through_in_seconds() {
    let Some(folder) = real_data::sigstore_prod() else { return };
    let fixture = RepositoryFixture::empty();
    copy(&folder.join("metadata"), &fixture.path("sigstore"));
    copy(&folder.join("targets"), &fixture.path("sigstore/targets"));
    let report = fixture.done_at(SIGSTORE, &["preflight", "sigstore", "--json"]).json();
    assert_eq!((&report["oldest_root"], &report["newest_root"]), (&json!(1), &json!(15)));
    assert_eq!(report["refused"], json!([]));
    // From fifteen roots, with three caches, now and either side of the four expiries.
    assert_eq!(report["cases"], json!(15 * 3 * 9));
    assert_eq!(sum(&report, "accepted") + sum(&report, "expired"), 15 * 3 * 9);
    // Half of a mirror, and one changed byte.
    for (file, why) in
        [("9.root.json", "9.root.json is missing"), ("165.snapshot.json", "snapshot"), ("14.targets.json", "targets")]
    {
        let path = fixture.path("sigstore").join(file);
        let bytes = fs::read(&path).unwrap();
        fs::remove_file(&path).unwrap();
        is_red(&fixture, why);
        fs::write(
            &path,
            String::from_utf8(bytes.clone()).unwrap().replacen("\"expires\": \"20", "\"expires\": \"19", 1),
        )
        .unwrap();
        assert_eq!(fixture.at(SIGSTORE, &["preflight", "sigstore"]).status, 1, "{file}");
        fs::write(&path, bytes).unwrap();
    }
    assert_eq!(fixture.at(SIGSTORE, &["preflight", "sigstore"]).status, 0);
}
