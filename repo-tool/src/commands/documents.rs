//! What is wrong with the documents that a ceremony ships, before anybody signs.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, Duration, Utc};
use rootline_ceremonies::documents::{DocumentFinding, Judgement, Shipped, document_findings};
use rootline_ceremonies::review::{Content, TRUSTED_ROOT, TrustHistory, Warning, document_warnings};
use rootline_ceremonies::{EventKind, FreezeError, Name, Plan, Published, TargetName, Waived, check_documents};
use rootline_metadata::Targets;
use rootline_metadata::sigstore::TrustedRoot;

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::trust_notes;
use crate::text::visible;

/// Most faults that are listed, one a line.
const MAX_LISTED: usize = 40;

/// Refuses to freeze what clients refuse to read, or are deceived by. Gives what the policy and the notes judge otherwise than the catalogue.
pub(crate) fn check(
    plan: &Plan,
    published: &Published,
    targets: &BTreeMap<TargetName, Vec<u8>>,
    context: &Context,
) -> Result<BTreeSet<Waived>, Failure> {
    let after = Shipped::planned(plan, published, targets);
    check_shipped(plan.id(), plan.at(), &after, published, context)
}

/// As [`check`], for what a plan would ship at that instant.
pub(crate) fn check_shipped(
    id: &Name,
    at: DateTime<Utc>,
    after: &Shipped<'_>,
    published: &Published,
    context: &Context,
) -> Result<BTreeSet<Waived>, Failure> {
    let findings = findings(id, at, after, published, context)?;
    let (policy, notes) = (context.folder.policy()?, trust_notes::read(context)?);
    let error = match check_documents(&findings, &Judgement::new(policy.severities(), &notes)) {
        Ok(()) => {
            let findings = || findings.iter().map(|found| &found.finding);
            let mut waived = Waived::by_policy(findings(), policy.severities());
            waived.extend(Waived::by_notes(findings(), &notes));
            return Ok(waived);
        }
        Err(error) if context.json => return Err(error.into()),
        Err(error) => error,
    };
    let FreezeError::Faults { faults } = &error else { return Err(error.into()) };
    for fault in faults.iter().take(MAX_LISTED) {
        context.terminal.warning(format_args!("{}", visible(&fault.to_string())));
    }
    let rules: BTreeSet<&str> = faults.iter().map(|fault| fault.finding.rule.id).collect();
    let rules: Vec<&str> = rules.into_iter().collect();
    let what = format!("clients refuse what is shipped, or are deceived by it: {}", rules.join(", "));
    Err(Failure::new(what, error.hint()))
}

/// What a review would warn of if the plan were frozen as it is.
pub(crate) fn warnings(plan: &Plan, published: &Published, context: &Context) -> Result<Vec<Warning>, Failure> {
    let targets = context.folder.targets()?.files;
    warnings_of_shipped(plan.id(), plan.at(), &Shipped::planned(plan, published, &targets), published, context)
}

/// As [`warnings`], for what a plan would ship at that instant.
pub(crate) fn warnings_of_shipped(
    id: &Name,
    at: DateTime<Utc>,
    after: &Shipped<'_>,
    published: &Published,
    context: &Context,
) -> Result<Vec<Warning>, Failure> {
    let mut warnings = document_warnings(findings(id, at, after, published, context)?, &judgement(context)?);
    warnings.sort_by_key(|warning| !warning.is_new);
    Ok(warnings)
}

/// What is wrong with what is shipped.
fn findings(
    id: &Name,
    at: DateTime<Utc>,
    after: &Shipped<'_>,
    published: &Published,
    context: &Context,
) -> Result<Vec<DocumentFinding>, Failure> {
    let history = history(Some(id), published, None, context)?;
    Ok(document_findings(&Shipped::published(published), after, &history, at))
}

/// How bad it is that a document breaks a rule, as the folder has it.
pub(crate) fn judgement(context: &Context) -> Result<Judgement, Failure> {
    Ok(Judgement::new(context.folder.policy()?.severities(), &trust_notes::read(context)?))
}

/// The trust roots that ceremonies published, but for that one, by the instants at which they were released: up to an instant, where there is one.
pub(crate) fn history(
    id: Option<&Name>,
    published_files: &Published,
    until: Option<DateTime<Utc>>,
    context: &Context,
) -> Result<TrustHistory, Failure> {
    let policy = context.folder.policy()?;
    let days = i64::from(policy.timestamp().expires.number());
    let mut published = Vec::new();
    let others = context.folder.ceremonies()?.into_iter().filter(|ceremony| Some(ceremony.id()) != id);
    for ceremony in others {
        // A ceremony whose record is not whole any more says nothing of what it published, and is in nobody's way.
        let Ok(record) = ceremony.load(published_files) else { continue };
        let Some(released) = record.transcript().last(&EventKind::Released) else { continue };
        if until.is_some_and(|until| released.at >= until) {
            continue;
        }
        let Ok(files) = record.frozen() else { continue };
        if let Some(root) = files.frozen.all_targets().find_map(|(_, targets)| trust_root_of(targets, published_files))
        {
            published.push((released.at, root));
        }
    }
    published.sort_by_key(|(at, _)| *at);
    Ok(TrustHistory {
        published,
        next: None,
        timestamp_lifetime: Duration::days(days),
        caches: policy.caches().total(),
    })
}

fn trust_root_of(targets: &Targets, published: &Published) -> Option<TrustedRoot> {
    let name: TargetName = TRUSTED_ROOT.parse().ok()?;
    let file = targets.target(name.path())?;
    let bytes = published.files().get(&name.published_as(&file))?;
    Content::read(TRUSTED_ROOT, bytes).trusted_root().cloned()
}
