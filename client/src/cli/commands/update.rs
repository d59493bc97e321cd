//! `rootline update`: bring the local copy up to date.

use crate::Error;
use crate::refusal::Fault;
use crate::trust_root::{SIGNING_CONFIG, TRUSTED_ROOT};
use clap::Args;
use rootline_metadata::{TargetPath, instant_text};
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::repository::{Repository, RepositoryArgs, Source, Unwritable};
use crate::cli::roles::{RoleState, role_states, role_table};
use crate::cli::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline update
  rootline update --instance github --json
  rootline update --url https://tuf.example.org --root 1.root.json
  rootline update --url ./mirror --root 1.root.json --at 2026-08-22T00:00:00Z

When it exits with 0, the four roles and the trust root are verified, fresh, and on disk.")]
pub(crate) struct UpdateArgs {
    #[command(flatten)]
    repository: RepositoryArgs,

    /// Keep nothing on disk: only see whether the repository can be trusted
    #[arg(long)]
    no_cache: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &UpdateArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut repository = match args.no_cache {
        true => args.repository.open_in_memory()?,
        false => args.repository.open(Source::Repository, Unwritable::Fail, terminal)?,
    };
    let refreshed = repository.client.refresh(repository.now);
    terminal.notes(repository.client.take_notes());
    let trusted = refreshed?;
    let mut kept = Vec::new();
    for name in [TRUSTED_ROOT, SIGNING_CONFIG] {
        match repository.client.target(&trusted, &TargetPath::from_static(name)) {
            Ok(_) => kept.push(name),
            // A repository need not have them.
            Err(Error::Refused(refusal)) if matches!(refusal.fault, Fault::NotListed { .. }) => {}
            Err(error) => return Err(error.into()),
        }
    }
    let roles = role_states(&trusted, repository.now);
    if args.json {
        terminal.json(&report(&repository, &roles, &kept));
    } else {
        terminal.line(format_args!("{} is up to date at {}", repository.instance.name, instant_text(repository.now)));
        role_table(&roles, terminal);
        match &repository.copy {
            Some(folder) => terminal.line(format_args!("kept in {}", folder.display())),
            None => terminal.line(format_args!("nothing was kept on disk, as asked")),
        }
    }
    Ok(())
}

fn report(repository: &Repository, roles: &[RoleState], kept: &[&str]) -> serde_json::Value {
    json!({
        "instance": repository.instance.name,
        "url": repository.instance.metadata_url,
        "checked_at": instant_text(repository.now),
        "roles": roles.iter().map(RoleState::to_json).collect::<Vec<_>>(),
        "targets": kept,
        "kept_in": repository.copy.as_ref().map(|folder| folder.display().to_string()),
    })
}
