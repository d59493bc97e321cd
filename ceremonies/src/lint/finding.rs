//! Findings with the file they are in.

use std::borrow::Cow;
use std::collections::BTreeMap;

use rootline_metadata::file_name;
use rootline_metadata::lint::{Finding, Rule};

/// Most findings of one rule in one file: a file that somebody filled with faults is told of once, not fifty thousand times.
const MAX_OF_A_KIND: usize = 25;
/// Most characters of a name that a document states, in a finding.
const MAX_NAME: usize = 80;

/// A finding, and the file it is in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileFinding {
    /// The file's path in the repository, as in `15.root.json` or `targets/0f5f….signing_config.json`.
    pub file: String,
    /// What is wrong there.
    pub finding: Finding,
}

impl FileFinding {
    /// Whether the other finding tells of the same fault in an earlier or later version of the file.
    pub fn is_same_fault(&self, other: &FileFinding) -> bool {
        self.finding.is_same_fault(&other.finding) && unversioned(&self.file) == unversioned(&other.file)
    }
}

/// The path without the version or the digest that a consistent snapshot puts before the name.
fn unversioned(file: &str) -> Cow<'_, str> {
    if let Some((_, role)) = file_name::versioned_role_in(file) {
        return role.into();
    }
    let (folder, name) = file.rsplit_once('/').map_or(("", file), |(folder, name)| (folder, name));
    match name.split_once('.') {
        Some((digest, rest)) if digest.len() >= 64 && digest.bytes().all(|byte| byte.is_ascii_hexdigit()) => {
            format!("{folder}/{rest}").into()
        }
        _ => file.strip_suffix(".json").unwrap_or(file).into(),
    }
}

/// What has been found so far.
#[derive(Debug, Default)]
pub(super) struct Findings {
    found: Vec<FileFinding>,
    counts: BTreeMap<(String, &'static str), usize>,
}

/// What a finding is about, within a file.
pub(super) struct About<'a> {
    /// Where it stands.
    pub(super) place: String,
    /// What it is.
    pub(super) subject: Cow<'a, str>,
}

impl About<'_> {
    /// The file as a whole.
    pub(super) const FILE: About<'static> = About { place: String::new(), subject: Cow::Borrowed("") };

    pub(super) fn new<'a>(place: impl Into<String>, subject: impl Into<Cow<'a, str>>) -> About<'a> {
        About { place: place.into(), subject: subject.into() }
    }
}

impl Findings {
    pub(super) fn add(&mut self, file: &str, rule: &'static Rule, about: &About<'_>, detail: impl Into<String>) {
        let count = self.counts.entry((file.to_owned(), rule.id)).or_default();
        *count += 1;
        if *count <= MAX_OF_A_KIND {
            let About { place, subject } = about;
            let finding =
                Finding { rule, place: place.clone(), subject: subject.clone().into_owned(), detail: detail.into() };
            self.found.push(FileFinding { file: file.to_owned(), finding });
        }
    }

    /// Adds what was found in a file by others.
    pub(super) fn extend(&mut self, file: &str, findings: impl IntoIterator<Item = Finding>) {
        for Finding { rule, place, subject, detail } in findings {
            self.add(file, rule, &About::new(place, subject), detail);
        }
    }

    /// The findings in order of their files, with a last one where there were too many to list.
    pub(super) fn into_sorted(self) -> Vec<FileFinding> {
        let Findings { mut found, counts } = self;
        for ((file, id), count) in counts.into_iter().filter(|(_, count)| *count > MAX_OF_A_KIND) {
            let of_kind = found.iter().rposition(|found| found.file == file && found.finding.rule.id == id);
            if let Some(last) = of_kind {
                let rule = found[last].finding.rule;
                let detail = format!("and {} more of this kind in this file", count - MAX_OF_A_KIND);
                let finding = Finding { rule, place: String::new(), subject: String::new(), detail };
                found.insert(last + 1, FileFinding { file, finding });
            }
        }
        // Within a file they keep the order in which they were found.
        found.sort_by(|one, other| file_order(&one.file).cmp(&file_order(&other.file)));
        found
    }
}

/// Roots first, the newest before the others; then the other metadata, and then targets.
fn file_order(file: &str) -> (bool, bool, u64, &str) {
    let root = file_name::root_version(file).map(|version| u64::MAX - version.number());
    (file.starts_with(file_name::TARGETS_FOLDER), root.is_none(), root.unwrap_or_default(), file)
}

/// The beginning of a name that a document states, which may be of any length.
pub(super) fn cut(name: &str) -> Cow<'_, str> {
    match name.char_indices().nth(MAX_NAME) {
        Some((end, _)) => format!("{}…", &name[..end]).into(),
        None => name.into(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules;
    use super::*;

    #[test]
    fn a_file_full_of_faults_is_told_of_once() {
        let mut found = Findings::default();
        for number in 0..MAX_OF_A_KIND + 3 {
            found.add("1.root.json", &rules::KEY_ID, &About::new("", format!("key {number}")), "odd");
        }
        found.add("1.root.json", &rules::DATE, &About::FILE, "odd");
        let found = found.into_sorted();
        assert_eq!(found.len(), MAX_OF_A_KIND + 2);
        assert_eq!(found[MAX_OF_A_KIND].finding.detail, "and 3 more of this kind in this file");
    }

    #[test]
    fn a_fault_is_known_again_in_the_next_version_of_a_file() {
        let digest = "0f5f38554e29e770d4d5d6f0e1b51fcbf84f61dc6934530a09b7a901eaad5bee";
        for (one, other) in [
            ("1.root.json", "2.root.json"),
            ("timestamp.json", "timestamp.json"),
            ("1.snapshot.json", "snapshot.json"),
            (&*format!("targets/{digest}.a.json"), &*format!("targets/{}.a.json", digest.replace('0', "1"))),
        ] {
            assert_eq!(unversioned(one), unversioned(other));
        }
        for (one, other) in [("1.root.json", "1.targets.json"), ("targets/0f.a", "targets/0e.a"), ("a/b", "b/b")] {
            assert_ne!(unversioned(one), unversioned(other));
        }
    }

    #[test]
    fn a_long_name_is_cut_at_a_character() {
        assert_eq!(cut("root"), "root");
        assert_eq!(cut(&"ü".repeat(100)).chars().count(), MAX_NAME + 1);
    }
}
