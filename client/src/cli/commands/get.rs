//! `rootline get`: one target, verified.

use std::path::PathBuf;

use crate::store::target_file::{Layout, TargetFile};
use clap::Args;
use rootline_metadata::TargetPath;

use crate::cli::failure::Failure;
use crate::cli::repository::{RepositoryArgs, Source, Unwritable};
use crate::cli::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline get trusted_root.json > trusted_root.json
  rootline get trusted_root.json --output trust/
  rootline get trusted_root.json --offline --at 2026-08-22T00:00:00Z")]
pub(crate) struct GetArgs {
    /// The target's name
    target: String,

    /// Write it below this folder, under its own name, instead of to standard output
    #[arg(long, short, value_name = "DIR")]
    output: Option<PathBuf>,

    /// Use the local copy alone; it has to be complete and unexpired
    #[arg(long)]
    offline: bool,

    #[command(flatten)]
    repository: RepositoryArgs,
}

pub(crate) fn run(args: &GetArgs, terminal: &Terminal) -> Result<(), Failure> {
    let path = TargetPath::new(&args.target)
        .ok_or_else(|| Failure::new("a target's name is not empty", "rootline get trusted_root.json"))?;
    let place = match &args.output {
        Some(folder) => Some(TargetFile::new(folder, path.as_str(), Layout::Nested)?),
        None => None,
    };
    let from = if args.offline { Source::LocalCopy } else { Source::Repository };
    let mut repository = args.repository.open(from, Unwritable::GoOn, terminal)?;
    let trusted = repository.client.refresh(repository.now);
    terminal.notes(repository.client.take_notes());
    let bytes = repository.client.target(&trusted?, &path)?;
    match place {
        Some(place) => terminal.line(format_args!("{}", place.write(&bytes)?.display())),
        None => terminal.bytes(&bytes)?,
    }
    Ok(())
}
