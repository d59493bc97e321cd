//! Targets files (TUF 5.6.1 to 5.6.6): each check from both sides of its limit, for the top-level targets and for a delegated role
//! alike. In every refusal the new timestamp and the new snapshot stay, since they were verified, and the old targets stay.

use chrono::TimeDelta;
use rootline_client::Error;
use rootline_client::store::{LocalFile, Store};
use rootline_client::transport::Transport;
use rootline_client::workflow::{Check, Fault, File, Refusal};
use rootline_metadata::{RoleName, Version, hex};
use rootline_tests::adversary::{self, Careless, Misbehaving};
use rootline_tests::simulator::{Delegation, Files, Key, PinStyle, Role, Simulator, set};
use rootline_tests::verifier::Verifier;

/// The two kinds of targets file, each with the name of its file in version 3.
const BOTH: [(&str, &str); 2] = [("targets", "3.targets.json"), ("delegated", "3.delegated.json")];

/// A repository with a delegated role that lists `d.txt`, version 2 of everything, and a verifier that has seen and downloaded it all.
fn at_version_two() -> (Simulator, Verifier) {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("delegated").paths(["d*"]));
    sim.add_target("targets", "t.txt", b"t").add_target("delegated", "d.txt", b"d");
    sim.issue("delegated").publish();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.download(sim.files(), sim.day(1), "d.txt").expect("an honest repository");
    assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 2, targets 2");
    (sim, verifier)
}

fn local(role: &str) -> LocalFile {
    if role == "targets" { LocalFile::Targets } else { LocalFile::Delegated(role.to_owned()) }
}

fn file(role: &str) -> File {
    if role == "targets" {
        File::Targets
    } else {
        File::Delegated(RoleName::new(role).expect("a delegated role's name"))
    }
}

/// Everything is fetched that is needed for `d.txt`.
fn accepted(verifier: &mut Verifier, from: &impl Transport, sim: &Simulator, role: &str) {
    verifier.find(from, sim.day(1), "d.txt").unwrap_or_else(|error| panic!("{role}: {error}"));
    let public = sim.files().metadata(&format!("3.{role}.json")).expect("version 3 is public");
    assert_eq!(verifier.stored(&local(role)).expect("it is kept"), public);
}

/// Version 3 of `role` is refused, and version 2 kept.
fn refused(verifier: &mut Verifier, from: &impl Transport, sim: &Simulator, role: &str) -> Refusal {
    let before = verifier.stored(&local(role));
    let error = verifier.find(from, sim.day(1), "d.txt").expect_err("a refusal");
    let refusal = error.refusal().unwrap_or_else(|| panic!("{role}: {error}")).clone();
    assert_eq!(refusal.file, file(role), "{refusal}");
    assert_eq!(verifier.stored(&local(role)), before, "{role}");
    assert!(verifier.holds().starts_with("root 1, timestamp 3, snapshot 3, "), "{}", verifier.holds());
    refusal
}

// ---- 5.6.1: there is the one that the snapshot names

/// 5.6.1
#[test]
fn a_targets_file_is_read_up_to_its_limit_and_up_to_what_is_stated() {
    for (role, name) in BOTH {
        let (mut sim, mut verifier) = at_version_two();
        // Longer than all other targets files, so that the limit is about this one alone.
        sim.targets_of(role).more.insert("padding", "x".repeat(5000).into());
        sim.issue(role).publish().publish_snapshot();
        let length = sim.files().metadata(name).unwrap().len() as u64;

        verifier.limits.targets = length - 1;
        let refusal = refused(&mut verifier, sim.files(), &sim, role);
        assert_eq!(refusal.check, Check::TargetsPresent);
        assert_eq!(refusal.fault, Fault::TooLong { stated: length, limit: length - 1 });
        assert!(!verifier.requests().contains(&name.to_owned()), "it is not even asked for");

        verifier.limits.targets = length;
        accepted(&mut verifier, sim.files(), &sim, role);
    }
}

/// 5.6.1: where no length is stated the limit is the limit.
#[test]
fn a_targets_file_of_no_stated_length_is_read_up_to_the_limit() {
    for (role, name) in BOTH {
        let (mut sim, mut verifier) = at_version_two();
        sim.snapshot.pins = PinStyle::VersionOnly;
        sim.targets_of(role).more.insert("padding", "x".repeat(5000).into());
        sim.issue(role).publish().publish_snapshot();
        verifier.limits.targets = sim.files().metadata(name).unwrap().len() as u64 - 1;
        let error = verifier.find(sim.files(), sim.day(1), "d.txt").unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{error}");
        let careless = Careless(sim.files().clone());
        assert_eq!(refused(&mut verifier, &careless, &sim, role).check, Check::Form);

        verifier.limits.targets += 1;
        accepted(&mut verifier, sim.files(), &sim, role);
    }
}

