//! What is looked for in documents before they are published, and what was found.
//!
//! A [`Rule`] says once what is wrong, why it matters and who breaks on it; a [`Finding`] is one place that breaks it. The rules about
//! Sigstore's documents are in [`sigstore`](crate::sigstore); rules about other files are made with the same types.

mod finding;
mod rule;

pub use finding::Finding;
pub use rule::{Rule, Severity};
