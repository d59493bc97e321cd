//! A store that remembers the files that were loaded from it.

use std::cell::RefCell;
use std::sync::Arc;

use crate::store::{LocalFile, Store, StoreError, StoreLock, passes_on};

/// Passes everything on to a store, and keeps the bytes of every file that was loaded: a bundle carries them too.
pub(super) struct Recording<'a, S> {
    store: &'a S,
    loaded: RefCell<Vec<(LocalFile, Arc<[u8]>)>>,
}

impl<'a, S: Store> Recording<'a, S> {
    /// Records what is loaded from `store`.
    pub(super) fn over(store: &'a S) -> Self {
        Recording { store, loaded: RefCell::default() }
    }

    /// Drains the files that were loaded, in that order.
    pub(super) fn take_loaded(&self) -> Vec<(LocalFile, Arc<[u8]>)> {
        self.loaded.take()
    }
}

impl<S: Store> Store for Recording<'_, S> {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        let bytes = self.store.load(file, limit)?;
        if let Some(bytes) = &bytes {
            self.loaded.borrow_mut().push((file.clone(), Arc::from(&bytes[..])));
        }
        Ok(bytes)
    }

    passes_on!(|this| this.store);
}
