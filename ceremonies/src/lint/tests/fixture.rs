//! A small repository that breaks no rule, to be changed and signed.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::json::Value as Strict;
use rootline_metadata::{KeyId, hex, key_object, parse_instant, sha256};
use serde_json::{Value, json};

use super::super::RepositoryView;
use crate::keys::secret_key::{KeyKind, SecretKey};

/// Keyholders, the online key, a delegated role's two keys, and a key of nobody.
pub(super) const KEYS: [&str; 7] = ["alice", "bob", "carol", "online", "dora", "emil", "stranger"];

/// Signed parts, by whom they are signed, and target files.
pub(super) struct Repository {
    pub(super) roots: Vec<(Value, Vec<&'static str>)>,
    pub(super) timestamp: Value,
    pub(super) snapshot: Value,
    pub(super) targets: Value,
    pub(super) delegated: Value,
    pub(super) signers: BTreeMap<&'static str, Vec<&'static str>>,
    /// Target files by the name under which targets lists them.
    pub(super) files: BTreeMap<&'static str, Vec<u8>>,
    /// The delegated role's name.
    pub(super) role: &'static str,
    /// Changes the snapshot once its pins are filled in.
    pub(super) pinned: fn(&mut Value),
    /// Changes the signatures of targets.
    pub(super) signatures: fn(&mut Value),
}

pub(super) fn now() -> DateTime<Utc> {
    parse_instant("2030-01-01T00:00:00Z").unwrap()
}

fn key(name: &str) -> SecretKey {
    let seed = KEYS.iter().position(|known| *known == name).unwrap() as u8 + 1;
    SecretKey::from_seed(KeyKind::Ed25519, &[seed; 32])
}

pub(super) fn id(name: &str) -> String {
    KeyId::of(&key(name).public_key()).as_str().to_owned()
}

pub(super) fn object(name: &str) -> Value {
    serde_json::from_str(&Strict::from(key_object(&key(name).public_key())).compact()).unwrap()
}

fn keys(names: &[&str]) -> Value {
    names.iter().map(|name| (id(name), object(name))).collect::<serde_json::Map<_, _>>().into()
}

pub(super) fn role(names: &[&str], threshold: u64) -> Value {
    json!({ "keyids": names.iter().map(|name| id(name)).collect::<Vec<_>>(), "threshold": threshold })
}

fn header(kind: &str, version: u64, expires: &str) -> Value {
    json!({ "_type": kind, "spec_version": "1.0.31", "version": version, "expires": expires })
}

fn with(mut header: Value, members: Value) -> Value {
    let Value::Object(members) = members else { panic!("members are an object") };
    header.as_object_mut().unwrap().extend(members);
    header
}

const PEOPLE: [&str; 3] = ["alice", "bob", "carol"];

impl Repository {
    pub(super) fn new() -> Repository {
        let root = |version| {
            let members = json!({
                "consistent_snapshot": true,
                "keys": keys(&["alice", "bob", "carol", "online"]),
                "roles": {
                    "root": role(&PEOPLE, 2), "targets": role(&PEOPLE, 2),
                    "snapshot": role(&["online"], 1), "timestamp": role(&["online"], 1),
                },
            });
            (with(header("root", version, "2030-07-01T00:00:00Z"), members), vec!["alice", "bob"])
        };
        let delegation = json!({
            "name": "team", "paths": ["team/*"], "terminating": true,
            "keyids": [id("dora"), id("emil")], "threshold": 1,
        });
        let delegations = json!({ "keys": keys(&["dora", "emil"]), "roles": [delegation] });
        Repository {
            roots: vec![root(1), root(2)],
            timestamp: with(header("timestamp", 1, "2030-01-08T00:00:00Z"), json!({ "meta": {} })),
            snapshot: with(header("snapshot", 1, "2030-02-01T00:00:00Z"), json!({ "meta": {} })),
            targets: with(
                header("targets", 1, "2030-07-01T00:00:00Z"),
                json!({ "targets": {}, "delegations": delegations }),
            ),
            delegated: with(header("targets", 1, "2030-07-01T00:00:00Z"), json!({ "targets": {} })),
            signers: [
                ("timestamp", vec!["online"]),
                ("snapshot", vec!["online"]),
                ("targets", vec!["alice", "bob"]),
                ("delegated", vec!["dora"]),
            ]
            .into(),
            files: [("notes.txt", b"notes".to_vec())].into(),
            role: "team",
            pinned: |_| {},
            signatures: |_| {},
        }
    }

    /// The repository, signed, as a folder has it.
    pub(super) fn view(mut self) -> RepositoryView {
        let mut files = BTreeMap::new();
        for (name, bytes) in &self.files {
            let digest = hex::encode(&sha256(bytes));
            files.insert(format!("targets/{digest}.{name}"), bytes.clone());
            let target = &mut self.targets["targets"][*name];
            target["length"] = bytes.len().into();
            target["hashes"] = json!({ "sha256": digest });
        }
        for (root, signers) in &self.roots {
            files.insert(format!("{}.root.json", root["version"]), signed(root, signers, |_| {}));
        }
        if let Some((root, signers)) = self.roots.last() {
            files.insert("root.json".to_owned(), signed(root, signers, |_| {}));
        }
        let targets = signed(&self.targets, &self.signers["targets"], self.signatures);
        let delegated = signed(&self.delegated, &self.signers["delegated"], |_| {});
        self.snapshot["meta"]["targets.json"] = pin(&self.targets, &targets);
        self.snapshot["meta"][format!("{}.json", self.role)] = pin(&self.delegated, &delegated);
        files.insert(format!("{}.targets.json", self.targets["version"]), targets);
        files.insert(format!("{}.{}.json", self.delegated["version"], self.role), delegated);
        (self.pinned)(&mut self.snapshot);
        let snapshot = signed(&self.snapshot, &self.signers["snapshot"], |_| {});
        self.timestamp["meta"]["snapshot.json"] = pin(&self.snapshot, &snapshot);
        files.insert(format!("{}.snapshot.json", self.snapshot["version"]), snapshot);
        files.insert("timestamp.json".to_owned(), signed(&self.timestamp, &self.signers["timestamp"], |_| {}));
        RepositoryView::whole(files)
    }

    pub(super) fn newest_root(&mut self) -> &mut Value {
        &mut self.roots.last_mut().unwrap().0
    }
}

fn pin(signed: &Value, bytes: &[u8]) -> Value {
    json!({ "version": signed["version"], "length": bytes.len(), "hashes": { "sha256": hex::encode(&sha256(bytes)) } })
}

/// The file that these have signed; `change` changes its signatures afterwards.
fn signed(part: &Value, signers: &[&str], change: fn(&mut Value)) -> Vec<u8> {
    let text = part.to_string();
    let message = Strict::parse(text.as_bytes(), 1 << 30).unwrap().canonical();
    let signature = |name: &&str| json!({ "keyid": id(name), "sig": hex::encode(&key(name).sign(&message)) });
    let mut signatures = signers.iter().map(signature).collect::<Vec<_>>().into();
    change(&mut signatures);
    json!({ "signatures": signatures, "signed": part }).to_string().into_bytes()
}
