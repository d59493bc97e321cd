//! What a signed file says beyond what a review tells of it in terms of its own: so that nothing is signed unseen.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::spec::PUBLISHED_SPEC_VERSION;
use rootline_metadata::{
    DelegatedRoles, Expiry, KeyId, Keys, Role, RoleKeys, Root, Scope, TargetFile, Targets, TopLevelRole, hex,
    key_object,
};

use super::mark::Mark;
use crate::repository::stated_periods::{EXPIRES_DAYS, SIGNING_DAYS, days, periods};

/// A member or an element of a signed file that nothing else in a review tells of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MemberChange {
    /// Where it stands below `signed`, as a JSON Pointer (RFC 6901).
    pub place: String,
    /// What the version before it says there, as compact JSON.
    pub before: Option<String>,
    /// What the new file says there; nothing if it no longer does. Where a member is missing that every file of ours has: `absent`.
    pub after: Option<String>,
}

impl MemberChange {
    /// What becomes of it.
    pub fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// In one line.
    pub fn text(&self) -> String {
        let place = &self.place;
        match (&self.before, &self.after) {
            (Some(before), Some(after)) if before != after => format!("{place} is {after}, so far {before}"),
            (_, Some(after)) => format!("{place} is {after}"),
            (Some(before), None) => format!("{place} was {before}"),
            (None, None) => place.clone(),
        }
    }
}

/// Whether a top-level role is one of those that root states periods for.
pub(super) fn is_signed_without_people(role: &str) -> bool {
    role == TopLevelRole::Snapshot.name() || role == TopLevelRole::Timestamp.name()
}

/// Everything of two versions, in order of the places.
pub(super) fn compare(mut before: BTreeMap<String, String>, after: BTreeMap<String, String>) -> Vec<MemberChange> {
    let mut changes: Vec<MemberChange> = after
        .into_iter()
        .map(|(place, after)| MemberChange { before: before.remove(&place), place, after: Some(after) })
        .collect();
    changes.extend(before.into_iter().map(|(place, before)| MemberChange { place, before: Some(before), after: None }));
    changes.sort_by(|left, right| left.place.cmp(&right.place));
    changes
}

/// What a root says that a review tells nowhere else: its place, and its value as compact JSON.
pub(super) fn untold_of_root(root: &Root, signed: &ValueMembers) -> BTreeMap<String, String> {
    let roles = TopLevelRole::ALL.map(|role| root.role(role));
    let listed = ListedKeys::of(root.keys(), roles);
    let stated = |role: &str| signed.get("roles").and_then(|roles| periods(roles.get(role)?)).is_some();
    let is_covered = |place: &[&str], value: &Value| match place {
        ["consistent_snapshot"] => *value == Value::Bool(true),
        ["keys"] => is_empty(value),
        ["keys", id] => listed.is_covered(id, value),
        ["roles", role, "keyids"] => is_role(role) && is_in_order(value),
        ["roles", role, "threshold"] => is_role(role),
        ["roles", role, EXPIRES_DAYS | SIGNING_DAYS] => is_signed_without_people(role) && stated(role),
        _ => is_told_of_every_file(place, value, TopLevelRole::Root, root.expiry()),
    };
    let mut found = uncovered(signed, &is_covered);
    if signed.get("consistent_snapshot").is_none() {
        // Readers take it for false.
        found.insert(pointer(&["consistent_snapshot"]), "absent".to_owned());
    }
    found
}

/// What a targets file says that a review tells nowhere else.
pub(super) fn untold_of_targets(targets: &Targets, signed: &ValueMembers) -> BTreeMap<String, String> {
    let files: BTreeMap<_, TargetFile> = targets.targets().filter_map(|(name, file)| Some((name, file?))).collect();
    let (scopes, listed) = match targets.delegations() {
        None => (Vec::new(), ListedKeys::default()),
        Some(delegations) => match delegations.roles() {
            DelegatedRoles::HashBins(bins) => (Vec::new(), ListedKeys::of(delegations.keys(), [bins.keys()])),
            DelegatedRoles::Listed(roles) => {
                let roles: Vec<_> = roles.iter().collect();
                let listed = ListedKeys::of(delegations.keys(), roles.iter().map(|role| role.keys()));
                (roles.iter().map(|role| matches!(role.scope(), Scope::Patterns(_))).collect(), listed)
            }
        },
    };
    let is_by_patterns = |at: &str| at.parse::<usize>().ok().and_then(|at| scopes.get(at).copied());
    // Of digests a review tells the one that the file is published under.
    let is_first_digest = |file: &TargetFile, algorithm: &str, value: &Value| {
        let first = file.digests.each().next();
        first.is_some_and(|(name, digest)| name == algorithm && value.as_text() == Some(&hex::encode(digest)))
    };
    let is_covered = |place: &[&str], value: &Value| match place {
        ["targets"] | ["delegations", "keys"] => is_empty(value),
        ["targets", name, "length" | "custom"] => files.contains_key(*name),
        ["targets", name, "hashes", algorithm] => {
            files.get(*name).is_some_and(|file| is_first_digest(file, algorithm, value))
        }
        ["delegations", "keys", id] => listed.is_covered(id, value),
        ["delegations", "succinct_roles", "bit_length" | "name_prefix" | "threshold"] => true,
        ["delegations", "succinct_roles", "keyids"] | ["delegations", "roles", _, "keyids"] => is_in_order(value),
        ["delegations", "roles", _, "name" | "threshold" | "terminating"] => true,
        ["delegations", "roles", at, "paths"] => is_by_patterns(at) == Some(true),
        ["delegations", "roles", at, "path_hash_prefixes"] => is_by_patterns(at) == Some(false),
        _ => is_told_of_every_file(place, value, TopLevelRole::Targets, targets.expiry()),
    };
    uncovered(signed, &is_covered)
}

