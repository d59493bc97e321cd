//! Safely update and cache a local Sigstore trust root, through TUF.
//!
//! Placeholder.

pub mod client;
pub mod driver;
pub mod error;
pub mod instance;
pub mod limits;
pub mod local_copy;
pub mod refusal;
pub mod spec;
pub mod store;
pub mod transport;
pub mod trust_root;
pub mod workflow;

pub use client::Client;
pub use error::{Error, Note};
pub use instance::Instance;
pub use local_copy::LocalCopy;
pub use trust_root::TrustRoot;
