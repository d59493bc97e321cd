//! What goes into a bundle, or out to other programs: a set of files that belong together, all of them verified.

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, Utc};
use rootline_metadata::{Envelope, Expiry, Role, RoleName, TargetPath, Targets, Version, file_name};

use super::error::BundleError;
use super::limits::BundleLimits;
use super::names::file_name;
use super::recording::Recording;
use crate::client::Client;
use crate::driver::attempts::Attempts;
use crate::driver::last_check::LastCheck;
use crate::driver::pending_writes::{CommitOutcome, PendingWrites};
use crate::driver::save_seen::save_seen;
use crate::driver::{Fetching, Prefetch, drive};
use crate::store::{LocalFile, MemoryStore, Store};
use crate::transport::CachedRepository;
use crate::transport::{Request, Transport};
use crate::workflow::check::Check;
use crate::workflow::limits::Limits;
use crate::workflow::refusal::{Fault, File, Refusal};
use crate::workflow::{
    EarlierRoots, FoundRoots, ReachedRoles, RootChain, RootHistory, Seen, TargetQuery, Update, Updated, lead_up_to,
};

/// A verified set of files: the four top-level roles, the roots that lead to them, the queried targets, and the delegated roles that lead to
/// those.
#[derive(Clone, Debug)]
pub struct Contents {
    updated: Updated,
    /// Without gaps, up to the newest; the pinned one is among them.
    roots: BTreeMap<Version, Arc<[u8]>>,
    pinned: Version,
    delegated: Vec<DelegatedRole>,
    limits: Limits,
}

/// A delegated role on the way to a target.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct DelegatedRole {
    /// Its name.
    pub name: RoleName,
    /// Its version.
    pub version: Version,
    /// When it expires.
    pub expiry: Expiry,
    /// The file.
    pub bytes: Arc<[u8]>,
}

impl Contents {
    /// Verifies what a cache has, from the pinned root, judging every expiry at `instant`. No request is made and nothing is
    /// written.
    ///
    /// # Errors
    /// If something is missing there, or a check refuses it.
    pub fn of_cache(
        pinned_root: &[u8],
        store: &impl Store,
        instant: DateTime<Utc>,
        wanted: &[TargetQuery],
        limits: &Limits,
    ) -> Result<Contents, BundleError> {
        let _lock = store.lock_to_load()?;
        let cached = CachedRepository::new(store);
        let work = Work { pinned_root, store, transport: &cached, instant, wanted, limits };
        let mut contents = work.attempt(Prefetch::Off, &mut Seen::new())?;
        contents.updated.checked_at = LastCheck::load(store).map(|check| check.at());
        Ok(contents)
    }

    /// Fetches what a repository has and verifies it from the pinned root, judging every expiry at `now`. What `store` has need not be fetched,
    /// and nothing may go below it. What it verifies is saved there as far as that is possible, also where it fails in the end, so that
    /// nothing may go below that later.
    ///
    /// # Errors
    /// If something does not arrive, or a check refuses it.
    pub fn of_repository(
        pinned_root: &[u8],
        store: &impl Store,
        transport: &impl Transport,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
        limits: &Limits,
    ) -> Result<Contents, BundleError> {
        let work = Work { pinned_root, store, transport, instant: now, wanted, limits };
        work.online(&mut Seen::new())
    }

    /// Fetches what the repository of `client` has and verifies it, as [`Contents::of_repository`]. Nothing may go below what this client has
    /// seen, also where it could not be kept.
    ///
    /// # Errors
    /// As [`Contents::of_repository`].
    pub fn of_client<T: Transport, S: Store>(
        client: &mut Client<T, S>,
        now: DateTime<Utc>,
        wanted: &[TargetQuery],
    ) -> Result<Contents, BundleError> {
        let mut seen = client.seen().clone();
        let (pinned_root, store, transport) = (client.pinned_root(), client.store(), client.transport());
        let work = Work { pinned_root, store, transport, instant: now, wanted, limits: client.limits() };
        let contents = work.online(&mut seen);
        client.set_seen(seen);
        contents
    }

    /// Adds the roots before the pinned one, the oldest first, for verifiers who pin an older one: those that
    /// [`fetch_earlier_roots`] has found. What vouches for them is not looked at here.
    ///
    /// # Errors
    /// If they do not lead up to the pinned root, byte for byte.
    pub fn with_earlier_roots(mut self, earlier: Vec<Vec<u8>>) -> Result<Contents, BundleError> {
        let pinned = self.pinned_root().to_vec();
        for (version, root) in lead_up_to(&pinned, earlier, &self.limits)? {
            self.roots.insert(version, Arc::from(root));
        }
        Ok(self)
    }

    /// The four roles and the targets.
    pub fn updated(&self) -> &Updated {
        &self.updated
    }

    /// The roots, without gaps, the newest last. Those before the pinned one lead up to it, which anybody can make them do: of a bundle that
    /// arrived, nothing here vouches for them.
    pub fn roots(&self) -> impl Iterator<Item = (Version, &[u8])> {
        self.roots.iter().map(|(version, root)| (*version, &root[..]))
    }

