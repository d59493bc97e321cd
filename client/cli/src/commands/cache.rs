//! `rootline cache`: inspect or clear the cache.

use std::path::PathBuf;

use chrono::DateTime;
use clap::{Args, Subcommand};
use rootline_client::transport::CachedRepository;
use rootline_client::workflow::Trusted;
use rootline_client::{Cache, Client};
use rootline_metadata::{Role, instant_text};
use serde_json::{Value, json};

use crate::copies::{Copy, Standing, copies};
use crate::failure::Failure;
use crate::instances::InstancesArgs;
use crate::printable::printable;
use crate::repository::CacheArgs;
use crate::terminal::Terminal;

#[derive(Subcommand, Debug)]
pub(crate) enum CacheCommand {
    /// Print the folder of the cache
    Path(PathArgs),
    /// List the contents of the cache: instance, size and last check
    List(ListArgs),
    /// Clear the cache of one instance, or all of it
    Clear(ClearArgs),
    /// Clear caches that another cache of the same repository has replaced
    Prune(PruneArgs),
}

#[derive(Args, Debug)]
pub(crate) struct PlaceArgs {
    #[command(flatten)]
    cache: CacheArgs,

    #[command(flatten)]
    instances: InstancesArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline cache path
  rootline cache path --instance github")]
pub(crate) struct PathArgs {
    /// Print the folder of this instance, whether or not it exists yet
    #[arg(long, value_name = "INSTANCE")]
    instance: Option<String>,

    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline cache list
  rootline cache list --json

No request is made. Versions are those of verified roles; without a pinned root nothing can be verified, so none are shown for \
a folder whose instance is unknown.")]
pub(crate) struct ListArgs {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline cache clear --instance example --dry-run
  rootline cache clear --instance example
  rootline cache clear --all

The cache holds the highest versions seen, which protects against a rollback: the next update after clearing it begins with the \
pinned root alone. The folder stays, with its empty lock for processes that wait for it, and so do files that rootline has not \
written. Links are never followed.")]
pub(crate) struct ClearArgs {
    /// Clear this instance, or the folder of this name in rootline cache list
    #[arg(long, value_name = "INSTANCE", required_unless_present = "all", conflicts_with = "all")]
    instance: Option<String>,

    /// Clear the whole cache
    #[arg(long)]
    all: bool,

