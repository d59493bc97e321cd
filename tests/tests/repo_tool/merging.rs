//! Several ceremonies at once: what touches what, and two that become one.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

/// After a first ceremony; `new` plans each of these, and all are frozen.
fn open(ceremonies: &[(&str, &[&str])]) -> RepositoryFixture {
    let fixture = RepositoryFixture::after_the_first();
    for (at, (id, options)) in ceremonies.iter().enumerate() {
        let day = [DAY_0, DAY_1][at % 2];
        fixture.done_at(day, &[&["ceremony", "new", id][..], options].concat());
    }
    for (id, _) in ceremonies {
        fixture.done(&["ceremony", "freeze", id]);
    }
    fixture
}

/// The files that are to be signed.
fn frozen(fixture: &RepositoryFixture, id: &str) -> Vec<(String, String)> {
    let folder = format!("ceremonies/{id}/frozen");
    fixture
        .list(&folder)
        .into_iter()
        .filter(|name| name.ends_with(".json"))
        .map(|name| (name.clone(), fixture.read(&format!("{folder}/{name}"))))
        .collect()
}

const THRESHOLD: (&str, &[&str]) = ("threshold", &["--threshold", "root=2"]);

#[test]
fn signatures_over_root_and_over_a_delegated_role_both_stay() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    fixture.done(&["ceremony", "freeze", "threshold"]).says("to be signed: root 2");
    fixture.done_at(DAY_1, &["ceremony", "new", "npm", "--renew", "npm", "--expires", "npm=30"]);
    let output = fixture.done(&["ceremony", "freeze", "npm"]);
    output.says("to be signed: npm 2");
    assert!(!output.stdout.contains("touches") && !output.stdout.contains("makes a new"), "{output:?}");
    fixture.sign("threshold", "alice").says("alice has signed root 2");
    fixture.sign("npm", "frank").says("frank has signed npm 2");
    let before = [frozen(&fixture, "threshold"), frozen(&fixture, "npm")].concat();

    let merged = fixture.done_at(DAY_1, &["ceremony", "merge", "threshold", "npm"]);
    merged.says("merged npm into threshold");
    merged.says("kept signatures: alice (root 2), frank (npm 2)");
    let mut after = frozen(&fixture, "threshold");
    after.sort_by_key(|(name, _)| name.contains("npm"));
    assert_eq!(after, before, "to the byte");
    assert_eq!(fixture.read("ceremonies/threshold/frozen/plan.toml"), fixture.read("ceremonies/threshold/plan.toml"));
    fixture.done(&["ceremony", "list"]).says("npm: abandoned");
    let transcript = fixture.read("ceremonies/npm/transcript.jsonl");
    assert!(transcript.lines().last().unwrap().contains("merged into threshold"));
    assert!(fixture.read("ceremonies/threshold/transcript.jsonl").contains("\"event\":\"merged\""));
    for signer in ["bob", "carol"] {
        fixture.sign("threshold", signer).says("has signed root 2");
    }
    fixture.done(&["ceremony", "seal", "threshold"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]);
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn two_that_change_one_role_say_so_and_go_together_while_nobody_has_signed() {
    let fixture = open(&[THRESHOLD, ("frank", &["--add", "root=frank", "--summary", "Frank joins"])]);
    let output = fixture.done(&["ceremony", "status", "threshold"]);
    output.says("frank also makes a new root: the one published second must be frozen and signed again");
    output.says("rootline-repo ceremony merge threshold frank");
    fixture.done_at(DAY_1, &["ceremony", "merge", "threshold", "frank"]).says("merged frank into threshold");
    let review = fixture.done(&["ceremony", "review", "threshold"]);
    review.says("root is signed by 2 of 6 (now 3 of 5)");
    review.says("+ frank");
    review.says("Frank joins");
    // The same again has nothing left to do.
    fixture.run(&["ceremony", "merge", "threshold", "frank"]).refuses("frank was abandoned", "", "start another one");
}

#[test]
fn what_would_void_a_signature_is_not_merged_and_says_whose() {
    let fixture = open(&[THRESHOLD, ("frank", &["--add", "root=frank"])]);
    fixture.sign("frank", "dave").says("dave has signed root 2");
    let output = fixture.at(DAY_1, &["ceremony", "merge", "threshold", "frank"]);
    let rule = "a signature counts as long as its file is unchanged";
    output.refuses("merging the two would void signatures: dave (root 2)", rule, "publish one of the ceremonies first");
    fixture.done(&["ceremony", "list"]).says("frank: to be signed\nthreshold: to be signed");
    fixture.done(&["ceremony", "status", "frank"]).says("1 of 3 (dave)");
}

#[test]
fn what_both_change_to_different_ends_is_a_conflict_with_its_name() {
    let fixture = open(&[THRESHOLD, ("four", &["--threshold", "root=4"])]);
    let output = fixture.at(DAY_1, &["ceremony", "merge", "threshold", "four"]);
    output.refuses("both change root.threshold: to 2 and to 4", "", "decide which of the two it is to be");
    fixture.edit("ceremonies/four/plan.toml", "threshold = 4", "threshold = 2");
    fixture.done_at(DAY_1, &["ceremony", "merge", "threshold", "four"]).says("merged four into threshold");
}

#[test]
fn what_is_sealed_over_or_the_same_is_not_merged() {
    let fixture = open(&[THRESHOLD, ("frank", &["--add", "root=frank"])]);
    let output = fixture.run(&["ceremony", "merge", "frank", "frank"]);
    output.refuses("a ceremony cannot be merged into itself", "", "name two");
    fixture.run(&["ceremony", "merge", "frank", "first"]).refuses("first is finished", "", "start another one");
    fixture.run(&["ceremony", "merge", "frank", "other"]).refuses("there is no ceremony other", "", "list them");
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("threshold", signer).says("has signed");
    }
    fixture.done(&["ceremony", "seal", "threshold"]);
    let output = fixture.run(&["ceremony", "merge", "frank", "threshold"]);
    output.refuses("threshold is sealed, and sealed files do not change", "", "make it current first");
}

#[test]
fn what_two_have_sealed_of_different_roles_becomes_current_at_once() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    fixture.done(&["ceremony", "new", "npm", "--renew", "npm"]);
    for (id, signers) in [("threshold", &["alice", "bob", "carol"][..]), ("npm", &["frank"])] {
        fixture.done(&["ceremony", "freeze", id]);
        for signer in signers {
            fixture.sign(id, signer).says("has signed");
        }
        fixture.done(&["ceremony", "seal", id]);
    }
    let output = fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    output.says("npm is now current");
    output.says("threshold is now current");
    fixture.done_at(DAY_1, &["publish"]);
    fixture.done(&["ceremony", "list"]).says("first: done\nnpm: done\nthreshold: done");
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn a_delegated_role_that_has_expired_stops_nobody_else() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--expires", "npm=3"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done(&["status"]).says("npm              1  2030-01-04T00:00:00Z");
    let day_4 = "2030-01-05T00:00:00Z";
    let output = fixture.done_at(day_4, &["online", "--key", "keys/online.pem"]);
    assert!(
        output.stderr.starts_with("warning: npm expired at 2030-01-04T00:00:00Z: its files are refused"),
        "{output:?}"
    );
    fixture.done_at(day_4, &["publish"]);
    fixture.verify("public", 1, day_4).unwrap();
}
