//! `rootline bundle import`: update the cache from a bundle.

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
  rootline bundle import sigstore.bundle
  rootline bundle import sigstore.bundle --dry-run
  rootline bundle import sigstore.bundle --grace 30d
  rootline show --offline --grace 30d
  rootline bundle import own.bundle --url https://tuf.example.org --root 1.root.json

No request is made. Everything in the bundle is verified against the pinned root first. A bundle that is older than the cache is \
refused, and the cache stays as it is.

Exit status: 0 if the cache holds what is in the bundle; 1 if not; 2 wrong usage.")]
pub(crate) struct ImportArgs {
    /// Verify and compare, and write nothing
    #[arg(long)]
    dry_run: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    bundle: BundleArgs,

    #[command(flatten)]
    cache: CacheArgs,
}

pub(crate) fn run(args: &ImportArgs, terminal: &Terminal) -> Result<(), Failure> {
    let verified = args.bundle.verify()?;
    let Verified { bundle, instance, .. } = &verified;
    let folder = args.cache.folder()?;
    let (imported, kept_in) = match args.dry_run {
        true => {
            let cache = Cache::open_existing(&folder, instance)?;
            let place = cache.folder().map(Path::to_owned);
            (bundle.try_import(cache).map_err(|error| args.bundle.located(error, place.as_deref()))?, None)
        }
        false => {
            let cache = Cache::open(&folder, instance)?;
            let place = cache.folder().map(Path::to_owned);
            let imported = bundle.import(cache).map_err(|error| args.bundle.located(error, place.as_deref()))?;
            (imported, place.map(|place| place.display().to_string()))
        }
    };
    if args.json {
        let mut report = args.bundle.to_json(&verified);
        report["new"] = imported.is_new.into();
        report["kept_in"] = json!(kept_in);
        terminal.json(&report);
        return Ok(());
    }
    args.bundle.print(&verified, |line| terminal.report(line), terminal);
    match (kept_in, imported.is_new) {
        (None, true) => terminal.line(format_args!("dry run: the bundle is newer than the cache")),
        (None, false) => terminal.line(format_args!("dry run: the cache already has everything in the bundle")),
        (Some(folder), true) => terminal.report(format_args!("kept in {folder}")),
        (Some(folder), false) => terminal.report(format_args!("{folder} is already up to date")),
    }
    Ok(())
}
