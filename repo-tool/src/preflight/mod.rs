//! The preflight check: nothing becomes public that our own client would not accept.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_ceremonies::{DelegationPlan, Event, TargetName};
use rootline_client::store::{LocalFile, MemoryStore, Store, StoreError};
use rootline_client::transport::{InMemory, Request};
use rootline_client::workflow::{Check, Fault, File, Refusal, TargetQuery};
use rootline_client::{Client, Error, TrustRoot};
use rootline_metadata::{Expiry, TargetPath, Targets, Version, file_name};

use crate::journal;

/// The files of a repository as they would be served: metadata under plain names (`3.root.json`, `timestamp.json`), targets below
/// `targets/`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;

/// A verifier that would refuse the publication.
#[derive(Debug, thiserror::Error)]
#[error("a verifier that {} would refuse the publication: {error}", .verifier)]
pub(crate) struct PreflightRefusal {
    /// The verifier.
    verifier: String,
    /// The client's error.
    error: Error,
}

impl PreflightRefusal {
    /// The hint.
    pub(crate) fn hint(&self) -> &'static str {
        match self.refusal() {
            Some(Refusal { fault: Fault::Expired { .. }, file: File::Timestamp | File::Snapshot, .. }) => {
                "sign a new timestamp first: rootline-repo online --key FILE"
            }
            Some(Refusal { fault: Fault::Expired { .. }, .. }) => {
                "hold a ceremony that renews the file: rootline-repo renew ROLE"
            }
            _ => {
                "nothing was written; restore the published files from version control, and find out what changed them"
            }
        }
    }

    /// The check that refuses, where it was one.
    pub(crate) fn refusal(&self) -> Option<&Refusal> {
        self.error.refusal()
    }
}

/// The verifiers that were tried and accepted, and what they found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Checked {
    /// The roots that they began with.
    pub(crate) roots: Vec<u64>,
    /// How many there were.
    pub(crate) verifiers: u64,
    /// Expired delegated roles, with their expiry: verifiers are refused the targets of these roles alone.
    pub(crate) expired: BTreeMap<String, Expiry>,
    /// Why verifiers cannot use the trust root, where it was the same before: nothing that is tried now changes that.
    pub(crate) unusable: Option<String>,
}

/// What one verifier found that accepts.
struct Found {
    expired: BTreeMap<String, Expiry>,
    unusable: Option<String>,
}

impl Checked {
    /// For the record, with what they were tried before.
    pub(crate) fn event(&self, before: &str) -> Event {
        Event::checked(before, &self.roots, self.verifiers)
    }

    /// Notes for `--verbose` how many verifiers read `what`, and from which roots.
    pub(crate) fn note(&self, what: &str) {
        let roots: Vec<String> = self.roots.iter().map(ToString::to_string).collect();
        let accept = if self.verifiers == 1 { "verifier accepts" } else { "verifiers accept" };
        journal::note(format_args!("{} {accept} {what}, from root {}", self.verifiers, roots.join(", ")));
    }

    fn add(&mut self, found: Found) {
        self.verifiers += 1;
        self.expired = found.expired;
        self.unusable = found.unusable;
    }
}

/// Has our own client read `new` at `now`, from every root in it, with an empty cache and with one of `old`: all roles, and every target that
/// they list.
///
/// # Errors
/// If one of these verifiers would refuse.
pub(crate) fn check(old: &Files, new: &Files, now: DateTime<Utc>) -> Result<Checked, PreflightRefusal> {
    let mut checked = Checked::default();
    for (version, root) in roots(new) {
        let begins = format!("begins with root {version}");
        let read_new = read(root, MemoryStore::new(), old, new, now);
        checked.add(read_new.map_err(|error| PreflightRefusal { verifier: begins.clone(), error })?);
        if old.contains_key(file_name::TIMESTAMP) {
            let verifier = format!("{begins} and has seen the previous publication");
            let read = copy_of(old).map_err(Error::from).and_then(|copy| read(root, copy, old, new, now));
            checked.add(read.map_err(|error| PreflightRefusal { verifier, error })?);
        }
        checked.roots.push(version.number());
    }
    Ok(checked)
}

/// Every published root with its version, ascending.
fn roots(files: &Files) -> BTreeMap<Version, &Vec<u8>> {
    files.iter().filter_map(|(name, bytes)| Some((file_name::root_version(name)?, bytes))).collect()
}

/// Most delegated roles: the bins of one delegation and the others beside them.
const MAX_ROLES: usize = 2 << DelegationPlan::MAX_BITS;

/// Reads everything as a verifier does, and as one that asks for everything.
fn read(root: &[u8], copy: MemoryStore, old: &Files, files: &Files, now: DateTime<Utc>) -> Result<Found, Error> {
    let mut client = Client::new(root, InMemory::new(|request: &Request| files.get(&request.path())), copy);
    // What `update` and `show` ask, before all the rest.
    let updated = client.update(now, &TrustRoot::queries_if_listed())?;
    let trusted = updated.trusted.clone();
    let has_expired = |refusal: &Refusal| refusal.check == Check::TargetsExpiry;
    if let Some((_, refusal)) = updated.passed_over.iter().find(|(_, refusal)| !has_expired(refusal)) {
        return Err(refusal.clone().into());
    }
    let mut unusable = None;
    if updated.target(TrustRoot::TRUSTED_ROOT).is_some()
        && let Err(error) = TrustRoot::assemble(updated)
    {
        if !trusted_root_of(trusted.targets()).is_some_and(|name| old.contains_key(&name)) {
            return Err(error);
        }
        unusable = Some(error.to_string());
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

/// The name of the published trust root.
fn trusted_root_of(targets: &Targets) -> Option<String> {
    let name: TargetName = TrustRoot::TRUSTED_ROOT.parse().ok()?;
    Some(name.published_as(&targets.target(name.path())?))
}

fn is_not_delegated(refusal: &Refusal) -> bool {
    matches!(refusal.fault, Fault::NotListed { gave_up: false, .. })
}

/// The cache of a verifier that has read `files`, built without a refresh, as they may have expired since.
fn copy_of(files: &Files) -> Result<MemoryStore, StoreError> {
    let copy = MemoryStore::new();
    let newest = |role: &str| {
        let version =
            |name| file_name::versioned_role_in(name).filter(|(_, named)| *named == role).map(|(version, _)| version);
        files.iter().filter_map(|(name, bytes)| Some((version(name)?, bytes))).max_by_key(|(version, _)| *version)
    };
    let timestamp = files.get(file_name::TIMESTAMP);
    let snapshot = newest("snapshot").map(|(_, bytes)| bytes);
    let targets = newest("targets").map(|(_, bytes)| bytes);
    for (file, bytes) in
        [(LocalFile::Timestamp, timestamp), (LocalFile::Snapshot, snapshot), (LocalFile::Targets, targets)]
    {
        if let Some(bytes) = bytes {
            copy.save(&file, bytes)?;
        }
    }
    Ok(copy)
}
