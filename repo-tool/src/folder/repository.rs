//! A maintainer's folder, and reading it.

use std::fs;
use std::path::{Path, PathBuf};

use rootline_ceremonies::review::is_leaving;
use rootline_ceremonies::{Keyholder, Keyholders, Name, Policy, Published, PublishedFile, Release, TargetName};
use rootline_client::store::{self, StoreError, StoreLock, read_regular_file};

use crate::failure::Failure;
use crate::folder::atomic_file::{self, Access, UNFINISHED};
use crate::folder::ceremony::CeremonyFolder;
use crate::folder::input::{MAX_TEXT, max_file, read_own_text};
use crate::folder::links;
use crate::folder::merge_conflict;
use crate::folder::publications::PUBLICATIONS;
use crate::folder::read_files::read_files;

/// The folder of the vendors' roots, which the maintainer keeps.
pub(crate) const VENDOR_ROOTS: &str = "vendor-roots";

/// The folder that everything about one repository lives in.
///
/// ```text
/// rootline.toml          the policy
/// keyholders/NAME/       keyholder.toml, attestations/KEY.pem
/// vendor-roots/          the roots of tokens' vendors, in PEM
/// targets/               what is shipped
/// metadata/              everything ever published, byte for byte, targets included
/// publications/          since when what is public, a file for each place
/// ceremonies/ID/         plan.toml, frozen/ (with the plan as it was), signatures/VERSION.ROLE/NAME.json, voided/ (signatures over earlier revisions), requests/, responses/, sealed/, transcript.jsonl, heads/
/// ```
#[derive(Clone, Debug)]
pub(crate) struct RepositoryFolder {
    path: PathBuf,
}

impl RepositoryFolder {
    pub(crate) const POLICY: &str = "rootline.toml";
    /// The folders in it.
    pub(crate) const FOLDERS: [&str; 4] = ["keyholders", "targets", "metadata", "ceremonies"];
    /// The folders that commands add when they come to it.
    pub(crate) const MADE_LATER: [&str; 2] = [VENDOR_ROOTS, PUBLICATIONS];
    const LOCK: &str = ".rootline-lock";

    pub(crate) fn new(path: PathBuf) -> RepositoryFolder {
        RepositoryFolder { path }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn policy_path(&self) -> PathBuf {
        self.join(RepositoryFolder::POLICY)
    }

    pub(crate) fn join(&self, name: impl AsRef<Path>) -> PathBuf {
        // `./` before everything would only make messages longer.
        if self.path == Path::new(".") { name.as_ref().to_owned() } else { self.path.join(name) }
    }

    /// Locks the folder while a command writes, so that two at a time do not undo each other; without waiting: a locked folder is a failure. Where
    /// locks do not work, the lock says so.
    pub(crate) fn lock(&self) -> Result<StoreLock, Failure> {
        self.policy()?;
        links::refuse_at(&self.join(RepositoryFolder::LOCK))?;
        for folder in RepositoryFolder::FOLDERS.iter().chain(&RepositoryFolder::MADE_LATER) {
            links::refuse_at(&self.join(folder))?;
        }
        match store::try_lock_file(self.join(RepositoryFolder::LOCK), Access::Umask) {
            Ok(lock) => {
                if lock.keeps_others_out() {
                    self.sweep();
                }
                Ok(lock)
            }
            Err(StoreError::Locked { .. }) => Err(Failure::new(
                format!("another rootline-repo is writing to {}", self.path.display()),
                "wait for it to finish, and run this again",
            )),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the leftovers of interrupted commands.
    fn sweep(&self) {
        atomic_file::sweep_flat(&self.path);
        let folders = RepositoryFolder::FOLDERS.iter().chain(&RepositoryFolder::MADE_LATER);
        folders.for_each(|folder| atomic_file::sweep(&self.join(folder)));
    }

    pub(crate) fn policy(&self) -> Result<Policy, Failure> {
        let path = self.policy_path();
        match read_own_text(&path, MAX_TEXT) {
            Ok(text) => {
                merge_conflict::refuse(&path, text.as_bytes())?;
                Policy::parse(&text).map_err(|error| Failure::toml(&path, &error))
            }
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Err(Failure::new(
                format!("{} is not a repository: it has no {}", self.path.display(), RepositoryFolder::POLICY),
                "create one with rootline-repo init, or name it with --repository DIR",
            )),
            Err(error) => Err(Failure::io("read", &path, &error)),
        }
    }

    /// The folder of that name in it, without a link in its place or below it.
    pub(crate) fn without_links(&self, folder: &str) -> Result<PathBuf, Failure> {
        let path = self.join(folder);
        links::refuse_below(&path)?;
        Ok(path)
    }

    pub(crate) fn keyholder_path(&self, name: &Name) -> PathBuf {
        self.join("keyholders").join(name.as_str()).join("keyholder.toml")
    }

    pub(crate) fn keyholders(&self) -> Result<Keyholders, Failure> {
        self.without_links("keyholders")?;
        let mut keyholders = Keyholders::default();
        for name in self.names_in("keyholders")? {
            let path = self.keyholder_path(&name);
            let text = read_own_text(&path, MAX_TEXT).map_err(|error| Failure::io("read", &path, &error))?;
            merge_conflict::refuse(&path, text.as_bytes())?;
            keyholders.add(Keyholder::parse(name, &text).map_err(|error| Failure::toml(&path, &error))?)?;
        }
        Ok(keyholders)
    }

    /// The bytes of one file that could be shipped, `None` where there is none of that name. What else is in `targets/` is not looked at.
    pub(crate) fn target(&self, name: &TargetName) -> Result<Option<Vec<u8>>, Failure> {
        let path = self.target_path(name.as_str())?;
        links::refuse_on_the_way(&self.path, &path)?;
        match read_regular_file(&path, max_file()) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &path, &error)),
            Ok(bytes) => {
                merge_conflict::refuse(&path, &bytes)?;
                Ok(Some(bytes))
            }
        }
    }

