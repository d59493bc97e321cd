//! How bad it is that a document breaks a rule.

use rootline_metadata::lint::{Finding, Severity};

use crate::lint::Severities;
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
