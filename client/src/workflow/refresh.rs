//! Bringing the four top-level roles up to date (TUF 5.2 to 5.6.6), one step at a time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rootline_metadata::json::Document;
use rootline_metadata::{Envelope, Role, Root, TopLevelRole, Verified, Version, file_name};

use super::machine::{Action, Content, Input, Prefetched, StateMachine};
use super::phases::{Rooted, Snapshotted, TimestampDecision, Timestamped, Trusted, bytes_to_ask_for};
use super::prefetch;
use super::rollback_floor::{CachedFiles, Floor};
use super::root_chain::RootChain;
use super::seen::Seen;
use crate::error::Note;
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
    /// What earlier attempts of the same work have verified.
    seen: Seen,
    /// The newest root that the cache says was trusted. Nothing pins it, so it counts where it verifies as the next one, and can forbid.
    cached_root: Option<Vec<u8>>,
    notes: Vec<Note>,
}

/// What the refresh waits for. Each state holds what is known by then, and nothing that is known later.
///
/// ```text
/// LoadNewestRoot                                      the cache's newest root, which the final one must not be below
///    ▼
/// LoadRoot ⇄ StoreSeenRoot                       5.3  our own root history, from the pinned root on
///    ▼
/// LoadTimestamp ─▶ LoadSnapshot                       cached files, for the floor
///    ▼
/// StoreRoot ⇄ FetchRoot                          5.3  the repository's roots, until there is no newer one
///    ▼
/// StoreFloor ⟲                                        what an earlier attempt has verified and the cache does not have
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
    LoadNewestRoot(RootChain),
    LoadRoot(RootChain, Version),
    StoreSeenRoot(RootChain),
    LoadTimestamp(RootChain),
    LoadSnapshot(RootChain, CachedFiles),
    StoreRoot(RootChain, CachedFiles, LocalFile),
    FetchRoot(RootChain, CachedFiles, Version),
    /// Files that are not in the cache, the next one last.
    StoreFloor(RootChain, Floor, Vec<(LocalFile, Arc<Document>)>),
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
        let state = State::LoadNewestRoot(chain);
        Ok(Refresh { state, now, rotations: 0, seen: Seen::new(), cached_root: None, notes: Vec::new() })
    }

    /// Goes below nothing that earlier attempts of the same work have verified, and stores it where the cache does not have it.
    #[must_use]
    pub fn after(self, seen: Seen) -> Refresh {
        Refresh { seen, ..self }
    }

    /// The specification's summary: each state and what its input leads to.
    fn next(&mut self, state: State, input: Input) -> Result<State, Refusal> {
        match state {
            State::LoadNewestRoot(chain) => {
                self.cached_root = input.into_bytes();
                Ok(seek_in_history(chain))
            }
            State::LoadRoot(chain, version) => Ok(self.root_loaded(chain, version, input)),
            State::StoreSeenRoot(chain) => Ok(seek_in_history(chain)),
            State::LoadTimestamp(chain) => Ok(timestamp_loaded(chain, input)),
            State::LoadSnapshot(chain, copies) => {
                let copies = CachedFiles { snapshot: input.into_bytes(), ..copies };
                self.store_newest_root(chain, copies)
            }
            State::StoreRoot(chain, copies, file) => self.root_stored(chain, copies, &file),
            State::FetchRoot(chain, copies, _) => self.root_fetched(chain, copies, input),
            State::StoreFloor(chain, floor, mut files) => {
                files.pop();
                self.go_on_from(chain, floor, files)
            }
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
    fn root_stored(&mut self, chain: RootChain, copies: CachedFiles, file: &LocalFile) -> Result<State, Refusal> {
        match file {
            LocalFile::RootHistory(_) => self.store_newest_root(chain, copies),
            _ => self.seek_in_repository(chain, copies),
        }
    }

    /// Stores the newest root as that, unless the cache has one that is newer: [`check_newest_root`](Self::check_newest_root) decides about it
    /// once the final root is known.
    fn store_newest_root(&mut self, chain: RootChain, copies: CachedFiles) -> Result<State, Refusal> {
        match self.newer_cached_root(&chain) {
            None => Ok(State::StoreRoot(chain, copies, LocalFile::Root)),
            Some(_) => self.seek_in_repository(chain, copies),
        }
    }

    /// The cache's newest root, if it is newer than the newest of the chain and signed by itself. What is not is damaged, and does not count.
    fn newer_cached_root(&self, chain: &RootChain) -> Option<Verified<Root>> {
        let bytes = self.cached_root.as_deref().filter(|bytes| *bytes != chain.newest().bytes())?;
        let limit = usize::try_from(chain.limits().root).unwrap_or(usize::MAX);
        let cached = Envelope::<Root>::parse(bytes.to_vec(), limit).ok()?;
        let is_newer = cached.unverified().version() > chain.newest().version();
        if is_newer { cached.verify_self_signed().ok() } else { None }
    }

    /// 5.3.2, 5.3.3: asks for the next root; once as many were fetched as may be, carries on with the root it has.
    fn seek_in_repository(&mut self, chain: RootChain, copies: CachedFiles) -> Result<State, Refusal> {
        let within_limit = self.rotations < chain.limits().root_rotations;
        match chain.next_version().filter(|_| within_limit) {
            Some(version) => Ok(State::FetchRoot(chain, copies, version)),
            None => self.at_final_root(chain, copies),
        }
    }

    fn at_final_root(&mut self, chain: RootChain, copies: CachedFiles) -> Result<State, Refusal> {
        let newest_root = self.check_newest_root(&chain)?.then(|| chain.newest().document());
        let floor = Floor::of(&copies, &self.seen, chain.newest(), chain.limits());
        let is_new = |document: Arc<Document>, cached: &Option<Vec<u8>>| {
            (cached.as_deref() != Some(document.bytes())).then_some(document)
        };
        let timestamp = floor.timestamp().and_then(|timestamp| is_new(timestamp.document(), &copies.timestamp));
        let snapshot = floor.snapshot().and_then(|snapshot| is_new(snapshot.document(), &copies.snapshot));
        let files =
            [(LocalFile::Snapshot, snapshot), (LocalFile::Timestamp, timestamp), (LocalFile::Root, newest_root)];
        let files = files.into_iter().filter_map(|(file, document)| Some((file, document?))).collect();
        self.go_on_from(chain, floor, files)
    }

    fn go_on_from(
        &self,
        chain: RootChain,
        floor: Floor,
        files: Vec<(LocalFile, Arc<Document>)>,
    ) -> Result<State, Refusal> {
        match files.is_empty() {
            true => Ok(State::FetchTimestamp(chain.finish(self.now)?, floor)),
            false => Ok(State::StoreFloor(chain, floor, files)),
        }
    }

    /// A root in our own history that does not verify counts as absent. In its place the newest root of the cache may be the one, or one that
    /// was seen in this work; otherwise the repository is asked.
    fn root_loaded(&self, mut chain: RootChain, version: Version, input: Input) -> State {
        if input.into_bytes().is_some_and(|bytes| chain.extend(bytes).is_ok()) {
            return seek_in_history(chain);
        }
        let others = self.cached_root.as_deref().into_iter().chain(self.seen.roots(version.number()));
        for bytes in others {
            if chain.extend(bytes.to_vec()).is_ok() {
                return State::StoreSeenRoot(chain);
            }
        }
        State::LoadTimestamp(chain)
    }

    /// 5.3.8: the newest root was kept when it was trusted, so the final one must not be below it. Where its history is damaged and the
    /// repository withholds what is missing, the floor under it would be given away. Says whether the final root takes its place: that of a
    /// repository that was set up again, to which nothing leads, is given up, and noted.
    fn check_newest_root(&mut self, chain: &RootChain) -> Result<bool, Refusal> {
        let Some(cached) = self.newer_cached_root(chain) else { return Ok(false) };
        let (trusted, offered) = (cached.version(), chain.newest().version());
        if chain.vouches_for(&cached) {
            let file = File::Root(None);
            let fault = Fault::Rollback { of: file.clone(), trusted, offered };
            return Err(Refusal { file, check: Check::RootKept, fault });
        }
        self.notes.push(Note::RootUnreachable { cached: trusted, trusted: offered });
        Ok(true)
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
            _ => Vec::new(),
        }
    }

    fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    fn action(&mut self) -> Result<Action<Trusted>, Refusal> {
        Ok(match &self.state {
            State::LoadNewestRoot(chain) => Action::Load(LocalFile::Root, chain.limits().root),
            State::StoreSeenRoot(chain) => {
                let newest = chain.newest();
                let file = LocalFile::RootHistory(newest.version().number());
                Action::Store(file, Content::Metadata(newest.document()))
            }
            State::StoreFloor(_, _, files) => match files.last() {
                Some((file, document)) => Action::Store(file.clone(), Content::Metadata(Arc::clone(document))),
                // Never empty: `go_on_from` makes none such.
                None => return Err(absent(File::Timestamp, Check::TimestampPresent)),
            },
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

fn timestamp_loaded(chain: RootChain, input: Input) -> State {
    State::LoadSnapshot(chain, CachedFiles { timestamp: input.into_bytes(), snapshot: None })
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
