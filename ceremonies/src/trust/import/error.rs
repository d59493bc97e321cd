//! Why nothing is imported.

use rootline_metadata::json::FormatError;
use rootline_metadata::sigstore::{EditError, LogKeyFileError, Section};
use rootline_metadata::x509::{ChainError, ContainerError};

use super::remark::{Missing, Question};

/// Why an import is refused. Nothing of it is taken then.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ImportError {
    /// A document cannot be read.
    #[error("{name}: {problem}")]
    Document {
        /// What it is called.
        name: String,
        /// Why.
        problem: FormatError,
    },
    /// A file or a target has no certificates that can be read.
    #[error("{name}: {problem}")]
    Certificates {
        /// What it is called.
        name: String,
        /// Why.
        problem: ContainerError,
    },
    /// A file or a target has no key that can be read.
    #[error("{name}: {problem}")]
    Key {
        /// What it is called.
        name: String,
        /// Why.
        problem: LogKeyFileError,
    },
    /// Certificates make no chains.
    #[error("{name}: {problem}")]
    Chain {
        /// What they are called.
        name: String,
        /// Why.
        problem: ChainError,
    },
    /// A file is nothing that can be imported.
    #[error("{name} is neither certificates, nor a public key, nor a document of Sigstore's")]
    Unrecognised {
        /// What it is called.
        name: String,
    },
    /// A key does not say which kind of log it is of.
    #[error("{name} is a public key, and does not say which log's")]
    KeyOfWhat {
        /// What it is called.
        name: String,
    },
    /// Sources do not say what has to be known.
    #[error("what is imported does not say all: {}", .0.iter().map(|missing| &*missing.text).collect::<Vec<_>>().join("; "))]
    Missing(Vec<Missing>),
    /// An answer is about nothing that is imported.
    #[error("{} {called}=… is about nothing that is imported", .question.option())]
    Unused {
        /// What it answers.
        question: Question,
        /// How it calls the part.
        called: String,
    },
    /// An instant is stated for several parts at once.
    #[error("{} {called}=… is about several: {}", .question.option(), .ids.join(", "))]
    Ambiguous {
        /// What it answers.
        question: Question,
        /// How it calls the parts.
        called: String,
        /// Their ids in hex.
        ids: Vec<String>,
    },
    /// Another URL would give a log another id, which its entries do not have.
    #[error("{old} is part of the log's id: with {new} the id would be another, which no entry of the log has")]
    OtherOrigin {
        /// The URL in the source.
        old: String,
        /// The URL that was stated.
        new: String,
    },
    /// The stated origin is not the one that clients take from the URL.
    #[error("the origin {origin:?} is not the host of {url}, and clients take it from there")]
    Origin {
        /// The origin.
        origin: String,
        /// The URL.
        url: String,
    },
    /// The source holds nothing to trust.
    #[error("there is nothing to trust in {name}")]
    Nothing {
        /// What it is called.
        name: String,
    },
    /// An entry cannot be added.
    #[error("{subject}: {problem}")]
    Edit {
        /// Which.
        subject: String,
        /// The list.
        section: Section,
        /// Why.
        problem: EditError,
    },
}
