//! Which folder, among the caches of all, is the one of an instance.

use std::fs;
use std::path::{Path, PathBuf};

use rootline_metadata::{Envelope, Role, Root, Snapshot, Timestamp, TopLevelRole, Verified, hex, sha256};

use crate::client::instance::{DIGEST_DIGITS, Instance, folder_name};
use crate::store::{FileStore, LocalFile, Store};
use crate::workflow::RootChain;
use crate::workflow::limits::Limits;

/// The folders of one instance's caches below the folder for all.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheFolders {
    /// The cache that counts, whether or not it is there yet.
    pub used: PathBuf,
    /// Where it is until it is next written, under a name that earlier versions gave it.
    pub earlier: Option<PathBuf>,
    /// Caches of the same repository under names that earlier versions gave them, which are not used: another one knows higher versions.
    pub superseded: Vec<PathBuf>,
    /// The cache of another chain of roots under the same URL. It is kept apart: its versions neither forbid anything here nor get lost.
    pub other_roots: Option<PathBuf>,
}

impl CacheFolders {
    /// Finds the caches of `instance` below `folder`. Nothing is changed.
    pub(super) fn find(folder: &Path, instance: &Instance) -> CacheFolders {
        let own = folder.join(instance.cache_name());
        let apart = folder.join(instance.cache_name_apart());
        let roots = PinnedRoots::of(instance);
        let existing = |place: &Path| FileStore::open_existing(place).ok().flatten();
        let is_others = existing(&own).is_some_and(|store| roots.relation(&store) == Relation::Other);
        let (used, other_roots) = if is_others { (apart, Some(own)) } else { (own, None) };
        let mut named_earlier = named_earlier(folder, instance, &roots);
        // What is there was the highest when it was begun.
        let earlier = (!is_there(&used) && !named_earlier.is_empty()).then(|| named_earlier.remove(0));
        CacheFolders { used, earlier, superseded: named_earlier, other_roots }
    }

    /// The folder to read, where nothing may be changed.
    pub(super) fn to_read(&self) -> &Path {
        self.earlier.as_deref().unwrap_or(&self.used)
    }

    /// Whether this begins a cache of its own beside that of another chain of roots.
    pub(super) fn begins_apart(&self) -> Option<&Path> {
        self.other_roots.as_deref().filter(|_| self.earlier.is_none() && !is_there(&self.used))
    }
}

/// Whether something is in the folder. An empty one is what a process leaves that ended right after making it.
fn is_there(folder: &Path) -> bool {
    fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_some())
}

/// What a cache's roots are to the pinned one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Relation {
    /// The pinned root is in the cache's history, or one of the two leads to the other.
    Same,
    /// They are of two chains.
    Other,
    /// What would connect them is missing or damaged. The cache counts: it can forbid and never permit, and versions must not be forgotten
    /// because of a damaged file.
    Unknown,
}

struct PinnedRoots {
    bytes: Vec<u8>,
    /// `None` when it is not a root, which refuses everything later.
    pinned: Option<Verified<Root>>,
    limits: Limits,
}

impl PinnedRoots {
    fn of(instance: &Instance) -> PinnedRoots {
        let limits = Limits::default();
        let bytes = instance.pinned_root.clone();
        let pinned = RootChain::begin(bytes.clone(), &limits).ok().map(|chain| chain.newest().clone());
        PinnedRoots { bytes, pinned, limits }
    }

    fn load(&self, store: &FileStore, file: LocalFile) -> Option<Vec<u8>> {
        store.load(&file, self.limits.root).ok().flatten()
    }

    fn root(&self, bytes: Vec<u8>) -> Option<Envelope<Root>> {
        Envelope::parse(bytes, usize::try_from(self.limits.root).unwrap_or(usize::MAX)).ok()
    }

    /// The newest root of a cache that is signed by itself.
    fn newest(&self, store: &FileStore) -> Option<Verified<Root>> {
        let history = store.root_versions().into_iter().rev().map(LocalFile::RootHistory);
        let files = std::iter::once(LocalFile::Root).chain(history).take(MAX_ROOTS);
        let mut roots = files.filter_map(|file| self.root(self.load(store, file)?)?.verify_self_signed().ok());
        roots.next()
    }

    fn relation(&self, store: &FileStore) -> Relation {
        let Some(pinned) = &self.pinned else { return Relation::Unknown };
        let version = pinned.version().number();
        if [LocalFile::RootHistory(version), LocalFile::Root].iter().any(|file| store.has(file, &self.bytes)) {
            return Relation::Same;
        }
        let Some(newest) = self.newest(store) else { return Relation::Unknown };
        if newest.version().number() < version {
            return self.step(&newest, self.bytes.clone(), version);
        }
        let mut last = pinned.clone();
        for between in store.root_versions().range(version + 1..newest.version().number()).take(MAX_ROOTS) {
            let next = self.load(store, LocalFile::RootHistory(*between)).and_then(|bytes| self.root(bytes));
            let Some(next) = next.and_then(|next| next.verify_self_signed().ok()) else { continue };
            match self.step(&last, next.bytes().to_vec(), *between) {
                Relation::Same => last = next,
                other => return other,
            }
        }
        self.step(&last, newest.bytes().to_vec(), newest.version().number())
    }

