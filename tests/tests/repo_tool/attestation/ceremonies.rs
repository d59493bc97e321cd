//! Hardware evidence in ceremonies: checked again at every step, shown to whoever signs, and noted down.

use std::fs;

use rootline_tests::fixtures::repository::{DAY_0, FIVE, RepositoryFixture};
use rootline_tests::fixtures::vendor::{FIRMWARE, POLICY};
use serde_json::Value;

use super::commands::{attest, token_of};

fn require(fixture: &RepositoryFixture) {
    let policy = fixture.read("rootline.toml");
    fixture.write("rootline.toml", format!("{policy}\n[attestation]\nrequired = true\n"));
}

/// Everybody has a token; alice's is an old one.
fn attested() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    require(&fixture);
    for (serial, holder) in (11..).zip(FIVE) {
        let mut vendor = token_of(&fixture, holder, serial);
        if holder == "alice" {
            vendor.says(FIRMWARE, &[5, 6, 9]);
        }
        let output = attest(&fixture, holder, &vendor);
        assert_eq!(output.status, 0, "{output:?}");
    }
    fixture
}

fn events(fixture: &RepositoryFixture, id: &str, kind: &str) -> Vec<Value> {
    let lines = fixture.read(&format!("ceremonies/{id}/transcript.jsonl"));
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["event"] == kind).collect()
}

/// The file with what bob's token said.
fn bobs(fixture: &RepositoryFixture) -> String {
    let file = fixture.list("keyholders/bob/attestations").remove(0);
    format!("keyholders/bob/attestations/{file}")
}

#[test]
fn a_ceremony_shows_the_tokens_and_notes_them_down() {
    let fixture = attested();
    fixture.done(&["ceremony", "new", "first"]);
    let warning =
        "warning: alice's YubiKey serial 11: its firmware 5.6.9 is older than 5.7 and has EUCLEAK (CVE-2024-45678)";
    let frozen = fixture.done(&["ceremony", "freeze", "first"]);
    let review = fixture.done(&["ceremony", "review", "first"]);
    review.says("token YubiKey serial 11, firmware 5.6.9, slot 9c, PIN once, touch cached (EUCLEAK)\n");
    review.says("token YubiKey serial 12, firmware 5.7.4, slot 9c, PIN once, touch cached\n");
    let json = fixture.done(&["ceremony", "review", "--json"]).json();
    let root = json["authorities"].as_array().unwrap().iter().find(|role| role["role"] == "root").unwrap();
    let serials: Vec<&Value> =
        root["joins"].as_array().unwrap().iter().map(|key| &key["attestation"]["serial"]).collect();
    assert_eq!(serials, [11, 12, 13, 14, 15]);
    let online = json["authorities"].as_array().unwrap().iter().find(|role| role["role"] == "timestamp").unwrap();
    assert_eq!(online["joins"][0]["attestation"], Value::Null);

    fixture.done(&["ceremony", "status"]).says("  alice: insert YubiKey serial 11\n");
    let signed = fixture.sign("first", "alice");
    let status = fixture.done(&["ceremony", "status"]);
    assert!(
        !status.stdout.contains("alice: insert") && status.stdout.contains("  bob: insert YubiKey serial 12\n"),
        "{status:?}"
    );
    let json = fixture.done(&["ceremony", "status", "--json"]).json();
    assert_eq!(json["tokens"]["bob"], "YubiKey serial 12");

    // What is noted down of where a key is stands on the same line.
    let carol = fixture.read("keyholders/carol/keyholder.toml");
    fixture.write("keyholders/carol/keyholder.toml", format!("{carol}signer = \"pkcs11:token=carol\"\n"));
    let status = fixture.done(&["ceremony", "status"]);
    status.says("  carol: insert YubiKey serial 13 [token carol]\n");
    assert_eq!(status.stdout.matches("[token carol]").count(), 1, "{status:?}");
    fixture.sign("first", "bob");
    fixture.sign("first", "carol");
    let sealed = fixture.done(&["ceremony", "seal", "first"]);
    for output in [&frozen, &review, &signed, &sealed] {
        assert!(output.status == 0 && output.stderr.contains(warning), "{output:?}");
        assert_eq!(output.stderr.matches("warning:").count(), 1, "{output:?}");
    }

    let frozen = &events(&fixture, "first", "frozen")[0]["attestations"];
    assert_eq!(frozen.as_object().unwrap().keys().collect::<Vec<_>>(), ["alice", "bob", "carol", "dave", "erin"]);
    assert_eq!(frozen["alice"][0]["token"]["firmware"], "5.6.9");
    let signed = events(&fixture, "first", "signed");
    assert_eq!(signed.len(), 6);
    for event in &signed {
        let kept = &frozen[event["keyholder"].as_str().unwrap()][0];
        assert_eq!(event["keyid"], kept["keyid"]);
        assert_eq!(event["attestation"], kept["token"]);
    }
    let certificate = signed[0]["attestation"]["certificate"].as_str().unwrap();
    let alices = fixture.list("keyholders/alice/attestations").remove(0);
    let text = fixture.read(&format!("keyholders/alice/attestations/{alices}"));
    let der = rootline_tests::pem::decode(&text);
    assert_eq!(certificate, rootline_metadata::hex::encode(&rootline_metadata::sha256(&der)));

    // None of it is in what was signed.
    for file in fixture.list("ceremonies/first/sealed") {
        let text = fixture.read(&format!("ceremonies/first/sealed/{file}"));
        assert!(!text.contains("serial") && !text.contains("firmware"), "{file}");
    }
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture.done(&["publish"]);
}

