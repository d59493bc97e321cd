//! The commands, one file each.

pub(crate) mod cache;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod instance;
pub(crate) mod mirror;
pub(crate) mod show;
pub(crate) mod status;
pub(crate) mod tuf;
pub(crate) mod update;
pub(crate) mod verify;
