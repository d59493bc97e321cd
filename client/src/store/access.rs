//! Who may read what is written.

use std::fs::{DirBuilder, OpenOptions};
use std::io;
use std::path::Path;

/// Who may read a file that is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Access {
    /// The owner alone (0600, folders 0700): the cache. Where there are no Unix permissions, those whom the folder lets.
    Owner,
    /// Those whom the umask lets (0666 less the umask): what a user asked for by name.
    Umask,
}

impl Access {
    /// Makes files for those. Unix's own default is 0666.
    pub(super) fn of_new_file(self, options: &mut OpenOptions) {
        #[cfg(unix)]
        if self == Access::Owner {
            std::os::unix::fs::OpenOptionsExt::mode(options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = options;
    }

    /// Makes folders for those.
    pub(super) fn of_new_folder(self) -> DirBuilder {
        let builder = DirBuilder::new();
        #[cfg(unix)]
        if self == Access::Owner {
            let mut builder = builder;
            std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
            return builder;
        }
        builder
    }
}

/// Whether a new file in `folder` can be its owner's alone. FAT and many network file systems take no permissions, and say nothing. Found out
/// with an empty file; where there are no Unix permissions, by whether the folder is below the user's own, which others may not read.
///
/// # Errors
/// If no file can be made there.
pub fn keeps_private(folder: &Path) -> io::Result<bool> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt;
        let mut options = OpenOptions::new();
        options.write(true).create_new(true);
        Access::Owner.of_new_file(&mut options);
        let (path, file) = super::atomic_write::under_a_free_name(folder, |path| options.open(path))?;
        let mode = file.metadata().map(|found| found.mode());
        let _ = std::fs::remove_file(path);
        Ok(mode? & 0o077 == 0)
    }
    #[cfg(not(unix))]
    {
        let folder = folder.canonicalize()?;
        Ok(std::env::home_dir().and_then(|home| home.canonicalize().ok()).is_some_and(|home| folder.starts_with(home)))
    }
}
