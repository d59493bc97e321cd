//! Several mirrors of one repository: one that fails, lags or lies is left for the next, and named.

use std::sync::Mutex;

use chrono::TimeDelta;
use rootline_client::store::MemoryStore;
use rootline_client::transport::{Mirrors, Request, Transport, TransportError};
use rootline_client::workflow::{Check, TargetQuery};
use rootline_client::{Client, Error, Note};
use rootline_metadata::Role as _;
use rootline_tests::adversary;
use rootline_tests::servers::distant::Distant;
use rootline_tests::simulator::{Files, Simulator};
use rootline_tests::verifier::target_path;

/// One mirror: files, or nothing but errors; it notes whether it was asked.
struct Place {
    files: Option<Files>,
    asked: Mutex<usize>,
}

impl Place {
    fn with(files: &Files) -> Place {
        Place { files: Some(files.clone()), asked: Mutex::new(0) }
    }

    fn down() -> Place {
        Place { files: None, asked: Mutex::new(0) }
    }

    fn asked(&self) -> bool {
        *self.asked.lock().unwrap() > 0
    }
}

impl Transport for Place {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        *self.asked.lock().unwrap() += 1;
        match &self.files {
            Some(files) => Transport::fetch(files, request),
            None => {
                Err(TransportError::Unreachable { location: request.name(), reason: "it is down".to_owned(), tries: 1 })
            }
        }
    }
}

fn mirrors(places: &[Place]) -> Mirrors<&Place> {
    let mut named = places.iter().enumerate().map(|(number, place)| (format!("mirror {number}"), place));
    let (name, first) = named.next().expect("a mirror");
    named.fold(Mirrors::new(name, first), |mirrors, (name, place)| mirrors.then(name, place))
}

fn repository() -> Simulator {
    let mut sim = Simulator::default();
    sim.add_target("targets", "t", b"content").publish();
    sim
}

fn wanted() -> [TargetQuery; 1] {
    [TargetQuery::required(target_path("t"))]
}

/// The notes that came of an update from these mirrors.
fn update(sim: &Simulator, places: &[Place], store: &MemoryStore) -> (Result<u64, Error>, Vec<String>) {
    let mut client = Client::new(sim.root_bytes(1), mirrors(places), store);
    let updated = client.update(sim.day(1), &wanted());
    let left = |note: Note| match note {
        Note::MirrorLeft { location, reason } => format!("{location}: {reason}"),
        other => panic!("{other}"),
    };
    let notes = client.take_notes().into_iter().map(left).collect();
    (updated.map(|updated| updated.trusted.timestamp().version().number()), notes)
}

#[test]
fn the_first_mirror_is_used_as_long_as_it_is_good() {
    let sim = repository();
    let places = [Place::with(sim.files()), Place::with(sim.files())];
    let (updated, notes) = update(&sim, &places, &MemoryStore::new());
    assert_eq!((updated.unwrap(), notes.len()), (2, 0));
    assert!(!places[1].asked());
}

#[test]
fn a_mirror_that_cannot_be_reached_is_left_and_named() {
    let sim = repository();
    let (updated, notes) = update(&sim, &[Place::down(), Place::with(sim.files())], &MemoryStore::new());
    assert_eq!(updated.unwrap(), 2);
    assert_eq!(notes.len(), 1);
    assert!(notes[0].starts_with("mirror 0: ") && notes[0].contains("it is down"), "{notes:?}");
}

/// Each kind of bad data: tampered, missing, rolled back, frozen until it expired.
#[test]
fn a_mirror_that_serves_what_is_not_trusted_is_left_and_named() {
    let mut sim = repository();
    let old = sim.files().clone();
    let store = MemoryStore::new();
    sim.publish();
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
    sim.publish();
    let good = sim.files();
    let bad = [
        ("tampered timestamp", adversary::tamper(good, "timestamp.json")),
        ("tampered snapshot", adversary::tamper(good, "4.snapshot.json")),
        ("tampered targets", adversary::tamper(good, "4.targets.json")),
        ("no snapshot", adversary::withhold(good, "4.snapshot.json")),
        ("rollback", old),
        ("nothing", Files::default()),
    ];
    for (name, files) in bad {
        let copy = MemoryStore::new();
        Client::new(sim.root_bytes(1), sim.files().clone(), &copy).refresh(sim.day(1)).unwrap();
        let store = if name == "rollback" { &copy } else { &MemoryStore::new() };
        let (updated, notes) = update(&sim, &[Place::with(&files), Place::with(good)], store);
        assert_eq!(updated.unwrap_or_else(|error| panic!("{name}: {error}")), 4);
        assert_eq!(notes.len(), 1, "{name}: {notes:?}");
        assert!(notes[0].starts_with("mirror 0: "), "{name}: {notes:?}");
    }
}

