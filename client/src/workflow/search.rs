//! Finding a target: a pre-order depth-first search through delegations (TUF 5.6.7; TAP 15).

use std::collections::BTreeMap;
use std::sync::Arc;

use rootline_metadata::json::Document;
use rootline_metadata::{Expiry, Role, RoleName, TargetFile, TargetPath, Targets, Verified};

use super::machine::{Action, Content, Input, StateMachine};
use super::phases::Trusted;
use super::visit::Visit;
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// The search for one target, which may load, fetch and store delegated roles on its way.
#[derive(Debug)]
pub struct Search {
    trusted: Trusted,
    path: TargetPath,
    /// Roles to go to, the next one last.
    to_visit: Vec<Visit>,
    /// 5.6.7.1: each role is visited once, so that cycles end; with who delegated to it then.
    visited: BTreeMap<RoleName, Option<RoleName>>,
    /// The roles that delegate, by name; `None` is the top-level role.
    delegators: BTreeMap<Option<RoleName>, Verified<Targets>>,
    /// Roles that earlier searches have verified: asking them again costs nothing.
    known: Arc<KnownRoles>,
    /// What this search has verified.
    learned: KnownRoles,
    state: State,
}

/// Roles that were verified for a delegator, as it was then.
#[derive(Debug, Default)]
pub(super) struct KnownRoles(BTreeMap<Visit, (Arc<Document>, Verified<Targets>)>);

impl KnownRoles {
    fn get(&self, visit: &Visit, delegator: &Verified<Targets>) -> Option<&Verified<Targets>> {
        let (before, targets) = self.0.get(visit)?;
        // Its keys are what counts: the very same file of the delegator, not one of that name.
        Arc::ptr_eq(before, &delegator.document()).then_some(targets)
    }

    fn insert(&mut self, visit: Visit, delegator: &Verified<Targets>, targets: Verified<Targets>) {
        self.0.insert(visit, (delegator.document(), targets));
    }

    /// Adds what a search has learned.
    pub(super) fn extend(&mut self, learned: KnownRoles) {
        self.0.extend(learned.0);
    }
}

#[derive(Debug)]
enum State {
    Load(Visit),
    Fetch(Visit),
    Store(Visit, Verified<Targets>),
    Found(TargetInfo),
    Refused(Refusal),
}

/// A target that a search found: its file and the role that lists it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetInfo {
    /// The name that was searched for.
    pub path: TargetPath,
    /// Its length and digests.
    pub file: TargetFile,
    /// The delegated role that lists it; `None` for the top-level role.
    pub role: Option<RoleName>,
    /// The first expiry of that role and of those that lead to it from the top-level targets.
    pub expiry: Expiry,
    /// Whether the file's name carries its digest in the repository (TUF 6.2).
    pub consistent_snapshot: bool,
}

impl Search {
    /// Begins with the top-level targets.
    ///
    /// # Errors
    /// If the target is not listed, and no delegated role could list it.
    pub fn begin(trusted: Trusted, path: TargetPath) -> Result<Search, Refusal> {
        Search::begin_knowing(trusted, path, Arc::default())
    }

    /// The same, with what earlier searches have verified under the same `trusted`.
    pub(super) fn begin_knowing(trusted: Trusted, path: TargetPath, known: Arc<KnownRoles>) -> Result<Search, Refusal> {
        let top = trusted.targets().clone();
        let refused = Refusal {
            file: File::Target(path.clone()),
            check: Check::TargetKnown,
            fault: Fault::NotListed { asked: 1, gave_up: false },
        };
        let mut search = Search {
            trusted,
            path,
            to_visit: Vec::new(),
            visited: BTreeMap::new(),
            delegators: BTreeMap::new(),
            known,
            learned: KnownRoles::default(),
            state: State::Refused(refused),
        };
        search.state = search.ask(None, top)?;
        Ok(search)
    }

    /// Takes out what this search has verified; it lets go of what was known before.
    pub(super) fn take_learned(&mut self) -> KnownRoles {
        self.known = Arc::default();
        std::mem::take(&mut self.learned)
    }

    fn limits(&self) -> &Limits {
        self.trusted.rooted().limits()
    }

    /// Asks the roles that are known already.
    fn ask_known(&mut self) -> Result<(), Refusal> {
        while let State::Load(visit) = &self.state {
            let delegator = self.delegators.get(&visit.delegator);
            let Some(targets) = delegator.and_then(|delegator| self.known.get(visit, delegator)) else { break };
            let (role, targets) = (visit.role.clone(), targets.clone());
            self.state = self.ask(Some(role), targets)?;
        }
        Ok(())
    }

