//! The preflight: nothing becomes public that a client would refuse.

mod cached;
pub(crate) mod gate;
mod own_client;
mod root_steps;
pub(crate) mod served_roots;
pub(crate) mod view;
mod why;

use std::collections::BTreeMap;

pub(crate) use gate::{Checked, PreflightRefusal, check, check_mixtures};

/// The files of a repository as they would be served: metadata under plain names (`3.root.json`, `timestamp.json`), targets below
/// `targets/`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;
