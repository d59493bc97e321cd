//! The roots before the pinned one, for readers who have pinned an older one.

use std::fmt;

use rootline_metadata::{Envelope, Role, Root, Version, file_name, sha256};

use super::machine::{Action, Input, Prefetched, StateMachine};
use super::root_chain::RootChain;
use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// What vouches for the roots before the pinned one. The pinned root itself does not: anybody can make a root that lists its keys and so
/// "leads up" to it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EarlierRoots {
    /// Nothing: none of them is taken.
    #[default]
    Unknown,
    /// The SHA-256 digests of root 1, root 2 and so on.
    Digests(Vec<[u8; 32]>),
    /// One of them, which the caller trusts as much as the pinned one: the chain of signatures leads from it to the pinned root.
    Oldest(Vec<u8>),
}

impl EarlierRoots {
    /// Whether these bytes are the root of that version, as its digest says.
    #[cfg(feature = "bundle")]
    pub(crate) fn has(&self, version: Version, root: &[u8]) -> bool {
        self.digest(version) == Some(&sha256(root))
    }

    fn digest(&self, version: Version) -> Option<&[u8; 32]> {
        let EarlierRoots::Digests(digests) = self else { return None };
        digests.get(usize::try_from(version.number().checked_sub(1)?).ok()?)
    }
}

/// Collects the roots before the pinned one that [`EarlierRoots`] vouches for, without a gap up to the pinned one. That some of them cannot
/// be had, or that somebody serves others in their place, is no failure: nothing after the pinned root depends on them.
#[derive(Debug)]
pub struct RootHistory {
    pinned: Vec<u8>,
    pinned_version: Version,
    limits: Limits,
    way: Way,
    state: State,
    /// In the order in which they were found.
    found: Vec<Vec<u8>>,
    left_out: Option<RootsLeftOut>,
}

#[derive(Debug)]
enum Way {
    /// From the version before the pinned one downwards.
    Down(EarlierRoots),
    /// From the oldest one upwards.
    Up(Box<RootChain>),
}

#[derive(Debug)]
enum State {
    Load(Version),
    Fetch(Version),
    Done,
}

/// The outcome of [`RootHistory`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct FoundRoots {
    /// Without a gap, the oldest first, up to the one before the pinned root.
    pub roots: Vec<Vec<u8>>,
    /// Those before them that are missing, if any are.
    pub left_out: Option<RootsLeftOut>,
}

/// The roots from the first one up to this version that were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct RootsLeftOut {
    /// The newest one of them.
    pub newest: Version,
    /// The version at which it was found out.
    pub at: Version,
    /// Why.
    pub why: WhyLeftOut,
}

/// Why roots before the pinned one were left out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum WhyLeftOut {
    /// Nothing vouches for them.
    NothingVouches,
    /// The repository does not have one of them.
    Missing,
    /// What the repository serves in the place of one is another root.
    Conflict,
    /// The chain from the oldest one does not lead to the pinned root.
    LeadsElsewhere,
    /// There are more than [`Limits`] allow to follow.
    TooMany,
}

impl fmt::Display for RootsLeftOut {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RootsLeftOut { newest, at, why } = *self;
        match newest {
            Version::FIRST => f.write_str("root 1 was left out: ")?,
            _ => write!(f, "roots 1 to {newest} were left out: ")?,
        }
        match why {
            WhyLeftOut::NothingVouches => write!(f, "nothing vouches for root {at} but whoever serves it"),
            WhyLeftOut::Missing => write!(f, "the repository has no root {at}"),
            WhyLeftOut::Conflict => write!(f, "what the repository serves as root {at} is another root"),
            WhyLeftOut::LeadsElsewhere => f.write_str("the oldest root does not lead to the pinned one"),
            WhyLeftOut::TooMany => f.write_str("there are more than are followed"),
        }
    }
}

/// How many are asked for at the same time.
const MAX_PREFETCH: usize = 16;

impl RootHistory {
    /// Begins with the pinned root.
    ///
    /// # Errors
    /// If it, or the oldest root that the caller trusts, is not a root or not signed by itself, or that one is not before it.
    pub fn begin(pinned: Vec<u8>, earlier: EarlierRoots, limits: &Limits) -> Result<RootHistory, Refusal> {
        let mut history = RootHistory {
            pinned_version: RootChain::begin(pinned.clone(), limits)?.newest().version(),
            pinned,
            limits: limits.clone(),
            way: Way::Down(EarlierRoots::Unknown),
            state: State::Done,
            found: Vec::new(),
            left_out: None,
        };
        match earlier {
            EarlierRoots::Oldest(oldest) => history.begin_at(oldest)?,
            digests => {
                history.way = Way::Down(digests);
                history.go_down(before(history.pinned_version));
            }
        }
        Ok(history)
    }

    fn begin_at(&mut self, oldest: Vec<u8>) -> Result<(), Refusal> {
        let chain = RootChain::begin(oldest.clone(), &self.limits)?;
        let (version, pinned) = (chain.newest().version(), self.pinned_version);
        if version > pinned || (version == pinned && oldest != self.pinned) {
            let fault = Fault::WrongVersion { expected: before(pinned).unwrap_or(pinned), offered: version };
            return Err(Refusal { file: File::Root(Some(version)), check: Check::PinnedRoot, fault });
        }
        self.way = Way::Up(Box::new(chain));
        if let Some(before) = before(version) {
            self.end(before, WhyLeftOut::NothingVouches);
        }
        if version == pinned {
            return Ok(());
        }
        if pinned.number() - version.number() > u64::from(self.limits.root_rotations) {
            self.end_at(version, WhyLeftOut::TooMany);
            return Ok(());
        }
        self.found.push(oldest);
        self.go_up(version.next());
        Ok(())
    }

