//! The exact bytes that keyholders are asked to sign.

mod base;
mod bridge_terms;
mod content;
mod error;
mod freeze;
mod record;

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::json::{FormatError, Value};
use rootline_metadata::{Envelope, Expiry, Role, Root, Targets, Version, hex, sha256};

use base::Base;
pub use bridge_terms::BridgeTerms;
pub use content::check_documents;
pub use error::{FreezeError, FrozenChanged, RebuildError};
pub use record::FrozenRecord;

use crate::model::fingerprint::Fingerprint;
use crate::model::role::CeremonyRole;
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;
use crate::plan::plan::Plan;
use crate::repository::published::Published;

/// The next versions of the files that a plan changes, complete but for their signatures. There may be several roots, one after the other.
#[derive(Clone, Debug)]
pub struct Frozen {
    files: BTreeMap<RoleVersion, FrozenFile>,
    plan_digest: String,
    bridge: BridgeTerms,
}

/// A file that nobody has vouched for yet.
#[derive(Clone, Debug)]
enum FrozenFile {
    Root(Envelope<Root>),
    Targets(Envelope<Targets>),
}

impl FrozenFile {
    fn read(role: &CeremonyRole, bytes: Vec<u8>) -> Result<FrozenFile, FormatError> {
        match role {
            CeremonyRole::Root => Envelope::parse(bytes, role.max_bytes()).map(FrozenFile::Root),
            _ => Envelope::parse(bytes, role.max_bytes()).map(FrozenFile::Targets),
        }
    }

    fn bytes(&self) -> &[u8] {
        match self {
            FrozenFile::Root(file) => file.bytes(),
            FrozenFile::Targets(file) => file.bytes(),
        }
    }

    fn message(&self) -> Cow<'_, [u8]> {
        match self {
            FrozenFile::Root(file) => file.message(),
            FrozenFile::Targets(file) => file.message(),
        }
    }

    fn term(&self) -> (Version, Expiry) {
        match self {
            FrozenFile::Root(file) => (file.unverified().version(), file.unverified().expiry()),
            FrozenFile::Targets(file) => (file.unverified().version(), file.unverified().expiry()),
        }
    }
}

impl Frozen {
    /// Renders a plan: only the files whose content it changes or whose renewal it asks for, as the versions that follow what is published.
    /// Where a threshold or more of root's keys change, there are several roots: with none of them so many change that those who come could
    /// make the next one alone, or that those who stay could not. `targets` are the files to ship; those that the plan does not name are passed
    /// over. The result depends on nothing else. Of the published roots, the newest one alone is taken to be in use.
    ///
    /// # Errors
    /// If the plan changes nothing, names a file that is not there, or what is published has to be completed first.
    pub fn freeze(
        plan: &Plan,
        published: &Published,
        targets: &BTreeMap<TargetName, Vec<u8>>,
    ) -> Result<Frozen, FreezeError> {
        let newest = published.root().map(|root| root.version());
        Frozen::freeze_for(plan, published, targets, &newest.into_iter().collect())
    }

    /// As [`Frozen::freeze`], where these published roots are [in use](crate::publication::roots_in_use): targets get a new version also where
    /// the published one lacks signatures that one of them, or a new root, asks for.
    ///
    /// # Errors
    /// As [`Frozen::freeze`].
    pub fn freeze_for(
        plan: &Plan,
        published: &Published,
        targets: &BTreeMap<TargetName, Vec<u8>>,
        roots_in_use: &BTreeSet<Version>,
    ) -> Result<Frozen, FreezeError> {
        let bridge = BridgeTerms::of(plan, roots_in_use);
        let files = freeze::freeze(plan, published, targets, &bridge)?;
        Ok(Frozen { files, plan_digest: plan.digest().to_owned(), bridge })
    }

    /// Which roots targets are held against beside the last one.
    pub fn bridge_terms(&self) -> &BridgeTerms {
        &self.bridge
    }

    /// Renders the plan again that these files were frozen from, onto what was published then, and compares: whether a plan gives just these
    /// files anybody can find out who has it, what was published, and what was shipped. `targets` are the files that these list, by name.
    /// Of a person who has been given another key since, the one is meant that these files list.
    ///
    /// # Errors
    /// With the first file that is another one, or if the plan cannot be rendered.
    pub fn check_rebuilt(
        &self,
        plan: &Plan,
        published: &Published,
        targets: &BTreeMap<TargetName, Vec<u8>>,
    ) -> Result<(), RebuildError> {
        let plan = plan.clone().with_keys(&base::listed_keys(self));
        let rebuilt = freeze::rebuild(&plan, Base::then(published, self), targets)?;
        for (part, file) in &self.files {
            if !rebuilt.get(part).is_some_and(|rebuilt| rebuilt.is_same_as(file)) {
                return Err(RebuildError::Differs { part: part.clone() });
            }
        }
        match rebuilt.keys().find(|part| !self.files.contains_key(part)) {
            Some(part) => Err(RebuildError::Differs { part: part.clone() }),
            None => Ok(()),
        }
    }

