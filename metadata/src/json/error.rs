//! What was wrong with a document, and where.

use alloc::borrow::Cow;
use alloc::string::String;
use core::fmt;

/// A place in a document: the way down to it, and where that is in the text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Member names and array positions from the top, as in `signed.roles.root.threshold`; empty for the document itself.
    pub path: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in bytes, from 1.
    pub column: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if !self.path.is_empty() {
            write!(f, "{} ", self.path)?;
        }
        write!(f, "(line {}, column {})", self.line, self.column)
    }
}

/// What is wrong at that place. File contents never appear in it, only the names that the format gives.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Problem {
    /// The document is longer than the limit, both in bytes.
    TooLong {
        /// Its length.
        length: usize,
        /// The most that was allowed.
        limit: usize,
    },
    /// The text is not UTF-8.
    NotUtf8,
    /// The text is not JSON; what was expected instead.
    NotJson(&'static str),
    /// More levels inside each other than [`MAX_DEPTH`](super::MAX_DEPTH).
    TooDeep,
    /// A name occurs twice in one object.
    DuplicateMember,
    /// A number with a fraction or an exponent.
    NotAnInteger,
    /// An integer of more than [`MAX_DIGITS`](super::MAX_DIGITS) digits.
    TooManyDigits,
    /// A `\u` escape that is half of a surrogate pair.
    LoneSurrogate,
    /// A member that the format requires is not there.
    Missing(&'static str),
    /// Another kind of value was expected.
    Expected(&'static str),
    /// The value has the right kind and breaks a rule of the format.
    Invalid(Cow<'static, str>),
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Problem::TooLong { length, limit } => write!(f, "{length} bytes are more than the {limit} allowed"),
            Problem::NotUtf8 => f.write_str("the text is not UTF-8"),
            Problem::NotJson(expected) => write!(f, "not JSON: expected {expected}"),
            Problem::TooDeep => write!(f, "more than {} levels of nesting", super::MAX_DEPTH),
            Problem::DuplicateMember => f.write_str("this name occurs twice in one object"),
            Problem::NotAnInteger => {
                f.write_str("a number with a fraction or an exponent; canonical JSON has only integers")
            }
            Problem::TooManyDigits => write!(f, "an integer of more than {} digits", super::MAX_DIGITS),
            Problem::LoneSurrogate => f.write_str("a \\u escape that is half of a surrogate pair"),
            Problem::Missing(name) => write!(f, "member `{name}` is missing"),
            Problem::Expected(what) => write!(f, "expected {what}"),
            Problem::Invalid(why) => f.write_str(why),
        }
    }
}

/// A document that does not have the form it must have.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FormatError {
    /// Where.
    pub place: Place,
    /// What.
    pub problem: Problem,
}

impl fmt::Display for FormatError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at {}", self.problem, self.place)
    }
}

impl core::error::Error for FormatError {}

/// Line and column of a byte offset, both from 1.
pub(super) fn line_and_column(text: &[u8], offset: usize) -> (usize, usize) {
    let before = &text[..offset.min(text.len())];
    let line = 1 + before.iter().filter(|byte| **byte == b'\n').count();
    let column = 1 + before.iter().rev().take_while(|byte| **byte != b'\n').count();
    (line, column)
}
