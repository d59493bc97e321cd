//! The forms of the four roles: what is read, what is refused, and at which place (TUF 4).

use rootline_metadata::json::Value;
use rootline_metadata::{DelegatedRoles, Envelope, Role, Root, Snapshot, TargetPath, Targets, Timestamp, TopLevelRole};

const SHA: &str = "aadf327c8267c09d6fffd87a1a80ad3c798469ff332b7a57b9e8c045d46b2af7";

fn role(keys: &str, threshold: &str) -> String {
    format!(r#"{{"keyids": {keys}, "threshold": {threshold}}}"#)
}

fn header(of: &str) -> String {
    format!(r#""_type": "{of}", "spec_version": "1.0.31", "version": 3, "expires": "2030-01-31T00:00:00Z""#)
}

fn file(signed: &str) -> String {
    format!(r#"{{"signatures": [{{"keyid": "a", "sig": "00"}}], "signed": {{{signed}}}}}"#)
}

fn root() -> String {
    let roles =
        ["root", "timestamp", "snapshot", "targets"].map(|name| format!(r#""{name}": {}"#, role(r#"["a"]"#, "1")));
    let key = r#"{"keytype": "ed25519", "scheme": "ed25519", "keyval": {"public": "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"}}"#;
    file(&format!(
        r#"{}, "consistent_snapshot": true, "keys": {{"a": {key}}}, "roles": {{{}}}"#,
        header("root"),
        roles.join(", ")
    ))
}

fn timestamp() -> String {
    file(&format!(
        r#"{}, "meta": {{"snapshot.json": {{"version": 7, "length": 9, "hashes": {{"sha256": "{SHA}"}}}}}}"#,
        header("timestamp")
    ))
}

fn snapshot() -> String {
    file(&format!(
        r#"{}, "meta": {{"targets.json": {{"version": 7}}, "b.json": {{"version": 2}}}}"#,
        header("snapshot")
    ))
}

fn targets() -> String {
    let delegation = r#"{"name": "b", "keyids": ["k"], "threshold": 1, "paths": ["b/*"], "terminating": false}"#;
    let entry = format!(r#"{{"length": 0, "hashes": {{"sha256": "{SHA}"}}, "custom": {{"x": 1}}}}"#);
    file(&format!(
        r#"{}, "targets": {{"z": {entry}, "a": {entry}}}, "delegations": {{"keys": {{}}, "roles": [{delegation}]}}"#,
        header("targets")
    ))
}

fn bins() -> String {
    let bins = r#"{"keyids": ["k"], "threshold": 1, "bit_length": 4, "name_prefix": "bin"}"#;
    file(&format!(
        r#"{}, "targets": {{}}, "delegations": {{"keys": {{}}, "succinct_roles": {bins}}}"#,
        header("targets")
    ))
}

/// `text` with one occurrence of `from` replaced; it has to be there.
fn edited(text: &str, from: &str, to: &str) -> Vec<u8> {
    assert!(text.contains(from), "{from} is not in {text}");
    text.replacen(from, to, 1).into_bytes()
}

fn refusal<R: Role>(bytes: Vec<u8>) -> String {
    match Envelope::<R>::parse(bytes, 100_000) {
        Ok(_) => "it was read".to_owned(),
        Err(error) => error.to_string(),
    }
}

#[test]
fn the_four_roles_are_read() {
    let root = Envelope::<Root>::parse(root().into_bytes(), 100_000).unwrap();
    assert_eq!(root.unverified().version().number(), 3);
    assert!(root.unverified().consistent_snapshot());
    assert_eq!(root.unverified().role(TopLevelRole::Targets).threshold(), 1);
    let timestamp = Envelope::<Timestamp>::parse(timestamp().into_bytes(), 100_000).unwrap();
    assert_eq!(timestamp.unverified().snapshot().length, Some(9));
    let snapshot = Envelope::<Snapshot>::parse(snapshot().into_bytes(), 100_000).unwrap();
    assert_eq!(snapshot.unverified().targets().version.number(), 7);
    assert_eq!(snapshot.unverified().meta_files().len(), 2);
    let targets = Envelope::<Targets>::parse(targets().into_bytes(), 100_000).unwrap();
    let names: Vec<_> = targets.unverified().targets().map(|(name, _)| name.into_owned()).collect();
    assert_eq!(names, ["a", "z"]);
    let file = targets.unverified().target(&TargetPath::from_static("z")).unwrap();
    assert_eq!((file.length, file.custom.unwrap().compact()), (0, r#"{"x":1}"#.to_owned()));
    assert_eq!(targets.unverified().target(&TargetPath::from_static("b")), None);
    let bins = Envelope::<Targets>::parse(bins().into_bytes(), 100_000).unwrap();
    let roles = bins.unverified().delegations().unwrap().roles().clone();
    assert!(matches!(roles, DelegatedRoles::HashBins(bins) if bins.count() == 16));
}

#[test]
fn what_every_role_has_is_needed_and_has_its_form() {
    let cases = [
        (
            r#""_type": "root""#,
            r#""_type": "targets""#,
            "expected \"root\": this is another role's file at signed._type",
        ),
        (r#""_type": "root","#, "", "member `_type` is missing at signed"),
        (r#""1.0.31""#, r#""2.0.0""#, "expected a specification version 1.x or 1.x.y at signed.spec_version"),
        (r#""version": 3"#, r#""version": 0"#, "a version is 1 or more at signed.version"),
        (r#""version": 3"#, r#""version": -1"#, "expected a whole number from 0 to 2^63-1 at signed.version"),
        (
            r#""version": 3"#,
            r#""version": 9223372036854775808"#,
            "expected a whole number from 0 to 2^63-1 at signed.version",
        ),
        (r#""version": 3"#, r#""version": "3""#, "expected a whole number from 0 to 2^63-1 at signed.version"),
        (r#""version": 3"#, r#""version": 3.0"#, "a number with a fraction or an exponent"),
        (
            "2030-01-31T00:00:00Z",
            "2030-01-31",
            "expected a date and time such as 2030-01-31T00:00:00Z at signed.expires",
        ),
        (r#""signatures": ["#, r#""signatures": 1, "x": ["#, "expected an array at signatures"),
        (r#""signatures""#, r#""signature""#, "member `signatures` is missing"),
        (r#""sig": "00""#, r#""sig": 0"#, "expected a string at signatures.0.sig"),
        (
            r#"{"keyid": "a", "sig": "00"}"#,
            r#"{"keyid": "a", "sig": "00"}, {"keyid": "a", "sig": "01"}"#,
            "a second signature under the same key id at signatures.1",
        ),
    ];
    for (from, to, expected) in cases {
        let said = refusal::<Root>(edited(&root(), from, to));
        assert!(said.starts_with(expected), "{from} → {to}: {said}");
    }
    let largest = edited(&root(), r#""version": 3"#, r#""version": 9223372036854775807"#);
    assert_eq!(refusal::<Root>(largest), "it was read");
}

#[test]
fn a_root_names_its_four_roles_each_with_a_threshold_that_is_not_nothing() {
    let cases = [
        (r#""timestamp": {"keyids": ["a"], "threshold": 1}, "#, "", "member `timestamp` is missing at signed.roles"),
        (r#""threshold": 1"#, r#""threshold": 0"#, "a threshold is 1 or more at signed.roles.root.threshold"),
        (
            r#""threshold": 1"#,
            r#""threshold": -1"#,
            "expected a whole number from 0 to 2^63-1 at signed.roles.root.threshold",
        ),
        (r#"["a"]"#, r#"["a", "a"]"#, "this key id is listed twice for one role at signed.roles.root.keyids.1"),
        (r#"["a"]"#, r#""a""#, "expected an array at signed.roles.root.keyids"),
        (r#""keytype": "ed25519", "#, "", "member `keytype` is missing at signed.keys.a"),
        (
            r#""consistent_snapshot": true"#,
            r#""consistent_snapshot": 1"#,
            "expected true or false at signed.consistent_snapshot",
        ),
    ];
    for (from, to, expected) in cases {
        let said = refusal::<Root>(edited(&root(), from, to));
        assert!(said.starts_with(expected), "{from} → {to}: {said}");
    }
    let unstated = edited(&root(), r#""consistent_snapshot": true, "#, "");
    assert!(!Envelope::<Root>::parse(unstated, 100_000).unwrap().unverified().consistent_snapshot());
    let high = edited(&root(), r#""threshold": 1"#, r#""threshold": 1000"#);
    assert_eq!(refusal::<Root>(high), "it was read");
}

#[test]
fn a_key_of_an_unknown_kind_is_useless_and_no_fault_of_the_file() {
    for (from, to) in [
        (r#""keytype": "ed25519""#, r#""keytype": "new""#),
        (r#""scheme": "ed25519""#, r#""scheme": "new""#),
        (r#""public": "d7"#, r#""public": "zz"#),
        (r#""public": "d75a"#, r#""public": ""#),
        (r#""public""#, r#""other""#),
    ] {
        let envelope = Envelope::<Root>::parse(edited(&root(), from, to), 100_000).unwrap();
        let (_, key) = envelope.unverified().keys().iter().next().unwrap();
        assert!(key.usable().is_err(), "{to}");
    }
    let envelope = Envelope::<Root>::parse(root().into_bytes(), 100_000).unwrap();
    assert!(envelope.unverified().keys().iter().next().unwrap().1.usable().is_ok());
}

#[test]
fn a_timestamp_without_its_one_pin_is_refused_when_it_is_read() {
    let cases = [
        (r#""snapshot.json""#, r#""snapshots.json""#, "member `snapshot.json` is missing at signed.meta"),
        (r#""version": 7, "#, "", "member `version` is missing at signed.meta.snapshot.json"),
        (r#""version": 7"#, r#""version": 0"#, "a version is 1 or more at signed.meta.snapshot.json.version"),
        (
            r#""length": 9"#,
            r#""length": -9"#,
            "expected a whole number from 0 to 2^63-1 at signed.meta.snapshot.json.length",
        ),
        (
            "sha256",
            "md5",
            "no digest by an algorithm that can be checked (sha256, sha384, sha512) at signed.meta.snapshot.json.hashes",
        ),
        (&SHA[2..], "", "expected a digest of 64 hex digits at signed.meta.snapshot.json.hashes.sha256"),
    ];
    for (from, to, expected) in cases {
        let said = refusal::<Timestamp>(edited(&timestamp(), from, to));
        assert!(said.starts_with(expected), "{from} → {to}: {said}");
    }
}

#[test]
fn every_pin_of_a_snapshot_has_its_form_also_of_roles_that_are_gone() {
    let cases = [
        (r#""targets.json""#, r#""target.json""#, "member `targets.json` is missing at signed.meta"),
        (r#""b.json": {"version": 2}"#, r#""b.json": {}"#, "member `version` is missing at signed.meta.b.json"),
        (r#""b.json": {"version": 2}"#, r#""b.json": 2"#, "expected an object at signed.meta.b.json"),
    ];
    for (from, to, expected) in cases {
        let said = refusal::<Snapshot>(edited(&snapshot(), from, to));
        assert!(said.starts_with(expected), "{from} → {to}: {said}");
    }
}

#[test]
fn every_target_has_a_name_a_length_and_a_digest_that_can_be_checked() {
    let cases = [
        (r#""length": 0, "#, "", "member `length` is missing at signed.targets.z"),
        (r#""hashes": {"sha256""#, r#""hashes": {}, "h": {"sha256""#, "no digest by an algorithm that can be checked"),
        (r#""z": {"#, r#""": {"#, "a target's name is not empty"),
        (r#""custom": {"x": 1}"#, r#""custom": 1"#, "expected an object at signed.targets.z.custom"),
        (r#""a": {"#, r#""z": {"#, "this name occurs twice in one object"),
    ];
    for (from, to, expected) in cases {
        let said = refusal::<Targets>(edited(&targets(), from, to));
        assert!(said.starts_with(expected), "{from} → {to}: {said}");
    }
    let more = edited(&targets(), r#""sha256""#, r#""blake2b": "??", "sha256""#);
    assert_eq!(refusal::<Targets>(more), "it was read");
}

#[test]
fn a_delegation_says_whom_it_trusts_with_what_in_exactly_one_way() {
    let cases = [
        (
            r#""name": "b""#,
            r#""name": "targets""#,
            "a delegated role's name is not empty and not the name of a top-level role",
        ),
        (
            r#""name": "b""#,
            r#""name": """#,
            "a delegated role's name is not empty and not the name of a top-level role",
        ),
        (r#""threshold": 1"#, r#""threshold": 0"#, "a threshold is 1 or more at signed.delegations.roles.0.threshold"),
        (r#""paths": ["b/*"], "#, "", "exactly one of `paths` and `path_hash_prefixes` is needed"),
        (
            r#""paths": ["b/*"]"#,
            r#""paths": [], "path_hash_prefixes": []"#,
            "exactly one of `paths` and `path_hash_prefixes` is needed",
        ),
        (r#""paths": ["b/*"]"#, r#""path_hash_prefixes": ["xy"]"#, "expected up to 64 lowercase hex digits"),
        (r#", "terminating": false"#, "", "member `terminating` is missing"),
        (r#""roles": ["#, r#""roles_": ["#, "exactly one of `roles` and `succinct_roles` is needed"),
    ];
    for (from, to, expected) in cases {
        let said = refusal::<Targets>(edited(&targets(), from, to));
        assert!(said.starts_with(expected), "{from} → {to}: {said}");
    }
    let twice = Value::parse(targets().as_bytes(), 100_000).unwrap();
    let mut twice = twice;
    let delegations =
        twice.as_object_mut().unwrap().get_mut("signed").unwrap().as_object_mut().unwrap().get_mut("delegations");
    let roles = delegations.unwrap().as_object_mut().unwrap().get_mut("roles").unwrap().as_array_mut().unwrap();
    roles.push(roles[0].clone());
    let said = refusal::<Targets>(twice.pretty(1).into_bytes());
    assert!(said.starts_with("a role is delegated to twice in one list at signed.delegations.roles.1"), "{said}");
}

#[test]
fn hash_bins_have_from_1_to_32_bits() {
    for bad in ["0", "33", "-4", "4.0"] {
        let said = refusal::<Targets>(edited(&bins(), r#""bit_length": 4"#, &format!(r#""bit_length": {bad}"#)));
        assert_ne!(said, "it was read", "{bad}");
    }
    for good in ["1", "32"] {
        let said = refusal::<Targets>(edited(&bins(), r#""bit_length": 4"#, &format!(r#""bit_length": {good}"#)));
        assert_eq!(said, "it was read", "{good}");
    }
}

#[test]
fn a_delegation_covers_what_its_patterns_or_prefixes_say() {
    let covered = |bytes: Vec<u8>, path: &'static str| {
        let envelope = Envelope::<Targets>::parse(bytes, 100_000).unwrap();
        let delegations = envelope.unverified().delegations().unwrap();
        !delegations.delegates_for(&TargetPath::from_static(path)).is_empty()
    };
    let prefixes =
        |prefixes: &str| edited(&targets(), r#""paths": ["b/*"]"#, &format!(r#""path_hash_prefixes": {prefixes}"#));
    assert!(covered(targets().into_bytes(), "b/x"));
    assert!(!covered(targets().into_bytes(), "c/x"));
    // SHA-256("file.txt") begins with aadf327c.
    assert!(covered(prefixes(r#"["00", "aadf"]"#), "file.txt"));
    assert!(!covered(prefixes(r#"["00", "aade"]"#), "file.txt"));
    assert!(covered(prefixes(r#"[""]"#), "file.txt"));
    assert!(!covered(prefixes("[]"), "file.txt"));
}
