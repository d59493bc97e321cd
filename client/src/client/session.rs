//! One piece of work of a client: as many tries as it takes, with all that may come between.

use chrono::{DateTime, Utc};

use super::Client;
use crate::driver::Prefetch;
use crate::driver::last_check::LastCheck;
use crate::driver::pending_writes::{Keeping, Saving, Unsaved};
use crate::error::{Error, Note};
use crate::store::{LocalFile, Store, StoreError};
use crate::workflow::{Update, Updated, Wanted};

/// One piece of work, with all its tries.
pub(super) struct Work {
    pub(super) prefetch: Prefetch,
    /// Whether the server may answer that a file is still the one we have.
    conditional: bool,
    overtaken: u32,
    pub(super) notes: Vec<Note>,
}

impl Work {
    pub(super) fn begin(prefetch: Prefetch) -> Work {
        Work { prefetch, conditional: true, overtaken: 0, notes: Vec::new() }
    }
}

/// How often work is done again because another process was quicker, before everybody else is made to wait; and how often in all, since somebody may
/// not mind the lock.
const MOST_OVERTAKINGS: u32 = 8;
const MOST_TRIES: u32 = 2 * MOST_OVERTAKINGS;

impl<T, S: Store> Client<T, S> {
    /// Begins one try of a piece of work.
    pub(super) fn attempt(
        &self,
        work: &Work,
        now: DateTime<Utc>,
        wanted: &[Wanted],
    ) -> Result<(Update, Unsaved<'_, S>), Error> {
        let lock = if work.overtaken < MOST_OVERTAKINGS { None } else { self.store.lock()? };
        let last_check = if self.records_checks && work.conditional { LastCheck::load(&self.store) } else { None };
        let mut local = Unsaved::over(&self.store).locked(lock);
        if let Some(last_check) = last_check {
            local = local.conditional(&last_check, self.limits.timestamp);
        }
        Ok((self.begin(now, wanted)?, local))
    }

    /// After a try: saves what was verified, and gives what came of the work unless there is another try to make.
    pub(super) fn conclude(
        &self,
        work: &mut Work,
        driven: Result<Updated, Error>,
        mut local: Unsaved<'_, S>,
        now: DateTime<Utc>,
        leave_mirror: impl FnOnce() -> Option<String>,
    ) -> Option<Result<Updated, Error>> {
        let done = match driven {
            Ok(updated) => match saved(&mut local, work) {
                Ok(Saving::Overtaken) => None,
                Err(error) if self.keeping == Keeping::Required => Some(Err(error.into())),
                saved => {
                    work.notes.extend(saved.err().map(Note::NotKept));
                    self.record_check(&updated, local.timestamp_etag().filter(|_| work.conditional), now);
                    Some(Ok(Updated { checked_at: Some(now), ..updated }))
                }
            },
            // Files that were asked for at the same time may belong to two publications, and a server may be wrong about what is still the
            // same. Asked for plainly, one after the other, they decide.
            Err(Error::Refused(_)) if work.prefetch == Prefetch::On || (work.conditional && local.was_unchanged()) => {
                (work.prefetch, work.conditional) = (Prefetch::Off, false);
                return None;
            }
            Err(error) => match error.is_the_repository_s().then(leave_mirror).flatten() {
                Some(location) => {
                    // A tag means nothing to another server.
                    work.conditional = false;
                    work.notes.push(Note::MirrorLeft { location, reason: error.to_string() });
                    None
                }
                None => {
                    // What was verified before it failed is kept: new roots (5.3.8), a new timestamp (5.4.5).
                    work.notes.extend(local.save().err().map(Note::NotKept));
                    Some(Err(error))
                }
            },
        };
        work.notes.append(&mut local.take_notes());
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

/// Saves, and counts how often somebody else was quicker.
fn saved<S: Store>(local: &mut Unsaved<'_, S>, work: &mut Work) -> Result<Saving, StoreError> {
    let saving = local.save()?;
    if saving == Saving::Overtaken {
        work.overtaken += 1;
        if work.overtaken == MOST_TRIES {
            return Err(StoreError::Contended { times: MOST_TRIES });
        }
    }
    Ok(saving)
}
