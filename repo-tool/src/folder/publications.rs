//! The records of the places that a repository is published to: `publications/`.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;

use chrono::{DateTime, Utc};
use rootline_ceremonies::Published;
use rootline_ceremonies::publication::{PlaceRecord, roots_in_use};
use rootline_client::store::{Access, make_folder, read_regular_file};
use rootline_metadata::{Role, Version};

use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::merge_conflict;
use crate::folder::repository::RepositoryFolder;

const LOST_RECORD: &str =
    "bring the file back from version control, or remove it: then all that is there counts as public since now";

/// The folder of the records in a repository's folder.
pub(crate) const PUBLICATIONS: &str = "publications";

impl RepositoryFolder {
    /// The record of each place, and a failure for each file that cannot be read as one: such a place counts as one that nothing is known of.
    pub(crate) fn place_records(&self) -> Result<(Vec<PlaceRecord>, Vec<Failure>), Failure> {
        let folder = self.without_links(PUBLICATIONS)?;
        let unreadable = |error: std::io::Error| Failure::io("read the folder", &folder, &error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            other => other.and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?,
        };
        let paths = entries.iter().map(fs::DirEntry::path);
        let mut paths: Vec<PathBuf> =
            paths.filter(|path| path.extension().is_some_and(|extension| extension == "json")).collect();
        paths.sort();
        let (mut records, mut faults) = (Vec::new(), Vec::new());
        for path in paths {
            match read(&path) {
                Ok(record) => records.extend(record),
                Err(failure) => faults.push(failure),
            }
        }
        Ok((records, faults))
    }

    /// The published roots that a client can have as its last, by what is recorded of each place.
    pub(crate) fn roots_in_use(&self, published: &Published, at: DateTime<Utc>) -> Result<BTreeSet<Version>, Failure> {
        let (records, faults) = self.place_records()?;
        if let Some(fault) = faults.into_iter().next() {
            return Err(fault);
        }
        let roots = roots_in_use(published, &records, &self.policy()?.caches(), at);
        Ok(roots.into_iter().map(|root| root.version()).collect())
    }

    /// The record of one place; `None` where there is none yet.
    pub(crate) fn place_record(&self, place: &str) -> Result<Option<PlaceRecord>, Failure> {
        let path = self.place_record_path(place)?;
        let record = read(&path)?;
        if let Some(other) = record.as_ref().filter(|record| record.place() != place) {
            let what = format!("{} is the record of {}, not of {place}", path.display(), other.place());
            return Err(Failure::new(what, LOST_RECORD));
        }
        Ok(record)
    }

    /// Keeps the record of one place.
    pub(crate) fn keep_place_record(&self, record: &PlaceRecord) -> Result<(), Failure> {
        let path = self.place_record_path(record.place())?;
        make_folder(&self.join(PUBLICATIONS), Access::Umask)?;
        let bytes = record.to_json();
        if atomic_file::holds(&path, &bytes) { Ok(()) } else { atomic_file::replace(&path, &bytes) }
    }

    fn place_record_path(&self, place: &str) -> Result<PathBuf, Failure> {
        Ok(self.without_links(PUBLICATIONS)?.join(PlaceRecord::file_name(place)))
    }
}

fn read(path: &std::path::Path) -> Result<Option<PlaceRecord>, Failure> {
    let bytes = match read_regular_file(path, PlaceRecord::MAX_BYTES as u64) {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        other => other.map_err(|error| Failure::io("read", path, &error))?,
    };
    merge_conflict::refuse(path, &bytes)?;
    let record = PlaceRecord::parse(&bytes).map_err(|error| {
        Failure::new(format!("{} is not the record of a place: {error}", path.display()), LOST_RECORD)
    })?;
    Ok(Some(record))
}
