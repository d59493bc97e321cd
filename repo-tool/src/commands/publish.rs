//! `rootline-repo publish`: putting the repository where verifiers read it.

use std::path::PathBuf;
use std::time::Duration;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::{Entry, Event, EventKind, OriginFault, Origins, Published, RoleVersion};
use rootline_metadata::{Role, sha256};

use super::bounds;
use super::clock::ClockArgs;
use super::documents;
use super::online::{warn_of_fault, warn_of_remarks, warn_of_strays};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::ceremony::{CeremonyFolder, Stage};
use crate::folder::verification::Verification;
use crate::preflight::{Checked, Files, Gate};
use crate::publish::destination as there_already;
use crate::publish::lint;
use crate::publish::place::Place;
use crate::publish::reached::Reached;
use crate::publish::staged::StagedPublication;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo publish
  rootline-repo publish --to /srv/www/tuf
  rootline-repo publish --to s3://acme-tuf/prod
  rootline-repo publish --wait
  rootline-repo publish --dry-run

The place is a static repository: N.root.json, timestamp.json and the other metadata at its top, targets below targets/. \
Its URL is the metadata URL, and with /targets the targets URL. Published files never change, the timestamp is written last, and nothing is \
written unless a verifier accepts it from every root ever published, and the lint finds no error that is not there already.

Caches keep what they have for as long as [caches] of the policy says. So what is new becomes public in stages: first the files that nothing \
points at yet, then the timestamp, then the roots, each once no cache shows a verifier what it would refuse. Run it again when it says, or every day, \
or let it --wait.")]
pub(crate) struct PublishArgs {
    /// Where to publish to: a folder, s3://, gs:// or az:// [default: `to` of the policy]
    #[arg(long, value_name = "PLACE")]
    to: Option<PathBuf>,

    /// Stay until the last stage is public
    #[arg(long, conflicts_with = "at_once")]
    wait: bool,

    /// Publish all now, though clients behind caches are refused for a while
    #[arg(long)]
    at_once: bool,

    /// List what would be written, in order, and write nothing
    #[arg(long, conflicts_with = "wait")]
    dry_run: bool,

    #[command(flatten)]
    clock: ClockArgs,
}

/// [`ExitStatus::NeedsPerson`] where a delegated role has expired, which only its keyholders can renew, or the record of a ceremony has a fault.
pub(crate) fn run(args: &PublishArgs, context: &Context) -> Result<ExitStatus, Failure> {
    if args.wait && context.clock.is_stated() {
        return Err(Failure::new("--wait waits for an instant, and --at stops the clock", "leave one of them out"));
    }
    let place = Place::find(args.to.as_deref(), context)?;
    let is_new_place = place.folder().is_some_and(|folder| !folder.exists());
    let mut reached = publish(args, &place, context)?;
    reached.is_new_place = is_new_place;
    while let (true, Some(next)) = (args.wait, &reached.next) {
        context.terminal.report(format_args!("{}", reached.stage_text().unwrap_or_default()));
        wait_until(next.at, context);
        let next = publish(args, &place, &context.at_later())?;
        reached = reached.then(next);
    }
    reached.report(&place, args.dry_run, context);
    Ok(if reached.needs_person { ExitStatus::NeedsPerson } else { ExitStatus::Done })
}

/// Sleeps in short steps, so that a machine that was asleep itself goes on at once.
fn wait_until(until: DateTime<Utc>, context: &Context) {
    while context.later() < until {
        let left = (until - context.later()).to_std().unwrap_or_default();
        std::thread::sleep(left.min(Duration::from_secs(10)));
    }
}

