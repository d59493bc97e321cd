//! Safely update and cache a local Sigstore trust root.
//!
//! Sigstore's users do not hard-code certificates and log keys: they fetch them through a signed TUF channel, so that they can be
//! rotated. This crate is the verifier's end of that channel. It promises that nothing unverified is ever returned or stored as
//! trusted; that every load, from the network or from the cache, is verified from the root that the caller pinned; and that what
//! it has seen once is not undone by an attacker who plays old files. What to do with the keys is left to the caller.
//!
//! ```no_run
//! use rootline_client::{Client, Instance};
//! # let now = rootline_metadata::parse_instant("2026-08-22T00:00:00Z").unwrap();
//!
//! let mut client = Client::open(&Instance::sigstore())?;
//! let trust_root = client.trust_root(now)?;
//!
//! for log in trust_root.at(now).transparency_logs() {
//!     println!("{} signs with {}", log.base_url(), log.key().details().as_str());
//! }
//! # Ok::<(), rootline_client::Error>(())
//! ```
//!
//! The path of the data:
//!
//! ```text
//! pinned root ─▶ workflow: RootChain ─▶ Rooted ─▶ Timestamped ─▶ Snapshotted ─▶ Trusted ─▶ TrustRoot
//!                   ▲ asks for files          │ says what to keep
//!                   │                         ▼
//!               transport                   store
//! ```
//!
//! - [`workflow`] is the TUF client workflow as a value without IO; a [`Client`] drives it, blocking or not.
//! - [`transport`] brings bytes and vouches for nothing: HTTP(S), a folder, or your own.
//! - [`store`] keeps bytes and is never trusted: a locked folder, memory, or your own.
//! - [`workflow::Refusal`] and [`workflow::Check`] say what was refused, by which section of the specification, and what to do next.
//!
//! Time is always an argument. Without the feature `http` there is no tokio, reqwest or TLS in the tree.
//!
//! Not supported: the `mirrors` role, and more than one repository for one target (TAP 4).

#[cfg(feature = "bundle")]
pub mod bundle;
mod client;
mod driver;
mod error;
#[cfg(feature = "bundle")]
pub mod export;
mod hint;
pub mod mirror;
pub mod store;
pub mod transport;
pub mod workflow;

pub use chrono;
pub use rootline_metadata as metadata;

pub use client::{
    ByUrl, Cache, CacheFolders, Client, ClientBuilder, InFolder, Instance, Location, Own, SharedTrustRoot,
    SharedTrustRootAsync, TrustRoot,
};
#[cfg(feature = "http")]
pub use client::{DefaultClient, DefaultClientAsync, DefaultSharedTrustRoot, DefaultSharedTrustRootAsync};
pub use driver::{Persistence, Prefetch};
pub use error::{Error, Note};
pub use hint::Hint;
pub use workflow::freshness::{Freshness, FreshnessReport};
pub use workflow::limits::Limits;
