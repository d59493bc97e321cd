//! `rootline status`: what the local copy holds, and until when it may be used.

use crate::Freshness;
use chrono::DateTime;
use clap::Args;
use rootline_metadata::instant_text;
use serde_json::json;

use crate::cli::failure::Failure;
use crate::cli::repository::RepositoryArgs;
use crate::cli::roles::{RoleState, role_states, role_table};
use crate::cli::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline status
  rootline status --instance github --at 2026-12-24T00:00:00Z
  rootline status --json

No request is made. Exit status: 0 if every role is verified and unexpired; 1 if one has expired, or there is no local
copy that can be verified from the pinned root.")]
pub(crate) struct StatusArgs {
    #[command(flatten)]
    repository: RepositoryArgs,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,
}

pub(crate) fn run(args: &StatusArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut repository = args.repository.open_offline(Freshness::offline())?;
    // Every signature and pin is verified as of the beginning of time, when nothing had expired; expiries are then told, not refused.
    let verified = repository.client.load(DateTime::UNIX_EPOCH, &[]);
    terminal.notes(repository.client.take_notes());
    let loaded = verified.map_err(|error| {
        repository
            .located(error)
            .with_hint("run `rootline update` with the same options to make a local copy or to mend it")
    })?;
    let roles = role_states(&loaded.trusted, repository.now);
    let expired: Vec<&RoleState> = roles.iter().filter(|role| role.has_expired()).collect();
    let instance = &repository.instance.name;
    if args.json {
        terminal.json(&json!({
            "instance": instance,
            "at": instant_text(repository.now),
            "fresh": expired.is_empty(),
            "roles": roles.iter().map(RoleState::to_json).collect::<Vec<_>>(),
        }));
    } else {
        terminal.line(format_args!("{instance} at {}", instant_text(repository.now)));
        role_table(&roles, terminal);
    }
    if expired.is_empty() {
        return Ok(());
    }
    let failure = Failure::new(
        "the local copy has expired",
        "run `rootline update`; if it refuses too, the repository needs renewal",
    );
    Err(if args.json { failure.told_in_result() } else { failure })
}
