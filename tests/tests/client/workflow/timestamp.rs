//! The timestamp (TUF 5.4): each check from both sides of its limit.

use chrono::TimeDelta;
use rootline_client::store::{LocalFile, Store};
use rootline_client::workflow::{Check, Fault, File};
use rootline_client::{Error, Hint};
use rootline_metadata::Version;
use rootline_tests::adversary::{self, Careless, Misbehaving, Misbehaviour};
use rootline_tests::simulator::{Key, Role, Simulator};
use rootline_tests::verifier::Verifier;

fn version(number: u64) -> Version {
    Version::new(number).expect("a version from 1 to 2^63-1")
}

/// A verifier that has seen the repository as it is now.
fn up_to_date(sim: &Simulator) -> Verifier {
    let mut verifier = Verifier::of(sim);
    verifier.refresh(sim.files(), sim.day(1)).expect("an honest repository");
    verifier
}

// ---- 5.4.1: there is one

/// 5.4.1
#[test]
fn a_timestamp_is_read_up_to_its_limit() {
    let sim = Simulator::default();
    let length = sim.files().metadata("timestamp.json").unwrap().len() as u64;
    let mut verifier = Verifier::of(&sim);
    verifier.limits.timestamp = length - 1;
    let error = verifier.refresh(sim.files(), sim.day(1)).unwrap_err();
    assert!(matches!(error, Error::Transport(_)), "{error}");
    // A transport that does not count changes nothing about it.
    assert_eq!(verifier.refused_by(&Careless(sim.files().clone()), sim.day(1)), Check::Form);
    assert_eq!(verifier.holds(), "root 1");

    verifier.limits.timestamp = length;
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
}

/// 5.4.1: of the timestamp, "not there" is never a good answer, whichever way it is said.
#[test]
fn a_repository_without_a_timestamp_is_refused() {
    let sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    let refusal = verifier.refusal(&adversary::withhold(sim.files(), "timestamp.json"), sim.day(1));
    assert_eq!((refusal.check, refusal.fault), (Check::TimestampPresent, Fault::Absent));
    let forbidding = Misbehaving::new(sim.files(), "timestamp.json", Misbehaviour::Forbids);
    assert_eq!(verifier.refused_by(&forbidding, sim.day(1)), Check::TimestampPresent);
    assert_eq!(verifier.holds(), "root 1");
}

/// 5.4.1: a cache is no answer either: it would be a freeze.
#[test]
fn a_timestamp_that_does_not_arrive_is_a_failure_also_with_a_good_cache() {
    let sim = Simulator::default();
    let mut verifier = up_to_date(&sim);
    assert_eq!(
        verifier.refused_by(&adversary::withhold(sim.files(), "timestamp.json"), sim.day(1)),
        Check::TimestampPresent
    );
    for how in Misbehaving::FAILURES {
        let error = verifier.refresh(&Misbehaving::new(sim.files(), "timestamp.json", how), sim.day(1)).unwrap_err();
        assert!(matches!(error, Error::Transport(_)), "{how:?}: {error}");
    }
    assert_eq!(verifier.holds(), "root 1, timestamp 1, snapshot 1, targets 1");
}

// ---- 5.4.2: signed by the final root's timestamp keys

/// 5.4.2
#[test]
fn a_timestamp_signed_by_exactly_its_threshold_is_accepted() {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(2, ["t1", "t2", "t3"]);
    sim.publish_root();
    for pair in [["t1", "t2"], ["t1", "t3"], ["t2", "t3"]] {
        sim.issue("timestamp").signed_by(Key::all(pair)).publish();
        Verifier::of(&sim).refresh(sim.files(), sim.day(1)).unwrap();
    }
}

/// 5.4.2
#[test]
fn a_timestamp_one_signature_short_is_refused() {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(2, ["t1", "t2", "t3"]);
    sim.publish_root();
    // One of its keys alone, with a stranger, with a key of another role; nobody.
    for signers in [vec!["t1"], vec!["t1", "stranger"], vec!["t1", "snapshot", "targets", "root-a"], vec![]] {
        let signers: Vec<Key> = signers.into_iter().map(Key::named).collect();
        sim.issue("timestamp").signed_by(signers).publish();
        let mut verifier = Verifier::of(&sim);
        assert_eq!(verifier.refused_by(sim.files(), sim.day(1)), Check::TimestampSignatures);
        assert_eq!(verifier.requests(), ["2.root.json", "3.root.json", "timestamp.json"]);
        assert_eq!(verifier.holds(), "root 2");
    }
}

/// 5.4.2: the keys of a root before the final one count for nothing.
#[test]
fn a_timestamp_signed_by_a_key_that_was_rotated_away_is_refused() {
    let mut sim = Simulator::default();
    let before = sim.files().clone();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    let replayed = adversary::replay(sim.files(), &before, &["timestamp.json"]);
    assert_eq!(verifier.refused_by(&replayed, sim.day(1)), Check::TimestampSignatures);
    assert_eq!(verifier.holds(), "root 2");
}

