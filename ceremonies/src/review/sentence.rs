//! What changes, in one sentence each, the loudest first.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};

use super::authority::AuthorityChange;
use super::comparison::{DelegationChange, FileChange, TargetChange};
use super::differences::{ContentChange, EntryChange};
use super::mark::Mark;
use super::moment::{days_until, in_days};
use crate::model::role_version::RoleVersion;

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sentence {
    /// Whether something comes, goes or changes.
    pub mark: Mark,
    /// How loud it is.
    pub weight: Weight,
    /// The sentence, without a full stop.
    pub text: String,
}

/// How loud a change is: who decides, then what is trusted, then what is shipped, then for how long. The loudest come first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// Fewer people have to agree.
    FewerDecide,
    /// Somebody decides no longer.
    SomebodyLeaves,
    /// Somebody decides from now on.
    SomebodyJoins,
    /// More people have to agree.
    MoreDecide,
    /// A role is handed on, or taken back.
    Delegation,
    /// A file says something that is told in no other way.
    Unknown,
    /// Something is no longer trusted, or in another way.
    Distrust,
    /// Something is trusted from now on.
    Trust,
    /// Another file is shipped.
    Content,
    /// The same holds for longer.
    Time,
}

/// Everything that changes.
pub(super) fn sentences(
    authorities: &[AuthorityChange],
    delegations: &[DelegationChange],
    contents: &[ContentChange],
    shipped: &[TargetChange],
    files: &[FileChange],
    at: DateTime<Utc>,
) -> Vec<Sentence> {
    let mut found: Vec<Sentence> = thresholds(authorities);
    found.extend(people(authorities));
    found.extend(delegations.iter().filter_map(delegation));
    found.extend(contents.iter().flat_map(content));
    found.extend(shipped.iter().filter_map(file_shipped));
    found.extend(files.iter().filter_map(other_members));
    found.extend(files.iter().map(|file| file_signed(file, at)));
    found.extend(files.iter().filter_map(signing_days));
    found.extend(authorities.iter().flat_map(|signers| validity(signers, authorities)));
    // In the order of reading where two are equally loud.
    found.sort_by_key(|sentence| sentence.weight);
    found
}

fn thresholds(authorities: &[AuthorityChange]) -> Vec<Sentence> {
    let mut found = Vec::new();
    for signers in authorities {
        let (role, threshold) = (signers.title(authorities), signers.threshold_after);
        let people = signers.people();
        let Some(before) = signers.threshold_before else { continue };
        let so_far = format!("so far {before} of {}", signers.people_before());
        let (weight, word) = match threshold.cmp(&before) {
            std::cmp::Ordering::Less => (Weight::FewerDecide, "fewer"),
            std::cmp::Ordering::Greater => (Weight::MoreDecide, "more"),
            std::cmp::Ordering::Equal => continue,
        };
        let text = format!("{role} needs {word} signatures: {threshold} of {people}, {so_far}");
        found.push(Sentence { mark: Mark::Changed, weight, text });
    }
    found
}

/// From when on: the root that says so where there are several, each known by its place among them.
type When<'a> = Option<(usize, &'a RoleVersion)>;

