//! A repository, its local copy and its pinned root, put together.

use chrono::{DateTime, Utc};
use rootline_metadata::TargetPath;

use crate::driver::{turn, turn_async};
use crate::error::{Error, Note};
use crate::limits::Limits;
use crate::store::{LocalFile, Store};
use crate::transport::{AsyncTransport, Transport};
use crate::workflow::{Found, Refresh, Search, TargetRequest, Trusted, check_target};

/// One repository as a verifier sees it. The pinned root comes from the caller, never from the store.
#[derive(Debug)]
pub struct Client<T, S> {
    pinned_root: Vec<u8>,
    transport: T,
    store: S,
    limits: Limits,
    notes: Vec<Note>,
}

impl<T, S: Store> Client<T, S> {
    /// Puts them together; nothing is read or fetched yet.
    pub fn new(pinned_root: impl Into<Vec<u8>>, transport: T, store: S) -> Self {
        Client { pinned_root: pinned_root.into(), transport, store, limits: Limits::default(), notes: Vec::new() }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The limits that apply.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The local copy.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// What was noticed since this was last asked, and was no failure.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// A stored target counts only if it still is what was said about it.
    fn stored(&self, found: &Found) -> Option<Vec<u8>> {
        let file = LocalFile::Target(found.path.as_str().to_owned());
        let bytes = self.store.load(&file, found.file.length).ok()??;
        found.file.matches(&bytes).then_some(bytes)
    }

    fn refresh_crank(&self, now: DateTime<Utc>) -> Result<Refresh, Error> {
        Ok(Refresh::begin(self.pinned_root.clone(), now, &self.limits)?)
    }
}

impl<T: Transport, S: Store> Client<T, S> {
    /// Brings the four top-level roles up to date, judging every expiry at `now` (TUF 5.1 to 5.6.6). What it returns is verified, fresh,
    /// and in the store.
    ///
    /// # Errors
    /// If a check refuses, a file does not arrive, or a verified file cannot be kept.
    pub fn refresh(&mut self, now: DateTime<Utc>) -> Result<Trusted, Error> {
        turn(self.refresh_crank(now)?, &self.transport, &self.store, &mut self.notes)
    }

    /// Finds out what is said about a target, asking delegated roles as needed (TUF 5.6.7).
    ///
    /// # Errors
    /// As [`Client::refresh`]; also if nobody lists the target.
    pub fn find(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<Found, Error> {
        let search = Search::begin(trusted.clone(), path.clone())?;
        turn(search, &self.transport, &self.store, &mut self.notes)
    }

    /// The bytes of a target that was found, verified (TUF 5.7). They are not stored.
    ///
    /// # Errors
    /// If they do not arrive or are not what was said about them.
    pub fn fetch(&mut self, found: &Found) -> Result<Vec<u8>, Error> {
        let bytes = self.transport.fetch(&TargetRequest::of(found, &self.limits)?)?;
        check_target(found, &bytes)?;
        Ok(bytes)
    }

    /// The bytes of a target, verified: from the store if they are there, otherwise fetched and stored.
    ///
    /// # Errors
    /// As [`Client::find`] and [`Client::fetch`]; also if they cannot be stored.
    pub fn target(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<Vec<u8>, Error> {
        let found = self.find(trusted, path)?;
        match self.stored(&found) {
            Some(bytes) => Ok(bytes),
            None => {
                let bytes = self.fetch(&found)?;
                self.store.save(&LocalFile::Target(path.as_str().to_owned()), &bytes)?;
                Ok(bytes)
            }
        }
    }
}

impl<T: AsyncTransport, S: Store> Client<T, S> {
    /// As [`Client::refresh`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::refresh`].
    pub async fn refresh_async(&mut self, now: DateTime<Utc>) -> Result<Trusted, Error> {
        turn_async(self.refresh_crank(now)?, &self.transport, &self.store, &mut self.notes).await
    }

    /// As [`Client::find`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::find`].
    pub async fn find_async(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<Found, Error> {
        let search = Search::begin(trusted.clone(), path.clone())?;
        turn_async(search, &self.transport, &self.store, &mut self.notes).await
    }

    /// As [`Client::fetch`], without blocking on the network.
    ///
    /// # Errors
    /// As [`Client::fetch`].
    pub async fn fetch_async(&mut self, found: &Found) -> Result<Vec<u8>, Error> {
        let bytes = self.transport.fetch(&TargetRequest::of(found, &self.limits)?).await?;
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
                self.store.save(&LocalFile::Target(path.as_str().to_owned()), &bytes)?;
                Ok(bytes)
            }
        }
    }
}
