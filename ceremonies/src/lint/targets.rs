//! Target files: that they are there, and that a search finds them.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::{DelegatedRoles, Delegation, RoleName, Scope, TargetFile, TargetPath, file_name};

use super::finding::{About, Findings, cut};
use super::repository::{TargetsRole, TargetsRoles, Walk};
use super::rules;
use super::view::RepositoryView;

/// Most terminating roles before another one that are looked at: clients give up a search after as many.
const MAX_EARLIER: usize = 32;
/// Most comparisons of names with patterns in one repository.
const MAX_COMPARISONS: usize = 4_000_000;

/// Lints the targets that the roles list.
pub(super) fn lint_targets(walk: &Walk<'_>, roles: &TargetsRoles, found: &mut Findings) {
    let mut seen = BTreeSet::new();
    for role in roles {
        for (name, file) in role.envelope.unverified().targets() {
            if let Some(file) = file {
                lint_file(walk, &role.file, &name, &file, &mut seen, found);
            }
        }
    }
    lint_shadows(roles, found);
}

impl RepositoryView {
    /// The path under which a target was seen, with its bytes.
    pub(super) fn target(&self, is_consistent: bool, name: &str, file: &TargetFile) -> Option<(String, &[u8])> {
        let mut paths = target_paths(is_consistent, name, file).into_iter();
        paths.find_map(|path| self.files.get(&path).map(|bytes| (path, &**bytes)))
    }
}

impl Walk<'_> {
    /// The path under which a target was seen, with its bytes.
    pub(super) fn target(&self, name: &str, file: &TargetFile) -> Option<(String, &[u8])> {
        self.view.target(self.root.consistent_snapshot(), name, file)
    }
}

/// The paths that a target may be published under, below the repository.
fn target_paths(is_consistent: bool, name: &str, file: &TargetFile) -> Vec<String> {
    let paths = file_name::target_paths(name, &file.digests, is_consistent);
    paths.into_iter().map(|path| format!("{}{path}", file_name::TARGETS_FOLDER)).collect()
}

fn lint_file(
    walk: &Walk<'_>,
    by: &str,
    name: &str,
    file: &TargetFile,
    seen: &mut BTreeSet<String>,
    found: &mut Findings,
) {
    let paths = target_paths(walk.root.consistent_snapshot(), name, file);
    if let Some((path, bytes)) = walk.target(name, file) {
        // Two roles may list the same file; it is read once.
        if seen.insert(path.clone()) && !file.matches(bytes) {
            let stated = file.length;
            let detail = match bytes.len() as u64 {
                length if length != stated => format!("it has {length} bytes, and {by} states {stated}"),
                _ => format!("its digest is not the one that {by} states"),
            };
            found.add(&path, &rules::MISSING, &About::FILE, detail);
        }
        return;
    }
    if !paths.iter().all(|path| walk.view.lacks(path)) {
        return;
    }
    let plain = format!("{}{name}", file_name::TARGETS_FOLDER);
    let name = cut(name);
    let about = About::new(format!("signed.targets.{name}"), &*name);
    if walk.view.files.contains_key(&plain) {
        found.add(by, &rules::PLAIN_TARGET, &about, "it is there without its digest in its name");
    } else {
        found.add(by, &rules::MISSING, &about, "it is not there");
    }
}

/// Finds targets that no search takes from the role that lists them.
fn lint_shadows(roles: &TargetsRoles, found: &mut Findings) {
    let by_name: BTreeMap<&RoleName, &TargetsRole> =
        roles.iter().filter_map(|role| Some((role.name.as_ref()?, role))).collect();
    let mut comparisons = 0;
    let mut done = BTreeSet::new();
    for delegator in roles {
        let Some(delegations) = delegator.envelope.unverified().delegations() else { continue };
        let listed: Vec<Delegation> = match delegations.roles() {
            DelegatedRoles::Listed(listed) => listed.iter().collect(),
            DelegatedRoles::HashBins(bins) => {
                for role in roles.iter().filter(|role| role.name.as_ref().is_some_and(|name| bins.is_bin(name))) {
                    lint_bin(role, |path| bins.bin_for(path).as_ref() == role.name.as_ref(), found);
                }
                continue;
            }
        };
        let mut earlier: Vec<&Delegation> = Vec::new();
        for delegation in &listed {
            let role = by_name.get(delegation.name()).copied();
            // The first role that delegates to it says where it is searched.
            if let Some(role) = role.filter(|role| done.insert(&role.file)) {
                for (name, _) in role.envelope.unverified().targets() {
                    let Some(path) = TargetPath::new(&*name) else { continue };
                    comparisons += patterns(delegation) + earlier.iter().map(|role| patterns(role)).sum::<usize>();
                    if comparisons > MAX_COMPARISONS {
                        return;
                    }
                    if let Some(why) = shadow(&path, delegation, &earlier, delegator) {
                        let name = cut(&name);
                        let about = About::new(format!("signed.targets.{name}"), &*name);
                        found.add(&role.file, &rules::TARGET_SHADOWED, &about, why);
                    }
                }
            }
            if delegation.is_terminating() && earlier.len() < MAX_EARLIER {
                earlier.push(delegation);
            }
        }
    }
}

fn lint_bin(role: &TargetsRole, is_its: impl Fn(&TargetPath) -> bool, found: &mut Findings) {
    for (name, _) in role.envelope.unverified().targets() {
        if !TargetPath::new(&*name).is_some_and(|path| is_its(&path)) {
            let name = cut(&name);
            let about = About::new(format!("signed.targets.{name}"), &*name);
            found.add(&role.file, &rules::TARGET_SHADOWED, &about, "it belongs to another bin");
        }
    }
}

fn patterns(delegation: &Delegation) -> usize {
    match delegation.scope() {
        Scope::Patterns(patterns) => patterns.len(),
        Scope::HashPrefixes(prefixes) => prefixes.len(),
    }
}

/// Why a search does not take the file from the role, if it does not.
fn shadow(path: &TargetPath, role: &Delegation, earlier: &[&Delegation], delegator: &TargetsRole) -> Option<String> {
    if delegator.envelope.unverified().target(path).is_some() {
        return Some(format!("{} lists it itself", label(delegator)));
    }
    if !role.scope().covers(path) {
        return Some("the role's paths do not cover it".to_owned());
    }
    let first = earlier.iter().find(|earlier| earlier.scope().covers(path))?;
    Some(format!("the search ends with the role {} before it", cut(first.name().as_str())))
}

fn label(role: &TargetsRole) -> String {
    role.name.as_ref().map_or_else(|| "targets".to_owned(), |name| cut(name.as_str()).into_owned())
}
