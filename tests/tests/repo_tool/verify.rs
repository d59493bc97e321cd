//! `ceremony verify`: anybody can replay a ceremony, at any time, and finds whatever was changed.

use std::fs;

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office};

const HOLDS: &str = "everything matches the transcript";

/// A first ceremony with a delegation, published, whose head alice has signed.
fn office() -> Office {
    let office = Office::new();
    office.write("targets/npm/keys.json", "[]");
    let npm = ["--delegate", "npm=npm/*", "--add", "npm=frank", "--summary", "Begin"];
    office.hold("first", &npm, &["alice", "bob", "carol", "frank"], DAY_0);
    office.done(&["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
    office
}

/// It finds that, and says which of its checks does.
#[track_caller]
fn finds(office: &Office, check: &str, what: &str) {
    let said = office.run(&["ceremony", "verify", "first"]);
    assert_eq!(said.status, 1, "{said:?}");
    let line = said.out.lines().find(|line| line.starts_with(&format!("  WRONG {check}: ")));
    assert!(line.is_some_and(|line| line.contains(what)), "{check}: {what}: {}", said.out);
    assert!(said.out.contains("first: ") && said.out.contains(": does NOT match the transcript"), "{said:?}");
    let json = office.run(&["ceremony", "verify", "first", "--json"]);
    let report = json.json();
    assert_eq!((json.status, &report["holds"]), (1, &serde_json::Value::Bool(false)));
}

#[test]
fn at_every_stage_the_record_is_as_it_should_be() {
    let office = Office::new();
    office.done(&["ceremony", "verify"]).says("no ceremony yet");
    let holds = |stage: &str| office.done(&["ceremony", "verify"]).says(&format!("first: {stage}: {HOLDS}"));
    office.done(&["ceremony", "new", "first"]);
    holds("planned");
    office.done(&["ceremony", "freeze", "first"]);
    holds("to be signed");
    for signer in ["alice", "bob", "carol"] {
        office.sign("first", signer);
    }
    office.done(&["ceremony", "verify"]).says("signatures: 6 good, 0 over an earlier revision, 6 recorded");
    office.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    office.done(&["ceremony", "freeze", "first"]);
    office.done(&["ceremony", "verify"]).says("signatures: 3 good, 3 over an earlier revision, 6 recorded");
    for signer in ["alice", "bob", "carol"] {
        office.sign("first", signer);
    }
    office.done(&["ceremony", "seal", "first"]);
    holds("sealed");
    office.done(&["online", "--key", "keys/online.pem"]);
    office.done(&["publish"]);
    holds("done");
    office.done(&["ceremony", "verify"]).says("renders to the frozen files, byte for byte");
}

#[test]
fn what_comes_later_does_not_change_what_was() {
    let office = office();
    // Another key for alice, another trust root, three of five replaced, and the delegation gone.
    office.write_key("alice-2", rootline_ceremonies::KeyKind::Ed25519);
    office.done(&["keyholder", "add", "alice", "--public-key", "keys/alice-2.pub", "--new-key"]);
    for name in ["grace", "heidi"] {
        office.write_key(name, rootline_ceremonies::KeyKind::Ed25519);
        office.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
    }
    office.done_at(DAY_1, &["trust", "retire-log", "https://rekor.sigstore.dev"]);
    let options = ["--replace", "bob=grace", "--replace", "carol=heidi"];
    office.done_at(DAY_1, &[&["ceremony", "new", "second"][..], &options].concat());
    office.done(&["ceremony", "freeze", "second"]).says("to be signed: root 2, root 3, targets 2");
    for signer in ["alice", "alice-2", "bob", "carol", "dave", "erin", "grace", "heidi"] {
        office.sign("second", signer);
    }
    office.done(&["ceremony", "seal", "second"]);
    office.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    office.done_at(DAY_1, &["publish"]);
    let said = office.done(&["ceremony", "verify"]);
    said.says(&format!("first: done: {HOLDS}"));
    said.says(&format!("second: done: {HOLDS}"));
    office.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn an_abandoned_ceremony_keeps_a_record_that_holds() {
    let office = office();
    office.done_at(DAY_1, &["ceremony", "new", "second", "--renew", "root"]);
    office.done(&["ceremony", "freeze", "second"]);
    office.sign("second", "alice");
    office.done_at(DAY_1, &["ceremony", "abandon", "second", "--reason", "It rained"]);
    office.done(&["ceremony", "verify", "second"]).says(&format!("second: abandoned: {HOLDS}"));
}

#[test]
fn every_change_is_found() {
    let transcript = "ceremonies/first/transcript.jsonl";
    let found = |change: &dyn Fn(&Office), check: &str, what: &str| {
        let office = office();
        office.done(&["ceremony", "verify", "first"]).says(HOLDS);
        change(&office);
        finds(&office, check, what);
    };
    found(
        &|office| office.edit(transcript, "Begin", "Bogus"),
        "transcript",
        "line 2 of the transcript follows a line that does not stand before it",
    );
    // Cut at its end: the chain holds, and a signed head is not there any more.
    let cut = |office: &Office, lines: usize| {
        let text = office.read(transcript);
        let kept: Vec<&str> = text.lines().collect();
        office.write(transcript, kept[..kept.len() - lines].join("\n") + "\n");
    };
    found(&|office| cut(office, 2), "signed heads", "alice signed");
    found(
        &|office| fs::remove_dir_all(office.path("ceremonies/first/heads")).unwrap(),
        "signed heads",
        "a signed head in the transcript, is missing",
    );
    found(&|office| office.edit("ceremonies/first/plan.toml", "Begin", "Began"), "plan", "it was edited");
    found(
        &|office| office.edit("ceremonies/first/frozen/plan.toml", "Begin", "Began"),
        "plan",
        "the frozen plan.toml has been changed",
    );
    found(
        &|office| office.edit("ceremonies/first/frozen/1.root.json", "\"threshold\": 3", "\"threshold\": 1"),
        "frozen files",
        "the frozen 1.root.json has been changed",
    );
    let answer = "ceremonies/first/signatures/1.root/bob.json";
    found(&|office| fs::remove_file(office.path(answer)).unwrap(), "signatures", "bob's recorded signature of root 1");
    found(
        &|office| office.edit(answer, "\"sig\": \"", "\"sig\": \"00"),
        "signatures",
        "is not one over the frozen 1.root.json",
    );
    found(
        &|office| office.write("ceremonies/first/signatures/1.root/dave.json", office.read(answer)),
        "signatures",
        "is not one of theirs",
    );
    let sealed = "ceremonies/first/sealed/1.npm.json";
    found(&|office| office.edit(sealed, "\n", "\n "), "sealed files", "differs from the sealed file");
    found(&|office| fs::remove_file(office.path(sealed)).unwrap(), "sealed files", "is missing");
    found(
        &|office| office.write("ceremonies/first/sealed/1.other.json", office.read(sealed)),
        "sealed files",
        "is not recorded as sealed",
    );
    // Another key in erin's name: the plan names her, and the frozen root lists the key she had.
    let exchange = |office: &Office| {
        let key = office.read("keys/stranger.pub");
        let toml = format!("display-name = \"erin\"\n\n[[keys]]\npublic = \"\"\"\n{key}\"\"\"\n");
        office.write("keyholders/erin/keyholder.toml", toml);
    };
    found(&exchange, "plan", "the plan does not give the 1.root.json that was frozen");
}

/// Somebody who changes the plan, freezes, and writes a transcript of his own from the beginning is found by a head that was signed before.
#[test]
fn a_record_that_was_made_up_anew_is_found_by_a_signed_head() {
    let office = office();
    let made_up = Office::new();
    made_up.hold("first", &[], &["alice", "bob", "carol"], DAY_1);
    for name in ["plan.toml", "transcript.jsonl", "frozen/plan.toml", "frozen/1.root.json", "frozen/1.targets.json"] {
        let name = format!("ceremonies/first/{name}");
        office.write(&name, made_up.read(&name));
    }
    finds(&office, "signed heads", "alice signed");
}

#[test]
fn a_shipped_file_that_is_nowhere_any_more_is_named() {
    let office = Office::frozen();
    office.write("targets/trusted_root.json", "{}");
    finds(&office, "plan", "the frozen trusted_root.json is neither in targets/ nor among the published files");
}
