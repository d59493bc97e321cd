//! The cache as a repository.

use super::{Request, Transport, TransportError};
use crate::store::{LocalFile, Store};

/// A transport over the cached files, so that a refresh without a network goes through every check that one with a
/// network does: from the pinned root through the stored history, every signature, every meta file, every expiry.
#[derive(Debug)]
pub struct CachedRepository<S>(S);

impl<S: Store> CachedRepository<S> {
    /// Reads from `store`.
    pub fn new(store: S) -> Self {
        CachedRepository(store)
    }
}

impl<S: Store> Transport for CachedRepository<S> {
    /// Only the timestamp is ever answered: the workflow has asked the store for everything else before it asks a transport.
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let location = format!("{} in the cache", request.name());
        let absent = TransportError::NotFound { location, forbidden: false };
        if !request.is_timestamp() {
            return Err(absent);
        }
        // A copy that cannot be read is as good as none.
        self.0.load(&LocalFile::Timestamp, request.limit).ok().flatten().ok_or(absent)
    }
}
