//! `rootline bundle create`: write a trust bundle.

use std::path::PathBuf;

use clap::Args;
use rootline_client::bundle::Bundle;
use rootline_client::store::{Access, write_file};

use crate::commands::export::written;
use crate::contents::ContentsArgs;
use crate::failure::Failure;
use crate::freshness::FreshnessArgs;
use crate::repository::RepositoryArgs;
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline bundle create --output sigstore.bundle
  rootline bundle create --output sigstore.bundle --target artifact.pub --all-roots
  rootline bundle create --output - | ssh site rootline bundle import -

What is in it is verified, and fresh or within what --offline allows. The same files give the same bytes. A bundle is a tar; \\
unpacked, it is a mirror for any TUF client.")]
pub(crate) struct CreateArgs {
    /// Write the bundle to this file; - is standard output
    #[arg(long, short, value_name = "FILE")]
    output: PathBuf,

    #[command(flatten)]
    include: ContentsArgs,

    /// Print the written files and their expiry as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    freshness: FreshnessArgs,

    #[command(flatten)]
    repository: RepositoryArgs,
}

pub(crate) fn run(args: &CreateArgs, terminal: &Terminal) -> Result<(), Failure> {
    let to_standard_output = args.output.as_os_str() == "-";
    if to_standard_output && args.json {
        let what = "the bundle and its report cannot both go to standard output";
        return Err(Failure::new(what, "write the bundle to a file with --output FILE, or omit --json"));
    }
    let mut repository = args.repository.open_to_use(args.freshness.freshness(), terminal)?;
    let (contents, left_out) = args.include.collect(&mut repository, &args.freshness, terminal)?;
    let report = written("bundle", &args.output, &contents, &left_out, &repository);
    let bytes = Bundle::of(contents, &repository.instance.name).to_bytes()?;
    if to_standard_output {
        return terminal.bytes(&bytes);
    }
    write_file(&args.output, &bytes, Access::Umask)?;
    match args.json {
        true => terminal.json(&report),
        false => terminal.report(format_args!("{}", args.output.display())),
    }
    Ok(())
}
