//! A trust root out of what others have: documents, PEM targets, certificates and keys.
//!
//! ```text
//! trusted_root.json, client trust config ───────────▶ repaired, each repair with a remark ─┐
//! PEM targets, files, key=value specs, endpoints ─▶ Parts: keys and verified chains ───────┼─▶ Import::finish ─▶ Imported
//!                                    Answers: URLs, starts, ends that no source states ────┘
//! ```
//!
//! Nothing is repaired or derived without a [`Remark`], and what cannot be derived is a [`Missing`] answer, with the option that states it.
//! What is left wrong is for the lint to refuse.

mod answers;
mod assemble;
mod document;
mod error;
mod file;
mod instance;
mod joined;
mod part;
mod remark;
mod repair_authority;
mod repair_log;
mod settled;
mod spec;
mod targets;
mod told;

pub use answers::Answers;
pub use assemble::{Import, Imported};
pub use error::ImportError;
pub use file::SourceFile;
pub use instance::{read_certificate_chains, read_trust_bundle};
pub use part::{Part, PartKind, StatedEnd};
pub use remark::{Missing, Question, Remark, RemarkKind};
pub use spec::{ServiceSpec, SpecError, SpecKind};
