//! Hardware evidence in ceremonies: checked again at every step, shown to whoever signs, and noted down.

use std::fs;

use rootline_tests::fixtures::office::{DAY_0, FIVE, Office};
use rootline_tests::fixtures::vendor::{FIRMWARE, POLICY};
use serde_json::Value;

use super::commands::{attest, token_of};

fn require(office: &Office) {
    let policy = office.read("rootline.toml");
    office.write("rootline.toml", format!("{policy}\n[attestation]\nrequired = true\n"));
}

/// Everybody has a token; alice's is an old one.
fn attested() -> Office {
    let office = Office::new();
    require(&office);
    for (serial, holder) in (11..).zip(FIVE) {
        let mut vendor = token_of(&office, holder, serial);
        if holder == "alice" {
            vendor.says(FIRMWARE, &[5, 6, 9]);
        }
        let said = attest(&office, holder, &vendor);
        assert_eq!(said.status, 0, "{said:?}");
    }
    office
}

fn events(office: &Office, id: &str, kind: &str) -> Vec<Value> {
    let lines = office.read(&format!("ceremonies/{id}/transcript.jsonl"));
    let events = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap());
    events.filter(|event| event["event"] == kind).collect()
}

/// The file with what bob's token said.
fn bobs(office: &Office) -> String {
    let file = office.list("keyholders/bob/attestations").remove(0);
    format!("keyholders/bob/attestations/{file}")
}

#[test]
fn a_ceremony_shows_the_tokens_and_notes_them_down() {
    let office = attested();
    office.done(&["ceremony", "new", "first"]);
    let warning =
        "warning: alice's YubiKey serial 11: its firmware 5.6.9 is older than 5.7 and has EUCLEAK (CVE-2024-45678)";
    let frozen = office.done(&["ceremony", "freeze", "first"]);
    let review = office.done(&["ceremony", "review", "first"]);
    review.says("token YubiKey serial 11, firmware 5.6.9, slot 9c, PIN once, touch cached (EUCLEAK)\n");
    review.says("token YubiKey serial 12, firmware 5.7.4, slot 9c, PIN once, touch cached\n");
    let json = office.done(&["ceremony", "review", "--json"]).json();
    let root = json["authorities"].as_array().unwrap().iter().find(|role| role["role"] == "root").unwrap();
    let serials: Vec<&Value> = root["joins"].as_array().unwrap().iter().map(|key| &key["evidence"]["serial"]).collect();
    assert_eq!(serials, [11, 12, 13, 14, 15]);
    let online = json["authorities"].as_array().unwrap().iter().find(|role| role["role"] == "timestamp").unwrap();
    assert_eq!(online["joins"][0]["evidence"], Value::Null);

    office.done(&["ceremony", "status"]).says("  alice: insert YubiKey serial 11\n");
    let signed = office.sign("first", "alice");
    let status = office.done(&["ceremony", "status"]);
    assert!(
        !status.out.contains("alice: insert") && status.out.contains("  bob: insert YubiKey serial 12\n"),
        "{status:?}"
    );
    let json = office.done(&["ceremony", "status", "--json"]).json();
    assert_eq!(json["tokens"]["bob"], "YubiKey serial 12");

    // What is noted down of where a key is stands on the same line.
    let carol = office.read("keyholders/carol/keyholder.toml");
    office.write("keyholders/carol/keyholder.toml", format!("{carol}signer = \"pkcs11:token=carol\"\n"));
    let status = office.done(&["ceremony", "status"]);
    status.says("  carol: insert YubiKey serial 13 [token carol]\n");
    assert_eq!(status.out.matches("[token carol]").count(), 1, "{status:?}");
    office.sign("first", "bob");
    office.sign("first", "carol");
    let sealed = office.done(&["ceremony", "seal", "first"]);
    for said in [&frozen, &review, &signed, &sealed] {
        assert!(said.status == 0 && said.err.contains(warning), "{said:?}");
        assert_eq!(said.err.matches("warning:").count(), 1, "{said:?}");
    }

    let frozen = &events(&office, "first", "frozen")[0]["evidence"];
    assert_eq!(frozen.as_object().unwrap().keys().collect::<Vec<_>>(), ["alice", "bob", "carol", "dave", "erin"]);
    assert_eq!(frozen["alice"][0]["token"]["firmware"], "5.6.9");
    let signed = events(&office, "first", "signed");
    assert_eq!(signed.len(), 6);
    for event in &signed {
        let kept = &frozen[event["keyholder"].as_str().unwrap()][0];
        assert_eq!(event["keyid"], kept["keyid"]);
        assert_eq!(event["evidence"], kept["token"]);
    }
    let certificate = signed[0]["evidence"]["certificate"].as_str().unwrap();
    let alices = office.list("keyholders/alice/attestations").remove(0);
    let text = office.read(&format!("keyholders/alice/attestations/{alices}"));
    let der = rootline_tests::pem::decode(&text);
    assert_eq!(certificate, rootline_metadata::hex::encode(&rootline_metadata::sha256(&der)));

    // None of it is in what was signed.
    for file in office.list("ceremonies/first/sealed") {
        let text = office.read(&format!("ceremonies/first/sealed/{file}"));
        assert!(!text.contains("serial") && !text.contains("firmware"), "{file}");
    }
    office.done(&["online", "--key", "keys/online.pem"]);
    office.done(&["publish"]);
}

