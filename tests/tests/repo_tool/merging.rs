//! Several ceremonies at once: what touches what, and two that become one.

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};

/// After a first ceremony; `new` plans each of these, and all are frozen.
fn open(ceremonies: &[(&str, &[&str])]) -> Office {
    let office = Office::after_the_first();
    for (at, (id, options)) in ceremonies.iter().enumerate() {
        let day = [DAY_0, DAY_1][at % 2];
        office.done_at(day, &[&["ceremony", "new", id][..], options].concat());
    }
    for (id, _) in ceremonies {
        office.done(&["ceremony", "freeze", id]);
    }
    office
}

/// The files that are to be signed.
fn frozen(office: &Office, id: &str) -> Vec<(String, String)> {
    let folder = format!("ceremonies/{id}/frozen");
    office
        .list(&folder)
        .into_iter()
        .filter(|name| name.ends_with(".json"))
        .map(|name| (name.clone(), office.read(&format!("{folder}/{name}"))))
        .collect()
}

const THRESHOLD: (&str, &[&str]) = ("threshold", &["--threshold", "root=2"]);

#[test]
fn signatures_over_root_and_over_a_delegated_role_both_stay() {
    let office = Office::new();
    office.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    office.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    office.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    office.done(&["ceremony", "freeze", "threshold"]).says("to be signed: root 2");
    office.done_at(DAY_1, &["ceremony", "new", "npm", "--renew", "npm", "--expires", "npm=30"]);
    let said = office.done(&["ceremony", "freeze", "npm"]);
    said.says("to be signed: npm 2");
    assert!(!said.out.contains("touches") && !said.out.contains("makes a new"), "{said:?}");
    office.sign("threshold", "alice").says("alice has signed root 2");
    office.sign("npm", "frank").says("frank has signed npm 2");
    let before = [frozen(&office, "threshold"), frozen(&office, "npm")].concat();

    let merged = office.done_at(DAY_1, &["ceremony", "merge", "threshold", "npm"]);
    merged.says("merged npm into threshold");
    merged.says("kept signatures: alice (root 2), frank (npm 2)");
    let mut after = frozen(&office, "threshold");
    after.sort_by_key(|(name, _)| name.contains("npm"));
    assert_eq!(after, before, "to the byte");
    assert_eq!(office.read("ceremonies/threshold/frozen/plan.toml"), office.read("ceremonies/threshold/plan.toml"));
    office.done(&["ceremony", "list"]).says("npm: abandoned");
    let transcript = office.read("ceremonies/npm/transcript.jsonl");
    assert!(transcript.lines().last().unwrap().contains("merged into threshold"));
    assert!(office.read("ceremonies/threshold/transcript.jsonl").contains("\"event\":\"merged\""));
    for signer in ["bob", "carol"] {
        office.sign("threshold", signer).says("has signed root 2");
    }
    office.done(&["ceremony", "seal", "threshold"]);
    office.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    office.done_at(DAY_1, &["publish"]);
    office.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn two_that_change_one_role_say_so_and_go_together_while_nobody_has_signed() {
    let office = open(&[THRESHOLD, ("frank", &["--add", "root=frank", "--summary", "Frank joins"])]);
    let said = office.done(&["ceremony", "status", "threshold"]);
    said.says("frank also makes a new root: the one published second must be frozen and signed again");
    said.says("rootline-repo ceremony merge threshold frank");
    office.done_at(DAY_1, &["ceremony", "merge", "threshold", "frank"]).says("merged frank into threshold");
    let review = office.done(&["ceremony", "review", "threshold"]);
    review.says("root is signed by 2 of 6 (now 3 of 5)");
    review.says("+ frank");
    review.says("Frank joins");
    // The same again has nothing left to do.
    office.run(&["ceremony", "merge", "threshold", "frank"]).refuses("frank was abandoned", "", "begin another one");
}

#[test]
fn what_would_void_a_signature_is_not_merged_and_says_whose() {
    let office = open(&[THRESHOLD, ("frank", &["--add", "root=frank"])]);
    office.sign("frank", "dave").says("dave has signed root 2");
    let said = office.at(DAY_1, &["ceremony", "merge", "threshold", "frank"]);
    let rule = "a signature stays valid while its file is unchanged";
    said.refuses("merging the two would void signatures: dave (root 2)", rule, "publish one of the two first");
    office.done(&["ceremony", "list"]).says("frank: to be signed\nthreshold: to be signed");
    office.done(&["ceremony", "status", "frank"]).says("1 of 3 (dave)");
}

#[test]
fn what_both_change_to_different_ends_is_a_conflict_with_its_name() {
    let office = open(&[THRESHOLD, ("four", &["--threshold", "root=4"])]);
    let said = office.at(DAY_1, &["ceremony", "merge", "threshold", "four"]);
    said.refuses("both change root.threshold: to 2 and to 4", "", "decide which of the two it is to be");
    office.edit("ceremonies/four/plan.toml", "threshold = 4", "threshold = 2");
    office.done_at(DAY_1, &["ceremony", "merge", "threshold", "four"]).says("merged four into threshold");
}

#[test]
fn what_is_sealed_over_or_the_same_is_not_merged() {
    let office = open(&[THRESHOLD, ("frank", &["--add", "root=frank"])]);
    let said = office.run(&["ceremony", "merge", "frank", "frank"]);
    said.refuses("a ceremony cannot be merged into itself", "", "name two");
    office.run(&["ceremony", "merge", "frank", "first"]).refuses("first is over", "", "begin another one");
    office.run(&["ceremony", "merge", "frank", "other"]).refuses("there is no ceremony other", "", "list them");
    for signer in ["alice", "bob", "carol"] {
        office.sign("threshold", signer).says("has signed");
    }
    office.done(&["ceremony", "seal", "threshold"]);
    let said = office.run(&["ceremony", "merge", "frank", "threshold"]);
    said.refuses("threshold is sealed, and sealed files do not change", "", "make it current first");
}

#[test]
fn what_two_have_sealed_of_different_roles_becomes_current_at_once() {
    let office = Office::new();
    office.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    office.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    office.done(&["ceremony", "new", "threshold", "--threshold", "root=2"]);
    office.done(&["ceremony", "new", "npm", "--renew", "npm"]);
    for (id, signers) in [("threshold", &["alice", "bob", "carol"][..]), ("npm", &["frank"])] {
        office.done(&["ceremony", "freeze", id]);
        for signer in signers {
            office.sign(id, signer).says("has signed");
        }
        office.done(&["ceremony", "seal", id]);
    }
    let said = office.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    said.says("npm is now current");
    said.says("threshold is now current");
    office.done_at(DAY_1, &["publish"]);
    office.done(&["ceremony", "list"]).says("first: done\nnpm: done\nthreshold: done");
    office.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn a_delegated_role_that_has_expired_stops_nobody_else() {
    let office = Office::new();
    office.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--expires", "npm=3"];
    office.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    office.done(&["status"]).says("npm          1  expires 2030-01-04T00:00:00Z");
    let day_4 = "2030-01-05T00:00:00Z";
    let said = office.done_at(day_4, &["online", "--key", "keys/online.pem"]);
    assert!(said.err.starts_with("warning: npm expired at 2030-01-04T00:00:00Z: its files are refused"), "{said:?}");
    office.done_at(day_4, &["publish"]);
    office.verify("public", 1, day_4).unwrap();
}
