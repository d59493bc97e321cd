//! All rules, and how a rule is found by its id.

use rootline_metadata::lint::Rule;
use rootline_metadata::sigstore::lint::RULES as DOCUMENT_RULES;

use super::rules::RULES;

/// Most characters of an id that is compared with others.
const MAX_ID: usize = 64;
/// Fewest characters by which a part of an id is known.
const MIN_PART: usize = 5;

/// Every rule, in the order in which they are documented: those about Sigstore's documents, and those about repositories.
pub fn catalogue() -> impl Iterator<Item = &'static Rule> {
    DOCUMENT_RULES.iter().chain(RULES).copied()
}

/// The rule with that id.
pub fn rule(id: &str) -> Option<&'static Rule> {
    catalogue().find(|rule| rule.id == id)
}

/// The rule whose id is most like that one: that has it in its own, or else is a few letters away. `None` if none is like it.
pub fn nearest(id: &str) -> Option<&'static Rule> {
    let id: String = id.chars().take(MAX_ID).collect();
    let part = catalogue().find(|rule| id.len() >= MIN_PART && rule.id.contains(&id));
    let near = || {
        let (distance, nearest) =
            catalogue().map(|rule| (distance(&id, rule.id), rule)).min_by_key(|(distance, _)| *distance)?;
        (distance <= nearest.id.len() / 3).then_some(nearest)
    };
    part.or_else(near)
}

/// How many letters are to be added, left out or replaced to make the one of the other.
fn distance(one: &str, other: &str) -> usize {
    let other: Vec<char> = other.chars().collect();
    let mut row: Vec<usize> = (0..=other.len()).collect();
    for (line, letter) in one.chars().enumerate() {
        let mut diagonal = row[0];
        row[0] = line + 1;
        for (column, candidate) in other.iter().enumerate() {
            let replaced = diagonal + usize::from(letter != *candidate);
            diagonal = row[column + 1];
            row[column + 1] = replaced.min(diagonal + 1).min(row[column] + 1);
        }
    }
    row[other.len()]
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_id_is_there_once_and_is_a_plain_word() {
        let mut seen = BTreeSet::new();
        for rule in catalogue() {
            assert!(seen.insert(rule.id), "{} is there twice", rule.id);
            let is_plain = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(rule.id.bytes().all(is_plain) && rule.id.contains('-'), "{}", rule.id);
            assert!(!rule.what.is_empty() && !rule.why.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn a_mistyped_id_leads_to_the_one_that_was_meant() {
        for (typed, meant) in [
            ("tuf-keyid", Some("tuf-keyid")),
            ("tuf-key-id", Some("tuf-keyid")),
            ("repo-soft404", Some("repo-soft-404")),
            ("root-json", Some("repo-root-json")),
            ("shrunk", Some("tr-shrunk")),
            ("something else", None),
            ("", None),
        ] {
            assert_eq!(nearest(typed).map(|rule| rule.id), meant, "{typed}");
        }
        assert_eq!(nearest(&"tuf-".repeat(1000)).map(|rule| rule.id), None);
        assert_eq!(rule("tuf-key-id").map(|rule| rule.id), None);
    }
}
