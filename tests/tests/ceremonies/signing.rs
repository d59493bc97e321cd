//! Signing, counting and sealing.

use rootline_ceremonies::{
    Ceremony, Delegator, Frozen, Keyholder, Keyholders, Name, Refusal, RoleVersion, SignatureFile, SignatureFiles,
};
use rootline_metadata::{KeyId, Role as _, Version, hex};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, day, key, keyholder, name, part};

fn names(names: &[&str]) -> Vec<Name> {
    names.iter().map(|of| name(of)).collect()
}

fn root_1() -> RoleVersion {
    part("1.root")
}

fn targets_1() -> RoleVersion {
    part("1.targets")
}

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

/// A first ceremony of five, frozen.
fn first() -> (Room, Frozen) {
    let room = Room::new();
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    (room, frozen)
}

/// What signing root gives.
fn sign(
    room: &Room,
    frozen: &Frozen,
    signing_as: &str,
    with: &str,
    earlier: Option<&SignatureFile>,
) -> Result<SignatureFile, Refusal> {
    room.ceremony(&name("test"), frozen).sign(&root_1(), &name(signing_as), &key(with), day(1), earlier)
}

#[test]
fn an_answer_says_who_signed_what_and_when_and_is_small() {
    let (room, frozen) = first();
    for signer in FIVE {
        let answer = sign(&room, &frozen, signer, signer, None).unwrap();
        let bytes = answer.to_json();
        assert!(bytes.len() < 1000, "{}", bytes.len());
        assert_eq!(SignatureFile::parse(&bytes).unwrap(), answer);
        assert_eq!((answer.keyholder, answer.part, answer.signatures[0].at), (name(signer), root_1(), day(1)));
        key(signer).public_key().verify(&frozen.message(&root_1()).unwrap(), &answer.signatures[0].bytes).unwrap();
    }
}

#[test]
fn one_keyholder_cannot_sign_twice_to_make_two() {
    let (room, frozen) = first();
    let refused = sign(&room, &frozen, "bob", "alice", None).unwrap_err();
    assert!(refused.to_string().ends_with("is alice's and cannot sign for bob"), "{refused}");
    assert_eq!(refused.hint(), "sign as alice, or ask bob to sign with their own key");

    let answer = sign(&room, &frozen, "alice", "alice", None).unwrap();
    let refused = sign(&room, &frozen, "alice", "alice", Some(&answer)).unwrap_err();
    assert!(matches!(refused, Refusal::AlreadySigned { .. }), "{refused}");
    assert!(refused.to_string().starts_with("alice has signed root 1 already"), "{refused}");
}

#[test]
fn a_key_that_nobody_was_given_does_not_sign() {
    let (room, frozen) = first();
    let refused = sign(&room, &frozen, "alice", "mallory", None).unwrap_err();
    assert_eq!(refused, Refusal::NobodysKey { key_id: KeyId::of(&key("mallory").public_key()) });
    assert!(refused.hint().contains("keyholder add"));
    assert_eq!(
        sign(&room, &frozen, "mallory", "mallory", None).unwrap_err(),
        Refusal::NoSuchKeyholder { name: name("mallory") }
    );
}

#[test]
fn a_key_that_does_not_count_for_the_role_does_not_sign_it() {
    let (room, frozen) = first();
    for other in ["frank", "online"] {
        let refused = sign(&room, &frozen, other, other, None).unwrap_err();
        assert!(matches!(refused, Refusal::NotAsked { .. }), "{refused}");
    }
    let room = Room::after_the_first();
    let frozen = room.freeze(&PlanText { renew: (true, false), ..PlanText::of(&FIVE, 3) });
    let id = name("test");
    let refused =
        room.ceremony(&id, &frozen).sign(&part("2.targets"), &name("alice"), &key("alice"), day(0), None).unwrap_err();
    assert_eq!(refused, Refusal::NothingToSign { part: part("2.targets") });
}

#[test]
fn a_signature_from_elsewhere_is_verified_before_it_is_kept() {
    let (room, frozen) = first();
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let alice = key("alice");
    let message = ceremony.ask(&root_1(), &name("alice"), &alice.public_key(), None).unwrap();
    let accept = |signature| ceremony.accept(&root_1(), &name("alice"), &alice.public_key(), signature, day(0), None);
    assert!(accept(alice.sign(&message)).is_ok());
    for wrong in
        [Vec::new(), alice.sign(b""), key("bob").sign(&message), alice.sign(&frozen.message(&targets_1()).unwrap())]
    {
        assert!(matches!(accept(wrong), Err(Refusal::WrongSignature { .. })));
    }
}

