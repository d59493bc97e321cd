//! Signatures as a file lists them.

use alloc::collections::BTreeSet;
use alloc::vec::Vec;

use crate::hex;
use crate::json::{FormatError, Node, Value, ValueMembers};
use crate::keys::key::KeyId;

/// One entry of `signatures`: a key's id, and what it is said to have signed. The kind of the signature is not in it; that comes from
/// the key alone.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Signature {
    /// The id of the key.
    pub key_id: KeyId,
    /// The signature; nothing if it was not hex. It may be empty: real files hold such entries.
    pub bytes: Option<Vec<u8>>,
}

impl Signature {
    /// As it is published.
    pub fn to_value(&self) -> Value {
        let bytes = self.bytes.as_deref().unwrap_or_default();
        ValueMembers::new().with("keyid", self.key_id.as_str()).with("sig", hex::encode(bytes)).into()
    }

    pub(crate) fn read_all(node: Node<'_>) -> Result<Vec<Signature>, FormatError> {
        let mut seen = BTreeSet::new();
        node.array()?
            .map(|entry| {
                let object = entry.object()?;
                let key_id = KeyId::read(object.required("keyid")?)?;
                let bytes = hex::decode(&object.required("sig")?.string()?);
                if !seen.insert(key_id.clone()) {
                    return Err(entry.invalid("a second signature under the same key id"));
                }
                Ok(Signature { key_id, bytes })
            })
            .collect()
    }
}
