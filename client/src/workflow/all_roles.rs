//! All delegated roles of a repository, for a mirror or a report of expiries.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use rootline_metadata::{DelegatedRoles, Expiry, RoleName, TargetPath, Targets, Verified, file_name};

use super::machine::{Action, Input, Prefetched, StateMachine};
use super::phases::Trusted;
use super::visit::Visit;
use crate::transport::Request;
use crate::workflow::check::Check;
use crate::workflow::refusal::{Fault, Refusal};

/// Goes through all delegations, breadth first, from the top-level targets on. Each role is verified for every delegator, as in a search;
/// nothing is stored.
#[derive(Debug)]
pub struct AllDelegatedRoles {
    walked: ReachedRoles,
    most_roles: usize,
    /// Cycles end, because each delegation is followed once.
    followed: BTreeSet<Visit>,
    to_load: VecDeque<Visit>,
    to_fetch: VecDeque<Visit>,
    /// Whether every role has to be reached, unless it has expired.
    needs_all: bool,
}

/// The outcome of [`AllDelegatedRoles`]: the delegated roles that were reached, each verified.
#[derive(Clone, Debug)]
pub struct ReachedRoles {
    trusted: Trusted,
    roles: BTreeMap<RoleName, Reached>,
    expired: BTreeMap<RoleName, Expiry>,
    refused: BTreeMap<RoleName, Refusal>,
    gave_up: bool,
    /// How many delegations lead from the top-level role to each role on the shortest way.
    depths: BTreeMap<RoleName, usize>,
}

#[derive(Clone, Debug)]
struct Reached {
    targets: Verified<Targets>,
    /// For whom it was verified.
    delegators: Vec<Option<RoleName>>,
}

/// How many files are asked for at the same time, where the transport can: enough to hide a round trip.
const MAX_PREFETCH: usize = 32;

impl AllDelegatedRoles {
    /// Begins with the top-level targets. More than `most_roles` are not followed.
    pub fn begin(trusted: Trusted, most_roles: usize) -> AllDelegatedRoles {
        let top = trusted.targets().clone();
        let walked = ReachedRoles {
            trusted,
            roles: BTreeMap::new(),
            expired: BTreeMap::new(),
            refused: BTreeMap::new(),
            gave_up: false,
            depths: BTreeMap::new(),
        };
        let mut walk = AllDelegatedRoles {
            walked,
            most_roles,
            followed: BTreeSet::new(),
            to_load: VecDeque::new(),
            to_fetch: VecDeque::new(),
            needs_all: true,
        };
        walk.follow(None, &top);
        walk
    }

    /// Passes over roles that are missing or do not verify, and [names](ReachedRoles::refused) them: for a cache, which has only the roles that
    /// were queried, and where one bad role is no reason to do without the others.
    #[must_use]
    pub fn present_only(self) -> AllDelegatedRoles {
        AllDelegatedRoles { needs_all: false, ..self }
    }

    /// Notes to whom a role delegates. A role that the snapshot does not list is not trusted by anybody.
    fn follow(&mut self, delegator: Option<RoleName>, targets: &Targets) {
        let Some(delegations) = targets.delegations() else { return };
        let snapshot = self.walked.trusted.snapshot();
        let listed: Vec<RoleName> = match delegations.roles() {
            DelegatedRoles::Listed(roles) => {
                let names = roles.iter().map(|delegation| delegation.name().clone());
                names.filter(|name| snapshot.delegated(name).is_some()).collect()
            }
            // There may be more bins than anybody could count; the snapshot lists those that are there.
            DelegatedRoles::HashBins(bins) => {
                let files = snapshot.files_beginning_with(bins.name_prefix());
                let names = files.filter_map(|name| file_name::delegated_role_in(&name));
                names.filter(|name| bins.is_bin(name)).collect()
            }
        };
        for role in listed {
            let visit = Visit { role, delegator: delegator.clone() };
            if self.followed.insert(visit.clone()) {
                self.to_load.push_back(visit);
            }
        }
    }

