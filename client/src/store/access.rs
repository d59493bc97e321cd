//! Who may read what is written.

use std::fs::Permissions;

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// The owner alone (0600): the cache.
    Owner,
    /// Those whom the umask lets (0666 less the umask): what a user asked for by name.
    Umask,
}

impl Access {
    /// With which permissions a file is made, where the platform has such.
    #[cfg(unix)]
    pub(super) fn permissions(self) -> Option<Permissions> {
        use std::os::unix::fs::PermissionsExt;
        Some(Permissions::from_mode(match self {
            Access::Owner => 0o600,
            Access::Umask => 0o666,
        }))
    }

    /// With which permissions a file is made, where the platform has such.
    #[cfg(not(unix))]
    pub(super) fn permissions(self) -> Option<Permissions> {
        None
    }
}
