//! The exact bytes that keyholders are asked to sign.

mod record;

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::json::{FormatError, Value};
use rootline_metadata::{
    Authority, Envelope, Expiry, PublicKey, Role, RoleKeys, Root, TargetFile, Targets, TopLevelRole, Version, hex,
    sha256,
};

pub use record::FrozenRecord;

use crate::document::{self, RoleContent};
use crate::fingerprint::Fingerprint;
use crate::keyholder::Keyholder;
use crate::name::Name;
use crate::plan::{Plan, RolePlan};
use crate::published::{NoVersionLeft, Published, most_bytes};
use crate::role::CeremonyRole;
use crate::target_name::TargetName;

/// The next versions of the files that a plan changes, complete but for their signatures.
#[derive(Clone, Debug)]
pub struct Frozen {
    root: Option<Envelope<Root>>,
    targets: Option<Envelope<Targets>>,
    plan_digest: String,
}

impl Frozen {
    /// Renders a plan: only the files whose content it changes or whose renewal it asks for, each as version N + 1 of what is published.
    /// `targets` are the files to ship; those that the plan does not name are passed over. The result depends on nothing else.
    ///
    /// # Errors
    /// If the plan changes nothing, names a file that is not there, or what is published has to be completed first.
    pub fn freeze(
        plan: &Plan,
        published: &Published,
        targets: &BTreeMap<TargetName, Vec<u8>>,
    ) -> Result<Frozen, FreezeError> {
        if !published.is_complete() {
            return Err(FreezeError::Incomplete);
        }
        let root = freeze_root(plan, published)?;
        let targets = freeze_targets(plan, published, root.as_ref(), targets)?;
        if root.is_none() && targets.is_none() {
            return Err(FreezeError::NothingChanges);
        }
        Ok(Frozen { root, targets, plan_digest: plan.digest().to_owned() })
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
        if let Some(name) = files.keys().find(|name| !record.files.contains_key(*name)) {
            return Err(FrozenChanged::Unknown { file: name.clone() });
        }
        let read = |role: CeremonyRole| files.get(&role.frozen_file()).cloned();
        let unreadable =
            |role: CeremonyRole| move |source| FrozenChanged::Unreadable { file: role.frozen_file(), source };
        Ok(Frozen {
            root: read(CeremonyRole::Root)
                .map(|bytes| Envelope::parse(bytes, most_bytes(TopLevelRole::Root)))
                .transpose()
                .map_err(unreadable(CeremonyRole::Root))?,
            targets: read(CeremonyRole::Targets)
                .map(|bytes| Envelope::parse(bytes, most_bytes(TopLevelRole::Targets)))
                .transpose()
                .map_err(unreadable(CeremonyRole::Targets))?,
            plan_digest: record.plan.clone(),
        })
    }

    /// The files by name, `root.json` and `targets.json`, whichever there are.
    pub fn files(&self) -> BTreeMap<String, &[u8]> {
        let root = self.root.as_ref().map(|file| (CeremonyRole::Root, file.bytes()));
        let targets = self.targets.as_ref().map(|file| (CeremonyRole::Targets, file.bytes()));
        [root, targets].into_iter().flatten().map(|(role, bytes)| (role.frozen_file(), bytes)).collect()
    }

    /// What to note down, so that [`Frozen::open`] can tell a change later. Revisions count from 1.
    pub fn record(&self, revision: u64) -> FrozenRecord {
        let files = self.files().into_iter().map(|(name, bytes)| (name, sha256(bytes))).collect();
        FrozenRecord { revision, plan: self.plan_digest.clone(), files }
    }

    /// One short text for all of it, for keyholders to read to each other.
    pub fn fingerprint(&self) -> Fingerprint {
        self.record(1).fingerprint()
    }

    /// The roles that are to be signed.
    pub fn roles(&self) -> Vec<CeremonyRole> {
        CeremonyRole::ALL.into_iter().filter(|role| self.version(*role).is_some()).collect()
    }

    /// The version that a role's next file has, if it has one here.
    pub fn version(&self, role: CeremonyRole) -> Option<Version> {
        match role {
            CeremonyRole::Root => self.root.as_ref().map(|file| file.unverified().version()),
            CeremonyRole::Targets => self.targets.as_ref().map(|file| file.unverified().version()),
        }
    }

