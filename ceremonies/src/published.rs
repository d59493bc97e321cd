//! What has been published so far, all of it verified.

mod error;

use std::collections::BTreeMap;

use rootline_metadata::{
    Envelope, Pin, Role, Root, Snapshot, TargetFile, Targets, Timestamp, TopLevelRole, Verified, Version,
};

pub use error::PublishedError;

use crate::file_name::PublishedFile;
use crate::target_name::TargetName;

/// Most bytes in each role's file: what the other clients read at most.
pub(crate) fn most_bytes(role: TopLevelRole) -> usize {
    match role {
        TopLevelRole::Root => 512_000,
        TopLevelRole::Timestamp => 16_384,
        TopLevelRole::Snapshot => 2_000_000,
        TopLevelRole::Targets => 5_000_000,
    }
}

/// Everything that a repository has ever published, or nothing before its first ceremony. Every signature, version, pin and digest in it
/// has been checked; expiries have not, because an expired repository is one that wants a ceremony.
#[derive(Clone, Debug, Default)]
pub struct Published {
    files: BTreeMap<String, Vec<u8>>,
    /// From version 1 on without a gap.
    roots: Vec<Verified<Root>>,
    current: Option<Current>,
    /// The highest versions of snapshot and targets that there is a file of, current or not.
    highest: BTreeMap<TopLevelRole, Version>,
}

/// The files that the timestamp makes current.
#[derive(Clone, Debug)]
pub struct Current {
    /// Says which snapshot is the newest.
    pub timestamp: Verified<Timestamp>,
    /// Says which targets file is.
    pub snapshot: Verified<Snapshot>,
    /// Says what is shipped.
    pub targets: Verified<Targets>,
    /// The oldest root among those that vouch for the three.
    root_version: Version,
}

impl Published {
    /// Reads a repository from its files, by names as seen from its folder: `N.root.json`, `timestamp.json`, `N.snapshot.json`,
    /// `N.targets.json`, `targets/…DIGEST.NAME`. None at all is a repository before its first ceremony.
    ///
    /// # Errors
    /// If anything in it does not verify, is missing, or is nothing that this program publishes.
    pub fn read(files: BTreeMap<String, Vec<u8>>) -> Result<Published, PublishedError> {
        let mut named = BTreeMap::new();
        for (name, bytes) in &files {
            let file = PublishedFile::parse(name).ok_or_else(|| PublishedError::UnknownFile { name: name.clone() })?;
            named.insert(file, bytes);
        }
        let mut published = Published { roots: read_roots(&named)?, ..Published::default() };
        published.read_history(&named)?;
        published.current = published.read_current(&named)?;
        published.check_targets(&named)?;
        published.files = files;
        Ok(published)
    }

    /// Whether nothing has been published yet.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    /// All files by name.
    pub fn files(&self) -> &BTreeMap<String, Vec<u8>> {
        &self.files
    }

    /// All roots, the first one first.
    pub fn roots(&self) -> &[Verified<Root>] {
        &self.roots
    }

    /// The newest root.
    pub fn root(&self) -> Option<&Verified<Root>> {
        self.roots.last()
    }

    /// What the timestamp makes current; none before there was a timestamp.
    pub fn current(&self) -> Option<&Current> {
        self.current.as_ref()
    }

    /// Whether a client that has the newest root accepts the timestamp, the snapshot and the targets. If not, something was
    /// interrupted between a new root and the files it wants, and signing snapshot and timestamp completes it.
    pub fn is_complete(&self) -> bool {
        match (&self.current, self.root()) {
            (Some(current), Some(root)) => current.root_version == root.version(),
            (None, None) => true,
            _ => false,
        }
    }

    /// The version that the next file of a role has.
    ///
    /// # Errors
    /// If there is none after the one that is published.
    pub fn next_version(&self, role: TopLevelRole) -> Result<Version, NoVersionLeft> {
        let published = match role {
            TopLevelRole::Root => self.root().map(|root| root.version()),
            TopLevelRole::Timestamp => self.current().map(|current| current.timestamp.version()),
            // Also those that never became current: no content is ever written under a version that has been used.
            TopLevelRole::Snapshot | TopLevelRole::Targets => self.highest.get(&role).copied(),
        };
        published.map_or(Ok(Version::FIRST), |version| version.next().ok_or(NoVersionLeft { role }))
    }

