//! One short text for everything that is about to be signed.

use std::collections::BTreeMap;
use std::fmt;

use rootline_metadata::{hex, sha256};

/// The SHA-256 digest of the list of frozen files and their digests, for keyholders to read to each other.
///
/// It is over exactly what `sha256sum *.json` prints in the folder of the frozen files, so that anybody can compute it without this
/// program: `sha256sum *.json | sha256sum`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fingerprint([u8; 32]);

impl Fingerprint {
    /// Of files by name, with the SHA-256 digest of each.
    pub fn of(files: &BTreeMap<String, [u8; 32]>) -> Fingerprint {
        let list: String = files.iter().map(|(name, digest)| format!("{}  {name}\n", hex::encode(digest))).collect();
        Fingerprint(sha256(list.as_bytes()))
    }

    /// The fingerprint that 64 hex digits without spaces say.
    pub fn from_hex(digits: &str) -> Option<Fingerprint> {
        hex::decode_array(digits).map(Fingerprint)
    }

    /// The 64 hex digits without spaces.
    pub fn to_hex(self) -> String {
        hex::encode(&self.0)
    }

    /// Whether a person who typed `text` means this fingerprint: all of its digits, in either case, spaces and line breaks anywhere.
    pub fn is_spelled(self, text: &str) -> bool {
        text.chars().filter(|c| !c.is_whitespace()).collect::<String>().to_ascii_lowercase() == self.to_hex()
    }
}

impl fmt::Display for Fingerprint {
    /// In groups of four digits, as people read them out.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&hex::encode_in_fours(&self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_what_sha256sum_of_sha256sum_prints() {
        // printf abc > root.json; printf '' > targets.json; sha256sum *.json | sha256sum
        let files =
            BTreeMap::from([("targets.json".to_owned(), sha256(b"")), ("root.json".to_owned(), sha256(b"abc"))]);
        let fingerprint = Fingerprint::of(&files);
        assert_eq!(fingerprint.to_hex(), "f65d747e3b0a6d2eaa7bc75ab5b9fab5b8869c455a3f0404a8f372dfc99403c8");
    }

    #[test]
    fn it_is_spelled_by_all_of_its_digits_however_they_are_grouped() {
        let fingerprint = Fingerprint::of(&BTreeMap::new());
        let shown = fingerprint.to_string();
        assert!(shown.starts_with("e3b0 c442 98fc"));
        assert_eq!(shown.split(' ').count(), 16);
        for spelled in [shown.clone(), shown.to_uppercase(), shown.replace(' ', ""), shown.replacen(' ', "\n  ", 8)] {
            assert!(fingerprint.is_spelled(&spelled), "{spelled}");
        }
        for other in ["", "e3b0 c442", &shown[..shown.len() - 1], &format!("{shown} 0"), &shown.replace('e', "f")] {
            assert!(!fingerprint.is_spelled(other), "{other}");
        }
    }
}