#[test]
fn every_step_checks_again() {
    let office = attested();
    office.done(&["ceremony", "new", "first"]);
    office.done(&["ceremony", "freeze", "first"]);
    let path = bobs(&office);
    let good = office.read(&path);
    let stranger = {
        let vendor = token_of(&office, "frank", 12);
        [vendor.key_pem(), vendor.device_pem()].concat()
    };
    let shared = {
        let vendor = token_of(&office, "bob", 11);
        [vendor.key_pem(), vendor.device_pem()].concat()
    };
    let policy = {
        let mut vendor = token_of(&office, "bob", 12);
        vendor.says(POLICY, &[2, 1]);
        [vendor.key_pem(), vendor.device_pem()].concat()
    };
    ["alice", "carol", "dave"].iter().for_each(|holder| office.sign("first", holder).says("has signed"));
    office.done(&["ceremony", "request", "first"]);
    office.done(&["sign", "first.request.json", "--key", "keys/erin.pem", "--yes", "--output", "erin.json"]);
    let named = format!("{path}: ");
    for (content, what) in [
        (Some(stranger), format!("{named}the attested key ")),
        (Some(shared), "alice and bob have keys in the same token, serial 11".to_owned()),
        (Some(policy), format!("{named}the key's touch policy is never")),
        (Some(String::new()), format!("{named}expected 2 to 6 in the place of the key's certificate")),
        (None, "bob has no attestation for the key ".to_owned()),
    ] {
        match content {
            Some(content) => office.write(&path, content),
            None => fs::remove_file(office.path(&path)).unwrap(),
        }
        let before = office.read("ceremonies/first/transcript.jsonl");
        for command in ["freeze", "review", "request", "seal"] {
            let said = office.at(DAY_0, &["ceremony", command]);
            assert_eq!(said.status, 1, "{command:?}: {said:?}");
            assert!(said.err.contains(&format!("error: {what}")), "{command:?}: {said:?}");
        }
        let said = office.at(DAY_0, &["ceremony", "accept", "erin.json"]);
        assert!(said.status == 1 && said.err.contains(&format!("error: erin.json: {what}")), "{said:?}");
        let said = office.sign("first", "erin");
        assert!(said.status == 1 && said.err.contains(&what), "{said:?}");
        assert_eq!(office.read("ceremonies/first/transcript.jsonl"), before);
        assert_eq!(office.list("ceremonies/first/sealed"), Vec::<String>::new());
        assert!(!office.path("ceremonies/first/signatures/1.root/erin.json").exists());
        // Who is to sign is told all the same.
        office.done(&["ceremony", "status"]);
        office.write(&path, &good);
    }
    office.done(&["ceremony", "accept", "erin.json"]).says("erin has signed root 1");
    office.done(&["ceremony", "seal", "first"]);
}

