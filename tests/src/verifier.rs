//! A verifier to try a repository with: a pinned root, a cache in memory, and what was asked for.

use chrono::{DateTime, Utc};
use rootline_client::store::{LocalFile, MemoryStore, Store};
use rootline_client::transport::Transport;
use rootline_client::workflow::{Check, Refusal, TargetInfo, Trusted};
use rootline_client::{Client, Error, Limits};
use rootline_metadata::json::{Document, MAX_BYTES};
use rootline_metadata::{Envelope, Role, Root, TargetPath};

use crate::recorder::{Recorder, shown};
use crate::simulator::Simulator;

/// One verifier over time. Each call is a client of its own, as each run of a program is: only the cache lasts.
#[derive(Debug)]
pub struct Verifier<S = MemoryStore> {
    pinned_root: Vec<u8>,
    store: S,
    /// The limits that apply.
    pub limits: Limits,
    requests: Vec<String>,
    most_bytes: Vec<u64>,
}

impl Verifier {
    /// Pins root 1 of the simulated repository.
    pub fn of(simulator: &Simulator) -> Verifier {
        Verifier::pinning(simulator.root_bytes(1))
    }

    /// Pins that root.
    pub fn pinning(root: impl Into<Vec<u8>>) -> Verifier {
        Verifier::with_store(root, MemoryStore::new())
    }
}

impl<S: Store> Verifier<S> {
    /// Pins that root, over that cache.
    pub fn with_store(root: impl Into<Vec<u8>>, store: S) -> Verifier<S> {
        Verifier {
            pinned_root: root.into(),
            store,
            limits: Limits::default(),
            requests: Vec::new(),
            most_bytes: Vec::new(),
        }
    }

    /// Brings the top-level roles up to date.
    ///
    /// # Errors
    /// As [`Client::refresh`].
    pub fn refresh(&mut self, from: &impl Transport, now: DateTime<Utc>) -> Result<Trusted, Error> {
        self.with_client(from, |client| client.refresh(now))
    }

    /// A refresh that is refused: file, section and reason in one line. What the store holds is left to the caller to look at.
    ///
    /// # Panics
    /// If it is not refused.
    pub fn refusal(&mut self, from: &impl Transport, now: DateTime<Utc>) -> Refusal {
        let error = self.refresh(from, now).expect_err("a refusal");
        error.refusal().unwrap_or_else(|| panic!("not a refusal: {error}")).clone()
    }

    /// The check that refuses a refresh.
    ///
    /// # Panics
    /// If it is not refused.
    pub fn refused_by(&mut self, from: &impl Transport, now: DateTime<Utc>) -> Check {
        self.refusal(from, now).check
    }

    /// Refreshes, then finds out what is said about a target.
    ///
    /// # Errors
    /// As [`Client::find`].
    pub fn find(&mut self, from: &impl Transport, now: DateTime<Utc>, path: &str) -> Result<TargetInfo, Error> {
        self.with_client(from, |client| {
            let trusted = client.refresh(now)?;
            client.find(&trusted, &target_path(path))
        })
    }

    /// Refreshes, then finds and fetches a target.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub fn download(&mut self, from: &impl Transport, now: DateTime<Utc>, path: &str) -> Result<Vec<u8>, Error> {
        self.with_client(from, |client| {
            let trusted = client.refresh(now)?;
            let found = client.find(&trusted, &target_path(path))?;
            client.fetch(&found)
        })
    }

    /// Lets `run` use a client of this verifier, and notes what it asks for.
    pub fn with_client<R, T: Transport>(
        &mut self,
        from: &T,
        run: impl FnOnce(&mut Client<&Recorder<&T>, &S>) -> R,
    ) -> R {
        let recorder = Recorder::new(from);
        let mut client = Client::new(self.pinned_root.clone(), &recorder, &self.store).with_limits(self.limits.clone());
        let outcome = run(&mut client);
        let requests = recorder.take();
        self.requests = requests.iter().map(shown).collect();
        self.most_bytes = requests.iter().map(|request| request.limit).collect();
        outcome
    }

    /// What the last call asked for, in order.
    pub fn requests(&self) -> &[String] {
        &self.requests
    }

    /// How many bytes the last call would have taken, at most, of each file that it asked for.
    pub fn most_bytes(&self) -> &[u64] {
        &self.most_bytes
    }

    /// The cache.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The bytes of one file of the cache.
    ///
    /// # Panics
    /// If it cannot be read.
    pub fn stored(&self, file: &LocalFile) -> Option<Vec<u8>> {
        self.store.load(file, u64::MAX).expect("a cache that can be read")
    }

    /// The top-level roles that are trusted and their versions, as in `root 1, timestamp 2, snapshot 2, targets 2`. The root is the
    /// pinned one as long as no newer one was kept.
    pub fn holds(&self) -> String {
        let mut held = vec![format!("root {}", self.root_version())];
        for (name, file) in
            [("timestamp", LocalFile::Timestamp), ("snapshot", LocalFile::Snapshot), ("targets", LocalFile::Targets)]
        {
            held.extend(self.stored(&file).map(|bytes| format!("{name} {}", version_in(bytes))));
        }
        held.join(", ")
    }

    fn root_version(&self) -> u64 {
        let pinned = Envelope::<Root>::parse(self.pinned_root.clone(), MAX_BYTES);
        let pinned = pinned.map_or(0, |root| root.unverified().version().number());
        self.stored(&LocalFile::Root).map_or(pinned, version_in)
    }
}

/// The target of that name.
///
/// # Panics
/// If it is empty.
pub fn target_path(path: &str) -> TargetPath {
    TargetPath::new(path).expect("a target's name that is not empty")
}

/// The version of a file that a store has.
///
/// # Panics
/// If it has none.
pub fn kept_version(store: &impl Store, file: &LocalFile) -> u64 {
    let bytes = store.load(file, u64::MAX).unwrap();
    version_in(bytes.unwrap_or_else(|| panic!("no {file:?}")))
}

/// The version that a file says it has.
fn version_in(bytes: Vec<u8>) -> u64 {
    let document = Document::parse(bytes, MAX_BYTES).expect("a file of the cache was read before");
    let version = document.top().get("signed").and_then(|signed| signed.get("version"));
    version.and_then(|version| version.digits()).and_then(|digits| digits.parse().ok()).expect("a version")
}
