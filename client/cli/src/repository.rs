//! The repository of a command, and its client.

use std::path::{Path, PathBuf};
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_client::transport::{HttpSettings, OpenTransport};
use rootline_client::workflow::{TargetQuery, Updated};
use rootline_client::{Cache, Client, Error, Freshness, Instance, Limits, Location, Persistence};

use crate::clock::{At, parse_at};
use crate::failure::Failure;
use crate::help::REPOSITORY;
use crate::instances::{InstancesArgs, read_needed};
use crate::limits::LimitArgs;
use crate::network::{Network, NetworkArgs};
use crate::terminal::Terminal;

/// The options for the repository, its pinned root and the instant.
#[derive(Args, Debug)]
pub(crate) struct PinnedRootArgs {
    /// An instance: sigstore, sigstore-staging, github, or one that was added [default: sigstore]
    #[arg(long, help_heading = REPOSITORY, value_name = "INSTANCE", env = "ROOTLINE_INSTANCE")]
    instance: Option<String>,

    /// The http(s) URL or folder of a repository, with its --root; or of a mirror of the instance
    #[arg(long, help_heading = REPOSITORY, value_name = "URL")]
    url: Option<String>,

    /// The URL of its targets [default: targets/ below the URL]
    #[arg(long, hide_short_help = true, help_heading = REPOSITORY, value_name = "URL", requires = "url")]
    targets_url: Option<String>,

    /// The trusted root.json to begin with
    #[arg(long, help_heading = REPOSITORY, value_name = "FILE", requires = "url")]
    root: Option<PathBuf>,

    #[command(flatten)]
    instances: InstancesArgs,

    /// Work at this instant instead of now, such as 2026-08-22T00:00:00Z
    #[arg(long, hide_short_help = true, help_heading = REPOSITORY, value_name = "INSTANT", value_parser = parse_at)]
    at: Option<DateTime<Utc>>,
}

/// The options for the repository and its transport.
#[derive(Args, Debug)]
pub(crate) struct SourceArgs<N: Network = NetworkArgs> {
    #[command(flatten)]
    pin: PinnedRootArgs,

    /// Try this mirror when those before it fail; may be given several times. Its targets are below targets/
    #[arg(long, hide_short_help = true, help_heading = REPOSITORY, value_name = "URL")]
    mirror: Vec<String>,

    #[command(flatten)]
    client: ClientArgs<N>,
}

/// The options for the repository, the cache and the instant.
#[derive(Args, Debug)]
pub(crate) struct RepositoryArgs<N: Network = NetworkArgs> {
    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    source: SourceArgs<N>,
}

/// A repository without a cache.
pub(crate) struct Source {
    pub(crate) instance: Instance,
    pub(crate) transport: OpenTransport,
    pub(crate) limits: Limits,
}

/// An instance's name, and its client if there can be one.
type Named = (String, Result<Repository, Failure>);

/// A client for one repository.
pub(crate) struct Repository {
    pub(crate) instance: Instance,
    pub(crate) client: Client<OpenTransport, Cache>,
    pub(crate) now: DateTime<Utc>,
}

impl Repository {
    /// Updates the cache, as fresh as was asked for, with these targets. Shows progress on a terminal.
    pub(crate) fn update(&mut self, wanted: &[TargetQuery], terminal: &Terminal) -> Result<Updated, Error> {
        let asking =
            (!self.client.freshness().is_offline()).then(|| terminal.asking(self.client.transport().location()));
        let updated = self.client.update(self.now, wanted);
        drop(asking);
        terminal.client_notes(&self.client.take_notes());
        updated
    }

    /// The failure of the client, with the repository in use and the cache.
    pub(crate) fn located(&self, failure: impl Into<Failure>) -> Failure {
        located(failure, self.client.transport().location(), self.client.store().folder())
    }
}

