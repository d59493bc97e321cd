//! Versions that enough keyholders signed and that were given up: they stay valid, and nothing else gets their numbers.

use std::fs;

use rootline_ceremonies::{Event, GivenUp, RoleVersion, Transcript};
use rootline_metadata::parse_instant;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const SIGNERS: [&str; 3] = ["alice", "bob", "carol"];

/// After a first ceremony, with one that renews a role frozen and signed by these.
fn signed(role: &str, signers: &[&str]) -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--renew", role]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]);
    for signer in signers {
        assert_eq!(fixture.sign("second", signer).status, 0, "{signer}");
    }
    fixture
}

fn abandon(fixture: &RepositoryFixture) -> String {
    fixture.done_at(DAY_1, &["ceremony", "abandon", "second", "--reason", "It rained"]).stdout
}

fn plan_third(fixture: &RepositoryFixture, role: &str) -> String {
    fixture.done_at(DAY_1, &["ceremony", "new", "third", "--renew", role]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "third"]).stdout
}

fn transcript(fixture: &RepositoryFixture, id: &str) -> Transcript {
    Transcript::parse(&fixture.read(&format!("ceremonies/{id}/transcript.jsonl"))).unwrap()
}

#[test]
fn what_too_few_have_signed_is_given_up_without_a_word() {
    let fixture = signed("targets", &["alice", "bob"]);
    assert!(!abandon(&fixture).contains("given up"));
    assert!(transcript(&fixture, "second").given_up(&"second".parse().unwrap()).is_empty());
    assert!(plan_third(&fixture, "targets").contains("to be signed: targets 2\n"));
}

#[test]
fn a_version_that_enough_have_signed_is_named_recorded_and_skipped() {
    let fixture = signed("targets", &SIGNERS);
    let told = "given up, and still valid: targets 2 with the signatures of alice, bob, carol; never serve it (its signed part has sha256 ";
    assert!(abandon(&fixture).contains(told));
    let [given_up] = &transcript(&fixture, "second").given_up(&"second".parse().unwrap())[..] else { panic!() };
    assert_eq!((given_up.part.to_string(), &given_up.sealed), ("targets 2".to_owned(), &None));
    // Who signs next reads of it, here and where there is nothing but the request.
    assert!(plan_third(&fixture, "targets").contains("to be signed: targets 3\n"));
    let warning = "! new: targets 2: alice, bob, carol signed another targets 2 in second";
    fixture.done_at(DAY_1, &["ceremony", "review", "third"]).says(warning);
    fixture.done_at(DAY_1, &["ceremony", "request", "third"]);
    fixture.done_at(DAY_1, &["sign", "third.request.json", "--key", "keys/alice.pem", "--yes"]);
    let shown = fixture.done_at(DAY_1, &["sign", "third.request.json", "--key", "keys/bob.pem", "--yes", "--json"]);
    assert!(shown.stdout.contains("signed another targets 2 in second"), "{shown:?}");
    fixture.done_at(DAY_1, &["ceremony", "accept", "third.alice.response.json", "third.bob.response.json"]);
    fixture.sign("third", "carol");
    fixture.done_at(DAY_1, &["ceremony", "seal", "third"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]);
    fixture.verify("public", 1, DAY_1).unwrap();
    let output = fixture.done_at(DAY_1, &["ceremony", "verify"]);
    output.says("  ok    given up: targets 2 of second, signed by alice, bob, carol: its signed part has sha256 ");
    // Without the record the version is one that is missing.
    fs::remove_dir_all(fixture.path("ceremonies/second")).unwrap();
    let output = fixture.at(DAY_1, &["ceremony", "verify"]);
    assert!(output.stdout.contains("2.targets.json is missing: a later version of it is published"), "{output:?}");
}

