//! What a person is shown before they sign: plain values, in the order in which they are read.
//!
//! [`Reviewed`] is made once, from what is frozen and what is published, and then written as [`text`], as [`json`] or as one page of
//! [`html`]. All three say the same, and nothing in them depends on anything but it.

mod from_ceremony;
mod html;
mod json;
mod sentence;
#[cfg(test)]
mod shows_everything;
mod steps;
mod text;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_ceremonies::review::{ContentChange, Warning};
use rootline_ceremonies::{DelegationChange, FileChange, Holding, Mark, TargetChange};
use rootline_metadata::json::Value;

pub(crate) use from_ceremony::Material;
pub(crate) use json::entry_change_json;
pub(crate) use sentence::Sentence;
pub(crate) use steps::{Step, steps};
pub(crate) use text::entry_change_lines;

/// A ceremony as a keyholder reads it.
#[derive(Clone, Debug)]
pub(crate) struct Reviewed {
    /// The ceremony's name.
    pub(crate) ceremony: String,
    /// What it is for, in the words of whoever planned it; may be empty.
    pub(crate) summary: String,
    /// The ceremony's date. Days are counted from it.
    pub(crate) at: DateTime<Utc>,
    /// What changes, one sentence each, the loudest first.
    pub(crate) sentences: Vec<Sentence>,
    /// What to look at before signing, new things first.
    pub(crate) warnings: Vec<Warning>,
    /// The files that are signed.
    pub(crate) files: Vec<FileChange>,
    /// Who signs what from now on.
    pub(crate) authorities: Vec<Signers>,
    /// To whom targets roles delegate, where that changes.
    pub(crate) delegations: Vec<DelegationChange>,
    /// What is shipped, also what stays as it is.
    pub(crate) shipped: Vec<TargetChange>,
    /// What the files that are shipped say, where they are Sigstore's documents.
    pub(crate) contents: Vec<ContentChange>,
    /// One text over all that is signed: the 64 hex digits.
    pub(crate) fingerprint: String,
}

/// Who signs a role.
#[derive(Clone, Debug)]
pub(crate) struct Signers {
    /// The file that says so: `root 2`.
    pub(crate) file: String,
    /// The role, as metadata has it.
    pub(crate) role: String,
    /// How many had to sign; none if the role is new.
    pub(crate) threshold_before: Option<u64>,
    /// How many have to sign.
    pub(crate) threshold: u64,
    /// How long its versions hold, where the file says so.
    pub(crate) holding: Holding,
    /// Whose keys count or counted: who joins, who leaves, who stays.
    pub(crate) holders: Vec<Holder>,
}

/// A key that counts or counted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Holder {
    /// Whether it joins, leaves or stays.
    pub(crate) mark: Mark,
    /// The keyholder's name, and the name as people write it; none if nobody is known to have it.
    pub(crate) owner: Option<(String, String)>,
    /// The key's id, which is its fingerprint.
    pub(crate) key_id: String,
    /// Its scheme, as metadata has it.
    pub(crate) scheme: String,
    /// What is verified of the token that the key is in, where there is something.
    pub(crate) token: Option<Token>,
}

/// A token that a key is in, by its attestation.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Token {
    /// In one line.
    pub(crate) text: String,
    /// For programs.
    pub(crate) json: serde_json::Value,
}

impl Holder {
    /// Who it is, for a sentence: `Alice Example (alice)`.
    pub(crate) fn person(&self) -> String {
        match &self.owner {
            Some((name, display)) if display.is_empty() || display == name => name.clone(),
            Some((name, display)) => format!("{display} ({name})"),
            None => format!("nobody known, key {}", self.short_key_id()),
        }
    }

    /// Enough of the key's id to tell keys apart on a terminal.
    pub(crate) fn short_key_id(&self) -> &str {
        self.key_id.char_indices().nth(8).map_or(&self.key_id, |(end, _)| &self.key_id[..end])
    }

    /// People count, not keys: whose key it is, or the key where it is nobody's.
    fn counted_as(&self) -> &str {
        self.owner.as_ref().map_or(&self.key_id, |(name, _)| name)
    }
}

impl Signers {
    /// How many people can sign from now on.
    pub(crate) fn people(&self) -> usize {
        self.count(|mark| mark != Mark::Removed)
    }

    /// How many could.
    pub(crate) fn people_before(&self) -> usize {
        self.count(|mark| mark != Mark::Added)
    }

    /// Whether anything about it is another.
    pub(crate) fn is_changed(&self) -> bool {
        self.threshold_before != Some(self.threshold)
            || self.holding.mark() != Mark::Stays
            || self.holders.iter().any(|holder| holder.mark != Mark::Stays)
    }

