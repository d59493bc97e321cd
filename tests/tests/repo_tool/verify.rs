//! `ceremony verify`: anybody can replay a ceremony, at any time, and finds whatever was changed.

use std::fs;

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

const HOLDS: &str = "everything matches the transcript";

/// A first ceremony with a delegation, published, whose head alice has signed.
fn fixture() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--summary", "Begin"];
    fixture.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    fixture.done(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    fixture
}

/// It finds that, and says which of its checks does.
#[track_caller]
fn finds(fixture: &RepositoryFixture, check: &str, what: &str) {
    let output = fixture.run(&["ceremony", "verify", "first"]);
    assert_eq!(output.status, 1, "{output:?}");
    let line = output.stdout.lines().find(|line| line.starts_with(&format!("  WRONG {check}: ")));
    assert!(line.is_some_and(|line| line.contains(what)), "{check}: {what}: {}", output.stdout);
    assert!(
        output.stdout.contains("first: ") && output.stdout.contains(": does NOT match the transcript"),
        "{output:?}"
    );
    let json = fixture.run(&["ceremony", "verify", "first", "--json"]);
    let report = json.json();
    assert_eq!((json.status, &report["holds"]), (1, &serde_json::Value::Bool(false)));
}

#[test]
fn at_every_stage_the_record_is_as_it_should_be() {
    let fixture = RepositoryFixture::new();
    fixture.done(&["ceremony", "verify"]).says("no ceremony yet");
    let holds = |stage: &str| fixture.done(&["ceremony", "verify"]).says(&format!("first: {stage}: {HOLDS}"));
    fixture.done(&["ceremony", "new", "first"]);
    holds("planned");
    fixture.done(&["ceremony", "freeze", "first"]);
    holds("to be signed");
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("first", signer);
    }
    fixture.done(&["ceremony", "verify"]).says("signatures: 6 valid, 0 over an earlier revision, 6 recorded");
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    fixture.done(&["ceremony", "freeze", "first"]);
    fixture.done(&["ceremony", "verify"]).says("signatures: 3 valid, 3 over an earlier revision, 6 recorded");
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("first", signer);
    }
    fixture.done(&["ceremony", "seal", "first"]);
    holds("sealed");
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture.done(&["publish"]);
    holds("done");
    fixture.done(&["ceremony", "verify"]).says("renders exactly the frozen files");
}

#[test]
fn what_comes_later_does_not_change_what_was() {
    let fixture = fixture();
    // Another key for alice, another trust root, three of five replaced, and the delegation gone.
    fixture.write_key("alice-2", rootline_ceremonies::KeyKind::Ed25519);
    fixture.done(&["keyholder", "add", "alice", "--public-key", "keys/alice-2.pub", "--new-key"]);
    for name in ["grace", "heidi"] {
        fixture.write_key(name, rootline_ceremonies::KeyKind::Ed25519);
        fixture.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
    }
    fixture.done_at(DAY_1, &["trust", "retire", "https://rekor.sigstore.dev"]);
    let options = ["--replace", "bob=grace", "--replace", "carol=heidi"];
    fixture.done_at(DAY_1, &[&["ceremony", "new", "second"][..], &options].concat());
    fixture.done(&["ceremony", "freeze", "second"]).says("to be signed: root 2, root 3, targets 2");
    for signer in ["alice", "alice-2", "bob", "carol", "dave", "erin", "grace", "heidi"] {
        fixture.sign("second", signer);
    }
    fixture.done(&["ceremony", "seal", "second"]);
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]);
    let output = fixture.done(&["ceremony", "verify"]);
    output.says(&format!("first: done: {HOLDS}"));
    output.says(&format!("second: done: {HOLDS}"));
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn an_abandoned_ceremony_keeps_a_record_that_holds() {
    let fixture = fixture();
    fixture.done_at(DAY_1, &["ceremony", "new", "second", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "second"]);
    fixture.sign("second", "alice");
    fixture.done_at(DAY_1, &["ceremony", "abandon", "second", "--reason", "It rained"]);
    fixture.done(&["ceremony", "verify", "second"]).says(&format!("second: abandoned: {HOLDS}"));
}

