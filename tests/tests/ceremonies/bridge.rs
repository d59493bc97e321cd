//! Who has to sign targets so that a rotation can become public without a gap, for each kind of change; and where no bridge is asked for.

use std::collections::BTreeSet;

use rootline_ceremonies::{
    BridgeTerms, Bridging, Delegator, Frozen, Keyholder, Keyholders, Name, QuorumTally, Refusal, SignatureFiles,
};
use rootline_metadata::{KeyId, TopLevelRole, Version};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, key, keyholder, name, part, parts};

/// On day 9, with new targets.
fn renewed(plan: PlanText) -> PlanText {
    PlanText { renew: (false, true), ..plan }.on(9)
}

fn room() -> Room {
    let mut room = Room::after_the_first();
    for more in ["heidi", "ivan", "judy"] {
        room.keyholders.add(keyholder(more)).unwrap();
    }
    room
}

/// Who asks for targets, with the threshold: `1 (old): 3`.
fn asked(room: &Room, frozen: &Frozen) -> Vec<String> {
    let tally = room.ceremony(&name("test"), frozen).tally(&SignatureFiles::new());
    let targets = tally.parts.iter().filter(|tally| tally.part.role == rootline_tests::fixtures::room::TARGETS);
    let quorums = targets.flat_map(|tally| &tally.quorums);
    let text = |quorum: &QuorumTally| format!("{}: {}", quorum.delegator, quorum.threshold);
    quorums.map(text).collect()
}

#[track_caller]
fn lacks_bridge(room: &Room, frozen: &Frozen, signers: &[&str], says: &str) {
    let refused = room.seal(frozen, signers).unwrap_err();
    assert!(matches!(refused, Refusal::NoBridge { .. }), "{refused:?}");
    assert_eq!(refused.to_string(), says);
    let id = name("test");
    let sealed = room.ceremony(&id, frozen).seal_at_once(&room.answers(frozen, signers));
    assert!(sealed.is_ok(), "without a bridge it can be sealed at once");
}

#[test]
fn where_no_key_changes_the_last_root_alone_asks() {
    let room = room();
    let renewal = PlanText { renew: (true, true), ..PlanText::of(&FIVE, 3) }.on(9);
    let frozen = room.freeze(&renewal);
    assert_eq!(
        (parts(&frozen).join(" "), asked(&room, &frozen)),
        ("2.root 2.targets".into(), vec!["root 2: 3".into()])
    );
    room.seal(&frozen, &["alice", "bob", "carol"]).unwrap();
    let refused = room.seal(&frozen, &["alice", "bob"]).unwrap_err();
    assert!(matches!(refused, Refusal::NotEnough { .. }), "{refused:?}");
}

#[test]
fn where_roots_holders_alone_change_targets_stay() {
    let mut room = Room::new();
    let plan = |root: &[&'static str]| PlanText { root: (root.to_vec(), 2), ..PlanText::of(&["dave", "erin"], 2) };
    room.hold(&plan(&["alice", "bob", "carol"]), &["alice", "bob", "dave", "erin"]);
    let frozen = room.freeze(&plan(&["alice", "bob", "frank"]).on(9));
    assert_eq!(parts(&frozen), ["2.root"]);
    room.seal(&frozen, &["alice", "bob"]).unwrap();
}

#[test]
fn where_fewer_than_a_threshold_are_replaced_those_who_stay_are_enough() {
    let room = room();
    let frozen = room.freeze(&renewed(PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 3)));
    assert_eq!(asked(&room, &frozen), ["root 1 (old): 3", "root 2 (new): 3"]);
    room.seal(&frozen, &["alice", "carol", "dave"]).unwrap();
    let mut answers = room.answers(&frozen, &["alice", "bob", "erin", "frank"]);
    answers.remove(&(part("2.targets"), name("erin")));
    let refused = room.ceremony(&name("test"), &frozen).seal(&answers).unwrap_err();
    let says = "too few of root 1's holders signed targets 2 (2 of 3; carol, dave or erin is needed)";
    assert_eq!((refused.to_string(), refused.hint().contains("--at-once")), (says.to_owned(), true));
    assert!(room.ceremony(&name("test"), &frozen).seal_at_once(&answers).is_ok());
    // Erin leaves and is asked all the same.
    answers.extend(room.answers(&frozen, &["erin"]));
    room.ceremony(&name("test"), &frozen).seal(&answers).unwrap();
}

