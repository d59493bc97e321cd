//! Names that do not belong to a repository.

use super::finding::{About, Findings};
use super::rules;
use super::view::RepositoryView;
use crate::review::is_leaving;

/// Finds what editors, merges and links have left.
pub(super) fn lint_names(view: &RepositoryView, found: &mut Findings) {
    for path in view.files.keys() {
        let name = path.rsplit('/').next().unwrap_or(path);
        let is_backup = path.contains('~') || name.len() > 1 && name.starts_with('#') && name.ends_with('#');
        if is_backup || is_leaving(path) {
            found.add(path, &rules::STRAY, &About::FILE, "its name is one that an editor or a merge leaves");
        }
    }
    for path in &view.irregular {
        found.add(path, &rules::STRAY, &About::FILE, "it is a link, or no regular file");
    }
}
