//! The roots before the pinned one, for readers who have pinned an older one.

use rootline_metadata::{Envelope, Role, Root, Version, file_name};

use super::machine::{Action, Input, Prefetched, StateMachine};
use super::root_chain::RootChain;
use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// Goes down from the pinned root to root 1, or as far as the repository has them, and sees that each is vouched for by the one before it,
/// the pinned one included. That makes them one chain and not more: nothing here vouches for the oldest. Readers who have pinned
/// one of them compare it with theirs.
#[derive(Debug)]
pub struct RootHistory {
    pinned: Vec<u8>,
    limits: Limits,
    state: State,
    only_from_repository: bool,
    /// From the version before the pinned one downwards.
    found: Vec<Vec<u8>>,
}

#[derive(Debug)]
enum State {
    Load(Version),
    Fetch(Version),
    Done,
}

/// How many are asked for at the same time.
const MAX_PREFETCH: usize = 16;

impl RootHistory {
    /// Begins with the pinned root.
    ///
    /// # Errors
    /// If it is not a root, or not signed by itself.
    pub fn begin(pinned: Vec<u8>, limits: &Limits) -> Result<RootHistory, Refusal> {
        let chain = RootChain::begin(pinned.clone(), limits)?;
        let state = before(chain.newest().version()).map_or(State::Done, State::Load);
        Ok(RootHistory { pinned, limits: limits.clone(), state, only_from_repository: false, found: Vec::new() })
    }

    /// Passes over the cache: every root is fetched.
    #[must_use]
    pub fn from_repository_only(mut self) -> RootHistory {
        self.only_from_repository = true;
        if let State::Load(version) = self.state {
            self.state = State::Fetch(version);
        }
        self
    }

    fn request(&self, version: Version) -> Request {
        Request::metadata(file_name::root(version), self.limits.root)
    }

    fn took(&mut self, version: Version, bytes: Vec<u8>) {
        self.found.push(bytes);
        let next = before(version).filter(|_| self.found.len() < self.limits.root_rotations as usize);
        self.state = match next {
            None => State::Done,
            Some(next) if self.only_from_repository => State::Fetch(next),
            Some(next) => State::Load(next),
        };
    }

    /// The roots in order of their versions, if they are one chain up to the pinned one.
    fn chain(&self) -> Result<Vec<Vec<u8>>, Refusal> {
        let found = lead_up_to(&self.pinned, self.found.iter().rev().cloned().collect(), &self.limits)?;
        Ok(found.into_iter().map(|(_, root)| root).collect())
    }
}

/// The `earlier` roots with their versions, the oldest first, if each is vouched for by the one before it and the last of them vouches for
/// the pinned root.
///
/// # Errors
/// If they are not one chain. Nothing pins the oldest of them, so that a fault in it is the repository's.
pub(crate) fn lead_up_to(
    pinned: &[u8],
    earlier: Vec<Vec<u8>>,
    limits: &Limits,
) -> Result<Vec<(Version, Vec<u8>)>, Refusal> {
    let mut chain: Option<RootChain> = None;
    let mut versions = Vec::new();
    for root in earlier.iter().map(|root| &root[..]).chain([pinned]) {
        let newest = match &mut chain {
            Some(chain) => chain.extend(root.to_vec())?.version(),
            None => {
                let begun = RootChain::begin(root.to_vec(), limits)
                    .map_err(|refusal| Refusal { check: Check::RootSignatures, ..refusal })?;
                chain.insert(begun).newest().version()
            }
        };
        versions.push(newest);
    }
    Ok(versions.into_iter().zip(earlier).collect())
}

impl StateMachine for RootHistory {
    type Outcome = Vec<Vec<u8>>;

    fn action(&mut self) -> Result<Action<Self::Outcome>, Refusal> {
        Ok(match self.state {
            State::Load(version) => Action::Load(LocalFile::RootHistory(version.number()), self.limits.root),
            State::Fetch(version) => Action::Fetch(self.request(version)),
            State::Done => Action::Done(self.chain()?),
        })
    }

    fn prefetch_plan(&self, _: &dyn Prefetched) -> Vec<Request> {
        let State::Fetch(version) = self.state else { return Vec::new() };
        let next = std::iter::successors(before(version), |version| before(*version));
        next.take(MAX_PREFETCH).map(|version| self.request(version)).collect()
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        match (&self.state, input) {
            (State::Load(version) | State::Fetch(version), Input::Bytes(bytes)) => {
                let version = *version;
                has_version(&bytes, version, &self.limits)?;
                self.took(version, bytes);
            }
            (State::Load(version), _) => self.state = State::Fetch(*version),
            // The repository has none that are older.
            (State::Fetch(_), _) => self.state = State::Done,
            (State::Done, _) => {}
        }
        Ok(())
    }
}

fn before(version: Version) -> Option<Version> {
    version.number().checked_sub(1).and_then(Version::new)
}

/// 5.3.5, seen from above: the chain is followed by names, so each has to have the version that it is named by.
fn has_version(bytes: &[u8], expected: Version, limits: &Limits) -> Result<(), Refusal> {
    let file = File::Root(Some(expected));
    let limit = usize::try_from(limits.root).unwrap_or(usize::MAX);
    let root = Envelope::<Root>::parse(bytes.to_vec(), limit).map_err(|error| Refusal {
        file: file.clone(),
        check: Check::Form,
        fault: Fault::Malformed(Box::new(error)),
    })?;
    match root.unverified().version() {
        offered if offered == expected => Ok(()),
        offered => Err(Refusal { file, check: Check::RootVersion, fault: Fault::WrongVersion { expected, offered } }),
    }
}
