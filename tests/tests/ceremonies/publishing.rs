//! Snapshot and timestamp, and reading back what was published.

use std::collections::BTreeMap;

use rootline_ceremonies::{Published, PublishedError, PublishedFile, ReleaseError, Renewal, due_from};
use rootline_metadata::instant_text;
use rootline_tests::fixtures::room::{FIVE, ONLINE, PlanText, Room, keyholder, target};

fn versions(room: &Room) -> (usize, u64, u64, u64) {
    let current = room.published.current().unwrap();
    let number = |version: rootline_metadata::Version| version.number();
    use rootline_metadata::Role as _;
    (
        room.published.roots().len(),
        number(current.timestamp.version()),
        number(current.snapshot.version()),
        number(current.targets.version()),
    )
}

#[test]
fn a_first_ceremony_is_followed_from_root_1() {
    let room = Room::after_the_first();
    assert_eq!(versions(&room), (1, 1, 1, 1));
    assert_eq!(room.verify_from(1, 0).unwrap(), ["trusted_root.json"]);
}

#[test]
fn a_rotation_is_followed_from_every_root() {
    let mut room = Room::after_the_first();
    let mut holders = FIVE.to_vec();
    for (at, (old, new)) in [(1, "frank"), (0, "grace")].into_iter().enumerate() {
        let (signers, ten) = (holders[2..].to_vec(), 10 * (at as i64 + 1));
        holders[old] = new;
        let signers = [signers, vec![new]].concat();
        room.hold(&PlanText::of(&holders, 3).on(ten), &signers);
    }
    assert_eq!(versions(&room).0, 3);
    for root in 1..=3 {
        assert_eq!(room.verify_from(root, 20).unwrap(), ["trusted_root.json"], "{root}");
    }
}

#[test]
fn another_online_key_signs_snapshot_and_timestamp_anew() {
    let mut room = Room::after_the_first();
    room.hold(&PlanText { online: vec!["online-2"], ..PlanText::of(&FIVE, 3) }.on(1), &FIVE);
    assert_eq!(versions(&room), (2, 2, 2, 1));
    room.verify_from(1, 1).unwrap();
    let refused = room.release(None, &["online"], 2, Renewal::Now).unwrap_err();
    assert!(refused.to_string().contains("root 2 does not list it"), "{refused}");
    assert!(room.release(None, &["online-2"], 2, Renewal::Now).is_ok());
}

#[test]
fn only_what_is_due_is_signed_and_a_timestamp_can_be_asked_for() {
    let mut room = Room::after_the_first();
    let made = |room: &Room, at, renewal| {
        let release = room.release(None, &["online"], at, renewal).unwrap();
        release.map(|release| release.files().iter().map(|(file, _)| file.to_string()).collect::<Vec<_>>())
    };
    // The timestamp of day 0 is due on day 1, six days before it expires on day 7.
    assert_eq!(due_from(&room.published, ONLINE()).map(instant_text), Some("2030-01-02T00:00:00Z".to_owned()));
    assert_eq!(made(&room, 0, Renewal::WhenDue), None);
    assert_eq!(made(&room, 0, Renewal::Now).unwrap(), ["timestamp.json"]);
    assert_eq!(made(&room, 1, Renewal::WhenDue).unwrap(), ["timestamp.json"]);
    // The snapshot of day 0 is due on day 15.
    assert_eq!(made(&room, 14, Renewal::WhenDue).unwrap(), ["timestamp.json"]);
    assert_eq!(made(&room, 15, Renewal::WhenDue).unwrap(), ["2.snapshot.json", "timestamp.json"]);
    room.renew("online", 15);
    assert_eq!(versions(&room), (1, 2, 2, 1));
    room.verify_from(1, 21).unwrap();
    assert!(room.verify_from(1, 22).is_err());
}

#[test]
fn a_release_is_kept_in_an_order_that_verifies_wherever_it_is_interrupted() {
    let room = Room::new();
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    let sealed = room.seal(&frozen, &FIVE).unwrap();
    let release = room.release(Some(&sealed), &["online"], 0, Renewal::WhenDue).unwrap().unwrap();
    let names: Vec<String> = release.files().iter().map(|(file, _)| file.to_string()).collect();
    assert!(names[1].starts_with("targets/") && names[1].ends_with(".trusted_root.json"));
    assert_eq!(
        [&names[..1], &names[2..]].concat(),
        ["1.root.json", "1.targets.json", "1.snapshot.json", "timestamp.json"]
    );
}

/// Interrupted between any two writes, what is there can be read, and the same release made again completes it.
#[test]
fn a_release_that_was_interrupted_anywhere_goes_on() {
    let delegation = "[[delegations]]\nname = \"npm\"\npaths = [\"npm/*\"]\nholders = [\"alice\"]\nthreshold = 1\nexpires-days = 9\n\
                      ship = [\"npm/keys.json\"]\n";
    // One root, several of them, and a delegated role that is new.
    let one = PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 3).on(3);
    let two = PlanText::of(&["alice", "bob", "frank", "grace"], 2).on(3);
    for mut plan in [one.clone(), two, one.with(delegation)] {
        plan.online = vec!["online-2"];
        goes_on_wherever_it_was_interrupted(&plan);
    }
}

