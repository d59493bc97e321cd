//! Taking a bundle into a cache.

use chrono::{DateTime, Utc};
use rootline_metadata::{Role, Version};

use super::error::BundleError;
use super::names::Files;
use super::verified::Bundle;
use crate::client::Client;
use crate::driver::last_check::LastCheck;
use crate::driver::pending_writes::PendingWrites;
use crate::driver::{Prefetch, drive};
use crate::error::Error;
use crate::store::{LocalFile, Store};
use crate::workflow::{TargetQuery, Update, Updated};

/// The outcome of an import.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Imported {
    /// What the cache holds now.
    pub updated: Updated,
    /// Whether anything in it is new.
    pub is_new: bool,
}

impl Bundle {
    /// Brings a cache up to date from this bundle, as a refresh does from a repository: nothing in it goes below what the copy has seen,
    /// and everything is saved in one step. It is no check against the repository: when that was last made stays as it is noted.
    ///
    /// # Errors
    /// If the copy has seen something newer, or cannot be written.
    pub fn import(&self, store: impl Store) -> Result<Imported, BundleError> {
        let before = self.seen(&store)?;
        let files = Files(self.files()?);
        let mut client = Client::new(self.contents().pinned_root(), files.transport(), &store)
            .with_limits(self.contents().limits().clone());
        let mut updated = client.update(self.judged_at(), &self.wanted())?;
        let is_new = before != Some(versions(&updated));
        updated.checked_at = LastCheck::load(&store).map(|check| check.at());
        Ok(Imported { updated, is_new })
    }

    /// What [`import`](Self::import) would do; nothing is written.
    ///
    /// # Errors
    /// As [`import`](Self::import), but for what can only be found by writing.
    pub fn try_import(&self, store: impl Store) -> Result<Imported, BundleError> {
        let before = self.seen(&store)?;
        let files = Files(self.files()?);
        let machine = Update::begin(
            self.contents().pinned_root().to_vec(),
            self.wanted(),
            self.judged_at(),
            self.contents().limits(),
        );
        let machine = machine.map_err(Error::from)?;
        let mut local = PendingWrites::over(&store);
        let updated = drive(machine, &files.transport(), &mut local, Prefetch::Off)?;
        let is_new = before != Some(versions(&updated));
        let checked_at = LastCheck::load(&store).map(|check| check.at());
        Ok(Imported { updated: Updated { checked_at, ..updated }, is_new })
    }

    /// The versions that the cache holds, whatever has expired of them. The workflow guards the other roles; an older root it would
    /// merely pass over.
    fn seen(&self, store: &impl Store) -> Result<Option<Versions>, BundleError> {
        let mut client =
            Client::new(self.contents().pinned_root(), (), store).with_limits(self.contents().limits().clone());
        // A copy that does not verify counts for nothing, and is mended.
        let Ok(local) = client.load(DateTime::<Utc>::MIN_UTC, &[]) else { return Ok(None) };
        let (trusted, offered) = (local.trusted.root().version(), self.updated().trusted.root().version());
        if offered < trusted {
            return Err(BundleError::Older { trusted, offered });
        }
        let complete = self.updated().targets.iter().all(|(found, bytes)| {
            let file = LocalFile::Target(found.path.as_str().to_owned());
            store.has(&file, bytes)
        });
        Ok(complete.then(|| versions(&local)))
    }

    fn wanted(&self) -> Vec<TargetQuery> {
        let wanted = |path| TargetQuery::required(path);
        self.updated().targets.iter().map(|(found, _)| wanted(found.path.clone())).collect()
    }

    fn judged_at(&self) -> DateTime<Utc> {
        self.updated().trusted.checked_at()
    }
}

type Versions = [Version; 4];

fn versions(updated: &Updated) -> Versions {
    let trusted = &updated.trusted;
    [trusted.root().version(), trusted.timestamp().version(), trusted.snapshot().version(), trusted.targets().version()]
}