/// Makes public at one place what may be now.
fn publish(args: &PublishArgs, place: &Place, context: &Context) -> Result<Reached, Failure> {
    let _lock = context.lock()?;
    let published = context.folder.published()?;
    require_complete(&published)?;
    place.folder().into_iter().for_each(atomic_file::sweep);
    let there = place.read(&published, &context.folder.policy()?.caches())?;
    there_already::check(place, &there, &published)?;
    args.clock.check_destination(place, &there, &published, context)?;
    check_ceremonies(&there, &published, context)?;
    bounds::check_publication(&there, &published, context)?;
    let gate = Gate::new(&there, published.files(), context.now, context.folder.policy()?.preflight());
    let checked = gate.check()?;
    checked.note("the publication");
    lint::check(&there, published.files(), &documents::judgement(context)?, context.now)?;
    let mut needs_person = warn_of_remarks(&checked, context);

    let publication = StagedPublication::plan(place, &published, &there, args.at_once, context)?;
    publication.check_mixtures(&gate)?;
    let next = publication.next(context.now).cloned();
    let written = match (args.dry_run, publication.due(context.now)) {
        (true, due) => {
            let files = due.into_iter().flat_map(|stage| publication.files(stage));
            files.map(|(file, _)| file.to_string()).collect()
        }
        (false, _) => {
            publication.keep_seen(context)?;
            publication.write(context)?
        }
    };
    if next.is_none() && !args.dry_run {
        needs_person |= note(&place.name, &published, &checked, context)?;
    }
    Ok(Reached {
        progress: publication.progress(context.now),
        public: publication.public_after(context.now),
        written,
        next,
        roots: published.roots().len(),
        needs_person,
        is_new_place: false,
    })
}

/// Refuses what no verifier could read.
pub(super) fn require_complete(published: &Published) -> Result<(), Failure> {
    match published.current().is_some() && published.is_complete() {
        true => Ok(()),
        false => Err(Failure::new(
            "nothing can be published yet: snapshot and timestamp are missing or do not fit the newest root",
            "sign them: rootline-repo online --key FILE",
        )),
    }
}

/// Refuses to make a root or a targets file public that no ceremony has made, or one with a fault. What is there already stays, and is
/// renewed also where the record of its ceremony does not hold any more.
fn check_ceremonies(there: &Files, published: &Published, context: &Context) -> Result<(), Failure> {
    let is_new = |part: &RoleVersion| !there.contains_key(&part.file_name());
    let origins = Origins::find(published, &context.folder.transcripts()?);
    let unrecorded = origins.faults.iter().find(|fault| match fault {
        OriginFault::NoRecord { file, .. } | OriginFault::OtherBytes { file, .. } => !there.contains_key(file),
        OriginFault::GivenUp { version } => !there.contains_key(&version.part.file_name()),
        _ => false,
    });
    if let Some(fault) = unrecorded {
        return Err(Failure::new(fault.to_string(), fault.hint()));
    }
    let keyholders = context.folder.keyholders()?;
    for (id, _) in origins.made.iter().filter(|(_, parts)| parts.iter().any(is_new)) {
        let record = context.folder.ceremony(id).load(published)?;
        Verification { record: &record, published, keyholders: &keyholders, folder: &context.folder }.require_over()?;
    }
    Ok(())
}

/// Notes down in the ceremonies that are done that they are public now, once for each place. Returns whether a record could not be read or
/// written, which is warned of.
fn note(place: &str, published: &Published, checked: &Checked, context: &Context) -> Result<bool, Failure> {
    let Some(timestamp) = published.current().map(|current| &current.timestamp) else { return Ok(false) };
    let note = |ceremony: &CeremonyFolder| {
        let mut record = ceremony.clone().load(published)?;
        let is_it = |entry: &Entry| entry.event.kind == EventKind::Published && entry.event.text("to") == Some(place);
        if record.stage()? != Stage::Released || record.transcript().entries().iter().any(is_it) {
            return Ok(());
        }
        let digest = sha256(timestamp.bytes());
        let published_event = Event::published(place, timestamp.version().number(), &digest);
        let events = record.missing_release()?.into_iter();
        let events = events.chain([checked.event("publication"), published_event]);
        record.note_all(events.map(|event| (context.now, event)))
    };
    let (ceremonies, strays) = context.folder.ceremonies_and_strays()?;
    let mut has_fault = warn_of_strays(&strays, context);
    for ceremony in ceremonies {
        if let Err(failure) = note(&ceremony) {
            has_fault = true;
            warn_of_fault(ceremony.id(), &failure, context);
        }
    }
    Ok(has_fault)
}
