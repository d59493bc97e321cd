//! From the holders of one root to those of another, by as many roots as it takes.

use std::collections::BTreeMap;

use rootline_metadata::{KeyId, PublicKey};

use crate::model::name::Name;

/// Most roots of one ceremony: each is a file that a threshold signs, and clients follow 256 at once.
pub(crate) const MAX_ROOTS: usize = 64;

/// The keys of a root and how many of their holders have to sign.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RootHolders<'a> {
    /// Each key with whose it is.
    pub(crate) keys: BTreeMap<KeyId, (&'a Name, &'a PublicKey)>,
    pub(crate) threshold: u64,
}

/// One key that goes, one that comes, or one in the place of another.
#[derive(Clone, Debug)]
struct Move {
    leaves: Option<KeyId>,
    joins: Option<KeyId>,
}

/// The roots after `from` up to `to`: as many as are needed so that with each of them fewer keys change than have to sign, and those who stay
/// are enough to sign the next root without anybody who comes or goes. Whoever comes can then not make the next root alone, and should all
/// keys that are new with a root turn out to be useless, or all that leave be lost, the others carry on.
///
/// Where there are no more holders than have to sign, one key changes with each root: that is the least there is.
///
/// Which key changes first is decided by names alone, so every machine plans the same. `None` if it takes more than [`MAX_ROOTS`].
pub(crate) fn root_sequence<'a>(from: &RootHolders<'a>, to: &RootHolders<'a>) -> Option<Vec<RootHolders<'a>>> {
    let mut moves = moves(from, to).into_iter();
    let (mut sequence, mut now) = (Vec::new(), from.clone());
    while moves.len() > most_at_once(&now, to) {
        // The last one comes after these.
        if sequence.len() + 1 == MAX_ROOTS {
            return None;
        }
        let step: Vec<Move> = moves.by_ref().take(most_at_once(&now, to)).collect();
        for Move { leaves, joins } in step {
            leaves.and_then(|id| now.keys.remove(&id));
            now.keys.extend(joins.and_then(|id| Some((id.clone(), *to.keys.get(&id)?))));
        }
        // Only where many leave a root that all of its holders have to sign.
        now.threshold = now.threshold.min(now.keys.len() as u64);
        sequence.push(now.clone());
    }
    sequence.push(to.clone());
    Some(sequence)
}

/// How many keys may change with the root after this one.
fn most_at_once(now: &RootHolders<'_>, to: &RootHolders<'_>) -> usize {
    spared(now.keys.len(), now.threshold, to.threshold)
}

fn spared(holders: usize, threshold: u64, next_threshold: u64) -> usize {
    let number = |threshold: u64| usize::try_from(threshold).unwrap_or(usize::MAX);
    let can_be_spared = holders.saturating_sub(number(threshold.max(next_threshold)));
    can_be_spared.min(number(threshold).saturating_sub(1)).max(1)
}

/// How many roots it takes to put others in the place of some of the holders, with the same threshold.
pub(crate) fn roots_needed(holders: usize, threshold: u64, replaced: usize) -> usize {
    replaced.div_ceil(spared(holders, threshold, threshold)).max(1)
}

/// What has to change, by name: first whoever gets another key, then one who leaves together with one who comes.
fn moves(from: &RootHolders<'_>, to: &RootHolders<'_>) -> Vec<Move> {
    let mut leaving = only_in(from, to);
    let mut joining = only_in(to, from);
    let mut moves = Vec::new();
    leaving.retain(|(owner, old)| {
        let Some(at) = joining.iter().position(|(other, _)| other == owner) else { return true };
        moves.push(Move { leaves: Some(old.clone()), joins: Some(joining.remove(at).1) });
        false
    });
    let (mut leaving, mut joining) = (leaving.into_iter(), joining.into_iter());
    loop {
        let (leaves, joins) = (leaving.next().map(|(_, id)| id), joining.next().map(|(_, id)| id));
        if leaves.is_none() && joins.is_none() {
            return moves;
        }
        moves.push(Move { leaves, joins });
    }
}

