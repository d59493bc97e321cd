//! Roles that are delegated to one by one, in the order in which they are searched (TUF 4.5, `DELEGATIONS`).

use alloc::borrow::Cow;
use alloc::string::String;
use alloc::sync::Arc;
use alloc::vec::Vec;

use crate::delegations::path_pattern::PathPattern;
use crate::delegations::{Delegate, Delegation, hash_prefixes, patterns};
use crate::hex;
use crate::json::{Document, FormatError, Node};
use crate::roles::digests::sha256;
use crate::roles::header::{RoleKeys, RoleName};
use crate::roles::target::TargetPath;

/// A list of delegations: twelve bytes each beside the document itself, and the keys once for neighbours that need the same, so that
/// sixteen thousand bins cost little more than their bytes.
#[derive(Clone, Debug)]
pub struct ListedRoles {
    document: Arc<Document>,
    roles: Vec<ListedRole>,
    /// Their places in the list, in order of their names.
    by_name: Vec<u32>,
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
        self.keys.get(self.listed(name)?.keys as usize)
    }

    /// Whether the role of that name is listed and may speak about `path`.
    pub(crate) fn delegates(&self, name: &RoleName, path: &TargetPath) -> bool {
        let Some(delegation) = self.listed(name).map(|role| self.node(role)) else { return false };
        let digest = match hash_prefixes(delegation) {
            Some(_) => hex::encode(&sha256(path.as_str().as_bytes())),
            None => String::new(),
        };
        covers(delegation, path, &digest)
    }

    fn listed(&self, name: &RoleName) -> Option<ListedRole> {
        let role = |at: &u32| self.roles[*at as usize];
        let found = self.by_name.binary_search_by(|at| self.name(role(at)).as_deref().cmp(&Some(name.as_str())));
        found.ok().map(|at| role(&self.by_name[at]))
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
        let document = Arc::clone(document);
        let mut listed = ListedRoles { document, roles: Vec::new(), by_name: Vec::new(), keys: Vec::new() };
        for node in node.array()? {
            Delegation::check(node)?;
            let object = node.object()?;
            if !listed.keys.last().is_some_and(|keys| keys.are_what_stands_in(object)) {
                listed.keys.push(RoleKeys::read(object)?);
            }
            let keys = listed.keys.len() as u32 - 1;
            listed.roles.push(ListedRole { position: node.position(), keys });
        }
        listed.sort_by_name()?;
        Ok(listed)
    }

    fn sort_by_name(&mut self) -> Result<(), FormatError> {
        let names = (0_u32..).zip(&self.roles).map(|(at, role)| (self.name(*role), at));
        let mut names: Vec<(Option<Cow<'_, str>>, u32)> = names.collect();
        names.sort();
        if let Some(pair) = names.windows(2).find(|pair| pair[0].0 == pair[1].0) {
            let second = self.node(self.roles[pair[1].1 as usize]);
            return Err(second.invalid("a role is delegated to twice in one list"));
        }
        self.by_name = names.into_iter().map(|(_, at)| at).collect();
        Ok(())
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
    fn each_role_is_found_by_its_name_in_a_list_in_any_order() {
        let rows = ["d", "b", "a", "c"].map(|name| (name, r#"["1"]"#, 1));
        let roles = listed(&rows).unwrap();
        let path = TargetPath::new("x").unwrap();
        for (name, is_listed) in
            [("a", true), ("b", true), ("c", true), ("d", true), ("", false), ("bb", false), ("e", false)]
        {
            let Some(role) = RoleName::new(name) else { continue };
            assert_eq!(
                (roles.role_keys(&role).is_some(), roles.delegates(&role, &path)),
                (is_listed, is_listed),
                "{name}"
            );
        }
        // Found, but not for this target: `*` stops at a slash.
        assert!(!roles.delegates(&RoleName::new("a").unwrap(), &TargetPath::new("x/y").unwrap()));
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
