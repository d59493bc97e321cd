//! Recovery from a fast-forward attack (TUF 5.3.11), by a rule that survives a crash: nothing is ever deleted, and a cache counts
//! only if it verifies, now, under the keys and thresholds of the final root.

use rootline_client::store::{LocalFile, Store};
use rootline_client::workflow::{Check, Fault};
use rootline_tests::adversary;
use rootline_tests::simulator::{Delegation, Key, Role, Simulator, set};
use rootline_tests::verifier::Verifier;

/// As high as a version may be.
const FAR: u64 = i64::MAX as u64;

/// A verifier that has seen `role` driven forward to [`FAR`], and the repository as it was before.
fn attacked(role: &str) -> (Simulator, Verifier) {
    let mut sim = Simulator::default();
    sim.publish();
    let forwarded = adversary::fast_forward(&sim, role, FAR);
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(forwarded.files(), sim.day(1)).expect("what the attacker signed is signed");
    if role != "timestamp" {
        // The attacker's timestamp is one ahead; the honest repository is past it when it comes back.
        sim.issue("timestamp").publish();
    }
    (sim, verifier)
}

/// Whether the verifier follows the honest repository's next publication, with what was changed in its root.
fn recovers(role: &str, change: impl FnOnce(&mut Simulator)) -> Result<String, Check> {
    let (mut sim, mut verifier) = attacked(role);
    change(&mut sim);
    sim.publish_root();
    sim.publish();
    match verifier.refresh(sim.files(), sim.day(1)) {
        Ok(_) => Ok(verifier.holds()),
        Err(error) => Err(error.refusal().expect("a refusal").check),
    }
}

/// 5.3.11
#[test]
fn rotating_the_timestamp_key_frees_the_timestamp_s_version() {
    let rotated = |sim: &mut Simulator| sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    assert_eq!(recovers("timestamp", rotated).unwrap(), "root 2, timestamp 3, snapshot 3, targets 3");
    // Without it, it is stuck, which is what the rule is for.
    assert_eq!(recovers("timestamp", |_| {}), Err(Check::TimestampVersion));
    assert_eq!(
        recovers("timestamp", |sim| sim.root.snapshot = Role::new(1, ["snapshot-2"])),
        Err(Check::TimestampVersion)
    );
}

/// 5.3.11: the local timestamp, which names it, has to go as well.
#[test]
fn rotating_both_keys_frees_the_snapshot_s_version() {
    let both = |sim: &mut Simulator| {
        sim.root.timestamp = Role::new(1, ["timestamp-2"]);
        sim.root.snapshot = Role::new(1, ["snapshot-2"]);
    };
    assert_eq!(recovers("snapshot", both).unwrap(), "root 2, timestamp 4, snapshot 3, targets 3");
    assert_eq!(recovers("snapshot", |_| {}), Err(Check::TimestampSnapshotVersion));
    let snapshot_alone = |sim: &mut Simulator| sim.root.snapshot = Role::new(1, ["snapshot-2"]);
    assert_eq!(recovers("snapshot", snapshot_alone), Err(Check::TimestampSnapshotVersion), "the timestamp names it");
    let timestamp_alone = |sim: &mut Simulator| sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    assert_eq!(recovers("snapshot", timestamp_alone), Err(Check::TimestampSnapshotVersion), "the snapshot has it");
}

/// 5.3.11: they are pinned by the snapshot, so it is the snapshot that has to be forgotten.
#[test]
fn rotating_the_snapshot_key_frees_the_versions_of_targets() {
    let rotated = |sim: &mut Simulator| sim.root.snapshot = Role::new(1, ["snapshot-2"]);
    assert_eq!(recovers("targets", rotated).unwrap(), "root 2, timestamp 4, snapshot 3, targets 3");
    assert_eq!(recovers("targets", |_| {}), Err(Check::SnapshotRollback));
    let targets_key = |sim: &mut Simulator| sim.root.targets = Role::new(1, ["targets-2"]);
    assert_eq!(recovers("targets", targets_key), Err(Check::SnapshotRollback), "the snapshot still lists it");
}

/// 5.3.11: and that delegated roles are listed at all.
#[test]
fn rotating_the_snapshot_key_frees_delegated_roles() {
    for (rotated, expected) in [(true, None), (false, Some(Check::SnapshotRollback))] {
        let mut sim = Simulator::default();
        sim.delegate("targets", Delegation::to("delegated"));
        sim.publish();
        let mut verifier = Verifier::of(&sim);
        verifier.refresh(sim.files(), sim.day(1)).unwrap();
        sim.snapshot.meta.remove("delegated.json");
        if rotated {
            sim.root.snapshot = Role::new(1, ["snapshot-2"]);
        }
        sim.publish_root().publish_snapshot();
        let refreshed = verifier.refresh(sim.files(), sim.day(1));
        assert_eq!(refreshed.err().map(|error| error.refusal().unwrap().check), expected);
    }
}

/// 5.3.11: a copy that still suffices is still a floor: keys added, ids reordered, another id, a threshold that is still met.
/// Added keys: the floor was dropped when a timestamp key was only added.
#[test]
fn a_key_that_is_only_added_frees_nothing() {
    let changes: [fn(&mut Simulator); 5] = [
        |sim| sim.root.timestamp = Role::new(1, ["timestamp", "timestamp-2"]),
        |sim| sim.root.timestamp = Role::new(1, ["timestamp-2", "timestamp"]),
        |sim| sim.root.timestamp = Role::new(1, ["t0", "t1", "timestamp", "t2"]),
        |sim| sim.root.more.insert("x-note", "nothing else has changed".into()).map_or((), drop),
        |sim| sim.root.consistent_snapshot = false,
    ];
    for (number, change) in changes.into_iter().enumerate() {
        assert_eq!(recovers("timestamp", change), Err(Check::TimestampVersion), "change {number}");
    }
}

