//! The cache wherever you like: here a table in memory, as it might be a key-value store or a Kubernetes secret.

#![allow(clippy::print_stdout, reason = "an example shows what it does")]

mod arguments;

use std::collections::BTreeMap;
use std::error::Error;
use std::sync::{Mutex, MutexGuard, PoisonError};

use rootline_client::store::{LocalFile, Store, StoreError};
use rootline_client::transport::HttpSettings;
use rootline_client::{Client, Freshness};

/// It is not trusted either: what it holds is verified at every load. What it must not do is to forget: it remembers the versions below
/// which nothing is accepted.
#[derive(Default)]
struct Table(Mutex<BTreeMap<LocalFile, Vec<u8>>>);

impl Table {
    fn rows(&self) -> MutexGuard<'_, BTreeMap<LocalFile, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Store for Table {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        match self.rows().get(file) {
            Some(bytes) if bytes.len() as u64 > limit => {
                Err(StoreError::TooLong { path: format!("{file:?}").into(), limit })
            }
            bytes => Ok(bytes.cloned()),
        }
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        self.rows().insert(file.clone(), bytes.to_vec());
        Ok(())
    }

    /// One transaction: a reader sees all of it or nothing.
    fn save_all(&self, files: &[(LocalFile, &[u8])]) -> Result<(), StoreError> {
        self.rows().extend(files.iter().map(|(file, bytes)| (file.clone(), bytes.to_vec())));
        Ok(())
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.rows().remove(file);
        Ok(())
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let (instance, now) = arguments::read()?;
    let table = Table::default();
    let client = || -> Result<_, Box<dyn Error>> {
        let transport = instance.transport(&HttpSettings::default())?;
        Ok(Client::new(instance.pinned_root.clone(), transport, &table))
    };

    client()?.trust_root(now)?;
    for (file, bytes) in &*table.rows() {
        println!("{file:?}: {} bytes", bytes.len());
    }

    let again = client()?.with_freshness(Freshness::offline()).trust_root(now)?;
    println!("from the table alone: fresh until {}", again.expiry());
    Ok(())
}
