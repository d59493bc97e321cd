//! The cache of this user: a folder for each repository.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use chrono::{DateTime, Utc};
use rootline_client::store::FileStore;
use rootline_client::{Cache, CacheFolders, Instance};

use crate::failure::Failure;
use crate::instances::Instances;

/// The cache of one repository.
pub(crate) struct Copy {
    /// The name of its folder.
    pub(crate) folder: String,
    /// The instances that it belongs to, as far as they are known by name.
    pub(crate) instances: Vec<Instance>,
    pub(crate) standing: Standing,
    pub(crate) store: FileStore,
    pub(crate) checked_at: Option<DateTime<Utc>>,
}

/// Whether a cache is used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Standing {
    /// By the instances that it belongs to.
    Used,
    /// Another cache of the repository knows higher versions.
    Superseded,
    /// It has the repository's URL, and other roots than the pinned one.
    OtherRoots,
    /// No instance is known that it belongs to.
    Unknown,
}

impl Standing {
    /// Why it is not used; `None` when it is, or nothing is known.
    pub(crate) fn reason(self) -> Option<&'static str> {
        match self {
            Standing::Used | Standing::Unknown => None,
            Standing::Superseded => Some("another cache of this repository knows higher versions"),
            Standing::OtherRoots => Some("its roots are not connected with the pinned one"),
        }
    }
}

impl Copy {
    /// Whether this is its folder, or the name of an instance that uses it or once did.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.folder == name || self.belongs_to(name)
    }

    /// Whether the instance of this name uses it, or once did.
    pub(crate) fn belongs_to(&self, name: &str) -> bool {
        self.standing != Standing::OtherRoots && self.instances.iter().any(|instance| instance.name == name)
    }

    /// The first of its instances.
    pub(crate) fn instance(&self) -> Option<&Instance> {
        self.instances.first()
    }
}

/// Lists the caches below `cache`, in the order of their folders. Other folders are skipped.
///
/// # Errors
/// If the folder cannot be read.
pub(crate) fn copies(cache: &Path, instances: &Instances) -> Result<Vec<Copy>, Failure> {
    let entries = match fs::read_dir(cache) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(Failure::unreadable(cache, &error)),
    };
    let mut known: Vec<Instance> = Instance::all_built_in().collect();
    // One that cannot be read must not hide the copies of the others.
    known.extend(instances.names()?.iter().filter_map(|name| instances.load(name).ok().flatten()));
    let known: Vec<(Instance, CacheFolders)> = known
        .into_iter()
        .map(|instance| {
            let folders = Cache::folders(cache, &instance);
            (instance, folders)
        })
        .collect();
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Some(folder) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if !is_cache_name(&folder) || !FileStore::is_one(&entry.path()) {
            continue;
        }
        let Some(store) = FileStore::open_existing(entry.path())? else { continue };
        let (standing, instances) = whose(&entry.path(), &known);
        let checked_at = store.checked_at();
        found.push(Copy { folder, instances, standing, store, checked_at });
    }
    found.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(found)
}

/// The instances of a cache: those that use it, or else those that once did, or whose URL it has.
fn whose(folder: &Path, known: &[(Instance, CacheFolders)]) -> (Standing, Vec<Instance>) {
    let is = |place: &PathBuf| place == folder;
    let all = |belongs: &dyn Fn(&CacheFolders) -> bool| -> Vec<Instance> {
        known.iter().filter(|(_, folders)| belongs(folders)).map(|(instance, _)| instance.clone()).collect()
    };
    for (standing, instances) in [
        (Standing::Used, all(&|folders| is(&folders.used) || folders.earlier.as_ref().is_some_and(is))),
        (Standing::Superseded, all(&|folders| folders.superseded.iter().any(is))),
        (Standing::OtherRoots, all(&|folders| folders.other_roots.as_ref().is_some_and(is))),
    ] {
        if !instances.is_empty() {
            return (standing, instances);
        }
    }
    (Standing::Unknown, Vec::new())
}

/// Whether a folder's name ends as [`Instance::cache_name`] does.
fn is_cache_name(name: &str) -> bool {
    let digest = name.rsplit_once('-').map(|(_, digest)| digest.as_bytes()).unwrap_or_default();
    digest.len() == 16 && digest.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
