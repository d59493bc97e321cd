//! Keys as root and delegations list them.

use alloc::borrow::ToOwned;
use alloc::collections::BTreeMap;
use alloc::string::String;
use core::fmt;

use crate::hex;
use crate::json::{FormatError, Node, ValueMembers};
use crate::keys::public_key::{PublicKey, UnusableKey};
use crate::roles::digests::sha256;

/// The name by which roles and signatures speak of a key. Opaque when read: real repositories declare ids that are not the hash of
/// the key object. Exact when we write: [`KeyId::of`].
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KeyId(String);

impl KeyId {
    /// A declared id, whatever it is.
    pub fn declared(id: impl Into<String>) -> KeyId {
        KeyId(id.into())
    }

    /// The id that a key has by the specification: the SHA-256 digest of the canonical form of its key object (TUF 4.2, `KEYID`).
    pub fn of(key: &PublicKey) -> KeyId {
        KeyId(hex::encode(&sha256(&crate::json::Value::from(key_object(key)).canonical())))
    }

    /// The id as it stands in the file.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The first twenty characters, which of a digest are 80 bits: people compare them and read them out, and nobody can make another key
    /// whose id begins so.
    pub fn short(&self) -> &str {
        self.0.char_indices().nth(20).map_or(&self.0, |(end, _)| &self.0[..end])
    }

    pub(crate) fn read(node: Node<'_>) -> Result<KeyId, FormatError> {
        node.string().map(|id| KeyId(id.into_owned()))
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// The key object that we publish: `keytype`, `keyval`, `scheme`, and nothing else.
pub fn key_object(key: &PublicKey) -> ValueMembers {
    let tuf = key.to_tuf();
    ValueMembers::new()
        .with("keytype", tuf.keytype)
        .with("keyval", ValueMembers::new().with("public", tuf.public))
        .with("scheme", tuf.scheme)
}

/// A key that a file lists. It may be of a kind that is not known here: then it counts for nothing, and is no fault of the file.
#[derive(Clone, Debug)]
pub struct Key {
    usable: Result<PublicKey, UnusableKey>,
    /// The digest of the canonical key object as it arrived, with every member.
    object_digest: [u8; 32],
}

impl Key {
    /// The key, or why it cannot be used.
    ///
    /// # Errors
    /// If the kind, the scheme or the encoding is not one that can be verified with.
    pub fn usable(&self) -> Result<&PublicKey, &UnusableKey> {
        self.usable.as_ref()
    }

    /// Whether `id` is the hash of the key object as it arrived. It need not be.
    pub fn hashes_to(&self, id: &KeyId) -> bool {
        hex::encode(&self.object_digest) == id.0
    }

    fn read(node: Node<'_>) -> Result<Key, FormatError> {
        let object = node.object()?;
        let keytype = object.required("keytype")?.string()?;
        let scheme = object.required("scheme")?.string()?;
        let keyval = object.required("keyval")?.object()?;
        // A kind that is not known may keep its public part elsewhere.
        let usable = match keyval.optional("public").and_then(Node::text) {
            Some(public) => PublicKey::from_tuf(&keytype, &scheme, &public),
            None => PublicKey::from_tuf(&keytype, &scheme, ""),
        };
        Ok(Key { usable, object_digest: sha256(&node.canonical()) })
    }
}

/// The keys that a file lists, by declared id.
#[derive(Clone, Debug, Default)]
pub struct Keys(BTreeMap<KeyId, Key>);

impl Keys {
    /// The key with that id.
    pub fn get(&self, id: &KeyId) -> Option<&Key> {
        self.0.get(id)
    }

    /// Ids and keys in order of the ids.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (&KeyId, &Key)> {
        self.0.iter()
    }

    pub(crate) fn read(node: Node<'_>) -> Result<Keys, FormatError> {
        let members = node.object()?.members();
        members.map(|(id, key)| Ok((KeyId(id.into_owned()), Key::read(key)?))).collect::<Result<_, _>>().map(Keys)
    }
}

impl From<&str> for KeyId {
    fn from(id: &str) -> Self {
        KeyId(id.to_owned())
    }
}
