//! The files of a repository: what is published, what was sealed, and the release that makes it current.

pub(crate) mod delegates;
pub(crate) mod document;
pub(crate) mod online_bridge;
pub(crate) mod origin;
pub(crate) mod published;
pub(crate) mod release;
pub(crate) mod sealed;
pub(crate) mod stated_periods;
