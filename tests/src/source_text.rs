//! Reading our own sources: for the tests that hold lists, comments and code together.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// The Rust files below a folder, in order of their paths.
///
/// # Panics
/// If the folder cannot be read.
pub fn rust_files(folder: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.expect("a folder that can be listed").path();
        if path.is_dir() {
            files.extend(rust_files(&path));
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            files.push(path);
        }
    }
    files.sort();
    files
}

/// Every test function below a folder by its name, with what its comment says. Two of one name are told apart by nobody, so the texts of
/// both are joined.
///
/// # Panics
/// If a file cannot be read.
pub fn tests_below(folder: &Path) -> BTreeMap<String, String> {
    let mut tests: BTreeMap<String, String> = BTreeMap::new();
    for file in rust_files(folder) {
        for (name, comment) in tests_in(&file) {
            tests.entry(name).or_default().push_str(&comment);
        }
    }
    tests
}

/// Every test function of a file by its name, with what its comment says.
///
/// # Panics
/// If the file cannot be read.
pub fn tests_in(file: &Path) -> BTreeMap<String, String> {
    let mut tests: BTreeMap<String, String> = BTreeMap::new();
    let text = fs::read_to_string(file).expect("a source file is text");
    let (mut comment, mut is_test) = (String::new(), false);
    for line in text.lines().map(str::trim) {
        if let Some(said) = line.strip_prefix("///") {
            comment = format!("{comment}{said}\n");
        } else if line == "#[test]" {
            is_test = true;
        } else if let Some(rest) = line.strip_prefix("fn ").filter(|_| is_test) {
            let name = rest.split('(').next().unwrap_or(rest);
            tests.entry(name.to_owned()).or_default().push_str(&comment);
            (comment, is_test) = (String::new(), false);
        } else if !line.starts_with("#[") {
            (comment, is_test) = (String::new(), false);
        }
    }
    tests
}

/// The sections of the TUF specification that a text cites: numbers with points between them, as in `5.4.3.1`, that begin with 4, 5 or 6.
pub fn cited_sections(text: &str) -> Vec<String> {
    text.split(|character: char| !character.is_ascii_alphanumeric() && character != '.')
        .map(|word| word.trim_matches('.'))
        .filter(|word| word.contains('.') && word.split('.').all(|part| part.parse::<u8>().is_ok()))
        .filter(|word| word.starts_with(['4', '5', '6']))
        .map(str::to_owned)
        .collect()
}

/// What stands in a line after `//`, `///` or `//!`.
pub fn comment_of(line: &str) -> Option<&str> {
    line.split_once("//").map(|(_, comment)| comment.trim_start_matches(['/', '!']).trim())
}
