//! The difference between what is published and what is frozen, file by file.

use std::collections::BTreeMap;

use rootline_metadata::json::ValueMembers;
use rootline_metadata::{
    Authority, DelegatedRoles, Delegation, Expiry, KeyId, Role, Root, Scope, TargetFile, Targets, TopLevelRole, Version,
};

use super::authority::{AuthorityChange, ListedKey};
use super::mark::Mark;
use super::members::{self, MemberChange};
use super::periods::SigningDays;
use crate::ceremony::frozen::Frozen;
use crate::model::keyholder::Keyholders;
use crate::model::period::{Days, Periods};
use crate::model::role_version::RoleVersion;
use crate::model::target_name::TargetName;
use crate::repository::document;
use crate::repository::published::Published;
use crate::repository::stated_periods;

/// Everything that becomes different. What is not mentioned stays.
#[derive(Clone, Debug)]
pub struct Comparison {
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
    pub part: RoleVersion,
    /// The version before it, and its expiry.
    pub before: Option<(Version, Expiry)>,
    /// When the new one expires.
    pub expiry: Expiry,
    /// How many days before its expiry the version before it was to be replaced, where it said so.
    pub signing_before: Option<Days>,
    /// How many days before its expiry the new one is to be replaced, where it says so.
    pub signing: Option<Days>,
    /// Everything that the new file says and that is told nowhere else here, and what the version before it said there.
    pub members: Vec<MemberChange>,
}

impl FileChange {
    /// How many days before its expiry it is due for renewal.
    pub fn signing_days(&self) -> SigningDays {
        SigningDays { before: self.signing_before.map(Days::number), after: self.signing.map(Days::number) }
    }
}

/// What may be shipped by somebody else.
#[derive(Clone, Debug)]
pub struct DelegationChange {
    /// The file that says so.
    pub by: RoleVersion,
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
    pub by: RoleVersion,
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

    /// What becomes of it.
    pub fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// Whether the file itself is another one, whatever is said about it.
    pub fn is_another(&self) -> bool {
        let facts = |file: &TargetFile| (file.length, file.digests.clone());
        self.before.as_ref().map(facts) != self.after.as_ref().map(facts)
    }

    /// What is said about it beside length and digest, before and after, as compact JSON.
    pub fn custom(&self) -> (Option<String>, Option<String>) {
        let custom = |file: &Option<TargetFile>| Some(file.as_ref()?.custom.as_ref()?.compact());
        (custom(&self.before), custom(&self.after))
    }
}

impl Comparison {
    /// Compares what is frozen with what is published; where there are several roots, each with the one before it.
    pub fn new(frozen: &Frozen, published: &Published, keyholders: &Keyholders) -> Comparison {
        let mut found =
            Comparison { files: Vec::new(), authorities: Vec::new(), delegations: Vec::new(), targets: Vec::new() };
        let mut old: Option<(&Root, ValueMembers)> =
            published.root().map(|root| (&**root, document::read_signed_part(root.bytes())));
        for (part, new) in frozen.roots() {
            let said = frozen.signed_part(part);
            let uncovered = |(root, said): &(&Root, ValueMembers)| members::untold_of_root(root, said);
            let uncovered = (old.as_ref().map(uncovered).unwrap_or_default(), members::untold_of_root(new, &said));
            let before = old.as_ref().map(|(root, said)| (root.version(), root.expiry(), said));
            found.files.push(file_change(part, before, (new.expiry(), &said), uncovered));
            for role in TopLevelRole::ALL {
                let authority_before = old.as_ref().map(|(old, _)| old.authority(role));
                let change = compare(part, role.name(), authority_before, new.authority(role), keyholders);
                let periods = |said: &ValueMembers| role_periods(said, role);
                let periods_before = old.as_ref().and_then(|(_, said)| periods(said));
                found.authorities.push(AuthorityChange { periods_before, periods: periods(&said), ..change });
            }
            old = Some((new, said));
        }
        for (part, new) in frozen.all_targets() {
            let old = published.current().and_then(|current| current.targets_of(&part.role));
            let (old, said_before) =
                (old.map(|old| &**old), old.map(|old| document::read_signed_part(old.bytes())).unwrap_or_default());
            let said = frozen.signed_part(part);
            let uncovered = |targets, said: &_| members::untold_of_targets(targets, said);
            let uncovered = (old.map(|old| uncovered(old, &said_before)).unwrap_or_default(), uncovered(new, &said));
            let before = old.map(|old| (old.version(), old.expiry(), &said_before));
            found.files.push(file_change(part, before, (new.expiry(), &said), uncovered));
            found.compare_delegations(part, old, new, keyholders);
            found.targets.extend(compare_targets(part, old.map(shipped).unwrap_or_default(), shipped(new)));
        }
        found
    }

