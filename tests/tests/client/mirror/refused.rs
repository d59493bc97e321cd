//! What a mirror refuses, and how it is then: as it was.

use rootline_client::mirror::{Mirror, MirrorError, MirrorLimits, MirrorReport};
use rootline_client::transport::Mirrors;
use rootline_client::workflow::{Check, EarlierRoots, RootChain};
use rootline_client::{Error, Limits};
use rootline_tests::adversary;
use rootline_tests::simulator::{Delegation, Files, Key, Role, Simulator};

use super::place::{Place, TARGETS, contents, digests_before, publish, repository};

/// Mirrors `first`, and then is offered `bad`.
fn refused(sim: &Simulator, first: &Files, bad: &Files) -> Check {
    let place = Place::new();
    place.mirror(sim.root_bytes(1), first, sim.day(1)).unwrap();
    let before = place.served();
    let refused = place.mirror(sim.root_bytes(1), bad, sim.day(1)).unwrap_err();
    assert_eq!(place.served(), before, "{refused}");
    match refused {
        MirrorError::Repository(Error::Refused(refusal)) => refusal.check,
        other => panic!("{other}"),
    }
}

#[test]
fn a_repository_whose_metadata_was_tampered_with_is_refused_and_the_mirror_is_as_it_was() {
    let mut sim = repository();
    let first = sim.files().clone();
    sim.publish_root();
    publish(&mut sim, "second");
    for (name, check) in [
        ("2.root.json", Check::RootSignatures),
        ("timestamp.json", Check::TimestampSignatures),
        ("3.snapshot.json", Check::SnapshotMetaFile),
        ("3.targets.json", Check::TargetsMetaFile),
        ("2.a/b.json", Check::TargetsMetaFile),
        ("2.bin-0.json", Check::TargetsMetaFile),
    ] {
        let mut bad = sim.files().clone();
        let text = String::from_utf8(bad.metadata(name).unwrap().to_vec()).unwrap();
        bad.set_metadata(name, text.replacen("T00:00:00Z", "T00:00:01Z", 1));
        assert_eq!(refused(&sim, &first, &bad), check, "{name}");
    }
}

#[test]
fn a_file_that_is_not_there_is_refused_and_named() {
    let mut sim = repository();
    let first = sim.files().clone();
    publish(&mut sim, "second");
    for (name, check) in [
        ("timestamp.json", Check::TimestampPresent),
        ("3.snapshot.json", Check::SnapshotPresent),
        ("3.targets.json", Check::TargetsPresent),
        ("2.bin-0.json", Check::TargetsPresent),
    ] {
        let mut bad = sim.files().clone();
        bad.remove_metadata(name);
        assert_eq!(refused(&sim, &first, &bad), check, "{name}");
    }
    let mut bad = sim.files().clone();
    let target = bad.target_paths().find(|path| path.ends_with(".two") && bad.target(path) == Some(b"second two"));
    let target = target.unwrap().to_owned();
    bad.remove_target(&target);
    let place = Place::new();
    place.mirror(sim.root_bytes(1), &first, sim.day(1)).unwrap();
    let refusal = place.mirror(sim.root_bytes(1), &bad, sim.day(1)).unwrap_err();
    assert_eq!(refusal.to_string(), "the repository has no target a/b/two");
    assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("first"));
    // Another content of the same length.
    bad.set_target(&target, "second owt");
    let refusal = place.mirror(sim.root_bytes(1), &bad, sim.day(1)).unwrap_err();
    assert!(refusal.to_string().starts_with("target a/b/two does not have the digest"), "{refusal}");
    assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("first"));
}

#[test]
fn a_mirror_never_goes_back_though_nothing_but_the_mirror_remembers() {
    let mut sim = repository();
    let first = sim.files().clone();
    publish(&mut sim, "second");
    assert_eq!(refused(&sim, sim.files(), &first), Check::TimestampVersion);
}

#[test]
fn a_repository_that_has_expired_is_refused() {
    let sim = repository();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(6)).unwrap();
    let refusal = place.mirror(sim.root_bytes(1), sim.files(), sim.day(7)).unwrap_err();
    assert!(refusal.to_string().starts_with("timestamp.json expired"), "{refusal}");
}

