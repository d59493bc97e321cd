//! The form of what is published: what the strictest reader accepts.

use std::collections::BTreeSet;

use rootline_metadata::sha256;
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, target};
use serde_json::Value;

fn room() -> Room {
    let mut room = Room::after_the_first();
    room.hold(&PlanText::of(&["alice", "bob", "carol", "frank", "grace"], 3).on(1), &["alice", "bob", "carol", "dave"]);
    room
}

fn metadata(room: &Room) -> Vec<(&String, Value)> {
    let files = room.published.files().iter().filter(|(name, _)| !name.starts_with("targets/"));
    files.map(|(name, bytes)| (name, serde_json::from_slice(bytes).unwrap())).collect()
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().unwrap().keys().map(String::as_str).collect()
}

#[test]
fn every_file_says_its_version_of_the_specification_and_when_it_expires() {
    for (name, file) in metadata(&room()) {
        assert_eq!(members(&file), ["signatures", "signed"], "{name}");
        let signed = &file["signed"];
        assert_eq!(signed["spec_version"], "1.0.31", "{name}");
        let expires = signed["expires"].as_str().unwrap();
        assert!(expires.len() == 20 && expires.ends_with("T00:00:00Z"), "{name}: {expires}");
        if !name.starts_with("timestamp") {
            let version = signed["version"].as_u64().unwrap();
            assert_eq!(*name, format!("{version}.{}.json", signed["_type"].as_str().unwrap()));
        }
    }
}

#[test]
fn keys_are_what_they_are_and_nothing_else_and_their_ids_are_their_hashes() {
    for (name, file) in metadata(&room()).into_iter().filter(|(name, _)| name.ends_with("root.json")) {
        let signed = &file["signed"];
        assert_eq!(signed["consistent_snapshot"], true);
        assert_eq!(
            members(signed),
            ["_type", "consistent_snapshot", "expires", "keys", "roles", "spec_version", "version"]
        );
        let mut used = BTreeSet::new();
        for role in ["root", "snapshot", "targets", "timestamp"] {
            assert_eq!(members(&signed["roles"][role]), ["keyids", "threshold"]);
            used.extend(signed["roles"][role]["keyids"].as_array().unwrap().iter().map(|id| id.as_str().unwrap()));
        }
        assert_eq!(members(&signed["keys"]), used.into_iter().collect::<Vec<_>>(), "{name}: no key that nothing uses");
        for (id, key) in signed["keys"].as_object().unwrap() {
            assert_eq!(members(key), ["keytype", "keyval", "scheme"]);
            assert_eq!(members(&key["keyval"]), ["public"]);
            let public = key["keyval"]["public"].as_str().unwrap();
            match key["keytype"].as_str().unwrap() {
                "ed25519" => assert!(key["scheme"] == "ed25519" && public.len() == 64),
                "ecdsa" => {
                    assert_eq!(key["scheme"], "ecdsa-sha2-nistp256");
                    assert!(public.starts_with("-----BEGIN PUBLIC KEY-----\n"), "{public}");
                }
                other => panic!("{other}"),
            }
            // Canonical: no white space, only `"` and `\` escaped.
            let canonical = format!(
                r#"{{"keytype":{},"keyval":{{"public":"{public}"}},"scheme":{}}}"#,
                key["keytype"], key["scheme"]
            );
            assert_eq!(*id, rootline_metadata::hex::encode(&sha256(canonical.as_bytes())));
        }
    }
}

#[test]
fn signatures_are_there_once_and_none_is_empty() {
    for (name, file) in metadata(&room()) {
        let signatures = file["signatures"].as_array().unwrap();
        let ids: BTreeSet<&str> = signatures.iter().map(|signature| signature["keyid"].as_str().unwrap()).collect();
        let values: BTreeSet<&str> = signatures.iter().map(|signature| signature["sig"].as_str().unwrap()).collect();
        assert!(!ids.is_empty() && ids.len() == signatures.len() && values.len() == signatures.len(), "{name}");
        for signature in signatures {
            assert_eq!(members(signature), ["keyid", "sig"]);
            let sig = signature["sig"].as_str().unwrap();
            assert!(sig.len() >= 128 && sig.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')), "{name}");
        }
    }
}

#[test]
fn everything_that_is_pointed_at_has_its_length_and_digest() {
    let room = room();
    for (name, file) in metadata(&room) {
        let signed = &file["signed"];
        let entries = signed.get("meta").or(signed.get("targets")).and_then(Value::as_object);
        for (entry, pin) in entries.into_iter().flatten() {
            assert!(pin["length"].is_u64(), "{name}: {entry}");
            assert_eq!(members(&pin["hashes"]), ["sha256"], "{name}: {entry}");
        }
    }
}

#[test]
fn an_empty_file_has_its_length_too() {
    let mut room = Room::new();
    room.targets.insert(target("empty.txt"), Vec::new());
    room.hold(&PlanText { ship: vec!["empty.txt"], ..PlanText::of(&FIVE, 3) }, &FIVE);
    let file: Value = serde_json::from_slice(&room.published.files()["1.targets.json"]).unwrap();
    assert_eq!(file["signed"]["targets"]["empty.txt"]["length"], 0);
    room.verify_from(1, 0).unwrap();
}
