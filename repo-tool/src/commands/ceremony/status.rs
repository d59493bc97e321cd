//! `rootline-repo ceremony status`: who has signed, and who is still needed.

use std::rc::Rc;

use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{Name, Tally};
use serde_json::json;

use super::overlapping::{Overlapping, overlapping};
use super::tally::{tally_json, tally_lines, with_places};
use super::{IdArgs, find};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::attestations::{self, Attestations};
use crate::folder::ceremony::Stage;
use crate::folder::open_ceremony::OpenCeremony;

/// [`ExitStatus::NeedsPerson`] where the ceremony waits for one.
pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let published = Rc::new(context.folder.published()?);
    let record = find(args, &published, context)?;
    let (id, stage) = (record.id().clone(), record.stage()?);
    if !matches!(stage, Stage::Frozen | Stage::Sealed) {
        context.report(&json!({ "ceremony": id.as_str(), "stage": stage.name() }), |line| {
            line(format_args!("{id}: {}", stage.name()));
            if matches!(stage, Stage::Planned | Stage::Disputed | Stage::Superseded) {
                context.next(format_args!("rootline-repo ceremony freeze {id}"));
            }
        });
        return Ok(status_of(stage));
    }
    let open = OpenCeremony::load(record, published, context)?;
    let tally = open.tally(&open.signature_files()?)?;
    let overlapping = overlapping(&id, &open.frozen_record, &open.published, context)?;
    let tokens = tokens(&tally, &open, context);
    let report = json!({
        "ceremony": id.as_str(),
        "stage": stage.name(),
        "overlaps": overlapping.iter().map(Overlapping::to_json).collect::<Vec<_>>(),
        "revision": open.frozen_record.revision,
        "fingerprint": open.frozen_record.fingerprint().to_hex(),
        "tally": tally_json(&tally, &open.keyholders),
        "tokens": tokens.iter().map(|(name, token)| (name.to_string(), json!(token))).collect::<serde_json::Map<_, _>>(),
    });
    let have_own_line: Vec<&Name> = tokens.iter().map(|(name, _)| name).collect();
    context.report(&report, |line| {
        line(format_args!("{id}: {}", stage.name()));
        tally_lines(&tally, &open.keyholders, &have_own_line).iter().for_each(|text| line(format_args!("{text}")));
        overlapping.iter().for_each(|other| line(format_args!("{other}")));
        for (name, token) in &tokens {
            let text = format!("  {name}: insert {token}");
            line(format_args!("{}", with_places(text, name, &open.keyholders)));
        }
        match (stage, tally.is_met()) {
            (Stage::Sealed, _) => context.next(format_args!("rootline-repo online --key URI")),
            (_, true) => context.next(format_args!("rootline-repo ceremony seal {id}")),
            _ => context.next(format_args!("rootline-repo ceremony sign {id} --key URI")),
        }
    });
    Ok(status_of(stage))
}

fn status_of(stage: Stage) -> ExitStatus {
    if stage.needs_person() { ExitStatus::NeedsPerson } else { ExitStatus::Done }
}

/// Which token each of those who could still sign is to insert, where it is known. What does not hold tells nothing here: it is refused
/// where it counts.
fn tokens(tally: &Tally, open: &OpenCeremony, context: &Context) -> Vec<(Name, String)> {
    let known = || {
        let (policy, roots) = (context.folder.policy()?, attestations::vendor_roots(&context.folder)?);
        Attestations::read(&context.folder, &open.keyholders, policy.attestation(), &roots, context.now)
    };
    let attestations = known().unwrap_or_default();
    let missing = tally.can_still_sign().into_iter();
    missing.filter_map(|name| Some((name.clone(), attestations.token_text(name)?))).collect()
}