    /// When a role's next file expires, if it has one here.
    pub fn expiry(&self, role: CeremonyRole) -> Option<Expiry> {
        match role {
            CeremonyRole::Root => self.root.as_ref().map(|file| file.unverified().expiry()),
            CeremonyRole::Targets => self.targets.as_ref().map(|file| file.unverified().expiry()),
        }
    }

    /// The bytes that a signature is over, if the role is to be signed: the canonical form of the signed part.
    pub fn message(&self, role: CeremonyRole) -> Option<Vec<u8>> {
        match role {
            CeremonyRole::Root => self.root.as_ref().map(|file| file.message().into_owned()),
            CeremonyRole::Targets => self.targets.as_ref().map(|file| file.message().into_owned()),
        }
    }

    /// What the next root says, if there is one: nobody has vouched for it yet.
    pub fn root(&self) -> Option<&Root> {
        self.root.as_ref().map(|file| file.unverified())
    }

    /// What the next targets file says, if there is one: nobody has vouched for it yet.
    pub fn targets(&self) -> Option<&Targets> {
        self.targets.as_ref().map(|file| file.unverified())
    }

    /// The whole file of a role as a value, to put signatures in.
    pub(crate) fn value(&self, role: CeremonyRole) -> Option<Value> {
        let bytes = match role {
            CeremonyRole::Root => self.root.as_ref()?.bytes(),
            CeremonyRole::Targets => self.targets.as_ref()?.bytes(),
        };
        // It was read when it was frozen, so reading it again does not fail.
        Value::parse(bytes, bytes.len()).ok()
    }
}

/// Why a plan cannot be frozen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FreezeError {
    /// Everything that the plan states is true already.
    #[error("the plan changes nothing: everything it states is published already")]
    NothingChanges,
    /// A file that is to be shipped is not there.
    #[error("the plan ships {name}, and there is no such file among the targets")]
    NoSuchTarget {
        /// Its name.
        name: TargetName,
    },
    /// A root has been published and the files that it wants have not.
    #[error("the last publication was interrupted: its timestamp does not fit its root")]
    Incomplete,
    /// There can be no next version.
    #[error(transparent)]
    NoVersionLeft(#[from] NoVersionLeft),
    /// The file would be longer than clients read.
    #[error("the next {role}.json would not be read by clients: {source}")]
    Unreadable {
        /// Which.
        role: CeremonyRole,
        /// Why.
        source: FormatError,
    },
}

impl FreezeError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            FreezeError::NothingChanges => "edit the plan; to move only an expiry, set `renew = true` for that role",
            FreezeError::NoSuchTarget { .. } => {
                "put the file into targets/, or take its name out of `ship` in the plan"
            }
            FreezeError::Incomplete => "sign snapshot and timestamp first: rootline-repo online",
            FreezeError::NoVersionLeft(_) => "begin a new repository with a new first root",
            FreezeError::Unreadable { .. } => "ship fewer files from one role",
        }
    }
}

/// Why frozen files cannot be used: what people have reviewed and signed must be what is there.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FrozenChanged {
    /// A file is not the one that was frozen.
    #[error("the frozen {file} has been changed: its digest was {frozen} and is {found}")]
    Changed {
        /// Its name.
        file: String,
        /// The digest it had, in hex.
        frozen: String,
        /// The digest it has, in hex.
        found: String,
    },
    /// A file is gone.
    #[error("the frozen {file} is missing")]
    Missing {
        /// Its name.
        file: String,
    },
    /// A file has come.
    #[error("{file} is not one of the files that were frozen")]
    Unknown {
        /// Its name.
        file: String,
    },
    /// A file has its digest and cannot be read: it was not frozen by this program.
    #[error("the frozen {file} cannot be read: {source}")]
    Unreadable {
        /// Its name.
        file: String,
        /// Why.
        source: FormatError,
    },
}

impl FrozenChanged {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "do not sign; freezing the plan again restores the frozen files, and says if they are others now: rootline-repo ceremony freeze"
    }
}

