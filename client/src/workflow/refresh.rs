//! Bringing the four top-level roles up to date (TUF 5.2 to 5.6.6), one step at a time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rootline_metadata::json::Document;
use rootline_metadata::{Role, TopLevelRole, Version, file_name};

use super::machine::{Action, Content, Input, Prefetched, StateMachine};
use super::phases::{Rooted, Snapshotted, TimestampDecision, Timestamped, Trusted, bytes_to_ask_for};
use super::prefetch;
use super::rollback_floor::{CachedFiles, Floor};
use super::root_chain::RootChain;
use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// One refresh of the four top-level roles: the next root until there is none, then the timestamp, and then only what has changed.
#[derive(Debug)]
pub struct Refresh {
    state: State,
    now: DateTime<Utc>,
    /// Roots that were fetched. Those in our own history do not count, or a long history would use up the limit.
    rotations: u32,
}

/// What the refresh waits for. Each state holds what is known by then, and nothing that is known later.
///
/// ```text
/// LoadRoot ⟲                                     5.3  our own root history, from the pinned root on
///    ▼
/// LoadTimestamp ─▶ LoadSnapshot                       caches, for the floor
///    ▼
/// StoreRoot ⇄ FetchRoot                          5.3  the repository's roots, until there is no newer one
///    ▼
/// FetchTimestamp ─▶ StoreTimestamp               5.4  stored only if it is newer
///    ▼
/// FetchSnapshot ─▶ StoreSnapshot                 5.5  neither if the local one is the one named
///    ▼
/// LoadTargets ─▶ FetchTargets ─▶ StoreTargets    5.6  fetched only if the local ones fail a check
///    ▼
/// Done                                                and from every state above to Refused
/// ```
#[derive(Debug)]
enum State {
    LoadRoot(RootChain, Version),
    LoadTimestamp(RootChain),
    LoadSnapshot(RootChain, CachedFiles),
    StoreRoot(RootChain, CachedFiles, LocalFile),
    FetchRoot(RootChain, CachedFiles, Version),
    FetchTimestamp(Rooted, Floor),
    StoreTimestamp(Timestamped, Arc<Document>),
    FetchSnapshot(Timestamped),
    StoreSnapshot(Snapshotted),
    LoadTargets(Snapshotted),
    FetchTargets(Snapshotted),
    StoreTargets(Trusted),
    Done(Trusted),
    /// A check has refused, which ends the refresh.
    Refused(Refusal),
}

impl Refresh {
    /// Begins with the root that the caller pinned. 5.1: `now` is the one instant that every expiry is judged at.
    ///
    /// # Errors
    /// If `pinned` is not a root, or not signed by itself.
    pub fn begin(pinned: Vec<u8>, now: DateTime<Utc>, limits: &Limits) -> Result<Refresh, Refusal> {
        let chain = RootChain::begin(pinned, limits)?;
        Ok(Refresh { state: seek_in_history(chain), now, rotations: 0 })
    }

    /// The specification's summary: each state and what its input leads to.
    fn next(&mut self, state: State, input: Input) -> Result<State, Refusal> {
        match state {
            State::LoadRoot(chain, _) => Ok(root_loaded(chain, input)),
            State::LoadTimestamp(chain) => Ok(timestamp_loaded(chain, input)),
            State::LoadSnapshot(chain, copies) => Ok(snapshot_loaded(chain, copies, input)),
            State::StoreRoot(chain, copies, file) => self.root_stored(chain, copies, &file),
            State::FetchRoot(chain, copies, _) => self.root_fetched(chain, copies, input),
            State::FetchTimestamp(rooted, floor) => timestamp_fetched(rooted, floor, input),
            State::StoreTimestamp(timestamped, _) => Ok(with_timestamp(timestamped)),
            State::FetchSnapshot(timestamped) => snapshot_fetched(timestamped, input),
            State::StoreSnapshot(snapshotted) => Ok(State::LoadTargets(snapshotted)),
            State::LoadTargets(snapshotted) => Ok(targets_loaded(snapshotted, input)),
            State::FetchTargets(snapshotted) => targets_fetched(snapshotted, input),
            State::StoreTargets(trusted) | State::Done(trusted) => Ok(State::Done(trusted)),
            State::Refused(refusal) => Err(refusal),
        }
    }

