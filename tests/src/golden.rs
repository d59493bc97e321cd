//! Golden files: the text of a format as it was promised, in `tests/golden/AREA/NAME`.
//!
//! `ROOTLINE_WRITE_GOLDEN=1` writes the files instead of comparing. A format changes on purpose or not at all, so a change to a golden file
//! belongs in the commit that changes the format, with the reason.

use std::env;
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::binaries::workspace;

/// The golden files of one area, and the parts of a text that the machine decides.
#[derive(Clone, Debug)]
pub struct Golden {
    folder: PathBuf,
    write: bool,
    blanks: Vec<(String, &'static str)>,
}

/// How many differing lines a mismatch shows.
const MAX_SHOWN_LINES: usize = 12;

impl Golden {
    /// The files in `tests/golden/AREA`.
    pub fn of(area: &str) -> Golden {
        let write = env::var_os("ROOTLINE_WRITE_GOLDEN").is_some_and(|value| value == "1");
        Golden { folder: workspace().join("tests/golden").join(area), write, blanks: Vec::new() }
    }

    /// Replaces `text` by `word` before comparing. Of several, the longest goes first.
    ///
    /// # Panics
    /// If `text` is empty.
    #[must_use]
    pub fn blank(mut self, text: impl Into<String>, word: &'static str) -> Golden {
        let text = text.into();
        assert!(!text.is_empty(), "an empty text cannot be blanked");
        self.blanks.push((text, word));
        self.blanks.sort_by_key(|(text, _)| usize::MAX - text.len());
        self
    }

    /// Replaces the path of a folder by `word`, as it was given and as the system resolves it.
    ///
    /// # Panics
    /// If the path is not text.
    #[must_use]
    pub fn blank_folder(self, folder: &Path, word: &'static str) -> Golden {
        let text = |path: &Path| path.to_str().expect("a path that is text").to_owned();
        let resolved = fs::canonicalize(folder).map(|path| text(&path));
        let golden = self.blank(text(folder), word);
        match resolved {
            Ok(resolved) => golden.blank(resolved, word),
            Err(_) => golden,
        }
    }

    /// Replaces the version of the programs by `VERSION`.
    #[must_use]
    pub fn blank_version(self) -> Golden {
        self.blank(env!("CARGO_PKG_VERSION"), "VERSION")
    }

    /// The text with every blank replaced.
    pub fn blanked(&self, text: &str) -> String {
        self.blanks.iter().fold(text.to_owned(), |text, (part, word)| text.replace(part, word))
    }

    /// Compares `text` with the golden file `name`.
    ///
    /// # Panics
    /// If they differ, or there is no such file.
    #[track_caller]
    pub fn check(&self, name: &str, text: &str) {
        let (path, text) = (self.folder.join(name), self.blanked(text));
        if self.write {
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(&path, text).unwrap();
            return;
        }
        let shown = path.strip_prefix(workspace()).unwrap_or(&path).display();
        let hint = "if the format changes on purpose, run this test with ROOTLINE_WRITE_GOLDEN=1";
        let expected = fs::read_to_string(&path);
        let expected = expected.unwrap_or_else(|error| panic!("{shown} cannot be read: {error}; {hint}"));
        if let Some(difference) = difference(&expected, &text) {
            panic!("{shown} differs (- golden, + now):\n{difference}{hint}");
        }
    }

    /// Compares the names of all files and folders below `folder` with the golden file `name`, one on each line, folders with a slash.
    ///
    /// # Panics
    /// As [`check`](Self::check), or if the folder cannot be read.
    #[track_caller]
    pub fn check_names(&self, name: &str, folder: &Path) {
        self.check(name, &names_below(folder));
    }
}

/// The names of all files and folders below `folder`, sorted, one on each line, folders with a slash. Links are not followed.
///
/// # Panics
/// If the folder cannot be read, or a name is not text.
pub fn names_below(folder: &Path) -> String {
    fn collect(folder: &Path, prefix: &str, names: &mut Vec<String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let entry = entry.unwrap();
            let name = format!("{prefix}{}", entry.file_name().to_str().expect("a name that is text"));
            if entry.file_type().unwrap().is_dir() {
                let inside = format!("{name}/");
                collect(&entry.path(), &inside, names);
                names.push(inside);
            } else {
                names.push(name);
            }
        }
    }
    let mut names = Vec::new();
    collect(folder, "", &mut names);
    names.sort();
    names.iter().map(|name| format!("{name}\n")).collect()
}

/// The first lines that differ, with their numbers; `None` when the texts are equal.
fn difference(expected: &str, actual: &str) -> Option<String> {
    if expected == actual {
        return None;
    }
    // `split` and not `lines`: a newline at the end is part of a format too.
    let (expected, actual): (Vec<&str>, Vec<&str>) = (expected.split('\n').collect(), actual.split('\n').collect());
    let alike = |(one, other): &(&&str, &&str)| one == other;
    let begin = expected.iter().zip(&actual).take_while(alike).count();
    let same_end = expected[begin..].iter().rev().zip(actual[begin..].iter().rev()).take_while(alike).count();
    let mut shown = String::new();
    for (sign, lines) in [('-', &expected), ('+', &actual)] {
        let changed = &lines[begin..lines.len() - same_end];
        for (offset, line) in changed.iter().take(MAX_SHOWN_LINES).enumerate() {
            // Writing to a String does not fail.
            let _ = writeln!(shown, "{sign} {:>4} {line:?}", begin + offset + 1);
        }
        if changed.len() > MAX_SHOWN_LINES {
            let _ = writeln!(shown, "{sign}      and {} more lines", changed.len() - MAX_SHOWN_LINES);
        }
    }
    Some(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_difference_shows_the_changed_lines_of_both_sides_and_no_others() {
        assert_eq!(difference("a\nb\nc\n", "a\nb\nc\n"), None);
        assert_eq!(difference("a\nb\nc\n", "a\nx\ny\nc\n").unwrap(), "-    2 \"b\"\n+    2 \"x\"\n+    3 \"y\"\n");
        assert_eq!(difference("a\n", "a").unwrap(), "-    2 \"\"\n");
        let long = "x\n".repeat(MAX_SHOWN_LINES + 2);
        assert!(difference("", &long).unwrap().contains("and 2 more lines"));
    }

    #[test]
    fn the_longest_blank_goes_first() {
        let golden = Golden::of("none").blank("/a", "OUTER").blank("/a/b", "INNER");
        assert_eq!(golden.blanked("/a/b/c and /a/c"), "INNER/c and OUTER/c");
    }

    #[test]
    fn a_text_that_differs_from_its_golden_file_is_refused_and_writing_is_on_request() {
        let folder = tempfile::tempdir().unwrap();
        let golden = |write| Golden { folder: folder.path().join("area"), write, ..Golden::of("none") };
        let refused = |text: &'static str| std::panic::catch_unwind(|| golden(false).check("a.txt", text)).is_err();
        assert!(refused("one\n"), "there is no such file yet");
        golden(true).check("a.txt", "one\n");
        golden(false).check("a.txt", "one\n");
        assert!(refused("two\n"));
        fs::create_dir(folder.path().join("area/inside")).unwrap();
        assert_eq!(names_below(folder.path()), "area/\narea/a.txt\narea/inside/\n");
    }
}