/// 5.6.1
#[test]
fn a_targets_file_that_is_not_there_is_refused() {
    for (role, name) in BOTH {
        let (mut sim, mut verifier) = at_version_two();
        sim.issue(role).publish().publish_snapshot();
        let refusal = refused(&mut verifier, &adversary::withhold(sim.files(), name), &sim, role);
        assert_eq!((refusal.check, refusal.fault), (Check::TargetsPresent, Fault::Absent));
        for how in Misbehaving::FAILURES {
            let error = verifier.find(&Misbehaving::new(sim.files(), name, how), sim.day(1), "d.txt").unwrap_err();
            assert!(matches!(error, Error::Transport(_)), "{how:?}: {error}");
        }
        accepted(&mut verifier, sim.files(), &sim, role);
    }
}

// ---- 5.6.2: as long as, and with the digests that, the snapshot says

/// 5.6.2: stated lengths and digests, each alone and together, one byte off and exactly right.
/// CVE-2026-6967: of delegated metadata, length and hash were unchecked.
#[test]
fn a_targets_file_has_exactly_the_length_and_the_digests_that_are_stated() {
    for (role, name) in BOTH {
        for (length_stated, digest_stated) in [(true, true), (true, false), (false, true)] {
            let (mut sim, mut verifier) = at_version_two();
            sim.issue(role).publish();
            let pin = sim.snapshot.meta_file(&format!("{role}.json"));
            if !length_stated {
                pin.length = None;
            }
            if !digest_stated {
                pin.hashes = None;
            }
            sim.publish_snapshot();
            let length = sim.files().metadata(name).unwrap().len();
            let mut attacks = vec![adversary::lengthen(sim.files(), name), adversary::truncate(sim.files(), name)];
            if digest_stated {
                attacks.push(adversary::flip(sim.files(), name, length - 1));
            }
            for attack in attacks {
                let refusal = refused(&mut verifier, &Careless(attack), &sim, role);
                assert_eq!(refusal.check, Check::TargetsMetaFile, "{role} {length_stated} {digest_stated}");
            }
            accepted(&mut verifier, sim.files(), &sim, role);
        }
    }
}

/// 5.6.2: every digest of a known algorithm has to match, not just one.
#[test]
fn one_wrong_digest_beside_a_right_one_is_refused() {
    for (role, _) in BOTH {
        for algorithm in ["sha384", "sha512"] {
            let (mut sim, mut verifier) = at_version_two();
            sim.issue(role).publish();
            let wrong = hex::encode(&[7; 64])[..if algorithm == "sha384" { 96 } else { 128 }].to_owned();
            let hashes = sim.snapshot.meta_file(&format!("{role}.json")).hashes.as_mut().unwrap();
            hashes.insert(algorithm.to_owned(), wrong);
            sim.publish_snapshot();
            let refusal = refused(&mut verifier, sim.files(), &sim, role);
            assert!(matches!(refusal.fault, Fault::WrongDigest { .. }), "{refusal}");
            assert_eq!(refusal.check, Check::TargetsMetaFile);
        }
    }
}

// ---- 5.6.3: signed by the keys that the delegator names

/// 5.6.3
#[test]
fn a_targets_file_needs_exactly_its_threshold_of_signatures() {
    let rows = [(["k1", "k2"], true), (["k2", "k3"], true), (["k1", "stranger"], false), (["k3", "snapshot"], false)];
    for (role, _) in BOTH {
        for (signers, enough) in rows {
            let (mut sim, mut verifier) = at_version_two();
            let three_keys = Role::new(2, ["k1", "k2", "k3"]);
            match role {
                "targets" => {
                    sim.root.targets = three_keys;
                    sim.publish_root();
                }
                _ => {
                    sim.targets.delegations.as_mut().unwrap().roles[0].role = three_keys;
                    sim.issue("targets").publish();
                }
            }
            sim.issue(role).signed_by(Key::all(signers)).publish().publish_snapshot();
            let before = verifier.stored(&local(role));
            let found = verifier.find(sim.files(), sim.day(1), "d.txt");
            if enough {
                found.unwrap();
                assert_eq!(
                    verifier.stored(&local(role)).unwrap(),
                    sim.files().metadata(&format!("3.{role}.json")).unwrap()
                );
            } else {
                let refusal = found.unwrap_err().refusal().unwrap().clone();
                assert_eq!((refusal.check, &refusal.file), (Check::TargetsSignatures, &file(role)), "{signers:?}");
                assert_eq!(verifier.stored(&local(role)), before, "{role} {signers:?}");
            }
        }
    }
}