impl SourceArgs {
    /// The time limits of one connection and of one request.
    pub(crate) fn time_limits(&self) -> (Duration, Duration) {
        self.client.network.time_limits()
    }
}

impl<N: Network> SourceArgs<N> {
    /// The repository, for a command that keeps no cache.
    pub(crate) fn open(&self, terminal: &Terminal) -> Result<Source, Failure> {
        let instance = self.instance()?;
        let transport = instance.transport(&self.client.http(terminal)?)?;
        Ok(Source { instance, transport, limits: self.client.limits() })
    }

    /// The instant to work at.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.pin.now()
    }

    /// The repository that they name, and the root that is pinned for it.
    pub(crate) fn instance(&self) -> Result<Instance, Failure> {
        let mut instance = self.pin.instance(&self.client.limits())?;
        instance.mirrors.extend(self.mirror.iter().map(|url| Location::at(url)));
        // Before anything is made for it.
        for place in [&instance.location()].into_iter().chain(&instance.mirrors) {
            place.metadata()?;
            place.targets()?;
        }
        Ok(instance)
    }
}

impl PinnedRootArgs {
    /// The instant to work at.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        At::new(self.at).instant()
    }

    /// The repository that they name, and the root that is pinned for it.
    pub(crate) fn instance(&self, limits: &Limits) -> Result<Instance, Failure> {
        let mut instance = match (&self.url, &self.root) {
            (Some(url), Some(root)) => {
                let pinned = read_needed(root, limits.root)?;
                let instance = Instance::at(url, pinned);
                match &self.instance {
                    Some(name) => instance.with_name(name),
                    None => instance,
                }
            }
            (Some(_), None) if self.instance.is_none() => {
                return Err(Failure::new(
                    "--url needs a root to trust",
                    "add --root FILE, or --instance NAME if it is a mirror of that instance",
                ));
            }
            (Some(url), None) => {
                // A mirror of that instance, whose versions count here too.
                self.named()?.by_way_of(Location::at(url))
            }
            (None, _) => self.named()?,
        };
        if let Some(targets_url) = &self.targets_url {
            instance.targets_url.clone_from(targets_url);
        }
        Ok(instance)
    }

    fn named(&self) -> Result<Instance, Failure> {
        self.instances.instances().named(self.instance.as_deref().unwrap_or("sigstore"))
    }
}

impl<N: Network> RepositoryArgs<N> {
    /// The client for a command that updates the cache, and fails if the cache cannot be written.
    pub(crate) fn open_to_keep(&self, freshness: Freshness, terminal: &Terminal) -> Result<Repository, Failure> {
        let instance = self.instance()?;
        let cache = Cache::open(&self.cache_folder()?, &instance)?;
        self.with_cache(instance, cache, freshness, terminal)
    }

    /// The client for a command that uses the trust root: if the cache cannot be written, it warns and goes on.
    pub(crate) fn open_to_use(&self, freshness: Freshness, terminal: &Terminal) -> Result<Repository, Failure> {
        if freshness.is_offline() {
            return self.open_offline(freshness, terminal);
        }
        let instance = self.instance()?;
        let (cache, note) = Cache::open_if_possible(self.cache_folder().ok().as_deref(), &instance);
        terminal.client_notes(&note);
        let repository = self.with_cache(instance, cache, freshness, terminal)?;
        Ok(Repository { client: repository.client.with_persistence(Persistence::BestEffort), ..repository })
    }

    /// The client that reads the cache alone.
    pub(crate) fn open_offline(&self, freshness: Freshness, terminal: &Terminal) -> Result<Repository, Failure> {
        let instance = self.instance()?;
        let cache = Cache::open_existing(&self.cache_folder()?, &instance)?;
        self.with_cache(instance, cache, freshness, terminal)
    }

