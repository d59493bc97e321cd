//! The files below a folder, all at once.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use rootline_client::store::read_regular_file;

use crate::failure::Failure;
use crate::folder::atomic_file::UNFINISHED;
use crate::folder::input::max_file;
use crate::folder::merge_conflict;

/// Most bytes of all files below a folder: eight times what the largest one may have.
const MAX_TOGETHER: u64 = 2 << 30;

/// Reads all files below a folder, by their relative names with `/`; none without the folder. Links are not followed; what an editor has left, and
/// files whose names begin with a full stop, are passed over.
pub(crate) fn read_files(folder: &Path) -> Result<BTreeMap<String, Vec<u8>>, Failure> {
    let mut files = BTreeMap::new();
    if folder.exists() {
        read_below(folder, "", &mut files, &mut 0)?;
    }
    Ok(files)
}

/// Whether a name is one that editors give to a backup: no file of a repository has it.
fn is_backup(name: &str) -> bool {
    name.ends_with('~') || name.len() > 1 && name.starts_with('#') && name.ends_with('#')
}

fn read_below(
    folder: &Path,
    prefix: &str,
    files: &mut BTreeMap<String, Vec<u8>>,
    together: &mut u64,
) -> Result<(), Failure> {
    let unreadable = |error: std::io::Error| Failure::io("read the folder", folder, &error);
    // In order, so that of several faults the same one is told everywhere.
    let mut entries = fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let name =
            name.to_str().ok_or_else(|| Failure::new(format!("{} is not Unicode", path.display()), "rename it"))?;
        if name.starts_with('.') || is_backup(name) {
            debug_assert!(UNFINISHED.starts_with('.'));
            continue;
        }
        let kind = entry.file_type().map_err(unreadable)?;
        if kind.is_dir() {
            read_below(&path, &format!("{prefix}{name}/"), files, together)?;
        } else if kind.is_file() {
            let bytes = read_regular_file(&path, max_file()).map_err(|error| Failure::io("read", &path, &error))?;
            *together = together.saturating_add(bytes.len() as u64);
            if *together > MAX_TOGETHER {
                let what = format!("the files up to {} have more than {MAX_TOGETHER} bytes together", path.display());
                return Err(Failure::new(what, "all of them are held in memory: move away what does not belong there"));
            }
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
