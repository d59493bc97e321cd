//! What a mirror serves, as the cache of who brings it up to date.

use std::fs;
use std::path::Path;

use rootline_metadata::{Envelope, MetaFile, Role, Snapshot, Timestamp, Version, file_name};

use crate::error::Error;
use crate::store::{LocalFile, MemoryStore, Store, StoreError};
use crate::transport::{Folder, Request, Transport};
use crate::workflow::Trusted;
use crate::workflow::limits::Limits;

/// The metadata of a mirror, to be read alone. Like any cache it may forbid and never permit.
#[derive(Clone, Debug)]
pub(super) struct MirrorCopy {
    folder: Folder,
    /// The version of the newest root that is there.
    newest_root: Option<u64>,
    /// What the timestamp says of the snapshot; nobody has verified it here.
    snapshot: Option<MetaFile>,
    meta_files: Option<Snapshot>,
}

impl MirrorCopy {
    /// What is served from `folder`, if anything is.
    pub(super) fn of(folder: &Path, limits: &Limits) -> MirrorCopy {
        let mut copy = MirrorCopy {
            folder: Folder::new(folder, folder.join(file_name::TARGETS_FOLDER)),
            newest_root: newest_root_in(folder),
            snapshot: None,
            meta_files: None,
        };
        let timestamp = copy.read(file_name::TIMESTAMP, limits.timestamp);
        copy.snapshot = timestamp.and_then(parsed::<Timestamp>).map(|timestamp| timestamp.snapshot().clone());
        copy.meta_files = copy.bytes(&LocalFile::Snapshot, limits.snapshot).and_then(parsed);
        copy
    }

    /// The same, with the files that this snapshot names.
    pub(super) fn pinned_by(&self, snapshot: &Snapshot) -> MirrorCopy {
        MirrorCopy { meta_files: Some(snapshot.clone()), ..self.clone() }
    }

    /// The version of the newest root that is published.
    pub(super) fn newest_root(&self) -> Option<u64> {
        self.newest_root
    }

    /// A file that cannot be read is as good as none: it is fetched again.
    fn read(&self, name: &str, limit: u64) -> Option<Vec<u8>> {
        self.folder.fetch(&Request::metadata(name, limit)).ok()
    }

    fn bytes(&self, file: &LocalFile, limit: u64) -> Option<Vec<u8>> {
        let (role, meta_file) = match file {
            LocalFile::Root => return self.read(&format!("{}.root.json", self.newest_root?), limit),
            LocalFile::RootHistory(version) => return self.read(&format!("{version}.root.json"), limit),
            LocalFile::Timestamp => return self.read(file_name::TIMESTAMP, limit),
            LocalFile::Snapshot => ("snapshot", self.snapshot.clone()?),
            LocalFile::Targets => ("targets", self.meta_files.as_ref()?.targets().clone()),
            LocalFile::Delegated(role) => (role.as_str(), self.meta_files.as_ref()?.meta_file(&file_name::role(role))?),
            _ => return None,
        };
        // Whether names carry versions is for the root to say, and the root is not known here.
        let named = self.read(&file_name::versioned(role, meta_file.version), limit);
        named.or_else(|| self.read(&file_name::role(role), limit))
    }
}

impl Store for MirrorCopy {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.bytes(file, limit))
    }

    /// Nothing is written before all of it is verified: see [`super::folder`].
    fn save(&self, _: &LocalFile, _: &[u8]) -> Result<(), StoreError> {
        Ok(())
    }

    fn remove(&self, _: &LocalFile) -> Result<(), StoreError> {
        Ok(())
    }
}

/// By its name; what is in the file is looked at when it is read.
fn newest_root_in(folder: &Path) -> Option<u64> {
    let entries = fs::read_dir(folder).ok()?;
    entries.filter_map(|entry| file_name::root_version(entry.ok()?.file_name().to_str()?)).map(Version::number).max()
}

fn parsed<R: Role + Clone>(bytes: Vec<u8>) -> Option<R> {
    let limit = bytes.len();
    Envelope::<R>::parse(bytes, limit).ok().map(|envelope| envelope.unverified().clone())
}

/// Every root from the pinned one to the newest, once a refresh has found the newest and left those after the pinned one in `store`.
pub(super) fn roots(
    pinned: &[u8],
    store: &MemoryStore,
    trusted: &Trusted,
    limits: &Limits,
) -> Result<Vec<Vec<u8>>, Error> {
    let newest = trusted.root().version().number();
    let mut roots = vec![pinned.to_vec()];
    let pinned_version =
        parsed::<rootline_metadata::Root>(pinned.to_vec()).map_or(newest, |root| root.version().number());
    for version in pinned_version.saturating_add(1)..=newest {
        roots.extend(store.load(&LocalFile::RootHistory(version), limits.root)?);
    }
    Ok(roots)
}
