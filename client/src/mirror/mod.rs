//! A static mirror of a whole repository, in a folder that any web server can serve and that any TUF client can begin from.
//!
//! ```text
//! root 1 ─▶ … ─▶ pinned root ─▶ refresh ─▶ all roles ─▶ plan ─▶ targets, roles, snapshot ─▶ roots, timestamp ─▶ prune
//!     everything is verified, and the floor is what the mirror serves    │  then it is written
//! ```
//!
//! Roots before the pinned one are published as far as something else vouches for them ([`EarlierRoots`]).
//!
//! All metadata is verified from the pinned root before anything is written, and every target before it is put in its place. The mirror's
//! own files are the cache: it never goes back. Everything new has a name of its own and is written first. What takes the place of
//! something comes last, written beside it and then renamed one right after the other: names without a version (where consistent
//! snapshots are off), then new roots, and then the timestamp. So a reader at any moment is served a complete repository, the one
//! before or the one after. Where a rotation takes away the key of timestamp, snapshot or targets, a reader who reads between these renames, or
//! has asked for the next root before them and for the timestamp after them, is refused for that moment; no order of writing can help.
//!
//! Files of earlier publications stay for a while, for those who are still reading; and what is ever removed stands in a list of
//! what the mirror itself has written.

mod copy;
mod error;
mod fetch;
mod folder;
mod observer;
mod place;
mod plan;
mod report;
mod unpublished;
mod watch;
mod written_files;

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};

use crate::driver::attempts::Attempts;
use crate::driver::pending_writes::PendingWrites;
use crate::driver::{Fetching, Prefetch, drive};
use crate::error::{Error, Note};
use crate::store::{MemoryStore, StoreLock};
use crate::transport::Transport;
use crate::workflow::limits::Limits;
use crate::workflow::{
    AllDelegatedRoles, EarlierRoots, FoundRoots, ReachedRoles, Refresh, RootHistory, Seen, StateMachine,
};

use copy::MirrorCopy;
use folder::Folder;
use plan::Plan;
use unpublished::Unpublished;

pub use error::MirrorError;
pub use observer::{Progress, ProgressObserver};
pub use report::{LeftOut, MirrorReport};
pub use watch::{FIRST_PAUSE, watch};

/// How long files that nothing points at any more are kept by default. A reader who has read the timestamp before is long done then.
pub const KEEP: TimeDelta = TimeDelta::days(1);

/// Limits of a whole mirror, besides what [`Limits`] says of single files.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MirrorLimits {
    /// Most delegated roles.
    pub roles: usize,
    /// Most bytes of all targets together.
    pub target_bytes: u64,
}

impl Default for MirrorLimits {
    /// Four times as many roles as the largest known repositories have, and 64 GiB.
    fn default() -> Self {
        MirrorLimits { roles: 65_536, target_bytes: 64 << 30 }
    }
}

impl MirrorLimits {
    /// Sets the most delegated roles.
    #[must_use]
    pub fn with_roles(self, roles: usize) -> Self {
        MirrorLimits { roles, ..self }
    }

    /// Sets the most bytes of all targets together.
    #[must_use]
    pub fn with_target_bytes(self, target_bytes: u64) -> Self {
        MirrorLimits { target_bytes, ..self }
    }
}

/// A repository, and the folder that its mirror is in.
#[derive(Debug)]
pub struct Mirror<T> {
    pinned_root: Vec<u8>,
    transport: T,
    folder: PathBuf,
    limits: Limits,
    mirror_limits: MirrorLimits,
    earlier: EarlierRoots,
    keep: TimeDelta,
    prefetch: Prefetch,
}

impl<T: Transport> Mirror<T> {
    /// Makes a mirror of its parts; nothing is read or fetched yet. The pinned root comes from the caller, never from the folder.
    pub fn new(pinned_root: impl Into<Vec<u8>>, transport: T, folder: impl Into<PathBuf>) -> Self {
        Mirror {
            pinned_root: pinned_root.into(),
            transport,
            folder: folder.into(),
            limits: Limits::default(),
            mirror_limits: MirrorLimits::default(),
            earlier: EarlierRoots::Unknown,
            keep: KEEP,
            prefetch: Prefetch::On,
        }
    }

    /// Sets the limits of single files. Default: [`Limits::default`].
    #[must_use]
    pub fn with_limits(self, limits: Limits) -> Self {
        Mirror { limits, ..self }
    }

    /// Sets the limits of the whole. Default: [`MirrorLimits::default`].
    #[must_use]
    pub fn with_mirror_limits(self, mirror_limits: MirrorLimits) -> Self {
        Mirror { mirror_limits, ..self }
    }

    /// Sets what vouches for the roots before the pinned one, which are published too then. Default: [`EarlierRoots::Unknown`].
    #[must_use]
    pub fn with_earlier_roots(self, earlier: EarlierRoots) -> Self {
        Mirror { earlier, ..self }
    }

