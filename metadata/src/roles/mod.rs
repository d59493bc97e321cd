//! The four roles, and what they say about each other's files and about targets.

pub(crate) mod digests;
pub(crate) mod expiry;
pub(crate) mod header;
pub(crate) mod meta_file;
pub(crate) mod name_index;
pub(crate) mod root;
pub(crate) mod snapshot;
pub(crate) mod stated_lifetime;
pub(crate) mod target;
pub(crate) mod targets;
pub(crate) mod timestamp;
pub(crate) mod version;
