//! `rootline show`: what to trust at a time.

use chrono::{DateTime, Utc};
use clap::Args;
use rootline_client::TrustRoot;
use rootline_metadata::instant_text;
use serde_json::json;

use crate::clock::parse_at;
use crate::document_findings::{DocumentFinding, findings};
use crate::entries::{Entry, entries};
use crate::failure::Failure;
use crate::freshness::{FreshnessArgs, failure, freshness_json, freshness_line};
use crate::printable::printable;
use crate::repository::RepositoryArgs;
use crate::roles::{RoleState, role_states};
use crate::services::{self, Choice};
use crate::table::{Cell, Table};
use crate::terminal::Terminal;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline show
  rootline show --trusted-at 2022-01-01T00:00:00Z   what to trust for a signature of that time
  rootline show --max-age 6h                        make no request if it was checked lately
  rootline show --all --offline --grace 30d --json

--at is the time at which the metadata must be fresh; --trusted-at is the time of a signature.")]
pub(crate) struct ShowArgs {
    /// Print what is trusted for a signature of this time [default: now, or --at]
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    trusted_at: Option<DateTime<Utc>>,

    /// Print every entry, also those whose window is past or yet to come
    #[arg(long, conflicts_with = "trusted_at")]
    all: bool,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    #[command(flatten)]
    freshness: FreshnessArgs,

    #[command(flatten)]
    repository: RepositoryArgs,
}

pub(crate) fn run(args: &ShowArgs, terminal: &Terminal) -> Result<(), Failure> {
    let freshness = args.freshness.freshness();
    let mut repository = args.repository.open_to_use(freshness, terminal)?;
    let trust_root = repository.update(&TrustRoot::queries(), terminal).and_then(TrustRoot::assemble);
    let trust_root = trust_root.map_err(|error| repository.located(failure(error, freshness)))?;
    let instant = args.trusted_at.unwrap_or(repository.now);
    let entries = entries(trust_root.trusted_root(), (!args.all).then_some(instant));
    let findings = findings(&trust_root, repository.now);
    let services = match trust_root.signing_config() {
        Some(config) if !args.all => services::choices(config, instant),
        _ => Vec::new(),
    };
    let roles = role_states(trust_root.metadata(), repository.now);
    if args.json {
        terminal.json(&json!({
            "instance": repository.instance.name,
            "freshness": freshness_json(trust_root.freshness(), repository.now),
            "trusted_at": (!args.all).then(|| instant_text(instant)),
            "roles": roles.iter().map(RoleState::to_json).collect::<Vec<_>>(),
            "trusted": entries.iter().map(Entry::to_json).collect::<Vec<_>>(),
            "sign_with": services.iter().map(Choice::to_json).collect::<Vec<_>>(),
            "findings": findings.iter().map(DocumentFinding::to_json).collect::<Vec<_>>(),
        }));
        return Ok(());
    }
    // What is only risky is the publisher's matter, and is told where everything is.
    terminal.notes(findings.iter().filter(|finding| args.all || finding.is_error()));
    let name = printable(&repository.instance.name);
    match args.all {
        true => terminal.line(format_args!("all entries of {name}")),
        false => terminal.line(format_args!("trusted by {name} at {}", instant_text(instant))),
    }
    table(&entries, terminal);
    if !services.is_empty() {
        terminal.line(format_args!("signing services"));
        services::table(&services, terminal);
    }
    terminal.line(format_args!("verified; {}", freshness_line(trust_root.freshness(), repository.now)));
    Ok(())
}

fn table(entries: &[Entry], terminal: &Terminal) {
    let mut table = Table::new(["kind", "name", "id", "from (UTC)", "until (UTC)"]);
    for Entry { kind, place, id, window, .. } in entries {
        let instant = |end: Option<DateTime<Utc>>| Cell::text(end.map_or("-".to_owned(), instant_text));
        let id: String = id.chars().take(16).collect();
        let (kind, place) = (Cell::text(*kind), Cell::text(place.as_str()));
        table.row([kind, place, Cell::text(id), instant(window.start()), instant(window.end())]);
    }
    terminal.line(format_args!("{}", table.render(terminal)));
    if entries.is_empty() {
        terminal.line(format_args!("  nothing is trusted at this time"));
    }
}
