//! Which files of a repository to ask a server for, one after the other.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::{Envelope, Role, Root, Snapshot, Targets, Timestamp, TopLevelRole, Version, file_name, limits};

use super::repository::delegated_names;
use super::roots::MAX_ROTATIONS;
use super::view::{Answer, RepositoryView};

/// Most files that are asked for.
pub const MAX_CRAWLED_FILES: usize = 1024;
/// Most bytes of all of them.
pub const MAX_CRAWLED_BYTES: u64 = 64 << 20;
/// Most bytes of one target: what is larger is not asked for.
const MAX_TARGET: u64 = limits::MAX_SIGSTORE_BYTES as u64;
/// Most delegations one below the other that are followed: each level is asked for after the one above it was read.
const MAX_DEPTH: usize = 8;

/// A file to ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wanted {
    /// Its path in the repository.
    pub path: String,
    /// The most bytes to accept.
    pub limit: u64,
}

impl Wanted {
    fn new(path: impl Into<String>, limit: usize) -> Wanted {
        Wanted { path: path.into(), limit: limit as u64 }
    }
}

impl RepositoryView {
    /// A repository of which nothing was asked yet.
    pub fn of_server() -> RepositoryView {
        RepositoryView { answers: Some([].into()), ..RepositoryView::default() }
    }

    /// Keeps what a server answered. What it sends in place of a root is not one, and not kept.
    pub fn answered(&mut self, path: &str, answer: Answer, bytes: Option<Vec<u8>>) {
        let is_root = |bytes: &Vec<u8>| Envelope::<Root>::parse(bytes.clone(), limits::MAX_ROOT_BYTES).is_ok();
        let is_kept = |bytes: &Vec<u8>| file_name::root_version(path).is_none() || is_root(bytes);
        if let Some(bytes) = bytes.filter(is_kept) {
            self.files.insert(path.to_owned(), bytes);
        }
        self.answers.get_or_insert_default().insert(path.to_owned(), answer);
    }

    /// The next files to ask a server for, in this order; none once everything was asked, or so much that it is enough. From the first root, or the
    /// oldest before the one that `root.json` is, to the one that is not there; then timestamp, snapshot, targets roles and targets.
    pub fn wanted(&self) -> Vec<Wanted> {
        let asked = self.answers.as_ref().map_or(0, BTreeMap::len);
        let bytes: u64 = self.files.values().map(|bytes| bytes.len() as u64).sum();
        if asked >= MAX_CRAWLED_FILES || bytes >= MAX_CRAWLED_BYTES {
            return Vec::new();
        }
        let mut wanted = self.all_wanted();
        wanted.retain(|wanted| !self.was_asked(&wanted.path));
        wanted.truncate(MAX_CRAWLED_FILES - asked);
        wanted
    }

    fn was_asked(&self, path: &str) -> bool {
        self.answers.as_ref().is_some_and(|answers| answers.contains_key(path))
    }

    fn all_wanted(&self) -> Vec<Wanted> {
        let alias = file_name::top_level(TopLevelRole::Root);
        let first = [
            Wanted::new(file_name::root(Version::FIRST), limits::MAX_ROOT_BYTES),
            Wanted::new(alias, limits::MAX_ROOT_BYTES),
            Wanted::new(file_name::TIMESTAMP, limits::MAX_TIMESTAMP_BYTES),
        ];
        if first.iter().any(|wanted| !self.was_asked(&wanted.path)) {
            return first.into();
        }
        let roots: Vec<Version> = self.files.keys().filter_map(|name| file_name::root_version(name)).collect();
        let root = |version| Wanted::new(file_name::root(version), limits::MAX_ROOT_BYTES);
        let (Some(oldest), Some(newest)) = (roots.iter().min().copied(), roots.iter().max().copied()) else {
            // Nothing at 1: `root.json` says where the chain is.
            let alias = self.read::<Root>(alias, limits::MAX_ROOT_BYTES);
            return alias.map(|alias| root(alias.unverified().version())).into_iter().collect();
        };
        let previous = Version::new(oldest.number() - 1).filter(|_| newest.number() - oldest.number() < MAX_ROTATIONS);
        // One root past the limit, so that it is told of.
        let next = newest.next().filter(|_| newest.number() - oldest.number() <= MAX_ROTATIONS);
        let chain: Vec<Wanted> = [previous, next].into_iter().flatten().map(root).collect();
        if chain.iter().any(|wanted| !self.was_asked(&wanted.path)) {
            return chain;
        }
        self.below_root().unwrap_or_default()
    }

