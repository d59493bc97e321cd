//! The commands, one file each.

pub(crate) mod bundle;
pub(crate) mod cache;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod instance;
pub(crate) mod mirror;
mod mirror_upload;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod tuf;
pub(crate) mod update;