#[test]
fn where_all_are_replaced_by_a_sequence_each_quorum_signs() {
    let room = room();
    let frozen = room.freeze(&PlanText::of(&["frank", "grace", "heidi", "ivan", "judy"], 3).on(9));
    assert_eq!(asked(&room, &frozen), ["root 1 (old): 3", "root 4 (new): 3"]);
    let new = ["frank", "grace", "heidi", "ivan", "judy"];
    let everybody = [&FIVE[..], &new].concat();
    let sealed = room.seal(&frozen, &everybody).unwrap();
    // Signatures beyond the thresholds are kept: they save a bridge later.
    let targets = sealed.targets_of(&rootline_tests::fixtures::room::TARGETS).unwrap();
    assert_eq!(targets.envelope().signatures().len(), everybody.len());
    let mut answers = room.answers(&frozen, &everybody);
    answers.retain(|(signed, by), _| *signed != part("2.targets") || !FIVE[..3].contains(&by.as_str()));
    let refused = room.ceremony(&name("test"), &frozen).seal(&answers).unwrap_err();
    assert!(refused.to_string().contains("(2 of 3; alice, bob or carol is needed)"), "{refused}");
}

#[test]
fn where_the_holders_of_targets_are_replaced_the_old_ones_come_once_more() {
    let mut room = room();
    let plan = |targets: &[&'static str]| PlanText { targets: (targets.to_vec(), 1), ..PlanText::of(&FIVE, 3) };
    room.hold(&plan(&["frank"]).on(1), &[&FIVE[..], &["frank"]].concat());
    let frozen = room.freeze(&plan(&["grace"]).on(9));
    assert_eq!(parts(&frozen), ["3.root", "3.targets"]);
    let root = &FIVE[..3];
    let says = "too few of root 2's holders signed targets 3 (0 of 1; frank is needed)";
    lacks_bridge(&room, &frozen, &[root, &["grace"]].concat(), says);
    room.seal(&frozen, &[root, &["frank", "grace"]].concat()).unwrap();
    let refused = room.seal(&frozen, &[root, &["frank"]].concat()).unwrap_err();
    assert_eq!(refused.to_string(), "targets 3 has 0 of the 1 signature that root 3 requires");
}

#[test]
fn of_two_thresholds_the_higher_one_is_met() {
    let room = room();
    let up = room.freeze(&PlanText { targets: (FIVE.to_vec(), 4), ..PlanText::of(&FIVE, 3) }.on(9));
    assert_eq!(asked(&room, &up), ["root 1 (old): 3", "root 2 (new): 4"]);
    room.seal(&up, &FIVE[..4]).unwrap();
    assert!(matches!(room.seal(&up, &FIVE[..3]), Err(Refusal::NotEnough { .. })));

    // The published file satisfies both, so that it stays where nothing else changes.
    let down = PlanText { targets: (FIVE.to_vec(), 2), ..PlanText::of(&FIVE, 3) }.on(9);
    assert_eq!(parts(&room.freeze(&down)), ["2.root"]);
    let down = room.freeze(&PlanText { ship: vec![], ..down });
    assert_eq!(asked(&room, &down), ["root 1 (old): 3", "root 2 (new): 2"]);
    room.seal(&down, &FIVE[..3]).unwrap();
    let mut answers = room.answers(&down, &FIVE[..3]);
    answers.remove(&(part("2.targets"), name("bob")));
    let refused = room.ceremony(&name("test"), &down).seal(&answers).unwrap_err();
    assert!(refused.to_string().contains("(2 of 3; bob, dave or erin is needed)"), "{refused}");
}

#[test]
fn delegating_and_delegated_file_need_no_bridge_between_them() {
    let mut room = room();
    let npm = |holder: &str| {
        format!(
            "[[delegations]]\nname = \"npm\"\npaths = [\"npm/*\"]\nholders = [\"{holder}\"]\nthreshold = 1\nexpires-days = 9\nship = []\n"
        )
    };
    room.hold(&PlanText::of(&FIVE, 3).on(1).with(&npm("frank")), &["alice", "bob", "carol", "frank"]);
    let frozen = room.freeze(&PlanText::of(&FIVE, 3).on(9).with(&npm("grace")));
    let tally = room.ceremony(&name("test"), &frozen).tally(&SignatureFiles::new());
    assert!(tally.parts.iter().all(|part| part.quorums.len() == 1 && !part.quorums[0].is_bridge), "{tally:?}");
    room.seal(&frozen, &["alice", "bob", "carol", "grace"]).unwrap();
}

#[test]
fn every_root_that_is_in_use_asks() {
    let mut room = room();
    room.hold(&PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 3).on(1), &["alice", "bob", "carol"]);
    let plan = renewed(PlanText::of(&["alice", "bob", "grace", "dave", "frank"], 3));
    let freeze = |roots: &[u64]| {
        let roots: BTreeSet<Version> = roots.iter().filter_map(|root| Version::new(*root)).collect();
        Frozen::freeze_for(&room.plan(&plan), &room.published, &room.targets, &roots).unwrap()
    };
    assert_eq!(asked(&room, &freeze(&[2])), ["root 2 (old): 3", "root 3 (new): 3"]);
    let both = freeze(&[1, 2]);
    assert_eq!(asked(&room, &both), ["root 1 (old): 3", "root 2 (old): 3", "root 3 (new): 3"]);
    let says = "too few of root 1's holders signed targets 2 (2 of 3; alice, carol or erin is needed)";
    let mut answers = room.answers(&both, &["alice", "bob", "dave", "frank"]);
    answers.remove(&(part("2.targets"), name("alice")));
    answers.extend(room.answers(&both, &["grace"]));
    let refused = room.ceremony(&name("test"), &both).seal(&answers).unwrap_err();
    assert!(refused.to_string().starts_with(says), "{refused}");
    room.seal(&both, &["alice", "bob", "dave"]).unwrap();
    // The terms are noted down, so that they are the same whatever becomes public in the meantime.
    let record = both.record(1);
    assert_eq!(record.bridge.roots.len(), 2);
    let files = both.files().into_iter().map(|(name, bytes)| (name, bytes.to_vec())).collect();
    assert_eq!(asked(&room, &Frozen::open(&files, &record).unwrap()), asked(&room, &both));
    // What was frozen before terms were noted is counted under the last root, as it was then.
    let earlier = rootline_ceremonies::FrozenRecord { bridge: BridgeTerms::default(), ..record };
    assert_eq!(asked(&room, &Frozen::open(&files, &earlier).unwrap()), ["root 3: 3"]);
}

