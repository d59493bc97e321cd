//! What a trusted root says about one instant.

use chrono::{DateTime, Utc};

use super::certificate_authority::CertificateAuthority;
use super::log_instance::LogInstance;
use super::trusted_root::TrustedRoot;

/// The entries of a [`TrustedRoot`] whose windows contain one instant, in the order of the file. Borrows; nothing is copied. The time
/// to ask about is that of the signature, from a source that was itself verified; today's for what is to be signed now.
#[derive(Clone, Copy, Debug)]
pub struct TrustedAt<'a> {
    root: &'a TrustedRoot,
    instant: DateTime<Utc>,
}

impl<'a> TrustedAt<'a> {
    pub(super) fn new(root: &'a TrustedRoot, instant: DateTime<Utc>) -> TrustedAt<'a> {
        TrustedAt { root, instant }
    }

    /// The instant.
    pub fn instant(self) -> DateTime<Utc> {
        self.instant
    }

    /// The Rekor logs.
    pub fn transparency_logs(self) -> impl Iterator<Item = &'a LogInstance> {
        self.root.transparency_logs().iter().filter(move |log| log.valid_for().contains(self.instant))
    }

    /// The Fulcio chains.
    pub fn certificate_authorities(self) -> impl Iterator<Item = &'a CertificateAuthority> {
        self.root.certificate_authorities().iter().filter(move |authority| authority.valid_for().contains(self.instant))
    }

    /// The certificate transparency logs.
    pub fn certificate_transparency_logs(self) -> impl Iterator<Item = &'a LogInstance> {
        self.root.certificate_transparency_logs().iter().filter(move |log| log.valid_for().contains(self.instant))
    }

    /// The timestamp authorities.
    pub fn timestamp_authorities(self) -> impl Iterator<Item = &'a CertificateAuthority> {
        self.root.timestamp_authorities().iter().filter(move |authority| authority.valid_for().contains(self.instant))
    }
}
