//! The files below a folder, all at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use crate::failure::Failure;
use crate::folder::atomic_file::UNFINISHED;
use crate::folder::merge_conflict;

/// Reads all files below a folder, by their relative names with `/`; none without the folder. Links are not followed.
pub(crate) fn read_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    if folder.exists() {
        read_below(folder, "", &mut files)?;
    }
    Ok(files)
}

fn read_below(folder: &Path, prefix: &str, files: &mut BTreeMap<String, Vec<u8>>) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| Failure::io("read the folder", folder, &error);
    // In order, so that of several faults the same one is told everywhere.
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let name =
            name.to_str().ok_or_else(|| Failure::new(format!("{} is not Unicode", path.display()), "rename it"))?;
        if name.starts_with('.') {
            debug_assert!(UNFINISHED.starts_with('.'));
            continue;
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            read_below(&path, &format!("{prefix}{name}/"), files)?;
        } else if kind.is_file() {
            let bytes = fs::read(&path).map_err(|error| Failure::io("read", &path, &error))?;
            merge_conflict::refuse(&path, &bytes)?;
            files.insert(format!("{prefix}{name}"), bytes);
        } else {
            return Err(Failure::new(
                format!("{} is not a regular file", path.display()),
                "replace it with a copy of the file",
            ));
        }
    }
    Ok(())
}
