//! Keys that are fixed by their names.

use std::fmt;
use std::sync::Arc;

use rootline_ceremonies::{KeyKind, SecretKey};
use rootline_metadata::json::Value;
use rootline_metadata::{KeyId, key_object, sha256};

/// A key of the simulated repository, with the id and the key object under which files list it. Keys of the same name are the same key.
#[derive(Clone)]
pub struct Key {
    secret: Arc<SecretKey>,
    id: String,
    object: Value,
}

impl Key {
    /// The key of that name: Ed25519 or P-256, as the name has it.
    pub fn named(name: &str) -> Key {
        let kind = if sha256(name.as_bytes())[31].is_multiple_of(2) { KeyKind::Ed25519 } else { KeyKind::EcdsaP256 };
        Key::of_kind(kind, name)
    }

    /// The key of that name and kind.
    pub fn of_kind(kind: KeyKind, name: &str) -> Key {
        let secret = SecretKey::from_seed(kind, &sha256(name.as_bytes()));
        let public = secret.public_key();
        let id = KeyId::of(&public).as_str().to_owned();
        Key { secret: Arc::new(secret), id, object: Value::from(key_object(&public)) }
    }

    /// Several keys by their names.
    pub fn all<const N: usize>(names: [&str; N]) -> Vec<Key> {
        names.into_iter().map(Key::named).collect()
    }

    /// The id under which it is listed.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// The key object as it is listed.
    pub fn object(&self) -> &Value {
        &self.object
    }

    /// The private half.
    pub fn secret(&self) -> &SecretKey {
        &self.secret
    }

    /// The same key under another id.
    #[must_use]
    pub fn under_id(mut self, id: &str) -> Key {
        self.id = id.to_owned();
        self
    }

    /// The same key, listed as this object: with more members, say, or as another kind than it is.
    #[must_use]
    pub fn listed_as(mut self, object: Value) -> Key {
        self.object = object;
        self
    }

    /// Its signature.
    pub fn sign(&self, message: &[u8]) -> Vec<u8> {
        self.secret.sign(message)
    }
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Key({})", self.id)
    }
}
