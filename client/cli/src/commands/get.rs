//! `rootline get`: one target, verified.

use std::path::PathBuf;

use clap::Args;
use rootline_client::TrustRoot;
use rootline_client::store::{Layout, TargetPlace};
use rootline_client::workflow::TargetQuery;
use rootline_metadata::TargetPath;

use crate::failure::Failure;
use crate::freshness::{FreshnessArgs, failure, freshness_line};
use crate::printable::printable_path;
use crate::repository::RepositoryArgs;
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline get trusted_root.json > trusted_root.json
  rootline get trusted_root.json --output trust/
  rootline get trusted_root.json --max-age 6h
  rootline get trusted_root.json --offline --grace 30d")]
pub(crate) struct GetArgs {
    /// The target's name, as the repository lists it
    target: String,

    /// Write it below this folder, under its own name, instead of printing it
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,

    #[command(flatten)]
    freshness: FreshnessArgs,

    #[command(flatten)]
    repository: RepositoryArgs,
}

pub(crate) fn run(args: &GetArgs, terminal: &Terminal) -> Result<(), Failure> {
    let path = TargetPath::new(&args.target)
        .ok_or_else(|| Failure::new("the name of a target is empty", "rootline get trusted_root.json"))?;
    let place = match &args.output {
        Some(folder) => Some(TargetPlace::new(folder, path.as_str(), Layout::Nested)?),
        None => None,
    };
    let freshness = args.freshness.freshness();
    let mut repository = args.repository.open_to_use(freshness, terminal)?;
    // The trust root comes along, so that the cache stays whole when the repository has moved on.
    let mut targets = vec![TargetQuery::required(path.clone())];
    targets.extend(TrustRoot::queries_if_listed());
    targets.dedup_by(|later, earlier| later.path == earlier.path);
    let updated = repository.update(&targets, terminal);
    let updated = updated.map_err(|error| repository.located(failure(error, freshness)))?;
    let bytes = updated.target(path.as_str()).map(|bytes| &bytes[..]).unwrap_or_default();
    if updated.freshness().is_stale(repository.now) {
        terminal.warning(format_args!("{}", freshness_line(&updated.freshness(), repository.now)));
    }
    match place {
        Some(place) => {
            let written = place.write(bytes)?;
            terminal.report(format_args!("{}", printable_path(&written)));
        }
        None => terminal.bytes(bytes)?,
    }
    Ok(())
}
