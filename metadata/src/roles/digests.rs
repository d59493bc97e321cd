//! Digests that one file gives of another.

use alloc::string::String;
use core::fmt;

use sha2::{Digest, Sha256, Sha384, Sha512};

use crate::hex;
use crate::json::{FormatError, Members, Node, Value, ValueMembers};

/// The digests of one file that can be checked; at least one. Digests by algorithms that are not known here are passed over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Digests {
    sha256: Option<[u8; 32]>,
    sha384: Option<[u8; 48]>,
    sha512: Option<[u8; 64]>,
}

impl Digests {
    /// The SHA-256 digest of `bytes`, which is what we publish.
    pub fn of(bytes: &[u8]) -> Digests {
        Digests { sha256: Some(sha256(bytes)), sha384: None, sha512: None }
    }

    /// Whether every digest here is the digest of `bytes`.
    pub fn match_bytes(&self, bytes: &[u8]) -> bool {
        let mut check = self.check();
        check.update(bytes);
        check.is_met()
    }

    /// Begins to check a file that comes in pieces.
    pub fn check(&self) -> DigestCheck<'_> {
        DigestCheck {
            digests: self,
            sha256: self.sha256.map(|_| Sha256::new()),
            sha384: self.sha384.map(|_| Sha384::new()),
            sha512: self.sha512.map(|_| Sha512::new()),
        }
    }

    /// The digest that a consistent snapshot puts before a target's name (TUF 6.2): SHA-256 where there is one, in hex.
    pub fn name_prefix(&self) -> String {
        self.each().next().map(|(_, digest)| hex::encode(digest)).unwrap_or_default()
    }

    /// Algorithm and digest of each, SHA-256 first.
    pub fn each(&self) -> impl Iterator<Item = (&'static str, &[u8])> {
        let sha256 = self.sha256.as_ref().map(|digest| ("sha256", &digest[..]));
        let sha384 = self.sha384.as_ref().map(|digest| ("sha384", &digest[..]));
        let sha512 = self.sha512.as_ref().map(|digest| ("sha512", &digest[..]));
        [sha256, sha384, sha512].into_iter().flatten()
    }

    /// The `hashes` member as it is published.
    pub fn to_value(&self) -> Value {
        self.each().fold(ValueMembers::new(), |members, (name, digest)| members.with(name, hex::encode(digest))).into()
    }

    pub(crate) fn read(node: Node<'_>) -> Result<Digests, FormatError> {
        let mut digests = Digests { sha256: None, sha384: None, sha512: None };
        let members: Members<'_> = node.object()?.members();
        for (algorithm, digest) in members {
            match &*algorithm {
                "sha256" => digests.sha256 = Some(read_digest(digest)?),
                "sha384" => digests.sha384 = Some(read_digest(digest)?),
                "sha512" => digests.sha512 = Some(read_digest(digest)?),
                _ => {}
            }
        }
        // A file that nothing vouches for: an empty `hashes` must not mean "anything goes".
        if digests.each().next().is_none() {
            return Err(node.invalid("no digest by an algorithm that can be checked (sha256, sha384, sha512)"));
        }
        Ok(digests)
    }
}

impl fmt::Display for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.each().next() {
            Some((algorithm, digest)) => write!(f, "{algorithm}:{}", hex::encode(digest)),
            None => Ok(()),
        }
    }
}

fn read_digest<const N: usize>(node: Node<'_>) -> Result<[u8; N], FormatError> {
    let text = node.string()?;
    hex::decode_array(&text).ok_or_else(|| node.invalid(alloc::format!("expected a digest of {} hex digits", N * 2)))
}

/// A file's digests while they are computed, see [`Digests::check`].
#[derive(Clone, Debug)]
pub struct DigestCheck<'a> {
    digests: &'a Digests,
    sha256: Option<Sha256>,
    sha384: Option<Sha384>,
    sha512: Option<Sha512>,
}

impl DigestCheck<'_> {
    /// Takes the next piece of the file.
    pub fn update(&mut self, bytes: &[u8]) {
        self.sha256.iter_mut().for_each(|hasher| hasher.update(bytes));
        self.sha384.iter_mut().for_each(|hasher| hasher.update(bytes));
        self.sha512.iter_mut().for_each(|hasher| hasher.update(bytes));
    }

    /// Whether the pieces together have every digest.
    pub fn is_met(self) -> bool {
        self.sha256.map(|hasher| hasher.finalize().into()) == self.digests.sha256
            && self.sha384.map(|hasher| hasher.finalize().into()) == self.digests.sha384
            && self.sha512.map(|hasher| hasher.finalize().into()) == self.digests.sha512
    }
}

/// The SHA-256 digest of `bytes`.
pub fn sha256(bytes: &[u8]) -> [u8; 32] {
    Sha256::digest(bytes).into()
}
