//! Succinct hash bins (TAP 15): very many roles, described by two numbers and a name.

use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::String;
use core::ops::Deref;

use crate::json::{FormatError, Node};
use crate::roles::digests::sha256;
use crate::roles::header::{RoleKeys, RoleName};
use crate::roles::target::TargetPath;

/// A power of two of roles with the same keys. A target belongs to the bin whose number is the first bits of the SHA-256 digest of
/// the target's name.
#[derive(Clone, Debug)]
pub struct HashBins {
    keys: RoleKeys,
    names: BinNames,
}

impl HashBins {
    /// Whose signatures every bin needs.
    pub fn keys(&self) -> &RoleKeys {
        &self.keys
    }

    pub(crate) fn read(node: Node<'_>) -> Result<HashBins, FormatError> {
        let object = node.object()?;
        let bits = object.required("bit_length")?;
        let bit_length = u32::try_from(bits.number()?).unwrap_or(u32::MAX);
        let name_prefix = object.required("name_prefix")?.string()?.into_owned();
        let names = BinNames::new(name_prefix, bit_length);
        let names = names.ok_or_else(|| bits.invalid("a bit length is from 1 to 32"))?;
        Ok(HashBins { keys: RoleKeys::read(object)?, names })
    }
}

impl Deref for HashBins {
    type Target = BinNames;

    fn deref(&self) -> &BinNames {
        &self.names
    }
}

/// What bins are called, and which of them a target belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BinNames {
    bit_length: u32,
    name_prefix: String,
}

impl BinNames {
    /// Bins whose names begin with `name_prefix`, numbered by the first `bit_length` bits of a digest; none unless these are 1 to 32.
    pub fn new(name_prefix: impl Into<String>, bit_length: u32) -> Option<BinNames> {
        (1..=32).contains(&bit_length).then(|| BinNames { bit_length, name_prefix: name_prefix.into() })
    }

    /// How many bits of the digest make a bin's number, 1 to 32.
    pub fn bit_length(&self) -> u32 {
        self.bit_length
    }

    /// What every bin's name begins with.
    pub fn name_prefix(&self) -> &str {
        &self.name_prefix
    }

    /// How many bins there are.
    pub fn count(&self) -> u64 {
        1 << self.bit_length
    }

    /// The bin of that number, from 0; none if there are not so many.
    pub fn bin(&self, number: u64) -> Option<RoleName> {
        let digits = self.digits();
        (number < self.count()).then(|| RoleName::new(format!("{}-{number:0digits$x}", self.name_prefix))).flatten()
    }

    /// What all of them are called where people speak of them: the names of the first and the last one.
    pub fn label(&self) -> String {
        let bin = |number| self.bin(number).map(|name| name.as_str().to_owned()).unwrap_or_default();
        format!("{} to {}", bin(0), bin(self.count() - 1))
    }

    /// The bin that a target belongs to.
    pub fn bin_for(&self, path: &TargetPath) -> Option<RoleName> {
        let [a, b, c, d, ..] = sha256(path.as_str().as_bytes());
        let first_bits = u32::from_be_bytes([a, b, c, d]) >> (32 - self.bit_length);
        self.bin(u64::from(first_bits))
    }

    /// Whether a role of that name is one of the bins.
    pub fn is_bin(&self, name: &RoleName) -> bool {
        let number = name.as_str().strip_prefix(self.name_prefix.as_str()).and_then(|rest| rest.strip_prefix('-'));
        let number = number
            .filter(|digits| digits.len() == self.digits())
            .and_then(|digits| u64::from_str_radix(digits, 16).ok());
        // Comparing the whole name keeps capital digits and signs out.
        number.and_then(|number| self.bin(number)).as_ref() == Some(name)
    }

    /// Every bin's number is written with as many hex digits as the last one's.
    fn digits(&self) -> usize {
        self.bit_length.div_ceil(4) as usize
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::Document;

    fn bins(bit_length: &str) -> Result<HashBins, FormatError> {
        let text = format!(r#"{{"bit_length":{bit_length},"keyids":["a"],"name_prefix":"bin","threshold":1}}"#);
        HashBins::read(Document::parse(text.into_bytes(), 1000).unwrap().top())
    }

    #[test]
    fn a_bit_length_is_from_1_to_32() {
        for bad in ["0", "33", "-1", "4294967297"] {
            assert!(bins(bad).is_err(), "{bad}");
        }
        assert_eq!(bins("1").unwrap().count(), 2);
        assert_eq!(bins("32").unwrap().count(), 1 << 32);
    }

    #[test]
    fn bins_are_named_with_as_many_digits_as_the_last_one() {
        for (bits, first, last) in [
            ("1", "bin-0", "bin-1"),
            ("4", "bin-0", "bin-f"),
            ("5", "bin-00", "bin-1f"),
            ("14", "bin-0000", "bin-3fff"),
        ] {
            let bins = bins(bits).unwrap();
            assert_eq!(bins.bin(0).unwrap().as_str(), first);
            assert_eq!(bins.bin(bins.count() - 1).unwrap().as_str(), last);
            assert_eq!(bins.bin(bins.count()), None);
            assert_eq!(bins.label(), format!("{first} to {last}"));
        }
    }

    #[test]
    fn a_target_belongs_to_the_bin_of_its_first_bits() {
        // SHA-256("file.txt") begins with aadf327c.
        let path = TargetPath::new("file.txt").unwrap();
        for (bits, bin) in [("1", "bin-1"), ("4", "bin-a"), ("8", "bin-aa"), ("32", "bin-aadf327c")] {
            assert_eq!(bins(bits).unwrap().bin_for(&path).unwrap().as_str(), bin);
        }
    }

    #[test]
    fn only_the_exact_name_of_a_bin_is_a_bin() {
        let bins = bins("5").unwrap();
        for good in ["bin-00", "bin-1f"] {
            assert!(bins.is_bin(&RoleName::new(good).unwrap()), "{good}");
        }
        for bad in ["bin-20", "bin-1F", "bin-0", "bin-000", "bin", "bin-", "bin-+1", "bins-01", "other"] {
            assert!(!bins.is_bin(&RoleName::new(bad).unwrap()), "{bad}");
        }
    }
}