#[test]
fn a_vendors_root_that_is_gone_takes_its_tokens_with_it() {
    let office = attested();
    office.done(&["ceremony", "new", "first"]);
    let root = office.list("vendor-roots").remove(0);
    fs::remove_file(office.path(&format!("vendor-roots/{root}"))).unwrap();
    let said = office.at(DAY_0, &["ceremony", "freeze", "first"]);
    assert!(said.status == 1 && said.err.contains("which is none of the vendors' roots kept here"), "{said:?}");
    assert_eq!(office.list("ceremonies/first/frozen"), Vec::<String>::new());
}

#[test]
fn who_joins_needs_evidence_and_who_leaves_does_not() {
    let office = attested();
    office.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    office.done(&["ceremony", "new", "second", "--replace", "bob=frank"]);
    office.at(DAY_0, &["ceremony", "freeze", "second"]).refuses(
        "frank has no attestation for the key ",
        "whoever holds root or targets has a key that a token attests",
        "ask for it, and keep it: rootline-repo keyholder attest frank",
    );
    attest(&office, "frank", &token_of(&office, "frank", 16)).says("token YubiKey serial 16");
    // What bob has left behind does not keep him in, nor the others from going on.
    office.write(&bobs(&office), "");
    let said = office.done(&["ceremony", "freeze", "second"]);
    assert!(said.err.contains("warning: evidence that does not count here does not hold: bob: "), "{said:?}");
    fs::remove_file(office.path(&bobs(&office))).unwrap();
    office.done(&["ceremony", "review", "second"]).says("token YubiKey serial 16");
    ["bob", "carol", "dave", "frank"].iter().for_each(|holder| office.sign("second", holder).says("has signed"));
    office.done(&["ceremony", "seal", "second"]);
    // Back in again he would need it.
    office.done(&["online", "--key", "keys/online.pem"]);
    office.done(&["ceremony", "new", "third", "--replace", "frank=bob"]);
    office.at(DAY_0, &["ceremony", "freeze", "third"]).refuses(
        "bob has no attestation",
        "whoever holds root or targets",
        "ask for it",
    );
}

#[test]
fn where_nothing_is_required_what_is_attached_is_checked() {
    let office = Office::new();
    attest(&office, "alice", &token_of(&office, "alice", 1)).says("token YubiKey serial 1");
    office.done(&["ceremony", "new", "first"]);
    office.done(&["ceremony", "freeze", "first"]);
    let review = office.done(&["ceremony", "review"]);
    assert_eq!(review.out.matches("token YubiKey").count(), 1, "once for root and targets: {review:?}");
    let alices = office.list("keyholders/alice/attestations").remove(0);
    office.write(&format!("keyholders/alice/attestations/{alices}"), "");
    office.at(DAY_0, &["ceremony", "review"]).refuses(
        "keyholders/alice/attestations/",
        "an attestation is certificates",
        "take both",
    );
}

#[test]
fn a_key_that_is_nobodys_here_has_no_evidence_either() {
    let office = attested();
    office.done(&["ceremony", "new", "first"]);
    office.done(&["ceremony", "freeze", "first"]);
    fs::rename(office.path("keyholders/erin"), office.path("erin")).unwrap();
    let seal = ["ceremony", "seal", "first"];
    let hint = "give it to its keyholder: rootline-repo keyholder add";
    office.at(DAY_0, &seal).refuses("the key ", "whoever holds root or targets has a key that a token attests", hint);
    // Where nothing is required it is no more than a key that nobody can sign with here.
    office.edit("rootline.toml", "required = true\n", "required = false\n");
    let said = office.at(DAY_0, &seal);
    assert!(said.err.contains("error: root 1 has 0 of the 3 signatures"), "{said:?}");
}
