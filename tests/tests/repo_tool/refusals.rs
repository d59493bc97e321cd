//! What is refused, and what a person is told.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};

/// A first ceremony, frozen.
#[test]
fn one_keyholder_cannot_sign_twice_to_make_two() {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    let counts_once = "a keyholder counts once, whatever they sign with";
    let output = fixture.sign("first", "alice");
    output.refuses("alice has signed", counts_once, "nothing is left to do for them");
    let output = fixture.run(&["ceremony", "sign", "first", "--key", "keys/alice.pem", "--as", "bob", "--yes"]);
    assert!(output.stderr.contains("is alice's and cannot sign for bob"), "{output:?}");
    output.refuses("the key ", counts_once, "sign as alice, or ask bob");
    let output = fixture.run(&["keyholder", "add", "mallory", "--public-key", "keys/alice.pub"]);
    output.refuses("alice and mallory hold the same key", counts_once, "give each keyholder a key of their own");
    // A copy of her answer under another name.
    fixture.write(
        "ceremonies/first/signatures/1.root/bob.json",
        fixture.read("ceremonies/first/signatures/1.root/alice.json"),
    );
    let output = fixture.done(&["ceremony", "status"]);
    output.says("root 1: the signature file of bob does not count");
    output.says("root 1 under root 1 (new): 1 of 3 (alice)");
}

#[test]
fn a_key_that_nobody_was_given_does_not_sign() {
    let fixture = RepositoryFixture::frozen();
    let rule = "only keys that a keyholder was given count";
    let output = fixture.sign("first", "stranger");
    output.refuses("the key ", rule, "if the key was meant to be given to somebody: rootline-repo keyholder add");
    assert!(output.stderr.contains("is nobody's"), "{output:?}");
    let output = fixture.run(&["ceremony", "sign", "first", "--key", "keys/stranger.pem", "--as", "alice", "--yes"]);
    output.refuses("the key ", rule, "if the key was meant");
    let output = fixture.sign("first", "frank");
    output.refuses("frank's key ", "only keys that the old or the new root lists", "nothing is needed from frank here");
    assert_eq!(fixture.list("ceremonies/first/signatures"), Vec::<String>::new());
}

#[test]
fn a_changed_frozen_file_is_refused_and_freezing_again_brings_it_back() {
    let fixture = RepositoryFixture::frozen();
    fixture.edit("ceremonies/first/frozen/1.root.json", "\"threshold\": 3", "\"threshold\": 1");
    for arguments in
        [&["ceremony", "review", "first"][..], &["ceremony", "seal", "first"], &["ceremony", "status", "first"]]
    {
        let rule = "the signed bytes are the frozen bytes";
        fixture.run(arguments).refuses(
            "the frozen 1.root.json has been changed",
            rule,
            "do not sign; freezing the plan again",
        );
    }
    assert_eq!(fixture.sign("first", "alice").status, 1);
    fixture.done(&["ceremony", "freeze", "first"]).says("nothing has changed since the last freeze");
    fixture.sign("first", "alice").says("alice has signed");
}

#[test]
fn a_version_that_skips_is_refused() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "slow", "--threshold", "root=2"]);
    fixture.done(&["ceremony", "freeze", "slow"]);
    for signer in ["alice", "bob"] {
        fixture.sign("slow", signer).says("has signed root");
    }
    // Meanwhile another ceremony makes root 2.
    fixture.hold("quick", &["--renew", "root"], &["alice", "bob", "carol"], DAY_1);
    let rule = "versions follow each other without a gap";
    let hint = "something else was published meanwhile: freeze the plan again";
    fixture.sign("slow", "carol").refuses("root was frozen as version 2, and the next version is 3", rule, hint);
    fixture.run(&["ceremony", "seal", "slow"]).refuses("root was frozen as version 2", rule, hint);
    fixture.done(&["ceremony", "freeze", "slow"]).says("to be signed: root 3");
}

#[test]
fn sealing_below_a_threshold_is_refused() {
    let fixture = RepositoryFixture::frozen();
    fixture.sign("first", "alice").says("alice has signed");
    fixture.sign("first", "bob").says("bob has signed");
    fixture.run(&["ceremony", "seal", "first"]).refuses(
        "root 1 has 2 of the 3 signatures that its own keyholders must give",
        "every threshold is met before a file is sealed",
        "ask for the missing signatures: carol, dave, erin",
    );
    assert!(!fixture.path("ceremonies/first/sealed").exists());
}