    /// Passes over what needs no file: roles that were reached in another way, and all of it once there are too many.
    fn settle(&mut self) {
        loop {
            let waiting = if self.to_load.is_empty() { &mut self.to_fetch } else { &mut self.to_load };
            let Some(visit) = waiting.front() else { return };
            let Some(reached) = self.walked.roles.get(&visit.role) else {
                if self.walked.roles.len() < self.most_roles {
                    return;
                }
                self.walked.gave_up = true;
                self.to_load.clear();
                self.to_fetch.clear();
                return;
            };
            let bytes = reached.targets.bytes().to_vec();
            if let Some(visit) = waiting.pop_front()
                && self.verify(&visit, bytes).is_ok()
                && let Some(reached) = self.walked.roles.get_mut(&visit.role)
            {
                reached.delegators.push(visit.delegator);
            }
        }
    }

    fn verify(&self, visit: &Visit, bytes: Vec<u8>) -> Result<Verified<Targets>, Refusal> {
        visit.verify(&self.walked.trusted, self.walked.targets(visit.delegator.as_ref()), bytes)
    }

    fn reach(&mut self, visit: Visit, targets: Verified<Targets>) {
        self.follow(Some(visit.role.clone()), &targets);
        self.walked.expired.remove(&visit.role);
        self.walked.roles.insert(visit.role, Reached { targets, delegators: vec![visit.delegator] });
    }
}

impl StateMachine for AllDelegatedRoles {
    type Outcome = ReachedRoles;

    fn action(&mut self) -> Result<Action<ReachedRoles>, Refusal> {
        self.settle();
        if let Some(visit) = self.to_load.front() {
            let limit = self.walked.trusted.rooted().limits().targets;
            return Ok(Action::Load(visit.local_file(), limit));
        }
        while let Some(visit) = self.to_fetch.front() {
            match visit.request(&self.walked.trusted) {
                Ok(request) => return Ok(Action::Fetch(request)),
                Err(refusal) => {
                    self.walked.refused.insert(visit.role.clone(), refusal);
                    self.to_fetch.pop_front();
                    self.settle();
                }
            }
        }
        // What one delegator's keys did not sign may be what another's did.
        let walked = &mut self.walked;
        walked.refused.retain(|role, _| !walked.roles.contains_key(role));
        match walked.refused.values().next() {
            Some(refusal) if self.needs_all => Err(refusal.clone()),
            _ => {
                self.walked.measure();
                Ok(Action::Done(self.walked.clone()))
            }
        }
    }

    fn prefetch_plan(&self, _: &dyn Prefetched) -> Vec<Request> {
        self.to_fetch
            .iter()
            .skip(1)
            .take(MAX_PREFETCH)
            .filter_map(|visit| visit.request(&self.walked.trusted).ok())
            .collect()
    }

    fn input(&mut self, input: Input) -> Result<(), Refusal> {
        if let Some(visit) = self.to_load.pop_front() {
            match input.into_bytes().map(|bytes| self.verify(&visit, bytes)) {
                Some(Ok(targets)) => self.reach(visit, targets),
                _ => self.to_fetch.push_back(visit),
            }
        } else if let Some(visit) = self.to_fetch.pop_front() {
            let judged = input.into_bytes().map_or_else(|| Err(visit.absent()), |bytes| self.verify(&visit, bytes));
            match judged {
                Ok(targets) => self.reach(visit, targets),
                // Whoever asks this role will be refused, wherever it comes from; that is no reason to do without the others.
                Err(Refusal { check: Check::TargetsExpiry, fault: Fault::Expired { expiry, .. }, .. }) => {
                    self.walked.expired.insert(visit.role, expiry);
                }
                Err(refusal) => {
                    self.walked.refused.insert(visit.role, refusal);
                }
            }
        }
        Ok(())
    }
}

impl ReachedRoles {
    /// The four top-level roles.
    pub fn trusted(&self) -> &Trusted {
        &self.trusted
    }

