//! One session of a client: an update with as many attempts as it takes, over conflicts and mirrors.

use chrono::{DateTime, Utc};

use super::Client;
use crate::driver::Prefetch;
use crate::driver::attempts::Attempts;
use crate::driver::last_check::LastCheck;
use crate::driver::pending_writes::{CommitOutcome, PendingWrites, Persistence};
use crate::error::{Error, Note};
use crate::store::{LocalFile, Store, StoreError};
use crate::workflow::{TargetQuery, Update, Updated};

/// One session, with all its attempts.
pub(super) struct Session {
    attempts: Attempts,
    conflicts: u32,
    pub(super) notes: Vec<Note>,
}

impl Session {
    pub(super) fn begin(prefetch: Prefetch) -> Session {
        Session { attempts: Attempts::new(prefetch), conflicts: 0, notes: Vec::new() }
    }

    /// Whether the next attempt prefetches.
    pub(super) fn prefetch(&self) -> Prefetch {
        self.attempts.prefetch()
    }
}

/// How many conflicts with other processes are retried without the lock, and how many attempts there are in all, since a process may
/// ignore the lock.
const MAX_CONFLICTS: u32 = 8;
const MAX_ATTEMPTS: u32 = 2 * MAX_CONFLICTS;

impl<T, S: Store> Client<T, S> {
    /// Begins one attempt.
    pub(super) fn attempt(
        &self,
        session: &Session,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Result<(Update, PendingWrites<'_, S>), Error> {
        let lock = if session.conflicts < MAX_CONFLICTS { None } else { self.store.lock()? };
        let last_check =
            if self.records_checks && session.attempts.conditional() { LastCheck::load(&self.store) } else { None };
        let mut local = PendingWrites::over(&self.store).locked(lock);
        if let Some(last_check) = last_check {
            local = local.conditional(&last_check, self.limits.timestamp);
        }
        Ok((self.begin(now, wanted)?, local))
    }

    /// Ends an attempt: commits the verified files and returns the outcome, or `None` if there is another attempt to make.
    pub(super) fn conclude(
        &self,
        session: &mut Session,
        driven: Result<Updated, Error>,
        mut local: PendingWrites<'_, S>,
        now: DateTime<Utc>,
        leave_mirror: impl FnOnce() -> Option<String>,
    ) -> Option<Result<Updated, Error>> {
        let done = match driven {
            Ok(updated) => match saved(&mut local, session) {
                Ok(CommitOutcome::Conflict) => None,
                Err(error) if self.persistence == Persistence::Required => Some(Err(error.into())),
                saved => {
                    session.notes.extend(saved.err().map(Note::NotPersisted));
                    self.record_check(&updated, local.timestamp_etag().filter(|_| session.attempts.conditional()), now);
                    Some(Ok(Updated { checked_at: Some(now), ..updated }))
                }
            },
            Err(error) if session.attempts.again_after(&error, local.was_unchanged(), leave_mirror) => None,
            Err(error) => {
                // What was verified before it failed is kept: new roots (5.3.8), a new timestamp (5.4.5).
                session.notes.extend(local.commit().err().map(Note::NotPersisted));
                Some(Err(error))
            }
        };
        session.notes.append(&mut session.attempts.take_notes());
        session.notes.append(&mut local.take_notes());
        done
    }

    /// Notes when the local copy was compared with the repository. A record that cannot be written costs requests and nothing else.
    fn record_check(&self, updated: &Updated, etag: Option<&str>, now: DateTime<Utc>) {
        if self.records_checks {
            let check = LastCheck::new(now, updated.trusted.timestamp().bytes(), etag.map(str::to_owned));
            let _ = self.store.save(&LocalFile::LastCheck, &check.to_bytes());
        }
    }
}

/// Commits, and counts the conflicts.
fn saved<S: Store>(local: &mut PendingWrites<'_, S>, session: &mut Session) -> Result<CommitOutcome, StoreError> {
    let saving = local.commit()?;
    if saving == CommitOutcome::Conflict {
        session.conflicts += 1;
        if session.conflicts == MAX_ATTEMPTS {
            return Err(StoreError::Contended { times: MAX_ATTEMPTS });
        }
    }
    Ok(saving)
}
