//! `rootline-repo ceremony abandon`: giving a ceremony up, on the record.

use clap::Args;
use rootline_ceremonies::Event;
use serde_json::json;

use super::{IdArgs, find, refuse_closed};
use crate::commands::clock;
use crate::context::Context;
use crate::failure::Failure;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony abandon 2030-06 --reason \"Frank's token never arrived\"

Removes nothing: the plan, the signatures and the transcript stay.")]
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
    record.note(context.now, Event::abandoned(&args.reason))?;
    let id = record.id();
    context.report(&json!({ "ceremony": id.as_str(), "stage": "abandoned", "reason": args.reason }), |line| {
        line(format_args!("abandoned {id}; its record stays in {}", record.folder().path().display()));
    });
    Ok(())
}
