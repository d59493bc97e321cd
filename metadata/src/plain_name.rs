//! Names that are the same file on every system: of keyholders, of ceremonies, of instances.
//!
//! A plain name becomes part of a path and is read aloud, so it is 1 to [`MAX_LENGTH`] lowercase letters, digits, `-`, `_` and `.`, begins
//! with a letter or digit and does not end with `.`.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

/// The longest name, in characters: with `.json` behind it, well under the 255 bytes that file systems allow.
pub const MAX_LENGTH: usize = 64;

/// Why a text is not a plain name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BadName {
    /// It is empty, or longer than [`MAX_LENGTH`].
    Length,
    /// It begins or ends with a character that it must not.
    Ends,
    /// A character is not allowed anywhere in it.
    Character,
    /// Windows opens a device under this name, in every folder.
    Device,
}

impl fmt::Display for BadName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            BadName::Length => "a name has 1 to 64 characters",
            BadName::Ends => "a name begins with a lowercase letter or a digit and does not end with a full stop",
            BadName::Character => "a name has only lowercase letters, digits, `-`, `_` and `.`",
            BadName::Device => "this name means a device on Windows",
        })
    }
}

impl core::error::Error for BadName {}

/// Checks that a text is a plain name.
///
/// # Errors
/// If it is not: the first rule that it breaks.
pub fn check(text: &str) -> Result<(), BadName> {
    let simple = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    if text.is_empty() || text.len() > MAX_LENGTH {
        return Err(BadName::Length);
    }
    if !text.starts_with(simple) || text.ends_with('.') {
        return Err(BadName::Ends);
    }
    if !text.chars().all(|c| simple(c) || matches!(c, '-' | '_' | '.')) {
        return Err(BadName::Character);
    }
    if is_windows_device(text) {
        return Err(BadName::Device);
    }
    Ok(())
}

/// Whether Windows opens a device under this name in every folder: in any case, with any extension, and with spaces before that.
pub fn is_windows_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name).trim_end_matches(' ');
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    // Windows takes a superscript for the digit that it resembles.
    let is_port = |port: &str| {
        stem.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(port))
            && matches!(
                &stem[3..],
                "0" | "1" | "2" | "3" | "4" | "5" | "6" | "7" | "8" | "9" | "\u{b9}" | "\u{b2}" | "\u{b3}"
            )
    };
    ["con", "prn", "aux", "nul", "conin$", "conout$"].into_iter().any(is) || ["com", "lpt"].into_iter().any(is_port)
}

/// What Windows has against this name of a file or of a folder; `None` when it takes the name as it is. A slash is not looked for.
pub fn windows_objection(name: &str) -> Option<&'static str> {
    if is_windows_device(name) {
        Some("it means a device on Windows")
    } else if name.ends_with(['.', ' ']) {
        Some("Windows drops a full stop or a space at its end")
    } else if name.chars().any(|c| c < ' ' || matches!(c, '<' | '>' | ':' | '"' | '|' | '?' | '*' | '\\')) {
        Some("it has a character that Windows allows in no name")
    } else {
        None
    }
}

/// The form in which two names are the same file where a file system tells capitals from small letters in nothing but display, as those of
/// Windows and macOS do. A little wider than any of them: `ß` is `SS` here.
///
/// Names that differ in Unicode's normal form alone (`é` as one character or as two) stay different, although macOS takes them for one.
pub fn without_case(name: &str) -> String {
    let upper = |text: &str| text.chars().flat_map(char::to_uppercase).collect::<String>();
    let lower = |text: &str| text.chars().flat_map(char::to_lowercase).collect::<String>();
    // Once more, for letters whose small form has another capital: the Kelvin sign, the long s, the capital sharp s.
    lower(&upper(&lower(name)))
}

