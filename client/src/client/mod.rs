//! A repository, its cache and its pinned root, put together.

mod asynchronous;
mod builder;
mod cache;
mod cache_folders;
mod earlier_roots;
mod instance;
mod local;
#[cfg(feature = "http")]
mod open;
mod session;
mod shared;
mod trust_root;

pub use builder::{ByUrl, ClientBuilder, InFolder, Own};
pub use cache::Cache;
pub use cache_folders::CacheFolders;
#[cfg(feature = "bundle")]
pub(crate) use earlier_roots::known_before;
pub use instance::{Instance, Location};
#[cfg(feature = "http")]
pub use open::{DefaultClient, DefaultClientAsync, DefaultSharedTrustRoot, DefaultSharedTrustRootAsync};
pub use shared::{SharedTrustRoot, SharedTrustRootAsync};
pub use trust_root::TrustRoot;

use chrono::{DateTime, Utc};
use local::{Local, Noted};
use rootline_metadata::TargetPath;
use session::Session;

use crate::driver::pending_writes::Persistence;
use crate::driver::{Prefetch, drive};
use crate::error::{Error, Note};
use crate::store::Store;
use crate::transport::CachedRepository;
use crate::transport::Transport;
use crate::workflow::freshness::Freshness;
use crate::workflow::limits::Limits;
use crate::workflow::{AllDelegatedRoles, ReachedRoles, Search, Seen, TargetInfo, TargetQuery, Trusted, Updated};

/// One repository as a verifier sees it. The pinned root comes from the caller, never from the store.
///
/// A session ([`refresh`](Self::refresh), [`update`](Self::update)) reads the cache, asks the repository, and saves everything
/// at its end in one step. Where several processes share a store, none waits while another one is fetching; a conflict on
/// committing begins another attempt, from the files that the other one has committed.
#[derive(Debug)]
pub struct Client<T, S> {
    transport: T,
    local: Local<S>,
    notes: Vec<Note>,
    /// What was verified and could not be kept.
    seen: Seen,
}

impl<T, S: Store> Client<T, S> {
    /// Makes a client of its parts; nothing is read or fetched yet.
    pub fn new(pinned_root: impl Into<Vec<u8>>, transport: T, store: S) -> Self {
        Client { transport, local: Local::new(pinned_root.into(), store), notes: Vec::new(), seen: Seen::new() }
    }

    /// Sets the limits. Default: [`Limits::default`].
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.local.limits = limits;
        self
    }

    /// Sets how fresh everything has to be. Default: [`Freshness::Online`]. [`Freshness::MaxAge`] needs checks that are
    /// [recorded](Self::recording_checks), and records them.
    #[must_use]
    pub fn with_freshness(mut self, freshness: Freshness) -> Self {
        self.local.records_checks |= matches!(freshness, Freshness::MaxAge(_));
        self.local.freshness = freshness;
        self
    }

    /// Sets whether to prefetch. Default: [`Prefetch::On`].
    #[must_use]
    pub fn with_prefetch(mut self, prefetch: Prefetch) -> Self {
        self.local.prefetch = prefetch;
        self
    }

    /// Sets whether it is a failure when verified files cannot be written. Default: [`Persistence::Required`].
    #[must_use]
    pub fn with_persistence(mut self, persistence: Persistence) -> Self {
        self.local.persistence = persistence;
        self
    }

    /// Records in the store when it was last compared with the repository, and under which entity tag the timestamp came.
    #[must_use]
    pub fn recording_checks(mut self) -> Self {
        self.local.records_checks = true;
        self
    }

    /// Adds notes on what was noticed before.
    pub(crate) fn with_notes(mut self, notes: impl IntoIterator<Item = Note>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The root that the caller pinned.
    #[cfg(feature = "bundle")]
    pub(crate) fn pinned_root(&self) -> &[u8] {
        &self.local.pinned_root
    }

    /// What was verified and could not be kept.
    #[cfg(feature = "bundle")]
    pub(crate) fn seen(&self) -> &Seen {
        &self.seen
    }

    /// Replaces what was verified and could not be kept.
    #[cfg(feature = "bundle")]
    pub(crate) fn set_seen(&mut self, seen: Seen) {
        self.seen = seen;
    }

    /// The limits that apply.
    pub fn limits(&self) -> &Limits {
        &self.local.limits
    }

    /// How fresh everything has to be.
    pub fn freshness(&self) -> Freshness {
        self.local.freshness
    }

    /// The cache.
    pub fn store(&self) -> &S {
        &self.local.store
    }

    /// The transport to the repository.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// Drains the notes recorded since the last call: what was noticed and was not a failure. A cache that cannot be used is one note,
    /// however many of its files that is about.
    pub fn take_notes(&mut self) -> Vec<Note> {
        let mut notes = std::mem::take(&mut self.notes);
        // That nothing is kept is what matters more.
        let not_kept = notes.iter().any(|note| matches!(note, Note::NotPersisted(_)));
        let mut told = false;
        notes.retain(|note| match note {
            Note::NotPersisted(_) => !std::mem::replace(&mut told, true),
            Note::CacheUnreadable(_) => !not_kept && !std::mem::replace(&mut told, true),
            _ => true,
        });
        notes
    }

    /// Loads the cache and verifies it from the pinned root, judging every expiry at `instant`. No request is made and nothing is
    /// written.
    ///
    /// # Errors
    /// If there is no cache, or a check refuses it.
    pub fn load(&mut self, instant: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        let loaded = self.local.load(instant, wanted);
        self.noted(loaded)
    }

    /// Loads the delegated roles that the cache has of those that belong to `trusted`, each verified for its delegator. No request is
    /// made and nothing is written.
    ///
    /// # Errors
    /// If the cache is in use by another process for too long.
    pub fn load_delegated(&mut self, trusted: &Trusted) -> Result<ReachedRoles, Error> {
        let loaded = self.local.load_delegated(trusted);
        self.noted(loaded)
    }

    fn noted<R>(&mut self, Noted { outcome, notes }: Noted<R>) -> R {
        self.notes.extend(notes);
        outcome
    }
}