    /// Takes frozen files up again: they have to be what the record of their freezing says. `files` are by name, as in
    /// [`Frozen::files`].
    ///
    /// # Errors
    /// If one has been changed, is missing, or was not there when they were frozen.
    pub fn open(files: &BTreeMap<String, Vec<u8>>, record: &FrozenRecord) -> Result<Frozen, FrozenChanged> {
        for (name, digest) in &record.files {
            let bytes = files.get(name).ok_or_else(|| FrozenChanged::Missing { file: name.clone() })?;
            let found = sha256(bytes);
            if found != *digest {
                let (frozen, found) = (hex::encode(digest), hex::encode(&found));
                return Err(FrozenChanged::Changed { file: name.clone(), frozen, found });
            }
        }
        let mut frozen =
            Frozen { files: BTreeMap::new(), plan_digest: record.plan.clone(), bridge: record.bridge.clone() };
        for (name, bytes) in files {
            let unknown = || FrozenChanged::Unknown { file: name.clone() };
            let part = RoleVersion::parse(name).filter(|_| record.files.contains_key(name)).ok_or_else(unknown)?;
            let file = FrozenFile::read(&part.role, bytes.clone())
                .map_err(|source| FrozenChanged::Unreadable { file: name.clone(), source })?;
            let stated = file.term().0;
            if stated != part.version {
                return Err(FrozenChanged::Version { file: name.clone(), stated });
            }
            frozen.files.insert(part, file);
        }
        Ok(frozen)
    }

    /// The files by name, such as `2.root.json`.
    pub fn files(&self) -> BTreeMap<String, &[u8]> {
        self.files.iter().map(|(part, file)| (part.file_name(), file.bytes())).collect()
    }

    /// What to note down, so that [`Frozen::open`] can tell a change later. Revisions count from 1.
    pub fn record(&self, revision: u64) -> FrozenRecord {
        let files = self.files().into_iter().map(|(name, bytes)| (name, sha256(bytes))).collect();
        FrozenRecord { revision, plan: self.plan_digest.clone(), files, bridge: self.bridge.clone() }
    }

    /// One short text for all of it, for keyholders to read to each other.
    pub fn fingerprint(&self) -> Fingerprint {
        self.record(1).fingerprint()
    }

    /// What is to be signed, in the order in which it is signed.
    pub fn parts(&self) -> impl ExactSizeIterator<Item = &RoleVersion> {
        self.files.keys()
    }

    /// The newest file of a role, if it has one here.
    pub fn part(&self, role: &CeremonyRole) -> Option<&RoleVersion> {
        self.files.keys().rfind(|part| part.role == *role)
    }

    /// When a file expires.
    pub fn expiry(&self, part: &RoleVersion) -> Option<Expiry> {
        self.files.get(part).map(|file| file.term().1)
    }

    /// The bytes that a signature is over: the canonical form of the signed part.
    pub fn message(&self, part: &RoleVersion) -> Option<Vec<u8>> {
        self.files.get(part).map(|file| file.message().into_owned())
    }

    /// The bytes that the signatures of a file are over.
    pub(crate) fn message_in(part: &RoleVersion, bytes: &[u8]) -> Result<Vec<u8>, FormatError> {
        FrozenFile::read(&part.role, bytes.to_vec()).map(|file| file.message().into_owned())
    }

    /// What the next roots say, the first one first: nobody has vouched for them yet.
    pub fn roots(&self) -> impl DoubleEndedIterator<Item = (&RoleVersion, &Root)> {
        self.files.iter().filter_map(|(part, file)| match file {
            FrozenFile::Root(root) => Some((part, root.unverified())),
            FrozenFile::Targets(_) => None,
        })
    }

    /// What the last of the next roots says, if there is one: nobody has vouched for it yet.
    pub fn root(&self) -> Option<&Root> {
        self.roots().next_back().map(|(_, root)| root)
    }

    /// What the next file of a targets role says, if there is one: nobody has vouched for it yet.
    pub fn targets(&self, role: &CeremonyRole) -> Option<&Targets> {
        match self.files.get(self.part(role)?)? {
            FrozenFile::Targets(targets) => Some(targets.unverified()),
            FrozenFile::Root(_) => None,
        }
    }

    /// What the next files of all targets roles say.
    pub fn all_targets(&self) -> impl Iterator<Item = (&RoleVersion, &Targets)> {
        self.files.iter().filter_map(|(part, file)| match file {
            FrozenFile::Targets(targets) => Some((part, targets.unverified())),
            FrozenFile::Root(_) => None,
        })
    }

    /// The whole file as a value, to put signatures in.
    pub(crate) fn value(&self, part: &RoleVersion) -> Option<Value> {
        let bytes = self.files.get(part)?.bytes();
        // It was read when it was frozen, so reading it again does not fail.
        Value::parse(bytes, bytes.len()).ok()
    }
}