    /// The current targets file, with the newest root, as the files state it.
    pub(super) fn current_targets(&self) -> Option<(Envelope<Root>, Envelope<Targets>)> {
        let (root, path) = self.current_snapshot()?;
        let snapshot = self.read::<Snapshot>(&path, limits::MAX_SNAPSHOT_BYTES)?;
        let version = snapshot.unverified().targets().version;
        let path = file_name::published(root.unverified(), TopLevelRole::Targets, version);
        Some((root, self.read(&path, limits::MAX_TARGETS_BYTES)?))
    }

    /// The newest root, and the path of the snapshot that the timestamp pins.
    fn current_snapshot(&self) -> Option<(Envelope<Root>, String)> {
        let newest = self.files.keys().filter_map(|name| file_name::root_version(name)).max()?;
        let root = self.read::<Root>(&file_name::root(newest), limits::MAX_ROOT_BYTES)?;
        let timestamp = self.read::<Timestamp>(file_name::TIMESTAMP, limits::MAX_TIMESTAMP_BYTES)?;
        let version = timestamp.unverified().snapshot().version;
        let path = file_name::published(root.unverified(), TopLevelRole::Snapshot, version);
        Some((root, path))
    }

    fn below_root(&self) -> Option<Vec<Wanted>> {
        let (root, path) = self.current_snapshot()?;
        let root = root.unverified();
        let Some(snapshot) = self.read::<Snapshot>(&path, limits::MAX_SNAPSHOT_BYTES) else {
            return Some(vec![Wanted::new(path, limits::MAX_SNAPSHOT_BYTES)]);
        };
        let snapshot = snapshot.unverified();
        let top = file_name::published(root, TopLevelRole::Targets, snapshot.targets().version);
        let (mut wanted, mut files) = (vec![Wanted::new(top.clone(), limits::MAX_TARGETS_BYTES)], vec![(top, 0)]);
        let mut targets = Vec::new();
        let mut seen = BTreeSet::new();
        while let Some((file, depth)) = files.pop() {
            let Some(role) = self.read::<Targets>(&file, limits::MAX_TARGETS_BYTES) else { continue };
            for (name, target) in role.unverified().targets() {
                let Some(target) = target.filter(|target| target.length <= MAX_TARGET) else { continue };
                let path = file_name::target(&name, &target.digests, root.consistent_snapshot());
                targets.push(Wanted { path: format!("{}{path}", file_name::TARGETS_FOLDER), limit: target.length });
            }
            if depth == MAX_DEPTH {
                continue;
            }
            let names = role.unverified().delegations().map(|all| delegated_names(all.roles(), snapshot));
            for name in names.into_iter().flatten().filter(|name| seen.insert(name.clone())) {
                let Some(meta_file) = snapshot.delegated(&name) else { continue };
                let file = file_name::published(root, &name, meta_file.version);
                wanted.push(Wanted::new(file.clone(), limits::MAX_TARGETS_BYTES));
                files.push((file, depth + 1));
            }
        }
        // All roles before the first target, so that what is enough is enough of everything.
        if wanted.iter().all(|wanted| self.was_asked(&wanted.path)) {
            wanted = targets;
        }
        Some(wanted)
    }

    fn read<R: Role>(&self, path: &str, limit: usize) -> Option<Envelope<R>> {
        Envelope::parse(self.files.get(path)?.clone(), limit).ok()
    }
}