    fn compare_delegations(
        &mut self,
        part: &RoleVersion,
        old: Option<&Targets>,
        new: &Targets,
        keyholders: &Keyholders,
    ) {
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

impl Frozen {
    /// What the signature of a part is over; nothing, if it is none of these.
    fn signed_part(&self, part: &RoleVersion) -> ValueMembers {
        self.value(part).map(|file| document::signed_part(&file)).unwrap_or_default()
    }
}

fn file_change(
    part: &RoleVersion,
    before: Option<(Version, Expiry, &ValueMembers)>,
    (expiry, said): (Expiry, &ValueMembers),
    uncovered: (BTreeMap<String, String>, BTreeMap<String, String>),
) -> FileChange {
    let signing = |said: &ValueMembers| stated_periods::days(said.get(stated_periods::SIGNING_DAYS)?);
    FileChange {
        part: part.clone(),
        before: before.map(|(version, expiry, _)| (version, expiry)),
        expiry,
        signing_before: before.and_then(|(.., said)| signing(said)),
        signing: signing(said),
        members: members::compare(uncovered.0, uncovered.1),
    }
}

/// How long the versions of a role that is signed without people hold, where a root says so in a form that this program goes by.
fn role_periods(root: &ValueMembers, role: TopLevelRole) -> Option<Periods> {
    stated_periods::periods(root.get("roles")?.get(role.name())?)
        .filter(|_| members::is_signed_without_people(role.name()))
}

fn compare(
    by: &RoleVersion,
    role: &str,
    old: Option<Authority<'_>>,
    new: Authority<'_>,
    keyholders: &Keyholders,
) -> AuthorityChange {
    let before = old.map(|old| listed(old, keyholders)).unwrap_or_default();
    let after = listed(new, keyholders);
    // The same id may stand for another key, or for none: then it is not the same.
    let (stays, joins) = after.iter().cloned().partition(|key| before.contains(key));
    AuthorityChange {
        by: by.clone(),
        role: role.to_owned(),
        threshold_before: old.map(|old| old.role.threshold()),
        threshold_after: new.role.threshold(),
        periods_before: None,
        periods: None,
        joins,
        leaves: before.into_iter().filter(|key| !after.contains(key)).collect(),
        stays,
    }
}

/// The keys of a role, in order of their owners' names.
fn listed(authority: Authority<'_>, keyholders: &Keyholders) -> Vec<ListedKey> {
    let key = |key_id: &KeyId| {
        let key = authority.key(key_id);
        let owner = keyholders.owner_of(authority, key_id);
        ListedKey {
            owner: owner.map(|owner| owner.name().clone()),
            display_name: owner.map(|owner| owner.display_name().to_owned()).unwrap_or_default(),
            key_id: key_id.clone(),
            scheme: key.map_or("unknown", |key| key.scheme().as_str()),
            attestation: None,
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
            let authority = Authority { keys: delegations.keys(), role: bins.keys() };
            BTreeMap::from([(bins.label(), (1, DelegationTerms::Bins { count: bins.count() }, authority))])
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
    by: &RoleVersion,
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
