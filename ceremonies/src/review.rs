//! What a signature means: the difference between what is published and what is frozen.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::{Authority, Expiry, KeyId, PublicKey, Role, TargetFile, Targets, TopLevelRole, Version};

use crate::frozen::Frozen;
use crate::keyholder::Keyholders;
use crate::name::Name;
use crate::published::Published;
use crate::role::CeremonyRole;
use crate::target_name::TargetName;

/// Everything that becomes different. What is not mentioned stays.
#[derive(Clone, Debug)]
pub struct Review {
    /// The files that are replaced.
    pub files: Vec<FileChange>,
    /// Whose keys count for what, where the root is replaced.
    pub authorities: Vec<AuthorityChange>,
    /// What is shipped, where the targets file is replaced; also what stays as it is.
    pub targets: Vec<TargetChange>,
}

/// A file that is replaced.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// Its role.
    pub role: CeremonyRole,
    /// The version that is published, and its expiry.
    pub before: Option<(Version, Expiry)>,
    /// The version that replaces it, and its expiry.
    pub after: (Version, Expiry),
}

/// Whose keys count for a role.
#[derive(Clone, Debug)]
pub struct AuthorityChange {
    /// The role.
    pub role: TopLevelRole,
    /// How many had to sign.
    pub threshold_before: Option<u64>,
    /// How many have to sign.
    pub threshold_after: u64,
    /// Keys that count from now on.
    pub joins: Vec<ListedKey>,
    /// Keys that counted and no longer do.
    pub leaves: Vec<ListedKey>,
    /// Keys that go on counting.
    pub stays: Vec<ListedKey>,
}

/// A key and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// The keyholder; nobody, if no keyholder has it.
    pub owner: Option<Name>,
    /// The key's id: the SHA-256 digest of its key object.
    pub key_id: KeyId,
    /// Its scheme, as metadata has it.
    pub scheme: &'static str,
}

/// What becomes of something that is shipped.
#[derive(Clone, Debug)]
pub struct TargetChange {
    /// Its name.
    pub name: String,
    /// What is published.
    pub before: Option<TargetFile>,
    /// What replaces it; nothing if it is no longer shipped.
    pub after: Option<TargetFile>,
}

impl TargetChange {
    /// Whether it stays as it is.
    pub fn is_unchanged(&self) -> bool {
        self.before == self.after
    }
}

impl Review {
    /// Compares what is frozen with what is published.
    pub fn new(frozen: &Frozen, published: &Published, keyholders: &Keyholders) -> Review {
        let authorities = match frozen.root() {
            Some(new) => {
                let old = published.root();
                let change = |role| compare(role, old.map(|old| old.authority(role)), new.authority(role), keyholders);
                TopLevelRole::ALL.into_iter().map(change).collect()
            }
            None => Vec::new(),
        };
        let targets = frozen.targets().map(|new| {
            let old = published.current().map(|current| shipped(&current.targets)).unwrap_or_default();
            compare_targets(old, shipped(new))
        });
        Review { files: file_changes(frozen, published), authorities, targets: targets.unwrap_or_default() }
    }
}

impl Frozen {
    /// Checks that the files that are to be shipped are what was frozen, before anybody signs for them. Files that have been published
    /// already need not be among `targets`.
    ///
    /// # Errors
    /// With the name of the first that is missing or another.
    pub fn check_targets(
        &self,
        targets: &BTreeMap<TargetName, Vec<u8>>,
        published: &Published,
    ) -> Result<(), TargetDiffers> {
        for (name, file) in self.targets().into_iter().flat_map(Targets::targets) {
            let given = name.parse::<TargetName>().ok().zip(file);
            let is_there = given.is_some_and(|(name, file)| match targets.get(&name) {
                Some(bytes) => file.matches(bytes),
                None => published.files().get(&name.published_as(&file)).is_some_and(|bytes| file.matches(bytes)),
            });
            if !is_there {
                return Err(TargetDiffers { name: name.into_owned() });
            }
        }
        Ok(())
    }
}

/// A file to be shipped is not the one that was frozen.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("targets/{name} is missing or not the file that was frozen")]
pub struct TargetDiffers {
    /// Its name.
    pub name: String,
}

impl TargetDiffers {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "put the file back as it was, or freeze the plan again: rootline-repo ceremony freeze"
    }
}

fn file_changes(frozen: &Frozen, published: &Published) -> Vec<FileChange> {
    let before = |role| match role {
        CeremonyRole::Root => published.root().map(|root| (root.version(), root.expiry())),
        CeremonyRole::Targets => {
            published.current().map(|current| (current.targets.version(), current.targets.expiry()))
        }
    };
    let change =
        |role| Some(FileChange { role, before: before(role), after: frozen.version(role).zip(frozen.expiry(role))? });
    frozen.roles().into_iter().filter_map(change).collect()
}

fn compare(
    role: TopLevelRole,
    old: Option<Authority<'_>>,
    new: Authority<'_>,
    keyholders: &Keyholders,
) -> AuthorityChange {
    let before = old.map(|old| listed(old, keyholders)).unwrap_or_default();
    let after = listed(new, keyholders);
    let ids = |keys: &[ListedKey]| keys.iter().map(|key| key.key_id.clone()).collect::<BTreeSet<_>>();
    let (ids_before, ids_after) = (ids(&before), ids(&after));
    let (stays, joins) = after.into_iter().partition(|key| ids_before.contains(&key.key_id));
    AuthorityChange {
        role,
        threshold_before: old.map(|old| old.role.threshold()),
        threshold_after: new.role.threshold(),
        joins,
        leaves: before.into_iter().filter(|key| !ids_after.contains(&key.key_id)).collect(),
        stays,
    }
}

/// The keys of a role, in order of their owners' names.
fn listed(authority: Authority<'_>, keyholders: &Keyholders) -> Vec<ListedKey> {
    let key = |key_id: &KeyId| {
        let key: Option<&PublicKey> = authority.keys.get(key_id).and_then(|key| key.usable().ok());
        let owner = key.and_then(|key| keyholders.owner(key.material()));
        ListedKey {
            owner: owner.map(|owner| owner.name().clone()),
            key_id: key_id.clone(),
            scheme: key.map_or("unknown", |key| key.scheme().as_str()),
        }
    };
    let mut keys: Vec<ListedKey> = authority.role.key_ids().iter().map(key).collect();
    keys.sort_by(|left, right| (&left.owner, &left.key_id).cmp(&(&right.owner, &right.key_id)));
    keys
}

fn shipped(targets: &Targets) -> BTreeMap<String, TargetFile> {
    targets.targets().filter_map(|(name, file)| Some((name.into_owned(), file?))).collect()
}

fn compare_targets(mut old: BTreeMap<String, TargetFile>, new: BTreeMap<String, TargetFile>) -> Vec<TargetChange> {
    let mut changes: Vec<TargetChange> = new
        .into_iter()
        .map(|(name, after)| TargetChange { before: old.remove(&name), name, after: Some(after) })
        .collect();
    changes.extend(old.into_iter().map(|(name, before)| TargetChange { name, before: Some(before), after: None }));
    changes.sort_by(|left, right| left.name.cmp(&right.name));
    changes
}
