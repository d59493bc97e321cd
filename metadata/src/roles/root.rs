//! Root: whose keys count for what (TUF 4.3).

use alloc::sync::Arc;

use crate::json::{Document, FormatError, Node, Object};
use crate::keys::key::Keys;
use crate::roles::header::{Header, Role, RoleKeys, TopLevelRole};

/// The signed part of root.json.
#[derive(Clone, Debug)]
pub struct Root {
    header: Header,
    consistent_snapshot: bool,
    keys: Keys,
    root: RoleKeys,
    timestamp: RoleKeys,
    snapshot: RoleKeys,
    targets: RoleKeys,
}

impl Root {
    /// Whether files carry their version, and targets their digest, in their names (TUF 6.2). False where it is not stated.
    pub fn consistent_snapshot(&self) -> bool {
        self.consistent_snapshot
    }

    /// All keys that this root lists.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Whose signatures a top-level role needs.
    pub fn role(&self, role: TopLevelRole) -> &RoleKeys {
        match role {
            TopLevelRole::Root => &self.root,
            TopLevelRole::Timestamp => &self.timestamp,
            TopLevelRole::Snapshot => &self.snapshot,
            TopLevelRole::Targets => &self.targets,
        }
    }
}

impl Role for Root {
    const TYPE: &'static str = "root";

    fn read(header: Header, signed: Object<'_>, _document: &Arc<Document>) -> Result<Self, FormatError> {
        let roles = signed.required("roles")?.object()?;
        let role = |role: TopLevelRole| RoleKeys::read(roles.required(role.name())?.object()?);
        Ok(Root {
            header,
            consistent_snapshot: signed.optional("consistent_snapshot").map(Node::truth).transpose()?.unwrap_or(false),
            keys: Keys::read(signed.required("keys")?)?,
            root: role(TopLevelRole::Root)?,
            timestamp: role(TopLevelRole::Timestamp)?,
            snapshot: role(TopLevelRole::Snapshot)?,
            targets: role(TopLevelRole::Targets)?,
        })
    }

    fn header(&self) -> &Header {
        &self.header
    }
}
