//! The client for asynchronous callers. Nothing here blocks their thread: a [`Worker`] reads, locks and writes the store, and
//! verifies what has arrived.

use chrono::{DateTime, Utc};
use rootline_metadata::TargetPath;

use super::session::Session;
use super::{Client, Noted};
use crate::driver::drive_async;
use crate::driver::worker::Worker;
use crate::error::Error;
use crate::store::Store;
use crate::transport::CachedRepository;
use crate::transport::{AsyncTransport, Transport};
use crate::workflow::{Search, Seen, TargetInfo, TargetQuery, Trusted, Updated};

impl<T: AsyncTransport, S: Store + Send + Sync + 'static> Client<T, S> {
    /// Refreshes as [`Client::refresh`], without blocking the thread.
    ///
    /// # Errors
    /// As [`Client::refresh`].
    pub async fn refresh_async(&mut self, now: DateTime<Utc>) -> Result<Trusted, Error> {
        self.update_async(now, &[]).await.map(|updated| updated.trusted)
    }

    /// Updates as [`Client::update`], without blocking the thread.
    ///
    /// # Errors
    /// As [`Client::update`].
    pub async fn update_async(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        let worker = Worker::of(&self.local.store)?;
        let (local, queries) = (self.local.clone(), wanted.to_vec());
        let loaded = worker.run(move || local.load_if_enough(now, &queries)).await;
        match self.noted(loaded) {
            Some(loaded) => loaded,
            None => self.session_async(&worker, now, wanted).await,
        }
    }

    /// As [`Client::update_online`].
    pub(crate) async fn update_online_async(
        &mut self,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Result<Updated, Error> {
        self.session_async(&Worker::of(&self.local.store)?, now, wanted).await
    }

    async fn session_async(
        &mut self,
        worker: &Worker,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Result<Updated, Error> {
        self.transport.begin_session();
        self.transport.first_mirror();
        let mut session = Session::begin(self.local.prefetch, self.seen.clone());
        let done = loop {
            let (local, queries) = (self.local.clone(), wanted.to_vec());
            let begun;
            (session, begun) = worker
                .run(move || {
                    let begun = local.attempt(&session, now, &queries);
                    (session, begun)
                })
                .await;
            let (machine, pending) = match begun {
                Ok(attempt) => attempt,
                Err(error) => break Err(error),
            };
            let (driven, mut pending) =
                drive_async(machine, &self.transport, pending, session.fetching(), worker, &mut self.seen).await;
            if session.again_after(&driven, &mut pending, || self.transport.leave_mirror()) {
                continue;
            }
            let local = self.local.clone();
            let concluded;
            (session, concluded) = worker
                .run(move || {
                    let concluded = local.conclude(&mut session, driven, pending, now);
                    (session, concluded)
                })
                .await;
            if let Some(done) = concluded {
                break done;
            }
        };
        self.notes.append(&mut session.notes);
        self.seen = session.seen;
        done
    }

    /// Finds a target as [`Client::find`], without blocking the thread.
    ///
    /// # Errors
    /// As [`Client::find`].
    pub async fn find_async(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<TargetInfo, Error> {
        let found = self.find_with(&Worker::of(&self.local.store)?, trusted, path).await?;
        self.noted(found)
    }

    async fn find_with(
        &self,
        worker: &Worker,
        trusted: &Trusted,
        path: &TargetPath,
    ) -> Result<Noted<Result<TargetInfo, Error>>, Error> {
        let search = Search::begin(trusted.clone(), path.clone())?;
        self.transport.begin_session();
        let mut pending = self.local.pending();
        let local = self.local.clone();
        let (driven, pending) = match self.local.freshness.is_offline() {
            false => {
                // Delegated roles are pinned by the snapshot: there is nothing to remember of them.
                let seen = &mut Seen::new();
                drive_async(search, &self.transport, pending, self.local.prefetch, worker, seen).await
            }
            true => {
                let local = local.clone();
                let offline = move || (local.drive_offline(search, &mut pending), pending);
                worker.run(offline).await
            }
        };
        let trusted = trusted.clone();
        Ok(worker.run(move || local.found(driven, pending, &trusted)).await)
    }

    /// Fetches a target as [`Client::fetch`], without blocking the thread.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn fetch_async(&mut self, found: &TargetInfo) -> Result<Vec<u8>, Error> {
        let request = found.request(&self.local.limits)?;
        self.transport.begin_session();
        let bytes = match self.local.freshness.is_offline() {
            // It answers for targets without touching a file.
            true => Transport::fetch(&CachedRepository::new(&self.local.store), &request)?,
            false => self.transport.fetch(&request).await?,
        };
        found.verify(&bytes)?;
        Ok(bytes)
    }

    /// Brings a target as [`Client::target`], without blocking the thread.
    ///
    /// # Errors
    /// As [`Client::target`].
    pub async fn target_async(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<Vec<u8>, Error> {
        let worker = Worker::of(&self.local.store)?;
        let found = self.find_with(&worker, trusted, path).await?;
        let found = self.noted(found)?;
        let (local, target) = (self.local.clone(), found.clone());
        if let Some(bytes) = worker.run(move || local.stored(&target)).await {
            return Ok(bytes);
        }
        let bytes = self.fetch_async(&found).await?;
        let (local, trusted) = (self.local.clone(), trusted.clone());
        let (bytes, kept) = worker
            .run(move || {
                let kept = local.keep_target(&trusted, &found, &bytes);
                (bytes, kept)
            })
            .await;
        self.noted(kept)?;
        Ok(bytes)
    }
}
