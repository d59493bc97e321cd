//! Who may ship what on behalf of a targets role (TUF 4.5, `DELEGATIONS`; TAP 15).

pub(crate) mod hash_bins;
pub(crate) mod listed;
pub(crate) mod path_pattern;

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::delegations::hash_bins::HashBins;
use crate::delegations::listed::ListedRoles;
use crate::delegations::path_pattern::PathPattern;
use crate::hex;
use crate::json::{Document, Elements, FormatError, Node};
use crate::keys::key::Keys;
use crate::roles::digests::sha256;
use crate::roles::header::{RoleKeys, RoleName};
use crate::roles::target::TargetPath;
use crate::signed::quorum::Authority;

/// The delegations of one targets role, in the order in which they are searched.
#[derive(Clone, Debug)]
pub struct Delegations {
    keys: Keys,
    roles: DelegatedRoles,
}

/// Either a list of roles, or hash bins.
#[derive(Clone, Debug)]
pub enum DelegatedRoles {
    /// Roles that are searched in this order.
    Listed(ListedRoles),
    /// As many roles as there are bins; every target has exactly one (TAP 15).
    HashBins(HashBins),
}

/// One delegation: to whom, and for which targets.
#[derive(Clone, Debug)]
pub struct Delegation {
    name: RoleName,
    keys: RoleKeys,
    scope: Scope,
    terminating: bool,
}

/// Which targets a delegation is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// Those whose name fits one of the patterns.
    Patterns(Vec<PathPattern>),
    /// Those the SHA-256 digest of whose name begins, in hex, with one of these.
    HashPrefixes(Vec<String>),
}

impl Scope {
    /// Whether a target of that name is one of them.
    pub fn covers(&self, path: &TargetPath) -> bool {
        match self {
            Scope::Patterns(patterns) => patterns.iter().any(|pattern| pattern.matches(path.as_str())),
            Scope::HashPrefixes(prefixes) => {
                let digest = hex::encode(&sha256(path.as_str().as_bytes()));
                prefixes.iter().any(|prefix| digest.starts_with(prefix))
            }
        }
    }
}

/// A role that a search goes on to.
#[derive(Clone, Debug)]
pub struct Delegate<'a> {
    /// Its name.
    pub name: RoleName,
    /// Whose signatures it needs.
    pub keys: &'a RoleKeys,
    /// Whether the search ends with it, and what it delegates to, found or not.
    pub terminating: bool,
}

impl Delegation {
    /// The role's name.
    pub fn name(&self) -> &RoleName {
        &self.name
    }

    /// Whose signatures the role needs.
    pub fn keys(&self) -> &RoleKeys {
        &self.keys
    }

    /// Which targets it is about.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// Whether a search that comes here ends here.
    pub fn is_terminating(&self) -> bool {
        self.terminating
    }

    pub(crate) fn read(node: Node<'_>) -> Result<Delegation, FormatError> {
        Delegation::check(node)?;
        let object = node.object()?;
        let texts = |nodes: Elements<'_>| nodes.filter_map(|node| node.text().map(Cow::into_owned)).collect::<Vec<_>>();
        let scope = match patterns(node) {
            Some(patterns) => Scope::Patterns(texts(patterns).into_iter().map(PathPattern::new).collect()),
            None => Scope::HashPrefixes(hash_prefixes(node).map(texts).unwrap_or_default()),
        };
        Ok(Delegation {
            name: RoleName::read(object.required("name")?)?,
            keys: RoleKeys::read(object)?,
            scope,
            terminating: object.required("terminating")?.truth()?,
        })
    }

    /// Reads all but the keys without keeping it.
    pub(crate) fn check(node: Node<'_>) -> Result<(), FormatError> {
        let object = node.object()?;
        match (object.optional("paths"), object.optional("path_hash_prefixes")) {
            (Some(patterns), None) => patterns.array()?.try_for_each(|pattern| pattern.string().map(|_| ()))?,
            (None, Some(prefixes)) => prefixes.array()?.try_for_each(check_prefix)?,
            _ => return Err(node.invalid("exactly one of `paths` and `path_hash_prefixes` is needed")),
        }
        RoleName::check(object.required("name")?)?;
        object.required("terminating")?.truth().map(|_| ())
    }
}

/// The patterns of a delegation, if it has them.
pub(crate) fn patterns(delegation: Node<'_>) -> Option<Elements<'_>> {
    delegation.get("paths").map(Node::elements)
}

/// The prefixes of digests of a delegation, if it has them.
pub(crate) fn hash_prefixes(delegation: Node<'_>) -> Option<Elements<'_>> {
    delegation.get("path_hash_prefixes").map(Node::elements)
}

impl Delegations {
    /// The keys that these delegations list.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// The roles.
    pub fn roles(&self) -> &DelegatedRoles {
        &self.roles
    }

    /// The roles that may speak about `path`, in the order in which they are searched.
    pub fn delegates_for(&self, path: &TargetPath) -> Vec<Delegate<'_>> {
        match &self.roles {
            DelegatedRoles::Listed(roles) => roles.delegates_for(path),
            // A target has one bin, so nothing could follow.
            DelegatedRoles::HashBins(bins) => bins
                .bin_for(path)
                .map(|name| Delegate { name, keys: bins.keys(), terminating: true })
                .into_iter()
                .collect(),
        }
    }

    /// Whether the role of that name is delegated to and may speak about `path`. The other roles are not looked at.
    pub fn delegates(&self, name: &RoleName, path: &TargetPath) -> bool {
        match &self.roles {
            DelegatedRoles::Listed(roles) => roles.delegates(name, path),
            DelegatedRoles::HashBins(bins) => bins.bin_for(path).as_ref() == Some(name),
        }
    }

    /// Whose signatures the role of that name needs. Only of this name: asking for a role that is not delegated gives nothing.
    pub fn role_keys(&self, name: &RoleName) -> Option<&RoleKeys> {
        match &self.roles {
            DelegatedRoles::Listed(roles) => roles.role_keys(name),
            DelegatedRoles::HashBins(bins) => bins.is_bin(name).then(|| bins.keys()),
        }
    }

    /// Whose signatures the role of that name needs, with the keys to check them. Only of this name, as [`Delegations::role_keys`].
    pub fn authority(&self, name: &RoleName) -> Option<Authority<'_>> {
        self.role_keys(name).map(|role| Authority { keys: &self.keys, role })
    }

    pub(crate) fn read(node: Node<'_>, document: &Arc<Document>) -> Result<Delegations, FormatError> {
        let object = node.object()?;
        let roles = match (object.optional("roles"), object.optional("succinct_roles")) {
            (Some(roles), None) => DelegatedRoles::Listed(ListedRoles::read(roles, document)?),
            (None, Some(bins)) => DelegatedRoles::HashBins(HashBins::read(bins)?),
            _ => return Err(node.invalid("exactly one of `roles` and `succinct_roles` is needed")),
        };
        Ok(Delegations { keys: Keys::read(object.required("keys")?)?, roles })
    }
}

fn check_prefix(prefix: Node<'_>) -> Result<(), FormatError> {
    let text = prefix.string()?;
    if text.len() > 64 || !text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f')) {
        return Err(prefix.invalid("expected up to 64 lowercase hex digits"));
    }
    Ok(())
}
