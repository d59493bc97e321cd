//! Trust bundles: all that a verifier needs, in one file, for a site without a network.
//!
//! A bundle is a tar that unpacks to an ordinary TUF repository: any TUF client can use it as a mirror. It holds the roots from
//! the pinned one to the newest, the timestamp, the snapshot and the targets, the delegated roles on the way to what is carried, and
//! the targets themselves, all of them byte for byte as the repository published them; and `bundle.json`, which says what is inside.
//!
//! ```text
//! cache ─▶ Contents ─▶ bytes ─▶ UnverifiedBundle ─▶ Bundle ─▶ another cache
//!            verified from the pinned root         verified from the pinned root
//! ```
//!
//! `bundle.json` is not signed and nothing in it is trusted. Once the rest is verified it is made again, and has to be the same; so has
//! the list of files. Two statements in it cannot be proved, and nothing follows from them: the
//! [name of the instance](Bundle::stated_instance), and [when](Bundle::stated_taken_at) the bundle was taken.
//!
//! ```no_run
//! use rootline_client::Freshness;
//! use rootline_client::bundle::{BundleLimits, UnverifiedBundle};
//! use rootline_client::store::MemoryStore;
//! # let now = rootline_metadata::parse_instant("2026-08-22T00:00:00Z").unwrap();
//! # let pinned_root: Vec<u8> = Vec::new();
//!
//! let file = std::fs::File::open("sigstore.bundle")?;
//! let bundle = UnverifiedBundle::read(file, BundleLimits::default())?.verify(&pinned_root, now, Freshness::offline())?;
//! let trust_root = bundle.trust_root()?;
//! // Or into a cache, which refuses whatever is older than what it has seen.
//! bundle.import(MemoryStore::new())?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! The same contents give the same bytes, on every machine and from every history of a cache.

mod archive;
mod contents;
mod error;
mod import;
mod limits;
mod manifest;
mod names;
mod recording;
mod unverified;
mod verified;

pub use contents::{Contents, DelegatedRole, every_target, fetch_earlier_roots};
pub use error::{ArchiveFault, BundleError};
pub use import::Imported;
pub use limits::BundleLimits;
pub use manifest::MANIFEST;
pub use unverified::{BundleClaims, UnverifiedBundle};
pub use verified::Bundle;
