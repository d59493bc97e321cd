//! The bounds of the policy, as they are now, at every step from the freezing to the publication.

use rootline_ceremonies::review::Warning;
use rootline_ceremonies::{BeyondBounds, EventKind, Frozen, Keyholders, Plan, Published};

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::Stage;
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::CeremonyRecord;
use crate::preflight::Files;

/// Refuses a plan that goes beyond the bounds, or whose files hold longer than they allow.
pub(crate) fn check(plan: &Plan, frozen: &Frozen, context: &Context) -> Result<(), Failure> {
    refuse(context.folder.policy()?.bounds().beyond(plan, frozen, context.now))
}

/// Refuses a frozen ceremony that goes beyond the bounds as they are now.
pub(crate) fn check_open(open: &OpenCeremony, context: &Context) -> Result<(), Failure> {
    check(&open.plan()?, &open.frozen, context)
}

/// Refuses a sealed ceremony that goes beyond the bounds.
pub(crate) fn check_sealed(record: &CeremonyRecord, keyholders: &Keyholders, context: &Context) -> Result<(), Failure> {
    let files = record.frozen()?;
    let plan = record.folder().frozen_plan(&files)?.parse(keyholders)?;
    check(&plan, &files.frozen, context)
}

/// The same as warnings of a review.
pub(crate) fn warnings(plan: &Plan, frozen: &Frozen, context: &Context) -> Result<Vec<Warning>, Failure> {
    let found = context.folder.policy()?.bounds().beyond(plan, frozen, context.now);
    let warning = |BeyondBounds { role, problem, .. }| Warning::new(true, role, problem);
    Ok(found.into_iter().map(warning).collect())
}

/// Refuses to make public what goes beyond the bounds. What has been public before stays so: a bound that came later must not keep a
/// timestamp from being published, here or at a new destination.
pub(crate) fn check_publication(there: &Files, published: &Published, context: &Context) -> Result<(), Failure> {
    let is_there = |found: &BeyondBounds| found.file.as_ref().is_some_and(|file| there.contains_key(file));
    let mut found = context.folder.policy()?.bounds().beyond_in(published, context.now);
    found.retain(|found| !is_there(found));
    if found.is_empty() {
        return Ok(());
    }
    let mut refused = Vec::new();
    for ceremony in context.folder.ceremonies_and_strays()?.0 {
        // One that is damaged is found by ceremony verify, and has published nothing that is not there.
        let Ok(record) = ceremony.load(published) else { continue };
        let is_first_time = record.stage().is_ok_and(|stage| stage == Stage::Released)
            && record.transcript().last(&EventKind::Published).is_none();
        if is_first_time {
            let files = record.sealed_files()?;
            refused
                .extend(found.iter().filter(|found| found.file.as_ref().is_some_and(|file| files.contains_key(file))));
        }
    }
    refuse(refused.into_iter().cloned().collect())
}

fn refuse(found: Vec<BeyondBounds>) -> Result<(), Failure> {
    let Some(first) = found.first() else { return Ok(()) };
    let more = if found.len() > 1 { format!(", and {} more", found.len() - 1) } else { String::new() };
    let hint = "change the plan and freeze it again: rootline-repo ceremony freeze; or change [bounds] in rootline.toml, for everyone to see";
    Err(Failure::new(format!("{first}{more}"), hint).breaking("the bounds of the policy hold at every step"))
}
