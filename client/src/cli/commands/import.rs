//! `rootline import`: bring the local copy up to date from a bundle.

use clap::Args;
use serde_json::json;

use crate::Cache;
use crate::cli::bundle_args::BundleArgs;
use crate::cli::failure::Failure;
use crate::cli::repository::RepositoryArgs;
use crate::cli::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline import sigstore.bundle
  rootline import sigstore.bundle --dry-run
  rootline import sigstore.bundle --grace 30d           then: rootline show --offline --grace 30d
  rootline import own.bundle --url https://tuf.example.org --root 1.root.json

No request is made. Everything in the bundle is verified from the pinned root first; a bundle that is older than the local
copy is refused, and the local copy stays as it is. Exit status: 0 if the local copy holds what is in the bundle; 1 if not.")]
pub(crate) struct ImportArgs {
    #[command(flatten)]
    bundle: BundleArgs,

    #[command(flatten)]
    repository: RepositoryArgs,

    /// Write nothing: only see whether it would be taken
    #[arg(long)]
    dry_run: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &ImportArgs, terminal: &Terminal) -> Result<(), Failure> {
    let instance = args.repository.instance()?;
    let now = args.repository.now();
    let bundle = args.bundle.verify(&instance.pinned_root, now)?;
    let folder = args.repository.cache_folder()?;
    let (imported, kept_in) = match args.dry_run {
        true => (bundle.try_import(Cache::open_existing(&folder, &instance)?)?, None),
        false => {
            let cache = Cache::open(&folder, &instance)?;
            let kept_in = cache.folder().map(|folder| folder.display().to_string());
            (bundle.import(cache)?, kept_in)
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