/// What every signed file has: what it is, for which version of the specification, which version it is, and when it expires.
fn is_told_of_every_file(place: &[&str], value: &Value, role: TopLevelRole, expiry: Expiry) -> bool {
    match place {
        ["_type"] => value.as_text() == Some(role.name()),
        ["spec_version"] => value.as_text() == Some(PUBLISHED_SPEC_VERSION),
        ["expires"] => value.as_text() == Some(&*expiry.to_text()),
        ["version"] => true,
        [SIGNING_DAYS] => days(value).is_some(),
        _ => false,
    }
}

fn is_role(name: &str) -> bool {
    TopLevelRole::ALL.iter().any(|role| role.name() == name)
}

fn is_empty(value: &Value) -> bool {
    value.as_object().is_some_and(ValueMembers::is_empty)
}

/// Whether ids stand in the order in which they are written here. Another order means nothing, and is signed all the same.
fn is_in_order(ids: &Value) -> bool {
    let ids: Vec<Option<&str>> = ids.as_array().unwrap_or_default().iter().map(Value::as_text).collect();
    ids.is_sorted()
}

/// The keys of a file that are covered by their ids, as those of a role.
#[derive(Default)]
struct ListedKeys {
    objects: BTreeMap<String, Vec<u8>>,
}

impl ListedKeys {
    /// Those that a role lists, and whose id is the digest of the key object as it is written here: then the id says all of it.
    fn of<'a>(keys: &Keys, roles: impl IntoIterator<Item = &'a RoleKeys>) -> ListedKeys {
        let listed: BTreeSet<&KeyId> = roles.into_iter().flat_map(|role| role.key_ids()).collect();
        let told = |id: &KeyId| {
            let key = keys.get(id)?.usable().ok().filter(|key| KeyId::of(key) == *id)?;
            Some((id.as_str().to_owned(), Value::from(key_object(key)).canonical()))
        };
        ListedKeys { objects: listed.into_iter().filter_map(told).collect() }
    }

    fn is_covered(&self, id: &str, object: &Value) -> bool {
        self.objects.get(id).is_some_and(|known| *known == object.canonical())
    }
}

/// All members and elements that are not covered, the innermost.
fn uncovered(signed: &ValueMembers, is_covered: &dyn Fn(&[&str], &Value) -> bool) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    for (name, value) in signed.iter() {
        visit(&[name], value, is_covered, &mut found);
    }
    found
}

fn visit(
    place: &[&str],
    value: &Value,
    is_covered: &dyn Fn(&[&str], &Value) -> bool,
    found: &mut BTreeMap<String, String>,
) {
    if is_covered(place, value) {
        return;
    }
    // As deep as the reader of these files goes.
    match value {
        Value::Object(members) if !members.is_empty() => {
            members.iter().for_each(|(name, value)| visit(&[place, &[name]].concat(), value, is_covered, found));
        }
        Value::Array(elements) if !elements.is_empty() => {
            for (at, value) in elements.iter().enumerate() {
                visit(&[place, &[at.to_string().as_str()]].concat(), value, is_covered, found);
            }
        }
        other => {
            found.insert(pointer(place), other.compact());
        }
    }
}

/// RFC 6901, 3.
fn pointer(place: &[&str]) -> String {
    place.iter().map(|name| format!("/{}", name.replace('~', "~0").replace('/', "~1"))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_json_pointer() {
        assert_eq!(pointer(&["roles", "a/b~c", "0"]), "/roles/a~1b~0c/0");
    }

    #[test]
    fn what_is_not_told_is_listed_to_its_last_leaf() {
        let members = Value::parse(br#"{"told": {"a": 1}, "b": {"c": [true, {}], "d": []}}"#, 100).unwrap();
        let is_covered = |place: &[&str], _: &Value| place == ["told"];
        let found = uncovered(members.as_object().unwrap(), &is_covered);
        let found: Vec<(&str, &str)> = found.iter().map(|(place, value)| (&**place, &**value)).collect();
        assert_eq!(found, [("/b/c/0", "true"), ("/b/c/1", "{}"), ("/b/d", "[]")]);
    }

    #[test]
    fn a_member_is_told_with_what_it_was() {
        let told = |before: Option<&str>, after: Option<&str>| {
            let own = |text: Option<&str>| text.map(str::to_owned);
            let member = MemberChange { place: "/x".to_owned(), before: own(before), after: own(after) };
            (member.mark(), member.text())
        };
        assert_eq!(told(None, Some("1")), (Mark::Added, "/x is 1".to_owned()));
        assert_eq!(told(Some("1"), Some("1")), (Mark::Stays, "/x is 1".to_owned()));
        assert_eq!(told(Some("1"), Some("2")), (Mark::Changed, "/x is 2, so far 1".to_owned()));
        assert_eq!(told(Some("1"), None), (Mark::Removed, "/x was 1".to_owned()));
    }
}