    fn root_fetched(&mut self, mut chain: RootChain, copies: CachedFiles, input: Input) -> Result<State, Refusal> {
        // 5.3.3: no newer root.
        let Input::Bytes(bytes) = input else { return self.at_final_root(chain, copies) };
        let version = chain.extend(bytes)?.version().number();
        self.rotations += 1;
        // 5.3.8: kept at once, whatever comes later.
        Ok(State::StoreRoot(chain, copies, LocalFile::RootHistory(version)))
    }

    /// 5.3.9: each root is stored in the history and as the newest, and then comes the next one.
    fn root_stored(&self, chain: RootChain, copies: CachedFiles, file: &LocalFile) -> Result<State, Refusal> {
        match file {
            LocalFile::RootHistory(_) => Ok(State::StoreRoot(chain, copies, LocalFile::Root)),
            _ => self.seek_in_repository(chain, copies),
        }
    }

    /// 5.3.2, 5.3.3: asks for the next root; once as many were fetched as may be, carries on with the root it has.
    fn seek_in_repository(&self, chain: RootChain, copies: CachedFiles) -> Result<State, Refusal> {
        let within_limit = self.rotations < chain.limits().root_rotations;
        match chain.next_version().filter(|_| within_limit) {
            Some(version) => Ok(State::FetchRoot(chain, copies, version)),
            None => self.at_final_root(chain, copies),
        }
    }

    fn at_final_root(&self, chain: RootChain, copies: CachedFiles) -> Result<State, Refusal> {
        let rooted = chain.finish(self.now)?;
        let floor = Floor::of(copies, rooted.root(), rooted.limits());
        Ok(State::FetchTimestamp(rooted, floor))
    }

    /// How many roots to ask for after the one that is on its way. They are asked for in blocks: where we have been before, one, which is
    /// hardly ever there; on the first visit four; and once those were there, as many as come in a few years.
    fn further_roots(&self, copies: &CachedFiles, limits: &Limits) -> u32 {
        const BLOCK: u32 = 12;
        let first = if copies.timestamp.is_some() { 1 } else { 4 };
        let end = match self.rotations.checked_sub(first) {
            None => first,
            Some(after_first) => first + (after_first / BLOCK + 1) * BLOCK,
        };
        end.min(limits.root_rotations).saturating_sub(self.rotations + 1)
    }
}

impl StateMachine for Refresh {
    type Outcome = Trusted;

    fn prefetch_plan(&self, prefetched: &dyn Prefetched) -> Vec<Request> {
        match &self.state {
            State::FetchRoot(chain, copies, version) => {
                prefetch::after_root(chain, *version, self.further_roots(copies, chain.limits()), copies, prefetched)
            }
            State::FetchTimestamp(rooted, floor) => prefetch::after_timestamp(rooted, floor, prefetched),
            State::FetchSnapshot(timestamped) => prefetch::after_snapshot(timestamped),
            _ => Vec::new(),
        }
    }

    fn action(&mut self) -> Result<Action<Trusted>, Refusal> {
        Ok(match &self.state {
            State::LoadRoot(chain, version) => {
                Action::Load(LocalFile::RootHistory(version.number()), chain.limits().root)
            }
            State::FetchRoot(chain, _, version) => Action::Fetch(prefetch::root(chain, *version)),
            State::StoreRoot(chain, _, file) => {
                Action::Store(file.clone(), Content::Metadata(chain.newest().document()))
            }
            State::LoadTimestamp(chain) => Action::Load(LocalFile::Timestamp, chain.limits().timestamp),
            State::LoadSnapshot(chain, _) => Action::Load(LocalFile::Snapshot, chain.limits().snapshot),
            State::FetchTimestamp(rooted, _) => Action::Fetch(prefetch::timestamp(rooted.limits())),
            State::StoreTimestamp(_, document) => {
                Action::Store(LocalFile::Timestamp, Content::Metadata(Arc::clone(document)))
            }
            State::FetchSnapshot(timestamped) => {
                let (rooted, meta_file) = (timestamped.rooted(), timestamped.meta_file());
                let check = Check::SnapshotPresent;
                let limit = bytes_to_ask_for(meta_file, rooted.limits().snapshot, &File::Snapshot, check)?;
                Action::Fetch(Request::metadata(
                    file_name::published(rooted.root(), TopLevelRole::Snapshot, meta_file.version),
                    limit,
                ))
            }
            State::StoreSnapshot(snapshotted) => {
                Action::Store(LocalFile::Snapshot, Content::Metadata(snapshotted.snapshot().document()))
            }
            State::LoadTargets(snapshotted) => Action::Load(LocalFile::Targets, snapshotted.rooted().limits().targets),
            State::FetchTargets(snapshotted) => {
                let (rooted, meta_file) = (snapshotted.rooted(), snapshotted.snapshot().targets());
                let check = Check::TargetsPresent;
                let limit = bytes_to_ask_for(meta_file, rooted.limits().targets, &File::Targets, check)?;
                Action::Fetch(Request::metadata(
                    file_name::published(rooted.root(), TopLevelRole::Targets, meta_file.version),
                    limit,
                ))
            }
            State::StoreTargets(trusted) => {
                Action::Store(LocalFile::Targets, Content::Metadata(trusted.targets().document()))
            }
            State::Done(trusted) => Action::Done(trusted.clone()),
            State::Refused(refusal) => return Err(refusal.clone()),
        })
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        let refused = State::Refused(absent(File::of(TopLevelRole::Root), Check::PinnedRoot));
        let state = std::mem::replace(&mut self.state, refused);
        match self.next(state, input) {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err(refusal) => {
                self.state = State::Refused(refusal.clone());
                Err(refusal)
            }
        }
    }
}

