//! `rootline-repo trust create` and `promote`.

use clap::Args;
use rootline_ceremonies::review::{TRUSTED_ROOT, trusted_entries};
use rootline_metadata::{hex, sha256};
use serde_json::json;

use super::content;
use super::findings;
use super::source::{Documents, RepositoryArgs};
use crate::commands::documents;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust create
  rootline-repo trust create --from sigstore
  rootline-repo trust create --from my_trusted_root.json
  rootline-repo trust create --from acme.client_trust_config.json
  rootline-repo trust create --from https://tuf.example.org --root 1.root.json")]
pub(crate) struct CreateArgs {
    /// The content: `empty`, `sigstore` (the public-good instance, built in), a trust root or client trust config, or a repository's URL or folder
    #[arg(long, value_name = "WHAT", default_value = "empty")]
    from: String,

    #[command(flatten)]
    repository: RepositoryArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust promote --from https://tuf-staging.example.org --root staging.1.root.json
  rootline-repo trust promote --from ../staging/public --root ../staging/public/1.root.json

It takes over what the other repository publishes, byte for byte, and verifies it as every verifier does. The ceremony that ships it shows \
what changes; the digests that are printed are those of the other repository's files.")]
pub(crate) struct PromoteArgs {
    /// The URL or the published folder of the repository whose content is taken
    #[arg(long, value_name = "REPOSITORY")]
    from: String,

    #[command(flatten)]
    repository: RepositoryArgs,
}

pub(super) fn run(args: &CreateArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let taken = Documents::of(&args.from, &args.repository, context)?;
    let path = context.folder.target_path(TRUSTED_ROOT)?;
    let root = content::parse(&path, &taken.trusted_root)?;
    let files = taken.files(context)?;
    // All or none: what is there already stays, whichever of them it is.
    files.iter().try_for_each(|(path, bytes)| atomic_file::refuse_other(path, bytes))?;
    files.iter().try_for_each(|(path, bytes)| atomic_file::ensure(path, bytes))?;
    let written: Vec<_> = files.iter().map(|(path, _)| path).collect();
    let number = trusted_entries(&root).len();
    let found = findings::findings(&taken.trusted_root, context.now);
    let judgement = documents::judgement(context)?;
    let report = json!({
        "written": written[0],
        "files": written,
        "entries": number,
        "findings": findings::to_json(&found, &judgement),
    });
    context.report(&report, |line| {
        line(format_args!("wrote {}, which lists {number} logs and authorities", written[0].display()));
        written[1..].iter().for_each(|path| line(format_args!("wrote {}", path.display())));
    });
    context.terminal.notes(findings::shown(&found, &judgement));
    Ok(())
}

pub(super) fn promote(args: &PromoteArgs, context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let taken = Documents::of_repository(&args.from, &args.repository, context)?;
    content::parse(&context.folder.target_path(TRUSTED_ROOT)?, &taken.trusted_root)?;
    let files = taken.files(context)?;
    let mut promoted = Vec::new();
    for (path, bytes) in &files {
        let is_same = atomic_file::holds(path, bytes);
        if !is_same {
            atomic_file::replace(path, bytes)?;
        }
        promoted.push((path, hex::encode(&sha256(bytes)), is_same));
    }
    let report = json!({
        "files": promoted.iter().map(|(path, digest, is_same)| json!({
            "written": path, "sha256": digest, "was_the_same": is_same,
        })).collect::<Vec<_>>(),
    });
    context.report(&report, |line| {
        for (path, digest, is_same) in &promoted {
            let did = if *is_same { "is already the same as" } else { "now is the same as" };
            line(format_args!("{} {did} that repository's: sha256 {digest}", path.display()));
        }
        context.next(format_args!("see what changes: rootline-repo trust diff"));
    });
    Ok(())
}
