//! `rootline-repo ceremony abandon`: giving a ceremony up, on the record.

use clap::Args;
use rootline_ceremonies::Event;
use serde_json::json;

use super::given_up::{by_giving_up, given_up_json, given_up_lines};
use super::{IdArgs, find, refuse_closed};
use crate::commands::clock;
use crate::context::Context;
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony abandon 2030-06 --reason \"Frank's token never arrived\"

Removes nothing: the plan, the signatures and the transcript stay. A file that enough keyholders have signed is named with its digest: it stays \
valid and must never be served. No other file gets its version, unless it is a root; the next review then says so.")]
pub(crate) struct AbandonArgs {
    #[command(flatten)]
    id: IdArgs,

    /// The reason, for the transcript
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(crate) fn run(args: &AbandonArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let published = context.folder.published()?;
    clock::warn(&published, context)?;
    let mut record = find(&args.id, &published, context)?;
    refuse_closed(&record)?;
    let given_up = by_giving_up(&record, None, &published, &context.folder.keyholders()?);
    let event = (!given_up.is_empty()).then(|| Event::given_up(&given_up));
    let events = event.into_iter().chain([Event::abandoned(&args.reason)]);
    record.note_all(events.map(|event| (context.now, event)))?;
    let id = record.id();
    let report = json!({
        "ceremony": id.as_str(),
        "stage": "abandoned",
        "reason": args.reason,
        "given_up": given_up_json(&given_up),
    });
    context.report(&report, |line| {
        line(format_args!("abandoned {id}; its record stays in {}", record.folder().path().display()));
        given_up_lines(&given_up).iter().for_each(|text| line(format_args!("{text}")));
    });
    Ok(())
}
