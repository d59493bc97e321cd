//! Bringing the four top-level roles up to date (TUF 5.2 to 5.6.6), one step at a time.

use std::sync::Arc;

use chrono::{DateTime, Utc};
use rootline_metadata::json::Document;
use rootline_metadata::{Role, TopLevelRole, Version, file_name};

use super::machine::{Action, Content, Input, Seen, StateMachine};
use super::phases::{Rooted, Snapshotted, TimestampVerdict, Timestamped, Trusted, bytes_to_ask_for};
use super::prefetch;
use super::rollback_floor::{Floor, LocalCopies};
use super::root_chain::RootChain;
use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// One refresh. It sends for the next root until there is none, then for the timestamp, and then only for what has changed.
#[derive(Debug)]
pub struct Refresh {
    state: State,
    now: DateTime<Utc>,
    /// Roots that were fetched. Those in our own history do not count, or a long history would use up the limit.
    rotations: u32,
}

/// What the refresh waits for. Each state holds what is known by then, and nothing that is known later.
#[derive(Debug)]
enum State {
    LoadRoot(RootChain, Version),
    LoadTimestamp(RootChain),
    LoadSnapshot(RootChain, LocalCopies),
    StoreRoot(RootChain, LocalCopies, LocalFile),
    FetchRoot(RootChain, LocalCopies, Version),
    FetchTimestamp(Rooted, Floor),
    StoreTimestamp(Timestamped, Arc<Document>),
    FetchSnapshot(Timestamped),
    StoreSnapshot(Snapshotted),
    LoadTargets(Snapshotted),
    FetchTargets(Snapshotted),
    StoreTargets(Trusted),
    Done(Trusted),
    /// A check has refused; there is nothing to go on with.
    Over(Refusal),
}

impl Refresh {
    /// Begins with the root that the caller pinned. 5.1: `now` is the one instant that every expiry is judged at.
    ///
    /// # Errors
    /// If `pinned` is no root, or not signed by itself.
    pub fn begin(pinned: Vec<u8>, now: DateTime<Utc>, limits: &Limits) -> Result<Refresh, Refusal> {
        let chain = RootChain::begin(pinned, limits)?;
        Ok(Refresh { state: seek_in_history(chain), now, rotations: 0 })
    }

    fn next(&mut self, state: State, input: Input) -> Result<State, Refusal> {
        Ok(match (state, input) {
            // A copy in our own history that does not verify is as good as none: the repository is asked instead.
            (State::LoadRoot(mut chain, _), Input::Bytes(bytes)) => match chain.extend(bytes) {
                Ok(_) => seek_in_history(chain),
                Err(_) => State::LoadTimestamp(chain),
            },
            (State::LoadRoot(chain, _), _) => State::LoadTimestamp(chain),
            (State::LoadTimestamp(chain), input) => {
                let copies = LocalCopies { timestamp: input.into_bytes(), snapshot: None };
                State::LoadSnapshot(chain, copies)
            }
            (State::LoadSnapshot(chain, copies), input) => {
                let copies = LocalCopies { snapshot: input.into_bytes(), ..copies };
                State::StoreRoot(chain, copies, LocalFile::Root)
            }
            (State::FetchRoot(mut chain, copies, _), Input::Bytes(bytes)) => {
                let version = chain.extend(bytes)?.version().number();
                self.rotations += 1;
                // 5.3.8: kept at once, whatever comes later.
                State::StoreRoot(chain, copies, LocalFile::RootHistory(version))
            }
            // 5.3.3: no newer root.
            (State::FetchRoot(chain, copies, _), _) => self.at_final_root(chain, copies)?,
            (State::StoreRoot(chain, copies, LocalFile::RootHistory(_)), _) => {
                State::StoreRoot(chain, copies, LocalFile::Root)
            }
            // 5.3.9: and on to the next.
            (State::StoreRoot(chain, copies, _), _) => self.seek_in_repository(chain, copies)?,
            (State::FetchTimestamp(rooted, floor), Input::Bytes(bytes)) => {
                match rooted.judge_timestamp(bytes, &floor)? {
                    TimestampVerdict::Keep => with_timestamp(rooted.with_kept_timestamp(floor)?),
                    TimestampVerdict::Replace(timestamp) => {
                        let document = timestamp.document();
                        State::StoreTimestamp(rooted.with_new_timestamp(timestamp, floor), document)
                    }
                }
            }
            // 5.4.1: there has to be one.
            (State::FetchTimestamp(..), _) => return Err(absent(File::Timestamp, Check::TimestampPresent)),
            (State::StoreTimestamp(timestamped, _), _) => with_timestamp(timestamped),
            (State::FetchSnapshot(timestamped), Input::Bytes(bytes)) => {
                let snapshot = timestamped.judge_snapshot(bytes)?;
                State::StoreSnapshot(timestamped.with_snapshot(snapshot))
            }
            // 5.5.1: there has to be the one that the timestamp names.
            (State::FetchSnapshot(_), _) => return Err(absent(File::Snapshot, Check::SnapshotPresent)),
            (State::StoreSnapshot(snapshotted), _) => State::LoadTargets(snapshotted),
            // The local targets pass every check that fetched ones do, or are fetched.
            (State::LoadTargets(snapshotted), Input::Bytes(bytes)) => match snapshotted.judge_targets(bytes) {
                Ok(targets) => State::Done(snapshotted.with_targets(targets)),
                Err(_) => State::FetchTargets(snapshotted),
            },
            (State::LoadTargets(snapshotted), _) => State::FetchTargets(snapshotted),
            (State::FetchTargets(snapshotted), Input::Bytes(bytes)) => {
                let targets = snapshotted.judge_targets(bytes)?;
                State::StoreTargets(snapshotted.with_targets(targets))
            }
            // 5.6.1: there has to be the one that the snapshot names.
            (State::FetchTargets(_), _) => return Err(absent(File::Targets, Check::TargetsPresent)),
            (State::StoreTargets(trusted) | State::Done(trusted), _) => State::Done(trusted),
            (State::Over(refusal), _) => return Err(refusal),
        })
    }

