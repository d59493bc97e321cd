//! `rootline bundle inspect`: the claims of a trust bundle.

use std::path::PathBuf;

use clap::Args;
use rootline_client::bundle::{BundleClaims, BundleLimits, UnverifiedBundle};
use rootline_metadata::instant_text;
use serde_json::{Value, json};

use crate::bundle_args::open;
use crate::failure::Failure;
use crate::printable::printable;
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline bundle inspect sigstore.bundle
  rootline bundle inspect sigstore.bundle --json

No signature is checked: anybody can write a bundle that says this of itself. To rely on one, use rootline bundle verify.")]
pub(crate) struct InspectArgs {
    /// The trust bundle; - is standard input
    file: PathBuf,

    /// The largest bundle to read, which is held in memory
    #[arg(long, help_heading = "Limits", value_name = "BYTES", default_value_t = BundleLimits::default().bytes)]
    max_bytes: u64,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &InspectArgs, terminal: &Terminal) -> Result<(), Failure> {
    let limits = BundleLimits::default().with_bytes(args.max_bytes);
    let bundle = UnverifiedBundle::read(open(&args.file)?, limits)
        .map_err(|error| Failure::from(error).located(args.file.display().to_string(), None))?;
    match args.json {
        true => terminal.json(&to_json(&bundle.claims())),
        false => print(&bundle.claims(), terminal),
    }
    Ok(())
}

fn print(claims: &BundleClaims<'_>, terminal: &Terminal) {
    let taken = claims.taken_at.map_or_else(|| "an unknown time".to_owned(), instant_text);
    terminal.line(format_args!("UNVERIFIED claims of the bundle"));
    terminal.line(format_args!("  instance     {}", printable(claims.instance)));
    terminal.line(format_args!("  pinned root  {}", claims.pinned_root));
    terminal.line(format_args!("  taken at     {taken}"));
    terminal.line(format_args!("  signed       unknown: rootline bundle verify says when"));
    for target in claims.targets {
        terminal.line(format_args!("  target       {}", printable(target.as_str())));
    }
    for (name, length) in &claims.files {
        terminal.line(format_args!("  file         {} ({length} bytes)", printable(name)));
    }
}

fn to_json(claims: &BundleClaims<'_>) -> Value {
    let files = claims.files.iter().map(|(name, length)| json!({ "name": name, "length": length }));
    json!({ "unverified": {
        "instance": claims.instance,
        "pinned_root": claims.pinned_root.number(),
        "taken_at": claims.taken_at.map(instant_text),
        "signed_at": null,
        "targets": claims.targets.iter().map(|target| target.as_str()).collect::<Vec<_>>(),
        "files": files.collect::<Vec<_>>(),
    }})
}
