//! Entries that could not be understood, and why.

use alloc::string::String;
use core::fmt;

use super::log_key::UnusableLogKey;
use crate::json::FormatError;
use crate::quoted::Quoted;

/// An entry that is in the document and in none of its views. `S` names the list:
/// [`Section`](super::Section) or [`ServiceKind`](super::ServiceKind).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped<S> {
    /// The list it stands in.
    pub section: S,
    /// Its position there, from 0.
    pub position: usize,
    /// Why it was passed over.
    pub reason: SkipReason,
}

/// Why an entry was passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum SkipReason {
    /// A member is missing or does not have the form it must have.
    Format(FormatError),
    /// The log's tree is hashed by an algorithm that is not known here.
    UnknownHashAlgorithm {
        /// As the file has it; 0 if it is not there.
        name: String,
    },
    /// The key is of a kind that is not known here.
    UnknownKeyDetails {
        /// As the file has it; 0 if it is not there.
        name: String,
    },
    /// The key is of a known kind, and is not a key.
    Key(UnusableLogKey),
    /// The chain has no certificate.
    EmptyChain,
    /// The bytes are not one DER SEQUENCE and nothing after it, so they are no certificate.
    NotACertificate {
        /// Its position in the chain, from 0.
        position: usize,
    },
}

impl<S: fmt::Display> fmt::Display for Skipped<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} entry {}: {}", self.section, self.position, self.reason)
    }
}

impl fmt::Display for SkipReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            SkipReason::Format(error) => error.fmt(f),
            SkipReason::UnknownHashAlgorithm { name } => write!(f, "unknown hash algorithm {}", Quoted(name)),
            SkipReason::UnknownKeyDetails { name } => write!(f, "unknown kind of key {}", Quoted(name)),
            SkipReason::Key(why) => why.fmt(f),
            SkipReason::EmptyChain => f.write_str("the chain has no certificate"),
            SkipReason::NotACertificate { position } => {
                write!(f, "certificate {position} of the chain is not one DER SEQUENCE")
            }
        }
    }
}

impl From<FormatError> for SkipReason {
    fn from(error: FormatError) -> Self {
        SkipReason::Format(error)
    }
}

impl From<UnusableLogKey> for SkipReason {
    fn from(why: UnusableLogKey) -> Self {
        SkipReason::Key(why)
    }
}
