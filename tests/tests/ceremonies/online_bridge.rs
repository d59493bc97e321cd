//! Snapshot and timestamp by the old and the new online key, as long as the old root can be somebody's last.

use rootline_ceremonies::{Release, Renewal, Sealed};
use rootline_metadata::{Role, TopLevelRole, Verified};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room};

/// After a first ceremony, with a sealed one that changes the online key.
fn rotation() -> (Room, Sealed) {
    let room = Room::after_the_first();
    let frozen = room.freeze(&PlanText { online: vec!["online-2"], ..PlanText::of(&FIVE, 3) }.on(1));
    let sealed = room.seal(&frozen, &FIVE[..3]).unwrap();
    (room, sealed)
}

/// How many signatures snapshot and timestamp have, and which roots they satisfy.
fn signed(release: &Release) -> (usize, usize, Vec<u64>) {
    fn satisfies<R: Role + Clone>(
        file: &Verified<R>,
        root: &Verified<rootline_metadata::Root>,
        role: TopLevelRole,
    ) -> bool {
        file.envelope().clone().verify(root.authority(role)).is_ok()
    }
    let current = release.published().current().unwrap();
    let roots = release.published().roots().iter().filter(|root| {
        satisfies(&current.snapshot, root, TopLevelRole::Snapshot)
            && satisfies(&current.timestamp, root, TopLevelRole::Timestamp)
    });
    let roots = roots.map(|root| root.version().number()).collect();
    (current.snapshot.envelope().signatures().len(), current.timestamp.envelope().signatures().len(), roots)
}

#[test]
fn both_keys_sign_while_both_roots_can_be_somebodys_last() {
    let (room, sealed) = rotation();
    let make = |keys: &[&str]| room.release_for(Some(&sealed), keys, 1, Renewal::WhenDue, &[1], &[]).unwrap().unwrap();
    for keys in [["online", "online-2"], ["online-2", "online"]] {
        let both = make(&keys);
        assert_eq!(signed(&both), (2, 2, vec![1, 2]));
        let [bridge] = both.bridges() else { panic!("{:?}", both.bridges()) };
        assert_eq!((bridge.root.number(), bridge.keys.len(), bridge.is_met), (1, 1, true));
    }
    let alone = make(&["online-2"]);
    assert_eq!(signed(&alone), (1, 1, vec![2]));
    assert!(matches!(alone.bridges(), [bridge] if !bridge.is_met), "{:?}", alone.bridges());
    assert!(
        room.release_for(Some(&sealed), &["online"], 1, Renewal::WhenDue, &[1], &[]).is_err(),
        "the last root counts"
    );
}

#[test]
fn the_new_key_signs_alone_where_the_old_one_is_compromised_or_its_root_is_over() {
    let (mut room, sealed) = rotation();
    let keys = ["online", "online-2"];
    let stolen = room.release_for(Some(&sealed), &keys, 1, Renewal::WhenDue, &[1], &["online"]).unwrap().unwrap();
    assert_eq!((signed(&stolen), stolen.bridges()), ((1, 1, vec![2]), &[][..]));
    let both = room.release_for(Some(&sealed), &keys, 1, Renewal::WhenDue, &[1], &[]).unwrap().unwrap();
    room.published = both.published().clone();
    let still = room.release_for(None, &keys, 1, Renewal::Now, &[1, 2], &[]).unwrap().unwrap();
    assert_eq!(signed(&still), (2, 2, vec![1, 2]));
    // The snapshot stays.
    let over = room.release_for(None, &keys, 1, Renewal::Now, &[2], &[]).unwrap().unwrap();
    assert_eq!((signed(&over), over.bridges()), ((2, 1, vec![2]), &[][..]));
}

#[test]
fn what_a_root_in_use_refuses_is_made_again_once_the_old_key_is_there() {
    let (mut room, sealed) = rotation();
    let alone = room.release_for(Some(&sealed), &["online-2"], 1, Renewal::WhenDue, &[1], &[]).unwrap().unwrap();
    room.published = alone.published().clone();
    assert!(room.release_for(None, &["online-2"], 1, Renewal::WhenDue, &[1, 2], &[]).unwrap().is_none());
    let both = room.release_for(None, &["online-2", "online"], 1, Renewal::WhenDue, &[1, 2], &[]).unwrap().unwrap();
    assert_eq!(signed(&both), (2, 2, vec![1, 2]));
    assert_eq!(both.files().len(), 2);
}

#[test]
fn a_key_that_both_roots_list_signs_alone() {
    let room = Room::after_the_first();
    let frozen = room.freeze(&PlanText { online: vec!["online", "online-2"], ..PlanText::of(&FIVE, 3) }.on(1));
    let sealed = room.seal(&frozen, &FIVE[..3]).unwrap();
    let release = room.release_for(Some(&sealed), &["online"], 1, Renewal::WhenDue, &[1], &[]).unwrap().unwrap();
    assert_eq!((release.bridges(), signed(&release).2), (&[][..], vec![1, 2]));
}
