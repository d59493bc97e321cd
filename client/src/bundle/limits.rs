//! How much a bundle may ask of us.

use crate::workflow::limits::Limits;

/// Limits of one bundle; they hold before memory is spent. Every file in it is bounded by its kind as well, as [`Limits`] says.
#[derive(Clone, Debug, PartialEq, Eq)]
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
