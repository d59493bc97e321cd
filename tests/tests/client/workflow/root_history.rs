//! The chain of roots over several refreshes (TUF 5.3): the local history, and the limit of rotations.

use rootline_client::store::{LocalFile, Store};
use rootline_client::workflow::Check;
use rootline_tests::simulator::{Key, Role, Simulator};
use rootline_tests::verifier::Verifier;

// ---- the local history

/// 5.2: the pinned root always comes from the caller. What lies in the copy is verified like everything else.
#[test]
fn a_changed_local_root_authorises_nothing_and_is_fetched_again() {
    let mut sim = Simulator::default();
    sim.publish_root();
    let mut stranger = Simulator::default();
    stranger.root.root = Role::new(1, ["stranger"]);
    stranger.root.timestamp = Role::new(1, ["stranger"]);
    stranger.issue("root").signed_by(Key::all(["stranger"])).publish();

    let mut verifier = Verifier::of(&sim);
    for bytes in [stranger.root_bytes(2), b"no root at all".to_vec(), Vec::new()] {
        for file in [LocalFile::Root, LocalFile::RootHistory(2)] {
            verifier.store().save(&file, &bytes).unwrap();
        }
        verifier.refresh(sim.files(), sim.day(1)).unwrap();
        assert_eq!(verifier.requests()[..2], ["2.root.json", "3.root.json"]);
        assert_eq!(verifier.stored(&LocalFile::Root).unwrap(), sim.root_bytes(2));
        assert_eq!(verifier.stored(&LocalFile::RootHistory(2)).unwrap(), sim.root_bytes(2));
    }
}

/// 5.3.8: a run that ended between the history and `root.json` is made good by the next.
#[test]
fn a_local_root_that_lags_behind_the_history_is_renewed() {
    let mut sim = Simulator::default();
    sim.publish_root();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    verifier.store().save(&LocalFile::Root, &sim.root_bytes(1)).unwrap();
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["3.root.json", "timestamp.json"]);
    assert_eq!(verifier.stored(&LocalFile::Root).unwrap(), sim.root_bytes(2));
}

// ---- the limit of rotations

/// 5.3.3: reached, the refresh carries on with the root it has; the next one goes on from there.
#[test]
fn a_chain_longer_than_the_limit_is_followed_over_several_refreshes() {
    let mut sim = Simulator::default();
    for _ in 2..=8 {
        sim.publish_root();
    }
    let mut verifier = Verifier::of(&sim);
    verifier.limits.root_rotations = 3;
    for (root, asked) in [(4, 3), (7, 3), (8, 2), (8, 1)] {
        verifier.refresh(sim.files(), sim.day(1)).unwrap();
        assert_eq!(verifier.holds(), format!("root {root}, timestamp 1, snapshot 1, targets 1"));
        assert_eq!(verifier.requests().iter().filter(|name| name.ends_with(".root.json")).count(), asked);
    }
}

/// 5.3.3: the root one has at the limit is the final one, for every check that follows.
#[test]
fn the_root_at_the_limit_has_to_be_unexpired_like_any_final_root() {
    let mut sim = Simulator::default();
    sim.root.expires = sim.day(3);
    sim.publish_root();
    sim.root.expires = sim.day(300);
    sim.publish_root();
    let mut verifier = Verifier::of(&sim);
    verifier.limits.root_rotations = 1;
    assert_eq!(verifier.refused_by(sim.files(), sim.day(3)), Check::RootExpiry);
    assert_eq!(verifier.holds(), "root 2");
    // Which the next refresh leaves behind.
    verifier.refresh(sim.files(), sim.day(3)).unwrap();
    assert_eq!(verifier.holds(), "root 3, timestamp 1, snapshot 1, targets 1");
}

/// 5.3.3: with the limit that is shipped.
#[test]
fn two_hundred_and_fifty_six_rotations_are_made_in_one_refresh() {
    let mut sim = Simulator::default();
    sim.root.root = Role::new(1, ["root-a", "root-b"]);
    sim.publish_root();
    while sim.root.version < 258 {
        sim.issue("root").signed_by(Key::all(["root-a"])).publish();
    }
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.holds(), "root 257, timestamp 1, snapshot 1, targets 1");
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    assert_eq!(verifier.requests(), ["258.root.json", "259.root.json", "timestamp.json"]);
    assert_eq!(verifier.holds(), "root 258, timestamp 1, snapshot 1, targets 1");
}
