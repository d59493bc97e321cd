//! Version numbers of metadata files.

use core::fmt;
use core::num::NonZeroU64;

use crate::json::{FormatError, Node};

/// The version of a metadata file: from 1 to 2^63-1, which every implementation can store (TUF 4.3, `VERSION`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(NonZeroU64);

impl Version {
    /// The first version.
    pub const FIRST: Version = Version(NonZeroU64::MIN);
    /// The highest version that can be stored.
    pub const LAST: Version = Version(NonZeroU64::MIN.saturating_add(i64::MAX as u64 - 1));

    /// A version from a number, if it is in bounds.
    pub fn new(number: u64) -> Option<Version> {
        NonZeroU64::new(number).map(Version).filter(|version| *version <= Version::LAST)
    }

    /// The number.
    pub fn number(self) -> u64 {
        self.0.get()
    }

    /// The version after this one; none after the last.
    pub fn next(self) -> Option<Version> {
        Version::new(self.number() + 1)
    }

    pub(crate) fn read(node: Node<'_>) -> Result<Version, FormatError> {
        Version::new(node.number()?).ok_or_else(|| node.invalid("a version is 1 or more"))
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_run_from_one_to_the_largest_that_a_signed_integer_holds() {
        assert_eq!(Version::new(0), None);
        assert_eq!(Version::new(1), Some(Version::FIRST));
        assert_eq!(Version::new(i64::MAX as u64), Some(Version::LAST));
        assert_eq!(Version::new(i64::MAX as u64 + 1), None);
    }

    #[test]
    fn nothing_follows_the_last_version() {
        assert_eq!(Version::FIRST.next(), Version::new(2));
        assert_eq!(Version::LAST.next(), None);
    }
}
