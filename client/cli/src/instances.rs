//! The instances that this user added: a folder each, with its URLs and its pinned root.

mod file;
mod name;

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};

use clap::Args;
use rootline_metadata::{hex, sha256};

pub(crate) use name::parse_name;

use crate::configuration;
use crate::failure::Failure;
use crate::help::REPOSITORY;
use file::InstanceFile;
use rootline_client::store::{Access, read_file_at_most, write_file};
use rootline_client::{Instance, Limits};

/// The option that says where they are.
#[derive(Args, Debug)]
pub(crate) struct InstancesArgs {
    /// The configuration, with the instances that were added [default: rootline/ in the platform's configuration folder]
    #[arg(long, hide_short_help = true, help_heading = REPOSITORY, value_name = "DIR", env = "ROOTLINE_CONFIG")]
    config: Option<PathBuf>,
}

impl InstancesArgs {
    /// The instances that are there.
    pub(crate) fn instances(&self) -> Instances {
        Instances { folder: configuration::folder(self.config.clone()).map(|folder| folder.join("instances")) }
    }
}

/// What is configured. An instance is there once its `instance.toml` is, which is written last and removed first.
#[derive(Debug)]
pub(crate) struct Instances {
    /// `None` when this user has no configuration folder.
    folder: Option<PathBuf>,
}

/// The outcome of adding an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Adding {
    /// It is there now.
    Added,
    /// The same instance was there before.
    Unchanged,
}

