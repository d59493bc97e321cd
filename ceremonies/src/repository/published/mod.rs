//! What has been published so far, all of it verified.

mod before;
mod current;
mod delegated;
mod error;
mod excerpt;
mod file;

use std::collections::BTreeMap;

use rootline_metadata::json::Value;
use rootline_metadata::limits::{MAX_ROOT_BYTES, max_bytes};
use rootline_metadata::{
    Envelope, Role, Root, Signatory, SignatureSet, Snapshot, TargetFile, Targets, Thoroughness, Timestamp,
    TopLevelRole, Unsigned, Verified, Version,
};

pub use current::Current;
pub use error::PublishedError;

use self::delegated::{read_delegated, read_delegated_history};
pub(crate) use self::file::fits;
use self::file::{open, pinned};
use crate::ceremony::given_up::GivenUp;
use crate::model::file_name::PublishedFile;
use crate::model::period::{Days, Periods};
use crate::model::role::{CeremonyRole, NoVersionLeft};
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;
use crate::repository::stated_periods;

/// Everything that a repository has ever published, or nothing before its first ceremony. Every signature, version, length and digest in it
/// has been checked; expiries have not, because an expired repository is one that wants a ceremony.
#[derive(Clone, Debug, Default)]
pub struct Published {
    files: BTreeMap<String, Vec<u8>>,
    /// From version 1 on without a gap.
    roots: Vec<Verified<Root>>,
    current: Option<Current>,
    /// The highest version of each role but root and timestamp that there is a file of, current or not, by the role's name.
    highest: BTreeMap<String, Version>,
    /// What was signed and given up, and is not published.
    given_up: Vec<GivenUp>,
}

impl Published {
    /// Most versions that are skipped because they were given up: more than a role has in years.
    pub const MAX_SKIPPED: u64 = 1000;

    /// Reads a repository from its files, by names as seen from its folder: `N.root.json`, `timestamp.json`, `N.snapshot.json`,
    /// `N.targets.json`, `N.NAME.json` of delegated roles, `targets/…DIGEST.NAME`. None at all is a repository before its first ceremony.
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

    /// As it is, with what was signed and given up: no other file gets one of these versions, so that none of them can be served in its place.
    /// What is published all the same is left out.
    #[must_use]
    pub fn with_given_up(mut self, versions: impl IntoIterator<Item = GivenUp>) -> Published {
        let versions: Vec<GivenUp> = versions.into_iter().filter(|version| !version.is_published(&self)).collect();
        self.given_up.extend(versions);
        self.given_up.sort();
        self.given_up.dedup();
        self
    }