/// The keys of one that the other does not have, in order of their owners' names.
fn only_in<'a>(one: &RootHolders<'a>, other: &RootHolders<'a>) -> Vec<(&'a Name, KeyId)> {
    let keys = one.keys.iter().filter(|(id, _)| !other.keys.contains_key(*id));
    let mut keys: Vec<(&Name, KeyId)> = keys.map(|(id, (owner, _))| (*owner, id.clone())).collect();
    keys.sort();
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};

    /// The people behind some letters, each with a key; a digit behind a letter is which key of theirs it is.
    struct People(Vec<(Name, PublicKey)>);

    impl People {
        fn new() -> People {
            let mut people = Vec::new();
            for (letter, key) in ('a'..='h').flat_map(|letter| [(letter, 1), (letter, 2)]) {
                let public = SecretKey::from_seed(KeyKind::Ed25519, &[letter as u8 * key; 32]).public_key();
                people.push((letter.to_string().parse().unwrap(), public));
            }
            People(people)
        }

        /// `"a b c2"`: the first keys of a and b, the second of c.
        fn root(&self, holders: &str, threshold: u64) -> RootHolders<'_> {
            let keys = holders.split(' ').map(|holder| {
                let second = usize::from(holder.ends_with('2'));
                let of = |(name, _): &&(Name, PublicKey)| holder.starts_with(name.as_str());
                let (name, key) = self.0.iter().filter(of).nth(second).unwrap();
                (KeyId::of(key), (name, key))
            });
            RootHolders { keys: keys.collect(), threshold }
        }

        fn shown(&self, root: &RootHolders<'_>) -> String {
            let shown = |(id, (name, _)): (&KeyId, &(&Name, &PublicKey))| {
                let first = self.0.iter().find(|(other, _)| other == *name).unwrap();
                format!("{name}{}", if KeyId::of(&first.1) == *id { "" } else { "2" })
            };
            let mut names: Vec<String> = root.keys.iter().map(shown).collect();
            names.sort();
            format!("{}/{}", names.join(" "), root.threshold)
        }
    }

    #[test]
    fn as_many_roots_as_it_takes_and_no_more() {
        let people = People::new();
        for (from, to, sequence) in [
            // Nothing, or less than a threshold: one root.
            (("a b c d e", 3), ("a b c d e", 3), &["a b c d e/3"][..]),
            (("a b c d e", 3), ("a b c d e", 4), &["a b c d e/4"]),
            (("a b c d e", 3), ("a b c f g", 3), &["a b c f g/3"]),
            // Three of five: two, and one more.
            (("a b c d e", 3), ("d e f g h", 3), &["c d e f g/3", "d e f g h/3"]),
            (("a b c d e", 3), ("a b c d e f g h", 3), &["a b c d e f g/3", "a b c d e f g h/3"]),
            (("a b c d e", 3), ("d e", 2), &["c d e/3", "d e/2"]),
            // A person's next key comes with the one before it going.
            (("a b c d e", 3), ("a2 b2 c2 d e", 3), &["a2 b2 c d e/3", "a2 b2 c2 d e/3"]),
            (("a b c d e", 3), ("a b c d2 f", 3), &["a b c d2 f/3"]),
            // More of them than a threshold, and fewer than can be spared.
            (("a b c d e", 2), ("a b c f g", 2), &["a b c e f/2", "a b c f g/2"]),
            (("a b c d e", 4), ("a b c d f", 4), &["a b c d f/4"]),
            (("a b c d e", 3), ("a b c f g", 4), &["a b c e f/3", "a b c f g/4"]),
            (("a b c d e", 4), ("a b c f g", 4), &["a b c e f/4", "a b c f g/4"]),
            // All have to sign: one at a time is the least there is.
            (("a b", 2), ("c d", 2), &["b c/2", "c d/2"]),
            (("a", 1), ("b", 1), &["b/1"]),
            (("a", 1), ("b c", 2), &["b/1", "b c/2"]),
            (("a b c", 3), ("c", 1), &["b c/2", "c/1"]),
        ] {
            let (from, to) = (people.root(from.0, from.1), people.root(to.0, to.1));
            let found: Vec<String> = root_sequence(&from, &to).unwrap().iter().map(|root| people.shown(root)).collect();
            assert_eq!(found, sequence, "{} to {}", people.shown(&from), people.shown(&to));
        }
    }

    #[test]
    fn the_number_of_roots_is_known_before_anybody_is_named() {
        let people = People::new();
        for holders in 1..=4 {
            let letters = |from: usize, to: usize| ["a", "b", "c", "d", "e", "f", "g", "h"][from..to].join(" ");
            for (threshold, replaced) in (1..=holders).flat_map(|t| (0..=holders).map(move |replaced| (t, replaced))) {
                let (from, to) = (letters(0, holders), letters(replaced, replaced + holders));
                let (from, to) = (people.root(&from, threshold as u64), people.root(&to, threshold as u64));
                let needed = roots_needed(holders, threshold as u64, replaced);
                assert_eq!(root_sequence(&from, &to).unwrap().len(), needed, "{replaced} of {threshold}-of-{holders}");
            }
        }
    }

    #[test]
    fn with_each_root_fewer_than_a_threshold_change_and_a_threshold_stays() {
        let people = People::new();
        let letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
        let sets: Vec<Vec<&str>> = (1u32..256)
            .step_by(7)
            .map(|set| {
                letters.iter().enumerate().filter(|(at, _)| set >> at & 1 == 1).map(|(_, letter)| *letter).collect()
            })
            .collect();
        for from in sets.iter().filter(|set| set.len() > 3) {
            for to in &sets {
                let (from, to) = (people.root(&from.join(" "), 3), people.root(&to.join(" "), 1 + to.len() as u64 / 2));
                let mut before = from.clone();
                for root in root_sequence(&from, &to).unwrap() {
                    let joins = only_in(&root, &before).len();
                    let stays = before.keys.len() - only_in(&before, &root).len();
                    assert!(joins <= 2, "{}", people.shown(&root));
                    // A root all of whose holders have to sign cannot spare anybody.
                    assert!(stays >= 3 || before.keys.len() <= 3, "{}", people.shown(&root));
                    assert!(root.threshold >= 1 && root.threshold <= root.keys.len() as u64);
                    before = root;
                }
                assert_eq!(before, to);
            }
        }
    }

    #[test]
    fn there_are_at_most_as_many_roots_as_one_ceremony_may_have() {
        fn root(people: &[(Name, PublicKey)]) -> RootHolders<'_> {
            let keys = people.iter().map(|(name, key)| (KeyId::of(key), (name, key)));
            RootHolders { keys: keys.collect(), threshold: 1 }
        }
        let people = |from: usize, to: usize| -> Vec<(Name, PublicKey)> {
            let person = |number: usize| {
                let key = SecretKey::from_seed(KeyKind::Ed25519, &[number as u8 + 1; 32]).public_key();
                (format!("p{number}").parse().unwrap(), key)
            };
            (from..to).map(person).collect()
        };
        // With a threshold of one, one at a time.
        for (number, fits) in [(MAX_ROOTS, true), (MAX_ROOTS + 1, false)] {
            let (old, new) = (people(0, number), people(100, 100 + number));
            let sequence = root_sequence(&root(&old), &root(&new));
            assert_eq!(sequence.map(|roots| roots.len()), fits.then_some(number));
        }
    }
}
