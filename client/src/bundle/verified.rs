//! A bundle of which everything is verified.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{self, Write};

use chrono::{DateTime, Utc};
use rootline_metadata::TargetPath;

use super::archive::ArchiveWriter;
use super::contents::Contents;
use super::error::BundleError;
use super::manifest::{MANIFEST, Statement};
use crate::client::TrustRoot;
use crate::workflow::Updated;
use crate::workflow::freshness::FreshnessReport;

/// Verified contents, with two unsigned statements: which instance they are of, and when they were taken. These are shown to people and do
/// nothing.
#[derive(Clone, Debug)]
pub struct Bundle {
    contents: Contents,
    statement: Statement,
}

impl Bundle {
    /// Makes a bundle of verified contents. It is said to be taken when the contents were last compared with the repository, as far as that
    /// is known.
    pub fn of(contents: Contents, instance: &str) -> Bundle {
        let taken_at = contents.updated().checked_at;
        let statement = Statement { instance: instance.to_owned(), pinned: contents.pinned(), taken_at };
        Bundle { contents, statement }
    }

    /// Of a bundle that arrived.
    pub(super) fn verified(contents: Contents, statement: Statement) -> Bundle {
        Bundle { contents, statement }
    }

    /// What is inside.
    pub fn contents(&self) -> &Contents {
        &self.contents
    }

    /// The four roles and the targets.
    pub fn updated(&self) -> &Updated {
        self.contents.updated()
    }

    /// The bytes of a target that is inside.
    pub fn target(&self, path: &TargetPath) -> Option<&[u8]> {
        self.updated().target(path.as_str()).map(|bytes| &bytes[..])
    }

    /// The trust root that is inside, as fresh as the bundle.
    ///
    /// # Errors
    /// If there is none inside, or it is malformed.
    pub fn trust_root(&self) -> Result<TrustRoot, BundleError> {
        Ok(TrustRoot::assemble(self.updated().clone())?.with_freshness(self.freshness()))
    }

    /// The name of the instance, as the bundle states. Nobody has signed that.
    pub fn stated_instance(&self) -> &str {
        &self.statement.instance
    }

    /// When its files were last compared with the repository, as the bundle states. Nobody has signed that; when its timestamp was signed
    /// stands in [`freshness`](Self::freshness).
    pub fn stated_taken_at(&self) -> Option<DateTime<Utc>> {
        self.statement.taken_at
    }

    /// How fresh it is, every role inside included. Of a bundle that arrived it is not known when it was compared with the repository.
    pub fn freshness(&self) -> FreshnessReport {
        let mut report = self.updated().freshness();
        let told: BTreeSet<String> = report.expiries.iter().map(|(name, _)| name.clone()).collect();
        let others = self.contents.delegated().iter().filter(|role| !told.contains(role.name.as_str()));
        report.expiries.extend(others.map(|role| (role.name.as_str().to_owned(), role.expiry)));
        report
    }

    /// All files but the manifest, by name.
    pub(super) fn files(&self) -> Result<BTreeMap<String, &[u8]>, BundleError> {
        self.contents.files()
    }

    pub(super) fn manifest(&self) -> Result<Vec<u8>, BundleError> {
        self.statement.manifest(&self.contents, &self.files()?)
    }

    /// Writes it. The same contents and statements give the same bytes.
    ///
    /// # Errors
    /// If a file in it cannot have its name in a bundle, or `out` cannot be written.
    pub fn write<W: Write>(&self, out: W) -> Result<W, BundleError> {
        let files = self.files()?;
        if files.contains_key(MANIFEST) {
            return Err(BundleError::Name { name: MANIFEST.to_owned(), reason: "the manifest has it" });
        }
        let manifest = self.manifest()?;
        let write = || -> io::Result<W> {
            let mut archive = ArchiveWriter::new(out);
            archive.file(MANIFEST, &manifest)?;
            for (name, bytes) in files {
                archive.file(&name, bytes)?;
            }
            archive.finish()
        };
        write().map_err(BundleError::Write)
    }

    /// Returns it in memory, as [`Bundle::write`] writes it.
    ///
    /// # Errors
    /// As [`Bundle::write`].
    pub fn to_bytes(&self) -> Result<Vec<u8>, BundleError> {
        self.write(Vec::new())
    }
}
