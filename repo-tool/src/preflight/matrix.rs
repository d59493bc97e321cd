//! Who is tried with what: roots, caches, instants and states, all with all.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::Version;

use super::cached::Cached;
use super::gate::too_far;
use super::own_client::OwnClient;
use super::report::{Refused, Report};
use super::served_roots::ServedRoots;
use super::state::State;
use super::why::Why;

/// One client at one instant before one state of a repository.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Case<'m, 'a> {
    /// The root that it begins with.
    pub(crate) root: Version,
    /// What it has in its cache, with its number.
    pub(crate) cached: (usize, &'m Cached<'a>),
    /// The instant.
    pub(crate) at: DateTime<Utc>,
    /// What it is shown, with its number.
    pub(crate) state: (usize, &'m State<'a>),
}

/// An implementation of a client.
pub(crate) trait Judge {
    /// What it is called.
    fn name(&self) -> &str;

    /// Whether it gets through: whether it refreshes, and reads what users ask for.
    ///
    /// # Errors
    /// Why not.
    fn judge(&mut self, case: &Case<'_, '_>) -> Result<(), Why>;
}

/// All cases of one publication.
#[derive(Debug)]
pub(crate) struct Matrix<'a> {
    pub(crate) served: ServedRoots,
    pub(crate) caches: Vec<Cached<'a>>,
    pub(crate) instants: Vec<DateTime<Utc>>,
    pub(crate) states: Vec<State<'a>>,
}

impl Matrix<'_> {
    /// Has one implementation judge all cases.
    pub(crate) fn judge(&self, judge: &mut dyn Judge, report: &mut Report) {
        let floors: Vec<_> = self.caches.iter().map(Cached::floor).collect();
        let mut refused_before = BTreeSet::new();
        let last = self.states.len().saturating_sub(1);
        for (number, state) in self.states.iter().enumerate() {
            let expires = state.expires();
            let row = report.row(judge.name(), &state.name);
            let mut refused: BTreeMap<_, (Vec<u64>, &'static str)> = BTreeMap::new();
            for (cache, cached) in self.caches.iter().enumerate() {
                // What is newer than what is shown nobody has yet.
                let (timestamp, snapshot) = floors[cache];
                if timestamp > Some(state.versions.0) || snapshot > Some(state.versions.1) {
                    continue;
                }
                for at in &self.instants {
                    for root in self.served.roots().filter(|root| *root <= state.newest) {
                        let case = Case { root, cached: (cache, cached), at: *at, state: (number, state) };
                        let verdict = judge.judge(&case);
                        let has_expired = expires.is_some_and(|expires| expires <= *at);
                        let who = (root, cache, *at);
                        row.cases += state.moments;
                        match expect(verdict, has_expired) {
                            Expected::Accepts => row.accepted += state.moments,
                            Expected::Expired => row.expired += state.moments,
                            Expected::Not(_) if state.is_before && number != last => {
                                refused_before.insert(who);
                                row.before += state.moments;
                            }
                            Expected::Not(_) if number != last && refused_before.contains(&who) => {
                                row.before += state.moments;
                            }
                            Expected::Not(why) => {
                                row.refused += state.moments;
                                let roots = refused.entry((cache, *at, why.to_string())).or_default();
                                roots.0.push(root.number());
                                roots.1 = why.hint();
                            }
                        }
                    }
                }
            }
            for ((cache, at, why), (roots, hint)) in refused {
                let (judge, cached) = (judge.name().to_owned(), self.caches[cache].name.clone());
                report.refused.push(Refused { judge, roots, cached, state: state.name.clone(), at, why, hint });
            }
        }
    }
}

/// What a verdict is worth.
enum Expected {
    Accepts,
    /// A refusal because something has expired, which has.
    Expired,
    Not(Why),
}

fn expect(verdict: Result<(), Why>, has_expired: bool) -> Expected {
    match verdict {
        Ok(()) if has_expired => Expected::Not(Why::AcceptsExpired),
        Ok(()) => Expected::Accepts,
        Err(why) if has_expired && why.is_expiry() => Expected::Expired,
        Err(why) => Expected::Not(why),
    }
}

/// A refresh from the last root on: the root, the numbers of state and cache, and the instant.
type Refresh = (Version, usize, usize, DateTime<Utc>);

/// Our own client as a judge of all cases. Clients that come to the same root with the same cache go on alike, and are one refresh; and what
/// the files of a state are worth does not depend on the cache or the instant, so that they are read once.
pub(crate) struct Ours<'a> {
    client: OwnClient<'a>,
    served: ServedRoots,
    refreshed: BTreeMap<Refresh, Result<(), Why>>,
    read: BTreeMap<(Version, usize), Result<(), Why>>,
}

impl<'a> Ours<'a> {
    /// Our client before this repository.
    pub(crate) fn new(client: OwnClient<'a>, served: ServedRoots) -> Ours<'a> {
        Ours { client, served, refreshed: BTreeMap::new(), read: BTreeMap::new() }
    }
}

impl Judge for Ours<'_> {
    fn name(&self) -> &str {
        "rootline"
    }

    fn judge(&mut self, case: &Case<'_, '_>) -> Result<(), Why> {
        let Case { root, cached: (cache, cached), at, state: (number, state) } = *case;
        let Ours { client, served, refreshed, read } = self;
        let last = client.steps().follow(root, state.newest)?;
        let refresh = || client.refresh(last, cached, &state.view, at).map(drop);
        let refreshed = refreshed.entry((last, number, cache, at)).or_insert_with(refresh).clone();
        let outcome = refreshed.and_then(|()| {
            let all = || client.read(last, &Cached::nothing(), &state.view, at).map(drop);
            read.entry((last, number)).or_insert_with(all).clone()
        });
        outcome.map_err(|why| too_far(why, last, &served.up_to(state.newest)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn before_the_first_expiry_clients_get_through_and_from_it_on_none_does() {
        assert!(matches!(expect(Ok(()), false), Expected::Accepts));
        assert!(matches!(expect(Ok(()), true), Expected::Not(Why::AcceptsExpired)));
        // A fault that has nothing to do with time is one at any time.
        for has_expired in [false, true] {
            assert!(matches!(expect(Err(Why::TrustsNothing), has_expired), Expected::Not(Why::TrustsNothing)));
        }
    }
}