/// 5.4.2: the snapshot's key may be the same as the timestamp's, and `_type` keeps the files apart.
#[test]
fn another_role_s_file_with_good_signatures_is_no_timestamp() {
    let mut sim = Simulator::default();
    sim.root.snapshot = Role::new(1, ["timestamp"]);
    sim.publish_root();
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    let mixed = adversary::mix(sim.files(), "timestamp.json", "2.snapshot.json");
    assert_eq!(verifier.refused_by(&mixed, sim.day(1)), Check::Form);
    assert_eq!(verifier.holds(), "root 2");
}

// ---- 5.4.3.1: its version does not go down

/// 5.4.3.1
#[test]
fn an_older_timestamp_is_refused() {
    let mut sim = Simulator::default();
    sim.issue("timestamp").publish();
    let before = sim.files().clone();
    sim.issue("timestamp").publish();
    let mut verifier = up_to_date(&sim);

    let refusal = verifier.refusal(&adversary::replay(sim.files(), &before, &["timestamp.json"]), sim.day(1));
    assert_eq!(refusal.check, Check::TimestampVersion);
    let (trusted, offered) = (version(3), version(2));
    assert_eq!(refusal.fault, Fault::Rollback { of: File::Timestamp, trusted, offered });
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 1, targets 1");
}

/// 5.4.3.1: the same version changes nothing, whatever it says: the cache is kept, and with it what it named.
#[test]
fn a_timestamp_of_the_same_version_is_passed_over_for_the_local_one() {
    let mut sim = Simulator::default();
    let before = sim.files().clone();
    let mut verifier = up_to_date(&sim);
    sim.issue("snapshot").publish();
    sim.issue("timestamp").same_version().publish();
    assert_ne!(sim.files().metadata("timestamp.json"), before.metadata("timestamp.json"));

    let trusted = verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(trusted.timestamp().bytes(), before.metadata("timestamp.json").unwrap());
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"]);
    assert_eq!(verifier.stored(&LocalFile::Timestamp).unwrap(), before.metadata("timestamp.json").unwrap());
    assert_eq!(verifier.holds(), "root 1, timestamp 1, snapshot 1, targets 1");
}

/// 5.4.3.1
#[test]
fn a_newer_timestamp_takes_the_place_of_the_local_one() {
    let mut sim = Simulator::default();
    let mut verifier = up_to_date(&sim);
    sim.issue("timestamp").publish();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"], "it names the snapshot that is there");
    assert_eq!(verifier.stored(&LocalFile::Timestamp).unwrap(), sim.files().metadata("timestamp.json").unwrap());
    assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 1, targets 1");
}

// ---- 5.4.3.2: the snapshot's version in it does not go down

/// 5.4.3.2, with the snapshot in the cache and with nothing but what the timestamp says of it.
/// sigstore-java#1061: the snapshot version in a new timestamp could go down.
#[test]
fn a_newer_timestamp_that_takes_the_snapshot_back_is_refused_and_not_kept() {
    for snapshot_is_there in [true, false] {
        let mut sim = Simulator::default();
        sim.publish();
        let mut verifier = up_to_date(&sim);
        if !snapshot_is_there {
            verifier.store().remove(&LocalFile::Snapshot).unwrap();
        }
        sim.timestamp.snapshot.version = 1;
        sim.issue("timestamp").publish();

        let refusal = verifier.refusal(sim.files(), sim.day(1));
        assert_eq!(refusal.check, Check::TimestampSnapshotVersion);
        let (trusted, offered) = (version(2), version(1));
        assert_eq!(refusal.fault, Fault::Rollback { of: File::Snapshot, trusted, offered });
        assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"], "the snapshot is not asked for");
        let kept = verifier.stored(&LocalFile::Timestamp).unwrap();
        assert_ne!(kept, sim.files().metadata("timestamp.json").unwrap());
    }
}

/// 5.4.3.2: the same snapshot version is no step back, and one more is a step on.
#[test]
fn a_newer_timestamp_may_name_the_same_snapshot_or_a_newer_one() {
    let mut sim = Simulator::default();
    sim.publish();
    let mut verifier = up_to_date(&sim);
    sim.issue("timestamp").publish();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 2, targets 2");
    sim.publish_snapshot();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 1, timestamp 4, snapshot 3, targets 2");
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "3.snapshot.json"]);
}

// ---- 5.4.4: it has not expired

