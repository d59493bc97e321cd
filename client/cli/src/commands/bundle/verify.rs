//! `rootline bundle verify`: verify a bundle against the pinned root, without a network and without touching the cache.

use clap::Args;

use crate::bundle_args::BundleArgs;
use crate::failure::Failure;
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(
    mut_arg("targets_url", |arg| arg.hide(true)),
    after_help = "Examples:
  rootline bundle verify sigstore.bundle
  rootline bundle verify sigstore.bundle --grace 30d --json
  rootline bundle verify own.bundle --url https://tuf.example.org --root 1.root.json

No request is made and nothing is written.

Exit status: 0 if everything in the bundle is verified and unexpired, or within the grace; 1 if not; 2 wrong usage."
)]
pub(crate) struct VerifyArgs {
    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    // Last: its options under a heading would take in those that follow.
    #[command(flatten)]
    bundle: BundleArgs,
}

pub(crate) fn run(args: &VerifyArgs, terminal: &Terminal) -> Result<(), Failure> {
    let verified = args.bundle.verify()?;
    match args.json {
        true => terminal.json(&args.bundle.to_json(&verified)),
        false => args.bundle.print(&verified, |line| terminal.line(line), terminal),
    }
    Ok(())
}
