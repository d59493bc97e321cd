//! `rootline import`: bring the local copy up to date from a bundle.

use std::path::Path;

use clap::Args;
use rootline_client::Cache;
use serde_json::json;

use crate::bundle_args::{BundleArgs, Verified};
use crate::failure::Failure;
use crate::repository::CacheArgs;
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline import sigstore.bundle
  rootline import sigstore.bundle --dry-run
  rootline import sigstore.bundle --grace 30d           then: rootline show --offline --grace 30d
  rootline import own.bundle --url https://tuf.example.org --root 1.root.json

No request is made. Everything in the bundle is verified from the pinned root first; a bundle \
that is older than the local copy is refused, and the local copy stays as it is. Exit status: 0 \
if the local copy holds what is in the bundle; 1 if not.")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    cache: CacheArgs,

    /// Write nothing: only see whether it would be taken
    #[arg(long)]
    dry_run: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    // Last: its options under a heading would take in those that follow.
    #[command(flatten)]
    bundle: BundleArgs,
}

pub(crate) fn run(args: &ImportArgs, terminal: &Terminal) -> Result<(), Failure> {
    let Verified { bundle, instance, now } = args.bundle.verify()?;
    let folder = args.cache.folder()?;
    let (imported, kept_in) = match args.dry_run {
        true => {
            let cache = Cache::open_existing(&folder, &instance)?;
            let place = cache.folder().map(Path::to_owned);
            (bundle.try_import(cache).map_err(|error| args.bundle.located(error, place.as_deref()))?, None)
        }
        false => {
            let cache = Cache::open(&folder, &instance)?;
            let place = cache.folder().map(Path::to_owned);
            let imported = bundle.import(cache).map_err(|error| args.bundle.located(error, place.as_deref()))?;
            (imported, place.map(|place| place.display().to_string()))
        }
    };
    if args.json {
        let mut report = args.bundle.to_json(&bundle, now);
        report["new"] = imported.is_new.into();
        report["kept_in"] = json!(kept_in);
        terminal.json(&report);
        return Ok(());
    }
    args.bundle.print(&bundle, now, terminal);
    match (kept_in, imported.is_new) {
        (None, true) => terminal.line(format_args!("nothing was kept, as asked; it would be new here")),
        (None, false) => terminal.line(format_args!("nothing was kept, as asked; the local copy has all of it")),
        (Some(folder), true) => terminal.line(format_args!("kept in {folder}")),
        (Some(folder), false) => terminal.line(format_args!("{folder} had all of it already")),
    }
    Ok(())
}
