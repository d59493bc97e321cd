//! What is shipped from elsewhere, and what is shipped beside the trust root.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::fixtures::sigstore::Rekor;
use serde_json::Value;

use super::{CA, CT, LOG, TSA, private};

#[test]
fn what_another_repository_publishes_is_taken_over_once_it_is_verified() {
    let staging = RepositoryFixture::new();
    staging.done_at(DAY_0, &["trust", "signing-config", "create", "--operator", "sigstore.dev"]);
    staging.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let (public, root) = (staging.path("public"), staging.path("public/1.root.json"));
    let (public, root) = (public.to_str().unwrap(), root.to_str().unwrap());
    let from = |command: &str| [&["trust", command, "--from", public][..], &["--root", root]].concat().join("\n");
    let words = |text: &str| text.split('\n').map(str::to_owned).collect::<Vec<_>>();
    let run = |fixture: &RepositoryFixture, command: &str| {
        let words = words(&from(command));
        fixture.at(DAY_0, &words.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let production = private();
    let promoted = run(&production, "promote");
    promoted.says("targets/trusted_root.json now is the same as that repository's: sha256 ");
    for file in ["targets/trusted_root.json", "targets/signing_config.v0.2.json"] {
        assert_eq!(production.read(file), staging.read(file), "{file}");
    }
    run(&production, "promote").says("targets/trusted_root.json is already the same as that repository's");
    let fixture = RepositoryFixture::new();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    assert!(run(&fixture, "create").is_done());
    assert_eq!(fixture.read("targets/signing_config.v0.2.json"), staging.read("targets/signing_config.v0.2.json"));
    // Where one of both files is there with other content, neither is written.
    let fixture = private();
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    fixture.write("targets/signing_config.v0.2.json", "{}");
    run(&fixture, "create").refuses("targets/signing_config.v0.2.json already exists", "", "name another file");
    assert!(!fixture.path("targets/trusted_root.json").exists());
    // It is verified: from a root that is trusted, and as it was signed; over what a verifier speaks.
    for command in ["create", "promote"] {
        let elsewhere = ["trust", command, "--from", "s3://bucket/tuf", "--root", root];
        let output = production.at(DAY_0, &elsewhere);
        let told = output.stderr.starts_with("error: \"s3://bucket/tuf\" cannot be used: its scheme is none of");
        assert!(output.status == 1 && told, "{output:?}");
    }
    let unverified = ["trust", "promote", "--from", public];
    production.at(DAY_0, &unverified).refuses(public, "", "name the one that its verifiers are given: --root FILE");
    let name = staging.list("public/targets").into_iter().find(|name| name.ends_with("trusted_root.json")).unwrap();
    let path = format!("public/targets/{name}");
    staging.write(&path, staging.read(&path).replace("rekor.sigstore.dev", "rekor.sigstore.evl"));
    let before = production.read("targets/trusted_root.json");
    assert_eq!(run(&production, "promote").status, 1);
    assert_eq!(production.read("targets/trusted_root.json"), before);
}

#[test]
fn what_is_said_about_a_file_is_planned_by_command() {
    let fixture = RepositoryFixture::new();
    fixture.write("targets/notes.txt", "some notes");
    let said =
        r#"notes.txt={"sigstore": {"usage": "Unknown", "status": "Active", "uri": "https://rekor.acme.example"}}"#;
    let new = |custom: &str| fixture.at(DAY_0, &["ceremony", "new", "first", "--custom", custom]);
    for (custom, why) in [
        ("nowhere.pub={}", "no role ships nowhere.pub, so nothing can be said about it"),
        ("notes.txt=[]", "what is said about notes.txt: expected an object"),
        (r#"notes.txt={"a": [null]}"#, "what is said about notes.txt: null says nothing"),
        ("notes.txt={", "what is said about notes.txt: "),
        ("../notes.txt={}", "\"../notes.txt\": a target's name has"),
    ] {
        let output = new(custom);
        assert_eq!(output.status, 1, "{custom}");
        assert!(output.stderr.starts_with(&format!("error: {why}")), "{custom}: {}", output.stderr);
    }
    assert!(new(said).is_done());
    assert!(fixture.read("ceremonies/first/plan.toml").contains("[targets.custom.\"notes.txt\"]"));
    fixture.done(&["ceremony", "freeze", "first"]);
    let frozen = fixture.read("ceremonies/first/frozen/1.targets.json");
    let frozen: serde_json::Value = serde_json::from_str(&frozen).unwrap();
    let custom = &frozen["signed"]["targets"]["notes.txt"]["custom"]["sigstore"];
    assert_eq!((custom["usage"].as_str(), custom["status"].as_str()), (Some("Unknown"), Some("Active")));
}

#[test]
fn what_old_clients_read_follows_from_the_trust_root_where_the_policy_says_so() {
    let fixture = private();
    fixture.done(&CA);
    assert!(!fixture.path("targets/fulcio_v1.crt.pem").exists());
    let policy = fixture.read("rootline.toml") + "\n[trust]\nlegacy-targets = true\n";
    fixture.write("rootline.toml", policy);
    let at = |arguments: &[&str]| assert!(fixture.at(DAY_0, arguments).is_done(), "{arguments:?}");
    at(&TSA);
    at(&LOG);
    at(&CT);
    for (file, part) in [("fulcio_v1.crt.pem", "fulcio.pem"), ("rekor.pub", "rekor.pub"), ("ctfe.pub", "ct.pub")] {
        assert_eq!(fixture.read(&format!("targets/{file}")), fixture.read(&format!("parts/{part}")), "{file}");
    }
    assert!(fixture.path("targets/tsa_leaf.crt.pem").exists() && fixture.path("targets/tsa_root.crt.pem").exists());
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let custom = |version: u64, name: &str| {
        let targets = fixture.read(&format!("public/{version}.targets.json"));
        let targets: Value = serde_json::from_str(&targets).unwrap();
        targets["signed"]["targets"][name]["custom"]["sigstore"].clone()
    };
    let expected =
        |usage: &str, status: &str, uri: &str| serde_json::json!({"usage": usage, "status": status, "uri": uri});
    assert_eq!(custom(1, "rekor.pub"), expected("Rekor", "Active", "https://rekor.acme.example"));
    assert_eq!(custom(1, "fulcio_v1.crt.pem"), expected("Fulcio", "Active", "https://fulcio.acme.example"));
    assert_eq!(custom(1, "tsa_root.crt.pem"), expected("TSA", "Active", "https://tsa.acme.example"));
    // Another log takes the name, and the closed one keeps its key under its own.
    fixture.write("parts/rekor-3.pub", Rekor::v1("rekor-3.acme.example").key.public_pem());
    let log = ["--url", "https://rekor-3.acme.example", "--public-key", "parts/rekor-3.pub"];
    let rotate = [&["trust", "rotate", "rekor-2029", "--start", DAY_1, "--overlap", "1d", "--yes"], &log[..]].concat();
    assert!(fixture.at(DAY_1, &rotate).is_done());
    assert_eq!(fixture.read("targets/rekor.pub"), fixture.read("parts/rekor-3.pub"));
    assert_eq!(fixture.read("targets/rekor-2029.pub"), fixture.read("parts/rekor.pub"));
    fixture.hold("second", &[], &["alice", "bob", "carol"], DAY_1);
    assert_eq!(custom(2, "rekor-2029.pub"), expected("Rekor", "Active", "https://rekor.acme.example"));
    fixture.hold("third", &[], &["alice", "bob", "carol"], "2030-01-04T00:00:00Z");
    assert_eq!(custom(3, "rekor.pub"), expected("Rekor", "Active", "https://rekor-3.acme.example"));
    assert_eq!(custom(3, "rekor-2029.pub"), expected("Rekor", "Expired", "https://rekor.acme.example"));
    assert_eq!(custom(3, "ctfe.pub"), custom(1, "ctfe.pub"));
}