    /// Every delegated role that was reached, verified and unexpired, in order of the names.
    pub fn roles(&self) -> impl Iterator<Item = (&RoleName, &Verified<Targets>)> {
        self.roles.iter().map(|(name, reached)| (name, &reached.targets))
    }

    /// The delegated roles that would have been reached, were they not expired. What only they delegate to was not looked for.
    pub fn expired(&self) -> impl Iterator<Item = (&RoleName, Expiry)> {
        self.expired.iter().map(|(name, expiry)| (name, *expiry))
    }

    /// The delegated roles that are missing or do not verify, and why; none where that ended the walk. What only they delegate to was not
    /// looked for.
    pub fn refused(&self) -> impl Iterator<Item = (&RoleName, &Refusal)> {
        self.refused.iter()
    }

    /// Whether there were more roles than were to be followed.
    pub fn gave_up(&self) -> bool {
        self.gave_up
    }

    /// The roles that no search comes to, because more delegations lead to them than it may [follow](crate::Limits::delegations): each
    /// visits one role more.
    pub fn too_deep(&self) -> impl Iterator<Item = (&RoleName, &Verified<Targets>)> {
        self.roles().filter(|(role, _)| self.is_too_deep(role))
    }

    fn is_too_deep(&self, role: &RoleName) -> bool {
        self.depths.get(role).is_none_or(|depth| *depth > self.trusted.rooted().limits().delegations)
    }

    /// Whether a search for `path` can come to this role: each role on some way to it delegates `path`, and no search is too short for
    /// that way.
    pub fn may_speak_about(&self, role: &RoleName, path: &TargetPath) -> bool {
        if self.is_too_deep(role) {
            return false;
        }
        // Upwards, a delegation at a time: the first way that is found is the shortest, and none is longer than a search.
        let mut seen = BTreeSet::from([role]);
        let mut reached = vec![role];
        for _ in 0..self.trusted.rooted().limits().delegations {
            let mut above = Vec::new();
            for role in reached {
                for delegator in self.delegators_for(role, path) {
                    match delegator {
                        None => return true,
                        Some(delegator) if seen.insert(delegator) => above.push(delegator),
                        Some(_) => {}
                    }
                }
            }
            reached = above;
        }
        false
    }

    /// Those for whom `role` was verified and who delegate `path` to it.
    fn delegators_for<'a>(
        &'a self,
        role: &'a RoleName,
        path: &'a TargetPath,
    ) -> impl Iterator<Item = Option<&'a RoleName>> {
        let delegators = self.roles.get(role).into_iter().flat_map(|reached| &reached.delegators);
        delegators.map(Option::as_ref).filter(move |delegator| {
            let delegations = self.targets(*delegator).and_then(|targets| targets.delegations());
            delegations.is_some_and(|all| all.delegates(role, path))
        })
    }

    /// Counts for each role how many delegations lead to it, from the top-level role on.
    fn measure(&mut self) {
        let mut delegates: BTreeMap<Option<&RoleName>, Vec<&RoleName>> = BTreeMap::new();
        for (role, reached) in &self.roles {
            reached.delegators.iter().for_each(|delegator| {
                delegates.entry(delegator.as_ref()).or_default().push(role);
            });
        }
        let mut depths: BTreeMap<RoleName, usize> = BTreeMap::new();
        let mut to_visit = VecDeque::from([(None, 0)]);
        while let Some((delegator, depth)) = to_visit.pop_front() {
            for role in delegates.remove(&delegator).unwrap_or_default() {
                if !depths.contains_key(role) {
                    depths.insert(role.clone(), depth + 1);
                    to_visit.push_back((Some(role), depth + 1));
                }
            }
        }
        self.depths = depths;
    }

    /// The targets file of a role that was reached; `None` for the top-level role.
    fn targets(&self, role: Option<&RoleName>) -> Option<&Verified<Targets>> {
        match role {
            None => Some(self.trusted.targets()),
            Some(role) => self.roles.get(role).map(|reached| &reached.targets),
        }
    }
}