/// 5.6.3: a delegated role answers to its delegator alone.
#[test]
fn the_top_level_targets_key_does_not_sign_for_a_delegated_role() {
    let (mut sim, mut verifier) = at_version_two();
    sim.issue("delegated").signed_by(Key::all(["targets"])).publish().publish_snapshot();
    assert_eq!(refused(&mut verifier, sim.files(), &sim, "delegated").check, Check::TargetsSignatures);
}

// ---- 5.6.4: the version that the snapshot gives

/// 5.6.4: one less, one more, and equal.
#[test]
fn a_targets_file_has_the_version_that_the_snapshot_gives() {
    for (role, _) in BOTH {
        for (inside, good) in [(2, false), (3, true), (4, false)] {
            let (mut sim, mut verifier) = at_version_two();
            sim.issue(role).edited(|signed| set(signed, "version", inside)).publish().publish_snapshot();
            if good {
                accepted(&mut verifier, sim.files(), &sim, role);
            } else {
                let refusal = refused(&mut verifier, sim.files(), &sim, role);
                assert_eq!(refusal.check, Check::TargetsVersion);
                let (expected, offered) = (Version::new(3).unwrap(), Version::new(inside).unwrap());
                assert_eq!(refusal.fault, Fault::WrongVersion { expected, offered });
            }
        }
    }
}

/// 5.6.4: an old file under the new one's name, where the snapshot pins by version alone.
#[test]
fn an_old_targets_file_under_a_new_name_is_refused() {
    for (role, name) in BOTH {
        let (mut sim, mut verifier) = at_version_two();
        sim.snapshot.pins = PinStyle::VersionOnly;
        sim.issue(role).publish().publish_snapshot();
        let mixed = adversary::mix(sim.files(), name, &name.replace('3', "2"));
        assert_eq!(refused(&mut verifier, &mixed, &sim, role).check, Check::TargetsVersion);
    }
}

// ---- 5.6.5: it has not expired

/// 5.6.5
/// CVE-2026-6967: of delegated metadata, the expiry was unchecked.
#[test]
fn a_targets_file_is_good_until_one_second_before_its_expiry_and_no_longer() {
    for (role, _) in BOTH {
        let (mut sim, verifier) = at_version_two();
        sim.targets_of(role).expires = sim.day(2);
        sim.issue(role).publish().publish_snapshot();
        drop(verifier);
        for (seconds, good) in [(-1, true), (0, false), (1, false), (86_400, false)] {
            let mut verifier = Verifier::of(&sim);
            let found = verifier.find(sim.files(), sim.day(2) + TimeDelta::seconds(seconds), "d.txt");
            assert_eq!(verifier.stored(&local(role)).is_some(), good, "{role} at {seconds}");
            match (good, found) {
                (true, found) => drop(found.unwrap()),
                (false, found) => {
                    let refusal = found.unwrap_err().refusal().unwrap().clone();
                    assert_eq!((refusal.check, refusal.file), (Check::TargetsExpiry, file(role)));
                }
            }
        }
    }
}

/// 5.6.5: a cache that has expired meanwhile is asked for again, and refused if it is still the same.
#[test]
fn a_local_targets_file_that_has_expired_permits_nothing() {
    for (role, _) in BOTH {
        let (mut sim, _) = at_version_two();
        sim.targets_of(role).expires = sim.day(3);
        sim.issue(role).publish().publish_snapshot();
        let mut verifier = Verifier::of(&sim);
        verifier.find(sim.files(), sim.day(2), "d.txt").unwrap();
        let refusal = verifier.find(sim.files(), sim.day(3), "d.txt").unwrap_err().refusal().unwrap().clone();
        assert_eq!((refusal.check, refusal.file), (Check::TargetsExpiry, file(role)));
        assert_eq!(verifier.requests().last().unwrap(), &format!("3.{role}.json"));
    }
}

// ---- 5.6.6: what is kept is what was served

/// 5.6.6
#[test]
fn a_changed_cache_of_a_targets_file_is_fetched_again() {
    for (role, name) in BOTH {
        let (mut sim, mut verifier) = at_version_two();
        sim.issue(role).publish().publish_snapshot();
        accepted(&mut verifier, sim.files(), &sim, role);
        let good = sim.files().metadata(name).unwrap().to_vec();
        let tampered: Files = adversary::tamper(sim.files(), name);
        for bytes in [tampered.metadata(name).unwrap().to_vec(), b"{}".to_vec(), good[..good.len() - 1].to_vec()] {
            verifier.store().save(&local(role), &bytes).unwrap();
            accepted(&mut verifier, sim.files(), &sim, role);
            assert_eq!(verifier.requests().last().unwrap(), name);
        }
        // One that is as it should be is not.
        accepted(&mut verifier, sim.files(), &sim, role);
        assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"]);
    }
}
