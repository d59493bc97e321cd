//! Links in a maintainer's folder. They travel through version control and lead elsewhere, so that none of them is followed: what is read,
//! written or removed by way of one would be somebody else's.

use std::fs;
use std::io;
use std::path::Path;

use crate::failure::Failure;

/// Refuses a link in the place of `path`. What is not there is none.
pub(crate) fn refuse_at(path: &Path) -> Result<(), Failure> {
    match fs::symlink_metadata(path) {
        Ok(found) if found.is_symlink() => Err(link(path)),
        Ok(_) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(Failure::io("read", path, &error)),
    }
}

/// Refuses a link in the place of `path`, and on the way to it from the folder `top`, which is the caller's choice.
pub(crate) fn refuse_on_the_way(top: &Path, path: &Path) -> Result<(), Failure> {
    path.ancestors().take_while(|above| *above != top).try_for_each(refuse_at)
}

/// Refuses a link in the place of `folder`, and any link below it.
pub(crate) fn refuse_below(folder: &Path) -> Result<(), Failure> {
    refuse_at(folder)?;
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        let unreadable = |error: io::Error| Failure::io("read the folder", &folder, &error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            other => other.map_err(unreadable)?,
        };
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            // Of the entry itself, not of what a link leads to.
            let kind = entry.file_type().map_err(unreadable)?;
            if kind.is_symlink() {
                return Err(link(&entry.path()));
            }
            if kind.is_dir() {
                folders.push(entry.path());
            }
        }
    }
    Ok(())
}

fn link(path: &Path) -> Failure {
    Failure::new(
        format!("{} is a symbolic link, and none is followed here", path.display()),
        "replace it with a copy of what it leads to, or restore what was there from version control",
    )
    .breaking("nothing outside the repository's folder is read, written or removed")
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_link_is_refused_wherever_it_is_and_what_is_no_link_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        refuse_below(&at("nowhere")).unwrap();
        fs::create_dir_all(at("a/b")).unwrap();
        fs::write(at("a/b/file"), "x").unwrap();
        refuse_below(&at("a")).unwrap();
        refuse_at(&at("a/b/file")).unwrap();
        symlink(at("nowhere"), at("a/b/dangling")).unwrap();
        let refused = refuse_below(&at("a")).unwrap_err();
        assert!(refused.what().contains("b/dangling is a symbolic link"), "{}", refused.what());
        fs::remove_file(at("a/b/dangling")).unwrap();
        symlink(at("a/b"), at("a/folder")).unwrap();
        assert!(refuse_below(&at("a")).is_err() && refuse_at(&at("a/folder")).is_err());
        assert!(refuse_on_the_way(folder.path(), &at("a/folder/file")).is_err());
        refuse_on_the_way(&at("a/folder"), &at("a/folder/file")).unwrap();
        refuse_on_the_way(folder.path(), &at("a/b/nowhere")).unwrap();
        // What lies above is the caller's choice.
        symlink(at("a/b"), at("above")).unwrap();
        refuse_at(&at("above").join("file")).unwrap();
    }
}