impl<T: Transport, S: Store> Client<T, S> {
    /// Brings the four top-level roles up to date, judging every expiry at `now` (TUF 5.1 to 5.6.6). What it returns is verified, as fresh
    /// as the caller [asks](Self::with_freshness), and in the store.
    ///
    /// # Errors
    /// If a check refuses, a file does not arrive, or a verified file cannot be kept.
    pub fn refresh(&mut self, now: DateTime<Utc>) -> Result<Trusted, Error> {
        self.update(now, &[]).map(|updated| updated.trusted)
    }

    /// A refresh that brings targets along (TUF 5.1 to 5.7): all of it is saved together.
    ///
    /// # Errors
    /// As [`Client::refresh`]; also if no role lists a required target.
    pub fn update(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        let loaded = self.local.load_if_enough(now, wanted);
        match self.noted(loaded) {
            Some(loaded) => loaded,
            None => self.update_online(now, wanted),
        }
    }

    /// Whatever the freshness that is asked for: from the repository.
    pub(crate) fn update_online(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        self.transport.begin_session();
        self.transport.first_mirror();
        let prefetch = self.local.prefetch.where_possible(&self.transport);
        let mut session = Session::begin(prefetch, self.seen.clone());
        let done = loop {
            let (machine, mut local) = match self.local.attempt(&session, now, wanted) {
                Ok(attempt) => attempt,
                Err(error) => break Err(error),
            };
            let driven = drive(machine, &self.transport, &mut local, session.fetching());
            if session.again_after(&driven, &mut local, || self.transport.leave_mirror()) {
                continue;
            }
            if let Some(done) = self.local.conclude(&mut session, driven, local, now) {
                break done;
            }
        };
        self.notes.append(&mut session.notes);
        self.seen = session.seen;
        done
    }

    /// Finds the role that lists a target, and what it says of it, asking delegated roles as needed (TUF 5.6.7).
    ///
    /// # Errors
    /// As [`Client::refresh`]; also if no role lists the target.
    pub fn find(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<TargetInfo, Error> {
        let search = Search::begin(trusted.clone(), path.clone())?;
        self.transport.begin_session();
        let mut local = self.local.pending();
        let driven = match self.local.freshness.is_offline() {
            true => self.local.drive_offline(search, &mut local),
            false => drive(search, &self.transport, &mut local, self.local.prefetch),
        };
        let found = self.local.found(driven, local, trusted);
        self.noted(found)
    }

    /// Loads or fetches all delegated roles, at most so many of them. They are not stored. One that is missing, does not verify or has expired
    /// is named among those [refused](ReachedRoles::refused) or [expired](ReachedRoles::expired).
    ///
    /// # Errors
    /// If a file does not arrive.
    pub fn all_delegated_roles(&mut self, trusted: &Trusted, most_roles: usize) -> Result<ReachedRoles, Error> {
        let walk = AllDelegatedRoles::begin(trusted.clone(), most_roles).present_only();
        let mut local = self.local.pending();
        let driven = match self.local.freshness.is_offline() {
            true => self.local.drive_offline(walk, &mut local),
            false => drive(walk, &self.transport, &mut local, self.local.prefetch),
        };
        self.notes.append(&mut local.take_notes());
        driven
    }

    /// The bytes of a target that was found, verified (TUF 5.7). They are not stored.
    ///
    /// # Errors
    /// If they do not arrive or are not what was said about them.
    pub fn fetch(&mut self, found: &TargetInfo) -> Result<Vec<u8>, Error> {
        let request = found.request(&self.local.limits)?;
        self.transport.begin_session();
        let bytes = match self.local.freshness.is_offline() {
            true => CachedRepository::new(&self.local.store).fetch(&request)?,
            false => self.transport.fetch(&request)?,
        };
        found.verify(&bytes)?;
        Ok(bytes)
    }

    /// The bytes of a target, verified: from the store if they are there, otherwise fetched and stored.
    ///
    /// # Errors
    /// As [`Client::find`] and [`Client::fetch`]; also if they cannot be stored.
    pub fn target(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<Vec<u8>, Error> {
        let found = self.find(trusted, path)?;
        if let Some(bytes) = self.local.stored(&found) {
            return Ok(bytes);
        }
        let bytes = self.fetch(&found)?;
        let kept = self.local.keep_target(trusted, &found, &bytes);
        self.noted(kept)?;
        Ok(bytes)
    }
}
