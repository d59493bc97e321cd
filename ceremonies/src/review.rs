//! What a signature means: the difference between what is published and what is frozen.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::{
    Authority, DelegatedRoles, Delegation, Expiry, KeyId, PublicKey, Role, Scope, TargetFile, Targets, TopLevelRole,
    Version,
};

use crate::frozen::Frozen;
use crate::keyholder::Keyholders;
use crate::name::Name;
use crate::part::Part;
use crate::published::Published;
use crate::target_name::TargetName;

/// Everything that becomes different. What is not mentioned stays.
#[derive(Clone, Debug)]
pub struct Review {
    /// The files that are replaced.
    pub files: Vec<FileChange>,
    /// Whose keys count for what, where a file is replaced that says so.
    pub authorities: Vec<AuthorityChange>,
    /// Who may ship what on behalf of a targets role, where its file is replaced; also what stays as it is.
    pub delegations: Vec<DelegationChange>,
    /// What is shipped, where a targets file is replaced; also what stays as it is.
    pub targets: Vec<TargetChange>,
}

/// A file that is replaced.
#[derive(Clone, Debug)]
pub struct FileChange {
    /// The new file.
    pub part: Part,
    /// The version before it, and its expiry.
    pub before: Option<(Version, Expiry)>,
    /// When the new one expires.
    pub expiry: Expiry,
}

/// Whose keys count for a role.
#[derive(Clone, Debug)]
pub struct AuthorityChange {
    /// The file that says so.
    pub by: Part,
    /// The role; bins are one, named by the first and the last of them.
    pub role: String,
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

/// What may be shipped by somebody else.
#[derive(Clone, Debug)]
pub struct DelegationChange {
    /// The file that says so.
    pub by: Part,
    /// To whom; bins are one, named by the first and the last of them.
    pub role: String,
    /// What is published: its place in the order of the search, from 1, and what it is about.
    pub before: Option<(usize, DelegationTerms)>,
    /// What replaces it; nothing if it is no longer delegated.
    pub after: Option<(usize, DelegationTerms)>,
}

/// What a delegation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DelegationTerms {
    /// Targets whose names fit one of these patterns.
    Paths {
        /// The patterns.
        patterns: Vec<String>,
        /// Whether a search for one of these ends there.
        terminating: bool,
    },
    /// Targets the digest of whose name begins with one of these.
    HashPrefixes {
        /// The prefixes, in hex.
        prefixes: Vec<String>,
        /// Whether a search for one of these ends there.
        terminating: bool,
    },
    /// All targets, spread over that many bins by the digests of their names.
    Bins {
        /// How many.
        count: u64,
    },
}

/// What becomes of something that is shipped.
#[derive(Clone, Debug)]
pub struct TargetChange {
    /// The file that says so.
    pub by: Part,
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
    /// Compares what is frozen with what is published; where there are several roots, each with the one before it.
    pub fn new(frozen: &Frozen, published: &Published, keyholders: &Keyholders) -> Review {
        let mut review =
            Review { files: Vec::new(), authorities: Vec::new(), delegations: Vec::new(), targets: Vec::new() };
        let mut old = published.root().map(|root| &**root);
        for (part, new) in frozen.roots() {
            let before = old.map(|old| (old.version(), old.expiry()));
            review.files.push(FileChange { part: part.clone(), before, expiry: new.expiry() });
            for role in TopLevelRole::ALL {
                let (old, new) = (old.map(|old| old.authority(role)), new.authority(role));
                review.authorities.push(compare(part, role.name(), old, new, keyholders));
            }
            old = Some(new);
        }
        for (part, new) in frozen.all_targets() {
            let old = published.current().and_then(|current| current.targets_of(&part.role));
            let before = old.map(|old| (old.version(), old.expiry()));
            review.files.push(FileChange { part: part.clone(), before, expiry: new.expiry() });
            let old = old.map(|old| &**old);
            review.compare_delegations(part, old, new, keyholders);
            review.targets.extend(compare_targets(part, old.map(shipped).unwrap_or_default(), shipped(new)));
        }
        review
    }

    fn compare_delegations(&mut self, part: &Part, old: Option<&Targets>, new: &Targets, keyholders: &Keyholders) {
        let (mut before, after) = (old.map(listed_delegations).unwrap_or_default(), listed_delegations(new));
        for (role, (place, terms, authority)) in after {
            let old = before.remove(&role);
            let old_authority = old.as_ref().map(|(_, _, authority)| *authority);
            self.authorities.push(compare(part, &role, old_authority, authority, keyholders));
            self.delegations.push(DelegationChange {
                by: part.clone(),
                role,
                before: old.map(|(place, terms, _)| (place, terms)),
                after: Some((place, terms)),
            });
        }
        for (role, (place, terms, _)) in before {
            self.delegations.push(DelegationChange {
                by: part.clone(),
                role,
                before: Some((place, terms)),
                after: None,
            });
        }
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
        for (name, file) in self.all_targets().flat_map(|(_, targets)| targets.targets()) {
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

fn compare(
    by: &Part,
    role: &str,
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
        by: by.clone(),
        role: role.to_owned(),
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

/// To whom a file delegates: by name, with the place in the order of the search.
fn listed_delegations(targets: &Targets) -> BTreeMap<String, (usize, DelegationTerms, Authority<'_>)> {
    let Some(delegations) = targets.delegations() else { return BTreeMap::new() };
    match delegations.roles() {
        DelegatedRoles::HashBins(bins) => {
            let name = |number| bins.bin(number).map(|name| name.to_string()).unwrap_or_default();
            let label = format!("{} to {}", name(0), name(bins.count() - 1));
            let authority = Authority { keys: delegations.keys(), role: bins.keys() };
            BTreeMap::from([(label, (1, DelegationTerms::Bins { count: bins.count() }, authority))])
        }
        DelegatedRoles::Listed(roles) => {
            let entry = |(place, delegation): (usize, Delegation)| {
                let terminating = delegation.is_terminating();
                let terms = match delegation.scope() {
                    Scope::Patterns(patterns) => DelegationTerms::Paths {
                        patterns: patterns.iter().map(|pattern| pattern.as_str().to_owned()).collect(),
                        terminating,
                    },
                    Scope::HashPrefixes(prefixes) => {
                        DelegationTerms::HashPrefixes { prefixes: prefixes.clone(), terminating }
                    }
                };
                let authority = delegations.authority(delegation.name())?;
                Some((delegation.name().to_string(), (place + 1, terms, authority)))
            };
            roles.iter().enumerate().filter_map(entry).collect()
        }
    }
}

fn compare_targets(
    by: &Part,
    mut old: BTreeMap<String, TargetFile>,
    new: BTreeMap<String, TargetFile>,
) -> Vec<TargetChange> {
    let mut changes: Vec<TargetChange> = new
        .into_iter()
        .map(|(name, after)| TargetChange { by: by.clone(), before: old.remove(&name), name, after: Some(after) })
        .collect();
    let gone = old.into_iter();
    changes.extend(gone.map(|(name, before)| TargetChange { by: by.clone(), name, before: Some(before), after: None }));
    changes.sort_by(|left, right| left.name.cmp(&right.name));
    changes
}
