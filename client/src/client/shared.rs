//! One trust root for all threads of a process.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use chrono::{DateTime, TimeDelta, Utc};

use crate::client::Client;
use crate::client::TrustRoot;
use crate::error::{Error, Note};
use crate::store::Store;
use crate::transport::{AsyncTransport, Transport};
use crate::workflow::freshness::{Freshness, is_within};

/// A trust root for all threads of a process. When it is older than it may be, one thread renews it while the others wait. What it returns is
/// never older than the limit, and never expired.
///
/// Wrap it in an [`Arc`]. For asynchronous programs there is [`SharedTrustRootAsync`].
#[derive(Debug)]
pub struct SharedTrustRoot<T, S> {
    client: Mutex<Client<T, S>>,
    current: Current,
}

impl<T: Transport, S: Store> SharedTrustRoot<T, S> {
    /// Shares the trust root of `client`; `max_age` is the longest time since the repository was last asked. A client that works
    /// [offline](Freshness::is_offline) goes on doing so: then it is the longest time since the cache was last read.
    pub fn new(client: Client<T, S>, max_age: TimeDelta) -> Self {
        let (client, current) = Current::begin(client, max_age);
        SharedTrustRoot { client: Mutex::new(client), current }
    }

    /// The trust root as it may be used at `now`.
    ///
    /// # Errors
    /// As [`Client::trust_root`]. The next call tries again.
    pub fn get(&self, now: DateTime<Utc>) -> Result<Arc<TrustRoot>, Error> {
        if let Some(fresh) = self.current.fresh(now) {
            return Ok(fresh);
        }
        let mut client = self.client();
        // Somebody may have renewed it while we waited.
        match self.current.fresh(now) {
            Some(fresh) => Ok(fresh),
            None => client.trust_root(now).map(|renewed| self.current.replace(renewed, now)),
        }
    }

    /// Returns what `find` finds in it; when that is nothing, what it finds after one refresh for all threads. See [`TrustRoot::refresh_on_miss`].
    ///
    /// # Errors
    /// As [`SharedTrustRoot::get`].
    pub fn find<R>(&self, now: DateTime<Utc>, find: impl Fn(&TrustRoot) -> Option<R>) -> Result<Option<R>, Error> {
        let found = find(&*self.get(now)?);
        if found.is_some() {
            return Ok(found);
        }
        let mut client = self.client();
        // The newest there is: somebody may have renewed it while we waited.
        let Some(current) = self.current.newest() else { return Ok(None) };
        let mut current = TrustRoot::clone(&current);
        let found = current.refresh_on_miss(&mut client, now, find);
        self.current.replace(current, now);
        found
    }

    /// Drains the notes recorded since the last call: what was noticed and was not a failure.
    pub fn take_notes(&self) -> Vec<Note> {
        self.client().take_notes()
    }

    /// A thread that panicked while it held the client leaves it as it was before its work.
    fn client(&self) -> MutexGuard<'_, Client<T, S>> {
        self.client.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// One trust root for all tasks of an asynchronous process, as [`SharedTrustRoot`] is for threads. No call blocks its thread.
#[derive(Debug)]
pub struct SharedTrustRootAsync<T, S> {
    client: futures_util::lock::Mutex<Client<T, S>>,
    current: Current,
}

impl<T: AsyncTransport, S: Store + Send + Sync + 'static> SharedTrustRootAsync<T, S> {
    /// As [`SharedTrustRoot::new`].
    pub fn new(client: Client<T, S>, max_age: TimeDelta) -> Self {
        let (client, current) = Current::begin(client, max_age);
        SharedTrustRootAsync { client: futures_util::lock::Mutex::new(client), current }
    }

    /// As [`SharedTrustRoot::get`].
    ///
    /// # Errors
    /// As [`SharedTrustRoot::get`].
    pub async fn get(&self, now: DateTime<Utc>) -> Result<Arc<TrustRoot>, Error> {
        if let Some(fresh) = self.current.fresh(now) {
            return Ok(fresh);
        }
        let mut client = self.client.lock().await;
        match self.current.fresh(now) {
            Some(fresh) => Ok(fresh),
            None => client.trust_root_async(now).await.map(|renewed| self.current.replace(renewed, now)),
        }
    }

    /// As [`SharedTrustRoot::find`].
    ///
    /// # Errors
    /// As [`SharedTrustRoot::get`].
    pub async fn find<R>(
        &self,
        now: DateTime<Utc>,
        find: impl Fn(&TrustRoot) -> Option<R>,
    ) -> Result<Option<R>, Error> {
        let found = find(&*self.get(now).await?);
        if found.is_some() {
            return Ok(found);
        }
        let mut client = self.client.lock().await;
        let Some(current) = self.current.newest() else { return Ok(None) };
        let mut current = TrustRoot::clone(&current);
        let found = current.refresh_on_miss_async(&mut client, now, find).await;
        self.current.replace(current, now);
        found
    }

    /// As [`SharedTrustRoot::take_notes`].
    pub async fn take_notes(&self) -> Vec<Note> {
        self.client.lock().await.take_notes()
    }
}

/// The newest trust root so far.
#[derive(Debug)]
struct Current {
    max_age: TimeDelta,
    freshness: Freshness,
    newest: RwLock<Option<Newest>>,
}

#[derive(Clone, Debug)]
struct Newest {
    trust_root: Arc<TrustRoot>,
    /// When it was read from the repository or the cache.
    read_at: DateTime<Utc>,
}

impl Current {
    /// None yet, of this client: one that may make requests does so once what it has is older than `max_age`.
    fn begin<T, S: Store>(client: Client<T, S>, max_age: TimeDelta) -> (Client<T, S>, Current) {
        let client = match client.freshness().is_offline() {
            true => client,
            false => client.with_freshness(Freshness::MaxAge(max_age)),
        };
        let current = Current { max_age, freshness: client.freshness(), newest: RwLock::new(None) };
        (client, current)
    }

    fn newest(&self) -> Option<Arc<TrustRoot>> {
        self.read().map(|newest| newest.trust_root)
    }

    fn read(&self) -> Option<Newest> {
        // What is in there is replaced in one step, so a thread that panicked leaves it whole.
        self.newest.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The newest, if it may be used at `now`.
    fn fresh(&self, now: DateTime<Utc>) -> Option<Arc<TrustRoot>> {
        let Newest { trust_root, read_at } = self.read()?;
        let report = trust_root.freshness();
        let is_young = match self.freshness.is_offline() {
            true => is_within(read_at, self.max_age, now),
            false => report.is_younger_than(self.max_age, now),
        };
        (is_young && !report.is_stale(self.freshness.judged_at(now))).then_some(trust_root)
    }

    fn replace(&self, renewed: TrustRoot, now: DateTime<Utc>) -> Arc<TrustRoot> {
        let renewed = Arc::new(renewed);
        let newest = Newest { trust_root: Arc::clone(&renewed), read_at: now };
        *self.newest.write().unwrap_or_else(PoisonError::into_inner) = Some(newest);
        renewed
    }
}
