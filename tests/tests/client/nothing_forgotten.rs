//! What any attempt of a piece of work has verified holds for all that follow, and is saved: it can only forbid (TUF 5.3.8, 5.4.5).

use std::cell::Cell;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};

use rootline_client::bundle::Contents;
use rootline_client::mirror::{Mirror, MirrorError};
use rootline_client::store::{LocalFile, MemoryStore, Store, StoreError};
use rootline_client::transport::{AsyncTransport, Mirrors, Request, Transport, TransportError};
use rootline_client::workflow::Check;
use rootline_client::{Client, Error, Limits, Persistence};
use rootline_tests::adversary::withhold;
use rootline_tests::servers::distant::Distant;
use rootline_tests::simulator::{Files, Key, Role, Simulator};
use rootline_tests::verifier::kept_version;

/// What two mirrors serve: the first one something newer that cannot be completed there, the second one the repository as it was before.
struct Pair {
    sim: Simulator,
    incomplete: Files,
    old: Files,
}

/// The first mirror has root 2, which takes the stolen timestamp key away, and no timestamp. The second one has root 1 and what the attacker
/// signs.
fn revoked() -> Pair {
    let mut sim = Simulator::default();
    sim.issue("timestamp").publish();
    let old = sim.files().clone();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.publish();
    Pair { incomplete: withhold(sim.files(), "timestamp.json"), old, sim }
}

/// The first mirror has a newer timestamp and not its snapshot.
fn rolled_back() -> Pair {
    let mut sim = Simulator::default();
    let old = sim.files().clone();
    sim.publish();
    sim.publish();
    Pair { incomplete: withhold(sim.files(), "3.snapshot.json"), old, sim }
}

/// The first mirror has a newer snapshot and not its targets; the second one a timestamp that is newer still and takes the snapshot back.
fn snapshot_rolled_back() -> Pair {
    let mut sim = Simulator::default();
    let before = sim.files().clone();
    sim.publish();
    let incomplete = withhold(sim.files(), "2.targets.json");
    let mut old = before;
    let mut forked = Simulator::default();
    for _ in 0..4 {
        forked.issue("timestamp").publish();
    }
    old.set_metadata("timestamp.json", forked.files().metadata("timestamp.json").unwrap());
    Pair { sim, incomplete, old }
}

fn check(error: &Error) -> Check {
    error.refusal().unwrap_or_else(|| panic!("no refusal: {error}")).check
}

fn mirrors<'a, T>(first: &'a T, second: &'a T) -> Mirrors<&'a T> {
    Mirrors::new("first", first).then("second", second)
}

/// How one way of working comes out with the files of the first mirror and then those of the second, and with the store that it leaves.
type Way = fn(&Pair, &Files) -> (Result<(), Error>, MemoryStore);

fn blocking(pair: &Pair, second: &Files) -> (Result<(), Error>, MemoryStore) {
    let store = MemoryStore::new();
    let mut client = Client::new(pair.sim.root_bytes(1), mirrors(&pair.incomplete, second), &store);
    let done = client.refresh(pair.sim.day(1)).map(drop);
    (done, store)
}

fn prefetching(pair: &Pair, second: &Files) -> (Result<(), Error>, MemoryStore) {
    let store = MemoryStore::new();
    let (first, second) = (Distant::new(pair.incomplete.clone()), Distant::new(second.clone()));
    let mut client = Client::new(pair.sim.root_bytes(1), mirrors(&first, &second), &store);
    let done = client.refresh(pair.sim.day(1)).map(drop);
    (done, store)
}

fn asynchronous(pair: &Pair, second: &Files) -> (Result<(), Error>, MemoryStore) {
    let store = std::sync::Arc::new(MemoryStore::new());
    let mirrors = Mirrors::new("first", pair.incomplete.clone()).then("second", second.clone());
    let mut client = Client::new(pair.sim.root_bytes(1), mirrors, std::sync::Arc::clone(&store));
    let done = futures_util::future::FutureExt::now_or_never(client.refresh_async(pair.sim.day(1))).unwrap().map(drop);
    drop(client);
    (done, std::sync::Arc::into_inner(store).unwrap())
}