/// Who joins and who leaves, people with the same roles together.
fn people(authorities: &[AuthorityChange]) -> Vec<Sentence> {
    let mut roles: BTreeMap<(Weight, When<'_>, String), Vec<&str>> = BTreeMap::new();
    for signers in authorities {
        let place = authorities.iter().position(|first| first.by == signers.by).unwrap_or_default();
        let when = if signers.is_only(authorities) { None } else { Some((place, &signers.by)) };
        for (mark, key) in signers.keys() {
            // Who changes keys neither leaves nor joins.
            let changes_keys = signers.changes_keys(key);
            let weight = match mark {
                Mark::Added if changes_keys => Weight::MoreDecide,
                Mark::Removed if changes_keys => continue,
                Mark::Added => Weight::SomebodyJoins,
                Mark::Removed => Weight::SomebodyLeaves,
                Mark::Changed | Mark::Stays => continue,
            };
            let of_person = roles.entry((weight, when, key.person())).or_default();
            if !of_person.contains(&&*signers.role) {
                of_person.push(&signers.role);
            }
        }
    }
    let mut people: BTreeMap<(Weight, When<'_>, Vec<&str>), Vec<String>> = BTreeMap::new();
    for ((weight, when, person), roles) in roles {
        people.entry((weight, when, roles)).or_default().push(person);
    }
    let sentence = |((weight, when, roles), people): ((Weight, When<'_>, Vec<&str>), Vec<String>)| {
        let since = when.map_or("from now on".to_owned(), |(_, root)| format!("from {root} on"));
        let no_more = when.map_or(String::new(), |_| format!(" {since}"));
        let (who, what) = (and(&people), and(&roles));
        let many = people.len() > 1;
        let (mark, text) = match weight {
            Weight::SomebodyLeaves if many => (Mark::Removed, format!("{who} no longer sign {what}{no_more}")),
            Weight::SomebodyLeaves => (Mark::Removed, format!("{who} no longer signs {what}{no_more}")),
            Weight::SomebodyJoins if many => (Mark::Added, format!("{who} sign {what} {since}")),
            Weight::SomebodyJoins => (Mark::Added, format!("{who} signs {what} {since}")),
            _ if many => (Mark::Changed, format!("{who} sign {what} with other keys {since}")),
            _ => (Mark::Changed, format!("{who} signs {what} with another key {since}")),
        };
        Sentence { mark, weight, text }
    };
    people.into_iter().map(sentence).collect()
}

fn delegation(terms: &DelegationChange) -> Option<Sentence> {
    let (by, name) = (&terms.by.role, &terms.role);
    let text = match terms.mark() {
        Mark::Added => format!("{by} hands a part of its names on to {name}"),
        Mark::Removed => format!("{by} no longer hands anything on to {name}"),
        Mark::Changed => format!("{by} hands names on to {name} on other terms"),
        Mark::Stays => return None,
    };
    Some(Sentence { mark: terms.mark(), weight: Weight::Delegation, text })
}

fn content(content: &ContentChange) -> Vec<Sentence> {
    let entry = |change: &EntryChange| {
        let weight = match change.mark {
            Mark::Stays => return None,
            Mark::Added => Weight::Trust,
            Mark::Removed | Mark::Changed => Weight::Distrust,
        };
        Some(Sentence { mark: change.mark, weight, text: format!("the {} {}", change.entry.title(), change.story()) })
    };
    let mut found: Vec<Sentence> = content.entries.iter().filter_map(entry).collect();
    found.extend(content.settings.iter().map(|happening| Sentence {
        mark: if content.kind_before.is_none() { Mark::Added } else { Mark::Changed },
        weight: if content.kind_before.is_none() { Weight::Trust } else { Weight::Distrust },
        text: format!("{}: {}", content.name, happening.text),
    }));
    found.extend(content.note.iter().map(|note| Sentence {
        mark: Mark::Changed,
        weight: Weight::Distrust,
        text: format!("{}: {note}", content.name),
    }));
    found
}

fn file_shipped(file: &TargetChange) -> Option<Sentence> {
    let (role, name) = (&file.by.role, &file.name);
    let text = match file.mark() {
        Mark::Added => format!("{role} ships {name}, which it did not before"),
        Mark::Removed => format!("{role} no longer ships {name}"),
        Mark::Changed if !file.is_another() => format!("{role} says something else about {name}, which stays as it is"),
        Mark::Changed if file.custom().0 != file.custom().1 => {
            format!("{role} ships a changed {name}, and says something else about it")
        }
        Mark::Changed => format!("{role} ships a changed {name}"),
        Mark::Stays => return None,
    };
    Some(Sentence { mark: file.mark(), weight: Weight::Content, text })
}

/// A file that says something for which there are no words here.
fn other_members(file: &FileChange) -> Option<Sentence> {
    let changed = file.members.iter().filter(|member| member.mark() != Mark::Stays).count();
    let RoleVersion { role, version } = &file.part;
    let text = match changed {
        0 => return None,
        1 => format!("{role} {version} says something that nothing here explains: look at it under what is signed"),
        _ => format!(
            "{role} {version} says {changed} things that nothing here explains: look at them under what is signed"
        ),
    };
    Some(Sentence { mark: Mark::Changed, weight: Weight::Unknown, text })
}

/// Of a file that begins it is told with its version.
fn signing_days(file: &FileChange) -> Option<Sentence> {
    file.before?;
    let days = file.signing_days();
    let (text, mark) = (days.sentence(file.part.role.name())?, days.mark());
    Some(Sentence { mark, weight: Weight::Time, text })
}

fn validity(signers: &AuthorityChange, all: &[AuthorityChange]) -> Vec<Sentence> {
    let (validity, weight) = (signers.validity(), Weight::Time);
    let mark = validity.mark();
    let texts = validity.sentences(&signers.title(all)).into_iter();
    texts.map(|text| Sentence { mark, weight, text }).collect()
}

fn file_signed(file: &FileChange, at: DateTime<Utc>) -> Sentence {
    let (RoleVersion { role, version }, expires) = (&file.part, file.expiry.instant());
    match &file.before {
        None => {
            let renewal = file.signing_days().line().map(|line| format!(", and is {line}")).unwrap_or_default();
            let holds = in_days(expires, at);
            Sentence {
                mark: Mark::Added,
                weight: Weight::Time,
                text: format!("{role} begins with version {version}, which holds until {holds}{renewal}"),
            }
        }
        Some((was, expired)) => {
            let longer = days_until(expires, expired.instant());
            let change = match longer {
                0 => "as long as so far".to_owned(),
                _ if longer < 0 => format!("{} shorter than so far", days(longer)),
                _ => format!("{} longer than so far", days(longer)),
            };
            Sentence {
                mark: Mark::Changed,
                weight: Weight::Time,
                text: format!(
                    "{role} {version} takes the place of {role} {was} and holds until {}, {change}",
                    in_days(expires, at)
                ),
            }
        }
    }
}

fn days(number: i64) -> String {
    let number = number.unsigned_abs();
    if number == 1 { "1 day".to_owned() } else { format!("{number} days") }
}

/// `a, b and c`.
fn and(names: &[impl AsRef<str>]) -> String {
    let names: Vec<&str> = names.iter().map(AsRef::as_ref).collect();
    match names.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} and {last}", rest.join(", ")),
        _ => names.concat(),
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::{Expiry, KeyId, Version, parse_instant};

    use super::super::authority::ListedKey;
    use super::super::comparison::DelegationTerms;
    use super::super::members::MemberChange;
    use super::*;
    use crate::keys::secret_key::{KeyKind, SecretKey};
    use crate::model::period::Days;

    fn instant(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    fn signers(role: &str, before: u64, after: u64, keys: &[(Mark, &str)]) -> AuthorityChange {
        let of = |wanted: Mark| {
            let of_mark = keys.iter().enumerate().filter(|(_, (mark, _))| *mark == wanted);
            let key = |(at, (_, name)): (usize, &(Mark, &str))| ListedKey {
                owner: Some(name.parse().unwrap()),
                display_name: String::new(),
                key_id: KeyId::of(&SecretKey::from_seed(KeyKind::Ed25519, &[at as u8; 32]).public_key()),
                scheme: "ed25519",
                attestation: None,
            };
            of_mark.map(key).collect()
        };
        AuthorityChange {
            by: RoleVersion::parse("2.root").unwrap(),
            role: role.to_owned(),
            threshold_before: Some(before),
            threshold_after: after,
            periods_before: None,
            periods: None,
            joins: of(Mark::Added),
            leaves: of(Mark::Removed),
            stays: of(Mark::Stays),
        }
    }

    #[test]
    fn who_decides_is_told_before_what_is_shipped_and_for_how_long() {
        use Mark::{Added, Removed, Stays};
        let authorities = [
            signers("root", 2, 3, &[(Added, "carol"), (Stays, "alice"), (Removed, "bob"), (Stays, "dave")]),
            signers("targets", 2, 1, &[(Added, "carol"), (Removed, "dave"), (Added, "dave"), (Stays, "alice")]),
        ];
        let by: RoleVersion = RoleVersion::parse("2.targets").unwrap();
        let terms =
            |pattern: &str| Some((1, DelegationTerms::Paths { patterns: vec![pattern.to_owned()], terminating: true }));
        let delegation =
            |name: &str, before, after| DelegationChange { by: by.clone(), role: name.to_owned(), before, after };
        let delegations = [
            delegation("npm", None, terms("npm/*")),
            delegation("same", terms("x"), terms("x")),
            delegation("pypi", terms("x"), terms("y")),
            delegation("old", terms("z"), None),
        ];
        let shipped = [TargetChange { by: by.clone(), name: "same".to_owned(), before: None, after: None }];
        let expiry = |text: &str| Expiry::at(instant(text));
        let files = [FileChange {
            part: RoleVersion::parse("2.root").unwrap(),
            before: Some((Version::FIRST, expiry("2030-03-01T00:00:00Z"))),
            expiry: expiry("2030-02-01T00:00:00Z"),
            signing_before: Days::new(46),
            signing: Days::new(30),
            members: vec![MemberChange { place: "/x".to_owned(), before: None, after: Some("1".to_owned()) }],
        }];
        let found = sentences(&authorities, &delegations, &[], &shipped, &files, instant("2030-01-01T00:00:00Z"));
        let texts: Vec<&str> = found.iter().map(|sentence| sentence.text.as_str()).collect();
        assert_eq!(
            texts,
            [
                "targets needs fewer signatures: 1 of 3, so far 2 of 2",
                "bob no longer signs root",
                "carol signs root and targets from now on",
                "root needs more signatures: 3 of 3, so far 2 of 3",
                "dave signs targets with another key from now on",
                "targets hands a part of its names on to npm",
                "targets hands names on to pypi on other terms",
                "targets no longer hands anything on to old",
                "root 2 says something that nothing here explains: look at it under what is signed",
                "root 2 takes the place of root 1 and holds until 2030-02-01T00:00:00Z, in 31 days, 28 days shorter than so far",
                "root is due for renewal 30 days before it expires, so far 46",
            ]
        );
    }

    #[test]
    fn names_are_put_together_as_people_say_them() {
        assert_eq!(and(&[""; 0]), "");
        assert_eq!(and(&["a"]), "a");
        assert_eq!(and(&["a", "b"]), "a and b");
        assert_eq!(and(&["a", "b", "c"]), "a, b and c");
    }
}
