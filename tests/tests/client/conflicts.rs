//! Two verifiers with one cache, each at work while the other one saves.

use std::cell::Cell;

use rootline_client::store::{LocalFile, MemoryStore, Store, StoreError};
use rootline_client::transport::{Request, Transport, TransportError};
use rootline_client::{Client, Error};
use rootline_metadata::Role as _;
use rootline_tests::simulator::{Files, Role, Simulator};
use rootline_tests::verifier::{Verifier, kept_version};

/// Serves these files; while it fetches the file of that name, `meanwhile` happens, so many times.
struct Meanwhile<'a, F> {
    files: &'a Files,
    name: &'a str,
    times: Cell<usize>,
    happens: F,
}

impl<F: Fn()> Transport for Meanwhile<'_, F> {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        if request.name() == self.name && self.times.get() > 0 {
            self.times.set(self.times.get() - 1);
            (self.happens)();
        }
        self.files.fetch(request)
    }
}

/// A slow verifier works from a mirror that lags; while it is fetching, a quick one goes further. What the slow one has is older then, and the
/// versions that were seen must not go down.
#[test]
fn who_is_overtaken_does_not_take_back_what_the_other_one_has_saved() {
    let mut sim = Simulator::default();
    let store = MemoryStore::new();
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
    sim.publish();
    let lagging = sim.files().clone();
    sim.publish();
    let quick = || {
        Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
    };
    let transport = Meanwhile { files: &lagging, name: "2.targets.json", times: Cell::new(1), happens: quick };
    let refused = Client::new(sim.root_bytes(1), &transport, &store).refresh(sim.day(1)).unwrap_err();
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.to_string().contains("went backwards")), "{refused}");
    for file in [LocalFile::Timestamp, LocalFile::Snapshot, LocalFile::Targets] {
        assert_eq!(kept_version(&store, &file), 3, "{file:?}");
    }
}

/// Both see the same publication: the slow one looks again, finds that all of it is there, and is done.
#[test]
fn who_is_overtaken_by_the_same_is_done() {
    let mut sim = Simulator::default();
    let store = MemoryStore::new();
    sim.publish();
    let quick = || {
        Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
    };
    let transport = Meanwhile { files: sim.files(), name: "2.targets.json", times: Cell::new(1), happens: quick };
    let trusted = Client::new(sim.root_bytes(1), &transport, &store).refresh(sim.day(1)).unwrap();
    assert_eq!(trusted.timestamp().version().number(), 2);
}

/// However often others are quicker, it comes to an end: then they are kept out.
#[test]
fn who_is_overtaken_again_and_again_comes_to_an_end() {
    let sim = std::cell::RefCell::new(Simulator::default());
    let store = MemoryStore::new();
    let served = std::cell::RefCell::new(sim.borrow().files().clone());
    let (pinned, now) = (sim.borrow().root_bytes(1), sim.borrow().day(1));
    struct Moving<'a>(&'a std::cell::RefCell<Files>);
    impl Transport for Moving<'_> {
        fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
            self.0.borrow().fetch(request)
        }
    }
    let publish_and_save = || {
        sim.borrow_mut().publish();
        *served.borrow_mut() = sim.borrow().files().clone();
        Client::new(pinned.clone(), Moving(&served), &store).refresh(now).unwrap();
    };
    struct Hurried<'a, F>(&'a std::cell::RefCell<Files>, Cell<usize>, F);
    impl<F: Fn()> Transport for Hurried<'_, F> {
        fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
            let bytes = self.0.borrow().fetch(request);
            if request.name() == "timestamp.json" && self.1.get() > 0 {
                self.1.set(self.1.get() - 1);
                (self.2)();
            }
            bytes
        }
    }
    let hurried = Hurried(&served, Cell::new(8), publish_and_save);
    let trusted = Client::new(pinned.clone(), &hurried, &store).refresh(now).unwrap();
    assert_eq!(trusted.timestamp().version().number(), 9);
    assert_eq!(kept_version(&store, &LocalFile::Timestamp), 9);
}

/// Somebody writes there all the time and minds no lock.
#[test]
fn who_is_never_left_alone_gives_up_and_says_so() {
    let mut sim = Simulator::default();
    let store = MemoryStore::new();
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).refresh(sim.day(1)).unwrap();
    sim.publish();
    let tries = Cell::new(0_u8);
    let scribble = || {
        tries.set(tries.get() + 1);
        store.save(&LocalFile::Timestamp, &[tries.get()]).unwrap();
    };
    let transport = Meanwhile { files: sim.files(), name: "timestamp.json", times: Cell::new(1000), happens: scribble };
    let error = Client::new(sim.root_bytes(1), &transport, &store).refresh(sim.day(1)).unwrap_err();
    assert!(matches!(error, Error::Store(StoreError::Contended { times: 16 })), "{error}");
    assert_eq!(tries.get(), 16);
}

/// A root that was fetched is kept although what comes later is refused; but not over a newer one.
#[test]
fn roots_that_were_verified_are_kept_when_what_follows_is_refused() {
    let mut sim = Simulator::default();
    let mut verifier = Verifier::of(&sim);
    verifier.refresh(sim.files(), sim.day(1)).unwrap();
    sim.root.timestamp = Role::new(1, ["timestamp-2"]);
    sim.publish_root();
    // The new root's timestamp is not there yet.
    let refused = verifier.refresh(sim.files(), sim.day(1)).unwrap_err();
    assert!(refused.refusal().is_some());
    assert_eq!(verifier.holds(), "root 2, timestamp 1, snapshot 1, targets 1");
}
