//! Work in two clones that goes together by itself.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

use super::clones::Clones;

#[test]
fn signatures_that_were_given_in_two_clones_both_count() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign("alice");
    ben.sign_at(DAY_1, "bob").says("bob has signed root 1 and targets 1");
    assert_eq!(ann.merge(ben), [""; 0]);
    assert_eq!(ben.merge(ann), [""; 0]);
    for desk in [ann, ben] {
        desk.done(&["ceremony", "status"]).says("root 1 under root 1 (new): 2 of 3 (alice, bob); 1 more needed");
        assert_eq!(desk.signed(), ["alice root", "alice targets", "bob root", "bob targets"]);
        assert_eq!(desk.transcript().head().digests.len(), 2);
    }
    assert_eq!(ann.transcript(), ben.transcript());
    let head = ann.transcript().head();
    ann.sign_at(DAY_1, "carol").says("next: rootline-repo ceremony seal first");
    assert_eq!(ann.transcript().count_up_to(&head.digests), Some(head.lines));
    ann.publish(DAY_1);
    assert_eq!(ben.merge(ann), [""; 0]);
    ben.done(&["ceremony", "list"]).says("first: done");
}

/// A keyholder without a repository sends their answer to both.
#[test]
fn one_answer_that_was_accepted_in_two_clones_counts_once() {
    let fixture = RepositoryFixture::frozen();
    fixture.done(&["ceremony", "request", "first"]);
    for name in ["alice", "bob"] {
        let key = format!("keys/{name}.pem");
        let answer = ["--output", &*format!("{name}.json"), "--key", &key, "--yes"];
        fixture.done(&[&["sign", "first.request.json"], &answer[..]].concat());
    }
    let Some(clones) = Clones::of(fixture) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.done(&["ceremony", "accept", "alice.json"]).says("alice has signed root 1 and targets 1");
    ben.done_at(DAY_1, &["ceremony", "accept", "bob.json", "alice.json"]).says("bob has signed root 1");
    assert_eq!(ann.merge(ben), [""; 0]);
    assert_eq!(ben.merge(ann), [""; 0]);
    assert_eq!(ann.transcript(), ben.transcript());
    for desk in [ann, ben] {
        desk.done(&["ceremony", "status"]).says("root 1 under root 1 (new): 2 of 3 (alice, bob); 1 more needed");
        // Both clones noted it down, and it counts once.
        let mut signed = desk.signed();
        signed.dedup();
        assert_eq!(signed, ["alice root", "alice targets", "bob root", "bob targets"]);
        desk.done(&["ceremony", "verify", "first"]).says("everything matches the transcript");
    }
    ann.sign_at(DAY_1, "carol").says("next: rootline-repo ceremony seal first");
    ann.publish(DAY_1);
    ann.verify(DAY_1);
}

#[test]
fn a_log_draws_where_two_clones_parted_and_came_together() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign("alice");
    ben.sign_at(DAY_1, "bob");
    ann.merge(ben);
    let output = ann.done(&["ceremony", "log", "first"]);
    output.says("2 merged ends; the next line follows all of them");
    ann.sign_at(DAY_1, "carol");
    let drawn: Vec<String> = ann
        .done(&["ceremony", "log", "first"])
        .stdout
        .lines()
        .map_while(|line| line.split_once("2030-").map(|(marks, _)| marks).or((!line.contains(' ')).then_some(line)))
        .map(|marks| marks.trim_end().to_owned())
        .collect();
    assert_eq!(drawn, ["*", "*", "*", "*", "|\\", "| *", "| *", "|/", "*", "*"]);
    assert_eq!(ann.transcript().head().digests.len(), 1);
}

#[test]
fn a_plan_that_both_froze_is_frozen_once() {
    let Some(clones) = Clones::of(RepositoryFixture::planned()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.done(&["ceremony", "freeze", "first"]);
    ann.sign("alice");
    ben.done_at(DAY_1, &["ceremony", "freeze", "first"]);
    ben.sign("bob");
    assert_eq!(ann.merge(ben), [""; 0]);
    ann.done(&["ceremony", "status"]).says("2 of 3 (alice, bob)");
    ann.done(&["ceremony", "freeze"]).says("nothing has changed since the last freeze");
    ann.sign("carol");
    ann.publish(DAY_1);
}

#[test]
fn a_signature_that_came_while_another_clone_sealed_is_kept() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign_all(&["alice", "bob", "carol"]);
    assert_eq!(ben.merge(ann), [""; 0]);
    ann.done(&["ceremony", "seal"]);
    ben.sign_at(DAY_1, "dave").says("dave has signed");
    assert_eq!(ann.merge(ben), [""; 0]);
    ann.done(&["ceremony", "status"]).says("first: sealed");
    assert!(ann.signed().contains(&"dave root".to_owned()));
    ann.publish(DAY_1);
    // It is sealed with it: sealing again takes in what has come.
    let root = ann.read("public/1.root.json");
    assert_eq!(root.matches("\"sig\"").count(), 4);
}

