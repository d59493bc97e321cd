//! `rootline export`: the trust root for a site without a network, or for another program.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use rootline_metadata::TargetPath;

use crate::bundle::{Bundle, Contents, fetch_earlier_roots};
use crate::cli::failure::Failure;
use crate::cli::freshness::{FreshnessArgs, failure, freshness_line};
use crate::cli::repository::{Repository, RepositoryArgs};
use crate::cli::terminal::Terminal;
use crate::store::{Access, write_file};
use crate::trust_root::wanted;
use crate::workflow::Wanted;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline export --output sigstore.bundle              for a site without a network: `rootline import sigstore.bundle`
  rootline export --output sigstore.bundle --target artifact.pub
  rootline export --output sigstore.bundle --offline    from the local copy alone

What is written is verified and fresh, and the same files give the same bytes. A bundle is a tar; unpacked, it is a mirror
for any TUF client.")]
pub(crate) struct ExportArgs {
    /// What to write
    #[arg(long, value_enum, default_value_t = Format::Bundle)]
    format: Format,

    /// Where to write it
    #[arg(long, short, value_name = "PATH")]
    output: PathBuf,

    /// Take this target along; the trust root always comes along. May be given several times
    #[arg(long, value_name = "NAME")]
    target: Vec<String>,

    /// Take every root along from the first one, for verifiers who pin an older one than you do
    #[arg(long, conflicts_with = "offline")]
    all_roots: bool,

    #[command(flatten)]
    repository: RepositoryArgs,

    #[command(flatten)]
    freshness: FreshnessArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// One file for a site without a network
    Bundle,
}

pub(crate) fn run(args: &ExportArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut repository = args.repository.open_to_use(args.freshness.freshness(), terminal)?;
    let contents = contents(args, &mut repository, terminal)?;
    let report = contents.updated().freshness();
    if report.is_stale(repository.now) {
        terminal.warning(format_args!("{}", freshness_line(&report, repository.now)));
    }
    let Format::Bundle = args.format;
    let bundle = Bundle::of(contents, &repository.instance.name);
    write_file(&args.output, &bundle.to_bytes()?, Access::Umask)?;
    terminal.line(format_args!("{}", args.output.display()));
    Ok(())
}

/// Everything that is wanted, verified: first brought into the local copy, then taken from there.
fn contents(args: &ExportArgs, repository: &mut Repository, terminal: &Terminal) -> Result<Contents, Failure> {
    // A repository need not have a trust root.
    let mut targets: Vec<Wanted> = wanted().into_iter().map(|target| Wanted { if_listed: true, ..target }).collect();
    for name in &args.target {
        let path = TargetPath::new(name.as_str()).ok_or_else(|| {
            Failure::new("a target's name is not empty", "rootline export --target trusted_root.json")
        })?;
        targets.retain(|target| target.path != path);
        targets.push(Wanted { path, if_listed: false });
    }
    let updated = repository.client.update(repository.now, &targets);
    terminal.notes(repository.client.take_notes());
    let updated = updated.map_err(|error| failure(error, args.freshness.freshness()))?;
    let instant = updated.trusted.checked_at();
    let (pinned, client) = (&repository.instance.pinned_root, &repository.client);
    let contents = Contents::of_local_copy(pinned, client.store(), instant, &targets, client.limits())?;
    if !args.all_roots {
        return Ok(contents);
    }
    let earlier = fetch_earlier_roots(client.transport(), contents.pinned(), client.limits())?;
    Ok(contents.with_earlier_roots(earlier)?)
}
