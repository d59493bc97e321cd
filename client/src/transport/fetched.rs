//! Answers to conditional requests.

/// The answer to a request for a file that may be unchanged since the last one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fetched {
    /// It is another one, or nothing is known of the one before.
    New {
        /// The file.
        bytes: Vec<u8>,
        /// The entity tag that the server gives it, to ask with the next time.
        etag: Option<String>,
    },
    /// It is the one that had the entity tag which was asked with.
    Unchanged,
}
