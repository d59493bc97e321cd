//! Whose signatures a role needs, before and after: keys, and the people behind them.

use std::collections::BTreeSet;

use rootline_metadata::{KeyId, TopLevelRole};

use super::mark::Mark;
use super::periods::Validity;
use crate::attestation::Attestation;
use crate::model::name::Name;
use crate::model::period::Periods;
use crate::model::role_version::RoleVersion;

/// Whose keys count for a role.
#[derive(Clone, Debug)]
pub struct AuthorityChange {
    /// The file that says so.
    pub by: RoleVersion,
    /// The role; bins are one, named by the first and the last of them.
    pub role: String,
    /// How many had to sign.
    pub threshold_before: Option<u64>,
    /// How many have to sign.
    pub threshold_after: u64,
    /// How long its versions held, where the file before said so: of roles that are signed without people.
    pub periods_before: Option<Periods>,
    /// How long its versions hold from now on, where the file says so.
    pub periods: Option<Periods>,
    /// Keys that count from now on.
    pub joins: Vec<ListedKey>,
    /// Keys that counted and no longer do.
    pub leaves: Vec<ListedKey>,
    /// Keys that go on counting.
    pub stays: Vec<ListedKey>,
}

/// A key and whose it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ListedKey {
    /// The keyholder; `None` if no keyholder has it.
    pub owner: Option<Name>,
    /// The keyholder's name as people write it; empty if no keyholder has it.
    pub display_name: String,
    /// The key's id: the SHA-256 digest of its key object.
    pub key_id: KeyId,
    /// Its scheme, as metadata has it.
    pub scheme: &'static str,
    /// What is verified of the token that the key is in, where there is something.
    pub attestation: Option<Attestation>,
}

impl ListedKey {
    /// Who it is, for a sentence: `Alice Example (alice)`.
    pub fn person(&self) -> String {
        match &self.owner {
            Some(name) if self.display_name.is_empty() || self.display_name == name.as_str() => name.to_string(),
            Some(name) => format!("{} ({name})", self.display_name),
            None => format!("nobody known, key {}", self.key_id.short()),
        }
    }

    /// People count, not keys: whose key it is, or the key where it is nobody's.
    fn counted_as(&self) -> &str {
        self.owner.as_ref().map_or(self.key_id.as_str(), Name::as_str)
    }
}

impl AuthorityChange {
    /// All keys that count or counted, with what becomes of each: who joins, who leaves, who stays.
    pub fn keys(&self) -> impl Iterator<Item = (Mark, &ListedKey)> + Clone {
        let joins = self.joins.iter().map(|key| (Mark::Added, key));
        let leaves = self.leaves.iter().map(|key| (Mark::Removed, key));
        joins.chain(leaves).chain(self.stays.iter().map(|key| (Mark::Stays, key)))
    }

    /// How long its versions hold, where the file says so.
    pub fn validity(&self) -> Validity {
        let days = |periods: Periods| (periods.expires.number(), periods.signing.number());
        Validity { before: self.periods_before.map(days), after: self.periods.map(days) }
    }

    /// How many people can sign from now on.
    pub fn people(&self) -> usize {
        self.count(|mark| mark != Mark::Removed)
    }

    /// How many could.
    pub fn people_before(&self) -> usize {
        self.count(|mark| mark != Mark::Added)
    }

    /// Whether anything about it is another.
    pub fn is_changed(&self) -> bool {
        self.threshold_before != Some(self.threshold_after)
            || self.validity().mark() != Mark::Stays
            || !self.joins.is_empty()
            || !self.leaves.is_empty()
    }

    /// Whether it is signed with online keys: snapshot and timestamp.
    pub fn is_online(&self) -> bool {
        self.role == TopLevelRole::Snapshot.name() || self.role == TopLevelRole::Timestamp.name()
    }

    /// Whether another role has the same keys, and the same becomes of each.
    pub fn has_keys_of(&self, other: &AuthorityChange) -> bool {
        self.keys().eq(other.keys())
    }

    /// Whether the owner of a key had another one here, or has another one from now on: then nobody comes or goes.
    pub fn changes_keys(&self, key: &ListedKey) -> bool {
        let has = |keys: &[ListedKey]| keys.iter().any(|other| other.owner.is_some() && other.owner == key.owner);
        has(&self.joins) && has(&self.leaves)
    }

    /// What becomes of a key, in one word.
    pub fn word(&self, mark: Mark, key: &ListedKey) -> &'static str {
        match (mark, self.changes_keys(key)) {
            (Mark::Added, false) => "joins",
            (Mark::Added, true) => "new key",
            (Mark::Removed, false) => "leaves",
            (Mark::Removed, true) => "old key",
            (Mark::Changed | Mark::Stays, _) => "stays",
        }
    }

    /// Whether no other file of the ceremony says who signs this role.
    pub fn is_only(&self, all: &[AuthorityChange]) -> bool {
        all.iter().all(|other| other.role != self.role || other.by == self.by)
    }

    /// The name of the role, with the file that says who signs it where a ceremony makes several roots.
    pub(super) fn title(&self, all: &[AuthorityChange]) -> String {
        if self.is_only(all) { self.role.clone() } else { format!("{} (from {} on)", self.role, self.by) }
    }

    fn count(&self, counts: impl Fn(Mark) -> bool) -> usize {
        let people = self.keys().filter(|(mark, _)| counts(*mark)).map(|(_, key)| key.counted_as());
        people.collect::<BTreeSet<_>>().len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};

    fn authority(by: &str, threshold_before: Option<u64>, threshold_after: u64) -> AuthorityChange {
        AuthorityChange {
            by: RoleVersion::parse(by).unwrap(),
            role: "root".to_owned(),
            threshold_before,
            threshold_after,
            periods_before: None,
            periods: None,
            joins: Vec::new(),
            leaves: Vec::new(),
            stays: Vec::new(),
        }
    }

    #[test]
    fn where_there_are_several_roots_each_role_says_whose_it_is() {
        let of_root = |file: &str| AuthorityChange { role: "targets".to_owned(), ..authority(file, None, 1) };
        let two = [of_root("2.root"), of_root("3.root")];
        assert_eq!(two[1].title(&two), "targets (from root 3 on)");
        assert_eq!(two[0].title(&two[..1]), "targets");
    }

    #[test]
    fn people_count_and_not_keys() {
        let key = |owner: Option<&str>, seed: u8| ListedKey {
            owner: owner.map(|name| name.parse().unwrap()),
            display_name: String::new(),
            key_id: KeyId::of(&SecretKey::from_seed(KeyKind::Ed25519, &[seed; 32]).public_key()),
            scheme: "ed25519",
            attestation: None,
        };
        let signers = AuthorityChange {
            joins: vec![key(Some("alice"), 1)],
            leaves: vec![key(Some("alice"), 2)],
            stays: vec![key(Some("bob"), 3), key(Some("bob"), 4), key(None, 5), key(None, 6)],
            ..authority("2.root", Some(1), 1)
        };
        assert_eq!((signers.people(), signers.people_before()), (4, 4));
        assert!(signers.is_changed());
        assert_eq!(signers.word(Mark::Added, &signers.joins[0]), "new key");
    }
}
