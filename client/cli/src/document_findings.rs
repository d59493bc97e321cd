//! What is wrong with the documents of an instance, for those who verify with them: their publisher is to hear of it.

use std::fmt;

use chrono::{DateTime, Utc};
use rootline_client::TrustRoot;
use rootline_metadata::lint::{Finding, Severity};
use rootline_metadata::sigstore::lint::{LintSettings, lint_file};
use serde_json::Value;

use crate::finding;
use crate::printable::printable;

/// Something that is wrong with a document.
pub(crate) struct DocumentFinding {
    /// The document's name.
    file: &'static str,
    finding: Finding,
}

/// The warnings and errors about the trust root and the signing config at that time. Certificates are not looked into.
pub(crate) fn findings(trust_root: &TrustRoot, at: DateTime<Utc>) -> Vec<DocumentFinding> {
    let root = (TrustRoot::TRUSTED_ROOT, trust_root.trusted_root().to_json());
    let config = trust_root.signing_config().map(|config| (TrustRoot::SIGNING_CONFIG, config.to_json()));
    let in_document = |(file, text): (&'static str, String)| {
        let settings = LintSettings::new(file, at).without_certificates();
        let findings = lint_file(text.as_bytes(), &settings).unwrap_or_default().into_iter();
        findings
            .filter(|finding| finding.rule.severity > Severity::Note)
            .map(move |finding| DocumentFinding { file, finding })
    };
    [root].into_iter().chain(config).flat_map(in_document).collect()
}

impl DocumentFinding {
    /// Whether some client refuses the document, or is deceived by it.
    pub(crate) fn is_error(&self) -> bool {
        self.finding.rule.severity == Severity::Error
    }

    pub(crate) fn to_json(&self) -> Value {
        finding::to_json(Some(self.file), &self.finding, self.finding.rule.severity)
    }
}

impl fmt::Display for DocumentFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.file, printable(&self.finding.to_string()))
    }
}
