//! Which specification all of this follows.

/// The version of the TUF specification whose sections are cited throughout.
pub const TUF_SPECIFICATION: &str = "1.0.34";

/// What we write as `spec_version`: the newest that every reader we publish for is known to accept.
pub const PUBLISHED_SPEC_VERSION: &str = "1.0.31";
