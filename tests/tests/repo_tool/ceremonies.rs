//! Ceremonies from beginning to end.

use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::{binaries, terminal};

#[test]
fn a_first_ceremony_and_a_rotation_are_followed_from_the_first_root() {
    let fixture = RepositoryFixture::after_the_first();
    let first = fixture.verify("public", 1, DAY_0).unwrap();
    assert_eq!(first.trusted_root().transparency_logs().len(), 2);

    fixture.done_at(DAY_1, &["trust", "retire", "https://rekor.sigstore.dev"]).says("closes");
    let options = ["--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"];
    fixture.hold("rotation", &options, &["alice", "bob", "carol", "dave", "frank"], DAY_1);
    for root in [1, 2] {
        let after = fixture.verify("public", root, DAY_1).unwrap();
        assert_eq!(after.metadata().root().role(rootline_metadata::TopLevelRole::Root).threshold(), 4);
        let open = |log: &&rootline_metadata::sigstore::LogInstance| log.valid_for().end().is_none();
        assert_eq!(after.trusted_root().transparency_logs().iter().filter(open).count(), 1);
    }
    fixture.done(&["ceremony", "list"]).says("first: done\nrotation: done\n");
    fixture.done_at(DAY_1, &["status"]).says("root             2  2030-07-18T00:00:00Z");
}

#[test]
fn each_step_says_what_it_did_and_what_is_next() {
    let fixture = RepositoryFixture::new();
    fixture.done(&["ceremony", "new", "first", "--summary", "Begin"]).says("wrote ceremonies/first/plan.toml");
    fixture.done(&["ceremony", "status"]).says("first: planned\nnext: rootline-repo ceremony freeze first");
    let frozen = fixture.done(&["ceremony", "freeze"]);
    frozen.says("to be signed: root 1, targets 1");
    let review = fixture.done(&["ceremony", "review", "first"]);
    for line in [
        "ceremony first: Begin",
        "root: version 1, holds 197 days, until 2030-07-17T00:00:00Z",
        "root is signed by 3 of 5",
        "+ ships trusted_root.json, 6787 bytes, sha256:6494e21e",
        "+ certificate authority fulcio-2022 (https://fulcio.sigstore.dev)",
    ] {
        review.says(line);
    }
    let fingerprint = frozen.stdout.lines().find(|line| line.starts_with("  ")).unwrap();
    review.says(fingerprint);
    fixture.sign("first", "alice").says("alice has signed root 1 and targets 1");
    fixture
        .done(&["ceremony", "status"])
        .says("root 1 under root 1 (new): 1 of 3 (alice); 2 more needed, of: bob, carol, dave, erin");
    fixture.sign("first", "bob").says("1 more needed");
    fixture.sign("first", "erin").says("next: rootline-repo ceremony seal first");
    fixture.done(&["ceremony", "seal"]).says("sealed ceremonies/first/sealed/1.root.json");
    fixture.done(&["online", "--key", "keys/online.pem"]).says("wrote metadata/timestamp.json");
    fixture.done(&["publish"]).says("accepted by a verifier that begins with root 1");
    fixture.done(&["publish"]).says("public is up to date");
}

