//! A repository, its local copy and its pinned root, put together.

mod asynchronous;
pub mod cache;
pub mod instance;
#[cfg(feature = "http")]
pub mod open;
mod session;
pub mod shared;
pub mod trust_root;

use chrono::{DateTime, Utc};
use rootline_metadata::TargetPath;
use session::Session;

use crate::driver::last_check::LastCheck;
use crate::driver::offline::CachedRepository;
use crate::driver::pending_writes::{PendingWrites, Persistence};
use crate::driver::{Prefetch, drive};
use crate::error::{Error, Note};
use crate::store::{LocalFile, Store, StoreError};
use crate::transport::Transport;
use crate::workflow::freshness::Freshness;
use crate::workflow::limits::Limits;
use crate::workflow::{
    AllDelegatedRoles, Content, ReachedRoles, Search, StateMachine, TargetInfo, TargetQuery, TargetRequest, Trusted,
    Update, Updated, check_target,
};

/// One repository as a verifier sees it. The pinned root comes from the caller, never from the store.
///
/// A session ([`refresh`](Self::refresh), [`update`](Self::update)) reads the local copy, asks the repository, and saves everything
/// at its end in one step. Where several processes share a store, none waits while another one is fetching; a conflict on
/// committing begins another attempt, from the files that the other one has committed.
#[derive(Debug)]
pub struct Client<T, S> {
    pinned_root: Vec<u8>,
    transport: T,
    store: S,
    limits: Limits,
    freshness: Freshness,
    prefetch: Prefetch,
    persistence: Persistence,
    records_checks: bool,
    notes: Vec<Note>,
}

/// Most delegated roles that are loaded at once: more than a local copy has.
const MAX_DELEGATED_ROLES: usize = 1 << 16;

impl<T, S: Store> Client<T, S> {
    /// Puts them together; nothing is read or fetched yet.
    pub fn new(pinned_root: impl Into<Vec<u8>>, transport: T, store: S) -> Self {
        Client {
            pinned_root: pinned_root.into(),
            transport,
            store,
            limits: Limits::default(),
            freshness: Freshness::Online,
            prefetch: Prefetch::On,
            persistence: Persistence::Required,
            records_checks: false,
            notes: Vec::new(),
        }
    }