    /// Whether it is signed without people: snapshot and timestamp.
    pub(crate) fn is_of_machines(&self) -> bool {
        self.role == "snapshot" || self.role == "timestamp"
    }

    /// Whether the holder of a key had another one here, or has another one from now on: then nobody comes or goes.
    pub(crate) fn changes_keys(&self, holder: &Holder) -> bool {
        let has = |mark: Mark| {
            self.holders.iter().any(|other| other.mark == mark && other.owner.is_some() && other.owner == holder.owner)
        };
        has(Mark::Added) && has(Mark::Removed)
    }

    /// What becomes of a key, in one word.
    pub(crate) fn word(&self, holder: &Holder) -> &'static str {
        match (holder.mark, self.changes_keys(holder)) {
            (Mark::Added, false) => "joins",
            (Mark::Added, true) => "new key",
            (Mark::Removed, false) => "leaves",
            (Mark::Removed, true) => "old key",
            (Mark::Changed | Mark::Stays, _) => "stays",
        }
    }

    fn count(&self, counts: impl Fn(Mark) -> bool) -> usize {
        let people = self.holders.iter().filter(|holder| counts(holder.mark)).map(Holder::counted_as);
        people.collect::<BTreeSet<_>>().len()
    }
}

/// The name of a role, with the file that says who signs it where a ceremony makes several roots.
pub(crate) fn role_title(signers: &Signers, all: &[Signers]) -> String {
    if is_only(signers, all) { signers.role.clone() } else { format!("{} (from {} on)", signers.role, signers.file) }
}

/// Whether no other file of the ceremony says who signs this role.
pub(crate) fn is_only(signers: &Signers, all: &[Signers]) -> bool {
    all.iter().all(|other| other.role != signers.role || other.file == signers.file)
}

impl Reviewed {
    /// What kind of file something that is shipped is.
    pub(crate) fn kind_of(&self, file: &TargetChange) -> &str {
        let content = self.contents.iter().find(|content| content.name == file.name);
        let kind = content.and_then(|content| content.kind.as_ref().or(content.kind_before.as_ref()));
        kind.map_or("", String::as_str)
    }
}

/// A value as JSON: on one line where it is short, otherwise one member or element a line, two spaces a level.
pub(crate) fn said(value: &Value) -> Vec<String> {
    /// What fits on one line beside the words before it.
    const SHORT: usize = 80;
    let compact = value.compact();
    if compact.chars().count() <= SHORT {
        return vec![compact];
    }
    value.pretty(2).lines().map(str::to_owned).collect()
}

/// The fingerprint as people read it out: groups of four digits.
pub(crate) fn groups(fingerprint: &str) -> Vec<String> {
    let digits: Vec<char> = fingerprint.chars().collect();
    digits.chunks(4).map(|group| group.iter().collect()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn where_there_are_several_roots_each_role_says_whose_it_is() {
        let of_root = |file: &str| Signers {
            file: file.to_owned(),
            role: "targets".to_owned(),
            threshold_before: None,
            threshold: 1,
            holding: Holding::default(),
            holders: Vec::new(),
        };
        let two = [of_root("root 2"), of_root("root 3")];
        assert_eq!(role_title(&two[1], &two), "targets (from root 3 on)");
        assert_eq!(role_title(&two[0], &two[..1]), "targets");
    }

    #[test]
    fn people_count_and_not_keys() {
        let key = |mark, owner: Option<&str>, key_id: &str| Holder {
            mark,
            owner: owner.map(|name| (name.to_owned(), String::new())),
            key_id: key_id.to_owned(),
            scheme: "ed25519".to_owned(),
            token: None,
        };
        let signers = Signers {
            file: "root 2".to_owned(),
            role: "root".to_owned(),
            threshold_before: Some(1),
            threshold: 1,
            holding: Holding::default(),
            holders: vec![
                key(Mark::Added, Some("alice"), "a2"),
                key(Mark::Removed, Some("alice"), "a1"),
                key(Mark::Stays, Some("bob"), "b1"),
                key(Mark::Stays, Some("bob"), "b2"),
                key(Mark::Stays, None, "c1"),
                key(Mark::Stays, None, "c2"),
            ],
        };
        assert_eq!((signers.people(), signers.people_before()), (4, 4));
        assert!(signers.is_changed());
    }

    #[test]
    fn a_fingerprint_is_read_out_in_groups_of_four() {
        assert_eq!(groups("0123456789"), ["0123", "4567", "89"]);
    }
}
