//! From an instance to its client in one step: over HTTP(S) or from a folder, with the platform's cache.

use crate::client::Client;
use crate::client::cache::Cache;
use crate::client::instance::{Instance, Location};
use crate::client::shared::{SharedTrustRoot, SharedTrustRootAsync};
use crate::error::Error;
use crate::transport::{Folder, Http, HttpBlocking, HttpSettings, Mirrors, OpenTransport, Transport, TransportError};

impl Client<OpenTransport, Cache> {
    /// The client of `instance` for callers who wait, with its cache in the [platform's place](Cache::default_folder). Where that cannot be
    /// written it goes on in memory, and says so in its [notes](Client::take_notes). No request is made yet.
    ///
    /// # Errors
    /// If a URL of the instance cannot be used, or the system has no more file descriptors.
    pub fn open(instance: &Instance) -> Result<Self, Error> {
        Client::open_with(instance, &HttpSettings::default())
    }

    /// As [`Client::open`], with these settings for HTTP.
    ///
    /// # Errors
    /// As [`Client::open`]; also if a setting cannot be used.
    pub fn open_with(instance: &Instance, settings: &HttpSettings) -> Result<Self, Error> {
        Client::builder(instance.clone()).settings(settings.clone()).build()
    }
}

impl Client<Mirrors<Http>, Cache> {
    /// As [`Client::open_with`], for callers within a tokio runtime. The instance has to be on a web server.
    ///
    /// # Errors
    /// As [`Client::open_with`].
    pub fn open_async(instance: &Instance, settings: &HttpSettings) -> Result<Self, Error> {
        Client::builder(instance.clone()).settings(settings.clone()).build_async()
    }
}

/// A client as [`Client::open`] makes it.
pub type DefaultClient = Client<OpenTransport, Cache>;
/// A client as [`Client::open_async`] makes it.
pub type DefaultClientAsync = Client<Mirrors<Http>, Cache>;
/// A trust root for all threads, over a [`DefaultClient`].
pub type DefaultSharedTrustRoot = SharedTrustRoot<OpenTransport, Cache>;
/// A trust root for all tasks, over a [`DefaultClientAsync`].
pub type DefaultSharedTrustRootAsync = SharedTrustRootAsync<Mirrors<Http>, Cache>;

impl Instance {
    /// Opens the repository's location and its mirrors for a blocking caller: web servers with these settings, and folders. No request is
    /// made yet.
    ///
    /// # Errors
    /// If a URL or a setting cannot be used, or the system has no more file descriptors.
    pub fn transport(&self, settings: &HttpSettings) -> Result<OpenTransport, TransportError> {
        let first = self.location();
        let mut mirrors = Mirrors::new(first.shown(), place(&first, settings)?);
        for mirror in &self.mirrors {
            mirrors = mirrors.then(mirror.shown(), place(mirror, settings)?);
        }
        Ok(mirrors)
    }

    /// Opens the repository's location and its mirrors for an asynchronous caller. All of them have to be web servers. No request is made
    /// yet.
    ///
    /// # Errors
    /// If a URL or a setting cannot be used.
    pub fn transport_async(&self, settings: &HttpSettings) -> Result<Mirrors<Http>, TransportError> {
        let http = |metadata, targets| Http::new(metadata, targets, settings.clone());
        let first = http(&self.metadata_url, &self.targets_url)?;
        let mut mirrors = Mirrors::new(self.location().shown(), first);
        for mirror in &self.mirrors {
            mirrors = mirrors.then(mirror.shown(), http(&mirror.metadata_url, &mirror.targets_url)?);
        }
        Ok(mirrors)
    }
}

fn place(location: &Location, settings: &HttpSettings) -> Result<Box<dyn Transport + Send + Sync>, TransportError> {
    let (metadata, targets) = (location.metadata()?, location.targets()?);
    match (metadata.folder(), targets.folder()) {
        (None, None) => {
            let http = Http::new(&metadata.to_text(), &targets.to_text(), settings.clone())?;
            Ok(Box::new(HttpBlocking::new(http)?))
        }
        (Some(metadata), Some(targets)) => {
            let folder = Folder::new(metadata, targets).following_links(settings.follow_links);
            Ok(Box::new(match &settings.observer {
                Some(observer) => folder.with_observer(observer.clone()),
                None => folder,
            }))
        }
        _ => Err(TransportError::BadLocation {
            location: targets.to_string(),
            reason: "metadata and targets have to be both on a web server or both in folders",
        }),
    }
}
