//! What was frozen although a rule of the lint is broken, because somebody said so.

use std::collections::BTreeSet;
use std::fmt;

use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::lint::{Finding, Severity};

use super::event::{Event, EventKind};
use crate::lint::{Severities, SeverityChange};
use crate::trust::{TrustNotes, Waiver};

/// The fact of a freezing that lists them.
const WAIVED: &str = "waived";

/// A rule that was broken by what was frozen, with the severity that it had by the policy or the notes, and why.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Waived {
    /// The id of the rule.
    pub rule: String,
    /// What the finding was about; `None` for every finding of the rule.
    pub subject: Option<String>,
    /// The severity in place of the rule's own: `off`, `note`, `warning` or `error`.
    pub severity: String,
    /// The reason.
    pub reason: String,
}

impl Waived {
    /// The changes of a policy that some of the findings are judged by.
    pub fn by_policy<'a>(findings: impl IntoIterator<Item = &'a Finding>, severities: &Severities) -> BTreeSet<Waived> {
        let changes = findings.into_iter().filter_map(|finding| severities.change(finding.rule));
        changes.map(Waived::from).collect()
    }

    /// The waivers of a trust root's notes that some of the findings are judged by: an error that was meant counts as a warning.
    pub fn by_notes<'a>(findings: impl IntoIterator<Item = &'a Finding>, notes: &TrustNotes) -> BTreeSet<Waived> {
        let waived = |finding: &Finding| {
            let Waiver { rule, subject, reason } = notes.waiver_of(finding)?;
            Some(Waived {
                rule: rule.clone(),
                subject: Some(subject.clone()),
                severity: Severity::Warning.as_str().to_owned(),
                reason: reason.clone(),
            })
        };
        findings.into_iter().filter_map(waived).collect()
    }

    pub(crate) fn to_members(&self) -> ValueMembers {
        let members = ValueMembers::new()
            .with("rule", &*self.rule)
            .with("severity", &*self.severity)
            .with("reason", &*self.reason);
        self.subject.iter().fold(members, |members, subject| members.with("subject", &**subject))
    }

    pub(crate) fn read(value: &Value) -> Option<Waived> {
        let text = |name: &str| Some(value.get(name)?.as_text()?.to_owned());
        Some(Waived {
            rule: text("rule")?,
            subject: text("subject"),
            severity: text("severity")?,
            reason: text("reason")?,
        })
    }
}

impl From<&SeverityChange> for Waived {
    fn from(change: &SeverityChange) -> Waived {
        Waived {
            rule: change.rule.id.to_owned(),
            subject: None,
            severity: change.severity_text().to_owned(),
            reason: change.why.clone(),
        }
    }
}

impl fmt::Display for Waived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Waived { rule, subject, severity, reason } = self;
        let about = subject.as_ref().map(|subject| format!(" about {subject}")).unwrap_or_default();
        write!(f, "{rule}{about} counted as {severity}: {reason}")
    }
}

impl Event {
    /// The freezing, with what was waived for it; without a fact where nothing was.
    #[must_use]
    pub fn waiving<'a>(self, waived: impl IntoIterator<Item = &'a Waived>) -> Event {
        let waived: Vec<Value> = waived.into_iter().map(|waived| waived.to_members().into()).collect();
        if waived.is_empty() { self } else { self.with(WAIVED, waived) }
    }

    /// What was waived, if files were frozen; what cannot be read is passed over.
    pub fn waived(&self) -> Vec<Waived> {
        let all = self.facts.get(WAIVED).filter(|_| self.kind == EventKind::Frozen).and_then(Value::as_array);
        all.into_iter().flatten().filter_map(Waived::read).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::lint::rule;

    fn waived(rule: &str, subject: Option<&str>) -> Waived {
        let (severity, reason) = ("note".to_owned(), "new readers".to_owned());
        Waived { rule: rule.to_owned(), subject: subject.map(str::to_owned), severity, reason }
    }

    #[test]
    fn a_waiver_counts_for_what_it_was_given_for_alone() {
        let finding = |id: &str, subject: &str| Finding {
            rule: rule(id).unwrap(),
            place: String::new(),
            subject: subject.to_owned(),
            detail: String::new(),
        };
        let mut notes = TrustNotes::default();
        for rule in ["tr-shrunk", "doc-not-json"] {
            notes.waive(Waiver { rule: rule.to_owned(), subject: "log a".to_owned(), reason: "stolen".to_owned() });
        }
        let all = [finding("tr-shrunk", "log a"), finding("tr-shrunk", "log b"), finding("doc-not-json", "log a")];
        let waived = Waived::by_notes(&all, &notes);
        let texts: Vec<String> = waived.iter().map(Waived::to_string).collect();
        assert_eq!(texts, ["tr-shrunk about log a counted as warning: stolen"]);
        assert_eq!(Waived::by_notes(&all[1..], &notes), BTreeSet::new());
        assert_eq!(Waived::by_policy(&all, &Severities::default()), BTreeSet::new());
    }

    #[test]
    fn a_freezing_says_what_was_waived_and_an_earlier_one_says_nothing() {
        let all = [waived("log-ed25519", None), waived("tr-shrunk", Some("log a"))];
        let event = Event::new(EventKind::Frozen).waiving(&all);
        assert_eq!(event.waived(), all);
        assert_eq!(all[1].to_string(), "tr-shrunk about log a counted as note: new readers");
        let earlier = Event::new(EventKind::Frozen).waiving(&[]);
        assert_eq!((earlier.waived(), earlier.facts.len()), (Vec::new(), 0));
        let other = Event { kind: EventKind::Sealed, ..event };
        assert_eq!(other.waived(), []);
        let odd = Event::new(EventKind::Frozen).with(WAIVED, vec![Value::from("x")]);
        assert_eq!(odd.waived(), []);
    }
}