#[test]
fn a_ceremony_that_was_given_up_in_one_clone_and_sealed_in_another_is_given_up() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign_all(&["alice", "bob", "carol"]);
    ann.done(&["ceremony", "seal"]);
    ben.done(&["ceremony", "abandon", "--reason", "Nobody came"]);
    assert_eq!(ann.merge(ben), [""; 0]);
    ann.done(&["ceremony", "list"]).says("first: abandoned");
}

#[test]
fn what_is_public_is_not_given_up_by_a_clone_that_did_not_know() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign_all(&["alice", "bob", "carol"]);
    ann.publish(DAY_0);
    ben.done(&["ceremony", "abandon", "--reason", "Nobody came"]);
    assert_eq!(ann.merge(ben), [""; 0]);
    ann.done(&["ceremony", "list"]).says("first: done");
}

#[test]
fn keyholders_that_were_added_in_two_clones_are_both_there_and_still_hold_one_key_each() {
    let Some(clones) = Clones::of(RepositoryFixture::new()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    let stranger = ann.public_key("stranger");
    ann.done(&["keyholder", "add", "grace", "--public-key", &stranger]);
    ben.done(&["keyholder", "add", "heidi", "--public-key", &stranger]);
    assert_eq!(ann.merge(ben), [""; 0]);
    // Git knows nothing of keys.
    let output = ann.run(&["keyholder", "list"]);
    output.refuses(
        "grace and heidi hold the same key",
        "a keyholder counts once",
        "give each keyholder a key of their own",
    );
    std::fs::remove_dir_all(ann.path("keyholders/heidi")).unwrap();
    ann.done(&["keyholder", "list"]).says("grace");
}

#[test]
fn heads_that_were_signed_in_two_clones_both_stand() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign("alice");
    ann.with_key(DAY_0, &["ceremony", "witness"], "alice").says("alice has signed the head of first, after 4 lines");
    ben.with_key(DAY_1, &["ceremony", "witness"], "bob").says("bob has signed the head of first, after 2 lines");
    assert_eq!(ann.merge(ben), [""; 0]);
    assert_eq!(std::fs::read_dir(ann.path("ceremonies/first/heads")).unwrap().count(), 2);
    ann.with_key(DAY_1, &["ceremony", "witness"], "alice").says("after 6 lines");
    assert_eq!(std::fs::read_dir(ann.path("ceremonies/first/heads")).unwrap().count(), 3);
}

#[test]
fn one_head_that_a_keyholder_signed_in_two_clones_is_taken_from_either() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    for (desk, at) in [(ann, DAY_0), (ben, DAY_1)] {
        desk.with_key(at, &["ceremony", "witness"], "alice").says("alice has signed the head of first, after 2 lines");
    }
    let conflicts = ann.merge(ben);
    assert_eq!(conflicts.len(), 1);
    let output = ann.with_key(DAY_1, &["ceremony", "witness"], "bob");
    output.refuses(&format!("{}:", conflicts[0]), "", "take either side's: both are valid");
    ann.take("--theirs", &conflicts);
    ann.with_key(DAY_1, &["ceremony", "witness"], "bob").says("bob has signed the head of first, after 4 lines");
}

#[test]
fn a_clone_that_is_rebased_keeps_its_signatures_as_a_merged_one_does() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.sign("alice");
    ann.commit();
    for (at, signer) in [(DAY_0, "bob"), (DAY_1, "carol")] {
        ben.sign_at(at, signer).says("has signed");
        ben.commit();
    }
    ben.git(&["fetch", "--quiet", &ann.folder.display().to_string(), "HEAD"]);
    ben.git(&["rebase", "--quiet", "FETCH_HEAD"]);
    ben.done(&["ceremony", "status"]).says("3 of 3 (alice, bob, carol); enough");
    assert_eq!(ben.signed().len(), 6);
    assert_eq!(ann.merge(ben), [""; 0]);
    assert_eq!(ann.transcript(), ben.transcript());
    ann.publish(DAY_1);
}

#[test]
fn edits_of_a_plan_that_git_puts_together_are_frozen_together() {
    let Some(clones) = Clones::of(RepositoryFixture::frozen()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    let plan = ann.read("ceremonies/first/plan.toml");
    let targets = plan.find("[targets]").unwrap();
    let edited = plan[targets..].replacen("threshold = 3", "threshold = 1", 1);
    ann.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    ben.write("ceremonies/first/plan.toml", &format!("{}{edited}", &plan[..targets]));
    ann.done(&["ceremony", "freeze"]).says("frozen again as revision 2");
    ben.done_at(DAY_1, &["ceremony", "freeze"]).says("frozen again as revision 2");
    ben.sign("bob");
    // Git puts the frozen files together as well, into one that nobody has frozen.
    assert_eq!(ann.merge(ben), [""; 0]);
    let output = ann.sign_at(DAY_1, "alice");
    output.refuses("first was frozen in 2 different ways", "all keyholders sign the same bytes", "freeze it");
    ann.done(&["ceremony", "list"]).says("first: frozen differently in two clones");
    ann.done(&["ceremony", "freeze"]).says("frozen again as revision 3");
    let status = ann.done(&["ceremony", "status"]);
    status.says("root 1 under root 1 (new): 0 of 2 (nobody)");
    status.says("targets 1 under root 1: 1 of 1 (bob); enough");
}
