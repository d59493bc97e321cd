//! Snapshot and timestamp: what makes sealed files current, and keeps them so.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_metadata::json::{FormatError, Value};
use rootline_metadata::{
    KeyId, MetaFile, Role, Root, Signature, Snapshot, Targets, Timestamp, TopLevelRole, Verified, Version, file_name,
    limits,
};

use crate::keys::signer::{Signer, SignerError, sign_verified};
use crate::model::file_name::PublishedFile;
use crate::model::period::Periods;
use crate::model::role::{CeremonyRole, NoVersionLeft};
use crate::model::target_name::TargetName;
use crate::plan::policy::Policy;
use crate::repository::delegates::delegation_tree;
use crate::repository::document;
use crate::repository::online_bridge::{OnlineBridge, OnlineRoots, listed_as};
use crate::repository::published::{Published, PublishedError};
use crate::repository::sealed::Sealed;

/// New files that together make the next state of a repository, each verified.
#[derive(Clone, Debug)]
pub struct Release {
    files: Vec<(PublishedFile, Vec<u8>)>,
    published: Published,
    bridges: Vec<OnlineBridge>,
}

/// How long the files that are signed without people hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct OnlinePeriods {
    /// Snapshot.
    pub snapshot: Periods,
    /// Timestamp.
    pub timestamp: Periods,
}

impl OnlinePeriods {
    /// As the root says that will be the newest, and where it says nothing, as the policy does; never longer than the policy's bound.
    pub fn in_force(published: &Published, sealed: Option<&Sealed>, policy: &Policy) -> OnlinePeriods {
        let OnlinePeriods { snapshot, timestamp } =
            OnlinePeriods::stated(sealed.and_then(Sealed::root).or(published.root()), policy);
        let longest = policy.bounds().online().longest;
        OnlinePeriods { snapshot: snapshot.at_most(longest), timestamp: timestamp.at_most(longest) }
    }

    /// As this root says, and where it says nothing, as the policy does.
    pub fn stated(root: Option<&Verified<Root>>, policy: &Policy) -> OnlinePeriods {
        let stated = |role| root.and_then(|root| crate::repository::published::periods(root, role));
        OnlinePeriods {
            snapshot: stated(TopLevelRole::Snapshot).unwrap_or(policy.snapshot()),
            timestamp: stated(TopLevelRole::Timestamp).unwrap_or(policy.timestamp()),
        }
    }
}

/// When a new timestamp is wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Renewal {
    /// If something else is new, or its signing period has begun.
    WhenDue,
    /// In any case.
    Now,
}

/// What a release is made of, beside what is published.
#[derive(Clone, Copy, Debug)]
pub struct ReleaseParts<'a> {
    /// The files of a ceremony that are to become current, if there are any.
    pub sealed: Option<&'a Sealed>,
    /// The files that are shipped. Those that have been published already need not be here.
    pub targets: &'a BTreeMap<TargetName, Vec<u8>>,
    /// Online keys, wherever they are; as many as the root asks for.
    pub keys: &'a [&'a dyn Signer],
    /// The instant from which expiries count.
    pub at: DateTime<Utc>,
    /// How long the files hold.
    pub periods: OnlinePeriods,
    /// When a new timestamp is wanted.
    pub renewal: Renewal,
    /// The published roots that can be a client's last; without any, the last root counts alone.
    pub roots_in_use: &'a BTreeSet<Version>,
    /// Keys that somebody else may have, as ceremonies name them.
    pub compromised: &'a BTreeSet<KeyId>,
}

