//! What a server said of a file that was asked for.

/// What came of asking for a file unless it is still the same.
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