/// 5.3.11: what no longer suffices is forgotten: a threshold that goes up beyond who has signed.
#[test]
fn a_threshold_that_the_cache_no_longer_meets_frees_it() {
    let raised = |sim: &mut Simulator| sim.root.timestamp = Role::new(2, ["timestamp", "timestamp-2"]);
    assert_eq!(recovers("timestamp", raised).unwrap(), "root 2, timestamp 3, snapshot 3, targets 3");
}

/// 5.3.11: ids listed in another order are the same keys.
/// Added keys: or when ids were reordered.
#[test]
fn reordering_ids_frees_nothing() {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(1, ["t1", "t2"]);
    sim.publish_root();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(adversary::fast_forward(&sim, "timestamp", FAR).files(), sim.day(1)).unwrap();
    sim.root.timestamp = Role::new(1, ["t2", "t1"]);
    sim.publish_root();
    sim.publish();
    assert_eq!(verifier.refused_by(sim.files(), sim.day(1)), Check::TimestampVersion);
    assert_eq!(verifier.holds(), format!("root 3, timestamp {FAR}, snapshot 2, targets 2"));
}

/// 5.3.11: the same key under a new id is another key as far as the local signature goes, which names the old one.
#[test]
fn a_key_under_a_new_id_is_a_rotation() {
    let renamed = |sim: &mut Simulator| sim.root.timestamp.keys = vec![Key::named("timestamp").under_id("renamed")];
    assert_eq!(recovers("timestamp", renamed).unwrap(), "root 2, timestamp 3, snapshot 3, targets 3");
}

/// 5.4.3.1: who was away for long is not thereby talked back.
#[test]
fn an_expired_local_timestamp_is_still_a_floor() {
    let mut sim = Simulator::default();
    let before = sim.files().clone();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    // The old timestamp anew: same version, later expiry, good signatures.
    sim.timestamp.expires = sim.day(100);
    sim.timestamp.snapshot.version = 1;
    sim.issue("timestamp").version(1).publish();
    let replayed = adversary::replay(sim.files(), &before, &["1.snapshot.json", "1.targets.json"]);
    assert_eq!(verifier.refused_by(&replayed, sim.day(50)), Check::TimestampVersion);
    assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 2, targets 2");
}

/// 5.3.11: nothing is deleted, so a run that ends after the new root and before the new timestamp changes nothing.
#[test]
fn recovery_survives_an_interruption() {
    let (mut sim, mut verifier) = attacked("timestamp");
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.publish();
    // The root arrives, the timestamp does not.
    assert_eq!(
        verifier.refused_by(&adversary::withhold(sim.files(), "timestamp.json"), sim.day(1)),
        Check::TimestampPresent
    );
    assert_eq!(verifier.holds(), format!("root 2, timestamp {FAR}, snapshot 2, targets 2"));
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 2, timestamp 3, snapshot 3, targets 3");
}

/// 5.3.11: the floor is as good as the final root's keys, and an attacker who replays an old root does not lower it.
#[test]
fn a_floor_is_judged_by_the_final_root_and_no_other() {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    // A mirror without root 2, whose timestamp root 1 would accept: the history has root 2.
    let rolled_back = Simulator::default();
    assert_eq!(verifier.refused_by(rolled_back.files(), sim.day(1)), Check::TimestampSignatures);
    assert_eq!(verifier.holds(), "root 2, timestamp 2, snapshot 2, targets 2");
}

/// 4: versions from 1 to 2^63-1 can be stored; one more is an error, of every role and of every pin.
#[test]
fn the_highest_version_is_accepted_and_the_next_is_an_error() {
    for (role, member) in [
        ("timestamp", "version"),
        ("timestamp", "meta/snapshot.json/version"),
        ("snapshot", "version"),
        ("snapshot", "meta/targets.json/version"),
        ("targets", "version"),
    ] {
        for too_high in [FAR + 1, u64::MAX] {
            let mut sim = Simulator::default();
            sim.issue(role).edited(|signed| set(signed, member, too_high)).publish();
            match role {
                "timestamp" => {}
                "snapshot" => drop(sim.issue("timestamp").publish()),
                _ => drop(sim.publish_snapshot()),
            }
            let refusal = Verifier::of(&sim).refusal(sim.files(), sim.day(1));
            assert!(matches!(refusal.fault, Fault::Malformed(_)), "{role} {member} {too_high}: {refusal}");
        }
    }
    for role in ["timestamp", "snapshot", "targets"] {
        let sim = adversary::fast_forward(&Simulator::default(), role, FAR);
        let mut verifier = Verifier::of(&sim);
        verifier.refresh(sim.files(), sim.day(1)).unwrap();
        verifier.refresh(sim.files(), sim.day(1)).unwrap();
        assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"], "{role}: it comes back from the cache");
        assert!(verifier.holds().contains(&format!("{role} {FAR}")), "{}", verifier.holds());
    }
}

/// 5.3.11: a cache that is damaged is as good as none, and no fault of the repository.
#[test]
fn a_damaged_cache_is_no_floor_and_no_failure() {
    let mut sim = Simulator::default();
    sim.publish();
    for file in [LocalFile::Timestamp, LocalFile::Snapshot, LocalFile::Targets, LocalFile::Root] {
        for bytes in [&b""[..], b"{}", b"\xff\xfe", b"{\"signatures\": [], \"signed\": {}}"] {
            let mut verifier = Verifier::of(&sim);
            verifier.refresh(sim.files(), sim.day(1)).unwrap();
            verifier.store().save(&file, bytes).unwrap();
            verifier.refresh(sim.files(), sim.day(1)).unwrap();
            assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 2, targets 2");
        }
    }
}