impl Release {
    /// Signs a snapshot if a file that it lists has changed, it is due, it holds longer than it may, or the root has another key for it; and a
    /// timestamp if there is anything new at all, it is due, it holds longer than it may, or it is asked for. A snapshot never drops an entry. `None` if nothing is due.
    ///
    /// Both are signed by the keys that the last root lists and, as far as these are given, by as few others as each root needs that can be a
    /// client's last ([`Release::bridges`]).
    ///
    /// # Errors
    /// If there is no root yet, a target is not what the metadata says, a key is missing or none is one that the root lists, a signer does
    /// not sign or signs wrongly, and if the result does not verify.
    pub fn make(published: &Published, parts: ReleaseParts<'_>) -> Result<Option<Release>, ReleaseError> {
        let sealed = parts.sealed.filter(|sealed| !sealed.is_published(published));
        let root = sealed.and_then(Sealed::root).or(published.root()).ok_or(ReleaseError::NothingSealed)?;
        let others = sealed.filter(|_| !parts.roots_in_use.is_empty());
        let roots = &OnlineRoots::of(root, published, others, parts.roots_in_use, parts.compromised);
        let current = published.current();
        let targets = next_targets(published, sealed)?;
        let mut files = BTreeMap::new();
        for (name, bytes) in sealed.iter().flat_map(|sealed| sealed.files()) {
            files.insert(name.clone(), bytes.clone());
        }
        for targets in targets.values() {
            files.extend(target_files(targets, published, parts.targets)?);
        }

        let snapshot = new_snapshot(published, roots, &targets, &parts)?;
        let timestamp_holds = current.is_some_and(|current| {
            let file = current.timestamp.envelope();
            roots.accept(file, TopLevelRole::Timestamp, parts.keys)
                && parts.periods.timestamp.holds(current.timestamp.expiry(), parts.at)
        });
        let news = sealed.is_some() || snapshot.is_some() || parts.renewal == Renewal::Now;
        if timestamp_holds && !news {
            return Ok(None);
        }
        let (snapshot_pin, snapshot_file) = match snapshot {
            Some((meta_file, file)) => (meta_file, Some(file)),
            None => {
                let current = current.map(|current| &current.snapshot).ok_or(ReleaseError::NothingSealed)?;
                (MetaFile::of(current.version(), current.bytes()), None)
            }
        };
        files.extend(snapshot_file.map(|(file, bytes)| (file.to_string(), bytes)));
        let version = published.next_version(TopLevelRole::Timestamp)?;
        let expiry = parts.periods.timestamp.expires.after(parts.at);
        let meta_files = BTreeMap::from([(file_name::role(TopLevelRole::Snapshot), snapshot_pin)]);
        let members = document::meta_files(TopLevelRole::Timestamp, version, expiry, &meta_files);
        let bytes = sign::<Timestamp>(document::unsigned(members), roots, TopLevelRole::Timestamp, parts.keys)?;
        files.insert(PublishedFile::Timestamp.to_string(), bytes);
        let mut release = Release::check(published, files)?;
        if let Some(current) = release.published.current() {
            release.bridges = roots.bridges(current.timestamp.envelope(), TopLevelRole::Timestamp);
        }
        Ok(Some(release))
    }

    /// The new files, in the order in which they are [kept](PublishedFile::keeping_order).
    pub fn files(&self) -> &[(PublishedFile, Vec<u8>)] {
        &self.files
    }

    /// The older roots that take a key that the last one does not list, and whether it signed.
    pub fn bridges(&self) -> &[OnlineBridge] {
        &self.bridges
    }

    /// The repository as it is with them.
    pub fn published(&self) -> &Published {
        &self.published
    }

    fn check(published: &Published, files: BTreeMap<String, Vec<u8>>) -> Result<Release, ReleaseError> {
        let mut all = published.files().clone();
        all.extend(files.iter().map(|(name, bytes)| (name.clone(), bytes.clone())));
        let after = Published::read(all)?.with_given_up(published.given_up().iter().cloned());
        let is_new = |name: &String, bytes: &Vec<u8>| published.files().get(name) != Some(bytes);
        let new = files.into_iter().filter(|(name, bytes)| is_new(name, bytes));
        let mut new: Vec<(PublishedFile, Vec<u8>)> =
            new.filter_map(|(name, bytes)| Some((PublishedFile::parse(&name)?, bytes))).collect();
        new.sort_by_key(|(file, _)| file.keeping_order());
        Ok(Release { files: new, published: after, bridges: Vec::new() })
    }
}

/// From when on something is to be signed by an online key; none before the first release.
pub fn due_from(published: &Published, periods: OnlinePeriods) -> Option<DateTime<Utc>> {
    let current = published.current()?;
    let snapshot = periods.snapshot.due_from(current.snapshot.expiry());
    Some(periods.timestamp.due_from(current.timestamp.expiry()).min(snapshot))
}

/// Whether something is to be signed by an online key at this instant: it is due, or what is there holds longer than it may from now on.
pub fn is_due(published: &Published, periods: OnlinePeriods, at: DateTime<Utc>) -> bool {
    published.current().is_some_and(|current| {
        let holds = periods.timestamp.holds(current.timestamp.expiry(), at);
        !holds || !periods.snapshot.holds(current.snapshot.expiry(), at)
    })
}