    /// Asks a role that was verified just now.
    fn ask_verified(&mut self, visit: Visit, targets: Verified<Targets>) -> Result<State, Refusal> {
        let role = visit.role.clone();
        if let Some(delegator) = self.delegators.get(&visit.delegator) {
            self.learned.insert(visit, delegator, targets.clone());
        }
        self.ask(Some(role), targets)
    }

    /// 5.6.7.1, 5.6.7.2: asks one role, and notes to whom it delegates.
    fn ask(&mut self, role: Option<RoleName>, targets: Verified<Targets>) -> Result<State, Refusal> {
        if let Some(file) = targets.target(&self.path) {
            let consistent_snapshot = self.trusted.root().consistent_snapshot();
            let expiry = self.first_expiry(role.as_ref(), targets.expiry());
            return Ok(State::Found(TargetInfo { path: self.path.clone(), file, role, expiry, consistent_snapshot }));
        }
        let mut children = Vec::new();
        for delegate in targets.delegations().map(|all| all.delegates_for(&self.path)).unwrap_or_default() {
            children.push(Visit { role: delegate.name, delegator: role.clone() });
            // 5.6.7.2.1: nothing after a terminating delegation is asked, here or further up (CVE-2025-2886).
            if delegate.terminating {
                self.to_visit.clear();
                break;
            }
        }
        self.to_visit.extend(children.into_iter().rev());
        self.delegators.insert(role, targets);
        self.next_visit()
    }

    /// The first of `expiry` and the expiries of those who delegate to `role`, directly or not.
    fn first_expiry(&self, role: Option<&RoleName>, expiry: Expiry) -> Expiry {
        let mut first = expiry;
        let mut role = role;
        // 5.6.7.1: each role is visited once, so that this comes to an end at the top.
        while let Some(visit) = role.and_then(|role| self.visited.get(role)) {
            if let Some(delegator) = self.delegators.get(visit) {
                first = first.min(delegator.expiry());
            }
            role = visit.as_ref();
        }
        first
    }

    fn next_visit(&mut self) -> Result<State, Refusal> {
        while let Some(visit) = self.to_visit.pop() {
            if self.visited.contains_key(&visit.role) {
                continue;
            }
            // 5.6.7.1: only so many roles are asked.
            if self.visited.len() >= self.limits().delegations {
                return Err(self.not_listed(true));
            }
            // A role that the snapshot does not list is not trusted; the search goes on past it.
            if self.trusted.snapshot().delegated(&visit.role).is_some() {
                self.visited.insert(visit.role.clone(), visit.delegator.clone());
                return Ok(State::Load(visit));
            }
        }
        Err(self.not_listed(false))
    }

    /// 5.7.2: no role lists it.
    fn not_listed(&self, gave_up: bool) -> Refusal {
        let fault = Fault::NotListed { asked: self.delegators.len(), gave_up };
        Refusal { file: File::Target(self.path.clone()), check: Check::TargetKnown, fault }
    }

    fn verify(&self, visit: &Visit, bytes: Vec<u8>) -> Result<Verified<Targets>, Refusal> {
        visit.verify(&self.trusted, self.delegators.get(&visit.delegator), bytes)
    }

    fn next(&mut self, state: State, input: Input) -> Result<State, Refusal> {
        match (state, input) {
            // A cache passes every check that a fetched one does, or is fetched.
            (State::Load(visit), Input::Bytes(bytes)) => match self.verify(&visit, bytes) {
                Ok(targets) => self.ask_verified(visit, targets),
                Err(_) => Ok(State::Fetch(visit)),
            },
            (State::Load(visit), _) => Ok(State::Fetch(visit)),
            (State::Fetch(visit), Input::Bytes(bytes)) => {
                let targets = self.verify(&visit, bytes)?;
                Ok(State::Store(visit, targets))
            }
            (State::Fetch(visit), _) => Err(visit.absent()),
            (State::Store(visit, targets), _) => self.ask_verified(visit, targets),
            (State::Found(found), _) => Ok(State::Found(found)),
            (State::Refused(refusal), _) => Err(refusal),
        }
    }
}

impl StateMachine for Search {
    type Outcome = TargetInfo;

    fn action(&mut self) -> Result<Action<TargetInfo>, Refusal> {
        if let Err(refusal) = self.ask_known() {
            self.state = State::Refused(refusal);
        }
        Ok(match &self.state {
            State::Load(visit) => Action::Load(visit.local_file(), self.limits().targets),
            State::Fetch(visit) => Action::Fetch(visit.request(&self.trusted)?),
            State::Store(visit, targets) => Action::Store(visit.local_file(), Content::Metadata(targets.document())),
            State::Found(found) => Action::Done(found.clone()),
            State::Refused(refusal) => return Err(refusal.clone()),
        })
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        let refused = State::Refused(self.not_listed(false));
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