fn exporting(pair: &Pair, second: &Files) -> (Result<(), Error>, MemoryStore) {
    let store = MemoryStore::new();
    let transport = mirrors(&pair.incomplete, second);
    let now = pair.sim.day(1);
    let done = Contents::of_repository(&pair.sim.root_bytes(1), &store, &transport, now, &[], &Limits::default());
    let done = done.map(drop).map_err(|error| match error {
        rootline_client::bundle::BundleError::Contents(error) => error,
        other => panic!("{other}"),
    });
    (done, store)
}

const WAYS: [(&str, Way); 4] =
    [("blocking", blocking), ("prefetching", prefetching), ("asynchronous", asynchronous), ("exporting", exporting)];

#[test]
fn a_root_that_the_first_mirror_showed_holds_at_the_second() {
    let pair = revoked();
    for (way, work) in WAYS {
        let (done, store) = work(&pair, &pair.old);
        assert_eq!(check(&done.expect_err(way)), Check::TimestampSignatures, "{way}");
        assert_eq!(kept_version(&store, &LocalFile::Root), 2, "{way}");
        // And later: the cache is judged under root 2.
        let mut later = Client::new(pair.sim.root_bytes(1), pair.old.clone(), &store);
        assert_eq!(check(&later.refresh(pair.sim.day(1)).unwrap_err()), Check::TimestampSignatures, "{way}");
    }
}

#[test]
fn a_timestamp_that_the_first_mirror_showed_is_not_gone_below_at_the_second() {
    let pair = rolled_back();
    for (way, work) in WAYS {
        let (done, store) = work(&pair, &pair.old);
        assert_eq!(check(&done.expect_err(way)), Check::TimestampVersion, "{way}");
        assert_eq!(kept_version(&store, &LocalFile::Timestamp), 3, "{way}");
        let mut later = Client::new(pair.sim.root_bytes(1), pair.old.clone(), &store);
        assert_eq!(check(&later.refresh(pair.sim.day(1)).unwrap_err()), Check::TimestampVersion, "{way}");
    }
}

#[test]
fn a_snapshot_that_the_first_mirror_showed_is_not_gone_below_at_the_second() {
    let pair = snapshot_rolled_back();
    for (way, work) in WAYS {
        let (done, store) = work(&pair, &pair.old);
        assert_eq!(check(&done.expect_err(way)), Check::TimestampSnapshotVersion, "{way}");
        assert_eq!(
            (kept_version(&store, &LocalFile::Timestamp), kept_version(&store, &LocalFile::Snapshot)),
            (2, 2),
            "{way}"
        );
    }
}

/// The other side: what forbids nothing that is good.
#[test]
fn a_second_mirror_that_has_all_of_it_completes_the_work() {
    for pair in [revoked(), rolled_back()] {
        for (way, work) in WAYS {
            let (done, store) = work(&pair, pair.sim.files());
            done.unwrap_or_else(|error| panic!("{way}: {error}"));
            assert_eq!(kept_version(&store, &LocalFile::Timestamp), pair.sim.timestamp.version, "{way}");
            let mut offline = Client::new(pair.sim.root_bytes(1), (), &store);
            offline.load(pair.sim.day(1), &[]).unwrap_or_else(|error| panic!("{way}: {error}"));
        }
    }
}

/// Serves newer files the first time that each is asked for, and older ones afterwards, as one of several edges of a network does.
struct Edge {
    once: Files,
    then: Files,
    asked: std::sync::Mutex<BTreeMap<String, usize>>,
}