#[test]
fn a_fingerprint_that_was_read_out_is_enough_to_sign_and_another_is_not() {
    let fixture = RepositoryFixture::planned();
    let frozen = fixture.done(&["ceremony", "freeze", "first"]);
    let fingerprint = frozen.stdout.lines().find(|line| line.starts_with("  ")).unwrap().trim();
    let sign =
        |text: &str| fixture.run(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--fingerprint", text]);
    let wrong = fingerprint.replace(['0', '1'], "2");
    sign(&wrong).refuses(
        "the frozen files have a different fingerprint",
        "keyholders sign the fingerprint",
        "do not sign",
    );
    sign(&fingerprint.to_uppercase()).says("alice has signed");
    // The same as anybody can compute without this program.
    let sums: String = ["1.root.json", "1.targets.json"]
        .map(|name| {
            let digest = rootline_metadata::sha256(fixture.read(&format!("ceremonies/first/frozen/{name}")).as_bytes());
            format!("{}  {name}\n", rootline_metadata::hex::encode(&digest))
        })
        .concat();
    let computed = rootline_metadata::hex::encode(&rootline_metadata::sha256(sums.as_bytes()));
    assert_eq!(fingerprint.replace(' ', ""), computed);
}

#[test]
fn at_a_terminal_a_yes_or_the_fingerprint_signs_after_the_review_and_nothing_else_does() {
    let frozen = RepositoryFixture::planned();
    let output = frozen.done(&["ceremony", "freeze", "first"]);
    let right = output.stdout.lines().find(|line| line.starts_with("  ")).unwrap().trim();
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
        let fixture = frozen.copy();
        let program = binaries::rootline_repo().display();
        let configuration = fixture.configuration().display();
        let line = format!("{program} ceremony sign first --key keys/alice.pem --at {DAY_0} --config {configuration}");
        let output =
            terminal::at_a_terminal(fixture.folder(), &line, 120, &format!("{typed}\n"), false).map(Output::from);
        let Some(output) = output else { return };
        let question = "Sign root 1 and targets 1 of \"Test\" as alice (key ";
        assert!(output.stdout.contains(")? Type yes, or the fingerprint that was read out:"), "{output:?}");
        output.asks_alice_to_sign(question, is_signed);
        assert_eq!(fixture.list("ceremonies/first/signatures").len(), if is_signed { 2 } else { 0 }, "{typed:?}");
    }
}

#[test]
fn without_a_terminal_nothing_is_signed_unseen() {
    let fixture = RepositoryFixture::frozen();
    let output = fixture.run(&["ceremony", "sign", "first", "--key", "keys/alice.pem"]);
    output.refuses(
        "signing needs a confirmation, and there is no terminal",
        "",
        "read rootline-repo ceremony review, then add",
    );
    assert_eq!(fixture.list("ceremonies/first/signatures"), Vec::<String>::new());
}

#[test]
fn an_edit_after_freezing_makes_a_new_revision_and_names_who_signs_again() {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    fixture.done(&["ceremony", "freeze", "first"]).says("nothing has changed since the last freeze");
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let output = fixture.done(&["ceremony", "freeze", "first"]);
    output.says("frozen again as revision 2");
    output.says("to be signed again by: alice (root 1)");
    output.says("kept because the signed files did not change: alice (targets 1)");
    // Her signature over the targets file, which did not change, still counts.
    let status = fixture.done(&["ceremony", "status"]);
    status.says("root 1: alice signed an earlier revision and must sign again");
    status.says("targets 1 under root 1: 1 of 3 (alice)");
    fixture.sign("first", "alice").says("alice has signed root 1\n");
}

#[test]
fn a_sealed_ceremony_that_was_overtaken_is_in_nobodys_way() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "slow", "--threshold", "root=2"]);
    fixture.done(&["ceremony", "freeze", "slow"]);
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("slow", signer).says("has signed root");
    }
    fixture.done(&["ceremony", "new", "quick", "--renew", "root"]);
    fixture.done(&["ceremony", "freeze", "quick"]);
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("quick", signer).says("has signed root");
    }
    for id in ["slow", "quick"] {
        fixture.done(&["ceremony", "seal", id]);
    }
    let online = ["online", "--key", "keys/online.pem"];
    fixture.at(DAY_0, &online).refuses(
        "several ceremonies are sealed: quick, slow; more than one has a new root",
        "",
        "name the one to make current first",
    );
    fixture.done(&[&online[..], &["--ceremony", "quick"]].concat()).says("quick is now current");
    fixture.done(&["ceremony", "list"]).says("slow: sealed, but superseded");
    let output = fixture.at(DAY_0, &[&online[..], &["--ceremony", "slow"]].concat());
    output.refuses("root was sealed as version 2, which does not follow", "", "something else was published meanwhile");
    let output = fixture.done_at(DAY_1, &online);
    assert!(output.stderr.starts_with("warning: slow is sealed and can no longer be published"), "{output:?}");
    fixture.done_at(DAY_1, &["publish"]);

    fixture.done(&["ceremony", "freeze", "slow"]).says("to be signed: root 3");
    fixture.done(&["ceremony", "list"]).says("slow: to be signed");
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("slow", signer).says("has signed root");
    }
    fixture.done(&["ceremony", "seal", "slow"]);
    assert_eq!(fixture.list("ceremonies/slow/sealed"), ["3.root.json"]);
    fixture.done_at(DAY_1, &online).says("slow is now current");
    fixture.done_at(DAY_1, &["publish"]);
    fixture.verify("public", 1, DAY_1).unwrap();
}

