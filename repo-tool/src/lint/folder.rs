//! The files of a folder that somebody else may have made: links and leavings are told of, not refused.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::Path;

use rootline_ceremonies::lint::RepositoryView;
use rootline_ceremonies::review::is_leaving;
use rootline_client::store::read_regular_file;

use crate::failure::Failure;
use crate::folder::input::max_file;

/// Most files below one folder.
const MAX_FILES: usize = 100_000;
/// Most bytes of all of them: eight times what the largest one may have.
const MAX_TOGETHER: u64 = 2 << 30;
/// Most folders one in the other.
const MAX_DEPTH: usize = 64;

/// What is below a folder, by relative names with `/`.
#[derive(Default)]
struct Listing {
    files: BTreeMap<String, Vec<u8>>,
    irregular: BTreeSet<String>,
    together: u64,
}

/// Reads a repository from its folder, in which metadata and targets stand beside each other or metadata at the top. What begins with a full stop is
/// passed over, unless an editor has left it.
pub(super) fn read(folder: &Path) -> Result<RepositoryView, Failure> {
    let mut listing = Listing::default();
    listing.read_below(folder, "", 0)?;
    let Listing { files, irregular, .. } = listing;
    Ok(RepositoryView { files, irregular, answers: None })
}

impl Listing {
    fn read_below(&mut self, folder: &Path, prefix: &str, depth: usize) -> Result<(), Failure> {
        let unreadable = |error: std::io::Error| Failure::io("read the folder", folder, &error);
        let entries = fs::read_dir(folder).map_err(unreadable)?;
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            let path = entry.path();
            let name = entry.file_name();
            let name =
                name.to_str().ok_or_else(|| Failure::new(format!("{} is not Unicode", path.display()), "rename it"))?;
            if name.starts_with('.') && !is_leaving(name) {
                continue;
            }
            let relative = format!("{prefix}{name}");
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_dir() && depth < MAX_DEPTH {
                self.read_below(&path, &format!("{relative}/"), depth + 1)?;
            } else if kind.is_file() {
                let bytes = read_regular_file(&path, max_file()).map_err(|error| Failure::io("read", &path, &error))?;
                self.together = self.together.saturating_add(bytes.len() as u64);
                self.files.insert(relative, bytes);
            } else {
                self.irregular.insert(relative);
            }
            if self.together > MAX_TOGETHER || self.files.len() + self.irregular.len() > MAX_FILES {
                let what =
                    format!("there are more than {MAX_FILES} files or {MAX_TOGETHER} bytes up to {}", path.display());
                return Err(Failure::new(what, "name the folder of one repository"));
            }
        }
        Ok(())
    }
}

/// As [`read`]; nothing where there is no such folder.
pub(super) fn read_if_there(folder: &Path) -> Result<RepositoryView, Failure> {
    if folder.exists() { read(folder) } else { Ok(RepositoryView::default()) }
}