impl Transport for Edge {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let name = request.name();
        let times = *self.asked.lock().unwrap().entry(name).and_modify(|times| *times += 1).or_insert(1);
        if times == 1 { Transport::fetch(&self.once, request) } else { Transport::fetch(&self.then, request) }
    }
}

/// A refusal of files that were fetched ahead is looked at again with plain requests; by then the root is gone from that server.
#[test]
fn a_root_that_a_server_showed_once_holds_when_a_refusal_is_looked_at_again() {
    let Pair { sim, old, .. } = revoked();
    let mut once = old.clone();
    once.set_metadata("2.root.json", sim.root_bytes(2));
    let store = MemoryStore::new();
    let edge = Distant::new(Edge { once, then: old, asked: std::sync::Mutex::default() });
    let mut client = Client::new(sim.root_bytes(1), &edge, &store);
    assert_eq!(check(&client.refresh(sim.day(1)).unwrap_err()), Check::TimestampSignatures);
    assert_eq!(kept_version(&store, &LocalFile::Root), 2);
}

/// A store that reads and cannot be written.
#[derive(Default)]
struct Full(MemoryStore);

impl Store for Full {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.0.load(file, limit)
    }

    fn save(&self, _: &LocalFile, _: &[u8]) -> Result<(), StoreError> {
        Err(StoreError::Contended { times: 1 })
    }

    fn remove(&self, _: &LocalFile) -> Result<(), StoreError> {
        Ok(())
    }
}

/// What could not be kept on disk holds for as long as the client lives.
#[test]
fn a_client_whose_cache_cannot_be_written_goes_below_nothing_that_it_has_seen() {
    let Pair { sim, old, .. } = rolled_back();
    for persistence in [Persistence::BestEffort, Persistence::Required] {
        let served = std::cell::RefCell::new(sim.files().clone());
        let transport = Changing(&served);
        let mut client = Client::new(sim.root_bytes(1), transport, Full::default()).with_persistence(persistence);
        let first = client.refresh(sim.day(1));
        assert_eq!(first.is_ok(), persistence == Persistence::BestEffort);
        *served.borrow_mut() = old.clone();
        assert_eq!(check(&client.refresh(sim.day(1)).unwrap_err()), Check::TimestampVersion, "{persistence:?}");
        let contents = Contents::of_client(&mut client, sim.day(1), &[]).unwrap_err();
        assert!(contents.to_string().contains("went backwards"), "{contents}");
        *served.borrow_mut() = sim.files().clone();
        assert_eq!(client.refresh(sim.day(1)).is_ok(), persistence == Persistence::BestEffort);
        Contents::of_client(&mut client, sim.day(1), &[]).unwrap();
    }
}

struct Changing<'a>(&'a std::cell::RefCell<Files>);

impl Transport for Changing<'_> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        Transport::fetch(&*self.0.borrow(), request)
    }
}

/// Serves files, and never answers for the timestamp while it is told to hang.
struct Hanging<'a> {
    files: &'a std::sync::Mutex<Files>,
    hangs: &'a AtomicBool,
}

impl AsyncTransport for Hanging<'_> {
    async fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        if request.name() == "timestamp.json" && self.hangs.load(Ordering::Relaxed) {
            std::future::pending::<()>().await;
        }
        Transport::fetch(&*self.files.lock().unwrap(), request)
    }
}

/// A caller who loses patience with a future and drops it keeps the client, which has not forgotten what it had verified by then.
#[test]
fn a_session_that_is_dropped_in_the_middle_leaves_what_it_has_verified_with_the_client() {
    use futures_util::future::FutureExt as _;
    let Pair { sim, old, .. } = revoked();
    let (files, hangs) = (std::sync::Mutex::new(sim.files().clone()), AtomicBool::new(true));
    let transport = Hanging { files: &files, hangs: &hangs };
    let store = std::sync::Arc::new(MemoryStore::new());
    let mut client = Client::new(sim.root_bytes(1), transport, std::sync::Arc::clone(&store));
    assert!(client.refresh_async(sim.day(1)).now_or_never().is_none());
    hangs.store(false, Ordering::Relaxed);
    *files.lock().unwrap() = old;
    let refused = client.refresh_async(sim.day(1)).now_or_never().unwrap().unwrap_err();
    assert_eq!(check(&refused), Check::TimestampSignatures);
    assert_eq!(kept_version(&store, &LocalFile::Root), 2);
    *files.lock().unwrap() = sim.files().clone();
    client.refresh_async(sim.day(1)).now_or_never().unwrap().unwrap();
}

