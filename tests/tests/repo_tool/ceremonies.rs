//! Ceremonies from beginning to end.

use rootline_tests::fixtures::office::{DAY_0, DAY_1, Office, Said};
use rootline_tests::{binaries, terminal};

#[test]
fn a_first_ceremony_and_a_rotation_are_followed_from_the_first_root() {
    let office = Office::after_the_first();
    let first = office.verify("public", 1, DAY_0).unwrap();
    assert_eq!(first.trusted_root().transparency_logs().len(), 2);

    office.done_at(DAY_1, &["trust", "retire-log", "https://rekor.sigstore.dev"]).says("closes");
    let options = ["--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"];
    office.hold("rotation", &options, &["alice", "bob", "carol", "dave", "frank"], DAY_1);
    for root in [1, 2] {
        let after = office.verify("public", root, DAY_1).unwrap();
        assert_eq!(after.metadata().root().role(rootline_metadata::TopLevelRole::Root).threshold(), 4);
        let open = |log: &&rootline_metadata::sigstore::LogInstance| log.valid_for().end().is_none();
        assert_eq!(after.trusted_root().transparency_logs().iter().filter(open).count(), 1);
    }
    office.done(&["ceremony", "list"]).says("first: done\nrotation: done\n");
    office.done_at(DAY_1, &["status"]).says("root         2  expires 2030-07-18T00:00:00Z");
}

#[test]
fn each_step_says_what_it_did_and_what_is_next() {
    let office = Office::new();
    office.done(&["ceremony", "new", "first", "--summary", "Begin"]).says("wrote ceremonies/first/plan.toml");
    office.done(&["ceremony", "status"]).says("first: planned\nnext: rootline-repo ceremony freeze first");
    let frozen = office.done(&["ceremony", "freeze"]);
    frozen.says("to be signed: root 1, targets 1");
    let review = office.done(&["ceremony", "review", "first"]);
    for line in [
        "ceremony first: Begin",
        "root: version 1, holds 197 days, until 2030-07-17T00:00:00Z",
        "root is signed by 3 of 5",
        "+ ships trusted_root.json, 6787 bytes, sha256:6494e21e",
        "+ certificate authority https://fulcio.sigstore.dev",
    ] {
        review.says(line);
    }
    let fingerprint = frozen.out.lines().find(|line| line.starts_with("  ")).unwrap();
    review.says(fingerprint);
    office.sign("first", "alice").says("alice has signed root 1 and targets 1");
    office
        .done(&["ceremony", "status"])
        .says("root 1 under root 1 (new): 1 of 3 (alice); 2 more needed, of: bob, carol, dave, erin");
    office.sign("first", "bob").says("1 more needed");
    office.sign("first", "erin").says("next: rootline-repo ceremony seal first");
    office.done(&["ceremony", "seal"]).says("sealed ceremonies/first/sealed/1.root.json");
    office.done(&["online", "--key", "keys/online.pem"]).says("wrote metadata/timestamp.json");
    office.done(&["publish"]).says("accepted by a verifier that begins with root 1");
    office.done(&["publish"]).says("public is up to date");
}

