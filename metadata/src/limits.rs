//! The largest files that are read, unless a caller says otherwise. They are what other clients take by default, so a repository that keeps
//! to them is one that everybody can read; Sigstore's whole metadata has about 13 000 bytes.

use crate::roles::header::TopLevelRole;

/// Largest root, in bytes.
pub const MAX_ROOT_BYTES: usize = 512_000;
/// Largest timestamp, in bytes.
pub const MAX_TIMESTAMP_BYTES: usize = 16_384;
/// Largest snapshot, in bytes.
pub const MAX_SNAPSHOT_BYTES: usize = 2_000_000;
/// Largest targets file, top-level or delegated, in bytes.
pub const MAX_TARGETS_BYTES: usize = 5_000_000;
/// Largest of any metadata file, in bytes.
pub const MAX_METADATA_BYTES: usize = MAX_TARGETS_BYTES;
/// Largest trusted root, signing configuration or client trust configuration of Sigstore, in bytes.
pub const MAX_SIGSTORE_BYTES: usize = 8 << 20;

/// The largest file of that role, in bytes.
pub const fn max_bytes(role: TopLevelRole) -> usize {
    match role {
        TopLevelRole::Root => MAX_ROOT_BYTES,
        TopLevelRole::Timestamp => MAX_TIMESTAMP_BYTES,
        TopLevelRole::Snapshot => MAX_SNAPSHOT_BYTES,
        TopLevelRole::Targets => MAX_TARGETS_BYTES,
    }
}
