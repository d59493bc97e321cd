//! A new folder that is there at once, with all that belongs in it, or not at all.

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use crate::commands::guide;
use crate::commands::init::ATTRIBUTES_FILE;
use crate::failure::Failure;
use crate::folder::atomic_file::{self, UNFINISHED};
use crate::folder::ignored::GITIGNORE_FILE;
use crate::folder::repository::RepositoryFolder;
use crate::folder::trust_notes;

/// A folder in the making.
pub(super) struct NewFolder {
    to: PathBuf,
    /// Whether there is a folder already, in which the new files go.
    is_there: bool,
    /// Holds what is made, on the same disk, until it is whole; and is removed with it if it never is.
    workshop: TempDir,
}

impl NewFolder {
    /// Begins one that will be at `to`: where nothing is, or in a folder without a repository, such as a new clone.
    pub(super) fn at(to: PathBuf) -> Result<NewFolder, Failure> {
        let is_there = fs::symlink_metadata(&to).is_ok();
        if is_there && !to.is_dir() {
            let what = format!("{} is there already, and is not a folder", to.display());
            return Err(Failure::new(what, "name another folder"));
        }
        let around = match is_there {
            true => to.as_path(),
            false => to.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new(".")),
        };
        if is_there {
            refuse_repository(&to)?;
        } else {
            atomic_file::create_folder(around)?;
        }
        let workshop = tempfile::Builder::new().prefix(&format!("{UNFINISHED}quickstart-")).tempdir_in(around);
        let workshop = workshop.map_err(|error| Failure::io("create a folder in", around, &error))?;
        Ok(NewFolder { to, is_there, workshop })
    }

    /// Where it is made.
    pub(super) fn inside(&self) -> RepositoryFolder {
        // Not the workshop itself, which others cannot read.
        RepositoryFolder::new(self.workshop.path().join("repository"))
    }

    /// A failure in it, told with the place where it would have been.
    pub(super) fn seen_from_outside(&self, failure: Failure) -> Failure {
        let (inside, to) = (self.inside().path().display().to_string(), self.to.display().to_string());
        failure.with_what(|what| what.replace(&inside, &to))
    }

    /// Puts it into its place.
    pub(super) fn appear(self) -> Result<(), Failure> {
        let inside = self.inside();
        if !self.is_there {
            return fs::rename(inside.path(), &self.to).map_err(|error| Failure::io("create", &self.to, &error));
        }
        let mut moved: Vec<String> = Vec::new();
        for name in names(inside.path())? {
            let (from, to) = (inside.path().join(&name), self.to.join(&name));
            if fs::symlink_metadata(&to).is_ok() {
                // `init` leaves them as they are too.
                if [GITIGNORE_FILE, ATTRIBUTES_FILE].contains(&&*name) {
                    continue;
                }
                return Err(half_done(&self.to, &moved, &format!("{} has come in between", to.display())));
            }
            fs::rename(&from, &to)
                .map_err(|error| half_done(&self.to, &moved, &format!("cannot create {}: {error}", to.display())))?;
            moved.push(name);
        }
        Ok(())
    }
}

/// What is in the folder, the policy last: it is what makes a folder a repository.
fn names(folder: &Path) -> Result<Vec<String>, Failure> {
    let unreadable = |error: std::io::Error| Failure::io("read the folder", folder, &error);
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        names.push(entry.map_err(unreadable)?.file_name().to_string_lossy().into_owned());
    }
    names.sort_by_key(|name| (name == RepositoryFolder::POLICY, name.clone()));
    Ok(names)
}

/// Refuses a folder in which anything has the name of what would be made.
fn refuse_repository(folder: &Path) -> Result<(), Failure> {
    let made = RepositoryFolder::FOLDERS.iter().chain([&RepositoryFolder::POLICY, &trust_notes::NOTES, &guide::PAGE]);
    match made.map(|name| folder.join(name)).find(|path| fs::symlink_metadata(path).is_ok()) {
        Some(path) => {
            let what = format!("{} is there already, and is not overwritten", path.display());
            Err(Failure::new(what, "name a new folder: rootline-repo quickstart FOLDER"))
        }
        None => Ok(()),
    }
}

fn half_done(folder: &Path, moved: &[String], why: &str) -> Failure {
    let stands = if moved.is_empty() { "nothing".to_owned() } else { moved.join(", ") };
    let what = format!("{why}; in {} there is of the new repository: {stands}", folder.display());
    Failure::new(what, "remove these, and run this again")
}
