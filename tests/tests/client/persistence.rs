//! What becomes of verified files where there is no room to keep them.

use rootline_client::store::Store;
use rootline_client::{Client, Error, Note, Persistence};
use rootline_metadata::Role as _;
use rootline_tests::full_disk::FullDisk;
use rootline_tests::simulator::{Delegation, Simulator};
use rootline_tests::verifier::target_path;

fn repository() -> Simulator {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("helper").paths(["*"])).add_target("helper", "t", b"content").publish();
    sim
}

fn client<'a>(
    sim: &'a Simulator,
    disk: &'a FullDisk,
    persistence: Persistence,
) -> Client<&'a rootline_tests::simulator::Files, &'a FullDisk> {
    Client::new(sim.root_bytes(1), sim.files(), disk).with_persistence(persistence)
}

/// CVE-2024-51491: an error while writing a cache made verification impossible; and the reverse, success reported with nothing stored.
#[test]
fn where_a_copy_is_required_a_full_disk_is_a_failure_at_every_write() {
    let sim = repository();
    let mut writes = 0;
    loop {
        let disk = FullDisk::after(writes);
        let mut client = client(&sim, &disk, Persistence::Required);
        let done = client.refresh(sim.day(1)).and_then(|trusted| client.target(&trusted, &target_path("t")));
        match done {
            Ok(content) => {
                assert_eq!(content, b"content");
                break;
            }
            Err(error) => assert!(matches!(error, Error::Store(_)), "after {writes}: {error}"),
        }
        writes += 1;
        assert!(writes < 100, "it never ends");
    }
    // Root, timestamp, snapshot, targets, the delegated role, the target.
    assert_eq!(writes, 6);
}

#[test]
fn where_a_copy_is_only_kept_if_possible_a_full_disk_is_a_note() {
    let sim = repository();
    for writes in 0..7 {
        let disk = FullDisk::after(writes);
        let mut client = client(&sim, &disk, Persistence::BestEffort);
        let trusted = client.refresh(sim.day(1)).expect("it was verified");
        assert_eq!(client.target(&trusted, &target_path("t")).expect("it was verified"), b"content");
        let notes = client.take_notes();
        assert!(notes.iter().all(|note| matches!(note, Note::NotPersisted(_))), "{notes:?}");
        assert_eq!(notes.is_empty(), writes == 6, "after {writes}: {notes:?}");
    }
}

/// Once there is room again everything is as it should be.
#[test]
fn a_disk_that_was_full_is_made_good_by_the_next_refresh() {
    let sim = repository();
    for writes in 0..6 {
        let disk = FullDisk::after(writes);
        let refused = client(&sim, &disk, Persistence::Required).refresh(sim.day(1));
        assert!(refused.is_err() == (writes < 4), "after {writes}");
        disk.clean_up();
        let trusted = client(&sim, &disk, Persistence::Required).refresh(sim.day(1)).expect("there is room");
        assert_eq!(trusted.timestamp().version().number(), 2);
        let kept = disk.load(&rootline_client::store::LocalFile::Timestamp, u64::MAX).expect("memory");
        assert_eq!(kept.as_deref(), sim.files().metadata("timestamp.json"));
    }
}