#[test]
fn the_tally_names_who_has_signed_and_who_is_missing() {
    let (room, frozen) = first();
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let tally = ceremony.tally(&room.answers(&frozen, &["erin", "bob"]));
    assert!(!tally.is_met());
    for (role, of) in tally.parts.iter().zip([root_1(), targets_1()]) {
        assert_eq!((&role.part, role.quorums.len()), (&of, 1));
        let quorum = &role.quorums[0];
        assert_eq!(
            (quorum.signed.clone(), quorum.missing.clone()),
            (names(&["bob", "erin"]), names(&["alice", "carol", "dave"]))
        );
        assert_eq!((quorum.threshold, quorum.still_needed(), quorum.is_met()), (3, 1, false));
    }
    assert!(ceremony.tally(&room.answers(&frozen, &["erin", "bob", "dave"])).is_met());
}

#[test]
fn sealing_waits_for_the_threshold_and_not_longer() {
    let (room, frozen) = first();
    for signers in [&[][..], &["alice"], &["alice", "bob"]] {
        let refused = room.seal(&frozen, signers).unwrap_err();
        assert_eq!(
            refused.to_string(),
            format!("root 1 has {} of the 3 signatures that its own keyholders must give", signers.len())
        );
    }
    let refused = room.seal(&frozen, &["alice", "bob"]).unwrap_err();
    assert_eq!(refused.hint(), "ask for the missing signatures: carol, dave, erin");
    for signers in [&FIVE[..3], &FIVE[..4], &FIVE] {
        let sealed = room.seal(&frozen, signers).unwrap();
        assert_eq!(sealed.root().unwrap().envelope().signatures().len(), signers.len());
    }
    // Every role has to be there, not only one.
    let mut answers = room.answers(&frozen, &["alice", "bob", "carol"]);
    answers.remove(&(targets_1(), name("bob")));
    let refused = room.ceremony(&name("test"), &frozen).seal(&answers).unwrap_err();
    assert_eq!(refused.to_string(), "targets 1 has 2 of the 3 signatures that root 1 requires");
}

#[test]
fn a_new_root_needs_the_old_one_and_itself() {
    let room = Room::after_the_first();
    let frozen = room.freeze(&PlanText::of(&["alice", "carol", "dave", "frank", "grace"], 3).on(10));
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let tally = ceremony.tally(&room.answers(&frozen, &["alice", "bob", "frank"]));
    let [old, new] = &tally.parts[0].quorums[..] else { panic!("{tally:?}") };
    assert_eq!(
        (&old.delegator, &old.signed, old.still_needed()),
        (&Delegator::OldRoot(version(1)), &names(&["alice", "bob"]), 1)
    );
    assert_eq!(
        (&new.delegator, &new.signed, new.still_needed()),
        (&Delegator::NewRoot(version(2)), &names(&["alice", "frank"]), 1)
    );
    assert_eq!(old.missing, names(&["carol", "dave", "erin"]));
    assert_eq!(new.missing, names(&["carol", "dave", "grace"]));
    // Targets are signed by those whom the new root names, and by those whom the old one does.
    let [old, new] = &tally.parts[1].quorums[..] else { panic!("{tally:?}") };
    assert_eq!((&old.delegator, &old.signed), (&Delegator::OldRoot(version(1)), &names(&["alice", "bob"])));
    assert_eq!((&new.delegator, &new.signed), (&Delegator::NewRoot(version(2)), &names(&["alice", "frank"])));
    assert_eq!((old.is_bridge, new.is_bridge), (true, false));

    let refused = room.seal(&frozen, &["alice", "frank", "grace"]).unwrap_err();
    assert_eq!(refused.to_string(), "root 2 has 1 of the 3 signatures that root 1 requires");
    assert_eq!(refused.hint(), "ask for the missing signatures: bob, carol, dave, erin");
    let refused = room.seal(&frozen, &["alice", "bob", "erin"]).unwrap_err();
    assert_eq!(refused.to_string(), "root 2 has 1 of the 3 signatures that its own keyholders must give");
    assert_eq!(refused.hint(), "ask for the missing signatures: carol, dave, frank, grace");
    let sealed = room.seal(&frozen, &["alice", "bob", "carol", "frank"]).unwrap();
    assert_eq!(sealed.root().unwrap().version(), version(2));
    assert_eq!(sealed.root().unwrap().envelope().signatures().len(), 4);
}

