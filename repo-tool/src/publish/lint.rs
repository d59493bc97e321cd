//! The lint before a publication: nothing becomes public that breaks clients, unless it is public already or was meant.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_ceremonies::documents::Judgement;
use rootline_ceremonies::lint::{FileFinding, RepositoryView, lint_repository};
use rootline_metadata::lint::Severity;

use crate::failure::Failure;
use crate::lint::report::text;
use crate::preflight::Files;
use crate::text::visible;

/// Rules about time, which comes by itself: what has expired the preflight refuses, and a timestamp that is due must not wait for a ceremony.
const LEFT_TO_THE_PREFLIGHT: [&str; 2] = ["tuf-expired", "tuf-expiry-order"];
/// Most errors that a message lists.
const MAX_LISTED: usize = 10;

/// Refuses to make `new` public in the place of `old` where that brings errors which are not there yet.
pub(crate) fn check(old: &Files, new: &Files, judgement: &Judgement, now: DateTime<Utc>) -> Result<(), Failure> {
    let (old, new) = (RepositoryView::whole(BTreeMap::clone(old)), RepositoryView::whole(BTreeMap::clone(new)));
    let known = lint_repository(&old, now);
    let is_new = |found: &FileFinding| !known.iter().any(|known| known.is_same_fault(found));
    let stops = |found: &FileFinding| {
        judgement.severity_of(&found.finding) == Some(Severity::Error)
            && !LEFT_TO_THE_PREFLIGHT.contains(&found.finding.rule.id)
    };
    let found = lint_repository(&new, now).into_iter().filter(is_new).chain(new.lint_against(&old, now));
    refuse(&found.filter(stops).collect::<Vec<_>>())
}

fn refuse(errors: &[FileFinding]) -> Result<(), Failure> {
    let Some(first) = errors.first() else { return Ok(()) };
    let lines = errors.iter().take(MAX_LISTED).map(|FileFinding { file, finding }| {
        format!("\n  {}: {} [{}]", visible(file), visible(&text(finding)), finding.rule.id)
    });
    let more = errors.len().saturating_sub(MAX_LISTED);
    let more = if more > 0 { format!("\n  and {more} more") } else { String::new() };
    let what = format!("clients would break on what is new:{}{more}", lines.collect::<String>());
    let id = first.finding.rule.id;
    let hint = format!(
        "nothing was written; what to do: rootline-repo lint --explain {id}; where it is meant, say so with a reason in [lint] of rootline.toml"
    );
    Err(Failure::new(what, hint).breaking("what is published can be read by every client"))
}
