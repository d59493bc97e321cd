//! The cache of this user: a folder for each repository.

use std::fs;
use std::io;
use std::path::Path;

use chrono::{DateTime, Utc};
use rootline_client::Instance;
use rootline_client::store::FileStore;

use crate::failure::Failure;
use crate::instances::Instances;

/// The cache of one repository.
pub(crate) struct Copy {
    /// The name of its folder.
    pub(crate) folder: String,
    /// The instance that it belongs to, if that is known by name.
    pub(crate) instance: Option<Instance>,
    pub(crate) store: FileStore,
    pub(crate) checked_at: Option<DateTime<Utc>>,
}

impl Copy {
    /// Whether this is the name of its instance or its folder.
    pub(crate) fn is_called(&self, name: &str) -> bool {
        self.folder == name || self.instance.as_ref().is_some_and(|instance| instance.name == name)
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
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let Some(folder) = entry.file_name().to_str().map(str::to_owned) else { continue };
        if !is_cache_name(&folder) || !FileStore::is_one(&entry.path()) {
            continue;
        }
        let Some(store) = FileStore::open_existing(entry.path())? else { continue };
        let instance = known.iter().find(|instance| instance.cache_name() == folder).cloned();
        let checked_at = store.checked_at();
        found.push(Copy { folder, instance, store, checked_at });
    }
    found.sort_by(|one, other| one.folder.cmp(&other.folder));
    Ok(found)
}

/// Whether a folder's name ends as [`Instance::cache_name`] does.
fn is_cache_name(name: &str) -> bool {
    let digest = name.rsplit_once('-').map(|(_, digest)| digest.as_bytes()).unwrap_or_default();
    digest.len() == 16 && digest.iter().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f'))
}
