//! Why an edit of a document was refused.

use core::fmt;

use chrono::{DateTime, Utc};

use super::entry::EntryRef;
use super::proto_json::timestamp_text;
use super::section::Section;
use super::service::ServiceKind;
use crate::json::FormatError;

/// Why an edit was refused. The document is then as it was.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum EditError {
    /// There is no such entry.
    NoSuchEntry {
        /// The list.
        section: Section,
        /// The entry that was named.
        entry: EntryRef,
    },
    /// Several logs of the list state that id; name one by its position.
    SeveralEntries {
        /// The list.
        section: Section,
        /// The entry that was named.
        entry: EntryRef,
    },
    /// The list has a log with that id already. Clients look logs up by id, so one of two would be lost.
    AlreadyListed {
        /// The list.
        section: Section,
        /// Where that log stands.
        position: usize,
    },
    /// The window has no start, which three clients refuse the file for.
    NoStart,
    /// The window would end before it starts.
    EndBeforeStart {
        /// Its start.
        start: DateTime<Utc>,
        /// Its end.
        end: DateTime<Utc>,
    },
    /// An instant that a file cannot say: not in the years 0 to 9999.
    NoSuchDate,
    /// A member of version 0.2 for a document of version 0.1.
    NeedsVersion02 {
        /// Its name.
        member: &'static str,
    },
    /// The operator is empty or has a scheme; it is to be as in `sigstore.dev`.
    Operator,
    /// The interface of a service would have version 0, which is one that has not been released.
    ApiVersionZero,
    /// There is no such service.
    NoSuchService {
        /// The list.
        kind: ServiceKind,
        /// The position that was named.
        position: usize,
    },
    /// Another service of the same kind, operator and version is open at that time, and clients choose differently between two.
    ServiceOpen {
        /// The list.
        kind: ServiceKind,
        /// Where that service stands.
        position: usize,
    },
    /// The base URL lacks its scheme or a host.
    BaseUrl,
    /// A URL has a user name or a password in it, which would be published.
    Credentials,
    /// The chain has no certificate.
    EmptyChain,
    /// The bytes are not one DER SEQUENCE and nothing after it.
    NotACertificate {
        /// The position in the chain, from 0.
        position: usize,
    },
    /// The entry as it stands cannot be edited: a member of it is of the wrong kind.
    Malformed {
        /// The name of the member; the section's for the entry itself.
        member: &'static str,
    },
    /// What came out cannot be read.
    Format(FormatError),
}

impl fmt::Display for EditError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EditError::NoSuchEntry { section, entry } => write!(f, "{section} has no {entry}"),
            EditError::SeveralEntries { section, entry } => {
                write!(f, "{section} has several of {entry}; name one by its position")
            }
            EditError::AlreadyListed { section, position } => {
                write!(f, "the log is listed already, as {section} entry {position}")
            }
            EditError::NoStart => f.write_str("the window has no start, and clients refuse a file with such an entry"),
            EditError::EndBeforeStart { start, end } => {
                write!(f, "the window would end {}, before it starts {}", timestamp_text(*end), timestamp_text(*start))
            }
            EditError::NoSuchDate => f.write_str("a window's start and end are in the years 0 to 9999"),
            EditError::NeedsVersion02 { member } => write!(f, "`{member}` needs a trusted root of version 0.2"),
            EditError::Operator => f.write_str("an operator is a name without a scheme, such as sigstore.dev"),
            EditError::Credentials => {
                f.write_str("a URL in a published document has no user name or password in it; it is not shown")
            }
            EditError::ApiVersionZero => f.write_str("version 0 of an interface is one that has not been released"),
            EditError::NoSuchService { kind, position } => write!(f, "{kind} has no entry {position}"),
            EditError::ServiceOpen { kind, position } => {
                write!(f, "{kind} entry {position}, of the same operator and version, is open at that time")
            }
            EditError::BaseUrl => f.write_str("a base URL has a scheme and a host"),
            EditError::EmptyChain => f.write_str("the chain has no certificate"),
            EditError::NotACertificate { position } => {
                write!(f, "certificate {position} of the chain is not one DER SEQUENCE")
            }
            EditError::Malformed { member } => {
                write!(f, "`{member}` is not of the kind it must be, so it cannot be edited")
            }
            EditError::Format(error) => error.fmt(f),
        }
    }
}

impl core::error::Error for EditError {}