    /// The limits that apply.
    pub fn limits(&self) -> &Limits {
        &self.limits
    }

    /// The pinned root.
    pub fn pinned_root(&self) -> &[u8] {
        self.roots.get(&self.pinned).map(|root| &root[..]).unwrap_or_default()
    }

    /// The version of the pinned root.
    pub fn pinned(&self) -> Version {
        self.pinned
    }

    /// The delegated roles on the way to the targets, by name.
    pub fn delegated(&self) -> &[DelegatedRole] {
        &self.delegated
    }

    /// When the first of all parts expires, delegated roles included.
    pub fn first_expiry(&self) -> Expiry {
        self.delegated.iter().fold(self.updated.trusted.expiry(), |first, role| first.min(role.expiry))
    }

    /// All files as they are in the repository: name and bytes, sorted by name.
    ///
    /// # Errors
    /// If one of them cannot have its name in a bundle.
    pub fn files(&self) -> Result<BTreeMap<String, &[u8]>, BundleError> {
        let trusted = &self.updated.trusted;
        let mut files = BTreeMap::new();
        let mut add = |name: String, bytes| match files.insert(name.clone(), bytes) {
            None => Ok(()),
            Some(_) => Err(BundleError::Name { name, reason: "another file has it too" }),
        };
        for (version, root) in self.roots() {
            add(file_name::root(version), root)?;
        }
        for (name, bytes) in [
            (self.role_file("timestamp", None)?, trusted.timestamp().bytes()),
            (self.role_file("snapshot", Some(trusted.snapshot().version()))?, trusted.snapshot().bytes()),
            (self.role_file("targets", Some(trusted.targets().version()))?, trusted.targets().bytes()),
        ] {
            add(name, bytes)?;
        }
        for role in &self.delegated {
            add(self.role_file(role.name.as_str(), Some(role.version))?, &role.bytes)?;
        }
        for (position, (_, bytes)) in self.updated.targets.iter().enumerate() {
            add(self.target_file(position)?, bytes)?;
        }
        Ok(files)
    }

    /// The name of a role's file.
    pub(super) fn role_file(&self, role: &str, version: Option<Version>) -> Result<String, BundleError> {
        let name = match version {
            Some(version) => file_name::published(self.updated.trusted.root(), role, version),
            None => file_name::role(role),
        };
        file_name(&Request::metadata(name, 0))
    }

    /// The name of the file of the target at that position.
    pub(super) fn target_file(&self, position: usize) -> Result<String, BundleError> {
        let (found, _) = &self.updated.targets[position];
        file_name(&found.request(&self.limits)?)
    }
}

/// What to collect, and from where.
pub(super) struct Work<'a, S, T> {
    pub(super) pinned_root: &'a [u8],
    pub(super) store: &'a S,
    pub(super) transport: &'a T,
    pub(super) instant: DateTime<Utc>,
    pub(super) wanted: &'a [TargetQuery],
    pub(super) limits: &'a Limits,
}

