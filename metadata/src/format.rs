//! Versions of rootline's own formats: those of the files beside the metadata that one version of it writes and another one reads.
//!
//! Every such file states the version of its format. One that states a later version was made by a newer rootline, and is refused before
//! anything else in it is looked at.

use core::fmt;

use crate::json::{FormatError, Object};

/// The version that is written, and the newest that is read. All formats are of their first version.
pub const CURRENT: u64 = 1;

/// The member that states the version, where a format has no other one.
pub const MEMBER: &str = "format";

/// What a version is.
pub const EXPECTED: &str = "a format is a number, 1 or more";

/// A file has a format that only newer versions of rootline read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NewerFormat {
    /// The version of the file's format.
    pub format: u64,
    /// The newest that this version of rootline reads.
    pub reads: u64,
}

impl NewerFormat {
    /// The refusal of a stated version; `None` for one that is read here.
    pub fn of(format: u64) -> Option<NewerFormat> {
        (format > CURRENT).then_some(NewerFormat { format, reads: CURRENT })
    }

    /// What to do about it.
    pub fn hint(self) -> &'static str {
        "update rootline"
    }
}

impl fmt::Display for NewerFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "made by a newer rootline (format {}; this one reads {})", self.format, self.reads)
    }
}

impl core::error::Error for NewerFormat {}

/// Why a file of one of these formats cannot be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileError {
    /// It does not have the form of one.
    Format(FormatError),
    /// Only newer versions of rootline read it.
    Newer(NewerFormat),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            FileError::Format(error) => error.fmt(f),
            FileError::Newer(newer) => newer.fmt(f),
        }
    }
}

// Both variants say all there is to say themselves, so there is no source.
impl core::error::Error for FileError {}

impl From<FormatError> for FileError {
    fn from(error: FormatError) -> FileError {
        FileError::Format(error)
    }
}

impl From<NewerFormat> for FileError {
    fn from(newer: NewerFormat) -> FileError {
        FileError::Newer(newer)
    }
}

/// Checks the version that `member` of a file states. A file that states none was written before formats were numbered, and is of the
/// first.
///
/// # Errors
/// If it is a later version than [`CURRENT`], or not a version.
pub fn check(file: Object<'_>, member: &str) -> Result<(), FileError> {
    let Some(stated) = file.optional(member) else { return Ok(()) };
    match stated.number() {
        Err(_) | Ok(0) => Err(stated.invalid(EXPECTED).into()),
        Ok(format) => NewerFormat::of(format).map_or(Ok(()), |newer| Err(newer.into())),
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use crate::json::Document;

    use super::*;

    fn read(text: &str) -> Result<(), FileError> {
        let document = Document::parse(text.into(), 100)?;
        check(document.top().object()?, MEMBER)
    }

    #[test]
    fn a_format_is_the_current_one_or_not_stated() {
        assert_eq!((read("{}"), read(r#"{"format": 1}"#)), (Ok(()), Ok(())));
        let newer = read(r#"{"format": 2}"#).unwrap_err();
        assert_eq!(newer, FileError::Newer(NewerFormat { format: 2, reads: 1 }));
        assert_eq!(newer.to_string(), "made by a newer rootline (format 2; this one reads 1)");
        for none in ["0", "-1", "1.0", "\"1\"", "null"] {
            let refused = read(&format!("{{\"format\": {none}}}")).unwrap_err();
            assert!(matches!(refused, FileError::Format(_)), "{none}: {refused}");
        }
    }
}
