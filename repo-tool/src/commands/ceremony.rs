//! `rootline-repo ceremony`: from a plan to signed files.

mod abandon;
mod accept;
pub(crate) mod freeze;
mod given_up;
mod import;
mod list;
mod log;
mod merge;
pub(crate) mod new;
pub(crate) mod overlapping;
mod payload;
pub(crate) mod request;
pub(crate) mod review;
mod seal;
pub(crate) mod sign;
mod status;
mod tally;
mod verify;
mod witness;

use std::rc::Rc;

use clap::{Args, Subcommand};
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{Name, Published};

use super::parse_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::{CeremonyFolder, Stage};
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::CeremonyRecord;

#[derive(Subcommand, Debug)]
pub(crate) enum CeremonyCommand {
    /// Write the plan of a new ceremony
    New(new::NewArgs),
    /// Render the plan into the bytes to sign
    #[command(after_help = "Examples:
  rootline-repo ceremony freeze 2030-06")]
    Freeze(IdArgs),
    /// Show what a signature means: every change to the published files
    Review(review::ReviewArgs),
    /// Sign as one keyholder
    Sign(sign::SignArgs),
    /// Write a signing request for a keyholder's offline machine
    Request(request::RequestArgs),
    /// Accept signatures that were made elsewhere
    Accept(accept::AcceptArgs),
    /// Write the signed bytes, for openssl or a device's tool
    Payload(payload::PayloadArgs),
    /// Show who has signed and who must still sign
    #[command(after_help = "Examples:
  rootline-repo ceremony status
  rootline-repo ceremony status 2030-06 --json")]
    Status(IdArgs),
    /// Add the signatures to the files, once every threshold is met
    Seal(seal::SealArgs),
    /// Merge two open ceremonies
    Merge(merge::MergeArgs),
    /// Abandon a ceremony, and record the reason
    Abandon(abandon::AbandonArgs),
    /// Record published files that no ceremony made, and the reason
    Import(import::ImportArgs),
    /// Show the transcript and its head
    #[command(after_help = "Examples:
  rootline-repo ceremony log
  rootline-repo ceremony log 2030-06 --json

Shows transcript.jsonl of the ceremony; without an ID, of the only open one, or else of the last one. Each line holds the digest of the line \
before, so the head stands for all lines. Lines from two clones stand side by side until a line that follows both. A damaged transcript is shown \
up to its first wrong line.

Exit status: 0 done; 1 if the transcript is damaged.")]
    Log(IdArgs),
    /// Verify what is published, and ceremonies against their transcripts
    Verify(verify::VerifyArgs),
    /// Sign the head of the transcript, so that later changes are found
    Witness(witness::WitnessArgs),
    /// List all ceremonies
    #[command(after_help = "Examples:
  rootline-repo ceremony list
  rootline-repo ceremony list --json")]
    List,
}

/// Which ceremony.
#[derive(Args, Debug)]
pub(crate) struct IdArgs {
    /// The ceremony [default: the only open one]
    #[arg(value_parser = parse_name)]
    id: Option<Name>,
}

impl From<Name> for IdArgs {
    fn from(id: Name) -> IdArgs {
        IdArgs { id: Some(id) }
    }
}

pub(crate) fn run(command: &CeremonyCommand, context: &Context) -> Result<ExitStatus, Failure> {
    let done = match command {
        CeremonyCommand::Verify(args) => return verify::run(args, context),
        CeremonyCommand::New(args) => return new::run(args, context),
        CeremonyCommand::Freeze(args) => freeze::run(args, context),
        CeremonyCommand::Review(args) => review::run(args, context),
        CeremonyCommand::Sign(args) => sign::run(args, context),
        CeremonyCommand::Request(args) => request::run(args, context),
        CeremonyCommand::Accept(args) => accept::run(args, context),
        CeremonyCommand::Payload(args) => payload::run(args, context),
        CeremonyCommand::Status(args) => return status::run(args, context),
        CeremonyCommand::Seal(args) => seal::run(args, context),
        CeremonyCommand::Merge(args) => merge::run(args, context),
        CeremonyCommand::Abandon(args) => abandon::run(args, context),
        CeremonyCommand::Import(args) => import::run(args, context),
        CeremonyCommand::Log(args) => log::run(args, context),
        CeremonyCommand::Witness(args) => witness::run(args, context),
        CeremonyCommand::List => list::run(context),
    };
    done.map(|()| ExitStatus::Done)
}

/// Loads a ceremony that can be signed, once everything holds that `ceremony verify` checks but for signatures.
fn load(id: &IdArgs, context: &Context) -> Result<OpenCeremony, Failure> {
    opened(id, context)?.verified(context)
}

/// Loads a ceremony that is open; nothing but its frozen files has been checked.
fn opened(id: &IdArgs, context: &Context) -> Result<OpenCeremony, Failure> {
    let published = Rc::new(context.folder.published()?);
    let record = find(id, &published, context)?;
    refuse_closed(&record)?;
    OpenCeremony::load(record, published, context)
}

/// The ceremony that is meant.
fn find(id: &IdArgs, published: &Published, context: &Context) -> Result<CeremonyRecord, Failure> {
    if let Some(id) = &id.id {
        return named(id, context)?.load(published);
    }
    let mut open = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let id = ceremony.id().clone();
        // One whose record does not hold may be the one that is meant.
        let found = ceremony.load(published).and_then(|record| Ok((record.stage()?, record)));
        match found {
            Ok((stage, _)) if stage.is_over() => {}
            Ok((_, record)) => open.push((id, Ok(record))),
            Err(failure) => open.push((id, Err(failure))),
        }
    }
    let ids: Vec<String> = open.iter().map(|(id, _)| id.to_string()).collect();
    match (open.pop(), open.is_empty()) {
        (Some((_, only)), true) => only,
        (None, _) => Err(Failure::new("no ceremony is open", "start one: rootline-repo ceremony new ID")),
        _ => Err(Failure::new(format!("several ceremonies are open: {}", ids.join(", ")), "name one of them")),
    }
}

/// The folder of the ceremony of that name.
fn named(id: &Name, context: &Context) -> Result<CeremonyFolder, Failure> {
    let folder = context.folder.ceremony(id);
    match folder.exists() {
        true => Ok(folder),
        false => Err(Failure::new(
            format!("there is no ceremony {id}"),
            format!("list them: rootline-repo ceremony list; or start it: rootline-repo ceremony new {id}"),
        )),
    }
}

fn refuse_closed(record: &CeremonyRecord) -> Result<(), Failure> {
    let id = record.id();
    match record.stage()? {
        Stage::Released => Err(Failure::new(
            format!("{id} is finished: its files are released"),
            "start another one: rootline-repo ceremony new ID",
        )),
        Stage::Abandoned => {
            Err(Failure::new(format!("{id} was abandoned"), "start another one: rootline-repo ceremony new ID"))
        }
        Stage::Imported => Err(Failure::new(
            format!("{id} is not a ceremony: it records files that were imported"),
            "start a ceremony: rootline-repo ceremony new ID",
        )),
        Stage::Planned | Stage::Frozen | Stage::Disputed | Stage::Sealed | Stage::Superseded => Ok(()),
    }
}