    /// What two roots are to each other, the older of which is verified. That they do not lead on is proof of two chains only where no root is
    /// missing or damaged between them.
    fn step(&self, older: &Verified<Root>, newer: Vec<u8>, version: u64) -> Relation {
        match self.leads(older, newer) {
            Some(_) => Relation::Same,
            None if version <= older.version().number() + 1 => Relation::Other,
            None => Relation::Unknown,
        }
    }

    /// The root in these bytes, if the old one and itself have signed it.
    fn leads(&self, old: &Verified<Root>, new: Vec<u8>) -> Option<Verified<Root>> {
        self.root(new)?.verify_after(old).ok()
    }
}

/// More roots of one cache are not looked at: as many as one refresh takes.
const MAX_ROOTS: usize = 256;
/// More folders are not looked at.
const MAX_FOLDERS: usize = 4096;

/// The caches of `instance` under names that earlier versions gave them, the one with the highest versions first. Those names were made
/// from the instance's name, the digest of the root that was pinned then, and the text of both URLs.
fn named_earlier(folder: &Path, instance: &Instance, roots: &PinnedRoots) -> Vec<PathBuf> {
    let names = earlier_names(instance);
    let current = [instance.cache_name(), instance.cache_name_apart()];
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().take(MAX_FOLDERS);
    let mut found = Vec::new();
    for entry in entries {
        let Some(name) = entry.file_name().to_str().map(str::to_owned) else { continue };
        let Some((start, digest)) = name.rsplit_once('-').filter(|(_, digest)| digest.len() == DIGEST_DIGITS) else {
            continue;
        };
        if current.contains(&name) || !FileStore::is_one(&entry.path()) {
            continue;
        }
        let Ok(Some(store)) = FileStore::open_existing(entry.path()) else { continue };
        let is_named_so = names.iter().any(|name| name.eq_ignore_ascii_case(start));
        // A name alone proves nothing: the roots have to. The digest proves that it was this URL.
        let is_own = match roots.relation(&store) {
            Relation::Same => is_named_so || was_pinned(&store, instance, digest, roots),
            Relation::Unknown => was_pinned(&store, instance, digest, roots),
            Relation::Other => false,
        };
        if is_own {
            found.push((entry.path(), store));
        }
    }
    // All are judged under the newest root that any of them has.
    let newest = found.iter().filter_map(|(_, store)| roots.newest(store)).chain(roots.pinned.clone());
    let Some(newest) = newest.max_by_key(|root| root.version()) else { return Vec::new() };
    let height = |store: &FileStore| {
        let timestamp = store.load(&LocalFile::Timestamp, roots.limits.timestamp).ok().flatten();
        let snapshot = store.load(&LocalFile::Snapshot, roots.limits.snapshot).ok().flatten();
        (
            timestamp.and_then(|bytes| {
                signed_version::<Timestamp>(bytes, roots.limits.timestamp, &newest, TopLevelRole::Timestamp)
            }),
            snapshot.and_then(|bytes| {
                signed_version::<Snapshot>(bytes, roots.limits.snapshot, &newest, TopLevelRole::Snapshot)
            }),
            roots.newest(store).map(|root| root.version().number()),
        )
    };
    found.sort_by_cached_key(|(path, store)| (std::cmp::Reverse(height(store)), path.clone()));
    found.into_iter().map(|(path, _)| path).collect()
}

fn signed_version<R: Role>(bytes: Vec<u8>, limit: u64, root: &Root, role: TopLevelRole) -> Option<u64> {
    let envelope = Envelope::<R>::parse(bytes, usize::try_from(limit).unwrap_or(usize::MAX)).ok()?;
    envelope.verify(root.authority(role)).ok().map(|verified| verified.version().number())
}

/// How the folder's name began: with the instance's name, which was the URL's where it had none.
fn earlier_names(instance: &Instance) -> [String; 2] {
    let by_url = Instance::at(&instance.metadata_url, Vec::new()).name;
    [folder_name(&instance.name), folder_name(&by_url)]
}

/// Whether the name of an earlier cache was made from these URLs and a root that it has.
fn was_pinned(store: &FileStore, instance: &Instance, digest: &str, roots: &PinnedRoots) -> bool {
    let metadata = &*instance.metadata_url;
    let glued = format!("{metadata}/targets");
    let is_made_of = |root: &[u8]| {
        [&*instance.targets_url, &*glued].iter().any(|targets| earlier_digest(root, metadata, targets) == digest)
    };
    let history = store.root_versions().into_iter().map(LocalFile::RootHistory).take(MAX_ROOTS);
    let mut kept = std::iter::once(LocalFile::Root).chain(history).filter_map(|file| roots.load(store, file));
    is_made_of(&roots.bytes) || kept.any(|root| is_made_of(&root))
}

fn earlier_digest(root: &[u8], metadata: &str, targets: &str) -> String {
    let mut identity = sha256(root).to_vec();
    for url in [metadata, targets] {
        identity.extend_from_slice(&(url.len() as u64).to_be_bytes());
        identity.extend_from_slice(url.as_bytes());
    }
    hex::encode(&sha256(&identity))[..DIGEST_DIGITS].to_owned()
}
