//! What a mirror refuses, and how it is then: as it was.

use rootline_client::Error;
use rootline_client::mirror::{Mirror, MirrorError, MirrorLimits};
use rootline_client::transport::Mirrors;
use rootline_client::workflow::Check;
use rootline_tests::adversary;
use rootline_tests::simulator::{Delegation, Files, Simulator};

use super::place::{Place, TARGETS, contents, publish, repository};

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

#[test]
fn roots_before_the_pinned_one_that_do_not_lead_to_it_are_refused() {
    let mut sim = repository();
    sim.publish_root().publish_root();
    sim.publish();
    let stranger = Simulator::default();
    for (version, bytes, check) in [
        (1, adversary_root(&stranger, 1), Check::RootSignatures),
        (2, sim.root_bytes(1), Check::RootVersion),
        (1, b"{}".to_vec(), Check::Form),
    ] {
        let mut bad = sim.files().clone();
        bad.set_metadata(&format!("{version}.root.json"), bytes);
        let place = Place::new();
        match place.mirror(sim.root_bytes(3), &bad, sim.day(1)).unwrap_err() {
            MirrorError::Repository(Error::Refused(refusal)) => assert_eq!(refusal.check, check, "{refusal}"),
            other => panic!("{other}"),
        }
        assert_eq!(place.served().len(), 0);
    }
}

/// A root of a repository with other keys.
fn adversary_root(_: &Simulator, version: u64) -> Vec<u8> {
    let mut other = Simulator::default();
    other.root.root = rootline_tests::simulator::Role::new(1, ["stranger"]);
    other.root.version = version - 1;
    let keys = vec![rootline_tests::simulator::Key::named("stranger")];
    other.issue("root").signed_by(keys).publish();
    other.root_bytes(version)
}

#[test]
fn where_the_oldest_roots_are_gone_the_mirror_has_those_from_there_on_and_says_so() {
    let mut sim = repository();
    sim.publish_root().publish_root().publish_root();
    sim.publish();
    let mut files = sim.files().clone();
    files.remove_metadata("2.root.json");
    let place = Place::new();
    let report = place.mirror(sim.root_bytes(4), &files, sim.day(1)).unwrap();
    assert_eq!(report.oldest_root.number(), 3);
    assert!(!place.served().contains_key("1.root.json"));
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