impl<S: Store, T: Transport> Work<'_, S, T> {
    /// Attempts it until it is done, or no mirror is left. What could be saved is out of `seen` then.
    fn online(&self, seen: &mut Seen) -> Result<Contents, BundleError> {
        self.transport.first_mirror();
        let mut attempts = Attempts::new(Prefetch::On.where_possible(self.transport));
        let done = loop {
            self.transport.begin_session();
            match self.attempt_and_save(attempts.fetching(), seen) {
                Err(BundleError::Contents(error))
                    if attempts.again_after(&error, false, || self.transport.leave_mirror()) => {}
                done => break done,
            }
        };
        // A store that cannot be written keeps nobody from reading what was verified.
        let _ = save_seen(seen, self.pinned_root, self.store, self.instant, self.limits);
        done.map(|mut contents| {
            contents.updated.checked_at = Some(self.instant);
            contents
        })
    }

    /// Drives the update of every client, and keeps what it has verified. Nothing goes below what was `seen`, and what is verified is added to
    /// it; the store is not written.
    pub(super) fn attempt(&self, fetching: impl Into<Fetching>, seen: &mut Seen) -> Result<Contents, BundleError> {
        let recording = Recording::over(self.store);
        self.attempt_with(&recording, &mut PendingWrites::over(&recording), fetching, seen)
    }

    /// As [`attempt`](Self::attempt); on success everything is saved as far as that is possible, and out of `seen` then.
    fn attempt_and_save(&self, fetching: impl Into<Fetching>, seen: &mut Seen) -> Result<Contents, BundleError> {
        let recording = Recording::over(self.store);
        let mut local = PendingWrites::over(&recording);
        let contents = self.attempt_with(&recording, &mut local, fetching, seen)?;
        if matches!(local.commit(), Ok(CommitOutcome::Committed)) {
            *seen = Seen::new();
        }
        Ok(contents)
    }

    fn attempt_with<'r>(
        &self,
        recording: &'r Recording<'_, S>,
        local: &mut PendingWrites<&'r Recording<'_, S>>,
        fetching: impl Into<Fetching>,
        seen: &mut Seen,
    ) -> Result<Contents, BundleError> {
        let Work { pinned_root, limits, .. } = *self;
        let pinned = RootChain::begin(pinned_root.to_vec(), limits)?.newest().version();
        let update = Update::begin(pinned_root.to_vec(), self.wanted.iter().cloned(), self.instant, limits)?;
        let driven = drive(update.after(seen.clone()), self.transport, local, fetching);
        local.add_to(seen);
        let mut updated = driven?;
        let written = local.files().iter().map(|(file, content)| (file.clone(), Arc::from(content.bytes())));
        let written: Vec<(LocalFile, Arc<[u8]>)> = written.collect();
        let mut roots = BTreeMap::from([(pinned, Arc::from(pinned_root))]);
        let mut delegated = BTreeMap::new();
        // A file that was verified since takes the place of the one that was loaded.
        for (file, bytes) in recording.take_loaded().into_iter().chain(written) {
            match file {
                LocalFile::RootHistory(version) => roots.extend(Version::new(version).map(|version| (version, bytes))),
                LocalFile::Delegated(role) => _ = delegated.insert(role, bytes),
                _ => (),
            }
        }
        // In one order, in whichever they were asked for.
        updated.targets.sort_by(|(one, _), (other, _)| one.path.as_str().cmp(other.path.as_str()));
        updated.targets.dedup_by(|(later, _), (earlier, _)| later.path == earlier.path);
        // A copy of a further root that was found and did not verify is not one of them.
        let newest = updated.trusted.root().version();
        roots.retain(|version, _| *version <= newest);
        let delegated = delegated.into_iter().map(|(name, bytes)| DelegatedRole::of(name, bytes, limits));
        Ok(Contents { delegated: delegated.collect::<Result<_, _>>()?, updated, roots, pinned, limits: limits.clone() })
    }
}

impl DelegatedRole {
    /// Of a file that a search has verified.
    fn of(name: String, bytes: Arc<[u8]>, limits: &Limits) -> Result<DelegatedRole, BundleError> {
        let unsafe_name = || BundleError::Name { name: name.clone(), reason: "it is no role's name" };
        let role = RoleName::new(name.as_str()).ok_or_else(unsafe_name)?;
        let limit = usize::try_from(limits.targets).unwrap_or(usize::MAX);
        let parsed = Envelope::<Targets>::parse(bytes.to_vec(), limit).map_err(|error| Refusal {
            file: File::Delegated(role.clone()),
            check: Check::Form,
            fault: Fault::Malformed(Box::new(error)),
        })?;
        let targets = parsed.unverified();
        Ok(DelegatedRole { name: role, version: targets.version(), expiry: targets.expiry(), bytes })
    }
}

/// Fetches the roots before the pinned one that `earlier` vouches for, as far as the repository has them.
///
/// # Errors
/// If the pinned root, or the oldest one that the caller trusts, is none, or one of them does not arrive.
pub fn fetch_earlier_roots(
    transport: &impl Transport,
    pinned_root: &[u8],
    earlier: EarlierRoots,
    limits: &Limits,
) -> Result<FoundRoots, BundleError> {
    let roots = RootHistory::begin(pinned_root.to_vec(), earlier, limits)?;
    let nothing = MemoryStore::new();
    Ok(drive(roots, transport, &mut PendingWrites::over(&nothing), Prefetch::On)?)
}

/// Queries for every target that the roles of `walked` list and may speak about: for a bundle with all of them.
///
/// # Errors
/// If that is more than the limits allow.
pub fn every_target(walked: &ReachedRoles, limits: &BundleLimits) -> Result<Vec<TargetQuery>, BundleError> {
    if walked.gave_up() {
        return Err(BundleError::TooManyFiles { limit: limits.files });
    }
    let roles = walked.roles().map(|(role, targets)| (Some(role), targets));
    let mut wanted = BTreeMap::new();
    for (role, targets) in std::iter::once((None, walked.trusted().targets())).chain(roles) {
        for (name, file) in targets.targets() {
            let (Some(path), Some(file)) = (TargetPath::new(name), file) else { continue };
            if role.is_none_or(|role| walked.may_speak_about(role, &path)) {
                wanted.entry(path.as_str().to_owned()).or_insert((path, file.length));
            }
        }
    }
    let length = wanted.values().fold(0, |sum: u64, (_, length)| sum.saturating_add(*length));
    match () {
        () if length > limits.bytes => Err(BundleError::TooLong { limit: limits.bytes }),
        () if wanted.len() > limits.files => Err(BundleError::TooManyFiles { limit: limits.files }),
        // What one role lists another one may have been asked for in its place.
        () => Ok(wanted.into_values().map(|(path, _)| TargetQuery::if_listed(path)).collect()),
    }
}