    /// The bytes of the targets file that the newest root and snapshot make current name and list, by its name.
    pub fn target(&self, name: &TargetName) -> Option<&[u8]> {
        let file = self.current()?.targets.target(name.path())?;
        self.files.get(&name.published_as(&file)).map(Vec::as_slice)
    }

    /// Every `N.snapshot.json` and `N.targets.json`, also those that are long superseded, was signed as some root asks.
    fn read_history(&mut self, named: &BTreeMap<PublishedFile, &Vec<u8>>) -> Result<(), PublishedError> {
        for (file, bytes) in named {
            let (role, version) = match file {
                PublishedFile::Snapshot(version) => {
                    self.verify::<Snapshot>(TopLevelRole::Snapshot, file, bytes)?;
                    (TopLevelRole::Snapshot, *version)
                }
                PublishedFile::Targets(version) => {
                    let (targets, _) = self.verify::<Targets>(TopLevelRole::Targets, file, bytes)?;
                    if targets.delegations().is_some() {
                        return Err(PublishedError::Delegations { name: file.to_string() });
                    }
                    (TopLevelRole::Targets, *version)
                }
                _ => continue,
            };
            // In order of their versions, so the last is the highest.
            self.highest.insert(role, version);
        }
        Ok(())
    }

    fn read_current(&self, named: &BTreeMap<PublishedFile, &Vec<u8>>) -> Result<Option<Current>, PublishedError> {
        let Some(bytes) = named.get(&PublishedFile::Timestamp) else { return Ok(None) };
        let (timestamp, root_of_timestamp) =
            self.verify::<Timestamp>(TopLevelRole::Timestamp, &PublishedFile::Timestamp, bytes)?;
        let snapshot_file = PublishedFile::Snapshot(timestamp.snapshot().version);
        let bytes = pinned(named, PublishedFile::Timestamp, &snapshot_file, timestamp.snapshot())?;
        let (snapshot, root_of_snapshot) = self.verify::<Snapshot>(TopLevelRole::Snapshot, &snapshot_file, bytes)?;
        let targets_file = PublishedFile::Targets(snapshot.targets().version);
        let bytes = pinned(named, snapshot_file, &targets_file, snapshot.targets())?;
        let (targets, root_of_targets) = self.verify::<Targets>(TopLevelRole::Targets, &targets_file, bytes)?;
        let root_version = root_of_timestamp.min(root_of_snapshot).min(root_of_targets);
        Ok(Some(Current { timestamp, snapshot, targets, root_version }))
    }

    /// Every target of the current targets file is there and is what it says; every other one is what its name says.
    fn check_targets(&self, named: &BTreeMap<PublishedFile, &Vec<u8>>) -> Result<(), PublishedError> {
        for (file, bytes) in named {
            let PublishedFile::Target(name) = file else { continue };
            let digest = TargetFile::of(bytes).digests.name_prefix();
            let last = name.rsplit('/').next().unwrap_or(name);
            if last.strip_prefix(&digest).is_none_or(|rest| !rest.starts_with('.')) {
                return Err(PublishedError::ChangedTarget { name: name.clone() });
            }
        }
        let Some(current) = &self.current else { return Ok(()) };
        for (name, target) in current.targets.targets() {
            let name: TargetName = name.parse().map_err(|_| PublishedError::TargetName { name: name.into_owned() })?;
            let published_as = target.as_ref().map(|target| name.published_as(target)).unwrap_or_default();
            let bytes = named.get(&PublishedFile::Target(published_as.clone()));
            let bytes = bytes.ok_or_else(|| PublishedError::Missing {
                name: published_as.clone(),
                named_by: format!("{}.targets.json", current.targets.version()),
            })?;
            if target.is_none_or(|target| !target.matches(bytes)) {
                return Err(PublishedError::ChangedTarget { name: published_as });
            }
        }
        Ok(())
    }

