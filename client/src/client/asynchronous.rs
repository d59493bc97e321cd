//! The client for callers who do not block on the network. The store is used in place: its files are small.

use chrono::{DateTime, Utc};
use rootline_metadata::TargetPath;

use super::session::Session;
use super::{Client, drive_offline};
use crate::driver::drive_async;
use crate::driver::offline::CachedRepository;
use crate::driver::pending_writes::PendingWrites;
use crate::error::Error;
use crate::store::Store;
use crate::transport::{AsyncTransport, Transport};
use crate::workflow::{Search, TargetInfo, TargetQuery, TargetRequest, Trusted, Updated, check_target};

impl<T: AsyncTransport, S: Store> Client<T, S> {
    /// As [`Client::refresh`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::refresh`].
    pub async fn refresh_async(&mut self, now: DateTime<Utc>) -> Result<Trusted, Error> {
        self.update_async(now, &[]).await.map(|updated| updated.trusted)
    }

    /// As [`Client::update`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::update`].
    pub async fn update_async(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        match self.load_if_enough(now, wanted) {
            Some(loaded) => loaded,
            None => self.update_online_async(now, wanted).await,
        }
    }

    /// As [`Client::update_online`].
    pub(crate) async fn update_online_async(
        &mut self,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Result<Updated, Error> {
        self.transport.begin_session();
        self.transport.first_mirror();
        let mut session = Session::begin(self.prefetch);
        let done = loop {
            let (machine, mut local) = self.attempt(&session, now, wanted)?;
            let driven = drive_async(machine, &self.transport, &mut local, session.prefetch()).await;
            if let Some(done) = self.conclude(&mut session, driven, local, now, || self.transport.leave_mirror()) {
                break done;
            }
        };
        self.notes.append(&mut session.notes);
        done
    }

    /// As [`Client::find`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::find`].
    pub async fn find_async(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<TargetInfo, Error> {
        let search = Search::begin(trusted.clone(), path.clone())?;
        self.transport.begin_session();
        let mut local = PendingWrites::over(&self.store);
        let driven = match self.freshness.is_offline() {
            true => drive_offline(search, &mut local, &self.store),
            false => drive_async(search, &self.transport, &mut local, self.prefetch).await,
        };
        let (saved, notes) = (local.commit_beside(trusted.snapshot().bytes()), local.take_notes());
        self.found(driven, saved, notes)
    }

    /// As [`Client::fetch`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn fetch_async(&mut self, found: &TargetInfo) -> Result<Vec<u8>, Error> {
        let request = TargetRequest::of(found, &self.limits)?;
        self.transport.begin_session();
        let bytes = match self.freshness.is_offline() {
            true => Transport::fetch(&CachedRepository::new(&self.store), &request)?,
            false => self.transport.fetch(&request).await?,
        };
        check_target(found, &bytes)?;
        Ok(bytes)
    }

    /// As [`Client::target`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::target`].
    pub async fn target_async(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<Vec<u8>, Error> {
        let found = self.find_async(trusted, path).await?;
        match self.stored(&found) {
            Some(bytes) => Ok(bytes),
            None => {
                let bytes = self.fetch_async(&found).await?;
                self.keep_target(trusted, &found, &bytes)?;
                Ok(bytes)
            }
        }
    }
}
