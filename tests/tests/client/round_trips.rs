//! How many round trips a verifier pays, and what it asks for early. Time here is counted in round trips; nothing waits in earnest.

use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use chrono::{DateTime, Utc};
use rootline_client::store::{LocalFile, MemoryStore, Store};
use rootline_client::transport::{Request, Transport, TransportError};
use rootline_client::workflow::{Check, TargetQuery, Updated};
use rootline_client::{Client, Error, Prefetch};
use rootline_metadata::{Role as _, parse_instant};
use rootline_tests::real_data;
use rootline_tests::servers::distant::Distant;
use rootline_tests::simulator::{Delegation, Files, PinStyle, Role, Simulator};
use rootline_tests::verifier::target_path;

/// A verifier of the repository at a distance, as a process that runs once.
struct Run<'a> {
    pinned: Vec<u8>,
    store: &'a MemoryStore,
    now: DateTime<Utc>,
    wanted: Vec<TargetQuery>,
}

impl Run<'_> {
    /// What came of it, in how many round trips, and what was asked for in each of them.
    fn with(
        &self,
        files: impl Transport + Send + Sync,
        prefetch: Prefetch,
    ) -> (Result<Updated, Error>, u64, Vec<String>) {
        let distant = Distant::new(files);
        let mut client = Client::new(self.pinned.clone(), &distant, self.store).with_prefetch(prefetch);
        let outcome = client.update(self.now, &self.wanted);
        (outcome, distant.round_trips(), distant.asked())
    }

    /// The same by the driver that does not block, over a store of its own that has the same files.
    fn without_blocking(&self, files: impl Transport + Send + Sync) -> (Result<Updated, Error>, u64, Vec<String>) {
        let distant = Distant::new(files);
        let store = copy_of(self.store);
        let mut client = Client::new(self.pinned.clone(), &distant, store);
        let outcome = distant.block_on(client.update_async(self.now, &self.wanted));
        (outcome, distant.round_trips(), distant.asked())
    }

    /// Both drivers, which have to ask for the same at the same time; the second one is the one that keeps what it gets.
    fn ahead(&self, files: &Files) -> (u64, Vec<String>) {
        let (outcome, round_trips, asked) = self.without_blocking(files.clone());
        outcome.expect("an update that does not block");
        let (outcome, same_round_trips, same) = self.with(files.clone(), Prefetch::On);
        outcome.expect("an update");
        assert_eq!((same_round_trips, &same), (round_trips, &asked));
        (round_trips, asked)
    }
}

fn copy_of(store: &MemoryStore) -> MemoryStore {
    let copy = MemoryStore::new();
    for file in store.saved() {
        let bytes = store.load(&file, u64::MAX).expect("memory").expect("it was saved");
        copy.save(&file, &bytes).expect("memory");
    }
    copy
}

fn wanted(path: &str) -> TargetQuery {
    TargetQuery::required(target_path(path))
}

/// A run for this repository that wants the target `t`.
fn run<'a>(sim: &Simulator, store: &'a MemoryStore) -> Run<'a> {
    Run { pinned: sim.root_bytes(1), store, now: sim.day(1), wanted: vec![wanted("t")] }
}

fn with_target() -> Simulator {
    let mut sim = Simulator::default();
    sim.add_target("targets", "t", b"one").publish();
    sim
}

#[test]
fn a_refresh_in_which_nothing_changed_takes_one_round_trip() {
    let (sim, store) = (with_target(), MemoryStore::new());
    run(&sim, &store).ahead(sim.files());
    let (round_trips, asked) = run(&sim, &store).ahead(sim.files());
    assert_eq!((round_trips, asked), (1, vec!["2.root.json timestamp.json".to_owned()]));
    // Strictly one after the other it takes two.
    let (outcome, round_trips, asked) = run(&sim, &store).with(sim.files().clone(), Prefetch::Off);
    outcome.unwrap();
    assert_eq!((round_trips, asked), (2, vec!["2.root.json".to_owned(), "timestamp.json".to_owned()]));
}