    /// 5.3.2, 5.3.3: asks for the next root; once as many were fetched as may be, carries on with the root it has.
    fn seek_in_repository(&self, chain: RootChain, copies: LocalCopies) -> Result<State, Refusal> {
        let within_limit = self.rotations < chain.limits().root_rotations;
        match chain.next_version().filter(|_| within_limit) {
            Some(version) => Ok(State::FetchRoot(chain, copies, version)),
            None => self.at_final_root(chain, copies),
        }
    }

    fn at_final_root(&self, chain: RootChain, copies: LocalCopies) -> Result<State, Refusal> {
        let rooted = chain.finish(self.now)?;
        let floor = Floor::of(copies, rooted.root(), rooted.limits());
        Ok(State::FetchTimestamp(rooted, floor))
    }

    /// How many roots to ask for after the one that is on its way. They are asked for in blocks: where we have been before, one, which is
    /// hardly ever there; on the first visit four; and once those were there, as many as come in a few years.
    fn further_roots(&self, copies: &LocalCopies, limits: &Limits) -> u32 {
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

    fn ahead(&self, seen: &dyn Seen) -> Vec<Request> {
        match &self.state {
            State::FetchRoot(chain, copies, version) => {
                prefetch::after_root(chain, *version, self.further_roots(copies, chain.limits()), copies, seen)
            }
            State::FetchTimestamp(rooted, floor) => prefetch::after_timestamp(rooted, floor, seen),
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
                let (rooted, pin) = (timestamped.rooted(), timestamped.pin());
                let check = Check::SnapshotPresent;
                let limit = bytes_to_ask_for(pin, rooted.limits().snapshot, &File::Snapshot, check)?;
                Action::Fetch(Request::metadata(
                    file_name::published(rooted.root(), TopLevelRole::Snapshot, pin.version),
                    limit,
                ))
            }
            State::StoreSnapshot(snapshotted) => {
                Action::Store(LocalFile::Snapshot, Content::Metadata(snapshotted.snapshot().document()))
            }
            State::LoadTargets(snapshotted) => Action::Load(LocalFile::Targets, snapshotted.rooted().limits().targets),
            State::FetchTargets(snapshotted) => {
                let (rooted, pin) = (snapshotted.rooted(), snapshotted.snapshot().targets());
                let check = Check::TargetsPresent;
                let limit = bytes_to_ask_for(pin, rooted.limits().targets, &File::Targets, check)?;
                Action::Fetch(Request::metadata(
                    file_name::published(rooted.root(), TopLevelRole::Targets, pin.version),
                    limit,
                ))
            }
            State::StoreTargets(trusted) => {
                Action::Store(LocalFile::Targets, Content::Metadata(trusted.targets().document()))
            }
            State::Done(trusted) => Action::Done(trusted.clone()),
            State::Over(refusal) => return Err(refusal.clone()),
        })
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        let over = State::Over(absent(File::of(TopLevelRole::Root), Check::PinnedRoot));
        let state = std::mem::replace(&mut self.state, over);
        match self.next(state, input) {
            Ok(state) => {
                self.state = state;
                Ok(())
            }
            Err(refusal) => {
                self.state = State::Over(refusal.clone());
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

/// What follows the timestamp: the local snapshot if it is the one that the timestamp names, otherwise the repository's.
fn with_timestamp(timestamped: Timestamped) -> State {
    match timestamped.local_snapshot() {
        Some(snapshot) => State::LoadTargets(timestamped.with_snapshot(snapshot)),
        None => State::FetchSnapshot(timestamped),
    }
}

fn absent(file: File, check: Check) -> Refusal {
    Refusal { file, check, fault: Fault::Absent }
}