#[test]
fn a_delegated_role_skips_too_and_the_others_do_not() {
    let fixture = signed("npm", &["frank"]);
    assert!(
        abandon(&fixture).contains("given up, and still valid: npm 2 with the signatures of frank; never serve it")
    );
    assert!(plan_third(&fixture, "npm").contains("to be signed: npm 3\n"));
    fixture.done_at(DAY_1, &["ceremony", "new", "fourth", "--renew", "targets"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "fourth"]).says("to be signed: targets 2\n");
}

#[test]
fn a_root_cannot_skip_and_the_next_review_names_the_risk() {
    let fixture = signed("root", &SIGNERS);
    fixture.done_at(DAY_1, &["ceremony", "seal", "second"]);
    let sealed = fs::read(fixture.path("ceremonies/second/sealed/2.root.json")).unwrap();
    let digest = rootline_metadata::hex::encode(&rootline_metadata::sha256(&sealed));
    let told = format!("root 2 with the signatures of alice, bob, carol; never serve it (sealed with sha256 {digest}");
    assert!(abandon(&fixture).contains(&told));
    // The same again is no other file.
    let same = fixture.copy();
    assert!(plan_third(&same, "root").contains("to be signed: root 2\n"));
    let review = same.done_at(DAY_1, &["ceremony", "review", "third"]).stdout;
    assert!(!review.contains("No root can skip a version"), "{review}");
    fixture.done_at(DAY_1, &["ceremony", "new", "third", "--renew", "root", "--expires", "root=100"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "third"]).says("to be signed: root 2\n");
    let review = fixture.done_at(DAY_1, &["ceremony", "review", "third", "--json"]).json();
    let warnings = review["warnings"].as_array().unwrap();
    let warning = warnings.iter().find(|warning| warning["about"] == "root 2").unwrap();
    let text = warning["text"].as_str().unwrap();
    assert!(text.contains("No root can skip a version") && text.contains(&digest), "{text}");
    // It is of no interest to a ceremony that makes no root.
    fixture.done_at(DAY_1, &["ceremony", "new", "fourth", "--renew", "targets"]);
    fixture.done_at(DAY_1, &["ceremony", "freeze", "fourth"]);
    let review = fixture.done_at(DAY_1, &["ceremony", "review", "fourth"]).stdout;
    assert!(!review.contains("No root can skip a version"), "{review}");
    // One who makes it current all the same is found out.
    fs::write(fixture.path("metadata/2.root.json"), &sealed).unwrap();
    let output = fixture.at(DAY_1, &["ceremony", "verify"]);
    let wrong = "  WRONG published files: root 2 of second, signed by alice, bob, carol: sealed with sha256 ";
    assert_eq!(output.status, 1);
    assert!(output.stdout.contains(wrong), "{output:?}");
    let published = fixture.at(DAY_1, &["publish"]);
    published.refuses(
        "root 2 of second, signed by alice, bob, carol: sealed with sha256 ",
        "",
        "find out who made it current",
    );
    assert!(!fixture.path("public/2.root.json").exists());
}

#[test]
fn freezing_again_gives_up_what_changes_and_keeps_what_does_not() {
    let fixture = signed("targets", &SIGNERS);
    let freeze = || fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]).stdout;
    assert!(!freeze().contains("given up"));
    let plan = fixture.read("ceremonies/second/plan.toml");
    fixture.write("ceremonies/second/plan.toml", plan.replacen("summary = \"\"", "summary = \"Another\"", 1));
    assert!(!freeze().contains("given up"));
    let position = plan.find("[targets]").unwrap();
    let (before, targets) = plan.split_at(position);
    let days = targets.lines().find(|line| line.starts_with("expires-days")).unwrap();
    let shorter = format!("{before}{}", targets.replacen(days, "expires-days = 100", 1));
    fixture.write("ceremonies/second/plan.toml", &shorter);
    let killed = fixture.copy();
    let again = freeze();
    assert!(again.contains("given up, and still valid: targets 2 with"), "{again}");
    assert!(again.contains("to be signed: targets 3\n"), "{again}");
    let kept = transcript(&fixture, "second").given_up(&"second".parse().unwrap());
    assert_eq!(kept.len(), 1);
    fixture.done_at(DAY_1, &["ceremony", "verify"]);
    // Ended before it came to its last line, and run again: nothing is given up twice, and nothing is forgotten.
    let text = fixture.read("ceremonies/second/transcript.jsonl");
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines.last().unwrap().contains("\"event\":\"frozen\""));
    for frozen in [true, false] {
        let folder = if frozen { &fixture } else { &killed };
        folder.write("ceremonies/second/transcript.jsonl", lines[..lines.len() - 1].join("\n") + "\n");
        folder.done_at(DAY_1, &["ceremony", "freeze", "second"]).says("to be signed: targets 3\n");
        assert_eq!(transcript(folder, "second").given_up(&"second".parse().unwrap()), kept);
    }
}

