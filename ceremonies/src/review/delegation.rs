//! To whom a targets role delegates, in lines that a person reads.

use rootline_metadata::json::Value;

use super::comparison::{DelegationChange, DelegationTerms};
use super::mark::Mark;

impl DelegationChange {
    /// What becomes of it.
    pub fn mark(&self) -> Mark {
        Mark::of(self.before.as_ref(), self.after.as_ref())
    }

    /// Its terms so far, a line each: which names it may speak about, and whether a search ends with it.
    pub fn lines_before(&self) -> Option<Vec<String>> {
        self.before.as_ref().map(|(place, terms)| lines(*place, terms))
    }

    /// Its terms from now on.
    pub fn lines_after(&self) -> Option<Vec<String>> {
        self.after.as_ref().map(|(place, terms)| lines(*place, terms))
    }
}

fn lines(place: usize, terms: &DelegationTerms) -> Vec<String> {
    use DelegationTerms as Terms;
    let (scope, terminating) = match terms {
        Terms::Bins { count } => return vec![format!("all names, in {count} bins by their SHA-256 digests")],
        Terms::Paths { patterns, terminating } => (format!("paths: {}", list(patterns)), terminating),
        Terms::HashPrefixes { prefixes, terminating } => {
            (format!("names whose SHA-256 begins with: {}", list(prefixes)), terminating)
        }
    };
    let end = match terminating {
        true => "terminating: for these names nothing after it is asked",
        false => "not terminating: where it says nothing, the search goes on",
    };
    vec![scope, end.to_owned(), format!("number {place} in the order of the search")]
}

/// Texts one after the other. One that could be taken for several, for none or for a part of another is in quotes, as JSON has it.
fn list(texts: &[String]) -> String {
    let shown = |text: &String| {
        let is_plain = !text.is_empty() && !text.contains([' ', ',', '"']);
        if is_plain { text.clone() } else { Value::from(text.as_str()).compact() }
    };
    texts.iter().map(shown).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::DelegationTerms as Terms;
    use super::*;
    use crate::model::role_version::RoleVersion;

    fn change(before: Option<(usize, Terms)>, after: Option<(usize, Terms)>) -> DelegationChange {
        let by = RoleVersion::parse("2.targets").unwrap();
        DelegationChange { by, role: "npm".to_owned(), before, after }
    }

    fn paths(place: usize, pattern: &str, terminating: bool) -> Option<(usize, Terms)> {
        Some((place, Terms::Paths { patterns: vec![pattern.to_owned()], terminating }))
    }

    #[test]
    fn a_delegation_is_told_with_its_terms() {
        let told = change(None, paths(1, "npm/*", true));
        let lines = [
            "paths: npm/*",
            "terminating: for these names nothing after it is asked",
            "number 1 in the order of the search",
        ];
        assert_eq!(
            (told.by.role.name(), told.mark(), told.lines_after().as_deref()),
            ("targets", Mark::Added, Some(&lines.map(str::to_owned)[..]))
        );
        let bins = change(Some((1, Terms::Bins { count: 16 })), None);
        assert_eq!(bins.mark(), Mark::Removed);
        assert_eq!(bins.lines_before().unwrap(), ["all names, in 16 bins by their SHA-256 digests"]);
        let prefixes = Terms::HashPrefixes { prefixes: vec!["0".to_owned(), "a1".to_owned()], terminating: false };
        let told = change(None, Some((2, prefixes))).lines_after().unwrap();
        assert_eq!(told[0], "names whose SHA-256 begins with: 0, a1");
        assert!(told[1].starts_with("not terminating"));
    }

    #[test]
    fn patterns_are_never_taken_for_one_another() {
        let told = |patterns: &[&str]| list(&patterns.iter().map(|pattern| (*pattern).to_owned()).collect::<Vec<_>>());
        assert_eq!(told(&["a/*", "b"]), "a/*, b");
        assert_eq!(told(&["a/*, b"]), "\"a/*, b\"");
        assert_eq!(told(&["a b", "", "\"c\""]), r#""a b", "", "\"c\"""#);
    }

    #[test]
    fn every_term_makes_a_change() {
        let same = change(paths(1, "npm/*", true), paths(1, "npm/*", true));
        assert_eq!(same.mark(), Mark::Stays);
        for other in [paths(2, "npm/*", true), paths(1, "npm/?", true), paths(1, "npm/*", false)] {
            assert_eq!(change(paths(1, "npm/*", true), other).mark(), Mark::Changed);
        }
    }
}
