//! Saving what a piece of work has verified before it failed.

use chrono::{DateTime, Utc};

use crate::driver::pending_writes::{CommitOutcome, PendingWrites};
use crate::driver::{Prefetch, drive};
use crate::store::{Store, StoreError};
use crate::transport::CachedRepository;
use crate::workflow::limits::Limits;
use crate::workflow::{Refresh, Seen};

/// How often to begin again where there is no lock to keep others out, and somebody else was quicker.
const MAX_ATTEMPTS: u32 = 8;

/// Saves what the attempts of a piece of work have verified (TUF 5.3.8, 5.4.5), under the newest root of all of them and beside what others
/// have saved meanwhile. What could be saved is taken out of `seen`; what does not verify under that root counts no more.
///
/// # Errors
/// If the store cannot be written; `seen` then holds what should have been saved.
pub(crate) fn save_seen(
    seen: &mut Seen,
    pinned_root: &[u8],
    store: &impl Store,
    now: DateTime<Utc>,
    limits: &Limits,
) -> Result<(), StoreError> {
    if seen.is_empty() {
        return Ok(());
    }
    for _ in 0..MAX_ATTEMPTS {
        let lock = store.lock()?;
        let mut local = PendingWrites::over(store).locked(lock);
        if let Ok(refresh) = Refresh::begin(pinned_root.to_vec(), now, limits) {
            // It stores as much as verifies, and then misses a repository, which is no failure here.
            let cached = CachedRepository::new(store);
            let _ = drive(refresh.after(std::mem::take(seen)), &cached, &mut local, Prefetch::Off);
            local.add_to(seen);
        }
        if local.commit()? == CommitOutcome::Committed {
            *seen = Seen::new();
            return Ok(());
        }
    }
    Err(StoreError::Contended { times: MAX_ATTEMPTS })
}