    /// The same with other limits.
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Client { limits, ..self }
    }

    /// The same, as fresh as that: [`Freshness::Online`] unless told otherwise. [`Freshness::MaxAge`] needs checks that are
    /// [recorded](Self::recording_checks), and records them.
    #[must_use]
    pub fn with_freshness(self, freshness: Freshness) -> Self {
        let records_checks = self.records_checks || matches!(freshness, Freshness::MaxAge(_));
        Client { freshness, records_checks, ..self }
    }

    /// Sets whether to prefetch. Default: [`Prefetch::On`].
    #[must_use]
    pub fn with_prefetch(self, prefetch: Prefetch) -> Self {
        Client { prefetch, ..self }
    }

    /// The same, whether or not it is a failure that a verified file cannot be kept: [`Persistence::Required`] unless told otherwise.
    #[must_use]
    pub fn with_persistence(self, persistence: Persistence) -> Self {
        Client { persistence, ..self }
    }

    /// The same, noting in the store when it was last compared with the repository, and under which entity tag the timestamp came.
    #[must_use]
    pub fn recording_checks(self) -> Self {
        Client { records_checks: true, ..self }
    }

    /// The same, with something that was noticed before.
    #[cfg(feature = "http")]
    pub(crate) fn with_notes(mut self, notes: impl IntoIterator<Item = Note>) -> Self {
        self.notes.extend(notes);
        self
    }

    /// The limits that apply.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// How fresh everything has to be.
    pub fn freshness(&self) -> Freshness {
        self.freshness
    }

    /// The local copy.
    pub fn store(&self) -> &S {
        &self.store
    }

    /// The way to the repository.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// What was noticed since this was last asked, and was no failure. Of a local copy that cannot be used it is said once, however many of its
    /// files that is about.
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

    /// What the local copy has, verified from the pinned root, judging every expiry at `instant`. No request is made and nothing is
    /// written.
    ///
    /// # Errors
    /// If there is no local copy, or a check refuses it.
    pub fn load(&mut self, instant: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        let _lock = self.store.lock_to_load()?;
        let machine = self.begin(instant, wanted)?;
        let mut local = PendingWrites::over(&self.store);
        let driven = drive_offline(machine, &mut local, &self.store);
        self.notes.append(&mut local.take_notes());
        let checked_at = LastCheck::load(&self.store).map(|check| check.at());
        driven.map(|updated| Updated { checked_at, ..updated })
    }

    /// The delegated roles that the local copy has of those that belong to `trusted`, each verified for whoever delegates to it. No request is
    /// made and nothing is written.
    ///
    /// # Errors
    /// If the local copy is in use by another process for too long.
    pub fn load_delegated(&mut self, trusted: &Trusted) -> Result<ReachedRoles, Error> {
        let _lock = self.store.lock_to_load()?;
        let walk = AllDelegatedRoles::begin(trusted.clone(), MAX_DELEGATED_ROLES).present_only();
        let mut local = PendingWrites::over(&self.store);
        let walked = drive_offline(walk, &mut local, &self.store);
        self.notes.append(&mut local.take_notes());
        walked
    }

    /// What the local copy has, if the caller wants no more than that.
    fn load_if_enough(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Option<Result<Updated, Error>> {
        match self.freshness {
            Freshness::Online => None,
            Freshness::MaxAge(max_age) => {
                let young = LastCheck::load(&self.store).is_some_and(|check| check.is_within(max_age, now));
                if young { self.load(now, wanted).ok().map(Ok) } else { None }
            }
            offline => Some(self.load(offline.judged_at(now), wanted)),
        }
    }

    fn begin(&self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Update, Error> {
        Ok(Update::begin(self.pinned_root.clone(), wanted.iter().cloned(), now, &self.limits)?)
    }

    /// A stored target counts only if it still is what was said about it.
    fn stored(&self, found: &TargetInfo) -> Option<Vec<u8>> {
        let file = LocalFile::Target(found.path.as_str().to_owned());
        let bytes = self.store.load(&file, found.file.length).ok()??;
        found.file.matches(&bytes).then_some(bytes)
    }

    fn keep_target(&mut self, trusted: &Trusted, found: &TargetInfo, bytes: &[u8]) -> Result<(), Error> {
        let file = LocalFile::Target(found.path.as_str().to_owned());
        let mut local = PendingWrites::over(&self.store);
        local.write(file, Content::Target(bytes.into()));
        let saved = local.commit_beside(trusted.snapshot().bytes());
        self.kept(saved)
    }

    /// What came of a search, once the roles that it verified were saved as far as they could be.
    fn found(
        &mut self,
        driven: Result<TargetInfo, Error>,
        saved: Result<(), StoreError>,
        notes: Vec<Note>,
    ) -> Result<TargetInfo, Error> {
        self.notes.extend(notes);
        let found = driven?;
        self.kept(saved)?;
        Ok(found)
    }

    /// Where it is no failure that something cannot be kept, it is a note.
    fn kept(&mut self, saved: Result<(), StoreError>) -> Result<(), Error> {
        match self.persistence {
            Persistence::Required => Ok(saved?),
            Persistence::BestEffort => {
                self.notes.extend(saved.err().map(Note::NotPersisted));
                Ok(())
            }
        }
    }
}

/// Drives a machine with what the local copy has, and nothing else.
fn drive_offline<M: StateMachine, S: Store>(
    machine: M,
    local: &mut PendingWrites<'_, S>,
    store: &S,
) -> Result<M::Outcome, Error> {
    drive(machine, &CachedRepository::new(store), local, Prefetch::Off)
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
    /// As [`Client::refresh`]; also if nobody lists a target that has to be there.
    pub fn update(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        match self.load_if_enough(now, wanted) {
            Some(loaded) => loaded,
            None => self.update_online(now, wanted),
        }
    }

    /// Whatever the freshness that is asked for: from the repository.
    pub(crate) fn update_online(&mut self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Updated, Error> {
        self.transport.begin_session();
        self.transport.first_mirror();
        // Where files come one after the other anyway, nothing can have been mixed up, and nothing need be tried again.
        let prefetch = if self.transport.concurrently().is_some() { self.prefetch } else { Prefetch::Off };
        let mut session = Session::begin(prefetch);
        let done = loop {
            let (machine, mut local) = self.attempt(&session, now, wanted)?;
            let driven = drive(machine, &self.transport, &mut local, session.prefetch());
            if let Some(done) = self.conclude(&mut session, driven, local, now, || self.transport.leave_mirror()) {
                break done;
            }
        };
        self.notes.append(&mut session.notes);
        done
    }

    /// Finds out what is said about a target, asking delegated roles as needed (TUF 5.6.7).
    ///
    /// # Errors
    /// As [`Client::refresh`]; also if nobody lists the target.
    pub fn find(&mut self, trusted: &Trusted, path: &TargetPath) -> Result<TargetInfo, Error> {
        let search = Search::begin(trusted.clone(), path.clone())?;
        self.transport.begin_session();
        let mut local = PendingWrites::over(&self.store);
        let driven = match self.freshness.is_offline() {
            true => drive_offline(search, &mut local, &self.store),
            false => drive(search, &self.transport, &mut local, self.prefetch),
        };
        let (saved, notes) = (local.commit_beside(trusted.snapshot().bytes()), local.take_notes());
        self.found(driven, saved, notes)
    }

    /// All delegated roles, at most so many of them. They are not stored.
    ///
    /// # Errors
    /// As [`Client::find`], but for targets.
    pub fn all_delegated_roles(&mut self, trusted: &Trusted, most_roles: usize) -> Result<ReachedRoles, Error> {
        let walk = AllDelegatedRoles::begin(trusted.clone(), most_roles);
        let mut local = PendingWrites::over(&self.store);
        let driven = match self.freshness.is_offline() {
            true => drive_offline(walk, &mut local, &self.store),
            false => drive(walk, &self.transport, &mut local, self.prefetch),
        };
        self.notes.append(&mut local.take_notes());
        driven
    }

    /// The bytes of a target that was found, verified (TUF 5.7). They are not stored.
    ///
    /// # Errors
    /// If they do not arrive or are not what was said about them.
    pub fn fetch(&mut self, found: &TargetInfo) -> Result<Vec<u8>, Error> {
        let request = TargetRequest::of(found, &self.limits)?;
        self.transport.begin_session();
        let bytes = match self.freshness.is_offline() {
            true => CachedRepository::new(&self.store).fetch(&request)?,
            false => self.transport.fetch(&request)?,
        };
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
                self.keep_target(trusted, &found, &bytes)?;
                Ok(bytes)
            }
        }
    }
}
