//! Faults of others in counting signatures and reading keys, each as a test of ours. `advisories.rs` has the list.

use rootline_ceremonies::KeyKind;
use rootline_client::workflow::Check;
use rootline_metadata::json::{MAX_BYTES, Value, ValueMembers};
use rootline_metadata::{
    Discount, Envelope, KeyId, PublicKey, RoleName, Targets, Thoroughness, Timestamp, TopLevelRole, hex,
};
use rootline_tests::adversary;
use rootline_tests::simulator::{Bins, Delegation, Files, Key, Role, Simulator, member, set};
use rootline_tests::verifier::Verifier;

/// Changes a public file as a whole.
fn edited(files: &Files, name: &str, edit: impl FnOnce(&mut Value)) -> Files {
    let mut file = Value::parse(files.metadata(name).expect("a public file"), MAX_BYTES).expect("JSON");
    edit(&mut file);
    let mut files = files.clone();
    files.set_metadata(name, file.pretty(1));
    files
}

/// The check that refuses a fresh verifier, if one does.
fn check(sim: &Simulator, files: &Files) -> Option<Check> {
    Verifier::of(sim).refresh(files, sim.day(1)).err().map(|error| error.refusal().expect("a refusal").check)
}

/// A repository whose timestamp is signed by these keys, with that threshold.
fn with_timestamp_keys(threshold: u64, keys: Vec<Key>) -> Simulator {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role { keys, threshold };
    sim.publish_root();
    sim.publish();
    sim
}

/// CVE-2015-9258: the algorithm came from the signature entry, not from the key.
#[test]
fn the_algorithm_comes_from_the_key_and_never_from_the_signature() {
    for kind in [KeyKind::Ed25519, KeyKind::EcdsaP256] {
        let sim = with_timestamp_keys(1, vec![Key::of_kind(kind, "some key")]);
        let claims = |method: &'static str| {
            edited(sim.files(), "timestamp.json", |file| {
                for name in ["method", "scheme", "keytype", "alg"] {
                    set(file, &format!("signatures/0/{name}"), method);
                }
            })
        };
        for method in ["none", "ed25519", "ecdsa", "ecdsa-sha2-nistp256", "rsassa-pss-sha256", "hmac-sha256"] {
            assert_eq!(check(&sim, &claims(method)), None, "{kind:?} {method}: what the entry says is of no account");
        }
        // The other kind's signature under this key's id, with the other kind's name beside it.
        let other = if kind == KeyKind::Ed25519 { KeyKind::EcdsaP256 } else { KeyKind::Ed25519 };
        let forged = adversary::substitute(
            sim.files(),
            "timestamp.json",
            &[Key::of_kind(other, "some key").under_id(Key::of_kind(kind, "some key").id())],
        );
        assert_eq!(check(&sim, &forged), Some(Check::TimestampSignatures));
    }
}

/// CVE-2020-6173: thousands of bogus signatures cost minutes. Only ids that the role names are looked at, each once: a stranger's entry is
/// told apart by its id, before anything is computed.
#[test]
fn thousands_of_bogus_signatures_are_not_verified() {
    let sim = with_timestamp_keys(2, Key::all(["t1", "t2", "t3"]));
    let bogus = edited(sim.files(), "timestamp.json", |file| {
        let good = member(file, "signatures/0/sig").clone();
        let entries = member(file, "signatures").as_array_mut().unwrap();
        let own = std::mem::take(entries);
        let stranger =
            |number| ValueMembers::new().with("keyid", format!("{number:064x}")).with("sig", good.clone()).into();
        entries.extend((0..20_000).map(stranger));
        entries.extend(own);
    });
    let mut verifier = Verifier::of(&sim);
    verifier.limits.timestamp = 8 << 20;
    let trusted = verifier.refresh(&bogus, sim.day(1)).unwrap();
    let authority = trusted.root().authority(TopLevelRole::Timestamp);
    let bytes = bogus.metadata("timestamp.json").unwrap().to_vec();
    let envelope = Envelope::<Timestamp>::parse(bytes, 8 << 20).unwrap();
    for (thoroughness, counted, unchecked) in [(Thoroughness::Enough, 2, 1), (Thoroughness::All, 3, 0)] {
        let tally = envelope.tally(authority, thoroughness);
        assert_eq!((tally.counted.len(), tally.unchecked.len()), (counted, unchecked), "it stops when it has enough");
        assert_eq!(tally.discounted.len(), 20_000);
        assert!(tally.discounted.iter().all(|(_, why)| *why == Discount::NotOfThisRole));
    }
    // As ever, the same id twice is an error of the file.
    assert_eq!(check(&sim, &adversary::repeat_signatures(sim.files(), "timestamp.json")), Some(Check::Form));
}

