//! What is wrong with a TOML file, and in which line.

use std::ops::Range;

use rootline_metadata::format::{self, NewerFormat};
use serde::Deserialize;

/// A file that people write is not as it must be. It has no file name: the caller, who read the file, knows it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}, column {column}: {problem}")]
pub struct TomlError {
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// What is wrong there.
    pub problem: String,
    /// The format that the file states, where only newer versions know it.
    pub newer: Option<NewerFormat>,
}

impl TomlError {
    /// A problem with what stands at `span`, in bytes, of `text`.
    pub(crate) fn at(text: &str, span: Range<usize>, problem: impl Into<String>) -> TomlError {
        let before = text.get(..span.start).unwrap_or(text);
        let line = 1 + before.matches('\n').count();
        let column = 1 + before.rsplit('\n').next().unwrap_or(before).chars().count();
        TomlError { line, column, problem: problem.into(), newer: None }
    }
}

/// The version that a file states. Its other members may be those of another version, so they are not looked at.
#[derive(Deserialize)]
struct StatedFormat {
    format: Option<toml::Spanned<u64>>,
}

/// Reads a whole file as `T`, once its format is known: of a newer one, that is all there is to say.
pub(crate) fn read_file<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    // What does not even have such a member as expected is told with everything else, below.
    if let Ok(StatedFormat { format: Some(stated) }) = toml::from_str::<StatedFormat>(text) {
        if *stated.get_ref() == 0 {
            return Err(TomlError::at(text, stated.span(), format::EXPECTED));
        }
        if let Some(newer) = NewerFormat::of(*stated.get_ref()) {
            let error = TomlError::at(text, stated.span(), newer.to_string());
            return Err(TomlError { newer: Some(newer), ..error });
        }
    }
    read(text)
}

/// Reads `text` as `T`.
pub(crate) fn read<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, TomlError> {
    toml::from_str(text).map_err(|error| TomlError::at(text, error.span().unwrap_or(0..0), error.message()))
}

/// `text` as a TOML string on one line.
pub(crate) fn quoted(text: &str) -> String {
    toml::Value::String(text.to_owned()).to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Example {
        #[allow(dead_code)]
        number: u64,
    }

    #[test]
    fn the_place_of_a_fault_is_named() {
        let fault = |text| read::<Example>(text).map(|_| ()).unwrap_err();
        assert_eq!((fault("# ü\nnumber = 'ü'").line, fault("# ü\nnumber = 'ü'").column), (2, 10));
        assert_eq!(fault("number = 1\n\nnumbre = 2").line, 3);
        assert!(fault("number = 1\nnumbre = 2").problem.contains("numbre"));
        assert!(read::<Example>("number = 1").is_ok());
    }

    #[test]
    fn a_newer_format_is_told_whatever_else_the_file_has() {
        #[derive(Debug, serde::Deserialize)]
        #[serde(deny_unknown_fields)]
        struct File {
            #[serde(rename = "format")]
            _format: Option<u64>,
            #[allow(dead_code)]
            number: u64,
        }
        let fault = |text| read_file::<File>(text).map(|_| ()).unwrap_err();
        for good in ["number = 1", "format = 1\nnumber = 1"] {
            assert!(read_file::<File>(good).is_ok(), "{good}");
        }
        let newer = fault("# of the future\nformat = 2\nnumbers = [1]");
        assert_eq!((newer.line, newer.column, newer.newer), (2, 10, NewerFormat::of(2)));
        for bad in ["format = 0\nnumber = 1", "format = -1\nnumber = 1", "format = \"2\"\nnumber = 1", "format = 2\n["]
        {
            assert_eq!(fault(bad).newer, None, "{bad}");
        }
    }

    #[test]
    fn any_text_survives_being_quoted() {
        for text in ["", "plain", "it's \"so\"", "back\\slash", "line\nbreak", "\u{1}", "ü"] {
            let line = quoted(text);
            assert!(!line.contains('\n') || text.contains('\n'));
            let table: toml::Table = toml::from_str(&format!("text = {line}")).unwrap();
            assert_eq!(table["text"].as_str(), Some(text));
        }
    }
}