#[test]
fn a_new_set_of_targets_takes_four_round_trips_in_place_of_five() {
    let (mut sim, store) = (with_target(), MemoryStore::new());
    run(&sim, &store).ahead(sim.files());
    sim.add_target("targets", "t", b"two").publish();
    let sequentially = copy_of(&store);
    let (outcome, round_trips, _) = run(&sim, &sequentially).with(sim.files().clone(), Prefetch::Off);
    outcome.unwrap();
    assert_eq!(round_trips, 5);
    let (round_trips, asked) = run(&sim, &store).ahead(sim.files());
    assert_eq!(round_trips, 4, "{asked:?}");
    assert_eq!(asked[..3], ["2.root.json timestamp.json", "3.snapshot.json", "3.targets.json"]);
    assert!(asked[3].starts_with("targets/"), "{asked:?}");
}

#[test]
fn a_long_chain_of_roots_is_fetched_several_at_a_time_and_judged_in_order() {
    let mut sim = with_target();
    for _ in 0..14 {
        sim.publish_root();
    }
    let store = MemoryStore::new();
    let (round_trips, asked) = run(&sim, &store).ahead(sim.files());
    assert!(round_trips <= 5, "{asked:?}");
    let roots: Vec<u64> = (2..=15).filter(|version| stored(&store, &LocalFile::RootHistory(*version))).collect();
    assert_eq!(roots, (2..=15).collect::<Vec<u64>>());
}

/// Root 3 is a forgery, and 4 and 5 after it are real: what came early is not looked at before what comes before it.
#[test]
fn what_came_early_counts_for_nothing_before_its_turn() {
    let mut sim = with_target();
    sim.publish_root().publish_root().publish_root().publish_root();
    let mut files = sim.files().clone();
    files.set_metadata("3.root.json", sim.files().metadata("4.root.json").unwrap());
    let store = MemoryStore::new();
    let (outcome, ..) = run(&sim, &store).with(files, Prefetch::On);
    let error = outcome.unwrap_err();
    assert_eq!(error.refusal().unwrap().check, Check::RootVersion, "{error}");
    assert!(stored(&store, &LocalFile::RootHistory(2)) && !stored(&store, &LocalFile::RootHistory(3)));
    assert!(!stored(&store, &LocalFile::Timestamp));
}

/// The timestamp that came with the question for root 2 is by a key that root 2 takes away.
#[test]
fn a_timestamp_that_came_early_is_judged_by_the_final_root() {
    let mut sim = with_target();
    let before = sim.files().clone();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    let mut files = sim.files().clone();
    files.set_metadata("timestamp.json", before.metadata("timestamp.json").unwrap());
    let store = MemoryStore::new();
    let (outcome, ..) = run(&sim, &store).with(files, Prefetch::On);
    let error = outcome.unwrap_err();
    assert_eq!(error.refusal().unwrap().check, Check::TimestampSignatures, "{error}");
    assert!(!stored(&store, &LocalFile::Timestamp));
}

#[test]
fn what_was_fetched_in_vain_is_not_kept() {
    let (mut sim, store) = (with_target(), MemoryStore::new());
    run(&sim, &store).ahead(sim.files());
    // Two roots that a forger has put there, and the timestamp, are on their way when the first of the two is refused.
    let mut files = sim.files().clone();
    for forged in ["3.root.json", "4.root.json"] {
        files.set_metadata(forged, *b"nobody has signed this");
    }
    sim.publish_root();
    files.set_metadata("2.root.json", sim.files().metadata("2.root.json").unwrap());
    let (outcome, ..) = run(&sim, &store).with(files, Prefetch::On);
    assert_eq!(outcome.unwrap_err().refusal().unwrap().check, Check::Form);
    assert!(stored(&store, &LocalFile::RootHistory(2)) && !stored(&store, &LocalFile::RootHistory(3)));
}