/// CVE-2020-6174, CVE-2020-15093, CVE-2026-6966: signatures by one key counted several times, by listing them several times, under one id
/// or under others; of the top-level roles and of delegated ones.
#[test]
fn signatures_by_one_key_listed_several_times_count_once() {
    // Two are needed, one has signed.
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(2, ["k1", "k2"]);
    sim.publish_root();
    sim.delegate("targets", Delegation::to("a").signed_by(2, ["k1", "k2"])).add_target("a", "x", b"x");
    sim.publish();
    let one = Key::all(["k1"]);
    let other = Key::named("k2").id().to_owned();

    let mut short = sim.clone();
    short.issue("timestamp").signed_by(one.clone()).publish();
    assert_eq!(check(&sim, short.files()), Some(Check::TimestampSignatures));
    assert_eq!(check(&sim, &adversary::repeat_signatures(short.files(), "timestamp.json")), Some(Check::Form));
    let claimed = adversary::claim_signatures(short.files(), "timestamp.json", &[&other, "made up"]);
    assert_eq!(check(&sim, &claimed), Some(Check::TimestampSignatures));

    let mut short = sim.clone();
    short.snapshot.pins = rootline_tests::simulator::PinStyle::VersionOnly;
    short.issue("a").signed_by(one).publish().publish_snapshot();
    let find = |files: &Files| {
        let found = Verifier::of(&sim).find(files, sim.day(1), "x");
        found.err().map(|error| error.refusal().expect("a refusal").check)
    };
    assert_eq!(find(short.files()), Some(Check::TargetsSignatures));
    assert_eq!(find(&adversary::repeat_signatures(short.files(), "2.a.json")), Some(Check::Form));
    let claimed = adversary::claim_signatures(short.files(), "2.a.json", &[&other, "made up"]);
    assert_eq!(find(&claimed), Some(Check::TargetsSignatures));
    assert_eq!(find(sim.files()), None, "both have signed");
}

/// The same key as [`Key::named`], listed in other ways: other ids, PEM for hex, members beside it.
fn one_key_in_many_guises() -> Vec<Key> {
    let key = Key::of_kind(KeyKind::Ed25519, "one key");
    let pem = key.secret().public_key().to_spki_pem();
    let in_pem = |mut object: Value| {
        set(&mut object, "keyval/public", pem.as_str());
        object
    };
    let with_note = |mut object: Value| {
        set(&mut object, "x-note", "another object, another hash");
        object
    };
    vec![
        key.clone(),
        key.clone().under_id("another id"),
        key.clone().under_id("in PEM").listed_as(in_pem(key.object().clone())),
        key.clone().under_id("with a note").listed_as(with_note(key.object().clone())),
    ]
}

/// GHSA-3633-5h82-39pq: one key listed under several ids counted several times.
#[test]
fn one_key_under_several_ids_counts_once() {
    let many = one_key_in_many_guises();
    for threshold in [2, 3, 4] {
        let sim = with_timestamp_keys(threshold, many.clone());
        assert_eq!(check(&sim, sim.files()), Some(Check::TimestampSignatures), "{threshold}");
    }
    assert_eq!(check(&with_timestamp_keys(1, many.clone()), with_timestamp_keys(1, many.clone()).files()), None);
    // With one more key there are two.
    let two = [many.clone(), Key::all(["another key"])].concat();
    assert_eq!(check(&with_timestamp_keys(2, two.clone()), with_timestamp_keys(2, two.clone()).files()), None);
    let sim = with_timestamp_keys(3, two);
    assert_eq!(check(&sim, sim.files()), Some(Check::TimestampSignatures));

    // Of a delegated role, of bins, and of a root by itself.
    let role = Role { keys: many.clone(), threshold: 2 };
    let mut delegated = Simulator::default();
    delegated.delegate("targets", Delegation { role: role.clone(), ..Delegation::to("a") }).add_target("a", "x", b"x");
    delegated.publish();
    let mut binned = Simulator::default();
    binned.delegate_to_bins("targets", Bins { role: role.clone(), ..Bins::new("bin", 1) });
    binned.publish();
    for sim in [&delegated, &binned] {
        let refusal = Verifier::of(sim).find(sim.files(), sim.day(1), "x").unwrap_err().refusal().unwrap().clone();
        assert_eq!(refusal.check, Check::TargetsSignatures);
    }
    let mut sim = Simulator::default();
    sim.root.root = role;
    sim.publish_root();
    assert_eq!(check(&sim, sim.files()), Some(Check::RootSignatures));
}

