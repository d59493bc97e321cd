//! What to look at before signing.

use std::cmp::Reverse;

use rootline_metadata::lint::Severity;

use crate::documents::{DocumentFinding, Judgement};

/// Something to look at.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Warning {
    /// Whether it comes with this ceremony, or was so before.
    pub is_new: bool,
    /// The file or role that it is about.
    pub about: String,
    /// What is odd, and what follows from it.
    pub text: String,
    /// The id of the rule that a document breaks; `None` for what is no matter of a document.
    pub rule: Option<&'static str>,
    /// How bad it is to break that rule, as it is judged here.
    pub severity: Option<Severity>,
}

impl Warning {
    /// A warning that is no matter of a document.
    pub fn new(is_new: bool, about: impl Into<String>, text: impl Into<String>) -> Warning {
        Warning { is_new, about: about.into(), text: text.into(), rule: None, severity: None }
    }

    /// The text, with the id of the rule behind it.
    pub fn text_with_rule(&self) -> String {
        match self.rule {
            Some(rule) => format!("{} [{rule}]", self.text),
            None => self.text.clone(),
        }
    }
}

/// The warnings and errors among what was found, the worst of each file first. Notes are no matter of a review.
pub fn document_warnings(findings: Vec<DocumentFinding>, judgement: &Judgement) -> Vec<Warning> {
    let warning = |DocumentFinding { name, finding, is_new }: DocumentFinding| {
        let severity = judgement.severity_of(&finding);
        let mut text = match finding.subject.as_str() {
            "" => finding.detail.clone(),
            subject => format!("{subject}: {}", finding.detail),
        };
        if let Some(waiver) = judgement.waiver(&finding) {
            text.push_str(&format!("; waived: {}", waiver.reason));
        }
        Warning { is_new, about: name, text, rule: Some(finding.rule.id), severity }
    };
    let mut warnings: Vec<Warning> = findings.into_iter().map(warning).collect();
    warnings.retain(|warning| warning.severity > Some(Severity::Note));
    warnings.sort_by_key(|warning| (warning.about.clone(), Reverse(warning.severity)));
    warnings
}