/// A cache that keeps the absence of a file would hide it from all behind it once it is published.
#[test]
fn no_version_of_snapshot_or_targets_is_asked_for_that_no_file_names() {
    let (mut sim, store) = (with_target(), MemoryStore::new());
    run(&sim, &store).ahead(sim.files());
    // Whatever changes: the snapshot alone, root and snapshot, the targets.
    for change in 0..6 {
        match change % 3 {
            0 => _ = sim.publish_snapshot(),
            1 => _ = sim.publish_root().publish_snapshot(),
            _ => _ = sim.add_target("targets", "t", format!("{change}").as_bytes()).publish(),
        }
        let (_, asked) = run(&sim, &store).ahead(sim.files());
        let asked = asked.join(" ");
        for name in asked.split(' ').filter(|name| !name.ends_with(".root.json")) {
            let is_there = sim.files().metadata(name).is_some() || name.starts_with("targets/");
            assert!(is_there, "{name} is not there: {asked}");
        }
    }
}

/// Whatever is fetched early is bounded as what is fetched in its turn.
#[test]
fn a_guess_asks_for_no_more_bytes_than_its_pin_states() {
    let sim = with_target();
    let store = MemoryStore::new();
    let noting = Limited(sim.files().clone(), std::sync::Mutex::default());
    let (outcome, ..) = run(&sim, &store).with(&noting, Prefetch::On);
    outcome.unwrap();
    let limits = noting.1.into_inner().unwrap();
    let limit = |name: &str| limits.iter().find(|(asked, _)| asked == name).expect("it was asked for").1;
    for name in ["2.snapshot.json", "2.targets.json"] {
        assert_eq!(limit(name), sim.files().metadata(name).unwrap().len() as u64, "{name}");
    }
}

/// Notes how many bytes were asked for.
struct Limited(Files, std::sync::Mutex<Vec<(String, u64)>>);

impl Transport for Limited {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.1.lock().expect("nobody panics here").push((request.name(), request.limit));
        self.0.fetch(request)
    }
}

/// Files that were asked for at the same time may come from before and after a publication. Then the verifier asks once more, in order.
#[test]
fn a_publication_in_the_middle_is_no_refusal() {
    let (mut sim, store) = (with_target(), MemoryStore::new());
    run(&sim, &store).ahead(sim.files());
    let before = sim.files().clone();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root().publish();
    for first in 0..6 {
        let moving = Moving { before: before.clone(), after: sim.files().clone(), asked: AtomicUsize::new(0), first };
        let (outcome, _, asked) = run(&sim, &copy_of(&store)).with(moving, Prefetch::On);
        outcome.unwrap_or_else(|error| panic!("after {first}: {error}; {asked:?}"));
    }
}

/// Caches that show the absence of a root after it came, beside the timestamp that its keys have signed: a client asks the server itself
/// before it refuses anything.
#[test]
fn a_mixture_that_a_cache_shows_is_no_refusal_where_the_cache_lets_a_client_past() {
    let (mut sim, store) = (with_target(), MemoryStore::new());
    run(&sim, &store).ahead(sim.files());
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root().publish();
    let cache = |heeds: bool| Caching { files: sim.files().clone(), heeds, asked: Mutex::default() };
    let heeding = cache(true);
    let (outcome, ..) = run(&sim, &copy_of(&store)).with(&heeding, Prefetch::On);
    outcome.unwrap();
    let (outcome, ..) = run(&sim, &store).without_blocking(cache(true));
    outcome.unwrap();
    // The first look goes by way of caches, and the second past them in all that it asks for.
    let asked = heeding.asked.into_inner().unwrap();
    let first = asked.iter().position(|past_caches| *past_caches).unwrap();
    assert!(first > 0 && asked[first..].iter().all(|past_caches| *past_caches), "{asked:?}");
    let (outcome, ..) = run(&sim, &store).with(cache(false), Prefetch::On);
    assert_eq!(outcome.unwrap_err().refusal().unwrap().check, Check::TimestampSignatures);
}

