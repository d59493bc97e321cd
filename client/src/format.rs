//! The version of the formats that are written here and read again: a bundle's table of contents, a mirror's list, an index of exported files,
//! the record of the last check.

use rootline_metadata::json::Node;

/// The version that is written, and the newest that is read.
pub(crate) const FORMAT: u64 = 1;
/// The member that says it.
pub(crate) const MEMBER: &str = "format";

/// A file has a format that only newer versions read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("made by a newer rootline (format {format}; this one reads {reads})")]
#[non_exhaustive]
pub struct NewerFormat {
    /// Its format.
    pub format: u64,
    /// The newest format that this version reads.
    pub reads: u64,
}

impl NewerFormat {
    /// A file of this format, where no newer one than `reads` is read.
    pub fn new(format: u64, reads: u64) -> NewerFormat {
        NewerFormat { format, reads }
    }
}

/// Why the version that a file states is not the one that is read here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum UnknownFormat {
    /// Newer versions have written it.
    Newer(NewerFormat),
    /// No version writes that.
    Invalid,
}

/// Checks the version that a file states, `None` if it is not a number.
///
/// # Errors
/// If it is not the one that is read here.
pub(crate) fn check(stated: Option<u64>) -> Result<(), UnknownFormat> {
    match stated {
        Some(FORMAT) => Ok(()),
        None | Some(0) => Err(UnknownFormat::Invalid),
        Some(format) => Err(UnknownFormat::Newer(NewerFormat { format, reads: FORMAT })),
    }
}

/// Checks the version that a JSON file states in its member `format`. One that states none was written before formats were numbered, and is
/// of the first.
///
/// # Errors
/// As [`check`].
pub(crate) fn check_member(file: Node<'_>) -> Result<(), UnknownFormat> {
    file.get(MEMBER).map_or(Ok(()), |stated| check(number(stated)))
}

/// A whole number that is not negative.
pub(crate) fn number(node: Node<'_>) -> Option<u64> {
    node.digits()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use rootline_metadata::json::Document;

    use super::*;

    #[test]
    fn this_format_is_read_and_the_next_one_was_made_by_a_newer_rootline() {
        for (file, expected) in [
            ("{}", Ok(())),
            (r#"{"format": 1}"#, Ok(())),
            (r#"{"format": 2}"#, Err(UnknownFormat::Newer(NewerFormat { format: 2, reads: 1 }))),
            (r#"{"format": 0}"#, Err(UnknownFormat::Invalid)),
            (r#"{"format": -1}"#, Err(UnknownFormat::Invalid)),
            (r#"{"format": "1"}"#, Err(UnknownFormat::Invalid)),
            (r#"{"format": null}"#, Err(UnknownFormat::Invalid)),
        ] {
            let document = Document::parse(file.into(), 100).unwrap();
            assert_eq!(check_member(document.top()), expected, "{file}");
        }
        let newer = NewerFormat { format: 2, reads: 1 };
        assert_eq!(newer.to_string(), "made by a newer rootline (format 2; this one reads 1)");
    }
}