#[test]
fn what_a_verifier_would_refuse_is_not_published() {
    let fixture = RepositoryFixture::after_the_first();
    // On day 7 the timestamp has expired.
    let output = fixture.at("2030-01-08T00:00:00Z", &["publish", "--to", "elsewhere"]);
    let who = "a verifier that begins with root 1 would refuse the publication: timestamp.json expired at 2030-01-08T00:00:00Z";
    output.refuses(who, "TUF 5.4.4 (freeze)", "sign a new timestamp first: rootline-repo online");
    assert!(!fixture.path("elsewhere").exists());
    fixture.done_at("2030-01-07T23:59:59Z", &["publish", "--to", "elsewhere"]);
    // After half a year the root has, and no new timestamp is made for it either.
    let output = fixture.at("2030-07-17T00:00:00Z", &["online", "--key", "keys/online.pem"]);
    let who = "a verifier that begins with root 1 would refuse the publication: 1.root.json expired";
    output.refuses(who, "TUF 5.3.10", "hold a ceremony that renews the file");
    assert!(fixture.read("metadata/timestamp.json").contains("\"version\": 1"));
}

#[test]
fn a_file_to_ship_that_changed_after_freezing_is_refused() {
    let fixture = RepositoryFixture::frozen();
    fixture.write("targets/trusted_root.json", "{}");
    let hint = "put the file back as it was, or freeze the plan again";
    fixture.sign("first", "alice").refuses(
        "targets/trusted_root.json is missing or not the file that was frozen",
        "",
        hint,
    );
    fixture.run(&["ceremony", "review", "first"]).refuses("targets/trusted_root.json is missing or not", "", hint);
}

#[test]
fn a_published_file_that_was_changed_stops_everything() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.edit("metadata/1.targets.json", "\"length\": 6787", "\"length\": 6788");
    let output = fixture.run(&["status"]);
    output.refuses("in metadata: 1.targets.json is not signed by enough", "", "published files never change");
}

#[test]
fn a_folder_that_holds_something_else_is_not_published_over() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.edit("public/1.root.json", "\"signatures\"", " \"signatures\"");
    let rule = "content never changes without a new version";
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    let output = fixture.at(DAY_1, &["publish"]);
    output.refuses("public/1.root.json differs from the published file", rule, "published files never change");
    // One who comes back from an old clone is behind what is public.
    let fixture = RepositoryFixture::after_the_first();
    let old = fixture.read("metadata/timestamp.json");
    fixture.done_at(DAY_1, &["online", "--key", "keys/online.pem"]);
    fixture.done_at(DAY_1, &["publish"]);
    fixture.write("metadata/timestamp.json", old);
    let output = fixture.at(DAY_1, &["publish"]);
    let hint = "update this folder first";
    output.refuses(
        "public/timestamp.json is newer than everything published from this folder",
        "versions never go backwards",
        hint,
    );
}

#[test]
fn a_transcript_that_was_changed_is_found() {
    let fixture = RepositoryFixture::frozen();
    fixture.edit("ceremonies/first/transcript.jsonl", "planned", "plannned");
    let output = fixture.run(&["ceremony", "status", "first"]);
    output.refuses(
        "ceremonies/first/transcript.jsonl: line 2 of the transcript follows a line that does not stand before it",
        "",
        "bring back transcript.jsonl as it was",
    );
}

#[test]
fn a_fault_in_a_plan_or_a_policy_is_named_with_its_place() {
    let fixture = RepositoryFixture::planned();
    fixture.edit("ceremonies/first/plan.toml", "\"erin\"", "\"errin\"");
    let output = fixture.run(&["ceremony", "freeze", "first"]);
    let place = "ceremonies/first/plan.toml:10:45: there is no keyholder \"errin\"";
    output.refuses(place, "", "correct the name, or add them: rootline-repo keyholder add");
    fixture.edit("rootline.toml", "threshold = 3", "threshold = 6");
    fixture.run(&["status"]).refuses(
        "rootline.toml:10:13: 6 have to sign and only 5 are named",
        "",
        "edit rootline.toml",
    );
    // A plan that cannot be frozen as it stands is written all the same, to be edited.
    let fixture = RepositoryFixture::new();
    fixture.done(&["ceremony", "new", "other", "--threshold", "root=6"]).says("it cannot be frozen before an edit");
}