    fn request(&self, version: Version) -> Request {
        Request::metadata(file_name::root(version), self.limits.root)
    }

    /// Goes on to this version, if something vouches for it.
    fn go_down(&mut self, next: Option<Version>) {
        match next {
            None => self.state = State::Done,
            Some(version) if self.found.len() >= self.limits.root_rotations as usize => {
                self.end_at(version, WhyLeftOut::TooMany);
            }
            Some(version) if self.digest(version).is_none() => self.end_at(version, WhyLeftOut::NothingVouches),
            Some(version) => self.state = State::Load(version),
        }
    }

    /// Goes on to this version. Once there are all up to the pinned one, they have to lead to it, byte for byte.
    fn go_up(&mut self, next: Option<Version>) {
        let pinned = self.pinned_version;
        if let Some(next) = next.filter(|next| *next < pinned) {
            self.state = State::Load(next);
            return;
        }
        let leads_there = match &mut self.way {
            Way::Up(chain) => chain.extend(self.pinned.clone()).is_ok(),
            Way::Down(_) => true,
        };
        match before(pinned) {
            Some(last) if !leads_there => self.end_at(last, WhyLeftOut::LeadsElsewhere),
            _ => self.state = State::Done,
        }
    }

    /// This version cannot be had, and with it none that is further away from the pinned root; on the way up, that is all of them.
    fn end_at(&mut self, version: Version, why: WhyLeftOut) {
        self.end(version, why);
        if matches!(self.way, Way::Up(_)) {
            self.found.clear();
            self.left_out = before(self.pinned_version).map(|newest| RootsLeftOut { newest, at: version, why });
        }
    }

    fn end(&mut self, version: Version, why: WhyLeftOut) {
        self.left_out = Some(RootsLeftOut { newest: version, at: version, why });
        self.state = State::Done;
    }

    fn digest(&self, version: Version) -> Option<&[u8; 32]> {
        match &self.way {
            Way::Down(earlier) => earlier.digest(version),
            Way::Up(_) => None,
        }
    }

    /// Takes these bytes as the root of that version, if what is vouched for says so.
    fn takes(&mut self, version: Version, bytes: Vec<u8>) -> bool {
        match &mut self.way {
            Way::Down(_) => {
                if self.digest(version) != Some(&sha256(&bytes)) || !has_version(&bytes, version, &self.limits) {
                    return false;
                }
                self.found.push(bytes);
                self.go_down(before(version));
            }
            Way::Up(chain) => {
                if chain.extend(bytes.clone()).is_err() {
                    return false;
                }
                self.found.push(bytes);
                self.go_up(version.next());
            }
        }
        true
    }

    fn outcome(&self) -> FoundRoots {
        let mut roots = self.found.clone();
        if matches!(self.way, Way::Down(_)) {
            roots.reverse();
        }
        FoundRoots { roots, left_out: self.left_out }
    }
}

/// The `earlier` roots with their versions, the oldest first, if each is vouched for by the one before it and the last of them vouches for
/// the pinned root.
///
/// # Errors
/// If they are not one chain. Nothing here vouches for the oldest of them.
#[cfg(feature = "bundle")]
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
    type Outcome = FoundRoots;

    fn action(&mut self) -> Result<Action<Self::Outcome>, Refusal> {
        Ok(match self.state {
            State::Load(version) => Action::Load(LocalFile::RootHistory(version.number()), self.limits.root),
            State::Fetch(version) => Action::Fetch(self.request(version)),
            State::Done => Action::Done(self.outcome()),
        })
    }

    fn prefetch_plan(&self, _: &dyn Prefetched) -> Vec<Request> {
        let State::Fetch(version) = self.state else { return Vec::new() };
        let next = |version: &Version| match self.way {
            Way::Down(_) => before(*version).filter(|next| self.digest(*next).is_some()),
            Way::Up(_) => version.next().filter(|next| *next < self.pinned_version),
        };
        let further = std::iter::successors(next(&version), next);
        further.take(MAX_PREFETCH).map(|version| self.request(version)).collect()
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        match (&self.state, input.into_bytes()) {
            (State::Load(version), bytes) => {
                let version = *version;
                // A copy that was damaged, or is another root, is no reason to do without.
                if bytes.is_none_or(|bytes| !self.takes(version, bytes)) {
                    self.state = State::Fetch(version);
                }
            }
            (State::Fetch(version), None) => self.end_at(*version, WhyLeftOut::Missing),
            (State::Fetch(version), Some(bytes)) => {
                let version = *version;
                if !self.takes(version, bytes) {
                    self.end_at(version, WhyLeftOut::Conflict);
                }
            }
            (State::Done, _) => {}
        }
        Ok(())
    }
}

fn before(version: Version) -> Option<Version> {
    version.number().checked_sub(1).and_then(Version::new)
}

/// What vouches for a digest vouches for the version that stands in the file as well; readers ask by it.
fn has_version(bytes: &[u8], expected: Version, limits: &Limits) -> bool {
    let limit = usize::try_from(limits.root).unwrap_or(usize::MAX);
    Envelope::<Root>::parse(bytes.to_vec(), limit).is_ok_and(|root| root.unverified().version() == expected)
}
