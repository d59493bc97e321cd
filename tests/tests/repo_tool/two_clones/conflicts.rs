//! Work in two clones that does not go together: git says where, and the program what to do.

use rootline_ceremonies::Freezing;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

use super::clones::{Clones, Desk};

const PLAN: &str = "ceremonies/first/plan.toml";
const FROZEN_PLAN: &str = "ceremonies/first/frozen/plan.toml";
const TRANSCRIPT: &str = "ceremonies/first/transcript.jsonl";

/// With alice's signature.
fn signed_by_alice() -> RepositoryFixture {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    fixture
}

/// Takes the marks out and keeps what both sides have.
fn keep_both(desk: Desk<'_>, file: &str) {
    let is_mark = |line: &&str| ["<<<<<<<", "=======", ">>>>>>>", "|||||||"].iter().any(|mark| line.starts_with(mark));
    let text: String = desk.read(file).lines().filter(|line| !is_mark(line)).map(|line| format!("{line}\n")).collect();
    desk.write(file, &text);
    desk.commit();
}

#[test]
fn two_edits_of_a_plan_are_one_conflict_and_freezing_again_names_who_signs_again() {
    let Some(clones) = Clones::of(signed_by_alice()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    ann.edit(PLAN, "threshold = 3", "threshold = 2");
    ben.edit(PLAN, "threshold = 3", "threshold = 4");
    assert_eq!(ann.merge(ben), [PLAN]);
    let output = ann.run(&["ceremony", "freeze", "first"]);
    let conflict = format!("{PLAN}:");
    output.refuses(&conflict, "", "edit the plan, and freeze it again: rootline-repo ceremony freeze first");
    assert!(output.stderr.contains("unresolved git conflict"), "{output:?}");
    // What was frozen can be read and signed meanwhile.
    let output = ann.done(&["ceremony", "review", "first"]);
    assert!(
        output.stderr.contains("plan.toml was edited after the ceremony was frozen: freeze again to sign the edit"),
        "{output:?}"
    );
    ann.take("--theirs", &[PLAN.to_owned()]);
    let output = ann.done(&["ceremony", "freeze", "first"]);
    output.says("frozen again as revision 2");
    output.says("to be signed again by: alice (root 1)");
}

#[test]
fn two_freezings_of_different_plans_are_settled_by_freezing_again() {
    let Some(clones) = Clones::of(signed_by_alice()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    for (desk, threshold, at, signer) in [(ann, "threshold = 2", DAY_0, "bob"), (ben, "threshold = 4", DAY_1, "carol")]
    {
        desk.edit(PLAN, "threshold = 3", threshold);
        desk.done_at(at, &["ceremony", "freeze", "first"]).says("frozen again as revision 2");
        desk.sign(signer);
    }
    let frozen = "ceremonies/first/frozen/1.root.json".to_owned();
    assert_eq!(ann.merge(ben), [frozen.clone(), FROZEN_PLAN.to_owned(), PLAN.to_owned()]);
    assert!(matches!(ann.transcript().freezing(), Freezing::Disputed(records) if records.len() == 2));
    ann.take("--ours", &[PLAN.to_owned(), FROZEN_PLAN.to_owned(), frozen]);
    ann.done(&["ceremony", "list"]).says("first: frozen differently in two clones");
    ann.done(&["ceremony", "status"]).says("next: rootline-repo ceremony freeze first");
    let output = ann.sign_at(DAY_1, "dave");
    let what = "first was frozen in 2 different ways in clones that have since been merged";
    output.refuses(what, "all keyholders sign the same bytes", "freeze it: rootline-repo ceremony freeze first");
    let output = ann.done_at(DAY_1, &["ceremony", "freeze"]);
    output.says("frozen again as revision 3");
    output.says("to be signed again by: alice (root 1), carol (root 1)");
    // What did not change was signed once and for all, and bob signed what has been frozen again.
    ann.done(&["ceremony", "status"]).says("targets 1 under root 1: 3 of 3 (alice, bob, carol); enough");
    ann.done(&["ceremony", "status"]).says("root 1 under root 1 (new): 1 of 2 (bob)");
    ann.sign("alice");
    ann.publish(DAY_1);
}

#[test]
fn two_sealings_with_different_signatures_are_settled_by_sealing_again_with_all_of_them() {
    let Some(clones) = Clones::of(signed_by_alice()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    for (desk, signers) in [(ann, ["bob", "carol"]), (ben, ["dave", "erin"])] {
        desk.sign_all(&signers);
        desk.done(&["ceremony", "seal"]);
    }
    let sealed = ["ceremonies/first/sealed/1.root.json", "ceremonies/first/sealed/1.targets.json"].map(str::to_owned);
    assert_eq!(ann.merge(ben), sealed);
    let output = ann.run(&["ceremony", "status"]);
    output.refuses(&format!("{}:", sealed[0]), "", &format!("take either side's (git checkout --ours {})", sealed[0]));
    ann.take("--theirs", &sealed);
    ann.publish(DAY_0);
    assert_eq!(ann.read("public/1.root.json").matches("\"sig\"").count(), 5);
    assert_eq!(ann.signed().len(), 10);
}

#[test]
fn two_timestamps_are_a_conflict_and_the_next_one_settles_it() {
    let Some(clones) = Clones::of(RepositoryFixture::after_the_first()) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    let (noon, evening) = ("2030-01-20T12:00:00Z", "2030-01-20T18:00:00Z");
    ann.with_key(noon, &["online"], "online").says("wrote metadata/2.snapshot.json");
    ben.with_key(evening, &["online"], "online").says("wrote metadata/2.snapshot.json");
    ben.done_at(evening, &["publish"]);
    let conflicts = ann.merge(ben);
    assert_eq!(conflicts, ["metadata/2.snapshot.json", "metadata/timestamp.json"]);
    for command in [&["status"][..], &["publish"], &["ceremony", "list"]] {
        let hint = "take all files in metadata/ that conflict from the side that was published";
        ann.at(evening, command).refuses("metadata/2.snapshot.json:", "", hint);
    }
    ann.take("--theirs", &conflicts);
    ann.with_key("2030-01-21T00:00:00Z", &["online", "--renew"], "online").says("wrote metadata/timestamp.json");
    ann.done_at("2030-01-21T00:00:00Z", &["publish"]);
    ann.verify("2030-01-21T00:00:00Z");
}

#[test]
fn without_attributes_a_transcript_is_one_conflict_and_both_sides_lines_settle_it_in_any_order() {
    for swapped in [false, true] {
        let fixture = signed_by_alice();
        std::fs::remove_file(fixture.path(".gitattributes")).unwrap();
        let Some(clones) = Clones::of(fixture) else { return };
        let (ann, ben) = (clones.ann(), clones.ben());
        ann.sign("bob");
        ben.sign_at(DAY_1, "carol").says("carol has signed");
        let (ours, theirs) = if swapped { (ben, ann) } else { (ann, ben) };
        assert_eq!(ours.merge(theirs), [TRANSCRIPT]);
        let output = ours.run(&["ceremony", "status", "first"]);
        output.refuses(&format!("{TRANSCRIPT}:5: unresolved git conflict"), "", "keep the lines of both sides");
        let output = ours.sign_at(DAY_1, "dave");
        output.refuses(&format!("{TRANSCRIPT}:5: unresolved git conflict"), "", "keep the lines of both sides");
        keep_both(ours, TRANSCRIPT);
        ours.done(&["ceremony", "status"]).says("3 of 3 (alice, bob, carol)");
        assert_eq!(ours.transcript().head().digests.len(), 2);
        ours.publish(DAY_1);
    }
}

#[test]
fn where_git_is_not_told_how_to_merge_transcripts_a_new_ceremony_says_so() {
    let Some(clones) = Clones::of(RepositoryFixture::new()) else { return };
    let ann = clones.ann();
    assert_eq!(ann.done(&["ceremony", "new", "first"]).stderr, "");
    std::fs::remove_file(ann.path(".gitattributes")).unwrap();
    let output = ann.done(&["ceremony", "new", "second"]);
    let warning = "warning: git will conflict on transcripts: add the line `ceremonies/*/transcript.jsonl merge=union` to .gitattributes";
    assert!(output.stderr.starts_with(warning), "{output:?}");
}

#[test]
fn two_keys_of_one_keyholder_in_two_clones_are_a_conflict_that_loses_neither() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["keyholder", "add", "alice", "--new-key", "--public-key", "keys/stranger.pub"]);
    fixture.done(&["ceremony", "new", "next"]);
    fixture.done(&["ceremony", "freeze", "next"]);
    let Some(clones) = Clones::of(fixture) else { return };
    let (ann, ben) = (clones.ann(), clones.ben());
    let sign = ["ceremony", "sign", "next", "--role", "root", "--yes"];
    ann.with_key(DAY_1, &sign, "alice").says("alice has signed root");
    ben.with_key(DAY_1, &sign, "stranger").says("alice has signed root");
    let answer = "ceremonies/next/signatures/2.root/alice.json";
    assert_eq!(ann.merge(ben), [answer]);
    let status = ["ceremony", "status", "next"];
    ann.run(&status).refuses(&format!("{answer}:"), "", "keep the entries of both sides in `signatures`");
    ann.take("--ours", &[answer.to_owned()]);
    ann.done(&status).says("root 2 under root 2 (new): 0 of 3 (nobody)");
    ann.with_key(DAY_1, &sign, "stranger").says("alice has signed root");
    ann.done(&status).says("root 2 under root 2 (new): 1 of 3 (alice)");
    ann.done(&status).says("root 2 under root 1 (old): 1 of 3 (alice)");
}

#[test]
fn marks_that_were_left_in_a_file_are_named_by_every_command_that_reads_it() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "next", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "next"]);
    fixture.sign("next", "alice").says("alice has signed");
    let of_next = |file: &str| format!("ceremonies/next/{file}");
    let cases: [(String, &[&[&str]]); 9] = [
        ("rootline.toml".into(), &[&["status"], &["publish"], &["ceremony", "freeze", "next"]]),
        (
            "keyholders/alice/keyholder.toml".into(),
            &[&["status"], &["keyholder", "list"], &["ceremony", "seal", "next"]],
        ),
        (
            "targets/trusted_root.json".into(),
            &[&["trust", "show"], &["ceremony", "freeze", "next"], &["ceremony", "review"]],
        ),
        ("metadata/1.root.json".into(), &[&["status"], &["publish"], &["ceremony", "status"]]),
        (of_next("plan.toml"), &[&["ceremony", "freeze", "next"]]),
        (of_next("frozen/plan.toml"), &[&["ceremony", "review", "next"], &["ceremony", "seal", "next"]]),
        (of_next("transcript.jsonl"), &[&["ceremony", "log", "next"], &["ceremony", "status", "next"], &["status"]]),
        (of_next("frozen/2.root.json"), &[&["ceremony", "review", "next"], &["ceremony", "seal", "next"]]),
        (of_next("signatures/2.root/alice.json"), &[&["ceremony", "status", "next"], &["ceremony", "seal", "next"]]),
    ];
    for (file, commands) in cases {
        let before = fixture.read(&file);
        let (first, rest) = before.split_once('\n').unwrap();
        fixture.write(&file, format!("{first}\n<<<<<<< HEAD\n{rest}=======\n{rest}>>>>>>> theirs\n"));
        for command in commands {
            let output = fixture.at(DAY_1, command);
            assert_eq!(output.status, 1, "{file} {command:?}: {output:?}");
            assert!(output.stderr.contains(&format!("error: {file}:2: unresolved git conflict")), "{output:?}");
            assert!(output.stderr.contains("\n  hint: "), "{output:?}");
        }
        fixture.write(&file, before);
    }
    fixture.done(&["ceremony", "status"]).says("alice");
}
