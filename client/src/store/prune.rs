//! Keeping the cache from growing without a bound.
//!
//! Delegated roles and targets in the cache only spare requests: each is judged by what the trusted metadata says of it, and the versions
//! that must not go down stand in the snapshot. So the oldest may go. Roots stay, all of them: each took a threshold of keys.

use std::fs::{self, Metadata};
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::disk::Disk;

/// Most files and bytes of one kind that stay.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    pub(super) files: usize,
    pub(super) bytes: u64,
}

/// Delegated roles: as many as TAP 15 has hash bins, and as much again.
pub(super) const DELEGATED: Bound = Bound { files: 32_768, bytes: 512 << 20 };

/// Targets: a trust root has a handful, each a few kilobytes, and a user without a network may want all of a larger repository.
pub(super) const TARGETS: Bound = Bound { files: 10_000, bytes: 1 << 30 };

/// Removes the files of `folder` that `counts` and that are beyond the bound, those that were written longest ago first. Best effort: what cannot
/// be removed is tried again after the next save.
pub(super) fn prune(disk: &dyn Disk, folder: &Path, bound: Bound, counts: impl Fn(&str) -> bool) {
    let Ok(entries) = fs::read_dir(folder) else { return };
    let mut files: Vec<(SystemTime, PathBuf, u64)> = entries
        .flatten()
        .filter(|entry| entry.file_name().to_str().is_some_and(&counts))
        .filter_map(|entry| {
            let found = entry.metadata().ok().filter(Metadata::is_file)?;
            Some((found.modified().ok()?, entry.path(), found.len()))
        })
        .collect();
    files.sort();
    let mut room = bound.bytes;
    for (place, (_, path, length)) in files.into_iter().rev().enumerate() {
        let left = room.checked_sub(length).filter(|_| place < bound.files);
        room = left.unwrap_or(0);
        if left.is_none() {
            let _ = disk.remove_file(&path);
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "helpers of tests, outside the functions in which clippy allows it by itself")]
mod tests {
    use super::super::disk::OsDisk;
    use super::*;
    use std::fs::File;
    use std::time::Duration;

    /// A folder with files of these lengths, `0` written first.
    fn folder(lengths: &[usize]) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        for (number, length) in lengths.iter().enumerate() {
            let path = folder.path().join(number.to_string());
            fs::write(&path, vec![b'x'; *length]).unwrap();
            let written = SystemTime::UNIX_EPOCH + Duration::from_secs(1000 + number as u64);
            File::options().write(true).open(path).unwrap().set_modified(written).unwrap();
        }
        folder
    }

    fn left(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
        let mut names: Vec<String> = entries.collect();
        names.sort();
        names
    }

    #[test]
    fn as_many_files_as_the_bound_stay_and_of_one_more_the_oldest_goes() {
        let folder = folder(&[1, 1, 1]);
        prune(&OsDisk, folder.path(), Bound { files: 3, bytes: 99 }, |_| true);
        assert_eq!(left(folder.path()), ["0", "1", "2"]);
        prune(&OsDisk, folder.path(), Bound { files: 2, bytes: 99 }, |_| true);
        assert_eq!(left(folder.path()), ["1", "2"]);
    }

    #[test]
    fn as_many_bytes_as_the_bound_stay_and_of_one_more_the_oldest_goes() {
        let folder = folder(&[5, 2, 3]);
        prune(&OsDisk, folder.path(), Bound { files: 9, bytes: 10 }, |_| true);
        assert_eq!(left(folder.path()), ["0", "1", "2"]);
        prune(&OsDisk, folder.path(), Bound { files: 9, bytes: 9 }, |_| true);
        assert_eq!(left(folder.path()), ["1", "2"]);
    }

    #[test]
    fn what_does_not_count_and_what_is_no_file_stays() {
        let folder = folder(&[1, 1, 1]);
        fs::create_dir(folder.path().join("sub")).unwrap();
        prune(&OsDisk, folder.path(), Bound { files: 0, bytes: 0 }, |name| name != "1");
        assert_eq!(left(folder.path()), ["1", "sub"]);
        prune(&OsDisk, &folder.path().join("missing"), Bound { files: 0, bytes: 0 }, |_| true);
    }
}
