//! Asynchronous callers are not blocked while the lock of the cache is held elsewhere.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use rootline_client::store::{FileStore, LocalFile, Store, StoreError, StoreLock};
use rootline_client::{Client, Freshness};
use rootline_tests::simulator::Simulator;
use rootline_tests::verifier::target_path;
use tokio::task::yield_now;

/// A store on disk that says when somebody has begun to ask for its lock.
#[derive(Clone)]
struct Watched {
    files: FileStore,
    asked: Arc<AtomicBool>,
}

impl Watched {
    fn asking(&self) {
        self.asked.store(true, Ordering::SeqCst);
    }
}

impl Store for Watched {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        self.files.load(file, limit)
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        self.files.save(file, bytes)
    }

    fn lock(&self) -> Result<Option<StoreLock>, StoreError> {
        self.asking();
        self.files.lock()
    }

    fn lock_to_load(&self) -> Result<Option<StoreLock>, StoreError> {
        self.asking();
        self.files.lock_to_load()
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.files.remove(file)
    }
}

/// Runs `work` on one thread, while somebody else holds the lock of the cache. They let it go after another task of the same thread has
/// had a thousand turns since `work` has asked for the lock: where that blocked the thread, this would never come.
fn while_locked<R>(store: &Watched, work: impl Future<Output = R>) -> R {
    store.asked.store(false, Ordering::SeqCst);
    let lock = store.files.lock_exclusive().unwrap();
    let others = async {
        while !store.asked.load(Ordering::SeqCst) {
            yield_now().await;
        }
        for _ in 0..1000 {
            yield_now().await;
        }
        drop(lock);
    };
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async { futures_util::future::join(work, others).await.0 })
}

#[test]
fn other_tasks_go_on_while_a_client_waits_for_the_lock() {
    let mut sim = Simulator::default();
    sim.add_target("targets", "a.txt", b"content");
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    let store = Watched { files: FileStore::open(folder.path()).unwrap(), asked: Arc::default() };
    let mut client = Client::new(sim.root_bytes(1), sim.files().clone(), store.clone());
    let now = sim.day(1);

    let trusted = while_locked(&store, client.refresh_async(now)).unwrap();
    let content = while_locked(&store, client.target_async(&trusted, &target_path("a.txt"))).unwrap();
    assert_eq!(content, b"content");

    let mut offline =
        Client::new(sim.root_bytes(1), sim.files().clone(), store.clone()).with_freshness(Freshness::offline());
    let loaded = while_locked(&store, offline.refresh_async(now)).unwrap();
    assert_eq!(loaded.timestamp().bytes(), trusted.timestamp().bytes());
}

/// What was begun on the thread is ended there: a caller who goes away leaves a cache of one publication or of the next.
#[test]
fn a_refresh_that_is_dropped_leaves_a_cache_that_verifies() {
    let mut sim = Simulator::default();
    let folder = tempfile::tempdir().unwrap();
    let open = || FileStore::open(folder.path()).unwrap();
    Client::new(sim.root_bytes(1), sim.files().clone(), open()).refresh(sim.day(1)).unwrap();
    sim.publish();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for turns in 0..40 {
        let mut client = Client::new(sim.root_bytes(1), sim.files().clone(), open());
        runtime.block_on(async {
            let refresh = client.refresh_async(sim.day(1));
            let some_turns = async {
                for _ in 0..turns {
                    yield_now().await;
                }
            };
            futures_util::future::select(std::pin::pin!(refresh), std::pin::pin!(some_turns)).await;
        });
        let mut reader = Client::new(sim.root_bytes(1), sim.files().clone(), open());
        reader.load(sim.day(1), &[]).unwrap();
    }
}