/// A mirror that is no longer kept up to date lets the timestamp expire.
#[test]
fn a_stale_mirror_is_left_from_the_very_instant_of_its_expiry() {
    let mut sim = repository();
    let stale = Place::with(sim.files());
    let expiry = sim.timestamp.expires;
    sim.timestamp.expires = sim.day(20);
    sim.publish();
    let places = [stale, Place::with(sim.files())];
    for (now, left) in [(expiry - TimeDelta::seconds(1), 0), (expiry, 1)] {
        let mut client = Client::new(sim.root_bytes(1), mirrors(&places), MemoryStore::new());
        client.refresh(now).unwrap();
        assert_eq!(client.take_notes().len(), left);
    }
}

#[test]
fn a_target_that_is_not_what_was_signed_makes_its_mirror_be_left() {
    let sim = repository();
    let mut bad = sim.files().clone();
    let path = bad.target_paths().next().unwrap().to_owned();
    bad.set_target(&path, *b"conten!");
    let (updated, notes) = update(&sim, &[Place::with(&bad), Place::with(sim.files())], &MemoryStore::new());
    assert_eq!(updated.unwrap(), 2);
    assert!(notes[0].starts_with("mirror 0: "), "{notes:?}");
}

#[test]
fn when_every_mirror_fails_the_last_failure_is_told_and_the_others_are_named() {
    let sim = repository();
    let bad = adversary::tamper(sim.files(), "timestamp.json");
    let (updated, notes) = update(&sim, &[Place::down(), Place::down(), Place::with(&bad)], &MemoryStore::new());
    let error = updated.unwrap_err();
    assert_eq!(error.refusal().unwrap().check, Check::TimestampSignatures, "{error}");
    assert_eq!(notes.len(), 2);
    assert!(notes[0].starts_with("mirror 0: ") && notes[1].starts_with("mirror 1: "), "{notes:?}");
}

/// What is nobody's fault but the caller's is not asked of every mirror.
#[test]
fn a_pinned_root_that_is_none_and_a_target_that_nobody_lists_leave_no_mirror() {
    let sim = repository();
    let places = [Place::with(sim.files()), Place::with(sim.files())];
    let mut client = Client::new(*b"no root", mirrors(&places), MemoryStore::new());
    assert!(client.refresh(sim.day(1)).is_err());
    assert!(!places[0].asked() && client.take_notes().is_empty());
    let mut client = Client::new(sim.root_bytes(1), mirrors(&places), MemoryStore::new());
    let unknown = [TargetQuery::required(target_path("unknown"))];
    assert!(client.update(sim.day(1), &unknown).is_err());
    assert!(!places[1].asked() && client.take_notes().is_empty());
}

/// The next piece of work begins with the first mirror again.
#[test]
fn a_mirror_that_was_left_is_tried_again_the_next_time() {
    let sim = repository();
    let places = [Place::down(), Place::with(sim.files())];
    let mut client = Client::new(sim.root_bytes(1), mirrors(&places), MemoryStore::new());
    for _ in 0..2 {
        client.refresh(sim.day(1)).unwrap();
        assert_eq!(client.take_notes().len(), 1);
    }
}

/// With several fetches under way at once, too, by both drivers.
#[test]
fn failover_is_the_same_when_files_are_fetched_ahead() {
    let sim = repository();
    let bad = adversary::tamper(sim.files(), "2.targets.json");
    let (first, second) = (Distant::new(bad.clone()), Distant::new(sim.files().clone()));
    assert!(Transport::concurrently(&first).is_some());
    let mut client =
        Client::new(sim.root_bytes(1), Mirrors::new("first", &first).then("second", &second), MemoryStore::new());
    client.update(sim.day(1), &wanted()).unwrap();
    assert!(matches!(&client.take_notes()[..], [Note::MirrorLeft { location, .. }] if location == "first"));

    let mirrors = Mirrors::new("first", bad.clone()).then("second", sim.files().clone());
    let mut client = Client::new(sim.root_bytes(1), mirrors, MemoryStore::new());
    futures_util::future::FutureExt::now_or_never(client.update_async(sim.day(1), &wanted())).unwrap().unwrap();
    assert!(matches!(&client.take_notes()[..], [Note::MirrorLeft { location, .. }] if location == "first"));
}