    /// Clients that read the cache alone, one for each known instance. A built-in instance without a cache is left out: it was never used.
    pub(crate) fn open_all_offline(&self, terminal: &Terminal) -> Result<Vec<Named>, Failure> {
        let folder = self.cache_folder()?;
        let instances = self.source.pin.instances.instances();
        let open = |instance: Instance| {
            let cache = Cache::open_existing(&folder, &instance)?;
            self.with_cache(instance, cache, Freshness::offline(), terminal)
        };
        let mut all: Vec<_> = Instance::all_built_in()
            .filter(|instance| {
                let folders = Cache::folders(&folder, instance);
                folders.earlier.is_some() || folders.used.is_dir()
            })
            .map(|instance| (instance.name.clone(), open(instance)))
            .collect();
        for name in instances.names()? {
            let repository = instances.named(&name).and_then(open);
            all.push((name, repository));
        }
        Ok(all)
    }

    /// The client that writes nothing.
    pub(crate) fn open_in_memory(&self, terminal: &Terminal) -> Result<Repository, Failure> {
        self.with_cache(self.instance()?, Cache::in_memory(None), Freshness::Online, terminal)
    }

    fn with_cache(
        &self,
        instance: Instance,
        mut cache: Cache,
        freshness: Freshness,
        terminal: &Terminal,
    ) -> Result<Repository, Failure> {
        terminal.client_notes(&cache.take_note());
        let client = self.source.client.open(&instance, cache, freshness, terminal)?;
        Ok(Repository { instance, client, now: self.now() })
    }

    /// The repository that they name, and the root that is pinned for it.
    pub(crate) fn instance(&self) -> Result<Instance, Failure> {
        self.source.instance()
    }

    /// The instant to work at.
    pub(crate) fn now(&self) -> DateTime<Utc> {
        self.source.now()
    }

    /// The folder of all caches.
    pub(crate) fn cache_folder(&self) -> Result<PathBuf, Failure> {
        self.cache.folder()
    }
}

/// The option for the folder of the cache.
#[derive(Args, Debug)]
pub(crate) struct CacheArgs {
    /// The cache: a folder for each repository [default: rootline/ in the platform's cache folder]
    #[arg(long, help_heading = REPOSITORY, value_name = "DIR", env = "ROOTLINE_CACHE")]
    cache: Option<PathBuf>,
}

impl CacheArgs {
    /// The folder of all caches.
    pub(crate) fn folder(&self) -> Result<PathBuf, Failure> {
        self.cache
            .clone()
            .or_else(Cache::default_folder)
            .ok_or_else(|| Failure::new("this user has no cache folder", "name one with --cache DIR or ROOTLINE_CACHE"))
    }
}

/// The options for limits and transport.
#[derive(Args, Debug)]
pub(crate) struct ClientArgs<N: Network = NetworkArgs> {
    #[command(flatten)]
    limits: LimitArgs,

    #[command(flatten)]
    network: N,
}

impl<N: Network> ClientArgs<N> {
    /// A client with these options.
    pub(crate) fn open(
        &self,
        instance: &Instance,
        cache: Cache,
        freshness: Freshness,
        terminal: &Terminal,
    ) -> Result<Client<OpenTransport, Cache>, Failure> {
        let transport = instance.transport(&self.http(terminal)?)?;
        let client = Client::new(instance.pinned_root.clone(), transport, cache);
        Ok(client.with_limits(self.limits()).with_freshness(freshness).recording_checks())
    }

    /// The limits on what the repository may send.
    pub(crate) fn limits(&self) -> Limits {
        self.limits.limits()
    }

    /// The settings of the transport; `--verbose` shows each request.
    pub(crate) fn http(&self, terminal: &Terminal) -> Result<HttpSettings, Failure> {
        Ok(self.network.settings()?.with_observer(terminal.observer()))
    }
}

/// A failure with the repository in use and the cache.
pub(crate) fn located(failure: impl Into<Failure>, repository: &str, copy: Option<&Path>) -> Failure {
    failure.into().located(repository, copy)
}
