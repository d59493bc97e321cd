//! The names that become folders and files.

use std::fmt;
use std::str::FromStr;

/// The name of a keyholder or of a ceremony. It becomes part of a path and is read aloud, so it is 1 to 64 lowercase letters, digits,
/// `-`, `_` and `.`, begins with a letter or digit and does not end with `.`: the same file on every system, whatever it makes of
/// case.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(String);

impl Name {
    /// The longest name, in characters: with `.json` behind it, well under the 255 bytes that file systems allow.
    pub const MAX_LENGTH: usize = 64;

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Name {
    type Err = BadName;

    fn from_str(text: &str) -> Result<Name, BadName> {
        let simple = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
        if text.is_empty() || text.len() > Name::MAX_LENGTH {
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
        Ok(Name(text.to_owned()))
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Why a text is not a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BadName {
    /// It is empty, or longer than [`Name::MAX_LENGTH`].
    #[error("a name has 1 to 64 characters")]
    Length,
    /// It begins or ends with a character that it must not.
    #[error("a name begins with a lowercase letter or a digit and does not end with a full stop")]
    Ends,
    /// A character is not allowed anywhere in it.
    #[error("a name has only lowercase letters, digits, `-`, `_` and `.`")]
    Character,
    /// Windows opens a device under this name, in every folder.
    #[error("this name means a device on Windows")]
    Device,
}

fn is_windows_device(name: &str) -> bool {
    let stem = name.split('.').next().unwrap_or(name);
    let numbered = |port| stem.strip_prefix(port).is_some_and(|rest: &str| matches!(rest.as_bytes(), [b'0'..=b'9']));
    matches!(stem, "con" | "prn" | "aux" | "nul") || numbered("com") || numbered("lpt")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_what_is_the_same_file_everywhere() {
        for good in ["a", "alice", "2026-11-first", "dave_2", "v1.2", "console", &"a".repeat(64)] {
            assert_eq!(good.parse::<Name>().unwrap().as_str(), good);
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
            assert_eq!(bad.parse::<Name>(), Err(why), "{bad:?}");
        }
    }
}