#[test]
fn every_step_checks_again() {
    let fixture = attested();
    fixture.done(&["ceremony", "new", "first"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    let path = bobs(&fixture);
    let good = fixture.read(&path);
    let stranger = {
        let vendor = token_of(&fixture, "frank", 12);
        [vendor.key_pem(), vendor.device_pem()].concat()
    };
    let shared = {
        let vendor = token_of(&fixture, "bob", 11);
        [vendor.key_pem(), vendor.device_pem()].concat()
    };
    let policy = {
        let mut vendor = token_of(&fixture, "bob", 12);
        vendor.says(POLICY, &[2, 1]);
        [vendor.key_pem(), vendor.device_pem()].concat()
    };
    ["alice", "carol", "dave"].iter().for_each(|holder| fixture.sign("first", holder).says("has signed"));
    fixture.done(&["ceremony", "request", "first"]);
    fixture.done(&["sign", "first.request.json", "--key", "keys/erin.pem", "--yes", "--output", "erin.json"]);
    let named = format!("{path}: ");
    for (content, what) in [
        (Some(stranger), format!("{named}the attested key ")),
        (Some(shared), "alice and bob have keys in the same token, serial 11".to_owned()),
        (Some(policy), format!("{named}the key's touch policy is never")),
        (Some(String::new()), format!("{named}expected 2 to 6 in the place of the key's certificate")),
        (None, "bob has no attestation for the key ".to_owned()),
    ] {
        match content {
            Some(content) => fixture.write(&path, content),
            None => fs::remove_file(fixture.path(&path)).unwrap(),
        }
        let before = fixture.read("ceremonies/first/transcript.jsonl");
        for command in ["freeze", "review", "request", "seal"] {
            let output = fixture.at(DAY_0, &["ceremony", command]);
            assert_eq!(output.status, 1, "{command:?}: {output:?}");
            assert!(output.stderr.contains(&format!("error: {what}")), "{command:?}: {output:?}");
        }
        let output = fixture.at(DAY_0, &["ceremony", "accept", "erin.json"]);
        assert!(output.status == 1 && output.stderr.contains(&format!("error: erin.json: {what}")), "{output:?}");
        let output = fixture.sign("first", "erin");
        assert!(output.status == 1 && output.stderr.contains(&what), "{output:?}");
        assert_eq!(fixture.read("ceremonies/first/transcript.jsonl"), before);
        assert_eq!(fixture.list("ceremonies/first/sealed"), Vec::<String>::new());
        assert!(!fixture.path("ceremonies/first/signatures/1.root/erin.json").exists());
        // Who is to sign is told all the same.
        fixture.done(&["ceremony", "status"]);
        fixture.write(&path, &good);
    }
    fixture.done(&["ceremony", "accept", "erin.json"]).says("erin has signed root 1");
    fixture.done(&["ceremony", "seal", "first"]);
}

#[test]
fn a_vendors_root_that_is_gone_takes_its_tokens_with_it() {
    let fixture = attested();
    fixture.done(&["ceremony", "new", "first"]);
    let root = fixture.list("vendor-roots").remove(0);
    fs::remove_file(fixture.path(&format!("vendor-roots/{root}"))).unwrap();
    let output = fixture.at(DAY_0, &["ceremony", "freeze", "first"]);
    assert!(
        output.status == 1 && output.stderr.contains("which is none of the vendors' roots kept here"),
        "{output:?}"
    );
    assert_eq!(fixture.list("ceremonies/first/frozen"), Vec::<String>::new());
}

#[test]
fn who_joins_needs_evidence_and_who_leaves_does_not() {
    let fixture = attested();
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    fixture.done(&["ceremony", "new", "second", "--replace", "bob=frank"]);
    fixture.at(DAY_0, &["ceremony", "freeze", "second"]).refuses(
        "frank has no attestation for the key ",
        "every key of root and targets is attested by a token",
        "ask for it, then: rootline-repo keyholder attest frank",
    );
    attest(&fixture, "frank", &token_of(&fixture, "frank", 16)).says("token YubiKey serial 16");
    // What bob has left behind does not keep him in, nor the others from going on.
    fixture.write(&bobs(&fixture), "");
    let output = fixture.done(&["ceremony", "freeze", "second"]);
    assert!(
        output.stderr.contains("warning: ignoring an invalid attestation of a key that does not count here: bob: "),
        "{output:?}"
    );
    fs::remove_file(fixture.path(&bobs(&fixture))).unwrap();
    fixture.done(&["ceremony", "review", "second"]).says("token YubiKey serial 16");
    ["bob", "carol", "dave", "frank"].iter().for_each(|holder| fixture.sign("second", holder).says("has signed"));
    fixture.done(&["ceremony", "seal", "second"]);
    // Back in again he would need it.
    fixture.done(&["online", "--key", "keys/online.pem"]);
    fixture.done(&["ceremony", "new", "third", "--replace", "frank=bob"]);
    fixture.at(DAY_0, &["ceremony", "freeze", "third"]).refuses(
        "bob has no attestation",
        "every key of root and targets",
        "ask for it",
    );
}

#[test]
fn where_nothing_is_required_what_is_attached_is_checked() {
    let fixture = RepositoryFixture::new();
    attest(&fixture, "alice", &token_of(&fixture, "alice", 1)).says("token YubiKey serial 1");
    fixture.done(&["ceremony", "new", "first"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    let review = fixture.done(&["ceremony", "review"]);
    assert_eq!(review.stdout.matches("token YubiKey").count(), 1, "once for root and targets: {review:?}");
    let alices = fixture.list("keyholders/alice/attestations").remove(0);
    fixture.write(&format!("keyholders/alice/attestations/{alices}"), "");
    fixture.at(DAY_0, &["ceremony", "review"]).refuses(
        "keyholders/alice/attestations/",
        "an attestation is certificates",
        "take both",
    );
}

#[test]
fn nothing_is_sealed_for_a_key_that_is_nobodys_here() {
    let fixture = attested();
    fixture.done(&["ceremony", "new", "first"]);
    fixture.done(&["ceremony", "freeze", "first"]);
    fs::rename(fixture.path("keyholders/erin"), fixture.path("erin")).unwrap();
    let seal = ["ceremony", "seal", "first"];
    for required in [true, false] {
        let hint = "the plan is unchanged, so keyholders/ has changed: restore it";
        fixture.at(DAY_0, &seal).refuses("ceremonies/first/frozen/plan.toml:", "", hint);
        if required {
            fixture.edit("rootline.toml", "required = true\n", "required = false\n");
        }
    }
    fs::rename(fixture.path("erin"), fixture.path("keyholders/erin")).unwrap();
    let output = fixture.at(DAY_0, &seal);
    assert!(output.stderr.contains("error: root 1 has 0 of the 3 signatures"), "{output:?}");
}