fn freeze_root(plan: &Plan, published: &Published) -> Result<Option<Envelope<Root>>, FreezeError> {
    let planned = planned_roles(plan);
    let same =
        |root: &Root| planned.iter().all(|(role, content)| listed(root.authority(*role)) == Some(wanted(content)));
    if !plan.root().renew && published.root().is_some_and(|root| same(root)) {
        return Ok(None);
    }
    let version = published.next_version(TopLevelRole::Root)?;
    let signed = document::root(version, plan.root().expires.after(plan.at()), &planned);
    let unreadable = |source| FreezeError::Unreadable { role: CeremonyRole::Root, source };
    Envelope::parse(document::unsigned(signed), most_bytes(TopLevelRole::Root)).map(Some).map_err(unreadable)
}

fn freeze_targets(
    plan: &Plan,
    published: &Published,
    root: Option<&Envelope<Root>>,
    targets: &BTreeMap<TargetName, Vec<u8>>,
) -> Result<Option<Envelope<Targets>>, FreezeError> {
    let current = published.current().map(|current| &current.targets);
    let mut files = BTreeMap::new();
    for name in plan.ship() {
        let bytes = targets.get(name).ok_or_else(|| FreezeError::NoSuchTarget { name: name.clone() })?;
        let before = current.and_then(|current| current.target(name.path()));
        // The plan says nothing of `custom`, so it stays as it is.
        let custom = before.and_then(|before| before.custom);
        files.insert(name.clone(), TargetFile { custom, ..TargetFile::of(bytes) });
    }
    let same = |current: &Targets| {
        let before: BTreeMap<String, Option<TargetFile>> =
            current.targets().map(|(name, file)| (name.into_owned(), file)).collect();
        before.into_iter().eq(files.iter().map(|(name, file)| (name.to_string(), Some(file.clone()))))
    };
    // A root that changes whose signatures count may leave the published file without enough of them.
    let still_signed = current.is_some_and(|current| {
        let root = root.map(|file| file.unverified()).or(published.root().map(|root| &**root));
        root.is_some_and(|root| current.envelope().clone().verify(root.authority(TopLevelRole::Targets)).is_ok())
    });
    if !plan.targets().renew && still_signed && current.is_some_and(|current| same(current)) {
        return Ok(None);
    }
    let version = published.next_version(TopLevelRole::Targets)?;
    let signed = document::targets(version, plan.targets().expires.after(plan.at()), &files);
    let unreadable = |source| FreezeError::Unreadable { role: CeremonyRole::Targets, source };
    Envelope::parse(document::unsigned(signed), most_bytes(TopLevelRole::Targets)).map(Some).map_err(unreadable)
}

fn planned_roles(plan: &Plan) -> BTreeMap<TopLevelRole, RoleContent<'_>> {
    let keys =
        |names: &[Name]| names.iter().filter_map(|name| plan.keyholders().get(name)).map(Keyholder::key).collect();
    let offline =
        |role: &RolePlan| RoleContent { keys: keys(role.holders.names()), threshold: role.holders.threshold() };
    let online = RoleContent { keys: keys(plan.online()), threshold: 1 };
    BTreeMap::from([
        (TopLevelRole::Root, offline(plan.root())),
        (TopLevelRole::Targets, offline(plan.targets())),
        (TopLevelRole::Snapshot, online.clone()),
        (TopLevelRole::Timestamp, online),
    ])
}

/// The keys and the threshold of a role, in a form to compare. None if a key cannot be used: then the root is to be written anew.
fn listed(authority: Authority<'_>) -> Option<(BTreeSet<Vec<u8>>, u64)> {
    let role: &RoleKeys = authority.role;
    let key = |id| authority.keys.get(id).and_then(|key| key.usable().ok()).map(PublicKey::to_spki_der);
    let keys: Option<BTreeSet<_>> = role.key_ids().iter().map(key).collect();
    Some((keys?, role.threshold()))
}

fn wanted(content: &RoleContent<'_>) -> (BTreeSet<Vec<u8>>, u64) {
    (content.keys.iter().map(|key| key.to_spki_der()).collect(), content.threshold)
}
