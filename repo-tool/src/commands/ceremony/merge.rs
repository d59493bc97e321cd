//! `rootline-repo ceremony merge`: two ceremonies become one.

use clap::Args;
use rootline_ceremonies::{
    Ceremony, Draft, Event, EventKind, Freezing, Frozen, Keyholders, Merge, Name, Plan, Published, SignatureFiles,
    signature_files_together, voided,
};
use rootline_client::store::read_regular_file;
use rootline_metadata::{hex, sha256};
use serde_json::json;

use super::tally::{signatures_json, signatures_text};
use super::{IdArgs, find, freeze, refuse_closed};
use crate::commands::parse_name;
use crate::commands::{clock, documents};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::ceremony::Stage;
use crate::folder::input::MAX_TEXT;
use crate::folder::record::CeremonyRecord;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony merge 2030-06 new-log

Adds the plan of FROM to INTO, freezes INTO and abandons FROM. Signatures given in FROM count in INTO where the signed file is the same. \
Refuses a merge that would void a signature: finish one ceremony first, then freeze the other again.")]
pub(crate) struct MergeArgs {
    /// The ceremony to keep
    #[arg(value_parser = parse_name)]
    into: Name,

    /// The ceremony to merge into it
    #[arg(value_parser = parse_name)]
    from: Name,
}

pub(crate) fn run(args: &MergeArgs, context: &Context) -> Result<(), Failure> {
    if args.into == args.from {
        return Err(Failure::new(
            "a ceremony cannot be merged into itself",
            "name two ceremonies: rootline-repo ceremony merge INTO FROM",
        ));
    }
    let _lock = context.lock()?;
    let published = context.folder.published()?;
    clock::warn(&published, context)?;
    let (keyholders, policy) = (context.folder.keyholders()?, context.folder.policy_for(&published)?);
    let (mut into, mut from) = (open(&args.into, &published, context)?, open(&args.from, &published, context)?);
    let targets = context.folder.targets()?.files;
    let plan = |record: &CeremonyRecord| record.folder().plan(&keyholders, policy.bounds());
    let (into_plan, from_plan) = (plan(&into)?, plan(&from)?);
    let now = Draft::new(into_plan.id().clone(), into_plan.at(), &policy, &published, &keyholders, Vec::new())?;
    let in_use = context.folder.roots_in_use(&published, context.now)?;
    let merged = Merge::new(&now, &into_plan, &from_plan, &published, &targets, &in_use)?;
    let text = merged.to_toml();
    let plan = Plan::parse(&text, &keyholders, policy.bounds())
        .map_err(|error| Failure::new(format!("the merged plan is not valid: {error}"), "edit one of the plans"))?;
    let frozen = Frozen::freeze_for(&plan, &published, &targets, &in_use)?;
    let waived = documents::check(&plan, &published, &targets, context)?;
    let event = Event::merged(from.id().as_str(), &hex::encode(&sha256(text.as_bytes())));
    let is_begun = into.transcript().last(&EventKind::Merged).is_some_and(|last| last.event == event);
    // Where an earlier run was ended while it froze, the frozen files are no longer those of before, and not all of those to come; what counted
    // then counts in what is frozen now, or that run would have refused.
    let own = match is_begun {
        true => kept(&into, &frozen, &published, &keyholders)?,
        false => counting(&into, &published, &keyholders)?,
    };
    let others = counting(&from, &published, &keyholders)?;
    refuse_to_void(&own, &others, &frozen)?;

    // Whatever this is interrupted after, the same again goes on: signature files for what is not frozen yet are in nobody's way, and a plan that was
    // put together once gives the same again.
    for file in signature_files_together(into.id(), &own, &others).values() {
        into.folder().write_signature_file(file)?;
    }
    if text.as_bytes() != read_regular_file(&into.folder().plan_path(), MAX_TEXT).unwrap_or_default() {
        atomic_file::replace(&into.folder().plan_path(), text.as_bytes())?;
    }
    if !is_begun {
        into.note(context.now, event)?;
    }
    let content = freeze::Content { plan: &plan, frozen: &frozen, given_up: &[], waived: &waived };
    let done = freeze::freeze_plan(&mut into, &content, &published, &keyholders, context)?;
    into.note_signatures(&done.files, &done.tally, &keyholders, &done.attestations)?;
    let reason = format!("merged into {}", into.id());
    from.note(context.now, Event::abandoned(&reason))?;

    let kept = done.tally.kept();
    let report = json!({
        "ceremony": into.id().as_str(),
        "merged": from.id().as_str(),
        "fingerprint": done.record.fingerprint().to_hex(),
        "kept": signatures_json(kept.iter().copied()),
    });
    context.report(&report, |line| {
        line(format_args!("merged {} into {}", from.id(), into.id()));
        if !kept.is_empty() {
            line(format_args!("kept signatures: {}", signatures_text(kept.iter().copied())));
        }
        line(format_args!("fingerprint, for keyholders to read out:"));
        line(format_args!("  {}", done.record.fingerprint()));
        context.next(format_args!(
            "rootline-repo ceremony review {0}, then each keyholder: ceremony sign {0} --key FILE",
            into.id()
        ));
    });
    Ok(())
}

/// A ceremony that has not been sealed or ended yet.
fn open(id: &Name, published: &Published, context: &Context) -> Result<CeremonyRecord, Failure> {
    let record = find(&IdArgs { id: Some(id.clone()) }, published, context)?;
    refuse_closed(&record)?;
    match record.stage()? {
        Stage::Planned | Stage::Frozen => Ok(record),
        _ => Err(Failure::new(
            format!("{id} is sealed, and sealed files do not change"),
            "make it current first: rootline-repo online --key FILE; then freeze the other ceremony again",
        )),
    }
}

/// The signature files of a ceremony that count in it.
fn counting(
    record: &CeremonyRecord,
    published: &Published,
    keyholders: &Keyholders,
) -> Result<SignatureFiles, Failure> {
    if record.transcript().freezing() == Freezing::Never {
        return Ok(SignatureFiles::new());
    }
    kept(record, &record.frozen()?.frozen, published, keyholders)
}

/// The signature files of a ceremony that count for these files.
fn kept(
    record: &CeremonyRecord,
    frozen: &Frozen,
    published: &Published,
    keyholders: &Keyholders,
) -> Result<SignatureFiles, Failure> {
    let files = record.folder().signature_files()?;
    let tally = Ceremony::new(record.id(), frozen, published, keyholders)?.tally(&files);
    let kept = tally.kept();
    Ok(files.into_iter().filter(|((part, name), _)| kept.contains(&(part, name))).collect())
}

fn refuse_to_void(own: &SignatureFiles, others: &SignatureFiles, merged: &Frozen) -> Result<(), Failure> {
    let voided: Vec<_> = voided(own, merged).into_iter().chain(voided(others, merged)).collect();
    if voided.is_empty() {
        return Ok(());
    }
    let voided = signatures_text(voided);
    Err(Failure::new(
        format!("merging the two would void signatures: {voided}"),
        "publish one of the ceremonies first, then freeze the other again",
    )
    .breaking("a signature counts as long as its file is unchanged"))
}
