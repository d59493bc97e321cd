//! A maintainer's folder on disk: what is where in it, reading it, and writing it whole or not at all.

pub(crate) mod atomic_file;
pub(crate) mod attestations;
pub(crate) mod ceremony;
pub(crate) mod ignored;
pub(crate) mod input;
mod kept_files;
pub(crate) mod links;
pub(crate) mod merge_conflict;
pub(crate) mod open_ceremony;
mod planned_periods;
pub(crate) mod publications;
pub(crate) mod read_files;
pub(crate) mod record;
pub(crate) mod repository;
pub(crate) mod targets;
pub(crate) mod transcripts;
pub(crate) mod trust_notes;
pub(crate) mod verification;