/// Why there is no release.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ReleaseError {
    /// There is nothing that a snapshot could be about.
    #[error("nothing has been published or sealed yet, so there is nothing to make current")]
    NothingSealed,
    /// A target that the metadata lists is not there.
    #[error("{name} is listed by targets.json and is not there")]
    TargetMissing {
        /// Its name.
        name: TargetName,
    },
    /// A target is not what the metadata says.
    #[error("{name} is not the file that was frozen: its length or digest differs from what targets.json says")]
    TargetChanged {
        /// Its name.
        name: TargetName,
    },
    /// The root does not list a key that was given.
    #[error("the key {} is not an online key: root {root} does not list it for snapshot and timestamp", .key_id.short())]
    KeyNotAsked {
        /// The key.
        key_id: KeyId,
        /// The root's version.
        root: u64,
    },
    /// No key was given.
    #[error("an online key is needed to sign {role}")]
    NoKey {
        /// What is to be signed.
        role: TopLevelRole,
    },
    /// A key did not sign.
    #[error("{role} is not signed: {source}")]
    NotSigned {
        /// What was to be signed.
        role: TopLevelRole,
        /// Why not.
        source: SignerError,
    },
    /// There can be no next version.
    #[error(transparent)]
    NoVersionLeft(#[from] NoVersionLeft),
    /// The new file would not be read by clients.
    #[error("the new {role}.json would not be read by clients: {source}")]
    Unreadable {
        /// Which.
        role: TopLevelRole,
        /// Why.
        source: FormatError,
    },
    /// The repository would not verify.
    #[error("the repository would not verify: {0}")]
    Result(#[from] PublishedError),
}

impl ReleaseError {
    /// What to do about it.
    pub fn hint(&self) -> &str {
        match self {
            ReleaseError::NothingSealed => "hold a ceremony first: rootline-repo ceremony new",
            ReleaseError::TargetMissing { .. } | ReleaseError::TargetChanged { .. } => {
                "put the file back as it was when it was frozen, or freeze, sign and seal again"
            }
            ReleaseError::KeyNotAsked { .. } | ReleaseError::NoKey { .. } => {
                "name the private key of one of the keyholders that the plan has under [online]: --key URI"
            }
            ReleaseError::NotSigned { source, .. } => source.hint(),
            ReleaseError::Result(error) => error.hint(),
            ReleaseError::NoVersionLeft(_) | ReleaseError::Unreadable { .. } => {
                "begin a new repository with a new first root"
            }
        }
    }
}

/// The files of all targets roles as they will be current, by the role's name: the sealed ones, and those that stay.
fn next_targets(
    published: &Published,
    sealed: Option<&Sealed>,
) -> Result<BTreeMap<String, Verified<Targets>>, ReleaseError> {
    let next = |role: &CeremonyRole| {
        let current = published.current().and_then(|current| current.targets_of(role));
        sealed.and_then(|sealed| sealed.targets_of(role)).or(current)
    };
    // A role that is delegated to and has no file is refused when the result is read back.
    let roles = delegation_tree(|role| next(role).map(|targets| &**targets)).map(|(role, _)| role);
    let targets: BTreeMap<_, _> = roles.filter_map(|role| Some((role.to_string(), next(&role)?.clone()))).collect();
    if targets.contains_key(TopLevelRole::Targets.name()) { Ok(targets) } else { Err(ReleaseError::NothingSealed) }
}

/// The shipped files under the names they are published as, each what the metadata says.
fn target_files(
    targets: &Verified<Targets>,
    published: &Published,
    given: &BTreeMap<TargetName, Vec<u8>>,
) -> Result<BTreeMap<String, Vec<u8>>, ReleaseError> {
    let mut files = BTreeMap::new();
    for (name, file) in targets.targets() {
        // A name or an entry that is not ours is refused when the result is read back.
        let (Ok(name), Some(file)) = (name.parse::<TargetName>(), file) else { continue };
        let published_as = name.published_as(&file);
        if published.files().get(&published_as).is_some_and(|bytes| file.matches(bytes)) {
            continue;
        }
        match given.get(&name) {
            Some(bytes) if file.matches(bytes) => files.insert(published_as, bytes.clone()),
            Some(_) => return Err(ReleaseError::TargetChanged { name }),
            None => return Err(ReleaseError::TargetMissing { name }),
        };
    }
    Ok(files)
}

type NewSnapshot = (MetaFile, (PublishedFile, Vec<u8>));

fn new_snapshot(
    published: &Published,
    roots: &OnlineRoots<'_>,
    targets: &BTreeMap<String, Verified<Targets>>,
    parts: &ReleaseParts<'_>,
) -> Result<Option<NewSnapshot>, ReleaseError> {
    let new_meta_files =
        targets.iter().map(|(name, file)| (file_name::role(name), MetaFile::of(file.version(), file.bytes())));
    let new_meta_files: BTreeMap<String, MetaFile> = new_meta_files.collect();
    let current = published.current().map(|current| &current.snapshot);
    let holds = current.is_some_and(|snapshot| {
        roots.accept(snapshot.envelope(), TopLevelRole::Snapshot, parts.keys)
            && parts.periods.snapshot.holds(snapshot.expiry(), parts.at)
            && new_meta_files.iter().all(|(name, meta_file)| snapshot.meta_file(name).as_ref() == Some(meta_file))
    });
    if holds {
        return Ok(None);
    }
    // 5.5.5: an entry that a snapshot has had is in every later one.
    let before = current.into_iter().flat_map(|snapshot| snapshot.meta_files());
    let mut meta_files: BTreeMap<String, MetaFile> =
        before.filter_map(|(name, meta_file)| Some((name.into_owned(), meta_file?))).collect();
    meta_files.extend(new_meta_files);
    let version = published.next_version(TopLevelRole::Snapshot)?;
    let expiry = parts.periods.snapshot.expires.after(parts.at);
    let members = document::meta_files(TopLevelRole::Snapshot, version, expiry, &meta_files);
    let bytes = sign::<Snapshot>(document::unsigned(members), roots, TopLevelRole::Snapshot, parts.keys)?;
    Ok(Some((MetaFile::of(version, &bytes), (PublishedFile::Snapshot(version), bytes))))
}

fn sign<R: Role>(
    unsigned: Vec<u8>,
    roots: &OnlineRoots<'_>,
    role: TopLevelRole,
    keys: &[&dyn Signer],
) -> Result<Vec<u8>, ReleaseError> {
    if keys.is_empty() {
        return Err(ReleaseError::NoKey { role });
    }
    let unreadable = |source| ReleaseError::Unreadable { role, source };
    let value = Value::parse(&unsigned, unsigned.len()).map_err(unreadable)?;
    let message = document::message(&value);
    let mut signatures: BTreeMap<KeyId, Signature> = BTreeMap::new();
    let mut not_asked = None;
    let sign_as = |key: &dyn Signer, key_id: &KeyId| {
        let bytes = sign_verified(key, &message).map_err(|source| ReleaseError::NotSigned { role, source })?;
        Ok::<_, ReleaseError>(Signature { key_id: key_id.clone(), bytes: Some(bytes) })
    };
    for key in keys {
        match listed_as(roots.last.authority(role), &key.public_key()) {
            Some(key_id) => drop(signatures.insert(key_id.clone(), sign_as(*key, key_id)?)),
            None => not_asked = Some(KeyId::of(&key.public_key())),
        }
    }
    // Keys that another root lists may be among them: before and after a change of online keys all of them are given.
    if let (Some(key_id), true) = (not_asked, signatures.is_empty()) {
        return Err(ReleaseError::KeyNotAsked { key_id, root: roots.last.version().number() });
    }
    for root in &roots.others {
        let authority = root.authority(role);
        for key in keys {
            let met = authority.role.key_ids().iter().filter(|id| signatures.contains_key(id)).count() as u64;
            if met >= authority.role.threshold() {
                break;
            }
            if let Some(key_id) = listed_as(authority, &key.public_key()).filter(|id| !signatures.contains_key(id)) {
                signatures.insert(key_id.clone(), sign_as(*key, key_id)?);
            }
        }
    }
    let signatures: Vec<Signature> = signatures.into_values().collect();
    let bytes = document::with_signatures(&value, &signatures);
    rootline_metadata::Envelope::<R>::parse(bytes.clone(), limits::max_bytes(role)).map_err(unreadable)?;
    Ok(bytes)
}