/// Two of these paths that some file system takes for one, or one that is in the place of a folder of the other: the later one, and the one
/// before it. Case makes no difference, whatever this system says.
pub fn clash<'p>(paths: impl IntoIterator<Item = &'p str>) -> Option<(&'p str, &'p str)> {
    let mut files = BTreeMap::new();
    let mut folders = BTreeMap::new();
    for path in paths {
        let key = without_case(path);
        let above: Vec<&str> = key.match_indices('/').map(|(end, _)| &key[..end]).collect();
        let in_the_way = folders.get(&key).or_else(|| above.iter().find_map(|folder| files.get(*folder)));
        if let Some(other) = in_the_way {
            return Some((path, *other));
        }
        for folder in above {
            folders.entry(folder.to_owned()).or_insert(path);
        }
        if let Some(other) = files.insert(key, path) {
            return Some((path, other));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_plain_name_is_the_same_file_everywhere() {
        let longest = "a".repeat(64);
        for good in ["a", "alice", "2026-11-first", "dave_2", "v1.2", "console", &longest] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        for (bad, why) in [
            ("", BadName::Length),
            (&*"a".repeat(65), BadName::Length),
            ("-rf", BadName::Ends),
            (".git", BadName::Ends),
            ("..", BadName::Ends),
            ("a.", BadName::Ends),
            ("Alice", BadName::Ends),
            ("aLICE", BadName::Character),
            ("a/b", BadName::Character),
            ("a\\b", BadName::Character),
            ("a b", BadName::Character),
            ("jürgen", BadName::Character),
            ("nul", BadName::Device),
            ("com1.old", BadName::Device),
        ] {
            assert_eq!(check(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn a_device_is_one_in_any_case_and_with_any_extension() {
        for device in
            ["con", "AUX.v1", "Com1", "lpt9.x", "con .txt", "nul  ", "CONIN$", "conout$.x", "COM\u{b9}", "lpt\u{b3}.a"]
        {
            assert!(is_windows_device(device), "{device}");
        }
        for other in ["console", "com", "com10", "comä", "lp", "", " con", "con$", "conin", "com\u{2074}", "a.con"] {
            assert!(!is_windows_device(other), "{other}");
        }
    }

    #[test]
    fn what_windows_forbids_is_told_and_nothing_else() {
        for bad in [
            "a?b", "a*", "<a", "a>", "a|b", "a\"b", "c:", "a::$DATA", "a\\b", "a\u{1f}", "\u{1}", "a.", "a ", "...",
            "nul",
        ] {
            assert!(windows_objection(bad).is_some(), "{bad:?}");
        }
        for good in
            ["a b", ".a", " a", "a\u{7f}", "größe", "a;b", "a%3Fb", "a..b", "~1", "'", "console.log", "a\u{ff1f}"]
        {
            assert_eq!(windows_objection(good), None, "{good:?}");
        }
    }

    #[test]
    fn names_that_differ_in_case_alone_are_one_and_others_are_not() {
        for (one, other) in [
            ("A.txt", "a.TXT"),
            ("GRÖSSE", "größe"),
            ("\u{1e9e}", "ß"),
            ("\u{212a}ey", "key"),
            ("\u{17f}", "S"),
            ("ΟΔΟΣ", "οδος"),
            ("οδο\u{3c2}", "οδοσ"),
            ("Ǆ", "ǅ"),
        ] {
            assert_eq!(without_case(one), without_case(other), "{one:?} {other:?}");
        }
        for (one, other) in [("a", "b"), ("a", "á"), ("é", "e\u{301}"), ("a_", "a-"), ("i", "\u{131}x"), ("", "a")] {
            assert_ne!(without_case(one), without_case(other), "{one:?} {other:?}");
        }
    }

    #[test]
    fn paths_that_any_file_system_takes_for_one_clash_and_no_others() {
        for (one, other) in [
            ("1.N.json", "1.n.json"),
            ("a", "a"),
            ("targets/GRÖSSE", "targets/größe"),
            ("targets/a", "targets/A/b"),
            ("targets/A/b/c", "targets/a/B"),
        ] {
            assert_eq!(clash([one, "x", other]), Some((other, one)), "{one} {other}");
            assert_eq!(clash([other, "x", one]), Some((one, other)), "{other} {one}");
        }
        // A folder may be spelt in two ways: all its files are there.
        for (one, other) in
            [("1.n.json", "2.N.json"), ("targets/Dir/a", "targets/dir/b"), ("ab", "a/b"), ("a/b", "ab/c")]
        {
            assert_eq!(clash([one, other]), None, "{one} {other}");
        }
    }
}
