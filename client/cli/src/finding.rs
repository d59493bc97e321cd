//! Findings of the lint, as both programs print them for programs.

use rootline_metadata::lint::{Finding, Severity};
use serde_json::{Map, Value};

/// A finding for programs: the file it is in, where that is not plain, and how bad it is there.
pub fn to_json(file: Option<&str>, finding: &Finding, severity: Severity) -> Value {
    let Finding { rule, place, subject, detail } = finding;
    let mut members = Map::new();
    members.extend(file.map(|file| ("file".to_owned(), file.into())));
    let told = [
        ("rule", rule.id),
        ("severity", severity.as_str()),
        ("place", place),
        ("subject", subject),
        ("detail", detail),
    ];
    members.extend(told.map(|(name, value)| (name.to_owned(), value.into())));
    members.into()
}