/// While a session works, another process saves something else: both hold.
#[test]
fn what_failed_beside_another_process_is_saved_beside_what_that_one_saved() {
    let mut sim = Simulator::default();
    sim.publish();
    let other = sim.files().clone();
    sim.root.root = Role::new(1, ["root-1", "root-2"]);
    sim.publish_root();
    sim.publish();
    // Root 2 is there and the timestamp is not; meanwhile the other process saves timestamp 2 under root 1.
    let store = MemoryStore::new();
    struct Meanwhile<'a>(&'a Files, &'a dyn Fn(), Cell<bool>);
    impl Transport for Meanwhile<'_> {
        fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
            if request.name() == "timestamp.json" && !self.2.replace(true) {
                (self.1)();
            }
            Transport::fetch(self.0, request)
        }
    }
    let files = withhold(sim.files(), "timestamp.json");
    let meanwhile = || drop(Client::new(sim.root_bytes(1), other.clone(), &store).refresh(sim.day(1)).unwrap());
    let transport = Meanwhile(&files, &meanwhile, Cell::new(false));
    let error = Client::new(sim.root_bytes(1), &transport, &store).refresh(sim.day(1)).unwrap_err();
    assert_eq!(check(&error), Check::TimestampPresent);
    assert_eq!((kept_version(&store, &LocalFile::Root), kept_version(&store, &LocalFile::Timestamp)), (2, 2));
}

/// A store of a file system without locks, in which somebody else saves something each of so many times that all is about to be saved.
struct WithoutLocks<'a> {
    inner: &'a MemoryStore,
    times: Cell<usize>,
}

impl Store for WithoutLocks<'_> {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.load(file, limit)
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        self.inner.save(file, bytes)
    }

    fn lock(&self) -> Result<Option<rootline_client::store::StoreLock>, StoreError> {
        if self.times.get() > 0 {
            self.times.set(self.times.get() - 1);
            // After it was looked at, and before it is compared: no lock keeps anybody out.
            self.inner.save(&LocalFile::Snapshot, &b" ".repeat(self.times.get() + 1))?;
        }
        Ok(None)
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.inner.remove(file)
    }
}

/// Where nothing keeps others out, a failed session tries to save what it has seen until nobody was quicker.
#[test]
fn what_was_seen_is_saved_where_nothing_keeps_others_out() {
    let Pair { sim, incomplete, old } = rolled_back();
    for (times, saved) in [(0, true), (1, true), (7, true), (100, false)] {
        let inner = MemoryStore::new();
        let store = WithoutLocks { inner: &inner, times: Cell::new(times) };
        let mut client = Client::new(sim.root_bytes(1), mirrors(&incomplete, &old), &store);
        assert_eq!(check(&client.refresh(sim.day(1)).unwrap_err()), Check::TimestampVersion);
        let timestamp = inner.load(&LocalFile::Timestamp, u64::MAX).unwrap();
        assert_eq!(timestamp.is_some(), saved, "{times}");
        // Saved or not, this client does not forget it.
        assert_eq!(check(&client.refresh(sim.day(1)).unwrap_err()), Check::TimestampVersion);
    }
}