#[test]
fn a_person_behind_two_keys_counts_once() {
    // Root 1 was signed before anybody knew that two of its five keys are one person's.
    let mut room = Room::after_the_first();
    let both = format!("{}{}", keyholder("alice").to_toml(), Keyholder::key_toml(&key("bob").public_key()));
    let alice = Keyholder::parse(name("alice"), &both).unwrap();
    let others = ["carol", "dave", "erin", "online"].map(keyholder);
    room.keyholders = Keyholders::new([vec![alice], others.into()].concat()).unwrap();
    let frozen = room.freeze(&PlanText::of(&["alice", "carol", "dave", "erin"], 3));
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let with_one = ceremony.sign(&part("2.root"), &name("alice"), &key("alice"), day(0), None).unwrap();
    let with_both = ceremony.sign(&part("2.root"), &name("alice"), &key("bob"), day(0), Some(&with_one)).unwrap();
    assert_eq!(with_both.signatures.len(), 2);

    let mut answers = room.answers(&frozen, &["carol"]);
    answers.insert((part("2.root"), name("alice")), with_both);
    let tally = ceremony.tally(&answers);
    let old = &tally.parts[0].quorums[0];
    assert_eq!((&old.signed, old.threshold), (&names(&["alice", "carol"]), 3));
    assert!(matches!(ceremony.seal(&answers), Err(Refusal::NotEnough { .. })));
}

#[test]
fn a_persons_next_key_is_vouched_for_by_the_one_before() {
    let mut room = Room::after_the_first();
    let text = format!("{}{}", keyholder("alice").to_toml(), Keyholder::key_toml(&key("alice-2").public_key()));
    let alice = Keyholder::parse(name("alice"), &text).unwrap();
    let others = ["bob", "carol", "dave", "erin", "online"].map(keyholder);
    room.keyholders = Keyholders::new([vec![alice], others.into()].concat()).unwrap();
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let mut answers = room.answers(&frozen, &["bob", "carol"]);
    let old = ceremony.sign(&part("2.root"), &name("alice"), &key("alice"), day(0), None).unwrap();
    answers.insert((part("2.root"), name("alice")), old.clone());
    let tally = ceremony.tally(&answers);
    assert_eq!(tally.parts[0].quorums.iter().map(|quorum| quorum.signed.len()).collect::<Vec<_>>(), [3, 2]);
    let both = ceremony.sign(&part("2.root"), &name("alice"), &key("alice-2"), day(0), Some(&old)).unwrap();
    answers.insert((part("2.root"), name("alice")), both);
    let new = ceremony.sign(&part("2.targets"), &name("alice"), &key("alice-2"), day(0), None).unwrap();
    answers.insert((part("2.targets"), name("alice")), new.clone());
    // Clients that still have root 1 want targets by the key that it lists.
    let refused = ceremony.seal(&answers).unwrap_err();
    assert_eq!(
        refused.to_string(),
        "too few of root 1's holders signed targets 2 (2 of 3; alice, dave or erin is needed)"
    );
    let both = ceremony.sign(&part("2.targets"), &name("alice"), &key("alice"), day(0), Some(&new)).unwrap();
    answers.insert((part("2.targets"), name("alice")), both);
    assert_eq!(ceremony.seal(&answers).unwrap().root().unwrap().version(), version(2));
}

