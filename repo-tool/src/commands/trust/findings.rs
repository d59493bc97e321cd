//! What the rules say of an edited trust root: what its own readers could not read is not written.

use chrono::{DateTime, Utc};
use rootline_ceremonies::documents::Judgement;
use rootline_ceremonies::review::TRUSTED_ROOT;
use rootline_ceremonies::trust::{TrustNotes, Waiver};
use rootline_metadata::lint::{Finding, Severity};
use rootline_metadata::sigstore::TrustedRoot;
use rootline_metadata::sigstore::lint::{LintSettings, lint_shrinking, lint_trusted_root};
use serde_json::Value;

use crate::failure::Failure;
use crate::text::visible;

/// Rules about a list as a whole, which the next command may mend, and members that somebody else has added, which every command keeps. A
/// ceremony does not begin before they are mended, or the policy judges them otherwise.
const MENDED_LATER: [&str; 6] =
    ["tr-no-live", "tr-live-ended", "tr-gap", "tr-unknown-member", "sc-no-ca", "sc-no-rekor"];

/// What is wrong with the trust root.
pub(super) fn findings(bytes: &[u8], at: DateTime<Utc>) -> Vec<Finding> {
    lint_trusted_root(bytes, &LintSettings::new(TRUSTED_ROOT, at))
}

/// What an edit has brought that was not there before, mild things included.
///
/// # Errors
/// If something of it is an error that the next command does not mend.
pub(super) fn only_new(
    known: &[Finding],
    mut found: Vec<Finding>,
    judgement: &Judgement,
) -> Result<Vec<Finding>, Failure> {
    found.retain(|finding| !known.iter().any(|old| old.is_same_fault(finding)));
    let stops = |finding: &&Finding| {
        judgement.severity_of(finding) == Some(Severity::Error) && !MENDED_LATER.contains(&finding.rule.id)
    };
    match found.iter().find(stops) {
        Some(finding) => Err(refusal(finding)),
        None => Ok(found),
    }
}

/// The findings that people are told of, as one line each.
pub(super) fn shown(findings: &[Finding], judgement: &Judgement) -> Vec<String> {
    let text = |finding: &Finding| {
        let stops = match judgement.severity_of(finding)? {
            Severity::Note => return None,
            Severity::Warning => "",
            Severity::Error => ": nothing is frozen while this is so",
        };
        Some(format!("{}{stops}", visible(&finding.to_string())))
    };
    findings.iter().filter_map(text).collect()
}

/// A finding that stops what would bring it.
fn refusal(finding: &Finding) -> Failure {
    let who = if finding.rule.who.is_empty() { String::new() } else { format!(". {}", finding.rule.who) };
    let hint = format!("more about this: rootline-repo lint --explain {}", finding.rule.id);
    Failure::new(format!("{}{who}", visible(&finding.to_string())), hint)
        .breaking("what is published can be read by every client")
}

/// Notes why the times that an edit takes from what is published are given up, also where that leaves a time without an entry until a
/// successor opens.
///
/// # Errors
/// If there is no reason, and something is taken.
pub(super) fn waive_shrinking(
    notes: &mut TrustNotes,
    published: Option<&TrustedRoot>,
    after: &TrustedRoot,
    reason: Option<&str>,
    at: DateTime<Utc>,
) -> Result<Vec<Finding>, Failure> {
    let shrunk = published.map(|published| lint_shrinking(published, after, at)).unwrap_or_default();
    let new: Vec<Finding> = shrunk.iter().filter(|finding| notes.waiver_of(finding).is_none()).cloned().collect();
    let Some(first) = new.first() else { return Ok(shrunk) };
    let reason = reason.map(str::trim).filter(|reason| !reason.is_empty()).ok_or_else(|| {
        Failure::new(
            visible(&first.to_string()),
            "where this is meant, say why: trust set-window or trust distrust, with --reason TEXT",
        )
    })?;
    // What was given up before keeps its own reason.
    for finding in &new {
        for rule in [finding.rule.id, "tr-gap"] {
            let (rule, subject) = (rule.to_owned(), finding.subject.clone());
            notes.waive(Waiver { rule, subject, reason: reason.to_owned() });
        }
    }
    Ok(shrunk)
}

/// The findings as they are judged; those of rules that are not looked at are left out.
pub(super) fn to_json(findings: &[Finding], judgement: &Judgement) -> Vec<Value> {
    findings
        .iter()
        .filter_map(|finding| Some(rootline::finding::to_json(None, finding, judgement.severity_of(finding)?)))
        .collect()
}