#[test]
fn every_change_is_found() {
    let transcript = "ceremonies/first/transcript.jsonl";
    let found = |change: &dyn Fn(&RepositoryFixture), check: &str, what: &str| {
        let fixture = fixture();
        fixture.done(&["ceremony", "verify", "first"]).says(HOLDS);
        change(&fixture);
        finds(&fixture, check, what);
    };
    found(
        &|fixture| fixture.edit(transcript, "Begin", "Bogus"),
        "transcript",
        "line 2 of the transcript follows a line that does not stand before it",
    );
    // Cut at its end: the chain holds, and a signed head is not there any more.
    let cut = |fixture: &RepositoryFixture, lines: usize| {
        let text = fixture.read(transcript);
        let kept: Vec<&str> = text.lines().collect();
        fixture.write(transcript, kept[..kept.len() - lines].join("\n") + "\n");
    };
    found(&|fixture| cut(fixture, 2), "signed heads", "alice signed");
    found(
        &|fixture| fs::remove_dir_all(fixture.path("ceremonies/first/heads")).unwrap(),
        "signed heads",
        "a signed head in the transcript, is missing",
    );
    found(&|fixture| fixture.edit("ceremonies/first/plan.toml", "Begin", "Began"), "plan", "it was edited");
    found(
        &|fixture| fixture.edit("ceremonies/first/frozen/plan.toml", "Begin", "Began"),
        "plan",
        "the frozen plan.toml has been changed",
    );
    found(
        &|fixture| fixture.edit("ceremonies/first/frozen/1.root.json", "\"threshold\": 3", "\"threshold\": 1"),
        "frozen files",
        "the frozen 1.root.json has been changed",
    );
    let answer = "ceremonies/first/signatures/1.root/bob.json";
    found(
        &|fixture| fs::remove_file(fixture.path(answer)).unwrap(),
        "signatures",
        "bob's recorded signature of root 1",
    );
    found(
        &|fixture| fixture.edit(answer, "\"sig\": \"", "\"sig\": \"00"),
        "signatures",
        "is not one over the frozen 1.root.json",
    );
    found(
        &|fixture| fixture.write("ceremonies/first/signatures/1.root/dave.json", fixture.read(answer)),
        "signatures",
        "kept as dave's for root 1 says first, root 1, bob",
    );
    let sealed = "ceremonies/first/sealed/1.npm.json";
    found(&|fixture| fixture.edit(sealed, "\n", "\n "), "sealed files", "differs from the sealed file");
    found(&|fixture| fs::remove_file(fixture.path(sealed)).unwrap(), "sealed files", "is missing");
    found(
        &|fixture| fixture.write("ceremonies/first/sealed/1.other.json", fixture.read(sealed)),
        "sealed files",
        "is not recorded as sealed",
    );
    // Another key in erin's name: the plan names her, and the frozen root lists the key she had.
    let exchange = |fixture: &RepositoryFixture| {
        let key = fixture.read("keys/stranger.pub");
        let toml = format!("display-name = \"erin\"\n\n[[keys]]\npublic = \"\"\"\n{key}\"\"\"\n");
        fixture.write("keyholders/erin/keyholder.toml", toml);
    };
    found(&exchange, "keyholders", "which was erin's when it was frozen");
}

/// Somebody who changes the plan, freezes, and writes a transcript of his own from the beginning is found by a head that was signed before.
#[test]
fn a_record_that_was_made_up_anew_is_found_by_a_signed_head() {
    let fixture = fixture();
    let made_up = RepositoryFixture::new();
    made_up.hold("first", &[], &["alice", "bob", "carol"], DAY_1);
    for name in ["plan.toml", "transcript.jsonl", "frozen/plan.toml", "frozen/1.root.json", "frozen/1.targets.json"] {
        let name = format!("ceremonies/first/{name}");
        fixture.write(&name, made_up.read(&name));
    }
    finds(&fixture, "signed heads", "alice signed");
}

#[test]
fn a_shipped_file_that_is_nowhere_any_more_is_named() {
    let fixture = RepositoryFixture::frozen();
    fixture.write("targets/trusted_root.json", "{}");
    finds(&fixture, "plan", "targets/trusted_root.json is missing or not the file that was frozen");
}
