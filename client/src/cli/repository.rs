//! Which repository a command is about, and its client.

use std::fs;
use std::path::{Path, PathBuf};

use crate::limits::Limits;
use crate::store::{FileStore, MemoryStore, Store, StoreLock};
use crate::transport::{Folder, Http, HttpBlocking, HttpSettings, Transport};
use crate::{Client, Instance, LocalCopy};
use chrono::{DateTime, Utc};
use clap::Args;

use crate::cli::clock::{At, parse_at};
use crate::cli::failure::Failure;
use crate::cli::terminal::Terminal;

/// The options that say which repository, which local copy, and which instant.
#[derive(Args, Debug)]
pub(crate) struct RepositoryArgs {
    /// A built-in instance: sigstore, sigstore-staging or github
    #[arg(long, value_name = "NAME", env = "ROOTLINE_INSTANCE")]
    instance: Option<String>,

    /// Where the repository is: an http(s) URL or a folder. With --root it is a repository of its own, with --instance a
    /// mirror of that instance
    #[arg(long, value_name = "URL")]
    url: Option<String>,

    /// Where its targets are [default: targets/ below the URL]
    #[arg(long, value_name = "URL", requires = "url")]
    targets_url: Option<String>,

    /// The root.json to begin with, which you have from a source that you trust
    #[arg(long, value_name = "FILE", requires = "url")]
    root: Option<PathBuf>,

    /// The folder for local copies; each repository has its own below it [default: rootline/ in the platform's cache folder]
    #[arg(long, value_name = "DIR", env = "ROOTLINE_CACHE")]
    cache: Option<PathBuf>,

    /// Work at this instant instead of now, such as 2026-08-22T00:00:00Z
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    at: Option<DateTime<Utc>>,
}

/// Where the files come from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// The repository.
    Repository,
    /// The local copy alone.
    LocalCopy,
}

/// What to do where the local copy cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unwritable {
    /// Fail: the command is there to write it.
    Fail,
    /// Go on in memory, and say so.
    GoOn,
}

/// A client for one repository.
pub(crate) struct Repository {
    pub(crate) instance: Instance,
    pub(crate) client: Client<Box<dyn Transport>, Box<dyn Store>>,
    pub(crate) now: DateTime<Utc>,
    /// Where the local copy is; none if it is in memory.
    pub(crate) copy: Option<PathBuf>,
    _lock: Option<StoreLock>,
}

impl RepositoryArgs {
    /// The client for these options.
    pub(crate) fn open(
        &self,
        from: Source,
        unwritable: Unwritable,
        terminal: &Terminal,
    ) -> Result<Repository, Failure> {
        let instance = self.instance()?;
        let folder = self.cache_folder()?.join(instance.cache_name());
        let (store, copy, lock) = open_store(&folder, from, unwritable, terminal)?;
        let transport: Box<dyn Transport> = match from {
            Source::Repository => transport(&instance)?,
            // The local copy is read through a store of its own; what this one keeps in memory is not part of it.
            Source::LocalCopy => match FileStore::open_existing(&folder)? {
                Some(store) => Box::new(LocalCopy::new(store)),
                None => Box::new(LocalCopy::new(MemoryStore::new())),
            },
        };
        let client = Client::new(instance.pinned_root.clone(), transport, store).with_limits(Limits::default());
        Ok(Repository { instance, client, now: At::new(self.at).instant(), copy, _lock: lock })
    }

    /// The client for these options, keeping nothing.
    pub(crate) fn open_in_memory(&self) -> Result<Repository, Failure> {
        let instance = self.instance()?;
        let client =
            Client::new(instance.pinned_root.clone(), transport(&instance)?, Box::new(MemoryStore::new()) as _);
        Ok(Repository { instance, client, now: At::new(self.at).instant(), copy: None, _lock: None })
    }

    fn instance(&self) -> Result<Instance, Failure> {
        let mut instance = match (&self.url, &self.root) {
            (Some(url), Some(root)) => {
                let pinned = fs::read(root).map_err(|error| Failure::unreadable(root, &error))?;
                let instance = Instance::at(url, pinned);
                Instance { name: self.instance.clone().unwrap_or(instance.name), ..instance }
            }
            (Some(_), None) if self.instance.is_none() => {
                return Err(Failure::new(
                    "--url alone does not say which root to trust",
                    "add --root FILE, or --instance NAME if it is a mirror of a built-in instance",
                ));
            }
            (Some(url), None) => {
                Instance { name: self.built_in()?.name, ..Instance::at(url, self.built_in()?.pinned_root) }
            }
            (None, _) => self.built_in()?,
        };
        if let Some(targets_url) = &self.targets_url {
            instance.targets_url.clone_from(targets_url);
        }
        Ok(instance)
    }

    fn built_in(&self) -> Result<Instance, Failure> {
        let name = self.instance.as_deref().unwrap_or("sigstore");
        Instance::built_in(name).ok_or_else(|| {
            let known: Vec<&str> = Instance::built_in_names().map(|(name, _)| name).collect();
            Failure::new(
                format!("{name:?} is not a built-in instance"),
                format!("use one of {}, or --url with --root for another repository", known.join(", ")),
            )
        })
    }

    fn cache_folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.cache {
            return Ok(folder.clone());
        }
        dirs::cache_dir()
            .map(|folder| folder.join("rootline"))
            .ok_or_else(|| Failure::new("this user has no cache folder", "name one with --cache DIR or ROOTLINE_CACHE"))
    }
}

fn transport(instance: &Instance) -> Result<Box<dyn Transport>, Failure> {
    let (metadata, targets) = (&instance.metadata_url, &instance.targets_url);
    let is_http = |url: &str| url.starts_with("http://") || url.starts_with("https://");
    if is_http(metadata) && is_http(targets) {
        let http = Http::new(metadata, targets, HttpSettings::default())?;
        return Ok(Box::new(HttpBlocking::new(http)?));
    }
    let folder = |url: &str| PathBuf::from(url.strip_prefix("file://").unwrap_or(url));
    Ok(Box::new(Folder::new(folder(metadata), folder(targets))))
}

type OpenStore = (Box<dyn Store>, Option<PathBuf>, Option<StoreLock>);

fn open_store(folder: &Path, from: Source, unwritable: Unwritable, terminal: &Terminal) -> Result<OpenStore, Failure> {
    if from == Source::LocalCopy {
        let existing = FileStore::open_existing(folder)?;
        let lock = existing.as_ref().map(FileStore::lock_shared).transpose()?;
        let copy = existing.as_ref().map(|_| folder.to_owned());
        // Nothing is written: what is read from the local copy is there already.
        let store = existing.map_or_else(MemoryStore::new, MemoryStore::over);
        return Ok((Box::new(store), copy, lock));
    }
    let opened = FileStore::open(folder).and_then(|store| store.lock_exclusive().map(|lock| (store, lock)));
    match opened {
        Ok((store, lock)) => Ok((Box::new(store), Some(folder.to_owned()), Some(lock))),
        Err(error) if unwritable == Unwritable::GoOn && error.is_read_only() => {
            terminal.warning(format_args!("{error}; going on without keeping a copy"));
            // What is there can still be read, so that nothing goes below the versions it has seen.
            let below = FileStore::open_existing(folder).ok().flatten();
            Ok((Box::new(below.map_or_else(MemoryStore::new, MemoryStore::over)), None, None))
        }
        Err(error) => Err(error.into()),
    }
}