#[test]
fn a_plan_beyond_the_bounds_of_the_policy_is_refused_with_the_reason_and_its_place() {
    let fixture = RepositoryFixture::frozen();
    let policy = fixture.read("rootline.toml");
    let bounds = "[bounds]\nroot = { least-threshold = 3, longest-days = 197 }\n\
                  targets = { longest-days = 300, why = \"The token batteries last a year\" }\n";
    fixture.write("rootline.toml", format!("{policy}\n{bounds}"));
    let plan = fixture.read("ceremonies/first/plan.toml");
    let freeze = ["ceremony", "freeze", "first"];
    fixture.at(DAY_0, &freeze).says("nothing has changed");
    let place = |line: &str| {
        let at = plan.lines().position(|other| other == line).unwrap() + 1;
        format!("ceremonies/first/plan.toml:{at}:{}: ", line.find("= ").unwrap() + 3)
    };
    fixture.edit("ceremonies/first/plan.toml", "threshold = 3", "threshold = 2");
    let reason = "the policy asks for a threshold of at least 3: fewer people could change this alone, and fewer compromised keys";
    let hint = "edit ceremonies/first/plan.toml";
    fixture.run(&freeze).refuses(&format!("{}{reason}", place("threshold = 3")), "", hint);
    fixture.write("ceremonies/first/plan.toml", plan.replacen("expires-days = 197", "expires-days = 198", 1));
    let reason =
        "the policy lets this hold 197 days at the most: the longer a file holds, the longer an old one can be";
    fixture.run(&freeze).refuses(&format!("{}{reason}", place("expires-days = 197")), "", hint);
    // In the words of whoever wrote the policy, where there are any; and said when the plan is written, too.
    let output = fixture.done_at(DAY_1, &["ceremony", "new", "long", "--expires", "targets=301"]);
    output.says("it cannot be frozen before an edit");
    output.says("the policy lets this hold 300 days at the most: The token batteries last a year");
}

#[test]
fn wrong_usage_is_told_apart_from_a_refusal() {
    let fixture = RepositoryFixture::new();
    for arguments in [
        &["no-such-command"][..],
        &["ceremony", "sign", "first"],
        &["status", "--at", "yesterday"],
        &["init", "--holders", "Alice"],
    ] {
        assert_eq!(fixture.run(arguments).status, 2, "{arguments:?}");
    }
    for arguments in [&["--help"][..], &["ceremony", "sign", "--help"], &["--version"]] {
        assert_eq!(fixture.run(arguments).status, 0, "{arguments:?}");
    }
    let output = fixture.run(&["status", "--repository", "nowhere"]);
    output.refuses("nowhere is not a repository", "", "create one with rootline-repo init");
    fixture.run(&["ceremony", "freeze", "nothing"]).refuses("there is no ceremony nothing", "", "list them");
    fixture.run(&["init", "."]).refuses("rootline.toml already exists", "", "name another file");
}

#[test]
fn with_json_a_program_reads_a_refusal_where_it_reads_the_result() {
    let fixture = RepositoryFixture::frozen();
    let output = fixture.at(DAY_0, &["ceremony", "seal", "first", "--json"]);
    let report = output.json();
    assert_eq!(output.status, 1);
    assert!(output.stderr.starts_with(&format!("error: {}", report["error"]["what"].as_str().unwrap())), "{output:?}");
    assert!(report["error"]["check"].is_string() && report["error"]["hint"].is_string(), "{report}");
}

/// What has no length and does not end, named by a person or in the place of a file of the repository.
#[cfg(unix)]
#[test]
fn what_does_not_end_is_read_as_far_as_its_limit_or_not_at_all() {
    let fixture = RepositoryFixture::new();
    let right_file = "check that this is the right file";
    for arguments in [
        &["trust", "create", "--from", "/dev/zero"][..],
        &["trust", "add-log", "--url", "https://log.example", "--public-key", "/dev/zero"],
        &["keyholder", "add", "mallory", "--public-key", "/dev/zero"],
        &["key", "generate", "--out", "mine.pem", "--passphrase-file", "/dev/zero"],
    ] {
        let output = fixture.run(arguments);
        assert_eq!(output.status, 1, "{arguments:?}: {output:?}");
        assert!(output.stderr.contains("/dev/zero") && output.stderr.contains(right_file), "{arguments:?}: {output:?}");
    }
    for (name, told) in [
        ("rootline.toml", "it is not a regular file"),
        ("keyholders/alice/keyholder.toml", "is a symbolic link, and none is followed here"),
    ] {
        let path = fixture.path(name);
        let before = std::fs::read(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("/dev/zero", &path).unwrap();
        let output = fixture.run(&["keyholder", "list"]);
        assert_eq!(output.status, 1, "{name}: {output:?}");
        assert!(output.stderr.contains(told), "{name}: {output:?}");
        std::fs::remove_file(&path).unwrap();
        std::fs::write(&path, before).unwrap();
        fixture.done(&["keyholder", "list"]);
    }
}