#[test]
fn targets_are_made_again_where_a_root_in_use_refuses_them() {
    let mut room = room();
    let next = PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 3).on(1);
    // Bob, dave and frank satisfy root 2 alone.
    let frozen = room.freeze(&renewed(next.clone()));
    let mut answers = room.answers(&frozen, &["alice", "bob", "dave", "frank"]);
    answers.remove(&(part("2.targets"), name("alice")));
    let sealed = room.ceremony(&name("test"), &frozen).seal_at_once(&answers).unwrap();
    let release = room.release(Some(&sealed), &["online"], 1, rootline_ceremonies::Renewal::Now).unwrap().unwrap();
    room.published = release.published().clone();
    let freeze = |roots: &[u64]| {
        let roots: BTreeSet<Version> = roots.iter().filter_map(|root| Version::new(*root)).collect();
        Frozen::freeze_for(&room.plan(&next), &room.published, &room.targets, &roots)
    };
    assert!(freeze(&[2]).is_err(), "nothing changes");
    assert_eq!(parts(&freeze(&[1, 2]).unwrap()), ["3.targets"]);
}

/// `[[compromised]]` for these.
fn compromised(names: &[&str]) -> String {
    names.iter().map(|name| format!("[[compromised]]\nholder = \"{name}\"\nreason = \"stolen\"\n")).collect()
}