    /// Print what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline cache prune --dry-run
  rootline cache prune

Earlier versions made a cache for each spelling of a URL and each pinned root. The one that knows the highest versions is used; \
this clears the others, which rootline cache list shows as not used. A cache of other roots, or of an unknown instance, stays.")]
pub(crate) struct PruneArgs {
    /// Print what would be removed, and remove nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    place: PlaceArgs,
}

impl PlaceArgs {
    fn copies(&self) -> Result<Vec<Copy>, Failure> {
        copies(&self.cache.folder()?, &self.instances.instances())
    }
}

pub(crate) fn run(command: &CacheCommand, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        CacheCommand::Path(args) => path(args, terminal),
        CacheCommand::List(args) => list(args, terminal),
        CacheCommand::Clear(args) => clear(args, terminal),
        CacheCommand::Prune(args) => prune(args, terminal),
    }
}

fn path(args: &PathArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut folder = args.place.cache.folder()?;
    if let Some(name) = &args.instance {
        folder = Cache::folders(&folder, &args.place.instances.instances().named(name)?).used;
    }
    terminal.line(format_args!("{}", folder.display()));
    Ok(())
}

fn list(args: &ListArgs, terminal: &Terminal) -> Result<(), Failure> {
    let copies = args.place.copies()?;
    if args.json {
        let rows = copies.iter().map(to_json).collect::<Result<Vec<Value>, Failure>>()?;
        terminal.json(&json!({ "folder": args.place.cache.folder()?.display().to_string(), "copies": rows }));
        return Ok(());
    }
    for copy in &copies {
        let contents = copy.store.contents()?;
        let checked = copy.checked_at.map_or("never".to_owned(), instant_text);
        let (folder, files) = (printable(&copy.folder), contents.files.len());
        terminal.line(format_args!("{folder}"));
        for instance in &copy.instances {
            terminal.line(format_args!("  instance      {}, {}", instance.name, instance.location().shown()));
        }
        if copy.instances.is_empty() {
            terminal.line(format_args!("  instance      unknown"));
        } else {
            let verified = versions(copy).map_or_else(String::from, |all| text(&all));
            terminal.line(format_args!("  verified      {verified}"));
        }
        if let Some(reason) = copy.standing.reason() {
            terminal.line(format_args!("  not used      {reason}"));
        }
        terminal.line(format_args!("  size          {} bytes in {files} files", contents.bytes()));
        terminal.line(format_args!("  last checked  {checked}"));
    }
    Ok(())
}

type Versions = [(&'static str, u64); 4];

/// The verified versions in the cache, or the reason that there are none.
fn versions(copy: &Copy) -> Result<Versions, &'static str> {
    if copy.standing == Standing::OtherRoots {
        return Err("no: the pinned root is another");
    }
    let instance = copy.instance().ok_or("no: its pinned root is unknown")?;
    let mut client = Client::new(instance.pinned_root.clone(), CachedRepository::new(&copy.store), &copy.store);
    // Expiries are what `rootline status` is for: as of the beginning of time nothing has expired.
    let loaded = client.load(DateTime::UNIX_EPOCH, &[]).map_err(|_| "no: `rootline status` says why")?;
    let trusted: &Trusted = &loaded.trusted;
    Ok([
        ("root", trusted.root().version().number()),
        ("timestamp", trusted.timestamp().version().number()),
        ("snapshot", trusted.snapshot().version().number()),
        ("targets", trusted.targets().version().number()),
    ])
}

fn text(versions: &Versions) -> String {
    let versions = versions.iter().map(|(role, version)| format!("{role} {version}"));
    versions.collect::<Vec<_>>().join(", ")
}

fn to_json(copy: &Copy) -> Result<Value, Failure> {
    let contents = copy.store.contents()?;
    let versions = versions(copy).ok();
    let versions = versions.map(|all| all.map(|(role, version)| (role.to_owned(), Value::from(version))));
    Ok(json!({
        "folder": copy.folder,
        "instance": copy.instance().map(|instance| &instance.name),
        "url": copy.instance().map(|instance| instance.location().shown()),
        "used": copy.standing == Standing::Used,
        "verified": versions.is_some(),
        "versions": versions.map(|all| all.into_iter().collect::<serde_json::Map<String, Value>>()),
        "files": contents.files.len(),
        "bytes": contents.bytes(),
        "checked_at": copy.checked_at.map(instant_text),
    }))
}

fn clear(args: &ClearArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut copies = args.place.copies()?;
    if let Some(name) = &args.instance {
        copies.retain(|copy| copy.is_called(name));
        if copies.is_empty() {
            return Err(Failure::new(
                format!("the cache holds nothing of {name:?}"),
                "list its contents: rootline cache list",
            ));
        }
    }
    clear_all(&copies, args.dry_run, args.json, terminal)?;
    if !args.dry_run && !copies.is_empty() {
        terminal.warning(format_args!(
            "removed the highest versions seen: rollbacks are not detected until the next update"
        ));
    }
    Ok(())
}

fn prune(args: &PruneArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut copies = args.place.copies()?;
    copies.retain(|copy| copy.standing == Standing::Superseded);
    clear_all(&copies, args.dry_run, args.json, terminal)
}

fn clear_all(copies: &[Copy], dry_run: bool, json: bool, terminal: &Terminal) -> Result<(), Failure> {
    let mut rows = Vec::new();
    let mut foreign: Vec<PathBuf> = Vec::new();
    for copy in copies {
        let contents = if dry_run { copy.store.contents()? } else { copy.store.clear()? };
        let (folder, files, bytes) = (printable(&copy.folder), contents.files.len(), contents.bytes());
        if !json {
            let done = if dry_run { "would clear" } else { "cleared" };
            let done = format!("{done} {folder}: {bytes} bytes in {files} files");
            // Of a dry run this is the result.
            if dry_run { terminal.line(format_args!("{done}")) } else { terminal.report(format_args!("{done}")) }
        }
        rows.push(json!({ "folder": folder, "files": files, "bytes": bytes }));
        foreign.extend(contents.foreign);
    }
    if json {
        terminal.json(&json!({ "dry_run": dry_run, "cleared": rows }));
    }
    for path in foreign {
        terminal.warning(format_args!("{} was not written by rootline, and was not removed", path.display()));
    }
    Ok(())
}
