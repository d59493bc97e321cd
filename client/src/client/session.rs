//! One session of a client: an update with as many attempts as it takes, over conflicts and mirrors.

use std::sync::Arc;

use chrono::{DateTime, Utc};

use super::local::Local;
use crate::driver::attempts::Attempts;
use crate::driver::last_check::LastCheck;
use crate::driver::pending_writes::{CommitOutcome, PendingWrites, Persistence};
use crate::driver::save_seen::save_seen;
use crate::driver::{Fetching, Prefetch};
use crate::error::{Error, Note};
use crate::store::{LocalFile, Store, StoreError};
use crate::workflow::{Seen, TargetQuery, Update, Updated};

/// One session, with all its attempts.
pub(super) struct Session {
    attempts: Attempts,
    conflicts: u32,
    /// What its attempts, and sessions of the same client before it, have verified and the store does not have.
    pub(super) seen: Seen,
    pub(super) notes: Vec<Note>,
}

impl Session {
    pub(super) fn begin(prefetch: Prefetch, seen: Seen) -> Session {
        Session { attempts: Attempts::new(prefetch), conflicts: 0, seen, notes: Vec::new() }
    }

    /// How the files of the next attempt are fetched.
    pub(super) fn fetching(&self) -> Fetching {
        self.attempts.fetching()
    }

    /// Whether there is another attempt to make after one that came to `driven`. Touches no file.
    pub(super) fn again_after<S: Store>(
        &mut self,
        driven: &Result<Updated, Error>,
        local: &mut PendingWrites<S>,
        leave_mirror: impl FnOnce() -> Option<String>,
    ) -> bool {
        let Err(error) = driven else { return false };
        let again = self.attempts.again_after(error, local.was_unchanged(), leave_mirror);
        if again {
            local.add_to(&mut self.seen);
            self.notes.append(&mut self.attempts.take_notes());
            self.notes.append(&mut local.take_notes());
        }
        again
    }
}

/// How many conflicts with other processes are retried without the lock, and how many attempts there are in all, since a process may
/// ignore the lock.
const MAX_CONFLICTS: u32 = 8;
const MAX_ATTEMPTS: u32 = 2 * MAX_CONFLICTS;

impl<S: Store> Local<S> {
    /// Begins one attempt.
    pub(super) fn attempt(
        &self,
        session: &Session,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Result<(Update, PendingWrites<Arc<S>>), Error> {
        let lock = if session.conflicts < MAX_CONFLICTS { None } else { self.store.lock()? };
        let last_check =
            if self.records_checks && session.attempts.conditional() { LastCheck::load(&self.store) } else { None };
        let mut local = self.pending().locked(lock);
        if let Some(last_check) = last_check {
            local = local.conditional(&last_check, self.limits.timestamp);
        }
        Ok((self.begin(now, wanted)?.after(session.seen.clone()), local))
    }

    /// Ends an attempt that has no other after it on its own account: commits the verified files and returns the outcome, or `None` when a
    /// conflict makes another attempt necessary.
    pub(super) fn conclude(
        &self,
        session: &mut Session,
        driven: Result<Updated, Error>,
        mut local: PendingWrites<Arc<S>>,
        now: DateTime<Utc>,
    ) -> Option<Result<Updated, Error>> {
        let done = match driven {
            Ok(updated) => match saved(&mut local, session) {
                Ok(CommitOutcome::Conflict) => {
                    local.add_to(&mut session.seen);
                    None
                }
                Err(error) if self.persistence == Persistence::Required => {
                    local.add_to(&mut session.seen);
                    Some(Err(error.into()))
                }
                saved => {
                    // What is not in the store holds for this client as long as it lives.
                    session.seen = Seen::new();
                    local.add_to(&mut session.seen);
                    session.notes.extend(saved.err().map(Note::NotPersisted));
                    let etag = local.timestamp_etag().filter(|_| session.attempts.conditional());
                    session.notes.extend(self.record_check(&updated, etag, now));
                    Some(Ok(Updated { checked_at: Some(now), ..updated }))
                }
            },
            Err(error) => {
                // What was verified before it failed is kept: new roots (5.3.8), a new timestamp (5.4.5).
                session.notes.extend(local.commit().err().map(Note::NotPersisted));
                local.add_to(&mut session.seen);
                let saved = save_seen(&mut session.seen, &self.pinned_root, &self.store, now, &self.limits);
                session.notes.extend(saved.err().map(Note::NotPersisted));
                Some(Err(error))
            }
        };
        session.notes.append(&mut local.take_notes());
        done
    }

    /// Notes when the cache was compared with the repository. A record that cannot be written costs requests and nothing else; who wants everything
    /// kept is told.
    fn record_check(&self, updated: &Updated, etag: Option<&str>, now: DateTime<Utc>) -> Option<Note> {
        if !self.records_checks {
            return None;
        }
        let check = LastCheck::new(now, updated.trusted.timestamp().bytes(), etag.map(str::to_owned));
        // It is written without the lock, so that nobody waits for it, and again where a writer was there at that moment.
        let record = check.to_bytes();
        let save = || self.store.save(&LocalFile::LastCheck, &record);
        let was_swept_up = |saved: &Result<(), StoreError>| saved.as_ref().is_err_and(StoreError::was_swept_up);
        let saved = (0..MAX_CONFLICTS).fold(save(), |saved, _| if was_swept_up(&saved) { save() } else { saved });
        saved.err().filter(|_| self.persistence == Persistence::Required).map(Note::CheckNotRecorded)
    }
}

/// Commits, and counts the conflicts.
fn saved<S: Store>(local: &mut PendingWrites<S>, session: &mut Session) -> Result<CommitOutcome, StoreError> {
    let saving = local.commit()?;
    if saving == CommitOutcome::Conflict {
        session.conflicts += 1;
        if session.conflicts == MAX_ATTEMPTS {
            return Err(StoreError::Contended { times: MAX_ATTEMPTS });
        }
    }
    Ok(saving)
}
