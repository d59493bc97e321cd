//! Names of what is shipped.

use std::fmt;
use std::str::FromStr;

use rootline_metadata::file_name::{self, TARGETS_FOLDER};
use rootline_metadata::plain_name::windows_objection;
use rootline_metadata::{TargetFile, TargetPath};

/// The name of a target that we publish: parts of letters, digits, `.`, `_` and `-`, with `/` between them. TUF allows any text; this is what is
/// the same path in every client, on every system and in every URL.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetName(TargetPath);

impl TargetName {
    /// The name.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name, as metadata has it.
    pub fn path(&self) -> &TargetPath {
        &self.0
    }

    /// Where the file is published: `targets/DIGEST.NAME`, the digest before the last part of the name (TUF 6.2).
    pub fn published_as(&self, file: &TargetFile) -> String {
        format!("{TARGETS_FOLDER}{}", file_name::target(self.as_str(), &file.digests, true))
    }
}

/// The longest part of a name, in bytes: with a SHA-256 digest before it, within the 255 that file systems allow.
const MAX_PART: usize = 180;

impl FromStr for TargetName {
    type Err = BadTargetName;

    fn from_str(text: &str) -> Result<TargetName, BadTargetName> {
        let good = |part: &str| {
            let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-');
            (1..=MAX_PART).contains(&part.len())
                && part.chars().all(plain)
                && !part.starts_with('.')
                && windows_objection(part).is_none()
        };
        let path = text.split('/').all(good).then(|| TargetPath::new(text)).flatten();
        path.map(TargetName).ok_or(BadTargetName)
    }
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A name that some clients, systems or URLs would read differently.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "a target's name has parts of letters, digits, `.`, `_` and `-` that neither begin nor end with `.` and mean no device on Windows, and `/` between them"
)]
pub struct BadTargetName;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_published_under_its_digest() {
        let file = TargetFile::of(b"");
        let empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        for (name, published) in [
            ("trusted_root.json", format!("targets/{empty}.trusted_root.json")),
            ("packages.example.org/keys.json", format!("targets/packages.example.org/{empty}.keys.json")),
        ] {
            assert_eq!(name.parse::<TargetName>().unwrap().published_as(&file), published);
        }
    }

    #[test]
    fn names_that_leave_their_folder_or_need_escaping_are_refused() {
        for bad in [
            "",
            "/etc/passwd",
            "a/",
            "a//b",
            "..",
            "a/../b",
            ".hidden",
            "a b",
            "a\\b",
            "a%2fb",
            "ä",
            "a\0",
            "nul",
            "a/aux.json",
            "COM1",
            "x.",
            "x./a",
            &"a".repeat(181),
        ] {
            assert_eq!(bad.parse::<TargetName>(), Err(BadTargetName), "{bad:?}");
        }
    }
}