/// A repository with four roots, and a root 2 that a stranger has made: it lists the keys of root 3, so that it leads up to it.
fn forged_history() -> (Simulator, Vec<u8>) {
    let mut sim = repository();
    sim.publish_root().publish_root().publish_root();
    sim.publish();
    let mut stranger = Simulator::default();
    stranger.root.root = Role::new(1, ["stranger", "root-a", "root-b"]);
    stranger.issue("root").signed_by(Key::all(["stranger"])).publish();
    let forged = stranger.root_bytes(2);
    let mut chain = RootChain::begin(forged.clone(), &Limits::default()).unwrap();
    chain.extend(sim.root_bytes(3)).expect("it leads up to root 3");
    (sim, forged)
}

/// What is served, and what is said of the rest.
fn roots(place: &Place, report: &MirrorReport) -> (Vec<u64>, Vec<String>) {
    let served = place.served();
    let roots = (1..9).filter(|version| served.contains_key(&format!("{version}.root.json"))).collect();
    (roots, report.left_out.iter().map(ToString::to_string).collect())
}

#[test]
fn what_nobody_vouches_for_before_the_pinned_root_is_left_out_and_said() {
    let (sim, forged) = forged_history();
    let mut bad = sim.files().clone();
    bad.set_metadata("2.root.json", forged.clone());
    let others = "nothing vouches for root 3 but whoever serves it";
    for files in [sim.files(), &bad] {
        let place = Place::new();
        let report = place.mirror(sim.root_bytes(4), files, sim.day(1)).unwrap();
        assert_eq!(report.oldest_root.number(), 4);
        assert_eq!(roots(&place, &report), (vec![4], vec![format!("roots 1 to 3 were left out: {others}")]));
    }
    // Nothing is before the first root, and nothing is said of it.
    let place = Place::new();
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    assert_eq!(roots(&place, &report), (vec![1, 2, 3, 4], vec![]));
}

#[test]
fn a_forged_root_before_the_pinned_one_is_left_out_and_stops_nothing_and_the_true_one_is_taken_when_it_returns() {
    let (sim, forged) = forged_history();
    let digests = || digests_before(&sim, 4);
    for (served_instead, what) in [
        (Some(forged.clone()), "what the repository serves as root 2 is another root"),
        (Some(sim.root_bytes(1)), "what the repository serves as root 2 is another root"),
        (Some(b"{}".to_vec()), "what the repository serves as root 2 is another root"),
        (None, "the repository has no root 2"),
    ] {
        let mut bad = sim.files().clone();
        match served_instead {
            Some(bytes) => bad.set_metadata("2.root.json", bytes),
            None => {
                bad.remove_metadata("2.root.json");
            }
        }
        // The digests reach down to root 3; the chain from root 1 on has a gap.
        for (earlier, served, newest) in
            [(digests(), vec![3, 4], 2), (EarlierRoots::Oldest(sim.root_bytes(1)), vec![4], 3)]
        {
            let place = Place::new();
            let report = place.mirror_vouched(sim.root_bytes(4), earlier.clone(), &bad, sim.day(1)).unwrap();
            let left_out = format!("roots 1 to {newest} were left out: {what}");
            assert_eq!(roots(&place, &report), (served.clone(), vec![left_out]));
            assert_eq!(report.oldest_root.number(), served[0]);
            let report = place.mirror_vouched(sim.root_bytes(4), earlier.clone(), sim.files(), sim.day(1)).unwrap();
            assert_eq!(roots(&place, &report), (vec![1, 2, 3, 4], vec![]));
            // Once they are here, nobody can take them away by serving others.
            let report = place.mirror_vouched(sim.root_bytes(4), earlier, &bad, sim.day(1)).unwrap();
            assert_eq!(roots(&place, &report), (vec![1, 2, 3, 4], vec![]));
        }
    }
}

/// As mirrors of an earlier version of this program may have it.
#[test]
fn a_mirror_that_serves_a_forged_root_is_mended_by_what_is_vouched_for() {
    let (sim, forged) = forged_history();
    let mut bad = sim.files().clone();
    bad.set_metadata("2.root.json", forged.clone());
    for earlier in [digests_before(&sim, 4), EarlierRoots::Oldest(sim.root_bytes(1))] {
        let place = Place::new();
        place.mirror_vouched(sim.root_bytes(4), EarlierRoots::Oldest(forged.clone()), &bad, sim.day(1)).unwrap();
        assert_eq!(place.served()["2.root.json"], forged);
        let report = place.mirror_vouched(sim.root_bytes(4), earlier, sim.files(), sim.day(1)).unwrap();
        assert_eq!(roots(&place, &report), (vec![1, 2, 3, 4], vec![]));
        let notes: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes, ["2.root.json in the mirror was not the root that is vouched for, and was replaced"]);
        assert_eq!(place.served()["2.root.json"], sim.root_bytes(2));
        assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("first"));
    }
}

