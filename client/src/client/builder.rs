//! A client put together part by part, for callers who want another part than the usual one.

use std::path::PathBuf;

use crate::client::Client;
use crate::client::cache::Cache;
use crate::client::instance::{Instance, Location};
use crate::driver::pending_writes::Persistence;
use crate::error::{Error, Note};
use crate::store::{Store, StoreError};
#[cfg(feature = "http")]
use crate::transport::{Http, HttpSettings, Mirrors, OpenTransport};
use crate::workflow::freshness::Freshness;
use crate::workflow::limits::Limits;

/// Makes a [`Client`] of an instance. What is not set is as with [`Client::open`]: the transport that the instance's URLs name, a cache in
/// the platform's folder, and memory where that cannot be written.
#[derive(Debug)]
#[must_use = "a builder makes a client when it is built"]
pub struct ClientBuilder<T, S> {
    instance: Instance,
    transport: T,
    store: S,
    limits: Limits,
    freshness: Freshness,
    persistence: Persistence,
}

/// The transport of a [`ClientBuilder`] that the instance's URLs name.
#[derive(Debug, Default)]
pub struct ByUrl {
    #[cfg(feature = "http")]
    settings: HttpSettings,
}

/// The store of a [`ClientBuilder`] that is a cache below a folder.
#[derive(Debug)]
pub struct InFolder(Option<PathBuf>);

/// A transport or a store of a [`ClientBuilder`] that is the caller's own.
#[derive(Debug)]
pub struct Own<P>(P);

impl Client<(), ()> {
    /// Begins a client of `instance`, part by part.
    ///
    /// ```
    /// use rootline_client::chrono::TimeDelta;
    /// use rootline_client::store::MemoryStore;
    /// use rootline_client::transport::Folder;
    /// use rootline_client::{Client, Freshness, Instance, Limits};
    ///
    /// // From a checkout, with a cache in memory.
    /// let client = Client::builder(Instance::sigstore())
    ///     .transport(Folder::new("checkout/metadata", "checkout/targets"))
    ///     .store(MemoryStore::new())
    ///     .freshness(Freshness::MaxAge(TimeDelta::hours(1)))
    ///     .limits(Limits::default())
    ///     .build()?;
    /// # drop(client);
    /// # Ok::<(), rootline_client::Error>(())
    /// ```
    pub fn builder(instance: Instance) -> ClientBuilder<ByUrl, InFolder> {
        ClientBuilder {
            instance,
            transport: ByUrl::default(),
            store: InFolder(Cache::default_folder()),
            limits: Limits::default(),
            freshness: Freshness::Online,
            persistence: Persistence::BestEffort,
        }
    }
}

impl<T, S> ClientBuilder<T, S> {
    /// Adds a mirror of the same repository, which is used when those before it have failed.
    pub fn mirror(mut self, mirror: Location) -> Self {
        self.instance.mirrors.push(mirror);
        self
    }

    /// Sets the limits. Default: [`Limits::default`].
    pub fn limits(self, limits: Limits) -> Self {
        ClientBuilder { limits, ..self }
    }

    /// Sets how fresh everything has to be. Default: [`Freshness::Online`].
    pub fn freshness(self, freshness: Freshness) -> Self {
        ClientBuilder { freshness, ..self }
    }

    /// Sets whether it is a failure when verified files cannot be written. Default: [`Persistence::BestEffort`].
    pub fn persistence(self, persistence: Persistence) -> Self {
        ClientBuilder { persistence, ..self }
    }

    /// Sets the caller's own transport. The instance's URLs and mirrors then count for nothing but the cache's name.
    pub fn transport<O>(self, transport: O) -> ClientBuilder<Own<O>, S> {
        let ClientBuilder { instance, store, limits, freshness, persistence, .. } = self;
        ClientBuilder { instance, transport: Own(transport), store, limits, freshness, persistence }
    }

    /// Sets the caller's own store.
    pub fn store<O: Store>(self, store: O) -> ClientBuilder<T, Own<O>> {
        let ClientBuilder { instance, transport, limits, freshness, persistence, .. } = self;
        ClientBuilder { instance, transport, store: Own(store), limits, freshness, persistence }
    }
}

impl<T> ClientBuilder<T, InFolder> {
    /// Sets the folder below which the caches of all instances are. Default: [`Cache::default_folder`].
    pub fn cache_folder(self, folder: impl Into<PathBuf>) -> Self {
        ClientBuilder { store: InFolder(Some(folder.into())), ..self }
    }

