//! `rootline-repo trust retire`, `set-window`, `rename`, `remove` and `distrust`.

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::clock::parse_at;
use rootline_ceremonies::Name;
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::Window;
use serde_json::json;

use super::content::TrustContent;
use super::instants::{self, Consent};
use crate::context::Context;
use crate::failure::Failure;

/// How commands call an entry.
const CALLED: &str = "NAME";

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust retire rekor-2021
  rootline-repo trust retire https://rekor.sigstore.dev --end 2031-01-31T12:00:00Z")]
pub(crate) struct RetireArgs {
    /// Its name, log id, or URL if no other one has it
    #[arg(value_name = CALLED)]
    entry: String,

    /// The instant until which it is trusted [default: when every verifier can have the change]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    end: Option<DateTime<Utc>>,

    #[command(flatten)]
    consent: Consent,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust set-window rekor-2031 --start 2031-01-31T12:00:00Z
  rootline-repo trust set-window rekor-2021 --no-end
  rootline-repo trust set-window rekor-2021 --end 2031-01-31T12:00:00Z \\
    --reason 'It was switched off earlier'")]
pub(crate) struct SetWindowArgs {
    /// Its name, log id, or URL if no other one has it
    #[arg(value_name = CALLED)]
    entry: String,

    /// The instant from which it is trusted [default: as it is]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at, required_unless_present_any = ["end", "no_end"])]
    start: Option<DateTime<Utc>>,

    /// The instant until which it is trusted [default: as it is]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    end: Option<DateTime<Utc>>,

    /// Trust it without an end
    #[arg(long, conflicts_with = "end")]
    no_end: bool,

    /// Why signatures that verify now may stop verifying
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,

    #[command(flatten)]
    consent: Consent,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust rename rekor-2021 rekor")]
pub(crate) struct RenameArgs {
    /// Its name, log id, or URL if no other one has it
    #[arg(value_name = CALLED)]
    entry: String,

    /// The name by which later commands call it
    #[arg(value_name = "NEW")]
    new: Name,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust remove ctlog-2021 --reason 'It never logged a certificate of ours'")]
pub(crate) struct RemoveArgs {
    /// Its name, log id, or URL if no other one has it
    #[arg(value_name = CALLED)]
    entry: String,

    /// Why nothing that it vouched for has to verify any more
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust distrust fulcio-2022 --since 2030-01-31T12:00:00Z \\
    --reason 'Its key was stolen'")]
pub(crate) struct DistrustArgs {
    /// Its name, log id, or URL if no other one has it
    #[arg(value_name = CALLED)]
    entry: String,

    /// The last instant at which its key was nobody else's
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    since: DateTime<Utc>,

    /// Why the signatures after that are given up
    #[arg(long, value_name = "TEXT")]
    reason: String,
}

pub(super) fn retire(args: &RetireArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let entry = content.find(&args.entry)?;
    let end = args.end.unwrap_or_else(|| instants::earliest(&content, context));
    args.consent.ask(&format!("{} would close", entry.name), end, &content, context)?;
    let mut root = content.root.clone();
    root.close_window(entry.section(), &entry.entry_ref(), end)?;
    content.write_change(&root, None, context)
}

pub(super) fn set_window(args: &SetWindowArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let entry = content.find(&args.entry)?;
    let end = if args.no_end { None } else { args.end.or(entry.window.end()) };
    let window = Window::new(args.start.or(entry.window.start()), end);
    if let Some(start) = args.start {
        args.consent.ask(&format!("{} would open", entry.name), start, &content, context)?;
    }
    if let Some(end) = args.end {
        args.consent.ask(&format!("{} would close", entry.name), end, &content, context)?;
    }
    let mut root = content.root.clone();
    root.set_window(entry.section(), &entry.entry_ref(), window)?;
    content.write_change(&root, args.reason.as_deref(), context)
}

pub(super) fn rename(args: &RenameArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let entry = content.find(&args.entry)?;
    content.check_free(&args.new, Some(&entry.id))?;
    let mut notes = content.entries.noted_in(&content.notes);
    notes.set_name(entry.id.clone(), args.new.clone());
    let path = content.write_notes(&notes, context)?;
    let report = json!({ "written": path, "before": entry.name.as_str(), "name": args.new.as_str() });
    context.report(&report, |line| {
        line(format_args!("{} is now called {}; the trust root stays as it is", entry.name, args.new));
    });
    Ok(())
}

pub(super) fn remove(args: &RemoveArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let entry = content.find(&args.entry)?;
    let mut root = content.root.clone();
    root.remove(entry.section(), &entry.entry_ref())?;
    content.write_change(&root, Some(&args.reason), context)
}

pub(super) fn distrust(args: &DistrustArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let entry = content.find(&args.entry)?;
    if args.since > context.now {
        let what = format!("{} is in the future, and distrust begins in the past", instant_text(args.since));
        let retire = format!("to end the trust later: rootline-repo trust retire {}", entry.name);
        return Err(Failure::new(what, retire));
    }
    if entry.window.start().is_some_and(|start| args.since < start) {
        let what =
            format!("{} is before the start of {}: nothing of it would verify", instant_text(args.since), entry.name);
        let remove = format!("to take it out: rootline-repo trust remove {} --reason TEXT", entry.name);
        return Err(Failure::new(what, remove));
    }
    let mut root = content.root.clone();
    root.close_window(entry.section(), &entry.entry_ref(), args.since)?;
    content.write_change(&root, Some(&args.reason), context)
}