#[test]
fn a_file_of_somebody_else_in_the_place_of_an_earlier_root_stays_and_stops_nothing() {
    let (sim, forged) = forged_history();
    let place = Place::new();
    std::fs::create_dir(place.path()).unwrap();
    std::fs::write(place.path().join("2.root.json"), &forged).unwrap();
    let report = place.mirror_vouched(sim.root_bytes(4), digests_before(&sim, 4), sim.files(), sim.day(1)).unwrap();
    let left_out = "2.root.json was left out: another file is there that this mirror has not written";
    assert_eq!(roots(&place, &report), (vec![1, 2, 3, 4], vec![left_out.to_owned()]));
    assert_eq!(place.served()["2.root.json"], forged);
    // In the place of the pinned root, or of one after it, it does.
    std::fs::write(place.path().join("5.root.json"), &forged).unwrap();
    let mut sim = sim;
    sim.publish_root().publish();
    let refused = place.mirror(sim.root_bytes(4), sim.files(), sim.day(1)).unwrap_err();
    assert!(matches!(refused, MirrorError::OtherRoot { .. }), "{refused}");
}

#[test]
fn the_oldest_root_that_is_named_has_to_be_one_before_the_pinned_root_and_lead_to_it() {
    let (sim, _) = forged_history();
    let mirror = |oldest: Vec<u8>| {
        let place = Place::new();
        let report = place.mirror_vouched(sim.root_bytes(3), EarlierRoots::Oldest(oldest), sim.files(), sim.day(1))?;
        Ok::<_, MirrorError>(roots(&place, &report))
    };
    assert_eq!(mirror(sim.root_bytes(3)).unwrap().0, [3, 4], "the pinned one is the oldest");
    let from_two = mirror(sim.root_bytes(2)).unwrap();
    assert_eq!((from_two.0, from_two.1.len()), (vec![2, 3, 4], 1));
    assert_eq!(mirror(sim.root_bytes(1)).unwrap(), (vec![1, 2, 3, 4], vec![]));
    for not_before in [sim.root_bytes(4), b"{}".to_vec()] {
        let MirrorError::Repository(Error::Refused(_)) = mirror(not_before).unwrap_err() else { panic!() };
    }
    let mut other = Simulator::default();
    other.root.root = Role::new(1, ["somebody else"]);
    other.root.version = 0;
    other.issue("root").signed_by(Key::all(["somebody else"])).publish();
    let of_another = mirror(other.root_bytes(1)).unwrap();
    let why = "roots 1 to 2 were left out: what the repository serves as root 2 is another root";
    assert_eq!(of_another, (vec![3, 4], vec![why.to_owned()]));
    other.root.version = 1;
    other.issue("root").signed_by(Key::all(["somebody else"])).publish();
    let why = "roots 1 to 2 were left out: the oldest root does not lead to the pinned one";
    assert_eq!(mirror(other.root_bytes(2)).unwrap(), (vec![3, 4], vec![why.to_owned()]));
}

#[test]
fn as_many_roots_before_the_pinned_one_are_followed_as_are_allowed() {
    let (sim, _) = forged_history();
    for (limit, digests, oldest) in [(3, vec![1, 2, 3, 4], vec![1, 2, 3, 4]), (2, vec![2, 3, 4], vec![4])] {
        for (earlier, served) in [(digests_before(&sim, 4), digests), (EarlierRoots::Oldest(sim.root_bytes(1)), oldest)]
        {
            let place = Place::new();
            let mirror = Mirror::new(sim.root_bytes(4), sim.files(), place.path()).with_earlier_roots(earlier);
            let limits = Limits::default().with_root_rotations(limit);
            let report = mirror.with_limits(limits).update(sim.day(1), &mut ()).unwrap();
            assert_eq!(roots(&place, &report).0, served, "{limit}");
        }
    }
}

#[test]
fn a_root_is_never_replaced_so_a_mirror_of_another_repository_stays_what_it_is() {
    let sim = repository();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let before = place.files();
    let mut other = Simulator::default();
    other.root.version = 0;
    other.root.expires = other.day(200);
    other.publish_root().publish();
    let refused = place.mirror(other.root_bytes(1), other.files(), other.day(1)).unwrap_err();
    assert!(matches!(refused, MirrorError::OtherRoot { .. } | MirrorError::Repository(_)), "{refused}");
    assert_eq!(place.files(), before);
}

