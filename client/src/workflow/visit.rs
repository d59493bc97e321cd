//! One delegation on the way to a delegated role: what to request for it, and the one place that verifies it.

use rootline_metadata::{MetaFile, RoleName, Targets, Verified, file_name};

use super::check::Check;
use super::phases::{Trusted, bytes_to_ask_for, verify_targets_file};
use super::refusal::{Fault, File, Refusal};
use crate::store::LocalFile;
use crate::transport::Request;

/// A role as one delegator names it. It is verified for this delegator, even if it was verified for another one before.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Visit {
    pub(super) role: RoleName,
    /// `None` is the top-level role.
    pub(super) delegator: Option<RoleName>,
}

impl Visit {
    /// The cached file of the role.
    pub(super) fn local_file(&self) -> LocalFile {
        LocalFile::Delegated(self.role.as_str().to_owned())
    }

    /// The file that the snapshot names for the role.
    pub(super) fn request(&self, trusted: &Trusted) -> Result<Request, Refusal> {
        let meta_file = self.meta_file(trusted)?;
        let limit =
            bytes_to_ask_for(&meta_file, trusted.rooted().limits().targets, &self.file(), Check::TargetsPresent)?;
        Ok(Request::metadata(file_name::published(trusted.root(), &self.role, meta_file.version), limit))
    }

    /// Every check of a targets file, with the keys that `delegator`, the targets of this visit's delegator, names for
    /// the role.
    pub(super) fn verify(
        &self,
        trusted: &Trusted,
        delegator: Option<&Verified<Targets>>,
        offered: Vec<u8>,
    ) -> Result<Verified<Targets>, Refusal> {
        let delegations = delegator.and_then(|targets| targets.delegations());
        let authority = delegations.and_then(|all| all.authority(&self.role)).ok_or_else(|| self.absent())?;
        verify_targets_file(trusted.rooted(), &self.meta_file(trusted)?, authority, offered, self.file())
    }

    /// 5.6.1: there has to be the file that the snapshot names.
    pub(super) fn absent(&self) -> Refusal {
        Refusal { file: self.file(), check: Check::TargetsPresent, fault: Fault::Absent }
    }

    fn file(&self) -> File {
        File::Delegated(self.role.clone())
    }

    fn meta_file(&self, trusted: &Trusted) -> Result<MetaFile, Refusal> {
        trusted.snapshot().delegated(&self.role).ok_or_else(|| self.absent())
    }
}
