//! How bad it is to break a rule, as a policy has it.

use std::collections::{BTreeMap, BTreeSet};

use rootline_metadata::lint::{Rule, Severity};
use serde::Deserialize;
use toml::Spanned;

use super::catalogue::{nearest, rule};
use crate::model::toml_error::TomlError;
use crate::transcript::Waived;

/// The name of no severity: the rule is not looked at.
const OFF: &str = "off";

/// Rules that no policy changes and no waiver lets through: a file that breaks one is one that no client can use, or that each reads as
/// another.
const FIXED: [&str; 8] = [
    "ca-empty",
    "doc-name-twice",
    "doc-not-json",
    "doc-unusual-json",
    "repo-chain",
    "tr-pem-in-rawbytes",
    "tuf-unreadable",
    "tuf-unsigned",
];

/// The severity of each rule. The default is that of the catalogue.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Severities(BTreeMap<&'static str, SeverityChange>);

/// A rule that a policy gives another severity.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeverityChange {
    /// The rule.
    pub rule: &'static Rule,
    /// Its severity; `None` if it is not looked at.
    pub severity: Option<Severity>,
    /// The reason, in the words of the policy's author.
    pub why: String,
}

impl SeverityChange {
    /// The severity as policies and records write it: `off`, `note`, `warning` or `error`.
    pub fn severity_text(&self) -> &'static str {
        self.severity.map_or(OFF, Severity::as_str)
    }
}

impl Severities {
    /// The changes that a freezing recorded, none of which hides a finding: a warning stays one, and an error becomes one at the most.
    pub(crate) fn recorded(waived: &BTreeSet<Waived>) -> Severities {
        let change = |waived: &Waived| {
            let rule = rule(&waived.rule).filter(|rule| !is_fixed(rule) && waived.subject.is_none())?;
            let stated = Severity::parse(&waived.severity).filter(|stated| *stated >= Severity::Warning);
            let severity = Some(stated.unwrap_or(rule.severity.min(Severity::Warning)));
            Some((rule.id, SeverityChange { rule, severity, why: waived.reason.clone() }))
        };
        Severities(waived.iter().filter_map(change).collect())
    }

    /// How bad it is to break the rule; `None` if it is not looked at.
    pub fn of(&self, rule: &Rule) -> Option<Severity> {
        self.change(rule).map_or(Some(rule.severity), |change| change.severity)
    }

    /// What the policy says of the rule, where it changes it.
    pub fn change(&self, rule: &Rule) -> Option<&SeverityChange> {
        self.0.get(rule.id)
    }

    /// All changes, in order of the ids.
    pub fn changes(&self) -> impl ExactSizeIterator<Item = &SeverityChange> {
        self.0.values()
    }
}

/// Whether a policy may change the severity of the rule.
pub fn is_fixed(rule: &Rule) -> bool {
    FIXED.contains(&rule.id)
}

/// `[lint]` as it stands in the file.
pub(crate) type RawSeverities = BTreeMap<Spanned<String>, RawChange>;

/// What the table says of one rule.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawChange {
    severity: Spanned<String>,
    why: Spanned<String>,
}

/// Reads the table.
///
/// # Errors
/// With its line, for an id that is no rule's, a rule that cannot be changed, another severity, or no reason.
pub(crate) fn read(text: &str, raw: &RawSeverities) -> Result<Severities, TomlError> {
    let change = |(id, change): (&Spanned<String>, &RawChange)| {
        let rule = rule(id.get_ref()).ok_or_else(|| TomlError::at(text, id.span(), unknown(id.get_ref())))?;
        if is_fixed(rule) {
            let problem = format!("{} cannot be changed: no client can use what breaks it", rule.id);
            return Err(TomlError::at(text, id.span(), problem));
        }
        let severity = match change.severity.get_ref().as_str() {
            OFF => None,
            name => Some(Severity::parse(name).ok_or_else(|| {
                let problem = format!("a severity is off, note, warning or error, not {name:?}");
                TomlError::at(text, change.severity.span(), problem)
            })?),
        };
        let why = change.why.get_ref().trim();
        if why.is_empty() {
            return Err(TomlError::at(text, change.why.span(), "a change of a severity needs a reason"));
        }
        Ok((rule.id, SeverityChange { rule, severity, why: why.to_owned() }))
    };
    raw.iter().map(change).collect::<Result<_, _>>().map(Severities)
}

/// What is said of an id that no rule has.
fn unknown(id: &str) -> String {
    match nearest(id) {
        Some(nearest) => format!("there is no rule {id:?}; did you mean {}?", nearest.id),
        None => format!("there is no rule {id:?}; rootline-repo lint --list has all of them"),
    }
}

#[cfg(test)]
mod tests {
    use super::super::rules;
    use super::*;
    use crate::model::toml_error;

    #[derive(Deserialize)]
    struct File {
        lint: RawSeverities,
    }

    fn severities(lines: &str) -> Result<Severities, TomlError> {
        let text = format!("[lint]\n{lines}\n");
        let file: File = toml_error::read_file(&text)?;
        read(&text, &file.lint)
    }

    #[test]
    fn a_policy_changes_the_rules_that_it_names_and_no_others() {
        let changed = severities(
            "tuf-size = { severity = \"note\", why = \" ours is large \" }\n[lint.tuf-date]\nseverity = \"off\"\nwhy = \"x\"",
        )
        .unwrap();
        assert_eq!(changed.of(&rules::SIZE), Some(Severity::Note));
        assert_eq!(changed.of(&rules::DATE), None);
        assert_eq!(changed.of(&rules::KEY_ID), Some(Severity::Warning));
        assert_eq!(changed.change(&rules::SIZE).unwrap().why, "ours is large");
        assert_eq!(changed.changes().map(SeverityChange::severity_text).collect::<Vec<_>>(), ["off", "note"]);
        assert_eq!(Severities::default().of(&rules::SIZE), Some(Severity::Error));
    }

    #[test]
    fn what_no_policy_may_say_is_refused_with_its_line() {
        for (line, found) in [
            ("tuf-szie = { severity = \"note\", why = \"x\" }", "did you mean tuf-size?"),
            ("nonsense = { severity = \"note\", why = \"x\" }", "rootline-repo lint --list"),
            ("tuf-unreadable = { severity = \"note\", why = \"x\" }", "tuf-unreadable cannot be changed"),
            ("tuf-size = { severity = \"fatal\", why = \"x\" }", "not \"fatal\""),
            ("tuf-size = { severity = \"note\", why = \" \" }", "needs a reason"),
            ("tuf-size = { severity = \"note\" }", "missing field `why`"),
            ("tuf-size = { severity = \"note\", why = \"x\", until = 1 }", "unknown field `until`"),
        ] {
            let error = severities(&format!("\n{line}")).unwrap_err();
            assert!(error.problem.contains(found), "{line}: {error}");
            assert_eq!(error.line, 3, "{line}: {error}");
        }
    }

    #[test]
    fn every_fixed_rule_is_an_error_of_the_catalogue() {
        for id in FIXED {
            assert_eq!(rule(id).map(|rule| rule.severity), Some(Severity::Error), "{id}");
        }
    }
}
