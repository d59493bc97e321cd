//! What a targets role says about one file.

use alloc::string::String;
use core::fmt;

use crate::json::{FormatError, Node, Value, ValueMembers};
use crate::roles::digests::Digests;

/// The name of a target: not empty (TUF 4.5, `TARGETPATH`). It may hold any character, `..` and a leading `/` included, so it is never
/// a file name without care.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TargetPath(String);

impl TargetPath {
    /// A target's name, if it may be one.
    pub fn new(path: impl Into<String>) -> Option<TargetPath> {
        let path = path.into();
        (!path.is_empty()).then_some(TargetPath(path))
    }

    /// A name that stands in the program. An empty one names no target that any repository could list.
    pub fn from_static(path: &'static str) -> TargetPath {
        TargetPath(path.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for TargetPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Length, digests and what else a targets role says about one file (TUF 4.5, `TARGETS`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TargetFile {
    /// Its length in bytes.
    pub length: u64,
    /// Its digests.
    pub digests: Digests,
    /// What the repository adds for its users; none of it is interpreted here.
    pub custom: Option<Value>,
}

impl TargetFile {
    /// What we publish about a file.
    pub fn of(bytes: &[u8]) -> TargetFile {
        TargetFile { length: bytes.len() as u64, digests: Digests::of(bytes), custom: None }
    }

    /// Whether `bytes` are that file.
    pub fn matches(&self, bytes: &[u8]) -> bool {
        self.length == bytes.len() as u64 && self.digests.match_bytes(bytes)
    }

    /// As it is published.
    pub fn to_value(&self) -> Value {
        let mut members = ValueMembers::new();
        if let Some(custom) = &self.custom {
            members.insert("custom", custom.clone());
        }
        members.with("hashes", self.digests.to_value()).with("length", self.length).into()
    }

    pub(crate) fn read(node: Node<'_>) -> Result<TargetFile, FormatError> {
        let (length, digests, custom) = TargetFile::parts(node)?;
        Ok(TargetFile { length, digests, custom: custom.map(Value::from) })
    }

    /// Reads an entry without keeping it.
    pub(crate) fn check(node: Node<'_>) -> Result<(), FormatError> {
        TargetFile::parts(node).map(|_| ())
    }

    fn parts(node: Node<'_>) -> Result<(u64, Digests, Option<Node<'_>>), FormatError> {
        let object = node.object()?;
        let length = object.required("length")?.number()?;
        let digests = Digests::read(object.required("hashes")?)?;
        let custom = object.optional("custom").map(|custom| custom.object().map(|custom| custom.node())).transpose()?;
        Ok((length, digests, custom))
    }
}
