//! Rules of the lint that are broken by what is frozen, and that the folder judges otherwise than the catalogue.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Utc};
use rootline_ceremonies::lint::{FileFinding, RepositoryView, lint_document, lint_trust_against};
use rootline_ceremonies::review::{TRUSTED_ROOT, Warning};
use rootline_ceremonies::{Frozen, Published, TargetName, Transcript, Waived};
use rootline_metadata::lint::Finding;

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::trust_notes;

/// What the policy and the notes decide about what is frozen.
pub(super) fn of_frozen(
    frozen: &Frozen,
    published: &Published,
    at: DateTime<Utc>,
    context: &Context,
) -> Result<BTreeSet<Waived>, Failure> {
    let (policy, notes) = (context.folder.policy()?, trust_notes::read(context)?);
    if policy.severities().changes().len() == 0 && notes.waivers().next().is_none() {
        return Ok(BTreeSet::new());
    }
    let findings = findings(frozen, published, &context.folder.targets()?.files, at);
    let mut waived = Waived::by_policy(&findings, policy.severities());
    waived.extend(Waived::by_notes(&findings, &notes));
    Ok(waived)
}

/// What is wrong with the files that are shipped, and with the difference to the published trust root.
fn findings(
    frozen: &Frozen,
    published: &Published,
    files: &BTreeMap<TargetName, Vec<u8>>,
    at: DateTime<Utc>,
) -> Vec<Finding> {
    let is_shipped = |name: &TargetName, bytes: &[u8]| {
        let mut shipped = frozen.all_targets().filter_map(|(_, targets)| targets.target(name.path()));
        shipped.any(|file| file.matches(bytes))
    };
    let before = RepositoryView::whole(published.files().clone());
    let before = before.trusted_root();
    let mut found: Vec<FileFinding> = Vec::new();
    for (name, bytes) in files.iter().filter(|(name, bytes)| is_shipped(name, bytes)) {
        found.extend(lint_document(name.as_str(), bytes, at).unwrap_or_default());
        if let Some((_, before)) = before.as_ref().filter(|_| name.as_str() == TRUSTED_ROOT) {
            found.extend(lint_trust_against(name.as_str(), bytes, before, at));
        }
    }
    found.into_iter().map(|found| found.finding).collect()
}

/// What was waived, as warnings of a review.
pub(super) fn warnings(transcript: &Transcript) -> Vec<Warning> {
    let warning = |waived: Waived| Warning::new(true, "the lint", waived.to_string());
    transcript.waived().into_iter().map(warning).collect()
}
