//! What one metadata file says about another.

use crate::json::{FormatError, Node, Value, ValueMembers};
use crate::roles::digests::Digests;
use crate::roles::version::Version;

/// What timestamp says about snapshot, and snapshot about a targets role (TUF 4.4 and 4.6, `METAFILES`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaFile {
    /// The version that the file has.
    pub version: Version,
    /// Its length in bytes, where it is stated.
    pub length: Option<u64>,
    /// Its digests, where they are stated.
    pub digests: Option<Digests>,
}

impl MetaFile {
    /// The full meta file of these bytes, as we publish it: version, length and SHA-256.
    pub fn of(version: Version, bytes: &[u8]) -> MetaFile {
        MetaFile { version, length: Some(bytes.len() as u64), digests: Some(Digests::of(bytes)) }
    }

    /// As it is published.
    pub fn to_value(&self) -> Value {
        let mut members = ValueMembers::new();
        if let Some(digests) = &self.digests {
            members.insert("hashes", digests.to_value());
        }
        if let Some(length) = self.length {
            members.insert("length", length.into());
        }
        members.with("version", self.version.number()).into()
    }

    pub(crate) fn read(node: Node<'_>) -> Result<MetaFile, FormatError> {
        let object = node.object()?;
        Ok(MetaFile {
            version: Version::read(object.required("version")?)?,
            length: object.optional("length").map(Node::number).transpose()?,
            digests: object.optional("hashes").map(Digests::read).transpose()?,
        })
    }
}
