//! `rootline-repo ceremony`: from a plan to signed files.

mod abandon;
mod accept;
mod freeze;
mod list;
mod log;
mod merge;
mod new;
mod overlapping;
mod payload;
mod request;
pub(crate) mod review;
mod seal;
pub(crate) mod sign;
mod status;
mod tally;
mod verify;
mod witness;

use std::rc::Rc;

use clap::{Args, Subcommand};
use rootline_ceremonies::{Name, Published};

use super::parse_name;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::ceremony::{CeremonyFolder, Stage};
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::CeremonyRecord;

#[derive(Subcommand, Debug)]
pub(crate) enum CeremonyCommand {
    /// Write a plan, filled in with what is true now
    New(new::NewArgs),
    /// Render the plan into the exact bytes to sign
    #[command(after_help = "Examples:
  rootline-repo ceremony freeze 2030-06")]
    Freeze(IdArgs),
    /// What a signature means: the difference between what is published and what is frozen
    Review(review::ReviewArgs),
    /// Sign as one keyholder
    Sign(sign::SignArgs),
    /// Write one file with which a keyholder signs on a machine without network, repository or git
    Request(request::RequestArgs),
    /// Take responses to a request, and signatures that other tools have made; keep what verifies
    Accept(accept::AcceptArgs),
    /// Write the exact bytes that a signature is over, for openssl or the tool of a device
    Payload(payload::PayloadArgs),
    /// Who has signed, and who is still needed
    #[command(after_help = "Examples:
  rootline-repo ceremony status
  rootline-repo ceremony status 2030-06 --json")]
    Status(IdArgs),
    /// Put the signatures in, once every threshold is met
    #[command(after_help = "Examples:
  rootline-repo ceremony seal 2030-06")]
    Seal(IdArgs),
    /// Let one ceremony do what two have planned
    Merge(merge::MergeArgs),
    /// Give it up, and keep the record of why
    Abandon(abandon::AbandonArgs),
    /// What happened, line after line, and the digest that stands for all of it
    #[command(after_help = "Examples:
  rootline-repo ceremony log
  rootline-repo ceremony log 2030-06 --json

The log is the ceremony's transcript.jsonl. Each line holds the digest of the one before, so whoever knows the head knows all of it. \
Without an ID it is the only ceremony that is open, or else the last one. \
Lines that were written in two clones stand side by side until a line that follows both. A transcript that does not hold together is \
shown up to the first line that is wrong, and the exit status is 1.")]
    Log(IdArgs),
    /// Rebuild what was frozen, replay the record, and find whatever was changed
    #[command(after_help = "Examples:
  rootline-repo ceremony verify             every ceremony there has been
  rootline-repo ceremony verify 2030-06
  rootline-repo ceremony verify --json

Anybody who has the folder can: it takes no key and changes nothing. The plan is rendered again and compared with what was frozen, every signature and every signed head is verified, and what was sealed and published is held against the record. Lines cut off at the end of a transcript are found where a keyholder has signed a head behind them: rootline-repo ceremony witness.

Exit status: 0 if everything is as the record says; 1 if not.")]
    Verify(IdArgs),
    /// Sign the head of the transcript: nothing before it can be changed or cut off unnoticed from then on
    Witness(witness::WitnessArgs),
    /// All ceremonies
    #[command(after_help = "Examples:
  rootline-repo ceremony list
  rootline-repo ceremony list --json")]
    List,
}

/// Which ceremony.
#[derive(Args, Debug)]
pub(crate) struct IdArgs {
    /// Which ceremony [default: the only one that is open]
    #[arg(value_parser = parse_name)]
    id: Option<Name>,
}

/// Gives the exit status.
pub(crate) fn run(command: &CeremonyCommand, context: &Context) -> Result<u8, Failure> {
    let done = match command {
        CeremonyCommand::Verify(args) => return verify::run(args, context),
        CeremonyCommand::New(args) => new::run(args, context),
        CeremonyCommand::Freeze(args) => freeze::run(args, context),
        CeremonyCommand::Review(args) => review::run(args, context),
        CeremonyCommand::Sign(args) => sign::run(args, context),
        CeremonyCommand::Request(args) => request::run(args, context),
        CeremonyCommand::Accept(args) => accept::run(args, context),
        CeremonyCommand::Payload(args) => payload::run(args, context),
        CeremonyCommand::Status(args) => status::run(args, context),
        CeremonyCommand::Seal(args) => seal::run(args, context),
        CeremonyCommand::Merge(args) => merge::run(args, context),
        CeremonyCommand::Abandon(args) => abandon::run(args, context),
        CeremonyCommand::Log(args) => log::run(args, context),
        CeremonyCommand::Witness(args) => witness::run(args, context),
        CeremonyCommand::List => list::run(context),
    };
    done.map(|()| 0)
}

/// Loads a ceremony that can be signed or sealed.
fn load(id: &IdArgs, context: &Context) -> Result<OpenCeremony, Failure> {
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
        let record = ceremony.load(published)?;
        if !matches!(record.stage()?, Stage::Released | Stage::Abandoned) {
            open.push(record);
        }
    }
    let ids: Vec<String> = open.iter().map(|record| record.id().to_string()).collect();
    match (open.pop(), open.is_empty()) {
        (Some(only), true) => Ok(only),
        (None, _) => Err(Failure::new("no ceremony is open", "begin one: rootline-repo ceremony new ID")),
        _ => Err(Failure::new(format!("several ceremonies are open: {}", ids.join(", ")), "name the one you mean")),
    }
}

/// The folder of the ceremony of that name.
fn named(id: &Name, context: &Context) -> Result<CeremonyFolder, Failure> {
    let folder = context.folder.ceremony(id);
    match folder.exists() {
        true => Ok(folder),
        false => Err(Failure::new(
            format!("there is no ceremony {id}"),
            format!("see which there are: rootline-repo ceremony list; or begin it: rootline-repo ceremony new {id}"),
        )),
    }
}

fn refuse_closed(record: &CeremonyRecord) -> Result<(), Failure> {
    let id = record.id();
    match record.stage()? {
        Stage::Released => Err(Failure::new(format!("{id} is over: what it sealed is published"), "begin another one")),
        Stage::Abandoned => {
            Err(Failure::new(format!("{id} was abandoned"), "begin another one: rootline-repo ceremony new ID"))
        }
        Stage::Planned | Stage::Frozen | Stage::Disputed | Stage::Sealed | Stage::Overtaken => Ok(()),
    }
}
