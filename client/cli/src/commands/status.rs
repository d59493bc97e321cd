//! `rootline status`: what the cache holds, and when it expires.

use chrono::TimeDelta;
use clap::Args;
use rootline_metadata::instant_text;
use serde_json::{Value, json};

use crate::exit_status::ExitStatus;
use crate::failure::Failure;
use crate::freshness::signed_text;
use crate::instance_status::{InstanceStatus, Thresholds, Verdict};
use crate::network::NoNetwork;
use crate::printable::printable;
use crate::prometheus;
use crate::repository::{Repository, RepositoryArgs};
use crate::roles::role_table;
use crate::terminal::{Terminal, Tone};
use rootline_metadata::parse_duration;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline status
  rootline status --instance github --at 2026-12-24T00:00:00Z
  rootline status --all --warn 7d --fail 2d >/dev/null         in cron: silent while all is well
  rootline status --warn 7d --warn-status 1 --fail-status 2    as monitoring plugins do
  rootline status --all --prometheus | sponge /var/lib/node_exporter/rootline.prom
  rootline status --json

No request is made. Every role in the cache is checked, delegated ones too. Windows of the trust root that open or close within \
--warn, or 30 days, are listed; with --warn, one that closes is a warning. Warnings go to standard error.

Exit status: 0 if every role is verified and unexpired, also with warnings; 1 if a role has expired, has less time left than --fail, \
or does not verify against the pinned root; 2 wrong usage. --warn-status and --fail-status choose others.")]
pub(crate) struct StatusArgs {
    /// Check every instance that was added, and the built-in ones that are in the cache
    #[arg(long, conflicts_with = "url")]
    all: bool,

    /// Warn if a role expires, or a window of the trust root closes, in less time than this, such as 7d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    warn: Option<TimeDelta>,

    /// Fail if a role expires in less time than this, such as 2d
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    fail: Option<TimeDelta>,

    /// The exit status for a warning
    #[arg(long, value_name = "NUMBER", default_value_t = ExitStatus::Done.code())]
    warn_status: u8,

    /// The exit status for a failure
    #[arg(long, value_name = "NUMBER", default_value_t = ExitStatus::Failed.code(), value_parser = clap::value_parser!(u8).range(1..))]
    fail_status: u8,

    /// Print the result as JSON
    #[arg(long)]
    json: bool,

    /// Print the result in the text format of Prometheus
    #[arg(long, conflicts_with = "json")]
    prometheus: bool,

    #[command(flatten)]
    repository: RepositoryArgs<NoNetwork>,
}

type Found = (String, Result<InstanceStatus, Failure>);

/// Returns the exit status.
pub(crate) fn run(args: &StatusArgs, terminal: &Terminal) -> Result<u8, Failure> {
    let thresholds = Thresholds { warn: args.warn, fail: args.fail.unwrap_or_default() };
    let read = |mut repository: Repository| InstanceStatus::read(&mut repository, thresholds, terminal);
    let found: Vec<Found> = match args.all {
        true => {
            let all = args.repository.open_all_offline(terminal)?;
            all.into_iter().map(|(name, repository)| (name, repository.and_then(read))).collect()
        }
        false => {
            let repository = args.repository.open_offline(rootline_client::Freshness::offline(), terminal)?;
            vec![(repository.instance.name.clone(), read(repository))]
        }
    };
    if args.all && found.is_empty() {
        terminal.warning(format_args!("the cache is empty: run `rootline update`"));
    }
    if args.prometheus {
        let instances: Vec<_> = found.iter().map(|(name, status)| (name.clone(), status.as_ref().ok())).collect();
        terminal.bytes(prometheus::text(&instances).as_bytes())?;
    } else if args.json {
        terminal.json(&report(args, &found));
    } else {
        for status in found.iter().filter_map(|(_, status)| status.as_ref().ok()) {
            print(status, terminal);
        }
    }
    let verdicts = found.iter().map(|(name, status)| tell(name, status, args, terminal));
    Ok(match verdicts.max().unwrap_or(Verdict::Fine) {
        Verdict::Fine => ExitStatus::Done.code(),
        Verdict::Warn => args.warn_status,
        Verdict::Fail => args.fail_status,
    })
}

fn report(args: &StatusArgs, found: &[Found]) -> Value {
    let one = |(name, status): &Found| match status {
        Ok(status) => status.to_json(),
        Err(failure) if args.all => {
            let mut report = json!({ "instance": name, "verified": false, "verdict": Verdict::Fail.name() });
            report["error"] = failure.to_json()["error"].take();
            report
        }
        Err(failure) => failure.to_json(),
    };
    match (args.all, found) {
        (false, [only]) => one(only),
        _ => json!({ "instances": found.iter().map(one).collect::<Vec<_>>() }),
    }
}

fn print(status: &InstanceStatus, terminal: &Terminal) {
    terminal.line(format_args!("{} at {}", printable(&status.instance), instant_text(status.now)));
    let table = role_table(&status.roles, terminal, |role| match status.verdict_of(role) {
        Verdict::Fine => Tone::Plain,
        Verdict::Warn => Tone::Warning,
        Verdict::Fail => Tone::Failure,
    });
    terminal.line(format_args!("{table}"));
    for line in status.change_lines() {
        terminal.line(format_args!("  {line}"));
    }
    terminal.line(format_args!("  {}", signed_text(&status.freshness, status.now)));
    match status.freshness.checked_at {
        Some(instant) => terminal.line(format_args!("  last checked at {}", instant_text(instant))),
        None => terminal.line(format_args!("  last check unknown")),
    }
}

/// Says on standard error what is to be done.
fn tell(name: &str, status: &Result<InstanceStatus, Failure>, args: &StatusArgs, terminal: &Terminal) -> Verdict {
    let status = match status {
        Ok(status) => status,
        Err(failure) => {
            terminal.failure(failure);
            return Verdict::Fail;
        }
    };
    for reason in status.reasons(Verdict::Warn) {
        terminal.warning(format_args!("{name}: {reason}"));
    }
    let failed = status.reasons(Verdict::Fail);
    if !failed.is_empty() {
        let expired = status.roles.iter().any(|role| role.has_expired());
        let beside = status.expired_beside();
        let what = match (expired, args.all) {
            (true, _) if !beside.is_empty() => {
                let roles: Vec<String> = beside.iter().map(|role| printable(role)).collect();
                format!("{name}: expired in the cache: {}", roles.join(", "))
            }
            (true, false) => "the cache has expired".to_owned(),
            (true, true) => format!("the cache of {name} has expired"),
            (false, _) => format!("{name} has less time left than --fail allows"),
        };
        let hint = match beside.is_empty() {
            true => "run `rootline update`; if that is refused too, ask the repository's operators to renew it",
            false => {
                "the trust root does not depend on it; its targets are refused until the repository's operators renew it"
            }
        };
        let failure = Failure::new(what, hint);
        terminal.failure(&failure.with_check(failed.join(", ")));
    }
    status.verdict()
}
