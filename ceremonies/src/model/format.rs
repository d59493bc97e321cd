//! The version of a format, and files that a newer version has made.

use rootline_metadata::json::{FormatError, Object};
use serde::Deserialize;

/// The version of every format that this version reads and writes.
pub(crate) const FORMAT: u64 = 1;

/// The member that has it.
pub(crate) const MEMBER: &str = "format";

/// A file has a format that only newer versions know.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("made by a newer rootline (format {format}; this one reads {FORMAT})")]
pub struct NewerFormat {
    /// Which.
    pub format: u64,
}

impl NewerFormat {
    /// What to do about it.
    pub fn hint(self) -> &'static str {
        "update rootline"
    }
}

/// Why bytes are not a file of a ceremony.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FileError {
    /// It does not have the form of one.
    #[error(transparent)]
    Format(#[from] FormatError),
    /// It has a format that only newer versions know.
    #[error(transparent)]
    Newer(#[from] NewerFormat),
}

/// Checks the version that `member` of an object states; an absent one is 1.
pub(crate) fn check(object: Object<'_>, member: &'static str) -> Result<(), FileError> {
    let Some(node) = object.optional(member) else { return Ok(()) };
    match node.number()? {
        FORMAT => Ok(()),
        0 => Err(node.invalid("a format is 1 or more").into()),
        format => Err(NewerFormat { format }.into()),
    }
}

/// The version that a TOML file states. Other members may be those of another version, so they are not looked at.
#[derive(Deserialize)]
pub(crate) struct StatedFormat {
    pub(crate) format: Option<toml::Spanned<u64>>,
}

#[cfg(test)]
mod tests {
    use rootline_metadata::json::Document;

    use super::*;

    fn read(text: &str) -> Result<(), FileError> {
        let document = Document::parse(text.into(), 100)?;
        check(document.top().object()?, MEMBER)
    }

    #[test]
    fn a_format_is_the_one_that_is_known_or_not_stated() {
        assert_eq!((read("{}"), read(r#"{"format": 1}"#)), (Ok(()), Ok(())));
        let newer = read(r#"{"format": 2}"#).unwrap_err();
        assert_eq!(newer, FileError::Newer(NewerFormat { format: 2 }));
        assert_eq!(newer.to_string(), "made by a newer rootline (format 2; this one reads 1)");
        for none in ["0", "-1", "1.0", "\"1\"", "null"] {
            let refused = read(&format!("{{\"format\": {none}}}")).unwrap_err();
            assert!(matches!(refused, FileError::Format(_)), "{none}: {refused}");
        }
    }
}