#[test]
fn an_answer_that_is_not_what_it_says_does_not_count_and_is_named() {
    let (room, frozen) = first();
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let good = room.answers(&frozen, &["alice"]).remove(&(root_1(), name("alice"))).unwrap();
    let change = |change: &dyn Fn(&mut SignatureFile)| {
        let mut answer = good.clone();
        change(&mut answer);
        answer
    };
    type Expected = fn(&Refusal) -> bool;
    let cases: Vec<(&str, SignatureFile, Expected)> = vec![
        ("bob", good.clone(), |why| matches!(why, Refusal::Misfiled { .. })),
        ("bob", change(&|answer| answer.keyholder = name("bob")), |why| matches!(why, Refusal::AnothersKey { .. })),
        ("alice", change(&|answer| answer.ceremony = name("other")), |why| matches!(why, Refusal::Misfiled { .. })),
        ("alice", change(&|answer| answer.part = targets_1()), |why| matches!(why, Refusal::Misfiled { .. })),
        ("alice", change(&|answer| answer.signatures[0].bytes[9] ^= 1), |why| {
            matches!(why, Refusal::WrongSignature { .. })
        }),
        ("alice", change(&|answer| answer.signatures[0].bytes.clear()), |why| {
            matches!(why, Refusal::WrongSignature { .. })
        }),
        ("alice", change(&|answer| answer.signatures.push(answer.signatures[0].clone())), |why| {
            matches!(why, Refusal::AlreadySigned { .. })
        }),
        ("alice", change(&|answer| answer.signatures[0].key_id = KeyId::declared("ab")), |why| {
            matches!(why, Refusal::NobodysKey { .. })
        }),
        ("alice", change(&|answer| answer.signatures[0].key_id = KeyId::of(&key("frank").public_key())), |why| {
            matches!(why, Refusal::AnothersKey { .. })
        }),
    ];
    for (at, (filed_for, answer, expected)) in cases.into_iter().enumerate() {
        let tally = ceremony.tally(&SignatureFiles::from([((root_1(), name(filed_for)), answer)]));
        let root = &tally.parts[0];
        assert!(root.quorums[0].signed.is_empty(), "{at}");
        let [(who, why)] = &root.rejected[..] else { panic!("{at}: {root:?}") };
        assert!(*who == name(filed_for) && expected(why), "{at}: {why}");
        assert!(!why.hint().is_empty() && !why.check().is_empty());
    }
}

#[test]
fn an_answer_to_an_earlier_revision_is_void_and_one_to_bytes_that_stayed_is_kept() {
    let mut room = Room::new();
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    let answers = room.answers(&frozen, &["alice", "bob", "carol"]);
    // The shipped file changes, the root does not.
    room.targets.values_mut().for_each(|bytes| bytes.push(b'\n'));
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    let id = name("test");
    let ceremony = room.ceremony(&id, &frozen);
    let tally = ceremony.tally(&answers);
    assert!(tally.parts[0].is_met() && tally.parts[0].voided.is_empty());
    assert_eq!(
        (tally.parts[1].voided.clone(), tally.parts[1].quorums[0].signed.len()),
        (names(&["alice", "bob", "carol"]), 0)
    );
    // They sign again, over what they signed before.
    let earlier = &answers[&(targets_1(), name("alice"))];
    let again = ceremony.sign(&targets_1(), &name("alice"), &key("alice"), day(2), Some(earlier)).unwrap();
    assert_eq!(again.signatures.len(), 1);
}

#[test]
fn a_version_that_skips_or_was_taken_is_refused() {
    let mut room = Room::after_the_first();
    let frozen = room.freeze(&PlanText { root: (FIVE.to_vec(), 2), ..PlanText::of(&FIVE, 3) });
    let answers = room.answers(&frozen, &["alice", "bob", "carol"]);
    let id = name("test");
    let sealed = room.ceremony(&id, &frozen).seal(&answers).unwrap();
    // Meanwhile another ceremony publishes root 2.
    room.hold(&PlanText { root: (FIVE.to_vec(), 4), ..PlanText::of(&FIVE, 3) }, &FIVE);
    let refused = Ceremony::new(&id, &frozen, &room.published, &room.keyholders).unwrap_err();
    assert_eq!(refused, Refusal::DoesNotFollow { part: part("2.root"), next: version(3) });
    assert!(refused.hint().contains("freeze the plan again"));
    let refused = rootline_ceremonies::Sealed::read(sealed.files().clone(), &room.published).unwrap_err();
    assert!(refused.to_string().contains("sealed as version 2, which does not follow"), "{refused}");
    // And one that was frozen further ahead than what there is.
    let ahead = room.freeze(&PlanText::of(&FIVE, 3));
    let behind = Room::after_the_first();
    let refused = Ceremony::new(&id, &ahead, &behind.published, &behind.keyholders).unwrap_err();
    assert_eq!(refused, Refusal::DoesNotFollow { part: part("3.root"), next: version(2) });
}

#[test]
fn no_refusal_shows_a_signature_or_a_key() {
    let (room, frozen) = first();
    let answer = sign(&room, &frozen, "dave", "dave", None).unwrap();
    let refusals = [
        sign(&room, &frozen, "alice", "dave", None).unwrap_err(),
        sign(&room, &frozen, "dave", "dave", Some(&answer)).unwrap_err(),
    ];
    for refusal in refusals {
        let shown = format!("{refusal} {}", refusal.hint());
        assert!(!shown.contains(&hex::encode(&answer.signatures[0].bytes)[..16]), "{shown}");
        assert!(!shown.contains(&key("dave").public_key().to_tuf().public[..16]), "{shown}");
    }
}
