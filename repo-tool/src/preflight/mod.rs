//! The preflight: nothing becomes public that a client would refuse.

mod cached;
mod gate;
mod matrix;
mod own_client;
mod publication;
mod report;
mod root_steps;
mod served_roots;
mod state;
mod view;
mod why;

use std::collections::BTreeMap;

pub(crate) use gate::{Checked, Gate, PreflightRefusal};
pub(crate) use publication::Publication;
pub(crate) use state::Upload;

/// The files of a repository as they would be served: metadata under plain names (`3.root.json`, `timestamp.json`), targets below
/// `targets/`.
pub(crate) type Files = BTreeMap<String, Vec<u8>>;
