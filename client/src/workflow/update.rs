//! A refresh and the targets that a caller queries, in one session, so that they can be committed together.

use std::collections::{BTreeSet, VecDeque};
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rootline_metadata::{Role, TargetPath};

use super::machine::{Action, Content, Input, Prefetched, StateMachine};
use super::refresh::Refresh;
use super::search::{KnownRoles, Search, TargetInfo};
use super::seen::Seen;
use super::target::target_absent;
use crate::error::Note;
use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::Trusted;
use crate::workflow::check::Check;
use crate::workflow::freshness::FreshnessReport;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};

/// A target to fetch with an update.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TargetQuery {
    /// Its name.
    pub path: TargetPath,
    /// Whether the target is optional: not a failure when no role lists it, or when the search for it comes to a delegated role that cannot
    /// be verified.
    pub if_listed: bool,
}

impl TargetQuery {
    /// A target that has to be there: it is a failure when no role lists it.
    pub fn required(path: TargetPath) -> TargetQuery {
        TargetQuery { path, if_listed: false }
    }

    /// A target that is fetched when a role lists it. Where the search for it comes to a delegated role that cannot be verified, it counts as
    /// not listed, and that is [told](Updated::passed_over).
    pub fn if_listed(path: TargetPath) -> TargetQuery {
        TargetQuery { path, if_listed: true }
    }
}

/// The outcome of an update: everything verified, belonging together.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Updated {
    /// The four top-level roles.
    pub trusted: Trusted,
    /// The queried targets that are listed, in the order of the queries.
    pub targets: Vec<(TargetInfo, Arc<[u8]>)>,
    /// When this client last compared it with the repository; `None` if that is not known.
    pub checked_at: Option<DateTime<Utc>>,
    /// Optional targets that may be listed by a delegated role which could not be verified, and why.
    pub passed_over: Vec<(TargetPath, Refusal)>,
}

impl Updated {
    /// The bytes of a queried target.
    pub fn target(&self, path: &str) -> Option<&Arc<[u8]>> {
        self.targets.iter().find(|(found, _)| found.path.as_str() == path).map(|(_, bytes)| bytes)
    }

    /// How fresh all of it is.
    pub fn freshness(&self) -> FreshnessReport {
        let trusted = &self.trusted;
        let mut expiries = vec![
            ("root".to_owned(), trusted.root().expiry()),
            ("timestamp".to_owned(), trusted.timestamp().expiry()),
            ("snapshot".to_owned(), trusted.snapshot().expiry()),
            ("targets".to_owned(), trusted.targets().expiry()),
        ];
        // Top-level names are no delegated role's.
        let mut told = BTreeSet::new();
        for (found, _) in &self.targets {
            if let Some(role) = found.role.as_ref().filter(|role| told.insert(role.as_str())) {
                expiries.push((role.as_str().to_owned(), found.expiry));
            }
        }
        FreshnessReport {
            checked_at: self.checked_at,
            signed_at: trusted.signed_at(),
            judged_at: trusted.checked_at(),
            expiries,
        }
    }
}

/// The state machine of an update: a refresh, then each queried target.
#[derive(Debug)]
pub struct Update {
    state: State,
    wanted: VecDeque<TargetQuery>,
    targets: Vec<(TargetInfo, Arc<[u8]>)>,
    passed_over: Vec<(TargetPath, Refusal)>,
    /// The delegated roles that the searches have verified so far, each once for all targets.
    known: Arc<KnownRoles>,
    notes: Vec<Note>,
}

#[derive(Debug)]
enum State {
    Refreshing(Box<Refresh>),
    Searching(Trusted, Box<Search>, TargetQuery),
    LoadTarget(Trusted, TargetInfo),
    FetchTarget(Trusted, TargetInfo, Request),
    StoreTarget(Trusted, TargetInfo, Arc<[u8]>),
    Done(Trusted),
    Refused(Refusal),
}