#[test]
fn a_damaged_ceremony_tells_by_its_transcript_what_was_signed() {
    let fixture = signed("targets", &SIGNERS);
    let undamaged = fixture.copy();
    fixture.edit("ceremonies/second/frozen/2.targets.json", "\"version\": 2", "\"version\": 3");
    assert!(
        abandon(&fixture).contains("given up, and still valid: targets 2 with the signatures of alice, bob, carol")
    );
    undamaged.write("ceremonies/second/signatures/2.targets/alice.json", "{}");
    assert!(abandon(&undamaged).contains("targets 2 with the signatures of alice, bob, carol"));
    let few = signed("targets", &["alice", "bob"]);
    few.edit("ceremonies/second/frozen/2.targets.json", "\"version\": 2", "\"version\": 3");
    assert!(!abandon(&few).contains("given up"));
}

#[test]
fn a_version_far_away_from_all_others_is_not_skipped() {
    let next = |version: u64| {
        let fixture = signed("targets", &[]);
        let mut record = transcript(&fixture, "second");
        let given_up = GivenUp {
            ceremony: "second".parse().unwrap(),
            part: RoleVersion::parse(&format!("{version}.targets")).unwrap(),
            payload: "07".repeat(32),
            signed: Vec::new(),
            sealed: None,
        };
        let line = record.append(parse_instant(DAY_1).unwrap(), Event::given_up(&[given_up]));
        let text = fixture.read("ceremonies/second/transcript.jsonl") + &line + "\n";
        fixture.write("ceremonies/second/transcript.jsonl", text);
        let frozen = fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]).stdout;
        let files = frozen.lines().find_map(|line| line.strip_prefix("to be signed: "));
        files.unwrap_or_else(|| panic!("{frozen}")).to_owned()
    };
    // A thousand beyond the one that is published.
    assert_eq!(next(1001), "targets 1002");
    assert_eq!(next(1002), "targets 2");
    assert_eq!(next(1 << 40), "targets 2");
}

#[test]
fn a_signature_that_a_revision_voids_is_kept() {
    let fixture = signed("root", &["alice"]);
    let file = "ceremonies/second/signatures/2.root/alice.json";
    let first = fixture.read(file);
    fixture.edit("ceremonies/second/plan.toml", "threshold = 3", "threshold = 2");
    fixture.done_at(DAY_1, &["ceremony", "freeze", "second"]).says("alice (root 2)");
    assert_eq!(fixture.list("ceremonies/second/voided").len(), 0);
    assert_eq!(fixture.sign("second", "alice").status, 0);
    assert_ne!(fixture.read(file), first);
    let kept = fixture.list("ceremonies/second/voided");
    assert_eq!(kept.len(), 1);
    assert!(kept[0].starts_with("2.root/alice-") && kept[0].ends_with(".json"), "{kept:?}");
    assert_eq!(fixture.read(&format!("ceremonies/second/voided/{}", kept[0])), first);
    fixture.done_at(DAY_1, &["ceremony", "verify", "second"]);
}
