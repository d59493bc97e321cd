//! Our own client, as the verifiers that read a repository.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_ceremonies::{DelegationPlan, TargetName};
use rootline_client::store::MemoryStore;
use rootline_client::transport::{InMemory, Request};
use rootline_client::workflow::{Check, Fault, Refusal, TargetQuery, Trusted};
use rootline_client::{Client, Error, TrustRoot};
use rootline_metadata::{Expiry, TargetPath, Targets, Version, file_name};

use super::Files;
use super::cached::Cached;
use super::root_steps::RootSteps;
use super::view::View;
use super::why::Why;

/// Most delegated roles: the bins of one delegation and the others beside them.
const MAX_ROLES: usize = 2 << DelegationPlan::MAX_BITS;

/// What a client found that gets through.
#[derive(Clone, Debug, Default)]
pub(crate) struct Found {
    /// Expired delegated roles, with their expiry: verifiers are refused the targets of these roles alone.
    pub(crate) expired: BTreeMap<String, Expiry>,
    /// Why the trust root cannot be used, where it was the same before.
    pub(crate) unusable: Option<String>,
}

/// Our own client before one repository. What does not depend on the root that a client begins with is done once for all of them.
pub(crate) struct OwnClient<'a> {
    /// What was public before: a trust root in it stands in nobody's way.
    before: &'a Files,
    steps: RootSteps,
}

impl<'a> OwnClient<'a> {
    /// A client of a repository with these roots.
    pub(crate) fn new(roots: &BTreeMap<Version, &[u8]>, before: &'a Files) -> OwnClient<'a> {
        OwnClient { before, steps: RootSteps::verify(roots) }
    }

    /// The steps from root to root.
    pub(crate) fn steps(&self) -> &RootSteps {
        &self.steps
    }

    /// Brings the four top-level roles up to date, as a client does that has come to `last` and is shown no root after it.
    pub(crate) fn refresh(
        &self,
        last: Version,
        cached: &Cached<'_>,
        view: &View<'_>,
        now: DateTime<Utc>,
    ) -> Result<Trusted, Why> {
        Ok(client(last, cached, view)?.refresh(now)?)
    }

    /// Reads everything as a verifier does, and as one that asks for everything: all roles, and every target that they list.
    pub(crate) fn read(
        &self,
        last: Version,
        cached: &Cached<'_>,
        view: &View<'_>,
        now: DateTime<Utc>,
    ) -> Result<Found, Why> {
        let mut client = client(last, cached, view)?;
        // What `update` and `show` ask, before all the rest.
        let updated = client.update(now, &TrustRoot::queries_if_listed())?;
        let trusted = updated.trusted.clone();
        let has_expired = |refusal: &Refusal| refusal.check == Check::TargetsExpiry;
        if let Some((_, refusal)) = updated.passed_over.iter().find(|(_, refusal)| !has_expired(refusal)) {
            return Err(refusal.clone().into());
        }
        let mut unusable = None;
        if updated.target(TrustRoot::TRUSTED_ROOT).is_some()
            && let Err(why) = usable(TrustRoot::assemble(updated), now)
        {
            if !trusted_root_of(trusted.targets()).is_some_and(|name| self.before.contains_key(&name)) {
                return Err(why);
            }
            unusable = Some(why.to_string());
        }
        let walked = client.all_delegated_roles(&trusted, MAX_ROLES)?;
        if let Some((_, refusal)) = walked.refused().next() {
            return Err(refusal.clone().into());
        }
        let top_level = trusted.targets().targets().filter_map(|(name, _)| TargetPath::new(name));
        let delegated = walked.roles().flat_map(|(role, targets)| {
            let paths = targets.targets().filter_map(|(name, _)| TargetPath::new(name));
            paths.filter(|path| walked.may_speak_about(role, path))
        });
        let paths: BTreeSet<TargetPath> = top_level.chain(delegated).collect();
        let queries: Vec<TargetQuery> = paths.into_iter().map(TargetQuery::required).collect();
        // All together, so that each role is verified once.
        client.update(now, &queries)?;
        // No verifier is refused for what no role delegates; but a verifier gives up before it comes to these roles.
        for (_, targets) in walked.too_deep() {
            for path in targets.targets().filter_map(|(name, _)| TargetPath::new(name)) {
                match client.find(&trusted, &path) {
                    Err(Error::Refused(refusal)) if is_not_delegated(&refusal) => {}
                    found => _ = found?,
                }
            }
        }
        let expired = walked.expired().map(|(role, expiry)| (role.to_string(), expiry)).collect();
        Ok(Found { expired, unusable })
    }
}

/// What a view shows, as a repository.
type Shown<'v> = InMemory<Box<dyn Fn(&Request) -> Option<&'v [u8]> + 'v>>;

/// A client that has come to this root and is shown none after it.
fn client<'v>(last: Version, cached: &Cached<'_>, view: &'v View<'v>) -> Result<Client<Shown<'v>, MemoryStore>, Why> {
    let root = view.find(&file_name::root(last)).ok_or(Why::MissingRoot { missing: last, newest: last })?;
    let store = cached.store().map_err(Error::from)?;
    let find = move |request: &Request| {
        let path = request.path();
        view.find(&path).filter(|_| file_name::root_version(&path).is_none())
    };
    Ok(Client::new(root, InMemory::new(Box::new(find)), store))
}

/// Whether a trust root can be used: it reads, and something in it counts.
fn usable(trust_root: Result<TrustRoot, Error>, now: DateTime<Utc>) -> Result<(), Why> {
    let trust_root = trust_root?;
    let counts = trust_root.at(now);
    let has_authority =
        counts.certificate_authorities().next().is_some() || counts.timestamp_authorities().next().is_some();
    let has_log =
        counts.transparency_logs().next().is_some() || counts.certificate_transparency_logs().next().is_some();
    if has_authority || has_log { Ok(()) } else { Err(Why::TrustsNothing) }
}

/// The name of the published trust root.
fn trusted_root_of(targets: &Targets) -> Option<String> {
    let name: TargetName = TrustRoot::TRUSTED_ROOT.parse().ok()?;
    Some(name.published_as(&targets.target(name.path())?))
}

fn is_not_delegated(refusal: &Refusal) -> bool {
    matches!(refusal.fault, Fault::NotListed { gave_up: false, .. })
}
