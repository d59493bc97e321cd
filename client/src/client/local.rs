//! The half of a client that needs no network: its settings and its cache.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use crate::driver::last_check::LastCheck;
use crate::driver::pending_writes::{PendingWrites, Persistence};
use crate::driver::{Prefetch, drive};
use crate::error::{Error, Note};
use crate::store::{LocalFile, Store, StoreError, StoreLock};
use crate::transport::CachedRepository;
use crate::workflow::freshness::Freshness;
use crate::workflow::limits::Limits;
use crate::workflow::{
    AllDelegatedRoles, Content, ReachedRoles, StateMachine, TargetInfo, TargetQuery, Trusted, Update, Updated,
};

/// All that may block on the cache. A clone shares the store, so that it can be sent to the thread on which an asynchronous caller
/// lets it block.
#[derive(Debug)]
pub(super) struct Local<S> {
    pub(super) pinned_root: Arc<[u8]>,
    pub(super) store: Arc<S>,
    pub(super) limits: Limits,
    pub(super) freshness: Freshness,
    pub(super) prefetch: Prefetch,
    pub(super) persistence: Persistence,
    pub(super) records_checks: bool,
}

impl<S> Clone for Local<S> {
    fn clone(&self) -> Self {
        Local {
            pinned_root: Arc::clone(&self.pinned_root),
            store: Arc::clone(&self.store),
            limits: self.limits.clone(),
            ..*self
        }
    }
}

/// An outcome, and the notes recorded on the way to it.
#[derive(Debug)]
pub(super) struct Noted<R> {
    pub(super) outcome: R,
    pub(super) notes: Vec<Note>,
}

impl<R> Noted<R> {
    fn without_notes(outcome: R) -> Noted<R> {
        Noted { outcome, notes: Vec::new() }
    }

    fn map<O>(self, change: impl FnOnce(R) -> O) -> Noted<O> {
        Noted { outcome: change(self.outcome), notes: self.notes }
    }
}

/// Most delegated roles that are loaded at once: more than a cache has.
const MAX_DELEGATED_ROLES: usize = 1 << 16;

impl<S: Store> Local<S> {
    pub(super) fn new(pinned_root: Vec<u8>, store: S) -> Self {
        Local {
            pinned_root: pinned_root.into(),
            store: Arc::new(store),
            limits: Limits::default(),
            freshness: Freshness::Online,
            prefetch: Prefetch::On,
            persistence: Persistence::Required,
            records_checks: false,
        }
    }

    /// The files of the cache, with nothing to write yet.
    pub(super) fn pending(&self) -> PendingWrites<Arc<S>> {
        PendingWrites::over(Arc::clone(&self.store))
    }

    pub(super) fn begin(&self, now: DateTime<Utc>, wanted: &[TargetQuery]) -> Result<Update, Error> {
        Ok(Update::begin(self.pinned_root.to_vec(), wanted.iter().cloned(), now, &self.limits)?)
    }

    /// Drives a machine with the files of the cache, and nothing else.
    pub(super) fn drive_offline<M: StateMachine>(
        &self,
        machine: M,
        local: &mut PendingWrites<Arc<S>>,
    ) -> Result<M::Outcome, Error> {
        drive(machine, &CachedRepository::new(&self.store), local, Prefetch::Off)
    }

    /// As [`Client::load`](super::Client::load).
    pub(super) fn load(&self, instant: DateTime<Utc>, wanted: &[TargetQuery]) -> Noted<Result<Updated, Error>> {
        let loaded = self.load_with(|| self.begin(instant, wanted));
        let checked_at = LastCheck::load(&self.store).map(|check| check.at());
        loaded.map(|loaded| loaded.map(|updated| Updated { checked_at, ..updated }))
    }

    /// As [`Client::load_delegated`](super::Client::load_delegated).
    pub(super) fn load_delegated(&self, trusted: &Trusted) -> Noted<Result<ReachedRoles, Error>> {
        self.load_with(|| Ok(AllDelegatedRoles::begin(trusted.clone(), MAX_DELEGATED_ROLES).present_only()))
    }

    /// Runs a machine over the cache while nobody changes it; or, where nobody can be kept from that, until it has seen files of one time.
    fn load_with<M: StateMachine>(&self, begin: impl Fn() -> Result<M, Error>) -> Noted<Result<M::Outcome, Error>> {
        const MAX_ATTEMPTS: u32 = 16;
        let lock = match self.store.lock_to_load() {
            Ok(lock) => lock,
            Err(error) => return Noted::without_notes(Err(error.into())),
        };
        let others_are_kept_out = lock.as_ref().is_none_or(StoreLock::keeps_others_out);
        let mut attempts = 1;
        loop {
            let machine = match begin() {
                Ok(machine) => machine,
                Err(error) => return Noted::without_notes(Err(error)),
            };
            let mut local = self.pending();
            let outcome = self.drive_offline(machine, &mut local);
            if outcome.is_ok() || others_are_kept_out || attempts == MAX_ATTEMPTS || !local.has_conflict() {
                return Noted { outcome, notes: local.take_notes() };
            }
            attempts += 1;
        }
    }

    /// The cache, where the caller wants nothing fresher; `None` where the repository has to be asked.
    pub(super) fn load_if_enough(
        &self,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Noted<Option<Result<Updated, Error>>> {
        match self.freshness {
            Freshness::Online => Noted::without_notes(None),
            Freshness::MaxAge(max_age) => {
                let young = LastCheck::load(&self.store).is_some_and(|check| check.is_within(max_age, now));
                match young {
                    // What a copy lacks the repository may have.
                    true => self.load(now, wanted).map(|loaded| {
                        let complete = loaded.ok().filter(|updated| updated.passed_over.is_empty());
                        complete.map(Ok)
                    }),
                    false => Noted::without_notes(None),
                }
            }
            offline => self.load(offline.judged_at(now), wanted).map(Some),
        }
    }

    /// A stored target counts only if it still is what was said about it.
    pub(super) fn stored(&self, found: &TargetInfo) -> Option<Vec<u8>> {
        let file = LocalFile::Target(found.path.as_str().to_owned());
        let bytes = self.store.load(&file, found.file.length).ok()??;
        found.file.matches(&bytes).then_some(bytes)
    }

    /// Ends a search: saves the roles that it verified as far as that is possible.
    pub(super) fn found(
        &self,
        driven: Result<TargetInfo, Error>,
        mut local: PendingWrites<Arc<S>>,
        trusted: &Trusted,
    ) -> Noted<Result<TargetInfo, Error>> {
        let saved = local.commit_beside(trusted.snapshot().bytes());
        let mut notes = local.take_notes();
        let outcome = driven.and_then(|found| {
            let kept = self.kept(saved);
            notes.extend(kept.notes);
            kept.outcome.map(|()| found)
        });
        Noted { outcome, notes }
    }

    pub(super) fn keep_target(&self, trusted: &Trusted, found: &TargetInfo, bytes: &[u8]) -> Noted<Result<(), Error>> {
        let file = LocalFile::Target(found.path.as_str().to_owned());
        let mut local = self.pending();
        local.write(file, Content::Target(bytes.into()));
        self.kept(local.commit_beside(trusted.snapshot().bytes()))
    }

    /// Where it is not a failure that something cannot be kept, it is a note.
    fn kept(&self, saved: Result<(), StoreError>) -> Noted<Result<(), Error>> {
        match (saved, self.persistence) {
            (Err(error), Persistence::Required) => Noted::without_notes(Err(error.into())),
            (saved, _) => Noted { outcome: Ok(()), notes: saved.err().map(Note::NotPersisted).into_iter().collect() },
        }
    }
}
