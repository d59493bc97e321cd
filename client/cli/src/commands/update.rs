//! `rootline update`: update the cache.

use chrono::{DateTime, TimeDelta, Utc};
use clap::Args;
use rootline_client::workflow::Updated;
use rootline_client::{Freshness, TrustRoot};
use rootline_metadata::instant_text;
use serde_json::json;

use crate::failure::Failure;
use crate::help::FRESHNESS;
use crate::printable::printable;
use crate::repository::{Repository, RepositoryArgs};
use crate::roles::{RoleState, by_expiry, role_states, role_table};
use crate::terminal::Terminal;
use rootline_metadata::parse_duration;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline update
  rootline update --instance github --json
  rootline update --max-age 6h             as the first step of every job: most make no request
  rootline update --url https://tuf.example.org --root 1.root.json
  rootline update --url ./mirror --root 1.root.json --at 2026-08-22T00:00:00Z

On success the four roles and the trust root are verified, fresh, and on disk.")]
pub(crate) struct UpdateArgs {
    /// Verify without writing to disk
    #[arg(long, conflicts_with = "max_age")]
    no_cache: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Make no request if the repository was asked less than this long ago, such as 6h or 7d
    #[arg(long, help_heading = FRESHNESS, value_name = "DURATION", value_parser = parse_duration)]
    max_age: Option<TimeDelta>,

    #[command(flatten)]
    repository: RepositoryArgs,
}

pub(crate) fn run(args: &UpdateArgs, terminal: &Terminal) -> Result<(), Failure> {
    let mut repository = match args.no_cache {
        true => args.repository.open_in_memory(terminal)?,
        false => args.repository.open_to_keep(args.max_age.map_or(Freshness::Online, Freshness::MaxAge), terminal)?,
    };
    // A repository need not have them.
    let targets = TrustRoot::queries_if_listed();
    let updated = repository.update(&targets, terminal);
    let Updated { trusted, targets, checked_at, .. } = updated.map_err(|error| repository.located(error))?;
    let kept: Vec<&str> = targets.iter().map(|(found, _)| found.path.as_str()).collect();
    let checked_at = checked_at.unwrap_or(repository.now);
    let roles = role_states(&trusted, repository.now);
    if args.json {
        terminal.json(&report(&repository, checked_at, &roles, &kept));
    } else {
        terminal.report(format_args!(
            "{} is up to date at {}",
            printable(&repository.instance.name),
            instant_text(checked_at)
        ));
        terminal.report(format_args!("{}", role_table(&roles, terminal, by_expiry)));
        match repository.client.store().folder() {
            Some(folder) => terminal.report(format_args!("kept in {}", folder.display())),
            None => terminal.report(format_args!("nothing was written to disk")),
        }
    }
    Ok(())
}

fn report(repository: &Repository, checked_at: DateTime<Utc>, roles: &[RoleState], kept: &[&str]) -> serde_json::Value {
    json!({
        "instance": repository.instance.name,
        "url": repository.instance.location().shown(),
        "checked_at": instant_text(checked_at),
        "roles": roles.iter().map(RoleState::to_json).collect::<Vec<_>>(),
        "targets": kept,
        "kept_in": repository.client.store().folder().map(|folder| folder.display().to_string()),
    })
}
