//! Counting signatures: distinct keys, not entries and not ids.

use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::fmt;

use crate::keys::key::{KeyId, Keys};
use crate::keys::public_key::{PublicKey, UnusableKey};
use crate::roles::header::RoleKeys;
use crate::signed::signature::Signature;

/// Whose signatures are needed, and the keys to check them with.
#[derive(Clone, Copy, Debug)]
pub struct Authority<'a> {
    /// The keys that the delegating file lists.
    pub keys: &'a Keys,
    /// Those of them that count for the role, and how many are needed.
    pub role: &'a RoleKeys,
}

impl<'a> Authority<'a> {
    /// The key that is listed under an id, if it is one that signatures can be verified with.
    pub fn key(&self, key_id: &KeyId) -> Option<&'a PublicKey> {
        self.keys.get(key_id)?.usable().ok()
    }

    /// All keys that count for the role and that signatures can be verified with, as they are listed.
    pub fn usable_keys(&self) -> impl Iterator<Item = &'a PublicKey> + use<'a> {
        let keys = self.keys;
        self.role.key_ids().iter().filter_map(move |key_id| keys.get(key_id)?.usable().ok())
    }
}

/// How far to go on counting.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Thoroughness {
    /// Stop as soon as there are enough.
    Enough,
    /// Check every signature of the role, to report on them.
    All,
}

/// Who has signed, and who has not.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyTally {
    /// How many distinct keys are needed.
    pub threshold: u64,
    /// The ids whose signatures count, each with a key of its own.
    pub counted: Vec<KeyId>,
    /// The ids of the role that no signature is there for.
    pub missing: Vec<KeyId>,
    /// Signatures that do not count, and why.
    pub discounted: Vec<(KeyId, Discount)>,
    /// Signatures of the role that were not looked at, because there were enough.
    pub unchecked: Vec<KeyId>,
}

/// Why a signature does not count.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Discount {
    /// Its key id is not one of the role's.
    NotOfThisRole,
    /// The role names this id, and no key is listed under it.
    NoSuchKey,
    /// The key cannot be used.
    UnusableKey(UnusableKey),
    /// The entry is empty: nobody has signed yet.
    Empty,
    /// The entry is not hex.
    NotHex,
    /// The same key has counted under another id.
    SameKeyAs(KeyId),
    /// The signature is not this key's over these bytes.
    Wrong,
}

impl fmt::Display for Discount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Discount::NotOfThisRole => f.write_str("not a key of this role"),
            Discount::NoSuchKey => f.write_str("no key is listed under this id"),
            Discount::UnusableKey(why) => write!(f, "the key cannot be used: {why}"),
            Discount::Empty => f.write_str("the signature is empty"),
            Discount::NotHex => f.write_str("the signature is not hex"),
            Discount::SameKeyAs(other) => write!(f, "the same key has counted as {}", other.short()),
            Discount::Wrong => f.write_str("the signature is wrong"),
        }
    }
}

impl KeyTally {
    /// Whether enough distinct keys have signed.
    pub fn is_met(&self) -> bool {
        self.counted.len() as u64 >= self.threshold
    }
}

impl fmt::Display for KeyTally {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} of {} signatures needed", self.counted.len(), self.threshold)?;
        for (id, why) in self.discounted.iter().filter(|(_, why)| *why != Discount::NotOfThisRole) {
            write!(f, "; {}: {why}", id.short())?;
        }
        Ok(())
    }
}

/// Signatures over one message, checked at most once each however many authorities ask.
#[derive(Debug)]
pub struct SignatureSet<'a> {
    message: &'a [u8],
    signatures: BTreeMap<&'a KeyId, &'a Signature>,
    verdicts: Vec<(KeyId, PublicKey, bool)>,
}

impl<'a> SignatureSet<'a> {
    /// The signatures of a file over its canonical form.
    pub fn new(message: &'a [u8], signatures: &'a [Signature]) -> Self {
        let signatures = signatures.iter().map(|signature| (&signature.key_id, signature)).collect();
        SignatureSet { message, signatures, verdicts: Vec::new() }
    }

    /// Counts for one authority. Only ids that the role names are looked at, each once, so a file with thousands of bogus
    /// signatures costs nothing.
    pub fn tally(&mut self, authority: Authority<'_>, thoroughness: Thoroughness) -> KeyTally {
        let mut tally = KeyTally {
            threshold: authority.role.threshold(),
            counted: Vec::new(),
            missing: Vec::new(),
            discounted: Vec::new(),
            unchecked: Vec::new(),
        };
        let mut counted_keys = BTreeMap::new();
        for id in authority.role.key_ids() {
            let Some(signature) = self.signatures.get(id).copied() else {
                tally.missing.push(id.clone());
                continue;
            };
            if thoroughness == Thoroughness::Enough && tally.is_met() {
                tally.unchecked.push(id.clone());
                continue;
            }
            match self.check(signature, authority.keys) {
                Ok(key) => match counted_keys.get(key.material()) {
                    Some(other) => tally.discounted.push((id.clone(), Discount::SameKeyAs(KeyId::clone(other)))),
                    None => {
                        counted_keys.insert(key.material().clone(), id.clone());
                        tally.counted.push(id.clone());
                    }
                },
                Err(why) => tally.discounted.push((id.clone(), why)),
            }
        }
        let strangers = self.signatures.keys().filter(|id| !authority.role.key_ids().contains(id));
        tally.discounted.extend(strangers.map(|id| (KeyId::clone(id), Discount::NotOfThisRole)));
        tally
    }

    fn check<'k>(&mut self, signature: &Signature, keys: &'k Keys) -> Result<&'k PublicKey, Discount> {
        let key = keys.get(&signature.key_id).ok_or(Discount::NoSuchKey)?;
        let key = key.usable().map_err(|why| Discount::UnusableKey(why.clone()))?;
        let bytes = match signature.bytes.as_deref() {
            None => return Err(Discount::NotHex),
            Some([]) => return Err(Discount::Empty),
            Some(bytes) => bytes,
        };
        let known = self.verdicts.iter().find(|(id, by, _)| *id == signature.key_id && by == key);
        let good = match known {
            Some((_, _, good)) => *good,
            None => {
                let good = key.verify(self.message, bytes).is_ok();
                self.verdicts.push((signature.key_id.clone(), key.clone(), good));
                good
            }
        };
        if good { Ok(key) } else { Err(Discount::Wrong) }
    }
}
