//! What is wrong with Sigstore's documents that a repository ships: by itself, beside each other, and against what is published.
//!
//! ```text
//! what is published ─┐
//! what is planned ───┴─▶ document_findings ─▶ DocumentFinding ─Judgement─▶ errors that stop freezing, warnings of a review
//! ```

mod finding;
mod judgement;
mod shipped;

pub use finding::{DocumentFinding, document_findings};
pub use judgement::Judgement;
pub use shipped::Shipped;
pub(crate) use shipped::bytes_of;
