//! The trust content of a repository: names by which its entries are called, when a change can have reached every verifier, and what a
//! change stops.
//!
//! [`import`] makes a trust root out of what others have.
//!
//! The document itself is read and edited by [`rootline_metadata::sigstore`], and no name is in it: `trust.toml` of the maintainer's folder
//! has them.

mod consequence;
mod entry_id;
pub mod import;
mod legacy;
mod named;
mod notes;
mod reach;
mod services;

pub use consequence::{Consequence, consequences};
pub use entry_id::EntryId;
pub use legacy::{LegacyFile, legacy_files};
pub use named::{NamedEntries, NamedEntry, NoSuchEntry};
pub use notes::{TrustNotes, Waiver};
pub use reach::Reach;
pub use services::{rekor_version_of, services_of, signing_config_of};