/// GHSA-77hh-43cm-v8j6: asking for a role that is not delegated gave another role's keys.
#[test]
fn a_role_that_is_not_delegated_has_no_keys() {
    let mut listed = Simulator::default();
    listed.delegate("targets", Delegation::to("a")).delegate("targets", Delegation::to("b"));
    listed.publish();
    let mut binned = Simulator::default();
    binned.delegate_to_bins("targets", Bins::new("bin", 4));
    binned.publish();
    let rows = [
        (&listed, ["a", "b"], ["c", "A", "a ", "targets.json"]),
        (&binned, ["bin-0", "bin-f"], ["bin", "bin-", "bin-10", "bin-F"]),
    ];
    for (sim, delegated, others) in rows {
        let bytes = sim.files().metadata("2.targets.json").unwrap().to_vec();
        let targets = Envelope::<Targets>::parse(bytes, MAX_BYTES).unwrap();
        let delegations = targets.unverified().delegations().unwrap();
        for name in delegated {
            let key = if name.starts_with("bin") { "bin" } else { name };
            let keys = delegations.role_keys(&RoleName::new(name).unwrap()).unwrap();
            assert_eq!(keys.key_ids(), [KeyId::from(Key::named(key).id())], "{name}");
        }
        for name in others {
            assert!(delegations.authority(&RoleName::new(name).unwrap()).is_none(), "{name}");
        }
    }
}

/// CVE-2026-23992: a threshold of 0 or below switched verification off.
#[test]
fn a_threshold_below_one_is_malformed_and_never_met() {
    for threshold in ["0", "-0", "-1", "-9223372036854775808", "18446744073709551616", "1.0", "\"1\"", "null", "false"]
    {
        let json = || Value::parse(threshold.as_bytes(), 100).ok();
        // JSON that canonical JSON has no form for never gets as far as to be signed.
        let Some(value) = json() else { continue };
        let mut sim = Simulator::default();
        sim.delegate("targets", Delegation::to("a")).add_target("a", "x", b"x");
        sim.publish();
        for role in ["root", "timestamp", "snapshot", "targets"] {
            let mut sim = sim.clone();
            let path = format!("roles/{role}/threshold");
            sim.issue("root").edited(|signed| set(signed, &path, value.clone())).publish();
            let unsigned = adversary::strip_signatures(sim.files(), "timestamp.json");
            assert_eq!(check(&sim, &unsigned), Some(Check::Form), "{role} {threshold}");
        }
        let path = "delegations/roles/0/threshold";
        sim.issue("targets").edited(|signed| set(signed, path, value.clone())).publish().publish_snapshot();
        assert_eq!(check(&sim, sim.files()), Some(Check::Form), "delegated {threshold}");
        let mut sim = Simulator::default();
        sim.delegate_to_bins("targets", Bins::new("bin", 1));
        let path = "delegations/succinct_roles/threshold";
        sim.issue("targets").edited(|signed| set(signed, path, value.clone())).publish().publish_snapshot();
        assert_eq!(check(&sim, sim.files()), Some(Check::Form), "bins {threshold}");
    }
}

/// go-tuf 33d359c: a 31-byte Ed25519 key caused a panic. A key of another length is useless, and the file that lists it is not.
#[test]
fn an_ed25519_key_of_any_other_length_is_useless_and_nothing_worse() {
    let good = Key::of_kind(KeyKind::Ed25519, "good");
    let digits = hex::encode(good.secret().public_key().material().as_ed25519().unwrap());
    for length in 0..=66 {
        let public = digits.repeat(3)[..length * 2].to_owned();
        assert_eq!(PublicKey::from_tuf("ed25519", "ed25519", &public).is_ok(), length == 32, "{length}");
        let mut object = good.object().clone();
        set(&mut object, "keyval/public", public);
        let useless = good.clone().under_id("useless").listed_as(object);
        let sim = with_timestamp_keys(1, vec![useless.clone()]);
        assert_eq!(check(&sim, sim.files()), (length != 32).then_some(Check::TimestampSignatures), "{length}");
        // Beside one that is good it is in nobody's way.
        let sim = with_timestamp_keys(1, vec![useless, Key::named("another")]);
        assert_eq!(check(&sim, sim.files()), None, "{length}");
    }
}

