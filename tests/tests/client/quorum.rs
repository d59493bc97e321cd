//! A tally says who counted, who is missing, and why each other signature did not count.

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{Discount, Envelope, KeyId, KeyTally, Root, Signatory, Thoroughness, TopLevelRole};
use rootline_tests::simulator::{Key, envelope, member, set};

/// A root whose root role lists these ids and needs `threshold` of them, signed by `signers`.
fn root(threshold: u64, listed: &[&Key], also_named: &[&str], signers: &[&Key]) -> Value {
    let keys = listed.iter().fold(ValueMembers::new(), |keys, key| keys.with(key.id(), key.object().clone()));
    let ids: Value = listed.iter().map(|key| key.id()).chain(also_named.iter().copied()).collect();
    let role = ValueMembers::new().with("keyids", ids).with("threshold", threshold);
    let names = TopLevelRole::ALL.map(TopLevelRole::name);
    let roles = names.into_iter().fold(ValueMembers::new(), |roles, name| roles.with(name, role.clone()));
    let signed = ValueMembers::new()
        .with("_type", "root")
        .with("spec_version", "1.0.31")
        .with("version", 1)
        .with("expires", "2030-01-01T00:00:00Z")
        .with("consistent_snapshot", true)
        .with("keys", keys)
        .with("roles", roles);
    envelope(&signed.into(), signers.iter().copied())
}

fn tally(file: &Value, thoroughness: Thoroughness) -> KeyTally {
    let envelope = Envelope::<Root>::parse(file.pretty(1).into_bytes(), 100_000).expect("a root");
    let root = envelope.unverified().clone();
    envelope.tally(root.authority(TopLevelRole::Root), thoroughness)
}

fn ids(keys: &[&Key]) -> Vec<KeyId> {
    keys.iter().map(|key| key.id().into()).collect()
}

#[test]
fn who_has_signed_counts_and_who_has_not_is_missing() {
    let [a, b, c] = ["a", "b", "c"].map(Key::named);
    let tally = tally(&root(2, &[&a, &b, &c], &[], &[&a, &c]), Thoroughness::All);
    assert_eq!((tally.counted.clone(), tally.missing.clone()), (ids(&[&a, &c]), ids(&[&b])));
    assert!(tally.is_met() && tally.discounted.is_empty() && tally.unchecked.is_empty());
}

#[test]
fn exactly_the_threshold_is_enough_and_one_less_is_not() {
    let [a, b, c] = ["a", "b", "c"].map(Key::named);
    for (signers, met) in [(&[&a][..], false), (&[&a, &b], true), (&[&a, &b, &c], true)] {
        assert_eq!(tally(&root(2, &[&a, &b, &c], &[], signers), Thoroughness::All).is_met(), met, "{signers:?}");
    }
}

#[test]
fn counting_stops_when_there_are_enough_unless_all_are_asked_for() {
    let [a, b, c] = ["a", "b", "c"].map(Key::named);
    let file = root(1, &[&a, &b, &c], &[], &[&a, &b, &c]);
    let enough = tally(&file, Thoroughness::Enough);
    assert_eq!((enough.counted, enough.unchecked), (ids(&[&a]), ids(&[&b, &c])));
    let all = tally(&file, Thoroughness::All);
    assert_eq!((all.counted, all.unchecked), (ids(&[&a, &b, &c]), Vec::new()));
}

