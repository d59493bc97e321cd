//! `rootline instance`: repositories under names.

mod add;

use clap::{Args, Subcommand};
use rootline_client::workflow::RootChain;
use rootline_client::{Cache, Instance, Limits};
use rootline_metadata::{Role, hex, sha256};
use serde_json::{Value, json};

use crate::copies::copies;
use crate::failure::Failure;
use crate::instances::InstancesArgs;
use crate::repository::CacheArgs;
use crate::table::{Cell, Table};
use crate::terminal::Terminal;

#[derive(Subcommand, Debug)]
pub(crate) enum InstanceCommand {
    /// Register a repository under a name, with its trusted root
    Add(Box<add::AddArgs>),
    /// List the built-in and the added instances
    List(ListArgs),
    /// Print the URLs and the pinned root of an instance
    Show(ShowArgs),
    /// Remove an instance that was added
    Remove(RemoveArgs),
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline instance list
  rootline instance list --json")]
pub(crate) struct ListArgs {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    instances: InstancesArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline instance show sigstore
  rootline instance show example --json")]
pub(crate) struct ShowArgs {
    /// The name of the instance
    #[arg(value_name = "INSTANCE")]
    name: String,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    instances: InstancesArgs,

    #[command(flatten)]
    cache: CacheArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline instance remove example
  rootline instance remove example --with-cache

Its pinned root is removed too. Its cache, with the highest versions seen, stays unless --with-cache is given.")]
pub(crate) struct RemoveArgs {
    /// The name of the instance
    #[arg(value_name = "INSTANCE")]
    name: String,

    /// Clear its cache too
    #[arg(long)]
    with_cache: bool,

    #[command(flatten)]
    instances: InstancesArgs,

    #[command(flatten)]
    cache: CacheArgs,
}

pub(crate) fn run(command: &InstanceCommand, terminal: &Terminal) -> Result<(), Failure> {
    match command {
        InstanceCommand::Add(args) => add::run(args, terminal),
        InstanceCommand::List(args) => list(args, terminal),
        InstanceCommand::Show(args) => show(args, terminal),
        InstanceCommand::Remove(args) => remove(args, terminal),
    }
}

fn list(args: &ListArgs, terminal: &Terminal) -> Result<(), Failure> {
    let instances = args.instances.instances();
    let mut rows: Vec<(Instance, bool)> = Instance::all_built_in().map(|known| (known, true)).collect();
    for name in instances.names()? {
        // One that cannot be read must not hide the others.
        match instances.load(&name) {
            Ok(found) => rows.extend(found.map(|instance| (instance, false))),
            Err(failure) => terminal.warning(format_args!("{}", failure.what())),
        }
    }
    if args.json {
        let rows = rows.iter().map(|(instance, built_in)| to_json(instance, *built_in));
        terminal.json(&json!({ "instances": rows.collect::<Vec<Value>>() }));
        return Ok(());
    }
    let mut table = Table::new(["", "", ""]);
    for (instance, built_in) in &rows {
        let remark = if *built_in { "(built in)" } else { "" };
        table.row([Cell::text(&instance.name), Cell::text(instance.location().shown()), Cell::text(remark)]);
    }
    terminal.line(format_args!("{}", table.render(terminal)));
    Ok(())
}

fn show(args: &ShowArgs, terminal: &Terminal) -> Result<(), Failure> {
    let instance = args.instances.instances().named(&args.name)?;
    let built_in = Instance::built_in(&args.name).is_some();
    let root = RootChain::begin(instance.pinned_root.clone(), &Limits::default())?;
    let copy = args.cache.folder().ok().map(|folder| Cache::folders(&folder, &instance).used);
    if args.json {
        let mut report = to_json(&instance, built_in);
        report["root_version"] = root.newest().version().number().into();
        report["root_expires"] = root.newest().expiry().to_text().into();
        report["cache"] = copy.map(|folder| folder.display().to_string()).into();
        terminal.json(&report);
        return Ok(());
    }
    let line = |name: &str, value: &str| terminal.line(format_args!("{name:<12} {value}"));
    line("name", &instance.name);
    line("metadata", &instance.location().shown());
    line("targets", &instance.location().shown_targets());
    for mirror in &instance.mirrors {
        line("mirror", &mirror.shown());
    }
    line("pinned root", &format!("version {}", root.newest().version()));
    line("SHA-256", &hex::encode(&sha256(&instance.pinned_root)));
    if let Some(copy) = copy {
        line("cache", &copy.display().to_string());
    }
    Ok(())
}

fn remove(args: &RemoveArgs, terminal: &Terminal) -> Result<(), Failure> {
    let name = &args.name;
    if Instance::built_in(name).is_some() {
        return Err(Failure::new(
            format!("{name} is built in"),
            "built-in instances cannot be removed; use another with --instance",
        ));
    }
    let instances = args.instances.instances();
    if !instances.names()?.contains(name) {
        return Err(instances.unknown(name));
    }
    if !args.with_cache {
        instances.remove(name)?;
        terminal.report(format_args!("removed {name}; its cache, if any, was kept"));
        return Ok(());
    }
    // First the copy, which can only be found by what is known of the instance: one that cannot be read has none that could be named.
    instances.load(name)?;
    let cache = args.cache.folder()?;
    for copy in copies(&cache, &instances)?.iter().filter(|copy| copy.belongs_to(name)) {
        if let Some(other) = copy.instances.iter().find(|instance| instance.name != *name) {
            terminal.report(format_args!("kept {}: {} is of the same repository", copy.folder, other.name));
            continue;
        }
        copy.store.clear()?;
        terminal.report(format_args!("cleared {}", copy.folder));
    }
    instances.remove(name)?;
    terminal.report(format_args!("removed {name}"));
    Ok(())
}

fn to_json(instance: &Instance, built_in: bool) -> Value {
    json!({
        "name": instance.name,
        "built_in": built_in,
        "metadata_url": instance.location().shown(),
        "targets_url": instance.location().shown_targets(),
        "mirrors": instance.mirrors.iter().map(|mirror| mirror.shown()).collect::<Vec<_>>(),
        "root_sha256": hex::encode(&sha256(&instance.pinned_root)),
    })
}