    /// Sets how long files are kept after nothing points at them any more. Default: [`KEEP`].
    #[must_use]
    pub fn keeping(self, keep: TimeDelta) -> Self {
        Mirror { keep, ..self }
    }

    /// The transport to the repository.
    pub fn transport(&self) -> &T {
        &self.transport
    }

    /// The folder that the mirror is in.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Brings the mirror up to date, judging every expiry at `now`. `observer` is told of each step, and may stop between two of
    /// them; what readers are served is then complete.
    ///
    /// # Errors
    /// If a check refuses, a file does not arrive, or something cannot be written. What readers see is then what it was before, or the new
    /// publication if all of it was there.
    pub fn update(
        &self,
        now: DateTime<Utc>,
        observer: &mut impl ProgressObserver,
    ) -> Result<MirrorReport, MirrorError> {
        let folder = Folder::open(&self.folder)?;
        let mut lock = folder.lock()?;
        self.transport.first_mirror();
        let notes: Vec<Note> = lock.take_missing().map(Note::Unlocked).into_iter().collect();
        let mut attempts = Attempts::new(self.prefetch.where_possible(&self.transport));
        let unpublished = Unpublished::in_folder(&self.folder, &self.limits);
        let mut work = Work { seen: unpublished.load(&self.pinned_root), notes };
        let done = loop {
            match self.attempt(now, attempts.fetching(), (&folder, &lock), observer, &mut work) {
                Err(MirrorError::Repository(reason))
                    if attempts.again_after(&reason, false, || self.transport.leave_mirror()) => {}
                done => break done,
            }
            work.notes.append(&mut attempts.take_notes());
        };
        match done {
            Ok(mut report) => {
                unpublished.clear();
                report.notes.splice(..0, work.notes);
                Ok(report)
            }
            // What is not published yet must not be gone below by the next round.
            Err(error) => {
                unpublished.save(&mut work.seen, &self.pinned_root, now)?;
                Err(error)
            }
        }
    }

    fn attempt(
        &self,
        now: DateTime<Utc>,
        fetching: Fetching,
        (folder, lock): (&Folder, &StoreLock),
        observer: &mut impl ProgressObserver,
        work: &mut Work,
    ) -> Result<MirrorReport, MirrorError> {
        let (roots, earlier, walked) = self.verified(now, fetching, work)?;
        if walked.gave_up() {
            return Err(MirrorError::TooManyRoles { limit: self.mirror_limits.roles });
        }
        let plan = Plan::of(&earlier, &roots, &walked, &self.limits, self.mirror_limits.target_bytes)?;
        if lock.keeps_others_out() {
            folder.sweep(&plan);
        }
        folder.publish(&plan, &self.transport, fetching, now, self.keep, observer)
    }

    /// All metadata, verified. Nothing is written.
    fn verified(
        &self,
        now: DateTime<Utc>,
        fetching: Fetching,
        work: &mut Work,
    ) -> Result<(Vec<Vec<u8>>, FoundRoots, ReachedRoles), Error> {
        let copy = MirrorCopy::of(&self.folder, &self.limits);
        let earlier = RootHistory::begin(self.pinned_root.clone(), self.earlier.clone(), &self.limits)?;
        let earlier = self.driven(earlier, &MemoryStore::over(copy.clone()), fetching, work)?;
        let store = MemoryStore::over(copy.clone());
        let refresh = Refresh::begin(self.pinned_root.clone(), now, &self.limits)?.after(work.seen.clone());
        let trusted = self.driven(refresh, &store, fetching, work)?;
        let roots = copy::roots(&self.pinned_root, &store, &trusted, &self.limits)?;
        let store = MemoryStore::over(copy.pinned_by(trusted.snapshot()));
        // Each of them: what is served now is complete, and better than what lacks a role.
        let walk = AllDelegatedRoles::begin(trusted, self.mirror_limits.roles);
        let walked = self.driven(walk, &store, fetching, work)?;
        Ok((roots, earlier, walked))
    }

    fn driven<M: StateMachine>(
        &self,
        machine: M,
        store: &MemoryStore,
        fetching: Fetching,
        work: &mut Work,
    ) -> Result<M::Outcome, Error> {
        let mut local = PendingWrites::over(store);
        self.transport.begin_session();
        let driven = drive(machine, &self.transport, &mut local, fetching);
        work.notes.append(&mut local.take_notes());
        local.add_to(&mut work.seen);
        let driven = driven?;
        local.commit()?;
        Ok(driven)
    }
}

/// What holds over all attempts of one round.
struct Work {
    /// What they have verified and the mirror does not serve.
    seen: Seen,
    notes: Vec<Note>,
}

/// Goes on unless the observer wants to end.
fn go_on(observer: &mut impl ProgressObserver, progress: Progress<'_>) -> Result<(), MirrorError> {
    match observer.observe(progress) {
        ControlFlow::Continue(()) => Ok(()),
        ControlFlow::Break(()) => Err(MirrorError::Stopped),
    }
}
