//! Names that are the same file on every system: of keyholders, of ceremonies, of instances.
//!
//! A plain name becomes part of a path and is read aloud, so it is 1 to [`MAX_LENGTH`] lowercase letters, digits, `-`, `_` and `.`, begins
//! with a letter or digit and does not end with `.`.

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

/// Whether Windows opens a device under this name in every folder, in any case and with any extension.
pub fn is_windows_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let is = |device: &str| stem.eq_ignore_ascii_case(device);
    let is_port = |port: &str| {
        stem.get(..3).is_some_and(|start| start.eq_ignore_ascii_case(port))
            && matches!(stem.as_bytes().get(3..), Some([b'0'..=b'9']))
    };
    ["con", "prn", "aux", "nul"].into_iter().any(is) || ["com", "lpt"].into_iter().any(is_port)
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
        for device in ["con", "AUX.v1", "Com1", "lpt9.x"] {
            assert!(is_windows_device(device), "{device}");
        }
        for other in ["console", "com", "com10", "comä", "lp", ""] {
            assert!(!is_windows_device(other), "{other}");
        }
    }
}
