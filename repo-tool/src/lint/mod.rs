//! What is linted, and how it is told.

pub(crate) mod explain;
mod folder;
pub(crate) mod report;
pub(crate) mod sarif;
mod server;
pub(crate) mod subject;