    /// What was signed and given up: valid files that must never be served.
    pub fn given_up(&self) -> &[GivenUp] {
        &self.given_up
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

    /// The version that the next file of a top-level role has.
    ///
    /// # Errors
    /// If there is none after the one that is published.
    pub fn next_version(&self, role: TopLevelRole) -> Result<Version, NoVersionLeft> {
        let published = match role {
            TopLevelRole::Root => self.root().map(|root| root.version()),
            TopLevelRole::Timestamp => self.current().map(|current| current.timestamp.version()),
            // Also those that never became current: no content is ever written under a version that has been used.
            TopLevelRole::Snapshot | TopLevelRole::Targets => self.used(role.name()),
        };
        let none_left = || NoVersionLeft { role: role.to_string() };
        published.map_or(Ok(Version::FIRST), |version| version.next().ok_or_else(none_left))
    }

    /// The next file of a role that people sign.
    ///
    /// # Errors
    /// If there is no version after the one that is published.
    pub fn next_part(&self, role: &CeremonyRole) -> Result<RoleVersion, NoVersionLeft> {
        let version = match role.top_level() {
            Some(role) => self.next_version(role)?,
            None => match self.used(role.name()) {
                Some(version) => version.next().ok_or_else(|| role.no_version_left())?,
                None => Version::FIRST,
            },
        };
        Ok(RoleVersion::new(role.clone(), version))
    }

    /// The highest version of a role that was published, or signed and given up.
    fn used(&self, role: &str) -> Option<Version> {
        let highest = self.highest.get(role).copied();
        // A version that is far from all others would leave the role none.
        let limit = highest.map_or(0, Version::number).saturating_add(Published::MAX_SKIPPED);
        let given_up = self.given_up.iter().map(|version| &version.part).filter(|part| part.role.name() == role);
        let given_up = given_up.map(|part| part.version).filter(|version| version.number() <= limit);
        given_up.chain(highest).max()
    }

    /// How long the files of a role that is signed without people hold, where the newest root says so.
    pub fn online_periods(&self, role: TopLevelRole) -> Option<Periods> {
        periods(self.root()?, role)
    }

    /// How long before its expiry the next file of a role is due, where the published one says so.
    pub fn signing_days(&self, role: &CeremonyRole) -> Option<Days> {
        match role {
            CeremonyRole::Root => signing_days(self.root()?),
            other => signing_days(self.current()?.targets_of(other)?),
        }
    }

    /// The bytes of what is shipped under a name now.
    pub fn target(&self, name: &TargetName) -> Option<&[u8]> {
        let file = self.current()?.all_targets().find_map(|(_, targets)| targets.target(name.path()))?;
        self.files.get(&name.published_as(&file)).map(Vec::as_slice)
    }

    /// The bytes of everything that is shipped now, by name.
    pub fn shipped(&self) -> BTreeMap<TargetName, &[u8]> {
        let current = self.current().into_iter().flat_map(Current::all_targets);
        let mut shipped = BTreeMap::new();
        for (name, file) in current.flat_map(|(_, targets)| targets.targets().collect::<Vec<_>>()) {
            let bytes = |name: &TargetName, file| self.files.get(&name.published_as(&file)).map(Vec::as_slice);
            if let Some((name, file)) = name.parse::<TargetName>().ok().zip(file)
                && let Some(bytes) = bytes(&name, file)
            {
                shipped.entry(name).or_insert(bytes);
            }
        }
        shipped
    }

    /// Every file but roots and the timestamp, also those that are long superseded, was signed as somebody asks who could: a root, or for a
    /// delegated role a file that delegates to it.
    fn read_history(&mut self, named: &BTreeMap<PublishedFile, &Vec<u8>>) -> Result<(), PublishedError> {
        let (mut delegators, mut open) = (Vec::new(), Vec::new());
        for (file, bytes) in named {
            let (role, version) = match file {
                PublishedFile::Snapshot(version) => {
                    self.verify::<Snapshot>(TopLevelRole::Snapshot, file, bytes)?;
                    (TopLevelRole::Snapshot.name(), *version)
                }
                PublishedFile::Targets(version) => {
                    delegators.push(self.verify::<Targets>(TopLevelRole::Targets, file, bytes)?.0);
                    (TopLevelRole::Targets.name(), *version)
                }
                PublishedFile::Delegated(name, version) => {
                    open.push((file, name, *bytes));
                    (name.as_str(), *version)
                }
                _ => continue,
            };
            // In order of their versions, so the last is the highest.
            self.highest.insert(role.to_owned(), version);
        }
        read_delegated_history(open, delegators)
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
        let delegated = read_delegated(named, &snapshot, &targets)?;
        Ok(Some(Current { timestamp, snapshot, targets, delegated, root_version }))
    }

    /// Every target of the current targets files is there and is what they say; every other one is what its name says.
    fn check_targets(&self, named: &BTreeMap<PublishedFile, &Vec<u8>>) -> Result<(), PublishedError> {
        for (file, bytes) in named {
            let PublishedFile::Target(name) = file else { continue };
            let digest = TargetFile::of(bytes).digests.name_prefix();
            let last = name.rsplit('/').next().unwrap_or(name);
            if last.strip_prefix(&digest).is_none_or(|rest| !rest.starts_with('.')) {
                return Err(PublishedError::ChangedTarget { name: name.clone() });
            }
        }
        let current = self.current.iter().flat_map(Current::all_targets);
        current.into_iter().try_for_each(|(part, targets)| check_targets_of(&part, targets, named))
    }

    /// Reads a file and checks it with the newest root whose keys have signed it; says which root that is.
    fn verify<R: Role + Clone>(
        &self,
        role: TopLevelRole,
        file: &PublishedFile,
        bytes: &[u8],
    ) -> Result<(Verified<R>, Version), PublishedError> {
        let name = || file.to_string();
        let envelope: Envelope<R> = open(file, bytes, max_bytes(role))?;
        let message = envelope.message();
        // Each signature is verified once for a key, however many roots list it.
        let mut signatures = SignatureSet::new(&message, envelope.signatures());
        let mut refusal = None;
        for root in self.roots.iter().rev() {
            let tally = signatures.tally(root.authority(role), Thoroughness::Enough);
            if tally.is_met() {
                let unsigned = |source| PublishedError::Unsigned { name: name(), source: Box::new(source) };
                let verified = envelope.clone().verify(root.authority(role)).map_err(unsigned)?;
                return Ok((verified, root.version()));
            }
            refusal = refusal.or(Some(Unsigned { by: Signatory::Delegator, tally }));
        }
        Err(match refusal {
            Some(source) => PublishedError::Unsigned { name: name(), source: Box::new(source) },
            None => PublishedError::Missing { name: PublishedFile::Root(Version::FIRST).to_string(), named_by: name() },
        })
    }
}

/// How long the versions of a role that is signed without people hold, where a root says so.
pub(crate) fn periods(root: &Verified<Root>, role: TopLevelRole) -> Option<Periods> {
    let role = root.envelope().member("roles")?.get(role.name())?;
    stated_periods::periods(&Value::from(role))
}

fn signing_days<R: Role>(file: &Verified<R>) -> Option<Days> {
    stated_periods::days(&Value::from(file.envelope().member(stated_periods::SIGNING_DAYS)?))
}

fn check_targets_of(
    part: &RoleVersion,
    targets: &Targets,
    named: &BTreeMap<PublishedFile, &Vec<u8>>,
) -> Result<(), PublishedError> {
    for (name, target) in targets.targets() {
        let name: TargetName = name.parse().map_err(|_| PublishedError::TargetName { name: name.into_owned() })?;
        let published_as = target.as_ref().map(|target| name.published_as(target)).unwrap_or_default();
        let bytes = named.get(&PublishedFile::Target(published_as.clone()));
        let bytes =
            bytes.ok_or_else(|| PublishedError::Missing { name: published_as.clone(), named_by: part.file_name() })?;
        if target.is_none_or(|target| !target.matches(bytes)) {
            return Err(PublishedError::ChangedTarget { name: published_as });
        }
    }
    Ok(())
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
        let envelope: Envelope<Root> = open(file, bytes, MAX_ROOT_BYTES)?;
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
