//! Roles that are delegated to one by one, in the order in which they are searched (TUF 4.5, `DELEGATIONS`).

use alloc::borrow::Cow;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::delegations::path_pattern::PathPattern;
use crate::delegations::{Delegate, Delegation, hash_prefixes, patterns};
use crate::hex;
use crate::json::{Document, FormatError, Node};
use crate::roles::digests::sha256;
use crate::roles::header::{RoleKeys, RoleName};
use crate::roles::target::TargetPath;

/// A list of delegations: eight bytes each beside the document itself, and the keys once for neighbours that need the same, so that
/// sixteen thousand bins cost little more than their bytes.
#[derive(Clone, Debug)]
pub struct ListedRoles {
    document: Arc<Document>,
    roles: Vec<ListedRole>,
    keys: Vec<RoleKeys>,
}

/// Where the delegation stands in the document, and its keys in the list of keys.
#[derive(Clone, Copy, Debug)]
struct ListedRole {
    position: u32,
    keys: u32,
}

impl ListedRoles {
    /// How many there are.
    pub fn len(&self) -> usize {
        self.roles.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.roles.is_empty()
    }

    /// The delegations in their order.
    pub fn iter(&self) -> impl Iterator<Item = Delegation> {
        // Each was read once when the file was, so reading it again does not fail.
        self.roles.iter().filter_map(|role| Delegation::read(self.node(*role)).ok())
    }

    /// Those that may speak about `path`.
    pub(crate) fn delegates_for(&self, path: &TargetPath) -> Vec<Delegate<'_>> {
        let digest = hex::encode(&sha256(path.as_str().as_bytes()));
        let covering = self.roles.iter().filter(|role| covers(self.node(**role), path, &digest));
        covering.filter_map(|role| self.delegate(*role)).collect()
    }

    /// Whose signatures the role of that name needs.
    pub(crate) fn role_keys(&self, name: &RoleName) -> Option<&RoleKeys> {
        let role = self.roles.iter().find(|role| self.name(**role).as_deref() == Some(name.as_str()))?;
        self.keys.get(role.keys as usize)
    }

    fn delegate(&self, role: ListedRole) -> Option<Delegate<'_>> {
        Some(Delegate {
            name: RoleName::new(self.name(role)?)?,
            keys: self.keys.get(role.keys as usize)?,
            terminating: self.node(role).get("terminating")?.truth().ok()?,
        })
    }

    fn node(&self, role: ListedRole) -> Node<'_> {
        self.document.node(role.position)
    }

    fn name(&self, role: ListedRole) -> Option<Cow<'_, str>> {
        self.node(role).get("name")?.text()
    }

    /// Reads a list, an array of `document`.
    pub(crate) fn read(node: Node<'_>, document: &Arc<Document>) -> Result<ListedRoles, FormatError> {
        let mut listed = ListedRoles { document: Arc::clone(document), roles: Vec::new(), keys: Vec::new() };
        for node in node.array()? {
            Delegation::check(node)?;
            let object = node.object()?;
            if !listed.keys.last().is_some_and(|keys| keys.are_what_stands_in(object)) {
                listed.keys.push(RoleKeys::read(object)?);
            }
            let keys = listed.keys.len() as u32 - 1;
            listed.roles.push(ListedRole { position: node.position(), keys });
        }
        listed.refuse_duplicates()?;
        Ok(listed)
    }

    fn refuse_duplicates(&self) -> Result<(), FormatError> {
        let mut names: Vec<(Option<Cow<'_, str>>, u32)> =
            self.roles.iter().map(|role| (self.name(*role), role.position)).collect();
        names.sort();
        match names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            Some(pair) => Err(self.document.node(pair[1].1).invalid("a role is delegated to twice in one list")),
            None => Ok(()),
        }
    }
}

/// Whether a delegation is about `path`, whose digest is `digest` in hex.
fn covers(delegation: Node<'_>, path: &TargetPath, digest: &str) -> bool {
    let mut patterns = patterns(delegation).into_iter().flatten();
    let mut prefixes = hash_prefixes(delegation).into_iter().flatten();
    patterns.any(|node| node.text().is_some_and(|pattern| PathPattern::new(pattern).matches(path.as_str())))
        || prefixes.any(|node| node.text().is_some_and(|prefix| digest.starts_with(&*prefix)))
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::{String, ToString};

    use super::*;
    use crate::keys::key::KeyId;

    fn listed(roles: &[(&str, &str, u64)]) -> Result<ListedRoles, FormatError> {
        let roles: Vec<String> = roles
            .iter()
            .map(|(name, keys, threshold)| {
                format!(
                    r#"{{"name":"{name}","keyids":{keys},"threshold":{threshold},"paths":["*"],"terminating":false}}"#
                )
            })
            .collect();
        let document = Arc::new(Document::parse(format!("[{}]", roles.join(",")).into_bytes(), 10_000).unwrap());
        ListedRoles::read(document.top(), &document)
    }

    #[test]
    fn neighbours_share_keys_only_where_these_are_the_same() {
        let rows = [
            ("a", r#"["1"]"#, 1),
            ("b", r#"["1"]"#, 1),
            ("c", r#"["1","2"]"#, 1),
            ("d", r#"["1","2"]"#, 2),
            ("e", r#"["2","1"]"#, 2),
            ("f", r#"[]"#, 2),
            ("g", r#"["1"]"#, 2),
            ("h", r#"["1"]"#, 1),
        ];
        let roles = listed(&rows).unwrap();
        assert_eq!((roles.len(), roles.keys.len()), (8, 7));
        for ((name, keys, threshold), delegation) in rows.into_iter().zip(roles.iter()) {
            let found = roles.role_keys(&RoleName::new(name).unwrap()).unwrap();
            assert_eq!((found, delegation.name().as_str()), (delegation.keys(), name));
            let ids: Vec<&str> = found.key_ids().iter().map(KeyId::as_str).collect();
            assert_eq!((format!("{ids:?}").replace(", ", ","), found.threshold()), (keys.to_string(), threshold));
        }
        assert_eq!(roles.role_keys(&RoleName::new("i").unwrap()), None);
    }

    #[test]
    fn keys_are_checked_also_where_the_neighbour_has_nearly_the_same() {
        for (keys, threshold) in [(r#"["1","1"]"#, 1), (r#"["1"]"#, 0), (r#"["1",2]"#, 1), (r#""1""#, 1), ("{}", 1)] {
            assert!(listed(&[("a", r#"["1"]"#, 1), ("b", keys, threshold)]).is_err(), "{keys} {threshold}");
        }
    }

    #[test]
    fn a_role_is_listed_once_wherever_the_other_stands() {
        for (names, second) in [(["a", "a", "b"], "1"), (["a", "b", "a"], "2"), (["b", "a", "b"], "2")] {
            let error = listed(&names.map(|name| (name, r#"["1"]"#, 1))).unwrap_err();
            assert!(error.to_string().contains("a role is delegated to twice in one list"), "{error}");
            assert_eq!(error.place.path, second, "{names:?}");
        }
    }
}