/// A cache that keeps the absence of root 2, and that heeds a client who asks for the server or does not.
struct Caching {
    files: Files,
    heeds: bool,
    asked: Mutex<Vec<bool>>,
}

impl Transport for Caching {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.asked.lock().expect("nobody panics here").push(request.past_caches);
        match request.name() == "2.root.json" && !(self.heeds && request.past_caches) {
            true => Err(TransportError::NotFound { location: request.name(), forbidden: false }),
            false => self.files.fetch(request),
        }
    }
}

/// A server that publishes after so many answers.
struct Moving {
    before: Files,
    after: Files,
    asked: AtomicUsize,
    first: usize,
}

impl Transport for Moving {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        match self.asked.fetch_add(1, Ordering::Relaxed) < self.first {
            true => self.before.fetch(request),
            false => self.after.fetch(request),
        }
    }
}

/// Without versions in the names there is one name for all versions; nothing is guessed that could be an old file under a new name.
#[test]
fn without_consistent_snapshots_it_comes_to_the_same() {
    let mut sim = Simulator::default();
    sim.root.consistent_snapshot = false;
    sim.publish_root();
    sim.add_target("targets", "t", b"one").publish();
    let store = MemoryStore::new();
    run(&sim, &store).ahead(sim.files());
    let (round_trips, asked) = run(&sim, &store).ahead(sim.files());
    assert_eq!((round_trips, asked), (1, vec!["3.root.json timestamp.json".to_owned()]));
    sim.add_target("targets", "t", b"two").publish();
    let (round_trips, asked) = run(&sim, &store).ahead(sim.files());
    assert!(round_trips <= 4, "{asked:?}");
}

#[test]
fn targets_of_delegated_roles_come_along_and_are_here_the_next_time() {
    let mut sim = Simulator::default();
    sim.timestamp.pins = PinStyle::VersionOnly;
    sim.delegate("targets", Delegation::to("a").paths(["*"])).add_target("a", "t", b"one").publish();
    let store = MemoryStore::new();
    run(&sim, &store).ahead(sim.files());
    let (round_trips, asked) = run(&sim, &store).ahead(sim.files());
    assert_eq!((round_trips, asked), (1, vec!["2.root.json timestamp.json".to_owned()]));
}

/// From root 1 to the trust root: others take two round trips where nothing has changed, and nineteen here.
#[test]
fn a_bootstrap_from_sigstores_first_root_takes_at_most_five_round_trips() {
    let Some(folder) = real_data::sigstore_prod() else { return };
    let files = Files::read_from(&folder).unwrap();
    let store = MemoryStore::new();
    let run = Run {
        pinned: files.metadata("1.root.json").unwrap().to_vec(),
        store: &store,
        now: parse_instant("2026-08-22T00:00:00Z").unwrap(),
        wanted: vec![wanted("trusted_root.json")],
    };
    let sequentially =
        Run { store: &MemoryStore::new(), wanted: run.wanted.clone(), pinned: run.pinned.clone(), ..run };
    let (outcome, round_trips, _) = sequentially.with(files.clone(), Prefetch::Off);
    assert_eq!(outcome.unwrap().trusted.root().version().number(), 15);
    assert_eq!(round_trips, 19);
    let (round_trips, asked) = run.ahead(&files);
    assert!(round_trips <= 5, "{asked:#?}");
    let (round_trips, asked) = run.ahead(&files);
    assert_eq!((round_trips, asked), (1, vec!["16.root.json timestamp.json".to_owned()]));
}

fn stored(store: &MemoryStore, file: &LocalFile) -> bool {
    store.load(file, u64::MAX).expect("memory").is_some()
}
