//! Which folder, among the caches of all, is the one of an instance.

use std::fs;
use std::path::{Path, PathBuf};

use rootline_metadata::{Envelope, Role, Root, Snapshot, Timestamp, TopLevelRole, Verified, hex, sha256};

use crate::client::instance::{DIGEST_DIGITS, Instance, folder_name};
use crate::store::{FileStore, LocalFile, Store, StoreError};
use crate::workflow::EarlierRoots;
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
    /// Finds the caches of `instance` below `folder`, those under earlier names too. Nothing is changed.
    pub(super) fn find(folder: &Path, instance: &Instance) -> CacheFolders {
        let roots = PinnedRoots::of(instance);
        let mut folders = CacheFolders::by_name(folder, instance, &roots);
        folders.superseded = named_earlier(folder, instance, &roots);
        // What is there was the highest when it was begun.
        if !is_there(&folders.used) && !folders.superseded.is_empty() {
            folders.earlier = Some(folders.superseded.remove(0));
        }
        folders
    }

    /// Finds the cache that counts. Others are looked for only where it is not there yet.
    pub(super) fn find_used(folder: &Path, instance: &Instance) -> CacheFolders {
        let folders = CacheFolders::by_name(folder, instance, &PinnedRoots::of(instance));
        if is_there(&folders.used) { folders } else { CacheFolders::find(folder, instance) }
    }

    fn by_name(folder: &Path, instance: &Instance, roots: &PinnedRoots) -> CacheFolders {
        let own = folder.join(instance.cache_name());
        let store = FileStore::open_existing(&own).ok().flatten();
        let is_others = store.is_some_and(|store| roots.relation(&store) == Relation::Other);
        let (used, other_roots) =
            if is_others { (folder.join(instance.cache_name_apart()), Some(own)) } else { (own, None) };
        CacheFolders { used, earlier: None, superseded: Vec::new(), other_roots }
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

/// Saves in `store` the roots that continue its own and that only the other caches have: a root that was seen forbids what it revokes.
///
/// # Errors
/// If they cannot be saved.
pub(super) fn take_newer_roots(store: &FileStore, others: &[PathBuf], instance: &Instance) -> Result<(), StoreError> {
    let roots = PinnedRoots::of(instance);
    for other in others {
        let Some(other) = FileStore::open_existing(other)? else { continue };
        let newer = roots.newer(store, &other);
        let Some(newest) = newer.last() else { continue };
        let history = newer.iter().map(|root| (LocalFile::RootHistory(root.version().number()), root.bytes()));
        let files: Vec<(LocalFile, &[u8])> = history.chain([(LocalFile::Root, newest.bytes())]).collect();
        let _lock = store.lock_exclusive()?;
        store.save_all(&files)?;
    }
    Ok(())
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
    /// The digests of root 1, root 2 and so on before the pinned one, where they are known.
    earlier: Vec<[u8; 32]>,
    limits: Limits,
}

impl PinnedRoots {
    fn of(instance: &Instance) -> PinnedRoots {
        let earlier = match instance.earlier_roots() {
            EarlierRoots::Digests(digests) => digests,
            _ => Vec::new(),
        };
        PinnedRoots { bytes: instance.pinned_root.clone(), earlier, limits: Limits::default() }
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
        // What is no root is refused later.
        let Some(pinned) = self.root(self.bytes.clone()) else { return Relation::Unknown };
        let version = pinned.unverified().version().number();
        if [LocalFile::Root, LocalFile::RootHistory(version)].iter().any(|file| store.has(file, &self.bytes)) {
            return Relation::Same;
        }
        let Ok(pinned) = pinned.verify_self_signed() else { return Relation::Unknown };
        let Some(newest) = self.newest(store) else { return Relation::Unknown };
        if self.earlier.contains(&sha256(newest.bytes())) {
            return Relation::Same;
        }
        if newest.version().number() < version {
            return self.step(&newest, self.bytes.clone(), version);
        }
        // What is in the history was verified when it was saved, each root by the one before it. So the first after the pinned one tells.
        let next = self.load(store, LocalFile::RootHistory(version + 1)).and_then(|next| self.root(next));
        let next = next.and_then(|next| next.verify_self_signed().ok()).unwrap_or(newest);
        self.step(&pinned, next.bytes().to_vec(), next.version().number())
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

    /// The roots of another cache that continue the newest of this one.
    fn newer(&self, store: &FileStore, other: &FileStore) -> Vec<Verified<Root>> {
        let Some(mut last) = self.newest(store) else { return Vec::new() };
        let mut newer = Vec::new();
        while let Some(version) = last.version().next().filter(|_| newer.len() < MAX_ROOTS) {
            let files = [LocalFile::RootHistory(version.number()), LocalFile::Root];
            let offered = files.into_iter().filter_map(|file| self.leads(&last, self.load(other, file)?));
            let Some(next) = offered.into_iter().find(|root| root.version() == version) else { break };
            newer.push(next.clone());
            last = next;
        }
        newer
    }

    fn pinned(&self) -> Option<Verified<Root>> {
        self.root(self.bytes.clone())?.verify_self_signed().ok()
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
        let was_pinned = was_pinned(&store, instance, digest, roots);
        let is_named_so = was_pinned || names.iter().any(|name| name.eq_ignore_ascii_case(start));
        // A name alone proves nothing: the roots have to. The digest proves that it was this URL.
        let is_own = is_named_so
            && match roots.relation(&store) {
                Relation::Same => true,
                Relation::Unknown => was_pinned,
                Relation::Other => false,
            };
        if is_own {
            found.push((entry.path(), store));
        }
    }
    // All are judged under the newest root that any of them has.
    let newest = found.iter().filter_map(|(_, store)| roots.newest(store)).chain(roots.pinned());
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
    let is_made_of = |root: [u8; 32]| {
        [&*instance.targets_url, &*glued].iter().any(|targets| earlier_digest(root, metadata, targets) == digest)
    };
    let history = store.root_versions().into_iter().map(LocalFile::RootHistory).take(MAX_ROOTS);
    let kept = std::iter::once(LocalFile::Root).chain(history).filter_map(|file| roots.load(store, file));
    let mut digests = std::iter::once(sha256(&roots.bytes))
        .chain(roots.earlier.iter().copied())
        .chain(kept.map(|root| sha256(&root)));
    digests.any(is_made_of)
}

fn earlier_digest(root: [u8; 32], metadata: &str, targets: &str) -> String {
    let mut identity = root.to_vec();
    for url in [metadata, targets] {
        identity.extend_from_slice(&(url.len() as u64).to_be_bytes());
        identity.extend_from_slice(url.as_bytes());
    }
    hex::encode(&sha256(&identity))[..DIGEST_DIGITS].to_owned()
}