    /// The place of a file that is shipped.
    pub(crate) fn target_path(&self, name: &str) -> Result<PathBuf, Failure> {
        let folder = self.join("targets");
        links::refuse_at(&folder)?;
        Ok(folder.join(name))
    }

    /// The published files, verified, with what the ceremonies have signed and given up.
    pub(crate) fn published(&self) -> Result<Published, Failure> {
        let failure = |error: rootline_ceremonies::PublishedError| {
            let failure = Failure::from(error);
            Failure::new(
                format!("in {}: {}", self.join("metadata").display(), failure.what()),
                failure.hint().unwrap_or_default(),
            )
        };
        let mut files = read_files(&self.without_links("metadata")?)?;
        // What a merge leaves is not published, and stops nobody.
        files.retain(|name, _| PublishedFile::parse(name).is_some() || !is_leaving(name));
        let published = Published::read(files).map_err(failure)?;
        // Where no ceremony can be listed, that is said by each command that comes to them.
        let transcripts = self.transcripts().unwrap_or_default();
        Ok(published.with_given_up(transcripts.iter().flat_map(|(id, transcript)| transcript.given_up(id))))
    }

    /// Adds new files; only the timestamp replaces an older file.
    pub(crate) fn keep(&self, release: &Release) -> Result<(), Failure> {
        self.without_links("metadata")?;
        for (file, bytes) in release.files() {
            let path = self.join("metadata").join(file.to_string());
            match file {
                PublishedFile::Timestamp => atomic_file::replace(&path, bytes)?,
                _ => atomic_file::ensure(&path, bytes)?,
            }
        }
        Ok(())
    }

    pub(crate) fn ceremony(&self, id: &Name) -> CeremonyFolder {
        CeremonyFolder::new(self.join("ceremonies").join(id.as_str()), id.clone())
    }

    pub(crate) fn ceremonies(&self) -> Result<Vec<CeremonyFolder>, Failure> {
        let (ceremonies, strays) = self.ceremonies_and_strays()?;
        strays.into_iter().next().map_or(Ok(ceremonies), Err)
    }

    /// The ceremonies, and a failure for each folder beside them that is none: they keep nothing that is public from being renewed.
    pub(crate) fn ceremonies_and_strays(&self) -> Result<(Vec<CeremonyFolder>, Vec<Failure>), Failure> {
        let (names, strays) = self.names_and_strays_in("ceremonies")?;
        Ok((names.iter().map(|id| self.ceremony(id)).collect(), strays))
    }

    fn names_in(&self, folder: &str) -> Result<Vec<Name>, Failure> {
        let (names, strays) = self.names_and_strays_in(folder)?;
        strays.into_iter().next().map_or(Ok(names), Err)
    }

    /// The folders in a folder whose names are [`Name`]s, in order, and a failure for each other one. One with nothing in it was made by a
    /// command that was ended before it wrote anything there.
    fn names_and_strays_in(&self, folder: &str) -> Result<(Vec<Name>, Vec<Failure>), Failure> {
        let folder = self.join(folder);
        links::refuse_at(&folder)?;
        let unreadable = |error: std::io::Error| Failure::io("read the folder", &folder, &error);
        let entries = match fs::read_dir(&folder) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok((Vec::new(), Vec::new())),
            other => other.map_err(unreadable)?,
        };
        let (mut names, mut strays) = (Vec::new(), Vec::new());
        for entry in entries {
            let entry = entry.map_err(unreadable)?;
            // A link is listed, and refused when it is used.
            let kind = entry.file_type().map_err(unreadable)?;
            let is_one = kind.is_dir() || kind.is_symlink() && entry.path().is_dir();
            if !is_one || entry.file_name().as_encoded_bytes().starts_with(b".") {
                continue;
            }
            if kind.is_dir() && is_empty(&entry.path()).map_err(unreadable)? {
                continue;
            }
            match entry.file_name().to_str().and_then(|name| name.parse().ok()) {
                Some(name) => names.push(name),
                None => {
                    let what = format!("{} does not have a valid name", entry.path().display());
                    strays.push(Failure::new(what, "rename the folder"));
                }
            }
        }
        names.sort();
        strays.sort_by(|one, other| one.what().cmp(other.what()));
        Ok((names, strays))
    }
}

fn is_empty(folder: &Path) -> std::io::Result<bool> {
    for entry in fs::read_dir(folder)? {
        if !entry?.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes()) {
            return Ok(false);
        }
    }
    Ok(true)
}