/// How many of the queries that follow are looked at to prefetch their targets: enough to hide a round trip, and their answers are held in
/// memory.
const MAX_PREFETCH: usize = 64;

impl Update {
    /// Begins as [`Refresh::begin`].
    ///
    /// # Errors
    /// As [`Refresh::begin`].
    pub fn begin(
        pinned: Vec<u8>,
        wanted: impl IntoIterator<Item = TargetQuery>,
        now: DateTime<Utc>,
        limits: &Limits,
    ) -> Result<Update, Refusal> {
        let refresh = Refresh::begin(pinned, now, limits)?;
        let state = State::Refreshing(Box::new(refresh));
        Ok(Update {
            state,
            wanted: wanted.into_iter().collect(),
            targets: Vec::new(),
            passed_over: Vec::new(),
            known: Arc::default(),
            notes: Vec::new(),
        })
    }

    /// As [`Refresh::after`].
    #[must_use]
    pub fn after(self, seen: Seen) -> Update {
        let state = match self.state {
            State::Refreshing(refresh) => State::Refreshing(Box::new(refresh.after(seen))),
            other => other,
        };
        Update { state, ..self }
    }

    /// Goes on to the next query.
    fn want_next(&mut self, trusted: Trusted) -> Result<State, Refusal> {
        while let Some(wanted) = self.wanted.pop_front() {
            match Search::begin_knowing(trusted.clone(), wanted.path.clone(), Arc::clone(&self.known)) {
                Ok(search) => return Ok(State::Searching(trusted, Box::new(search), wanted)),
                Err(refusal) => self.pass_over(&wanted, refusal)?,
            }
        }
        Ok(State::Done(trusted))
    }

    fn learn(&mut self, learned: KnownRoles) {
        match Arc::get_mut(&mut self.known) {
            Some(known) => known.extend(learned),
            None => self.known = Arc::new(learned),
        }
    }

    /// A repository need not have every target. A search never goes on past a role that cannot be verified, since a mirror that withholds that role
    /// would choose the next one; but what is optional may be missing, and then one bad role does not take the rest along.
    fn pass_over(&mut self, wanted: &TargetQuery, refusal: Refusal) -> Result<(), Refusal> {
        match (&refusal.fault, &refusal.file) {
            _ if !wanted.if_listed => Err(refusal),
            (Fault::NotListed { gave_up: false, .. }, _) => Ok(()),
            (Fault::NotListed { .. }, _) | (_, File::Delegated(_)) => {
                let (target, reason) = (wanted.path.clone(), refusal.to_string());
                self.notes.push(Note::OptionalTargetPassedOver { target, reason });
                self.passed_over.push((wanted.path.clone(), refusal));
                Ok(())
            }
            _ => Err(refusal),
        }
    }

    fn next(&mut self, state: State, input: Input) -> Result<State, Refusal> {
        Ok(match (state, input) {
            (State::Refreshing(mut refresh), input) => {
                let refreshed = refresh.input(input);
                self.notes.append(&mut refresh.take_notes());
                refreshed?;
                State::Refreshing(refresh)
            }
            (State::Searching(trusted, mut search, wanted), input) => match search.input(input) {
                Ok(()) => State::Searching(trusted, search, wanted),
                Err(refusal) => {
                    self.learn(search.take_learned());
                    self.pass_over(&wanted, refusal)?;
                    self.want_next(trusted)?
                }
            },
            // A cache is the target if it is what is said of it.
            (State::LoadTarget(trusted, found), Input::Bytes(bytes)) if found.file.matches(&bytes) => {
                self.targets.push((found, bytes.into()));
                self.want_next(trusted)?
            }
            (State::LoadTarget(trusted, found), _) => {
                let request = found.request(trusted.rooted().limits())?;
                State::FetchTarget(trusted, found, request)
            }
            (State::FetchTarget(trusted, found, _), Input::Bytes(bytes)) => {
                found.verify(&bytes)?;
                State::StoreTarget(trusted, found, bytes.into())
            }
            (State::FetchTarget(_, found, _), _) => return Err(target_absent(&found)),
            (State::StoreTarget(trusted, found, bytes), _) => {
                self.targets.push((found, bytes));
                self.want_next(trusted)?
            }
            (State::Done(trusted), _) => State::Done(trusted),
            (State::Refused(refusal), _) => return Err(refusal),
        })
    }
}