/// 5.4.4
#[test]
fn a_timestamp_is_good_until_one_second_before_its_expiry() {
    let sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(7) - TimeDelta::seconds(1)).unwrap();
    // Also the one that is kept.
    verifier.refresh(sim.files(), sim.day(7) - TimeDelta::seconds(1)).unwrap();
}

/// 5.4.4
#[test]
fn a_new_timestamp_is_refused_from_the_very_instant_of_its_expiry_and_not_kept() {
    let mut sim = Simulator::default();
    for seconds in [0, 1, 1_000_000_000] {
        let mut verifier = Verifier::of(&sim);
        let now = sim.day(7) + TimeDelta::seconds(seconds);
        let root_expires = now + TimeDelta::days(1);
        sim.root.expires = root_expires;
        sim.issue("root").version(2).publish();
        assert_eq!(verifier.refused_by(sim.files(), now), Check::TimestampExpiry);
        assert_eq!(verifier.requests().last().unwrap(), "timestamp.json");
        assert_eq!(verifier.holds(), "root 2");
    }
}

/// 5.4.4: a mirror that goes on serving what was good once freezes whoever believes it.
#[test]
fn a_frozen_repository_is_refused_when_the_kept_timestamp_expires() {
    let mut sim = Simulator::default();
    let frozen = adversary::freeze(sim.files());
    let mut verifier = up_to_date(&sim);
    verifier.refresh(&frozen, sim.day(6)).unwrap();
    let refusal = verifier.refusal(&frozen, sim.day(7));
    assert_eq!((refusal.check, refusal.file), (Check::TimestampExpiry, File::Timestamp));
    assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json"]);
    assert_eq!(verifier.holds(), "root 1, timestamp 1, snapshot 1, targets 1");
    // An honest mirror frees it.
    sim.timestamp.expires = sim.day(14);
    sim.issue("timestamp").publish();
    verifier.refresh(sim.files(), sim.day(7)).unwrap();
    assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 1, targets 1");
}

/// 5.4.3.1, 5.4.4: an expired copy forbids, though it permits nothing any more.
/// sigstore-rust#198: the floor vanished once the cached timestamp had expired.
#[test]
fn an_older_timestamp_is_refused_even_when_the_cache_has_expired() {
    let mut sim = Simulator::default();
    sim.timestamp.expires = sim.day(30);
    sim.issue("timestamp").publish();
    let before = sim.files().clone();
    sim.timestamp.expires = sim.day(3);
    sim.issue("timestamp").publish();
    let mut verifier = up_to_date(&sim);
    let replayed = adversary::replay(sim.files(), &before, &["timestamp.json"]);
    assert_eq!(verifier.refused_by(&replayed, sim.day(4)), Check::TimestampVersion);
    assert_eq!(verifier.holds(), "root 1, timestamp 3, snapshot 1, targets 1");
}

/// 5.4.2, 5.5.3, 5.6.3: behind caches a file can be older than the root. What the keys of the root before have signed says so; what nobody of
/// either has signed does not.
#[test]
fn a_file_that_is_signed_for_the_root_before_hints_at_caches() {
    type Rotate = fn(&mut Simulator);
    let rotations: [(Rotate, File, Check); 3] = [
        (|sim| sim.root.timestamp = Role::new(1, ["next"]), File::Timestamp, Check::TimestampSignatures),
        (|sim| sim.root.snapshot = Role::new(1, ["next"]), File::Snapshot, Check::SnapshotSignatures),
        (|sim| sim.root.targets = Role::new(1, ["next"]), File::Targets, Check::TargetsSignatures),
    ];
    for (rotate, file, check) in rotations {
        let mut sim = Simulator::default();
        rotate(&mut sim);
        sim.publish_root();
        let refusal = Verifier::of(&sim).refusal(sim.files(), sim.day(1));
        assert_eq!((&refusal.file, refusal.check, refusal.hint()), (&file, check, Hint::TryAgainPastCaches));
        let told = matches!(refusal.fault, Fault::SignedForRootBefore { before, root, .. } if before == version(1) && root == version(2));
        assert!(told, "{refusal}");
        assert!(refusal.to_string().ends_with("it is signed for root 1, and may be older than root 2"), "{refusal}");

        // From root 2 on nothing tells that the keys ever counted.
        let refusal = Verifier::pinning(sim.root_bytes(2)).refusal(sim.files(), sim.day(1));
        assert!(matches!(refusal.fault, Fault::Unsigned(_)), "{refusal}");
        assert_eq!((refusal.check, refusal.hint()), (check, check.hint()));
    }
    // Nor where other keys have signed.
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(1, ["next"]);
    sim.publish_root();
    sim.issue("timestamp").signed_by(Key::all(["stranger"])).publish();
    let refusal = Verifier::of(&sim).refusal(sim.files(), sim.day(1));
    assert!(matches!(refusal.fault, Fault::Unsigned(_)), "{refusal}");
}