    /// Reads a file and checks it with the newest root whose keys have signed it; says which root that is.
    fn verify<R: Role + Clone>(
        &self,
        role: TopLevelRole,
        file: &PublishedFile,
        bytes: &[u8],
    ) -> Result<(Verified<R>, Version), PublishedError> {
        let name = || file.to_string();
        let envelope: Envelope<R> = Envelope::parse(bytes.to_vec(), most_bytes(role))
            .map_err(|source| PublishedError::Format { name: name(), source })?;
        check_version(file, &envelope)?;
        let mut refusal = None;
        for root in self.roots.iter().rev() {
            match envelope.clone().verify(root.authority(role)) {
                Ok(verified) => return Ok((verified, root.version())),
                Err(unsigned) => refusal = refusal.or(Some(unsigned)),
            }
        }
        Err(match refusal {
            Some(source) => PublishedError::Unsigned { name: name(), source: Box::new(source) },
            None => PublishedError::Missing { name: PublishedFile::Root(Version::FIRST).to_string(), named_by: name() },
        })
    }
}

/// There is no version after 2^63-1.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{role} has the highest version there is, so there can be no next one")]
pub struct NoVersionLeft {
    /// The role.
    pub role: TopLevelRole,
}

/// The chain of roots, each signed by the one before it and by itself (TUF 5.3.4), versions without a gap (5.3.5).
fn read_roots(named: &BTreeMap<PublishedFile, &Vec<u8>>) -> Result<Vec<Verified<Root>>, PublishedError> {
    let mut roots: Vec<Verified<Root>> = Vec::new();
    for (file, bytes) in named {
        let PublishedFile::Root(version) = file else { continue };
        let expected = roots.last().map_or(Some(Version::FIRST), |last| last.version().next());
        if Some(*version) != expected {
            let missing = expected.map(|version| PublishedFile::Root(version).to_string()).unwrap_or_default();
            return Err(PublishedError::Missing { name: missing, named_by: file.to_string() });
        }
        let name = || file.to_string();
        let envelope: Envelope<Root> = Envelope::parse(bytes.to_vec(), most_bytes(TopLevelRole::Root))
            .map_err(|source| PublishedError::Format { name: name(), source })?;
        check_version(file, &envelope)?;
        let verified = match roots.last() {
            Some(old) => envelope.verify_after(old),
            None => envelope.verify_self_signed(),
        };
        let root = verified.map_err(|source| PublishedError::Unsigned { name: name(), source: Box::new(source) })?;
        if !root.consistent_snapshot() {
            return Err(PublishedError::InconsistentSnapshot { name: name() });
        }
        roots.push(root);
    }
    Ok(roots)
}

fn check_version<R: Role>(file: &PublishedFile, envelope: &Envelope<R>) -> Result<(), PublishedError> {
    let stated = envelope.unverified().version();
    match file {
        PublishedFile::Root(named) | PublishedFile::Snapshot(named) | PublishedFile::Targets(named)
            if *named != stated =>
        {
            Err(PublishedError::Version { name: file.to_string(), stated })
        }
        _ => Ok(()),
    }
}

/// The file that another one pins, if it is what that one says.
fn pinned<'a>(
    named: &BTreeMap<PublishedFile, &'a Vec<u8>>,
    by: PublishedFile,
    file: &PublishedFile,
    pin: &Pin,
) -> Result<&'a Vec<u8>, PublishedError> {
    let (name, named_by) = (file.to_string(), by.to_string());
    let Some(bytes) = named.get(file) else { return Err(PublishedError::Missing { name, named_by }) };
    let length_fits = pin.length.is_none_or(|length| length == bytes.len() as u64);
    let digests_fit = pin.digests.as_ref().is_none_or(|digests| digests.match_bytes(bytes));
    if length_fits && digests_fit { Ok(bytes) } else { Err(PublishedError::Pin { name, pinned_by: named_by }) }
}