fn mirror(pair: &Pair, folder: &std::path::Path, first: &Files, second: &Files) -> Result<(), MirrorError> {
    let mirror = Mirror::new(pair.sim.root_bytes(1), mirrors(first, second), folder);
    mirror
        .update(pair.sim.day(1), &mut |_: rootline_client::mirror::Progress<'_>| std::ops::ControlFlow::Continue(()))
        .map(drop)
}

#[test]
fn a_mirror_goes_below_nothing_that_any_attempt_or_earlier_round_has_verified() {
    for (pair, refused) in [
        (revoked(), Check::TimestampSignatures),
        (rolled_back(), Check::TimestampVersion),
        (snapshot_rolled_back(), Check::TimestampSnapshotVersion),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let refusal = |done: Result<(), MirrorError>| match done.unwrap_err() {
            MirrorError::Repository(error) => check(&error),
            other => panic!("{other}"),
        };
        assert_eq!(refusal(mirror(&pair, folder.path(), &pair.incomplete, &pair.old)), refused);
        assert!(!folder.path().join("timestamp.json").exists(), "nothing is published");
        // The next round, in another process.
        assert_eq!(refusal(mirror(&pair, folder.path(), &pair.old, &pair.old)), refused);
        // And when the repository is complete again, all is well.
        mirror(&pair, folder.path(), pair.sim.files(), pair.sim.files()).unwrap();
        assert!(folder.path().join("timestamp.json").exists());
    }
}

/// 5.3.8: one damaged file of the root history is made good from `root.json`, from the repository, or refused; it never gives the floor away.
#[test]
fn a_damaged_root_history_does_not_give_the_floor_away() {
    let mut sim = Simulator::default();
    sim.issue("timestamp").publish();
    let old = sim.files().clone();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    sim.publish_root();
    sim.publish();
    let damaged = |version: u64| {
        let store = MemoryStore::new();
        Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
        store.save(&LocalFile::RootHistory(version), b"damaged").unwrap();
        store
    };
    // The newest root stands in root.json too.
    let store = damaged(3);
    let error = Client::new(sim.root_bytes(1), old.clone(), &store).refresh(sim.day(1)).unwrap_err();
    assert_eq!(check(&error), Check::TimestampSignatures);
    assert_eq!(store.load(&LocalFile::RootHistory(3), u64::MAX).unwrap().unwrap(), sim.root_bytes(3));
    // Root 2 is nowhere else: a repository that has it makes it good, and one that withholds it is refused.
    let store = damaged(2);
    let error = Client::new(sim.root_bytes(1), old.clone(), &store).refresh(sim.day(1)).unwrap_err();
    assert_eq!(check(&error), Check::RootKept, "{error}");
    assert_eq!(error.to_string(), "root.json went backwards: version 3 is trusted, the repository offers 1");
    assert_eq!(kept_version(&store, &LocalFile::Root), 3);
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
    assert_eq!(store.load(&LocalFile::RootHistory(2), u64::MAX).unwrap().unwrap(), sim.root_bytes(2));
}

/// 5.3.8: a cached root that does not belong to the pinned one is no reason to refuse, and is told of.
#[test]
fn a_newer_cached_root_that_nothing_leads_to_is_noted() {
    let sim = Simulator::default();
    let mut stranger = Simulator::default();
    stranger.root.root = Role::new(1, ["stranger"]);
    stranger.issue("root").signed_by(Key::all(["stranger"])).publish();
    let store = MemoryStore::new();
    store.save(&LocalFile::Root, &stranger.root_bytes(2)).unwrap();
    let mut client = Client::new(sim.root_bytes(1), sim.files().clone(), &store);
    client.refresh(sim.day(1)).unwrap();
    let notes: Vec<String> = client.take_notes().iter().map(ToString::to_string).collect();
    assert!(
        matches!(&notes[..], [note] if note.starts_with("the cache has root 2, which nothing leads to")),
        "{notes:?}"
    );
    assert_eq!(kept_version(&store, &LocalFile::Root), 1);
    // Once is enough.
    client.refresh(sim.day(1)).unwrap();
    assert!(client.take_notes().is_empty());
}
