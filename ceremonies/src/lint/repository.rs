//! A whole repository, from its roots to its targets.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use chrono::{DateTime, Utc};
use rootline_metadata::{
    Authority, DelegatedRoles, Envelope, Expiry, MetaFile, Role, RoleName, Root, Snapshot, Targets, Thoroughness,
    Timestamp, TopLevelRole, file_name, limits,
};

use super::finding::{About, FileFinding, Findings, cut};
use super::metadata::{lint_delegations, lint_signatures, lint_snapshot, lint_timestamp, read};
use super::roots::lint_roots;
use super::view::RepositoryView;
use super::{documents, names, rules, targets, transport};

/// Lints everything that a client can come to, from the newest root on, and the chain that leads there.
pub fn lint_repository(view: &RepositoryView, at: DateTime<Utc>) -> Vec<FileFinding> {
    let mut found = Findings::default();
    names::lint_names(view, &mut found);
    let root = lint_roots(view, at, &mut found);
    transport::lint_answers(view, &mut found);
    if let Some(root) = root {
        let walk = Walk { view, root: root.unverified(), at };
        if let Some(roles) = walk.roles(&mut found) {
            targets::lint_targets(&walk, &roles, &mut found);
            documents::lint_documents(&walk, &roles, &mut found);
        }
    }
    found.into_sorted()
}

/// A repository on the way from its newest root.
pub(super) struct Walk<'a> {
    pub(super) view: &'a RepositoryView,
    pub(super) root: &'a Root,
    pub(super) at: DateTime<Utc>,
}

/// One targets role that was read.
pub(super) struct TargetsRole {
    /// Its name; `None` for the top-level role.
    pub(super) name: Option<RoleName>,
    /// Its file.
    pub(super) file: String,
    pub(super) envelope: Envelope<Targets>,
}

/// The targets roles that were read, the top-level one first, each delegated role after the one that delegates to it.
pub(super) type TargetsRoles = Vec<TargetsRole>;