impl StateMachine for Update {
    type Outcome = Updated;

    fn action(&mut self) -> Result<Action<Updated>, Refusal> {
        loop {
            // Once the inner machine is done, this one goes on.
            let state = match &mut self.state {
                State::Refreshing(refresh) => match inner(refresh.action()?) {
                    Ok(step) => return Ok(step),
                    Err(trusted) => self.want_next(trusted)?,
                },
                State::Searching(trusted, search, wanted) => match search.action().map(inner) {
                    Ok(Ok(step)) => return Ok(step),
                    Ok(Err(found)) => {
                        let (trusted, learned) = (trusted.clone(), search.take_learned());
                        self.learn(learned);
                        State::LoadTarget(trusted, found)
                    }
                    Err(refusal) => {
                        let (trusted, wanted, learned) = (trusted.clone(), wanted.clone(), search.take_learned());
                        self.learn(learned);
                        self.pass_over(&wanted, refusal)?;
                        self.want_next(trusted)?
                    }
                },
                State::LoadTarget(_, found) => {
                    return Ok(Action::Load(LocalFile::Target(found.path.as_str().to_owned()), found.file.length));
                }
                State::FetchTarget(_, _, request) => return Ok(Action::Fetch(request.clone())),
                State::StoreTarget(_, found, bytes) => {
                    let file = LocalFile::Target(found.path.as_str().to_owned());
                    return Ok(Action::Store(file, Content::Target(Arc::clone(bytes))));
                }
                State::Done(trusted) => {
                    let (trusted, targets) = (trusted.clone(), self.targets.clone());
                    let passed_over = self.passed_over.clone();
                    return Ok(Action::Done(Updated { trusted, targets, checked_at: None, passed_over }));
                }
                State::Refused(refusal) => return Err(refusal.clone()),
            };
            self.state = state;
        }
    }

    fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    fn prefetch_plan(&self, prefetched: &dyn Prefetched) -> Vec<Request> {
        match &self.state {
            State::Refreshing(refresh) => refresh.prefetch_plan(prefetched),
            // The others that the top-level role lists. What it delegates is found in its turn.
            State::FetchTarget(trusted, ..) => {
                self.wanted.iter().take(MAX_PREFETCH).filter_map(|wanted| listed(trusted, wanted)).collect()
            }
            _ => Vec::new(),
        }
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        let refused = State::Refused(Refusal { file: File::Targets, check: Check::TargetKnown, fault: Fault::Absent });
        let state = std::mem::replace(&mut self.state, refused);
        self.next(state, input).map(|state| self.state = state).inspect_err(|refusal| {
            self.state = State::Refused(refusal.clone());
        })
    }
}

/// The action of an inner machine, or its outcome.
fn inner<T>(action: Action<T>) -> Result<Action<Updated>, T> {
    match action {
        Action::Load(file, limit) => Ok(Action::Load(file, limit)),
        Action::Fetch(request) => Ok(Action::Fetch(request)),
        Action::Store(file, content) => Ok(Action::Store(file, content)),
        Action::Done(outcome) => Err(outcome),
    }
}

fn listed(trusted: &Trusted, wanted: &TargetQuery) -> Option<Request> {
    let file = trusted.targets().target(&wanted.path)?;
    let found = TargetInfo {
        path: wanted.path.clone(),
        file,
        role: None,
        expiry: trusted.targets().expiry(),
        consistent_snapshot: trusted.root().consistent_snapshot(),
    };
    found.request(trusted.rooted().limits()).ok()
}
