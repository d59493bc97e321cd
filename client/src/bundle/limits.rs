//! How much a bundle may ask of us.

use crate::workflow::limits::Limits;

/// Limits of one bundle; they hold before memory is spent. Every file in it is bounded by its kind as well, as [`Limits`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct BundleLimits {
    /// Most bytes of all of it. It is held in memory while it is verified.
    pub bytes: u64,
    /// Most files in it.
    pub files: usize,
    /// Most bytes of `bundle.json`.
    pub manifest: u64,
    /// The limits of the files.
    pub repository: Limits,
}

impl Default for BundleLimits {
    fn default() -> Self {
        // Sigstore's whole repository has about 140 000 bytes in forty files.
        BundleLimits { bytes: 512 << 20, files: 100_000, manifest: 32 << 20, repository: Limits::default() }
    }
}

impl BundleLimits {
    /// Sets the most bytes of all of it.
    #[must_use]
    pub fn with_bytes(self, bytes: u64) -> Self {
        BundleLimits { bytes, ..self }
    }

    /// Sets the most files in it.
    #[must_use]
    pub fn with_files(self, files: usize) -> Self {
        BundleLimits { files, ..self }
    }

    /// Sets the most bytes of `bundle.json`.
    #[must_use]
    pub fn with_manifest(self, manifest: u64) -> Self {
        BundleLimits { manifest, ..self }
    }

    /// Sets the limits of the files.
    #[must_use]
    pub fn with_repository(self, repository: Limits) -> Self {
        BundleLimits { repository, ..self }
    }
}
