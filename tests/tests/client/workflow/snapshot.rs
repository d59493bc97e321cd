//! The snapshot (TUF 5.5): each check from both sides of its limit. In every refusal the new timestamp stays, since it was verified, and
//! the old snapshot stays.

use chrono::TimeDelta;
use rootline_client::Error;
use rootline_client::workflow::{Check, Fault, File};
use rootline_metadata::{RoleName, Version, hex};
use rootline_tests::adversary::{self, Careless, Misbehaving};
use rootline_tests::simulator::{Delegation, Files, Key, PinStyle, Role, Simulator, set};
use rootline_tests::verifier::Verifier;

/// What is held after the second publication's snapshot was refused.
const ONLY_TIMESTAMP: &str = "root 1, timestamp 2, snapshot 1, targets 1";
const BOTH: &str = "root 1, timestamp 2, snapshot 2, targets 1";

/// A verifier that has seen version 1 of everything.
fn at_version_one() -> (Simulator, Verifier) {
    let sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).expect("an honest repository");
    (sim, verifier)
}

fn refused(verifier: &mut Verifier, files: &Files, sim: &Simulator, check: Check) -> Fault {
    let refusal = verifier.refusal(files, sim.day(1));
    assert_eq!((refusal.check, &refusal.file), (check, &File::Snapshot), "{refusal}");
    assert_eq!(verifier.holds(), ONLY_TIMESTAMP);
    refusal.fault
}

// ---- 5.5.1: there is the one that the timestamp names

/// 5.5.1
#[test]
fn a_snapshot_is_read_up_to_its_limit_and_up_to_what_is_stated() {
    let (mut sim, mut verifier) = at_version_one();
    sim.publish_snapshot();
    let length = sim.files().metadata("2.snapshot.json").unwrap().len() as u64;
    // More is stated than is allowed: nothing is asked for.
    verifier.limits.snapshot = length - 1;
    let fault = refused(&mut verifier, sim.files(), &sim, Check::SnapshotPresent);
    assert_eq!(fault, Fault::TooLong { stated: length, limit: length - 1 });
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"]);

    verifier.limits.snapshot = length;
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), BOTH);
}

/// 5.5.1: where no length is stated the limit is the limit.
#[test]
fn a_snapshot_of_no_stated_length_is_read_up_to_the_limit() {
    let (mut sim, mut verifier) = at_version_one();
    sim.timestamp.pins = PinStyle::VersionOnly;
    sim.publish_snapshot();
    let length = sim.files().metadata("2.snapshot.json").unwrap().len() as u64;
    verifier.limits.snapshot = length - 1;
    assert!(matches!(verifier.refresh(sim.files(), sim.day(1)), Err(Error::Transport(_))));
    assert_eq!(verifier.holds(), ONLY_TIMESTAMP);
    // A transport that does not count changes nothing about it.
    assert_eq!(verifier.refused_by(&Careless(sim.files().clone()), sim.day(1)), Check::Form);
    verifier.limits.snapshot = length;
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), BOTH);
}

/// 5.5.1
#[test]
fn a_snapshot_that_is_not_there_is_refused() {
    let (mut sim, mut verifier) = at_version_one();
    sim.publish_snapshot();
    let withheld = adversary::withhold(sim.files(), "2.snapshot.json");
    assert_eq!(refused(&mut verifier, &withheld, &sim, Check::SnapshotPresent), Fault::Absent);
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "2.snapshot.json"]);
    for how in Misbehaving::FAILURES {
        let mirror = Misbehaving::new(sim.files(), "2.snapshot.json", how);
        assert!(matches!(verifier.refresh(&mirror, sim.day(1)), Err(Error::Transport(_))), "{how:?}");
        assert_eq!(verifier.holds(), ONLY_TIMESTAMP);
    }
    // It is fetched as soon as it is there, although no newer timestamp is.
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), BOTH);
}

// ---- 5.5.2: as long as, and with the digests that, the timestamp says

