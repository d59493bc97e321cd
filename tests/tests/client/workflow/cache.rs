//! Working from the cache alone: every check that a refresh over the network makes, from the pinned root, with nothing fetched.

use chrono::TimeDelta;
use rootline_client::store::{LocalFile, Store};
use rootline_client::transport::CachedRepository;
use rootline_client::workflow::{Check, Refusal};
use rootline_tests::adversary;
use rootline_tests::simulator::{Delegation, Role, Simulator};
use rootline_tests::verifier::Verifier;

/// A repository with a rotated root and a delegated role, and a verifier that has its metadata.
fn at_home() -> (Simulator, Verifier) {
    let mut sim = Simulator::default();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.delegate("targets", Delegation::to("a")).add_target("a", "x", b"x");
    sim.publish();
    let mut verifier = Verifier::of(&sim);
    verifier.find(sim.files(), sim.day(1), "x").expect("an honest repository");
    (sim, verifier)
}

/// Searches for `x` with what the verifier has, at a time.
fn alone(verifier: &mut Verifier, now: chrono::DateTime<chrono::Utc>) -> Result<String, Refusal> {
    let copy = rootline_client::store::MemoryStore::new();
    for file in verifier.store().saved() {
        let bytes = verifier.stored(&file).expect("it is there");
        copy.save(&file, &bytes).expect("memory");
    }
    match verifier.find(&CachedRepository::new(copy), now, "x") {
        Ok(_) => Ok(verifier.holds()),
        Err(error) => Err(error.refusal().unwrap_or_else(|| unreachable!("not a refusal: {error}")).clone()),
    }
}

/// Both sides of the first expiry, which is the timestamp's.
#[test]
fn the_cache_is_good_as_long_as_none_of_it_has_expired() {
    let (sim, mut verifier) = at_home();
    let good = alone(&mut verifier, sim.day(7) - TimeDelta::seconds(1));
    assert_eq!(good.unwrap(), "root 2, timestamp 2, snapshot 2, targets 2");
    assert_eq!(alone(&mut verifier, sim.day(7)).unwrap_err().check, Check::TimestampExpiry);
    assert_eq!(alone(&mut verifier, sim.day(365)).unwrap_err().check, Check::RootExpiry);
}

/// What was changed in it is not trusted, whichever file it is.
#[test]
fn a_changed_cache_permits_nothing() {
    for (file, public, check) in [
        (LocalFile::Timestamp, "timestamp.json", Check::TimestampSignatures),
        (LocalFile::Snapshot, "2.snapshot.json", Check::SnapshotPresent),
        (LocalFile::Targets, "2.targets.json", Check::TargetsPresent),
        (LocalFile::Delegated("a".to_owned()), "1.a.json", Check::TargetsPresent),
    ] {
        let (sim, mut verifier) = at_home();
        let tampered = adversary::tamper(sim.files(), public);
        verifier.store().save(&file, tampered.metadata(public).unwrap()).unwrap();
        assert_eq!(alone(&mut verifier, sim.day(1)).unwrap_err().check, check, "{public}");
        // Nor is what is missing.
        verifier.store().remove(&file).unwrap();
        let check = if public == "timestamp.json" { Check::TimestampPresent } else { check };
        assert_eq!(alone(&mut verifier, sim.day(1)).unwrap_err().check, check, "{public}");
        // With the network it is made good.
        verifier.find(sim.files(), sim.day(1), "x").unwrap();
        alone(&mut verifier, sim.day(1)).unwrap();
    }
}

/// Without the history the pinned root is the newest, and does not vouch for what a newer one does.
#[test]
fn the_history_of_roots_is_needed_and_verified() {
    let (sim, mut verifier) = at_home();
    for forged in
        [adversary::tamper(sim.files(), "2.root.json"), adversary::strip_signatures(sim.files(), "2.root.json")]
    {
        verifier.store().remove(&LocalFile::Root).unwrap();
        verifier.store().save(&LocalFile::RootHistory(2), forged.metadata("2.root.json").unwrap()).unwrap();
        assert_eq!(alone(&mut verifier, sim.day(1)).unwrap_err().check, Check::TimestampSignatures);
    }
    verifier.store().remove(&LocalFile::RootHistory(2)).unwrap();
    assert_eq!(alone(&mut verifier, sim.day(1)).unwrap_err().check, Check::TimestampSignatures);
    // root.json counts where it is the next root, verified like any other.
    verifier.store().save(&LocalFile::Root, &sim.root_bytes(2)).unwrap();
    alone(&mut verifier, sim.day(1)).unwrap();
    verifier.store().remove(&LocalFile::RootHistory(2)).unwrap();
    verifier.store().save(&LocalFile::Root, &sim.root_bytes(1)).unwrap();
    assert_eq!(alone(&mut verifier, sim.day(1)).unwrap_err().check, Check::TimestampSignatures);
}