/// Small-order keys: such a key in a role lets anyone forge for it.
#[test]
fn a_small_order_key_signs_for_nobody() {
    // R is the neutral element and s is 0: good for every message under a key of order 1, where nobody looks at the key.
    let forged = format!("01{}", "00".repeat(63));
    for public in [
        "0100000000000000000000000000000000000000000000000000000000000000",
        "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
        "0000000000000000000000000000000000000000000000000000000000000000",
        "0000000000000000000000000000000000000000000000000000000000000080",
        "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
        "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
        "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    ] {
        let honest = Key::of_kind(KeyKind::Ed25519, "honest");
        let mut object = honest.object().clone();
        set(&mut object, "keyval/public", public);
        let weak = honest.clone().under_id("weak").listed_as(object);
        let sim = with_timestamp_keys(1, vec![weak.clone()]);
        let attack = edited(sim.files(), "timestamp.json", |file| {
            set(file, "signed/tampered", true);
            set(file, "signatures/0/sig", forged.as_str());
        });
        assert_eq!(check(&sim, &attack), Some(Check::TimestampSignatures), "{public}");
        assert!(PublicKey::from_tuf("ed25519", "ed25519", public).is_err());
        // The role's other key is as good as ever.
        let sim = with_timestamp_keys(1, vec![weak, honest]);
        assert_eq!(check(&sim, sim.files()), None);
    }
}

/// tough#950: signatures were checked over a struct written again, so members that the struct did not have were not signed, or broke it.
#[test]
fn signatures_are_over_what_arrived_unknown_members_included() {
    let mut sim = Simulator::default();
    sim.timestamp.more.insert("x-unknown", ValueMembers::new().with("n", 18_446_744_073_709_551_615u64).into());
    sim.root.more.insert("x-unknown", "kept".into());
    sim.publish_root();
    sim.publish();
    assert_eq!(check(&sim, sim.files()), None);
    let without =
        edited(sim.files(), "timestamp.json", |file| rootline_tests::simulator::unset(file, "signed/x-unknown"));
    assert_eq!(check(&sim, &without), Some(Check::TimestampSignatures), "who takes it out breaks the signature");
    let changed =
        edited(sim.files(), "timestamp.json", |file| set(file, "signed/x-unknown/n", 18_446_744_073_709_551_614u64));
    assert_eq!(check(&sim, &changed), Some(Check::TimestampSignatures), "also by one in twenty digits");
    let outside = edited(sim.files(), "timestamp.json", |file| set(file, "x-outside", true));
    assert_eq!(check(&sim, &outside), None, "what is beside the signed part is nobody's business");
}

/// root-signing#1431: a key id that is not the hash of its key cut clients off. Declared ids are opaque, of every role.
#[test]
fn a_key_id_need_not_be_the_hash_of_its_key() {
    let named = |name: &str| Key::named(name).under_id(&format!("{name}, whatever it is: \u{1f511}"));
    let mut sim = Simulator::default();
    sim.root.root = Role { keys: vec![named("r1"), named("r2")], threshold: 2 };
    sim.root.timestamp = Role { keys: vec![named("t")], threshold: 1 };
    sim.root.snapshot = Role { keys: vec![named("s")], threshold: 1 };
    sim.root.targets = Role { keys: vec![named("g")], threshold: 1 };
    sim.publish_root();
    sim.publish_root();
    let role = Role { keys: vec![named("d")], threshold: 1 };
    sim.delegate("targets", Delegation { role, ..Delegation::to("a") }).add_target("a", "x", b"x");
    sim.publish();
    assert_eq!(Verifier::of(&sim).download(sim.files(), sim.day(1), "x").unwrap(), b"x");
    // An id that another key is listed under is that key's, and its signature is not this one's.
    let mut confused = sim.clone();
    confused.issue("timestamp").signed_by([Key::named("stranger").under_id(named("t").id())]).publish();
    assert_eq!(check(&sim, confused.files()), Some(Check::TimestampSignatures));
}