/// 5.5.2: stated lengths and digests, each alone and together, one byte off and exactly right.
#[test]
fn a_snapshot_has_exactly_the_length_and_the_digests_that_are_stated() {
    for (length_stated, digest_stated) in [(true, true), (true, false), (false, true)] {
        let (mut sim, mut verifier) = at_version_one();
        sim.issue("snapshot").publish();
        let length = sim.files().metadata("2.snapshot.json").unwrap().len() as u64;
        if !length_stated {
            sim.timestamp.snapshot.length = None;
        }
        if !digest_stated {
            sim.timestamp.snapshot.hashes = None;
        }
        sim.issue("timestamp").publish();

        let longer = adversary::lengthen(sim.files(), "2.snapshot.json");
        let shorter = adversary::truncate(sim.files(), "2.snapshot.json");
        for (files, offered) in [(&longer, length + 1), (&shorter, length - 1)] {
            let refusal = verifier.refusal(&Careless(files.clone()), sim.day(1));
            assert_eq!(refusal.check, Check::SnapshotMetaFile, "{length_stated} {digest_stated}");
            match refusal.fault {
                Fault::WrongLength { expected, offered: was } => assert_eq!((expected, was), (length, offered)),
                Fault::WrongDigest { .. } => assert!(!length_stated),
                other => panic!("{other:?}"),
            }
            assert_eq!(verifier.holds(), ONLY_TIMESTAMP);
        }
        if digest_stated {
            // As long as it should be, and another file.
            let flipped = adversary::flip(sim.files(), "2.snapshot.json", length as usize - 1);
            assert!(matches!(
                refused(&mut verifier, &flipped, &sim, Check::SnapshotMetaFile),
                Fault::WrongDigest { .. }
            ));
        }
        verifier.refresh(sim.files(), sim.day(1)).unwrap();
        assert_eq!(verifier.holds(), BOTH);
    }
}

/// 5.5.2: every digest of a known algorithm has to match, not just one.
#[test]
fn one_wrong_digest_beside_a_right_one_is_refused() {
    let (mut sim, mut verifier) = at_version_one();
    sim.issue("snapshot").publish();
    let hashes = sim.timestamp.snapshot.hashes.as_mut().unwrap();
    hashes.insert("sha512".to_owned(), hex::encode(&[7; 64]));
    sim.issue("timestamp").publish();
    assert!(matches!(
        refused(&mut verifier, &sim.files().clone(), &sim, Check::SnapshotMetaFile),
        Fault::WrongDigest { .. }
    ));

    // One by an algorithm that nobody knows says nothing either way.
    let hashes = sim.timestamp.snapshot.hashes.as_mut().unwrap();
    hashes.remove("sha512");
    hashes.insert("blake9".to_owned(), "00".to_owned());
    sim.issue("timestamp").publish();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 2, targets 1");
}

// ---- 5.5.3: signed by the final root's snapshot keys

/// 5.5.3
#[test]
fn a_snapshot_needs_exactly_its_threshold_of_signatures() {
    for (signers, enough) in
        [(["s1", "s2"], true), (["s2", "s3"], true), (["s1", "stranger"], false), (["s3", "timestamp"], false)]
    {
        let mut sim = Simulator::default();
        sim.root.snapshot = Role::new(2, ["s1", "s2", "s3"]);
        sim.publish_root();
        sim.issue("snapshot").signed_by(Key::all(signers)).publish();
        sim.issue("timestamp").publish();
        let mut verifier = Verifier::of(&sim);
        match enough {
            true => drop(verifier.refresh(sim.files(), sim.day(1)).unwrap()),
            false => {
                assert_eq!(verifier.refused_by(sim.files(), sim.day(1)), Check::SnapshotSignatures, "{signers:?}");
                assert_eq!(verifier.holds(), "root 2, timestamp 2");
            }
        }
    }
}

// ---- 5.5.4: the version that the timestamp gives

/// 5.5.4: one less, one more, and equal.
#[test]
fn a_snapshot_has_the_version_that_the_timestamp_gives() {
    for (inside, accepted) in [(1, false), (2, true), (3, false)] {
        let (mut sim, mut verifier) = at_version_one();
        sim.issue("snapshot").edited(|signed| set(signed, "version", inside)).publish();
        sim.issue("timestamp").publish();
        if accepted {
            verifier.refresh(sim.files(), sim.day(1)).unwrap();
            assert_eq!(verifier.holds(), BOTH);
        } else {
            let expected = Version::new(2).unwrap();
            let fault = refused(&mut verifier, &sim.files().clone(), &sim, Check::SnapshotVersion);
            assert_eq!(fault, Fault::WrongVersion { expected, offered: Version::new(inside).unwrap() });
        }
    }
}

/// 5.5.4: an old snapshot under the new one's name, where the timestamp pins by version alone.
#[test]
fn an_old_snapshot_under_a_new_name_is_refused() {
    let (mut sim, mut verifier) = at_version_one();
    sim.timestamp.pins = PinStyle::VersionOnly;
    sim.publish_snapshot();
    let mixed = adversary::mix(sim.files(), "2.snapshot.json", "1.snapshot.json");
    refused(&mut verifier, &mixed, &sim, Check::SnapshotVersion);
}

// ---- 5.5.5: no file goes down or away