impl Instances {
    /// The names of all, in their order.
    ///
    /// # Errors
    /// If the folder cannot be read.
    pub(crate) fn names(&self) -> Result<Vec<String>, Failure> {
        let Some(folder) = &self.folder else { return Ok(Vec::new()) };
        let entries = match fs::read_dir(folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(Failure::unreadable(folder, &error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let entry = entry.map_err(|error| Failure::unreadable(folder, &error))?;
            let name = entry.file_name().to_str().and_then(|name| parse_name(name).ok());
            names.extend(name.filter(|name| may_be_there(&folder.join(name).join(INSTANCE))));
        }
        names.sort();
        Ok(names)
    }

    /// The instances in that configuration folder, or else in the one of this user.
    pub(crate) fn of_this_user(config: Option<PathBuf>) -> Instances {
        let config = config.or_else(|| std::env::var_os("ROOTLINE_CONFIG").map(PathBuf::from));
        InstancesArgs { config }.instances()
    }

    /// The names of all, the built-in ones first; without the others if they cannot be read.
    pub(crate) fn all_names(&self) -> Vec<String> {
        let mut known: Vec<String> = Instance::built_in_names().map(|(name, _)| name.to_owned()).collect();
        known.extend(self.names().unwrap_or_default());
        known
    }

    /// The folder of the instance of that name.
    pub(crate) fn folder(&self, name: &str) -> Option<PathBuf> {
        Some(self.folder.as_ref()?.join(name))
    }

    /// Loads the instance of that name; `None` when there is none, or the name is not valid.
    ///
    /// # Errors
    /// If its files cannot be read, or are not as they were written.
    pub(crate) fn load(&self, name: &str) -> Result<Option<Instance>, Failure> {
        let Some(folder) = self.folder(name).filter(|_| parse_name(name).is_ok()) else { return Ok(None) };
        let path = folder.join(INSTANCE);
        let Some(text) = read(&path, MAX_FILE)? else { return Ok(None) };
        let found = InstanceFile::read(&path, &text)?;
        let path = folder.join(ROOT);
        let limit = Limits::default().root;
        let pinned_root = read(&path, limit)?.unwrap_or_default();
        if hex::encode(&sha256(&pinned_root)) != found.root_sha256() {
            return Err(Failure::new(
                format!("{} does not match its digest in {INSTANCE}", path.display()),
                format!("remove the instance and add it again: rootline instance remove {name}, rootline instance add"),
            ));
        }
        Ok(Some(found.into_instance(name, pinned_root)))
    }

    /// The instance of that name, built-in or not.
    ///
    /// # Errors
    /// As [`Instances::load`]; also if there is none.
    pub(crate) fn named(&self, name: &str) -> Result<Instance, Failure> {
        match Instance::built_in(name) {
            Some(instance) => Ok(instance),
            None => self.load(name)?.ok_or_else(|| self.unknown(name)),
        }
    }

    /// There is no such instance.
    pub(crate) fn unknown(&self, name: &str) -> Failure {
        Failure::new(
            format!("there is no instance {name:?}"),
            format!("use one of {}, or add it with `rootline instance add`", self.all_names().join(", ")),
        )
    }

    /// Adds an instance whose root has been verified.
    ///
    /// # Errors
    /// If another one has its name, or it cannot be written.
    pub(crate) fn add(&self, instance: &Instance) -> Result<Adding, Failure> {
        let name = &instance.name;
        if self.is_new(instance)? == Adding::Unchanged {
            return Ok(Adding::Unchanged);
        }
        let folder = self.folder(name).ok_or_else(|| {
            Failure::new("this user has no configuration folder", "name one with --config DIR or ROOTLINE_CONFIG")
        })?;
        // URLs may carry credentials: the owner alone may read them.
        write_file(&folder.join(ROOT), &instance.pinned_root, Access::Owner)?;
        write_file(&folder.join(INSTANCE), InstanceFile::of(instance).to_toml().as_bytes(), Access::Owner)?;
        Ok(Adding::Added)
    }

    /// Whether adding it would change anything.
    ///
    /// # Errors
    /// If another one has its name.
    pub(crate) fn is_new(&self, instance: &Instance) -> Result<Adding, Failure> {
        match self.load(&instance.name)? {
            None => Ok(Adding::Added),
            Some(present) if present == *instance => Ok(Adding::Unchanged),
            Some(_) => Err(Failure::new(
                format!("another instance is already named {:?}", instance.name),
                format!(
                    "compare: rootline instance show {0}; to replace it, remove it first: rootline instance remove {0}",
                    instance.name
                ),
            )),
        }
    }

    /// Removes the instance of that name, and nothing else that may lie in its folder.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub(crate) fn remove(&self, name: &str) -> Result<(), Failure> {
        let Some(folder) = self.folder(name) else { return Ok(()) };
        for file in [INSTANCE, ROOT] {
            let path = folder.join(file);
            match fs::remove_file(&path) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => {
                    let what = format!("{} cannot be removed: {error}", path.display());
                    return Err(Failure::new(what, "check its permissions"));
                }
                _ => {}
            }
        }
        // What somebody else has put there stays.
        let _ = fs::remove_dir(folder);
        Ok(())
    }
}

/// Whether the file is there, or cannot be looked at: what cannot be read is not absent.
fn may_be_there(file: &Path) -> bool {
    match fs::metadata(file) {
        Ok(found) => found.is_file(),
        Err(error) => !matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory),
    }
}

const INSTANCE: &str = "instance.toml";
const ROOT: &str = "root.json";
/// Most bytes of `instance.toml`: some dozens of long URLs.
const MAX_FILE: u64 = 64 << 10;

/// The bytes of a file that has to be there.
pub(crate) fn read_needed(path: &Path, limit: u64) -> Result<Vec<u8>, Failure> {
    let absent = || Failure::unreadable(path, &io::ErrorKind::NotFound.into());
    read(path, limit)?.ok_or_else(absent)
}

/// The bytes of a file, if it is there.
fn read(path: &Path, limit: u64) -> Result<Option<Vec<u8>>, Failure> {
    let unreadable = |error| Failure::unreadable(path, &error);
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(unreadable(error)),
    };
    let too_long = || {
        let hint = "check the path; if a root.json is meant to be this large, allow it with --max-root-bytes";
        Failure::new(format!("{} has more than {limit} bytes", path.display()), hint)
    };
    read_file_at_most(&file, limit).map_err(unreadable)?.ok_or_else(too_long).map(Some)
}