#[test]
fn what_was_sealed_and_then_frozen_anew_is_not_published() {
    let fixture = RepositoryFixture::frozen();
    for signer in ["alice", "bob", "carol"] {
        fixture.sign("first", signer).says("has signed");
    }
    fixture.done(&["ceremony", "seal", "first"]);
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    fixture.done(&["ceremony", "freeze", "first"]).says("frozen again as revision 2");
    let output = fixture.at(DAY_0, &["online", "--key", "keys/online.pem"]);
    output.refuses("nothing has been published or sealed yet", "", "hold a ceremony first");
}

#[test]
fn an_abandoned_ceremony_keeps_its_record_and_is_over() {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    fixture.done(&["ceremony", "abandon", "first", "--reason", "The token never arrived"]).says("its record stays");
    fixture.done(&["ceremony", "status", "first"]).says("first: abandoned");
    let transcript = fixture.read("ceremonies/first/transcript.jsonl");
    assert!(transcript.lines().last().unwrap().contains("The token never arrived"));
    assert_eq!(fixture.list("ceremonies/first/signatures"), ["1.root/alice.json", "1.targets/alice.json"]);
    fixture.sign("first", "bob").refuses("first was abandoned", "", "start another one");
    fixture.run(&["ceremony", "status"]).refuses("no ceremony is open", "", "start one");
}