impl Walk<'_> {
    /// Lints timestamp, snapshot and every targets role; returns the latter.
    fn roles(&self, found: &mut Findings) -> Option<TargetsRoles> {
        let file = file_name::TIMESTAMP;
        let bytes = self.view.files.get(file);
        if bytes.is_none() && self.view.lacks(file) {
            found.add(file, &rules::MISSING, &About::FILE, "it is not there");
        }
        let timestamp = read::<Timestamp>(file, bytes?, limits::MAX_TIMESTAMP_BYTES, self.at, found)?;
        self.signed(file, &timestamp, self.root.authority(TopLevelRole::Timestamp), found);
        lint_timestamp(file, &timestamp, found);

        let pinned = timestamp.unverified().snapshot();
        let role = TopLevelRole::Snapshot;
        let pin = Pin { by: file, expiry: timestamp.unverified().expiry(), meta_file: pinned };
        let (file, snapshot) = self.pinned::<Snapshot>(role.name(), limits::MAX_SNAPSHOT_BYTES, &pin, found)?;
        self.signed(&file, &snapshot, self.root.authority(role), found);
        lint_snapshot(&file, &snapshot, found);
        let roles = self.targets_roles(&file, &snapshot, found)?;
        lint_dead(&file, snapshot.unverified(), &roles, found);
        Some(roles)
    }

    fn targets_roles(&self, by: &str, snapshot: &Envelope<Snapshot>, found: &mut Findings) -> Option<TargetsRoles> {
        let expiry = snapshot.unverified().expiry();
        let role = TopLevelRole::Targets;
        let pin = Pin { by, expiry, meta_file: snapshot.unverified().targets() };
        let (file, envelope) = self.pinned::<Targets>(role.name(), limits::MAX_TARGETS_BYTES, &pin, found)?;
        self.signed(&file, &envelope, self.root.authority(role), found);
        lint_delegations(&file, &envelope, found);
        let mut roles = vec![TargetsRole { name: None, file, envelope }];
        let mut seen = BTreeSet::new();
        let mut next = VecDeque::from([0]);
        while let Some(delegator) = next.pop_front() {
            let envelope = roles[delegator].envelope.clone();
            let Some(delegations) = envelope.unverified().delegations() else { continue };
            for name in delegated_names(delegations.roles(), snapshot.unverified()) {
                let Some(meta_file) = snapshot.unverified().delegated(&name) else { continue };
                if !seen.insert(name.clone()) {
                    continue;
                }
                let pin = Pin { by, expiry, meta_file: &meta_file };
                let read = self.pinned::<Targets>(name.as_str(), limits::MAX_TARGETS_BYTES, &pin, found);
                let Some((file, envelope)) = read else { continue };
                if let Some(authority) = delegations.authority(&name) {
                    self.signed(&file, &envelope, authority, found);
                }
                lint_delegations(&file, &envelope, found);
                next.push_back(roles.len());
                roles.push(TargetsRole { name: Some(name), file, envelope });
            }
        }
        Some(roles)
    }

    /// Reads a file that another one pins, if it was seen and is the one.
    fn pinned<R: Role>(
        &self,
        role: &str,
        limit: usize,
        pin: &Pin<'_>,
        found: &mut Findings,
    ) -> Option<(String, Envelope<R>)> {
        let version = pin.meta_file.version;
        let file = file_name::published(self.root, role, version);
        let by = pin.by;
        let Some(bytes) = self.view.files.get(&file) else {
            if self.view.lacks(&file) {
                found.add(&file, &rules::MISSING, &About::FILE, format!("{by} pins it, and it is not there"));
            }
            return None;
        };
        let length = bytes.len() as u64;
        if let Some(stated) = pin.meta_file.length.filter(|stated| *stated != length) {
            let detail = format!("it has {length} bytes, and {by} states {stated}");
            found.add(&file, &rules::MISSING, &About::FILE, detail);
        } else if pin.meta_file.digests.as_ref().is_some_and(|digests| !digests.match_bytes(bytes)) {
            found.add(&file, &rules::MISSING, &About::FILE, format!("its digest is not the one that {by} states"));
        }
        let envelope = read::<R>(&file, bytes, limit, self.at, found)?;
        let stated = envelope.unverified().version();
        if stated != version {
            let detail = format!("it states version {stated}, and {by} pins {version}");
            found.add(&file, &rules::MISSING, &About::new("signed.version", ""), detail);
        }
        let expiry = envelope.unverified().expiry();
        if expiry < pin.expiry {
            let detail = format!("it expires at {expiry}, and {by}, which pins it, at {}", pin.expiry);
            found.add(&file, &rules::EXPIRY_ORDER, &About::new("signed.expires", ""), detail);
        }
        Some((file, envelope))
    }

    fn signed<R: Role>(&self, file: &str, envelope: &Envelope<R>, authority: Authority<'_>, found: &mut Findings) {
        let tally = envelope.tally(authority, Thoroughness::Enough);
        if !tally.is_met() {
            let detail = format!("it has {} of {} signatures", tally.counted.len(), tally.threshold);
            found.add(file, &rules::UNSIGNED, &About::new("signatures", ""), detail);
        }
        lint_signatures(file, envelope, &[authority], true, found);
    }
}

/// What one file says about another.
struct Pin<'a> {
    /// The file that pins.
    by: &'a str,
    /// When that expires.
    expiry: Expiry,
    meta_file: &'a MetaFile,
}

/// The roles that are delegated to; of hash bins, those that the snapshot lists.
pub(super) fn delegated_names(roles: &DelegatedRoles, snapshot: &Snapshot) -> Vec<RoleName> {
    match roles {
        DelegatedRoles::Listed(roles) => roles.iter().map(|delegation| delegation.name().clone()).collect(),
        DelegatedRoles::HashBins(bins) => {
            let files = snapshot.files_beginning_with(bins.name_prefix());
            let names = files.filter_map(|file| file_name::delegated_role_in(&file));
            names.filter(|name| bins.is_bin(name)).collect()
        }
    }
}

/// Files that the snapshot lists and no role delegates to.
fn lint_dead(file: &str, snapshot: &Snapshot, roles: &TargetsRoles, found: &mut Findings) {
    let mut delegated: BTreeMap<String, ()> = BTreeMap::new();
    for role in roles {
        if let Some(delegations) = role.envelope.unverified().delegations() {
            let names = delegated_names(delegations.roles(), snapshot);
            delegated.extend(names.into_iter().map(|name| (file_name::role(name), ())));
        }
    }
    for (name, _) in snapshot.meta_files() {
        if name != file_name::top_level(TopLevelRole::Targets) && !delegated.contains_key(&*name) {
            let name = cut(&name);
            let about = About::new(format!("signed.meta.{name}"), &*name);
            found.add(file, &rules::DEAD_META, &about, "no role delegates to it");
        }
    }
}