fn goes_on_wherever_it_was_interrupted(plan: &PlanText) {
    let new_room = || {
        let mut room = Room::new();
        room.targets.insert(target("npm/keys.json"), b"[]".to_vec());
        room
    };
    let mut room = new_room();
    room.hold(&PlanText::of(&FIVE, 3), &["alice", "bob", "dave"]);
    let frozen = room.freeze(plan);
    let sealed = room.seal(&frozen, &["alice", "bob", "carol", "dave", "frank"]).unwrap();
    let release = room.release(Some(&sealed), &["online-2"], 3, Renewal::WhenDue).unwrap().unwrap();
    for written in 0..=release.files().len() {
        let mut files = room.published.files().clone();
        files.extend(release.files()[..written].iter().map(|(file, bytes)| (file.to_string(), bytes.clone())));
        let interrupted = Room { published: Published::read(files).unwrap(), ..new_room() };
        // Complete is what a verifier accepts who has the newest root: a root on the way changes nothing for the others.
        let newest = interrupted.published.roots().len();
        assert_eq!(interrupted.published.is_complete(), interrupted.verify_from(newest, 3).is_ok(), "{written}");
        let again = interrupted.release(Some(&sealed), &["online-2"], 4, Renewal::WhenDue).unwrap();
        let Some(again) = again else {
            assert_eq!(written, release.files().len());
            continue;
        };
        let after = Room { published: again.published().clone(), ..new_room() };
        after.verify_from(1, 4).unwrap();
        after.verify_from(2, 4).unwrap();
        // Nothing that was written has other bytes now.
        let rewritten = |(file, bytes): &(PublishedFile, Vec<u8>)| {
            *file != PublishedFile::Timestamp && after.published.files()[&file.to_string()] != *bytes
        };
        assert!(!release.files()[..written].iter().any(rewritten), "{written}");
    }
}

/// Written in the order in which files are published, every state in between is one that verifiers accept: the old one or the new.
#[test]
fn a_verifier_accepts_every_state_in_the_middle_of_a_publication() {
    let mut room = Room::after_the_first();
    let before = room.published.files().clone();
    room.targets.insert(target("trusted_root.json"), b"{ }\n".to_vec());
    let plan = PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 3).on(3);
    room.hold(&plan, &["alice", "bob", "carol"]);
    let mut new: Vec<(PublishedFile, Vec<u8>)> = room
        .published
        .files()
        .iter()
        .filter(|(name, bytes)| before.get(*name) != Some(bytes))
        .map(|(name, bytes)| (PublishedFile::parse(name).unwrap(), bytes.clone()))
        .collect();
    new.sort_by_key(|(file, _)| file.publishing_order());
    assert_eq!(new.len(), 5);
    for written in 0..=new.len() {
        let mut files = before.clone();
        files.extend(new[..written].iter().map(|(file, bytes)| (file.to_string(), bytes.clone())));
        let room = Room { published: Published::read(files).unwrap(), ..Room::new() };
        for root in 1..=room.published.roots().len() {
            assert_eq!(
                room.verify_from(root, 3).unwrap(),
                ["trusted_root.json"],
                "{written} written, from root {root}"
            );
        }
    }
}

#[test]
fn a_snapshot_never_drops_an_entry() {
    let mut room = Room::after_the_first();
    room.hold(&PlanText { ship: vec![], ..PlanText::of(&FIVE, 3) }.on(1), &FIVE);
    let current = room.published.current().unwrap();
    assert_eq!(current.snapshot.meta_files().map(|(name, _)| name.into_owned()).collect::<Vec<_>>(), ["targets.json"]);
    assert_eq!(room.verify_from(1, 1).unwrap(), Vec::<String>::new());
    assert_eq!(room.published.target(&target("trusted_root.json")), None);
}

#[test]
fn what_is_shipped_is_what_was_frozen_or_nothing() {
    let mut room = Room::new();
    let frozen = room.freeze(&PlanText::of(&FIVE, 3));
    let sealed = room.seal(&frozen, &FIVE).unwrap();
    assert!(frozen.check_targets(&room.targets, &room.published).is_ok());
    room.targets.values_mut().for_each(|bytes| bytes.push(b' '));
    let refused = room.release(Some(&sealed), &["online"], 0, Renewal::WhenDue).unwrap_err();
    assert_eq!(refused, ReleaseError::TargetChanged { name: target("trusted_root.json") });
    let refused = frozen.check_targets(&room.targets, &room.published).unwrap_err();
    assert!(refused.to_string().contains("targets/trusted_root.json is missing or not the file"), "{refused}");
    room.targets.clear();
    let refused = room.release(Some(&sealed), &["online"], 0, Renewal::WhenDue).unwrap_err();
    assert_eq!(refused, ReleaseError::TargetMissing { name: target("trusted_root.json") });
    assert!(frozen.check_targets(&room.targets, &room.published).is_err());
}