#[test]
fn a_threshold_of_compromised_keys_is_never_bridged() {
    let room = room();
    let plan = PlanText::of(&["frank", "grace", "heidi", "dave", "erin"], 3).on(9);
    let stolen = room.plan(&plan.clone().with(&compromised(&["alice", "bob", "carol"])));
    let bridging = stolen.bridging([&**room.published.root().unwrap()]);
    assert!(matches!(&bridging, Bridging::Emergency { role: TopLevelRole::Root, keys } if keys.len() == 3));
    assert!(bridging.to_string().contains("are compromised and enough to sign root"), "{bridging}");
    let frozen = Frozen::freeze(&stolen, &room.published, &room.targets).unwrap();
    assert_eq!(asked(&room, &frozen), ["root 3: 3"]);
    // Root still needs its old quorum.
    let refused = room.seal(&frozen, &["frank", "grace", "heidi", "dave", "erin"]).unwrap_err();
    assert!(matches!(refused, Refusal::NotEnough { .. }), "{refused}");
    room.seal(&frozen, &["alice", "frank", "grace", "heidi", "dave", "erin"]).unwrap();

    let online = room.plan(&PlanText { online: vec!["online-2"], ..plan.clone() }.with(&compromised(&["online"])));
    let bridging = online.bridging([&**room.published.root().unwrap()]);
    assert!(bridging.is_emergency(), "one online key is enough: {bridging}");
    let two = room.plan(&plan.with(&compromised(&["alice", "bob"])));
    assert_eq!(two.bridging([&**room.published.root().unwrap()]), Bridging::Bridged);
}

#[test]
fn fewer_compromised_keys_are_bridged_with_other_signers() {
    let room = room();
    let plan = renewed(PlanText::of(&["alice", "bob", "dave", "erin", "frank"], 3));
    let frozen = room.freeze(&plan.with(&compromised(&["carol"])));
    let id = name("test");
    let tally = room.ceremony(&id, &frozen).tally(&SignatureFiles::new());
    let old = &tally.parts[1].quorums[0];
    let names: Vec<&str> = old.missing.iter().map(Name::as_str).collect();
    assert_eq!((&old.delegator, &*names.join(" ")), (&Delegator::OldRoot(Version::FIRST), "alice bob dave erin"));
    let refused = room.ceremony(&id, &frozen).sign(&part("2.targets"), &name("carol"), &key("carol"), day_9(), None);
    assert!(matches!(refused, Err(Refusal::NotAsked { .. })));
    room.seal(&frozen, &["alice", "bob", "dave"]).unwrap();
    let says = "too few of root 1's holders signed targets 2 (2 of 3; dave or erin is needed)";
    let mut answers = room.answers(&frozen, &["alice", "bob", "dave", "frank"]);
    answers.remove(&(part("2.targets"), name("dave")));
    assert_eq!(room.ceremony(&id, &frozen).seal(&answers).unwrap_err().to_string(), says);
}

fn day_9() -> chrono::DateTime<chrono::Utc> {
    rootline_tests::fixtures::room::day(9)
}

#[test]
fn a_compromised_key_has_no_role_in_the_plan() {
    let mut room = room();
    let plan = PlanText::of(&FIVE, 3);
    let text = plan.clone().with(&compromised(&["alice"])).text();
    let line = text.lines().position(|line| line.starts_with("holder =")).unwrap() + 1;
    room.finds_fault(&text, line, "alice's only key has a role in this plan");
    let unknown = plan.clone().with(&compromised(&["mallory"])).text();
    room.finds_fault(&unknown, line, "there is no keyholder \"mallory\"");

    // With a next key, the one before is meant.
    let two = format!("{}{}", keyholder("alice").to_toml(), Keyholder::key_toml(&key("alice-2").public_key()));
    let alice = Keyholder::parse(name("alice"), &two).unwrap();
    let others = ["bob", "carol", "dave", "erin", "online"].map(keyholder);
    room.keyholders = Keyholders::new([vec![alice], others.into()].concat()).unwrap();
    let ids = [key("alice"), key("alice-2")].map(|key| KeyId::of(&key.public_key()));
    let read = room.plan(&plan.clone().with(&compromised(&["alice"])));
    assert_eq!(read.compromised_keys().iter().collect::<Vec<_>>(), [&ids[0]]);
    assert_eq!(read.compromised()[0].reason.as_deref(), Some("stolen"));
    let named = |id: &KeyId| format!("[[compromised]]\nholder = \"alice\"\nkey = \"{}\"\n", id.short());
    assert_eq!(room.plan(&plan.clone().with(&named(&ids[0]))).compromised_keys().len(), 1);
    let text = plan.with(&named(&ids[1])).text();
    room.finds_fault(&text, text.lines().count(), "this key is compromised, and the plan gives it a role");
}
