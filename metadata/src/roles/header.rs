//! What all roles have in common.

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;
use core::fmt;
use core::num::NonZeroU64;

use crate::json::{Document, FormatError, Kind, Node, Object};
use crate::keys::key::KeyId;
use crate::roles::expiry::Expiry;
use crate::roles::version::Version;

/// The four top-level roles.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TopLevelRole {
    /// Says whose keys count for what.
    Root,
    /// Says which snapshot is the newest.
    Timestamp,
    /// Says which targets files belong together.
    Snapshot,
    /// Says what is shipped.
    Targets,
}

impl TopLevelRole {
    /// All four, in the order in which a client updates them.
    pub const ALL: [TopLevelRole; 4] =
        [TopLevelRole::Root, TopLevelRole::Timestamp, TopLevelRole::Snapshot, TopLevelRole::Targets];

    /// The role's name in metadata.
    pub fn name(self) -> &'static str {
        match self {
            TopLevelRole::Root => "root",
            TopLevelRole::Timestamp => "timestamp",
            TopLevelRole::Snapshot => "snapshot",
            TopLevelRole::Targets => "targets",
        }
    }
}

impl fmt::Display for TopLevelRole {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// The name of a delegated role: not empty, and not the name of a top-level role. It may hold any character, so it is never a file
/// name without being escaped.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RoleName(String);

impl RoleName {
    /// A delegated role's name, if it may be one.
    pub fn new(name: impl Into<String>) -> Option<RoleName> {
        let name = name.into();
        may_be_delegated(&name).then_some(RoleName(name))
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn read(node: Node<'_>) -> Result<RoleName, FormatError> {
        RoleName::check(node).map(|name| RoleName(name.into_owned()))
    }

    /// Reads a name without keeping it.
    pub(crate) fn check(node: Node<'_>) -> Result<Cow<'_, str>, FormatError> {
        let name = node.string()?;
        match may_be_delegated(&name) {
            true => Ok(name),
            false => Err(node.invalid("a delegated role's name is not empty and not the name of a top-level role")),
        }
    }
}

fn may_be_delegated(name: &str) -> bool {
    !name.is_empty() && TopLevelRole::ALL.iter().all(|role| role.name() != name)
}

impl fmt::Display for RoleName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whose signatures a role needs: some of these keys (TUF 4.3, `ROLE`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleKeys {
    key_ids: Vec<KeyId>,
    threshold: NonZeroU64,
}

impl RoleKeys {
    /// The ids in the order listed, each once.
    pub fn key_ids(&self) -> &[KeyId] {
        &self.key_ids
    }

    /// How many distinct keys have to have signed. It may be more than are listed; then nothing can be signed.
    pub fn threshold(&self) -> u64 {
        self.threshold.get()
    }

    /// Whether `object` says the same.
    pub(crate) fn are_what_stands_in(&self, object: Object<'_>) -> bool {
        let (Some(key_ids), Some(threshold)) = (object.optional("keyids"), object.optional("threshold")) else {
            return false;
        };
        let ids = self.key_ids.iter().map(|id| Some(Cow::Borrowed(id.as_str())));
        threshold.number() == Ok(self.threshold.get())
            && key_ids.kind() == Kind::Array
            && key_ids.elements().map(Node::text).eq(ids)
    }

    pub(crate) fn read(object: Object<'_>) -> Result<RoleKeys, FormatError> {
        let threshold = object.required("threshold")?;
        // 0 would switch verification off.
        let threshold =
            NonZeroU64::new(threshold.number()?).ok_or_else(|| threshold.invalid("a threshold is 1 or more"))?;
        let mut key_ids = Vec::new();
        let mut seen = alloc::collections::BTreeSet::new();
        for node in object.required("keyids")?.array()? {
            let id = KeyId::read(node)?;
            if !seen.insert(id.clone()) {
                return Err(node.invalid("this key id is listed twice for one role"));
            }
            key_ids.push(id);
        }
        Ok(RoleKeys { key_ids, threshold })
    }
}

/// One of the four kinds of signed metadata.
pub trait Role: Sized {
    /// What `_type` says.
    const TYPE: &'static str;

    /// Reads the `signed` part, after its [`Header`].
    ///
    /// # Errors
    /// If it does not have the role's form.
    fn read(header: Header, signed: Object<'_>, document: &Arc<Document>) -> Result<Self, FormatError>;

    /// What every role begins with.
    fn header(&self) -> &Header;

    /// The version of this file.
    fn version(&self) -> Version {
        self.header().version
    }

    /// When this file expires.
    fn expiry(&self) -> Expiry {
        self.header().expiry
    }
}

/// The members that every role has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// The version of the file.
    pub version: Version,
    /// When it expires.
    pub expiry: Expiry,
}

impl Header {
    pub(crate) fn read(signed: Object<'_>, role_type: &'static str) -> Result<Header, FormatError> {
        let declared = signed.required("_type")?;
        if declared.string()? != role_type {
            return Err(declared.invalid(alloc::format!("expected \"{role_type}\": this is another role's file")));
        }
        let spec_version = signed.required("spec_version")?;
        if !is_compatible(&spec_version.string()?) {
            return Err(spec_version.invalid("expected a specification version 1.x or 1.x.y"));
        }
        Ok(Header {
            version: Version::read(signed.required("version")?)?,
            expiry: Expiry::read(signed.required("expires")?)?,
        })
    }
}

/// Two or three numbers, the first of them 1 (TUF 4.3, `SPEC_VERSION`; Sigstore writes "1.0").
fn is_compatible(spec_version: &str) -> bool {
    let parts: Vec<&str> = spec_version.split('.').collect();
    let numeric = |part: &&str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(numeric) && parts[0] == "1"
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_specification_versions_of_the_1_line_are_read_and_no_others() {
        for good in ["1.0", "1.0.31", "1.2.3"] {
            assert!(is_compatible(good), "{good}");
        }
        for bad in ["", "1", "2.0.0", "0.9", "1.0.0.0", "1.x", "1.", "10.0"] {
            assert!(!is_compatible(bad), "{bad}");
        }
    }

    #[test]
    fn a_delegated_role_is_never_called_like_a_top_level_role() {
        assert!(RoleName::new("packages.example.org").is_some());
        assert!(RoleName::new("../escape").is_some());
        for reserved in ["", "root", "timestamp", "snapshot", "targets"] {
            assert!(RoleName::new(reserved).is_none(), "{reserved}");
        }
    }
}