#[test]
fn the_transcript_tells_what_happened_in_order() {
    let fixture = RepositoryFixture::after_the_first();
    let transcript = fixture.read("ceremonies/first/transcript.jsonl");
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
    let fixture = RepositoryFixture::new();
    let json = |arguments: &[&str]| -> serde_json::Value { fixture.done(&[arguments, &["--json"]].concat()).json() };
    assert_eq!(json(&["keyholder", "list"])["keyholders"].as_array().unwrap().len(), 7);
    assert_eq!(json(&["ceremony", "new", "first"])["problem"], serde_json::Value::Null);
    assert_eq!(json(&["ceremony", "freeze", "first"])["revision"], 1);
    assert_eq!(json(&["ceremony", "review", "first"])["targets"][0]["name"], "trusted_root.json");
    let signed = json(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    assert_eq!(signed["tally"]["roles"][0]["quorums"][0]["still_needed"], 2);
    assert_eq!(json(&["ceremony", "status", "first"])["stage"], "to be signed");
    assert_eq!(json(&["ceremony", "list"])["ceremonies"][0]["ceremony"], "first");
    for signer in ["bob", "carol"] {
        fixture.sign("first", signer);
    }
    assert_eq!(json(&["ceremony", "seal", "first"])["sealed"][0], "1.root.json");
    assert_eq!(json(&["online", "--key", "keys/online.pem"])["ceremony"], "first");
    assert_eq!(json(&["publish"])["roots"], 1);
    assert_eq!(json(&["status"])["roles"][1]["role"], "timestamp");
    assert_eq!(json(&["trust", "show"])["entries"].as_array().unwrap().len(), 7);
}

#[test]
fn the_demo_shows_the_whole_way_and_leaves_its_folder() {
    let fixture = RepositoryFixture::new();
    let output = fixture.done(&["demo", "my-demo"]);
    for line in [
        "$ rootline-repo ceremony seal rotation",
        "$ rootline update --url http://127.0.0.1:",
        "+ transparency log rekor-2030 (https://log2.demo.example)",
        "accepted by a verifier that begins with each of 2 roots",
    ] {
        output.says(line);
    }
    for refusal in [
        "root 1 has 2 of the 3 signatures",
        "is alice's and cannot sign for carol",
        "went backwards",
        "does not have the digest",
    ] {
        assert!(output.stderr.contains(refusal), "{refusal}: {}", output.stderr);
    }
    assert!(fixture.path("my-demo/public/2.root.json").exists());
    fixture.run(&["demo", "my-demo"]).refuses("my-demo is not empty", "", "name a new folder");
}

#[test]
fn the_demo_of_a_private_instance_ends_with_a_verifier_that_knows_both_authorities() {
    let fixture = RepositoryFixture::new();
    let output = fixture.done(&["demo", "my-demo", "--private-instance"]);
    for line in [
        "$ rootline-repo quickstart . --name 'Demo instance'",
        "$ rootline-repo renew targets --id another-ca",
        "another-ca renews targets",
        "accepted by a verifier that begins with root 1",
        "Go on there: rootline-repo status",
    ] {
        output.says(line);
    }
    let shown = output.stdout.rsplit("$ rootline show").next().unwrap();
    assert_eq!(shown.matches("https://fulcio.demo.example").count(), 2, "{shown}");
    let guide = std::fs::read_to_string(fixture.path("my-demo/for-users.md")).unwrap();
    assert!(guide.contains("cosign initialize --mirror https://tuf.demo.example"), "{guide}");
    assert!(fixture.path("my-demo/public/2.targets.json").exists());
}

#[test]
fn bins_of_which_the_same_is_to_be_said_are_told_of_at_once() {
    let bins = |bits: u8| {
        let fixture = RepositoryFixture::planned();
        let delegation = format!(
            "[[delegations]]\nbins = {{ prefix = \"bin\", bits = {bits} }}\nexpires-days = 300\nsigning-days = 40\n\
             holders = [\"frank\", \"alice\"]\nthreshold = 2\nship = []\n"
        );
        fixture.edit("ceremonies/first/plan.toml", "\n[online]", &format!("\n{delegation}\n[online]"));
        fixture.done(&["ceremony", "freeze", "first"]);
        fixture
    };
    let few = bins(3).done(&["ceremony", "status", "first"]);
    few.says("bin-0 1 under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank");
    few.says("bin-7 1 under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank");

    let fixture = bins(4);
    let all = "bin-0 1 to bin-f 1 (16 files) under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank";
    let output = fixture.done(&["ceremony", "status", "first"]);
    output.says(all);
    assert_eq!(output.stdout.matches("bin-").count(), 2, "{output:?}");

    // One that differs has a line of its own, and parts the others.
    let answers = "ceremonies/first/signatures";
    fixture.sign("first", "frank").says("bin-0 1 to bin-f 1 (16 files) under targets 1: 1 of 2 (frank)");
    std::fs::remove_file(fixture.path(&format!("{answers}/1.bin-3/frank.json"))).unwrap();
    let output = fixture.done(&["ceremony", "status", "first"]);
    output.says("bin-3 1 under targets 1: 0 of 2 (nobody); 2 more needed, of: alice, frank");
    output.says("bin-4 1 to bin-f 1 (12 files) under targets 1: 1 of 2 (frank); 1 more needed, of: alice");
    output.says("bin-2 1 under targets 1: 1 of 2 (frank); 1 more needed, of: alice");
}