/// 5.5.5: of the top-level targets and of a delegated role, at version 2 each: one less, equal, one more.
/// CVE-2025-2887: rollback of delegated roles in the snapshot went unseen.
#[test]
fn no_targets_file_goes_down() {
    for (role, of) in [("targets", File::Targets), ("delegated", File::Delegated(RoleName::new("delegated").unwrap()))]
    {
        for (offered, accepted) in [(1, false), (2, true), (3, true)] {
            let (mut sim, mut verifier) = with_a_delegated_role();
            sim.issue(role).version(offered).publish();
            sim.publish_snapshot();
            if accepted {
                verifier.refresh(sim.files(), sim.day(1)).unwrap();
                continue;
            }
            let refusal = verifier.refusal(sim.files(), sim.day(1));
            assert_eq!((refusal.check, refusal.file), (Check::SnapshotRollback, File::Snapshot));
            let (trusted, offered) = (Version::new(2).unwrap(), Version::new(offered).unwrap());
            assert_eq!(refusal.fault, Fault::Rollback { of: of.clone(), trusted, offered });
            assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 2, targets 2");
        }
    }
}

/// 5.5.5
/// CVE-2025-2887: so did their removal.
#[test]
fn no_targets_file_goes_away() {
    let (mut sim, mut verifier) = with_a_delegated_role();
    sim.snapshot.meta.remove("delegated.json");
    sim.publish_snapshot();
    let refusal = verifier.refusal(sim.files(), sim.day(1));
    assert_eq!((refusal.check, refusal.file), (Check::SnapshotRollback, File::Snapshot));
    assert_eq!(refusal.fault, Fault::Removed { name: "delegated.json".to_owned() });
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 2, targets 2");
    // Nor do the top-level targets: a snapshot without them is none.
    sim.snapshot.meta.remove("targets.json");
    sim.publish_snapshot();
    assert_eq!(verifier.refused_by(sim.files(), sim.day(1)), Check::Form);
    assert_eq!(verifier.holds(), "root 1, timestamp 4, snapshot 2, targets 2");
}

/// The top-level targets and a delegated role at version 2, and a verifier that has seen so.
fn with_a_delegated_role() -> (Simulator, Verifier) {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("delegated"));
    sim.issue("delegated").version(2).publish().issue("targets").version(2).publish().publish_snapshot();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).expect("an honest repository");
    assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 2, targets 2");
    (sim, verifier)
}

/// 5.5.5: judged by the cache, which need neither be what the timestamp names nor be unexpired.
#[test]
fn an_expired_local_snapshot_still_forbids_going_back() {
    let mut sim = Simulator::default();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    sim.snapshot.expires = sim.day(60);
    sim.timestamp.expires = sim.day(60);
    sim.snapshot.meta_file("targets.json").version = 1;
    sim.publish_snapshot();
    assert_eq!(verifier.refused_by(sim.files(), sim.day(40)), Check::SnapshotRollback);
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 2, targets 2");
}

/// 5.5.5: what is new in a snapshot is no fault, and need not exist for those who do not ask for it.
#[test]
fn a_snapshot_may_list_more_files_than_before() {
    let (mut sim, mut verifier) = at_version_one();
    let pin = sim.snapshot.meta_file("targets.json").clone();
    sim.snapshot.meta.insert("new.json".to_owned(), pin);
    sim.publish_snapshot();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), BOTH);
}

// ---- 5.5.6: it has not expired

/// 5.5.6
#[test]
fn a_snapshot_is_good_until_one_second_before_its_expiry() {
    let (mut sim, mut verifier) = at_version_one();
    sim.snapshot.expires = sim.day(2);
    sim.publish_snapshot();
    verifier.refresh(sim.files(), sim.day(2) - TimeDelta::seconds(1)).unwrap();
    assert_eq!(verifier.holds(), BOTH);
}

/// 5.5.6
#[test]
fn a_snapshot_is_refused_from_the_very_instant_of_its_expiry_and_not_kept() {
    for late in [0, 1, 86_400] {
        let (mut sim, mut verifier) = at_version_one();
        sim.snapshot.expires = sim.day(2);
        sim.publish_snapshot();
        let refusal = verifier.refusal(sim.files(), sim.day(2) + TimeDelta::seconds(late));
        assert_eq!(refusal.check, Check::SnapshotExpiry);
        assert_eq!(verifier.holds(), ONLY_TIMESTAMP);
    }
}

/// 5.5.6: a local snapshot that has expired meanwhile is asked for again, and refused if it is still the same.
#[test]
fn a_local_snapshot_that_has_expired_permits_nothing() {
    let mut sim = Simulator::default();
    sim.timestamp.expires = sim.day(60);
    sim.issue("timestamp").publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(20)).unwrap();
    assert_eq!(verifier.refused_by(sim.files(), sim.day(21)), Check::SnapshotExpiry);
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "1.snapshot.json"]);
    assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 1, targets 1");
}