#[test]
fn as_many_roles_and_bytes_as_are_allowed_are_mirrored_and_one_more_is_refused() {
    let sim = repository();
    let bytes: u64 = contents("first").iter().map(|content| content.len() as u64).sum();
    let mirror = |roles, target_bytes| {
        let place = Place::new();
        let limits = MirrorLimits::default().with_roles(roles).with_target_bytes(target_bytes);
        let mirror = Mirror::new(sim.root_bytes(1), sim.files().clone(), place.path()).with_mirror_limits(limits);
        let outcome = mirror.update(sim.day(1), &mut ()).map(|report| report.delegated.len());
        if outcome.is_err() {
            assert_eq!(place.served().len(), 0);
        }
        outcome.map_err(|error| error.to_string())
    };
    assert_eq!(mirror(7, bytes), Ok(7));
    assert_eq!(mirror(6, bytes).unwrap_err(), "the repository has more than the 6 delegated roles allowed here");
    assert_eq!(
        mirror(7, bytes - 1).unwrap_err(),
        format!("the repository's targets have {bytes} bytes together, more than the {} allowed here", bytes - 1)
    );
}

#[test]
fn a_place_that_fails_at_any_file_is_left_for_the_next_one_and_named() {
    let sim = repository();
    let broken: Vec<Files> = ["timestamp.json", "2.targets.json", "1.bin-3.json"]
        .iter()
        .map(|name| {
            let mut files = sim.files().clone();
            files.set_metadata(name, "garbage");
            files
        })
        .chain([{
            let mut files = sim.files().clone();
            let target = files.target_paths().next().unwrap().to_owned();
            files.set_target(&target, "garbage");
            files
        }])
        .collect();
    for files in broken {
        let place = Place::new();
        let mirrors = Mirrors::new("the first", files).then("the second", sim.files().clone());
        let report = place.mirror(sim.root_bytes(1), mirrors, sim.day(1)).unwrap();
        let notes: Vec<String> = report.notes.iter().map(ToString::to_string).collect();
        assert_eq!(notes.len(), 1, "{notes:?}");
        assert!(notes[0].starts_with("left the mirror the first: "), "{notes:?}");
        assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("first"));
    }
}

#[test]
fn every_attack_on_every_file_leaves_a_mirror_that_readers_can_read() {
    let mut sim = repository();
    let first = sim.files().clone();
    sim.publish_root();
    publish(&mut sim, "second");
    let attacks: [fn(&Files, &str) -> Files; 6] = [
        adversary::truncate,
        adversary::lengthen,
        adversary::tamper,
        adversary::strip_signatures,
        adversary::repeat_signatures,
        adversary::withhold,
    ];
    for (number, attack) in attacks.iter().enumerate() {
        for name in ["2.root.json", "timestamp.json", "3.snapshot.json", "3.targets.json", "2.a.json"] {
            let place = Place::new();
            place.mirror(sim.root_bytes(1), &first, sim.day(1)).unwrap();
            let mirrored = place.mirror(sim.root_bytes(1), attack(sim.files(), name), sim.day(1));
            let read = place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1;
            let expected = if mirrored.is_ok() { "second" } else { "first" };
            assert_eq!(read, contents(expected), "attack {number} on {name}");
        }
    }
}

/// Roles and targets that are two files here and one on Windows or macOS, from where a mirror may be served.
#[test]
fn names_that_differ_in_case_alone_are_refused_on_every_system() {
    for (roles, targets, refused) in [
        (["n", "m"], ["a.txt", "b.txt"], false),
        (["n", "N"], ["a.txt", "b.txt"], true),
        (["n", "m"], ["dir/a.txt", "Dir/b.txt"], false),
        (["n", "m"], ["a.txt", "A.txt"], true),
        (["n", "m"], ["dir/a", "DIR"], true),
    ] {
        let mut sim = Simulator::default();
        for role in roles {
            sim.delegate("targets", Delegation::to(role).paths(["*", "*/*"]));
        }
        // The digest stands before the last part of a name, so that only the same content can be in the same place.
        for (role, target) in roles.into_iter().zip(targets) {
            sim.add_target(role, target, b"content");
        }
        sim.root.consistent_snapshot = roles[1] != "m";
        sim.publish_root().publish();
        let place = Place::new();
        let mirrored = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1));
        assert_eq!(
            matches!(mirrored, Err(MirrorError::Collision { .. })),
            refused,
            "{roles:?} {targets:?}: {mirrored:?}"
        );
        if refused {
            assert!(place.served().is_empty());
        } else {
            mirrored.unwrap();
        }
    }
}