    /// The cache, and a note where it is one in memory because the folder cannot be written, or one beside that of other roots.
    fn cache(&self) -> Result<(Cache, Option<Note>), StoreError> {
        let folder = self.store.0.as_deref();
        let (mut cache, note) = match (self.persistence, folder) {
            (Persistence::Required, Some(folder)) => (Cache::open(folder, &self.instance)?, None),
            (Persistence::Required, None) => return Err(StoreError::other("this user has no cache folder")),
            (Persistence::BestEffort, folder) => Cache::open_if_possible(folder, &self.instance),
        };
        // One that is in memory has none.
        let note = note.or_else(|| cache.take_note());
        Ok((cache, note))
    }
}

#[cfg(feature = "http")]
impl<S> ClientBuilder<ByUrl, S> {
    /// Sets how to fetch over HTTP(S). Default: [`HttpSettings::default`].
    pub fn settings(self, settings: HttpSettings) -> Self {
        ClientBuilder { transport: ByUrl { settings }, ..self }
    }

    fn transports(&self) -> Result<OpenTransport, Error> {
        Ok(self.instance.transport(&self.transport.settings)?)
    }

    fn transports_async(&self) -> Result<Mirrors<Http>, Error> {
        Ok(self.instance.transport_async(&self.transport.settings)?)
    }
}

#[cfg(feature = "http")]
impl ClientBuilder<ByUrl, InFolder> {
    /// Makes the client. No request is made yet.
    ///
    /// # Errors
    /// If a URL or a setting cannot be used, the system has no more file descriptors, or the cache has to be there and cannot be written.
    pub fn build(self) -> Result<Client<OpenTransport, Cache>, Error> {
        let ((cache, note), transport) = (self.cache()?, self.transports()?);
        Ok(self.finish(transport, cache, note))
    }

    /// Makes the client of an asynchronous caller, within a tokio runtime. The instance has to be on a web server.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_async(self) -> Result<Client<Mirrors<Http>, Cache>, Error> {
        let ((cache, note), transport) = (self.cache()?, self.transports_async()?);
        Ok(self.finish(transport, cache, note))
    }
}

#[cfg(feature = "http")]
impl<S: Store> ClientBuilder<ByUrl, Own<S>> {
    /// Makes the client. No request is made yet.
    ///
    /// # Errors
    /// If a URL or a setting cannot be used, or the system has no more file descriptors.
    pub fn build(self) -> Result<Client<OpenTransport, S>, Error> {
        let transport = self.transports()?;
        let (rest, store) = self.take_store();
        Ok(rest.finish(transport, store, None))
    }

    /// Makes the client of an asynchronous caller, within a tokio runtime. The instance has to be on a web server.
    ///
    /// # Errors
    /// As [`build`](Self::build).
    pub fn build_async(self) -> Result<Client<Mirrors<Http>, S>, Error> {
        let transport = self.transports_async()?;
        let (rest, store) = self.take_store();
        Ok(rest.finish(transport, store, None))
    }
}

impl<T> ClientBuilder<Own<T>, InFolder> {
    /// Makes the client, of a blocking or of an [asynchronous](crate::transport::AsyncTransport) transport. No request is made yet.
    ///
    /// # Errors
    /// If the cache has to be there and cannot be written.
    pub fn build(self) -> Result<Client<T, Cache>, Error> {
        let (cache, note) = self.cache()?;
        let (rest, transport) = self.take_transport();
        Ok(rest.finish(transport, cache, note))
    }
}

impl<T, S: Store> ClientBuilder<Own<T>, Own<S>> {
    /// Makes the client, of a blocking or of an [asynchronous](crate::transport::AsyncTransport) transport. No request is made yet.
    ///
    /// # Errors
    /// None today; the other ways to build can fail.
    pub fn build(self) -> Result<Client<T, S>, Error> {
        let (rest, transport) = self.take_transport();
        let (rest, store) = rest.take_store();
        Ok(rest.finish(transport, store, None))
    }
}

impl<T, P> ClientBuilder<T, Own<P>> {
    fn take_store(self) -> (ClientBuilder<T, ()>, P) {
        let ClientBuilder { instance, transport, store: Own(store), limits, freshness, persistence } = self;
        (ClientBuilder { instance, transport, store: (), limits, freshness, persistence }, store)
    }
}

impl<P, S> ClientBuilder<Own<P>, S> {
    fn take_transport(self) -> (ClientBuilder<(), S>, P) {
        let ClientBuilder { instance, transport: Own(transport), store, limits, freshness, persistence } = self;
        (ClientBuilder { instance, transport: (), store, limits, freshness, persistence }, transport)
    }
}

impl<T, S> ClientBuilder<T, S> {
    fn finish<U, P: Store>(self, transport: U, store: P, note: Option<Note>) -> Client<U, P> {
        Client::new(self.instance.pinned_root, transport, store)
            .with_limits(self.limits)
            .with_persistence(self.persistence)
            .recording_checks()
            .with_freshness(self.freshness)
            .with_notes(note)
    }
}