#[test]
fn a_fingerprint_that_was_read_out_is_enough_to_sign_and_another_is_not() {
    let office = Office::planned();
    let frozen = office.done(&["ceremony", "freeze", "first"]);
    let fingerprint = frozen.out.lines().find(|line| line.starts_with("  ")).unwrap().trim();
    let sign =
        |text: &str| office.run(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--fingerprint", text]);
    let wrong = fingerprint.replace(['0', '1'], "2");
    sign(&wrong).refuses("the frozen files have another fingerprint", "keyholders sign the fingerprint", "do not sign");
    sign(&fingerprint.to_uppercase()).says("alice has signed");
    // The same as anybody can compute without this program.
    let sums: String = ["1.root.json", "1.targets.json"]
        .map(|name| {
            let digest = rootline_metadata::sha256(office.read(&format!("ceremonies/first/frozen/{name}")).as_bytes());
            format!("{}  {name}\n", rootline_metadata::hex::encode(&digest))
        })
        .concat();
    let computed = rootline_metadata::hex::encode(&rootline_metadata::sha256(sums.as_bytes()));
    assert_eq!(fingerprint.replace(' ', ""), computed);
}

#[test]
fn at_a_terminal_a_yes_or_the_fingerprint_signs_after_the_review_and_nothing_else_does() {
    let frozen = Office::planned();
    let said = frozen.done(&["ceremony", "freeze", "first"]);
    let right = said.out.lines().find(|line| line.starts_with("  ")).unwrap().trim();
    let joined = right.replace(' ', "");
    let wrong = right.replace(['0', '1'], "2");
    for (typed, is_signed) in [
        ("yes", true),
        (right, true),
        (&joined, true),
        (&right.to_uppercase(), true),
        ("no", false),
        ("y", false),
        ("", false),
        (&wrong, false),
        (&joined[..63], false),
    ] {
        let office = frozen.copy();
        let program = binaries::rootline_repo().display();
        let line = format!("{program} ceremony sign first --key keys/alice.pem --at {DAY_0}");
        let said = terminal::at_a_terminal(office.folder(), &line, 120, &format!("{typed}\n"), false).map(Said::of);
        let Some(said) = said else { return };
        let review = said.out.find("root is signed by 3 of 5").unwrap_or_else(|| panic!("{said:?}"));
        let question = said
            .out
            .find("Sign root 1 and targets 1 of \"Test\"? Type yes, or the fingerprint that was read out:")
            .unwrap();
        assert!(review < question, "{said:?}");
        let told = if is_signed { "alice has signed root 1 and targets 1" } else { "error: nothing was signed" };
        assert!(said.out.contains(told), "{typed:?}: {said:?}");
        assert_eq!(said.status, i32::from(!is_signed), "{typed:?}: {said:?}");
        assert_eq!(office.list("ceremonies/first/signatures").len(), if is_signed { 2 } else { 0 }, "{typed:?}");
    }
}

#[test]
fn without_a_terminal_nothing_is_signed_unseen() {
    let office = Office::frozen();
    let said = office.run(&["ceremony", "sign", "first", "--key", "keys/alice.pem"]);
    said.refuses(
        "signing needs a confirmation, and there is no terminal to ask at",
        "",
        "read rootline-repo ceremony review, then add",
    );
    assert_eq!(office.list("ceremonies/first/signatures"), Vec::<String>::new());
}

#[test]
fn an_edit_after_freezing_makes_a_new_revision_and_names_who_signs_again() {
    let office = Office::frozen();
    office.sign("first", "alice").says("alice has signed");
    office.done(&["ceremony", "freeze", "first"]).says("nothing has changed since it was frozen");
    office.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let said = office.done(&["ceremony", "freeze", "first"]);
    said.says("frozen anew, revision 2");
    said.says("these have to sign again: alice (root 1)");
    said.says("kept, as what was signed has not changed: alice (targets 1)");
    // Her signature over the targets file, which did not change, still counts.
    let status = office.done(&["ceremony", "status"]);
    status.says("root 1: alice signed an earlier revision and must sign again");
    status.says("targets 1 under root 1: 1 of 3 (alice)");
    office.sign("first", "alice").says("alice has signed root 1\n");
}

#[test]
fn a_sealed_ceremony_that_was_overtaken_is_in_nobodys_way() {
    let office = Office::after_the_first();
    office.done(&["ceremony", "new", "slow", "--threshold", "root=2"]);
    office.done(&["ceremony", "freeze", "slow"]);
    for signer in ["alice", "bob", "carol"] {
        office.sign("slow", signer).says("has signed root");
    }
    office.done(&["ceremony", "new", "quick", "--renew", "root"]);
    office.done(&["ceremony", "freeze", "quick"]);
    for signer in ["alice", "bob", "carol"] {
        office.sign("quick", signer).says("has signed root");
    }
    for id in ["slow", "quick"] {
        office.done(&["ceremony", "seal", id]);
    }
    let online = ["online", "--key", "keys/online.pem"];
    office.run(&online).refuses(
        "several ceremonies are sealed: quick, slow; more than one has a new root",
        "",
        "name the one to make current first",
    );
    office.done(&[&online[..], &["--ceremony", "quick"]].concat()).says("quick is now current");
    office.done(&["ceremony", "list"]).says("slow: sealed, and cannot be published any more");
    let said = office.run(&[&online[..], &["--ceremony", "slow"]].concat());
    said.refuses("root was sealed as version 2, which does not follow", "", "something else was published meanwhile");
    let said = office.done_at(DAY_1, &online);
    assert!(said.err.starts_with("warning: slow is sealed and can no longer be published"), "{said:?}");
    office.done_at(DAY_1, &["publish"]);

    office.done(&["ceremony", "freeze", "slow"]).says("to be signed: root 3");
    office.done(&["ceremony", "list"]).says("slow: to be signed");
    for signer in ["alice", "bob", "carol"] {
        office.sign("slow", signer).says("has signed root");
    }
    office.done(&["ceremony", "seal", "slow"]);
    assert_eq!(office.list("ceremonies/slow/sealed"), ["3.root.json"]);
    office.done_at(DAY_1, &online).says("slow is now current");
    office.done_at(DAY_1, &["publish"]);
    office.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn what_was_sealed_and_then_frozen_anew_is_not_published() {
    let office = Office::frozen();
    for signer in ["alice", "bob", "carol"] {
        office.sign("first", signer).says("has signed");
    }
    office.done(&["ceremony", "seal", "first"]);
    office.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    office.done(&["ceremony", "freeze", "first"]).says("frozen anew, revision 2");
    let said = office.run(&["online", "--key", "keys/online.pem"]);
    said.refuses("nothing has been published or sealed yet", "", "hold a ceremony first");
}

#[test]
fn an_abandoned_ceremony_keeps_its_record_and_is_over() {
    let office = Office::frozen();
    office.sign("first", "alice").says("alice has signed");
    office.done(&["ceremony", "abandon", "first", "--reason", "The token never arrived"]).says("its record stays");
    office.done(&["ceremony", "status", "first"]).says("first: abandoned");
    let transcript = office.read("ceremonies/first/transcript.jsonl");
    assert!(transcript.lines().last().unwrap().contains("The token never arrived"));
    assert_eq!(office.list("ceremonies/first/signatures"), ["1.root/alice.json", "1.targets/alice.json"]);
    office.sign("first", "bob").refuses("first was abandoned", "", "begin another one");
    office.run(&["ceremony", "status"]).refuses("no ceremony is open", "", "begin one");
}

#[test]
fn the_transcript_tells_what_happened_in_order() {
    let office = Office::after_the_first();
    let transcript = office.read("ceremonies/first/transcript.jsonl");
    let events: Vec<String> = transcript
        .lines()
        .map(|line| serde_json::from_str::<serde_json::Value>(line).unwrap()["event"].as_str().unwrap().to_owned())
        .collect();
    let signed = ["signed"; 6];
    let after = ["sealed", "checked", "released", "checked", "published"];
    assert_eq!(events, [&["planned", "frozen"][..], &signed, &after].concat());
}

#[test]
fn results_are_there_for_programs_too() {
    let office = Office::new();
    let json = |arguments: &[&str]| -> serde_json::Value { office.done(&[arguments, &["--json"]].concat()).json() };
    assert_eq!(json(&["keyholder", "list"]).as_array().unwrap().len(), 7);
    assert_eq!(json(&["ceremony", "new", "first"])["problem"], serde_json::Value::Null);
    assert_eq!(json(&["ceremony", "freeze", "first"])["revision"], 1);
    assert_eq!(json(&["ceremony", "review", "first"])["targets"][0]["name"], "trusted_root.json");
    let signed = json(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    assert_eq!(signed["standing"]["roles"][0]["quorums"][0]["still_needed"], 2);
    assert_eq!(json(&["ceremony", "status", "first"])["stage"], "to be signed");
    assert_eq!(json(&["ceremony", "list"])[0]["ceremony"], "first");
    for signer in ["bob", "carol"] {
        office.sign("first", signer);
    }
    assert_eq!(json(&["ceremony", "seal", "first"])["sealed"][0], "1.root.json");
    assert_eq!(json(&["online", "--key", "keys/online.pem"])["ceremony"], "first");
    assert_eq!(json(&["publish"])["roots"], 1);
    assert_eq!(json(&["status"])["roles"][1]["role"], "timestamp");
    assert_eq!(json(&["trust", "show"])["entries"].as_array().unwrap().len(), 7);
}

#[test]
fn the_demo_shows_the_whole_way_and_leaves_its_folder() {
    let office = Office::new();
    let said = office.done(&["demo", "my-demo"]);
    for line in [
        "$ rootline-repo ceremony seal rotation",
        "$ rootline update --url http://127.0.0.1:",
        "transparency log       https://log2.demo.example",
        "accepted by a verifier that begins with each of 2 roots",
    ] {
        said.says(line);
    }
    for refusal in [
        "root 1 has 2 of the 3 signatures",
        "is alice's and cannot sign for carol",
        "went backwards",
        "does not have the digest",
    ] {
        assert!(said.err.contains(refusal), "{refusal}: {}", said.err);
    }
    assert!(office.path("my-demo/public/2.root.json").exists());
    office.run(&["demo", "my-demo"]).refuses("my-demo is not empty", "", "name a new folder");
}

#[test]
fn bins_of_which_the_same_is_to_be_said_are_told_of_at_once() {
    let bins = |bits: u8| {
        let office = Office::planned();
        let delegation = format!(
            "[[delegations]]\nbins = {{ prefix = \"bin\", bits = {bits} }}\nexpires-days = 300\nsigning-days = 40\n\
             holders = [\"frank\", \"alice\"]\nthreshold = 2\nship = []\n"
        );
        office.edit("ceremonies/first/plan.toml", "\n[online]", &format!("\n{delegation}\n[online]"));
        office.done(&["ceremony", "freeze", "first"]);
        office
    };
    let few = bins(3).done(&["ceremony", "status", "first"]);
    few.says("bin-0 1 under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank");
    few.says("bin-7 1 under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank");

    let office = bins(4);
    let all = "bin-0 1 to bin-f 1 (16 files) under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank";
    let said = office.done(&["ceremony", "status", "first"]);
    said.says(all);
    assert_eq!(said.out.matches("bin-").count(), 2, "{said:?}");

    // One that differs has a line of its own, and parts the others.
    let answers = "ceremonies/first/signatures";
    office.sign("first", "frank").says("bin-0 1 to bin-f 1 (16 files) under targets 1: 1 of 2 (frank)");
    std::fs::remove_file(office.path(&format!("{answers}/1.bin-3/frank.json"))).unwrap();
    let said = office.done(&["ceremony", "status", "first"]);
    said.says("bin-3 1 under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank");
    said.says("bin-4 1 to bin-f 1 (12 files) under targets 1: 1 of 2 (frank); 1 more needed, of: alice");
    said.says("bin-2 1 under targets 1: 1 of 2 (frank); 1 more needed, of: alice");
}
