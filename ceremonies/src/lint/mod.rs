//! What is looked for in TUF metadata, in whole repositories and in the documents that they ship before they are published, and in those of others.
//!
//! Everything here takes bytes that were seen and returns findings. Nothing is trusted: the files may be anybody's, so that each is read up to the
//! limit of its role, each signature is verified once, and of many faults of one kind in one file only the first are listed.

mod catalogue;
mod crawl;
mod documents;
mod finding;
mod metadata;
mod names;
mod repository;
mod roots;
mod rules;
pub(crate) mod severities;
mod targets;
mod transport;
mod view;

#[cfg(test)]
mod tests;

pub use catalogue::{catalogue, nearest, rule};
pub use crawl::{MAX_CRAWLED_BYTES, MAX_CRAWLED_FILES, Wanted};
pub use documents::{lint_document, lint_trust_against};
pub use finding::FileFinding;
pub use repository::lint_repository;
pub use rules::RULES;
pub use severities::{Severities, SeverityChange, is_fixed};
pub use view::{Answer, RepositoryView};