#[test]
fn every_signature_that_does_not_count_comes_with_its_reason() {
    let [good, empty, no_hex, wrong, stranger] = ["good", "empty", "no hex", "wrong", "stranger"].map(Key::named);
    let again = Key::named("good").under_id("again");
    let mut unknown_kind = Key::named("unknown").object().clone();
    set(&mut unknown_kind, "keytype", "gost");
    let unknown = Key::named("unknown").listed_as(unknown_kind).under_id("unknown");
    let unlisted = Key::named("unlisted").under_id("unlisted");
    let listed = [&good, &again, &empty, &no_hex, &wrong, &unknown];
    let mut file =
        root(2, &listed, &["unlisted"], &[&good, &again, &empty, &no_hex, &wrong, &unknown, &unlisted, &stranger]);
    set(&mut file, "signatures/2/sig", "");
    set(&mut file, "signatures/3/sig", "no hex");
    let of_another = member(&mut file, "signatures/0/sig").clone();
    set(&mut file, "signatures/4/sig", of_another);

    let tally = tally(&file, Thoroughness::All);
    assert_eq!(tally.counted, ids(&[&good]));
    assert!(!tally.is_met() && tally.missing.is_empty());
    let why = |key: &Key| tally.discounted.iter().find(|(id, _)| id.as_str() == key.id()).map(|(_, why)| why).unwrap();
    assert_eq!(*why(&again), Discount::SameKeyAs(good.id().into()));
    assert_eq!(*why(&empty), Discount::Empty);
    assert_eq!(*why(&no_hex), Discount::NotHex);
    assert_eq!(*why(&wrong), Discount::Wrong);
    assert!(matches!(why(&unknown), Discount::UnusableKey(_)));
    assert_eq!(*why(&unlisted), Discount::NoSuchKey);
    assert_eq!(*why(&stranger), Discount::NotOfThisRole);
    let told = tally.to_string();
    assert!(told.starts_with("1 of 2 signatures needed; "), "{told}");
    for reason in
        ["the signature is empty", "is not hex", "is wrong", "the same key has counted as", "no key is listed"]
    {
        assert!(told.contains(reason), "{reason}: {told}");
    }
}

/// One id may name another key in the next root. A signature is good or wrong by a key and never by an id, so that what one root's key has
/// signed does not count for the other root's.
#[test]
fn one_id_with_two_keys_in_consecutive_roots_counts_for_each_root_by_its_own_key() {
    let of = |name: &str| Key::named(name).under_id("x");
    let other = Key::named("other");
    let old = root(1, &[&of("old"), &other], &[], &[&of("old")]);
    let next = |signers: &[&Key]| {
        let mut file = root(1, &[&of("new"), &other], &[], &[]);
        set(&mut file, "signed/version", 2);
        let signed = member(&mut file, "signed").clone();
        envelope(&signed, signers.iter().copied())
    };
    let parsed = |file: &Value| Envelope::<Root>::parse(file.pretty(1).into_bytes(), 100_000).expect("a root");
    let old = parsed(&old).verify_self_signed().expect("signed by itself");
    let follows =
        |signers: &[&Key]| parsed(&next(signers)).verify_after(&old).map(drop).map_err(|unsigned| unsigned.by);
    assert_eq!(follows(&[&of("old")]), Err(Signatory::NewRoot), "the old key has signed, under an id of both");
    assert_eq!(follows(&[&of("new")]), Err(Signatory::OldRoot), "the new key has signed, under an id of both");
    assert_eq!(follows(&[&other]), Ok(()));
    assert_eq!(follows(&[&of("new"), &other]), Ok(()));
    assert_eq!(follows(&[&of("old"), &other]), Ok(()));
}

/// A wrong signature under one id says nothing about the same key's signature under another id, in whichever order they come.
#[test]
fn of_one_key_under_two_ids_a_wrong_signature_does_not_void_the_good_one() {
    for (first, second) in [("a", "b"), ("b", "a")] {
        let [good, wrong, stranger] =
            [Key::named("k").under_id(first), Key::named("k").under_id(second), Key::named("s")];
        for listed in [[&good, &wrong], [&wrong, &good]] {
            let mut file = root(1, &listed, &[], &[&good, &wrong, &stranger]);
            let of_a_stranger = member(&mut file, "signatures/2/sig").clone();
            set(&mut file, "signatures/1/sig", of_a_stranger);
            let all = tally(&file, Thoroughness::All);
            assert!(all.is_met() && all.counted == ids(&[&good]), "{all}");
            assert!(all.discounted.contains(&(wrong.id().into(), Discount::Wrong)), "{all}");
            // Neither does it count twice where both are good.
            let both = tally(&root(2, &listed, &[], &[&good, &wrong]), Thoroughness::All);
            assert!(!both.is_met() && both.counted.len() == 1, "{both}");
        }
    }
}
