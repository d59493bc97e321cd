//! `rootline-repo publish`: putting the repository where verifiers read it.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline::printable::printable;
use rootline_ceremonies::publication::PlaceRecord;
use rootline_ceremonies::{Entry, Event, EventKind, OriginFault, Origins, Published, PublishedFile, RoleVersion};
use rootline_metadata::{Role, sha256};
use serde_json::json;

use super::bounds;
use super::clock::ClockArgs;
use super::documents;
use super::is_scheme;
use super::online::{warn_of_fault, warn_of_remarks, warn_of_strays};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file::{self, Access};
use crate::folder::ceremony::{CeremonyFolder, Stage};
use crate::folder::read_files::read_files;
use crate::folder::repository::RepositoryFolder;
use crate::folder::verification::Verification;
use crate::publish::destination as there_already;
use crate::publish::lint;
use crate::publish::order::PublishingOrder;
use crate::publish::preflight::{self, Checked, Files};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo publish
  rootline-repo publish --to /srv/www/tuf

The folder is a static repository: N.root.json, timestamp.json and the other metadata at its top, targets below targets/. \
Its URL is the metadata URL, and with /targets the targets URL. Published files never change, the timestamp is written last, and nothing is \
written unless a verifier accepts it from every root ever published, and the lint finds no error that is not there already.")]
pub(crate) struct PublishArgs {
    /// The folder to publish to [default: publish_to of rootline.toml]
    #[arg(long, value_name = "FOLDER")]
    to: Option<PathBuf>,

    #[command(flatten)]
    clock: ClockArgs,
}

/// [`ExitStatus::NeedsPerson`] where a delegated role has expired, which only its keyholders can renew, or the record of a ceremony has a fault.
pub(crate) fn run(args: &PublishArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let _lock = context.lock()?;
    let to = destination(args.to.as_deref(), context)?;
    let published = context.folder.published()?;
    if published.current().is_none() || !published.is_complete() {
        return Err(Failure::new(
            "nothing can be published yet: snapshot and timestamp are missing or do not fit the newest root",
            "sign them: rootline-repo online --key FILE",
        ));
    }
    let is_new_folder = !to.exists();
    atomic_file::sweep(&to);
    let there = read_files(&to)?;
    there_already::check(&to, &there, &published)?;
    args.clock.check_destination(&to, &there, &published, context)?;
    check_ceremonies(&there, &published, context)?;
    bounds::check_publication(&there, &published, context)?;
    let checked = preflight::check(&there, published.files(), context.now)?;
    checked.note("the publication");
    lint::check(&there, published.files(), &documents::judgement(context)?, context.now)?;
    let mut needs_person = warn_of_remarks(&checked, context);

    let new = published
        .files()
        .iter()
        .filter(|(name, bytes)| there.get(*name) != Some(bytes))
        .filter_map(|(name, bytes)| Some((PublishedFile::parse(name)?, bytes)));
    let PublishingOrder { files: new, is_gapless } = PublishingOrder::of(new.collect(), &there, context.now);
    if !is_gapless {
        context.terminal.warning(format_args!(
            "verifiers are refused between the new root and the new timestamp, because too few keys signed both: if this is interrupted, run it again at once"
        ));
    }
    for (file, bytes) in &new {
        let path = to.join(file.to_string());
        match file {
            PublishedFile::Timestamp => atomic_file::replace(&path, bytes)?,
            _ => atomic_file::create(&path, bytes, Access::Umask)?,
        }
    }
    // As it was given, so that it does not depend on where the command was run.
    let place = match &args.to {
        Some(to) => to.display().to_string(),
        None => context.folder.policy()?.publish_to().unwrap_or_default().to_owned(),
    };
    keep_record(&place, &read_files(&to)?, context)?;
    needs_person |= note(&place, &published, &checked, context)?;
    let names: Vec<String> = new.iter().map(|(file, _)| file.to_string()).collect();
    let roots = published.roots().len();
    context.report(&json!({ "to": to, "is_new": is_new_folder, "written": names, "roots": roots }), |line| {
        if is_new_folder {
            line(format_args!("{} was not there, and has been made", to.display()));
        }
        let each = if roots == 1 { "root 1".to_owned() } else { format!("each of {roots} roots") };
        line(format_args!("accepted by a verifier that begins with {each}"));
        names.iter().for_each(|name| line(format_args!("wrote {}", to.join(name).display())));
        if names.is_empty() {
            line(format_args!("{} is up to date", to.display()));
        }
    });
    Ok(if needs_person { ExitStatus::NeedsPerson } else { ExitStatus::Done })
}

/// Where to publish to: a folder that is none of the repository's own.
pub(crate) fn destination(to: Option<&Path>, context: &Context) -> Result<PathBuf, Failure> {
    let to = match to {
        Some(to) => refuse_url(to)?.to_owned(),
        None => match context.folder.policy()?.publish_to() {
            Some(to) => context.folder.join(refuse_url(Path::new(to))?),
            None => return Err(Failure::new("the policy names no folder to publish to", "name one: --to FOLDER")),
        },
    };
    let place = real(&to);
    let own = RepositoryFolder::FOLDERS.iter().map(|name| context.folder.join(name));
    let root = context.folder.path().to_owned();
    let inside = own.map(|own| real(&own)).find(|own| place.starts_with(own));
    if inside.is_some() || place == real(&root) {
        let what = format!("{} is a folder of the repository itself", to.display());
        return Err(Failure::new(what, "name another folder, such as public/: verifiers read what is there"));
    }
    Ok(to)
}

/// A URL would be taken for the name of a folder.
fn refuse_url(to: &Path) -> Result<&Path, Failure> {
    let text = to.to_string_lossy();
    match text.split_once(':') {
        Some((scheme, _)) if is_scheme(scheme) => Err(Failure::new(
            format!("{} is a URL, and publish writes a folder", printable(&text)),
            "publish to a folder and copy it from there, timestamp.json last; a folder of that name is ./NAME",
        )),
        _ => Ok(to),
    }
}

/// The path with links followed, as far as it is there.
fn real(path: &Path) -> PathBuf {
    let whole = std::path::absolute(path).unwrap_or_else(|_| path.to_owned());
    let there = whole.ancestors().find_map(|above| Some((above, std::fs::canonicalize(above).ok()?)));
    match there {
        Some((above, real)) => whole.strip_prefix(above).map_or_else(|_| real.clone(), |rest| real.join(rest)),
        None => whole,
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

/// Keeps since when what is public at the place.
fn keep_record(place: &str, there: &Files, context: &Context) -> Result<(), Failure> {
    let content = there_already::content(there);
    let record = match context.folder.place_record(place)? {
        Some(record) => record.seen(&content, &context.folder.policy()?.caches(), context.now),
        None => PlaceRecord::begin(place, &content, context.now),
    };
    context.folder.keep_place_record(&record)
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