#[test]
fn a_file_that_has_been_published_need_not_be_there_again() {
    let mut room = Room::after_the_first();
    room.targets = BTreeMap::new();
    room.renew("online", 1);
    room.verify_from(1, 1).unwrap();
}

#[test]
fn only_an_online_key_makes_a_release() {
    let room = Room::after_the_first();
    assert!(matches!(room.release(None, &[], 0, Renewal::Now), Err(ReleaseError::NoKey { .. })));
    for other in ["alice", "online-2", "mallory"] {
        let refused = room.release(None, &[other], 0, Renewal::Now).unwrap_err();
        assert!(matches!(refused, ReleaseError::KeyNotAsked { .. }), "{other}: {refused}");
        assert!(refused.hint().contains("--key URI"));
    }
    assert_eq!(Room::new().release(None, &["online"], 0, Renewal::Now).unwrap_err(), ReleaseError::NothingSealed);
}

/// With no more signatures than are needed, every single bit counts.
#[test]
fn a_change_anywhere_in_what_was_published_is_found() {
    let mut room = Room::new();
    room.hold(&PlanText::of(&["alice", "bob", "dave"], 3), &["alice", "bob", "dave"]);
    room.hold(&PlanText::of(&["alice", "bob", "erin"], 3).on(1), &["alice", "bob", "dave", "erin"]);
    let files = room.published.files();
    assert!(Published::read(files.clone()).is_ok());
    for (name, bytes) in files {
        for at in (0..bytes.len()).step_by(41) {
            let mut changed = files.clone();
            changed.get_mut(name).unwrap()[at] ^= 1;
            assert!(Published::read(changed).is_err(), "{name}, byte {at}");
        }
    }
}

#[test]
fn what_is_missing_or_foreign_in_what_was_published_is_named() {
    let mut room = Room::after_the_first();
    room.hold(&PlanText::of(&FIVE, 2).on(1), &FIVE);
    room.hold(&PlanText::of(&FIVE, 3).on(2), &FIVE);
    let without = |gone: &str| {
        let mut files = room.published.files().clone();
        files.remove(gone).unwrap();
        Published::read(files).unwrap_err()
    };
    let missing =
        |name: &str, named_by: &str| PublishedError::Missing { name: name.to_owned(), named_by: named_by.to_owned() };
    assert_eq!(without("1.root.json"), missing("1.root.json", "2.root.json"));
    assert_eq!(without("2.root.json"), missing("2.root.json", "3.root.json"));
    let (snapshot, targets) = (versions(&room).2, versions(&room).3);
    assert_eq!(
        without(&format!("{snapshot}.snapshot.json")),
        missing(&format!("{snapshot}.snapshot.json"), "timestamp.json")
    );
    assert_eq!(
        without(&format!("{targets}.targets.json")),
        missing(&format!("{targets}.targets.json"), &format!("{snapshot}.snapshot.json"))
    );
    let shipped = room.published.files().keys().find(|name| name.starts_with("targets/")).unwrap().clone();
    assert_eq!(without(&shipped), missing(&shipped, &format!("{targets}.targets.json")));

    let with = |name: &str, bytes: &[u8]| {
        let mut files = room.published.files().clone();
        files.insert(name.to_owned(), bytes.to_vec());
        Published::read(files).unwrap_err()
    };
    assert_eq!(with("root.json", b""), PublishedError::UnknownFile { name: "root.json".to_owned() });
    assert!(matches!(with("targets/ab.c", b""), PublishedError::ChangedTarget { .. }));
    let root_2 = room.published.files()["2.root.json"].clone();
    assert!(matches!(with("4.root.json", &root_2), PublishedError::Version { .. }));
    assert!(matches!(with("9.targets.json", b"{}"), PublishedError::Format { .. }));
}

#[test]
fn a_superseded_file_that_nobody_signed_is_found() {
    let room = Room::after_the_first();
    let mut mallory = Room::new();
    mallory.keyholders = rootline_ceremonies::Keyholders::new(["frank", "online-2"].map(keyholder)).unwrap();
    mallory.hold(&PlanText { online: vec!["online-2"], ..PlanText::of(&["frank"], 1) }, &["frank"]);
    for role in ["snapshot", "targets"] {
        let mut files = room.published.files().clone();
        let text = String::from_utf8(mallory.published.files()[&format!("1.{role}.json")].clone()).unwrap();
        files.insert(
            format!("7.{role}.json"),
            text.replace("\"version\": 1\n  }\n}", "\"version\": 7\n  }\n}").into_bytes(),
        );
        let refused = Published::read(files).unwrap_err();
        assert!(
            matches!(&refused, PublishedError::Unsigned { name, .. } if *name == format!("7.{role}.json")),
            "{refused}"
        );
    }
}
