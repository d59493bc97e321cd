//! The folder of what a user has configured, for both programs.

use std::path::PathBuf;

/// Returns the folder that was named, or else `rootline/` in the platform's configuration folder; `None` when this user has none.
pub fn folder(named: Option<PathBuf>) -> Option<PathBuf> {
    named.or_else(|| dirs::config_dir().map(|folder| folder.join("rootline")))
}
