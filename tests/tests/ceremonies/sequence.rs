//! Several roots in one ceremony: where a threshold or more of root's keys change.

use rootline_ceremonies::{Delegator, Keyholder, Keyholders};
use rootline_metadata::{Role as _, TopLevelRole};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, key, keyholder, name, parts};

const THREE_NEW: [&str; 5] = ["alice", "bob", "frank", "grace", "heidi"];

/// After a first ceremony of five, with one more person around.
fn room() -> Room {
    let mut room = Room::after_the_first();
    room.keyholders.add(keyholder("heidi")).unwrap();
    room
}

#[test]
fn three_of_five_are_replaced_by_two_roots_that_one_ceremony_makes() {
    let mut room = room();
    let plan = PlanText::of(&THREE_NEW, 3).on(10);
    let frozen = room.freeze(&plan);
    assert_eq!(parts(&frozen), ["2.root", "3.root", "2.targets"]);

    let id = name("test");
    let tally = room.ceremony(&id, &frozen).tally(&Default::default());
    let asked = |part: usize| -> Vec<Delegator> {
        tally.parts[part].quorums.iter().map(|quorum| quorum.delegator.clone()).collect()
    };
    let version = |number| rootline_metadata::Version::new(number).unwrap();
    assert_eq!(asked(0), [Delegator::OldRoot(version(1)), Delegator::NewRoot(version(2))]);
    assert_eq!(asked(1), [Delegator::OldRoot(version(2)), Delegator::NewRoot(version(3))]);
    // Root 2 lists the same people for targets as root 1 does.
    assert_eq!(asked(2), [Delegator::OldRoot(version(1)), Delegator::NewRoot(version(3))]);

    room.hold(&plan, &["alice", "bob", "erin", "frank", "grace"]);
    assert_eq!(room.published.roots().len(), 3);
    for root in 1..=3 {
        room.verify_from(root, 10).unwrap();
    }
}

/// Nobody who leaves for good with the first step, and nobody who comes with the last one, is needed.
#[test]
fn those_who_stay_through_a_step_are_enough_for_it() {
    let room = room();
    let frozen = room.freeze(&PlanText::of(&THREE_NEW, 3).on(10));
    let second = frozen.roots().next().unwrap().1;
    let holders = |root: &rootline_metadata::Root| {
        let authority = root.authority(TopLevelRole::Root);
        let keys = authority.role.key_ids().iter().map(|id| authority.keys.get(id).unwrap().usable().unwrap());
        let mut names: Vec<String> =
            keys.map(|key| room.keyholders.owner(key.material()).unwrap().name().to_string()).collect();
        names.sort();
        names
    };
    assert_eq!(holders(second), ["alice", "bob", "erin", "frank", "grace"]);
    assert_eq!(holders(frozen.root().unwrap()), THREE_NEW);
    // Carol and dave have gone with root 2, heidi comes with root 3.
    let sealed = room.seal(&frozen, &["alice", "bob", "erin", "frank"]).unwrap();
    assert_eq!(sealed.roots().iter().map(|root| root.version().number()).collect::<Vec<_>>(), [2, 3]);
    let refused = room.seal(&frozen, &["alice", "bob", "frank", "grace"]).unwrap_err();
    assert_eq!(refused.to_string(), "root 2 has 2 of the 3 signatures that root 1 requires");
    let refused = room.seal(&frozen, &["alice", "bob", "erin"]).unwrap_err();
    assert_eq!(refused.to_string(), "root 3 has 2 of the 3 signatures that its own keyholders must give");
}

#[test]
fn what_else_changes_comes_with_the_last_root() {
    let room = room();
    let plan =
        PlanText { online: vec!["online-2"], targets: (vec!["grace", "heidi"], 2), ..PlanText::of(&THREE_NEW, 3) };
    let frozen = room.freeze(&plan);
    let (old, roots) = (room.published.root().unwrap(), frozen.roots().map(|(_, root)| root).collect::<Vec<_>>());
    for role in [TopLevelRole::Targets, TopLevelRole::Snapshot, TopLevelRole::Timestamp] {
        assert_eq!(roots[0].role(role), old.role(role));
        assert_ne!(roots[1].role(role), old.role(role));
    }
    assert_eq!(roots[0].expiry(), roots[1].expiry());
}

#[test]
fn new_keys_of_the_same_people_come_in_steps_too() {
    let mut room = Room::after_the_first();
    let people = FIVE.into_iter().map(|of| {
        let text = match of {
            "alice" | "bob" | "carol" => {
                format!("{}{}", keyholder(of).to_toml(), Keyholder::key_toml(&key(&format!("{of}-2")).public_key()))
            }
            _ => keyholder(of).to_toml(),
        };
        Keyholder::parse(name(of), &text).unwrap()
    });
    room.keyholders = Keyholders::new(people.chain([keyholder("online")])).unwrap();
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    assert_eq!(parts(&frozen), ["2.root", "3.root", "2.targets"]);
    // Two keys of one person are never in one root: that person would count as two there.
    for (_, root) in frozen.roots() {
        let authority = root.authority(TopLevelRole::Root);
        let owner = |id| {
            let key = authority.keys.get(id).unwrap().usable().unwrap();
            room.keyholders.owner(key.material()).unwrap().name().clone()
        };
        let owners: std::collections::BTreeSet<_> = authority.role.key_ids().iter().map(owner).collect();
        assert_eq!(owners.len(), 5);
    }
}

#[test]
fn a_plan_says_which_of_a_persons_keys_counts() {
    let mut room = Room::after_the_first();
    let text = format!("{}{}", keyholder("alice").to_toml(), Keyholder::key_toml(&key("alice-2").public_key()));
    let alice = Keyholder::parse(name("alice"), &text).unwrap();
    let others = ["bob", "carol", "dave", "erin", "online"].map(keyholder);
    room.keyholders = Keyholders::new([vec![alice], others.into()].concat()).unwrap();
    assert_eq!(parts(&room.freeze(&PlanText::of(&FIVE, 3))), ["2.root", "2.targets"]);
    // Her first key is the one that is published, so nothing changes.
    let first = rootline_metadata::KeyId::of(&key("alice").public_key());
    let named = |id: &str| PlanText::of(&FIVE, 3).with(&format!("[keys]\nalice = \"{id}\"\n"));
    for id in [first.as_str(), first.short()] {
        let plan = room.plan(&named(id));
        assert!(rootline_ceremonies::Frozen::freeze(&plan, &room.published, &room.targets).is_err(), "{id}");
    }
    let strangers = rootline_metadata::KeyId::of(&key("bob").public_key());
    for bad in [strangers.as_str(), &first.as_str()[..7], ""] {
        let text = named(bad).text();
        let fault = rootline_ceremonies::Plan::parse(&text, &room.keyholders, &Default::default()).unwrap_err();
        assert!(fault.problem.contains("not the id of one of alice's keys"), "{fault}");
        assert_eq!(fault.line, text.lines().count());
    }
}