/// 5.3.2: looks for the next root in our own history.
fn seek_in_history(chain: RootChain) -> State {
    match chain.next_version() {
        Some(version) => State::LoadRoot(chain, version),
        None => State::LoadTimestamp(chain),
    }
}

/// A root in our own history that does not verify counts as absent: the repository is asked instead.
fn root_loaded(mut chain: RootChain, input: Input) -> State {
    match input.into_bytes().map(|bytes| chain.extend(bytes).is_ok()) {
        Some(true) => seek_in_history(chain),
        Some(false) | None => State::LoadTimestamp(chain),
    }
}

fn timestamp_loaded(chain: RootChain, input: Input) -> State {
    State::LoadSnapshot(chain, CachedFiles { timestamp: input.into_bytes(), snapshot: None })
}

fn snapshot_loaded(chain: RootChain, copies: CachedFiles, input: Input) -> State {
    let copies = CachedFiles { snapshot: input.into_bytes(), ..copies };
    State::StoreRoot(chain, copies, LocalFile::Root)
}

fn timestamp_fetched(rooted: Rooted, floor: Floor, input: Input) -> Result<State, Refusal> {
    // 5.4.1: there has to be one.
    let Input::Bytes(bytes) = input else { return Err(absent(File::Timestamp, Check::TimestampPresent)) };
    match rooted.verify_timestamp(bytes, &floor)? {
        TimestampDecision::Keep => Ok(with_timestamp(rooted.with_kept_timestamp(floor)?)),
        TimestampDecision::Replace(timestamp) => {
            let document = timestamp.document();
            Ok(State::StoreTimestamp(rooted.with_new_timestamp(timestamp, floor), document))
        }
    }
}

/// Past the timestamp: the local snapshot if it is the one that the timestamp names, otherwise the repository's.
fn with_timestamp(timestamped: Timestamped) -> State {
    match timestamped.local_snapshot() {
        Some(snapshot) => State::LoadTargets(timestamped.with_snapshot(snapshot)),
        None => State::FetchSnapshot(timestamped),
    }
}

fn snapshot_fetched(timestamped: Timestamped, input: Input) -> Result<State, Refusal> {
    // 5.5.1: there has to be the one that the timestamp names.
    let Input::Bytes(bytes) = input else { return Err(absent(File::Snapshot, Check::SnapshotPresent)) };
    let snapshot = timestamped.verify_snapshot(bytes)?;
    Ok(State::StoreSnapshot(timestamped.with_snapshot(snapshot)))
}

/// The local targets pass every check that fetched ones do, or are fetched.
fn targets_loaded(snapshotted: Snapshotted, input: Input) -> State {
    match input.into_bytes().map(|bytes| snapshotted.verify_targets(bytes)) {
        Some(Ok(targets)) => State::Done(snapshotted.with_targets(targets)),
        Some(Err(_)) | None => State::FetchTargets(snapshotted),
    }
}

fn targets_fetched(snapshotted: Snapshotted, input: Input) -> Result<State, Refusal> {
    // 5.6.1: there has to be the one that the snapshot names.
    let Input::Bytes(bytes) = input else { return Err(absent(File::Targets, Check::TargetsPresent)) };
    let targets = snapshotted.verify_targets(bytes)?;
    Ok(State::StoreTargets(snapshotted.with_targets(targets)))
}

fn absent(file: File, check: Check) -> Refusal {
    Refusal { file, check, fault: Fault::Absent }
}
