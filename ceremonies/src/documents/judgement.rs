//! How bad it is that a document breaks a rule.

use std::collections::BTreeSet;

use rootline_metadata::lint::{Finding, Severity};

use crate::lint::Severities;
use crate::transcript::Waived;
use crate::trust::{TrustNotes, Waiver};

/// How bad it is that a document breaks a rule: what catalogue and policy say, and what was waived on the record. The one place that decides
/// it.
#[derive(Clone, Debug, Default)]
pub struct Judgement {
    severities: Severities,
    notes: TrustNotes,
}

impl Judgement {
    /// By a policy, with the waivers of a trust root's notes.
    pub fn new(severities: &Severities, notes: &TrustNotes) -> Judgement {
        Judgement { severities: severities.clone(), notes: notes.clone() }
    }

    /// As it was recorded at freezing, with the notes for the names. What came with a file from elsewhere hides nothing: what was not looked
    /// at, or was a note, is a warning.
    pub fn recorded(waived: &BTreeSet<Waived>, notes: &TrustNotes) -> Judgement {
        Judgement { severities: Severities::recorded(waived), notes: notes.clone() }
    }

    /// What is noted of the entries of the trust root.
    pub fn notes(&self) -> &TrustNotes {
        &self.notes
    }

    /// How bad the finding is; `None` if its rule is not looked at. An error that somebody meant, and gave a reason for, is a warning.
    pub fn severity_of(&self, finding: &Finding) -> Option<Severity> {
        match (self.waiver(finding), self.severities.of(finding.rule)) {
            (Some(_), Some(Severity::Error)) => Some(Severity::Warning),
            (_, severity) => severity,
        }
    }

    /// What was said on the record of the finding.
    pub fn waiver(&self, finding: &Finding) -> Option<&Waiver> {
        self.notes.waiver_of(finding)
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::sigstore::lint::RULES;

    use super::*;

    fn finding(id: &str, subject: &str) -> Finding {
        let rule = RULES.iter().find(|rule| rule.id == id).unwrap();
        Finding { rule, place: String::new(), subject: subject.to_owned(), detail: String::new() }
    }

    #[test]
    fn what_a_file_says_was_recorded_hides_no_finding() {
        let waived = |rule: &str, severity: &str, subject: Option<&str>| Waived {
            rule: rule.to_owned(),
            subject: subject.map(str::to_owned),
            severity: severity.to_owned(),
            reason: "x".to_owned(),
        };
        let recorded = BTreeSet::from([
            waived("tr-gap", "warning", None),
            waived("tr-no-live", "off", None),
            waived("log-id-wrong", "note", None),
            waived("tr-order", "off", None),
            waived("tr-start-epoch", "error", None),
            waived("tr-shrunk", "warning", Some("log a")),
            waived("doc-not-json", "off", None),
            waived("no-such-rule", "off", None),
            waived("ca-empty", "colourful", None),
        ]);
        let judgement = Judgement::recorded(&recorded, &TrustNotes::default());
        for (id, severity) in [
            ("tr-gap", Severity::Warning),
            ("tr-no-live", Severity::Warning),
            ("log-id-wrong", Severity::Warning),
            ("tr-order", Severity::Warning),
            ("tr-start-epoch", Severity::Error),
            // A waiver about one subject stands in the notes; and no waiver counts for what no client can use.
            ("tr-shrunk", Severity::Error),
            ("doc-not-json", Severity::Error),
            ("ca-empty", Severity::Error),
        ] {
            assert_eq!(judgement.severity_of(&finding(id, "log a")), Some(severity), "{id}");
        }
    }

    #[test]
    fn a_waived_error_is_a_warning_for_what_was_waived_alone() {
        let mut notes = TrustNotes::default();
        for rule in ["tr-shrunk", "doc-not-json"] {
            notes.waive(Waiver { rule: rule.to_owned(), subject: "log a".to_owned(), reason: "stolen".to_owned() });
        }
        let judgement = Judgement::new(&Severities::default(), &notes);
        assert_eq!(judgement.severity_of(&finding("tr-shrunk", "log a")), Some(Severity::Warning));
        assert_eq!(judgement.waiver(&finding("tr-shrunk", "log a")).unwrap().reason, "stolen");
        assert_eq!(judgement.severity_of(&finding("tr-shrunk", "log b")), Some(Severity::Error));
        assert_eq!(judgement.severity_of(&finding("tr-gap", "log a")), Some(Severity::Error));
        assert_eq!(judgement.severity_of(&finding("doc-not-json", "log a")), Some(Severity::Error));
        assert_eq!(Judgement::default().severity_of(&finding("tr-order", "log a")), Some(Severity::Warning));
    }
}
