//! `rootline-repo preflight`: which clients would get through.

use std::path::PathBuf;

use chrono::{DateTime, Utc};
use clap::Args;
use rootline::clock::parse_at;
use rootline::exit_status::ExitStatus;
use rootline_ceremonies::PreflightRules;
use serde_json::json;

use super::publish::require_complete;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::read_files::read_files;
use crate::preflight::{self, Files};
use crate::publish::destination as there_already;
use crate::publish::place::Place;
use crate::publish::staged::StagedPublication;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo preflight
  rootline-repo preflight --to /srv/www/tuf --also-at 2030-06-01T00:00:00Z
  rootline-repo preflight mirror/ --json

Tries what publish would make public: from every root that is served, with every cache that a client can have, now and one second either side of \
each expiry, after each file that is written and with every mixture that caches can show. Nothing is written.

Exit status: 0 if every client gets through, 1 if one is refused that should not be.")]
pub(crate) struct PreflightArgs {
    /// Try the repository in this folder as it is, made by any tool: metadata at its top, targets below targets/
    #[arg(value_name = "FOLDER", conflicts_with_all = ["to", "at_once"])]
    folder: Option<PathBuf>,

    /// The place that would be published to: a folder, s3://, gs:// or az:// [default: `to` of the policy]
    #[arg(long, value_name = "PLACE")]
    to: Option<PathBuf>,

    /// Try this instant as well; may be given several times
    #[arg(long, value_name = "INSTANT", value_parser = parse_at)]
    also_at: Vec<DateTime<Utc>>,

    /// Try what publish --at-once would do
    #[arg(long)]
    at_once: bool,
}

/// [`ExitStatus::Failed`] where a client is refused that should not be.
pub(crate) fn run(args: &PreflightArgs, context: &Context) -> Result<ExitStatus, Failure> {
    if let Some(folder) = &args.folder {
        let files = read_files(folder)?;
        let is_own = context.folder.policy_path().is_file();
        let rules = if is_own { context.folder.policy()?.preflight().clone() } else { PreflightRules::default() };
        let tried = preflight::Publication { there: &Files::new(), files: &files, uploads: &[] };
        return report(&tried, &folder.display().to_string(), &args.also_at, &rules, context);
    }
    let place = Place::find(args.to.as_deref(), context)?;
    let published = context.folder.published()?;
    require_complete(&published)?;
    let there = place.read(&published, &context.folder.policy()?.caches())?;
    there_already::check(&place, &there, &published)?;
    let publication = StagedPublication::plan(&place, &published, &there, args.at_once, context)?;
    let policy = context.folder.policy()?;
    let uploads = publication.uploads();
    let tried = preflight::Publication { there: &there, files: published.files(), uploads: &uploads };
    report(&tried, &place.name, &args.also_at, policy.preflight(), context)
}

fn report(
    tried: &preflight::Publication<'_>,
    place: &str,
    also_at: &[DateTime<Utc>],
    rules: &PreflightRules,
    context: &Context,
) -> Result<ExitStatus, Failure> {
    let (matrix, report) = tried.judge(context.now, also_at, rules)?;
    if let Some(remark) = matrix.served.remark() {
        context.terminal.warning(format_args!("{remark}"));
    }
    let mut document = report.to_json();
    if let Some(members) = document.as_object_mut() {
        members.insert("to".to_owned(), json!(place));
        members.insert("oldest_root".to_owned(), json!(matrix.served.oldest().number()));
        members.insert("newest_root".to_owned(), json!(matrix.served.newest().number()));
    }
    context.report(&document, |line| {
        report.lines(&context.terminal).iter().for_each(|text| line(format_args!("{text}")));
    });
    let Some(first) = report.refused.first() else { return Ok(ExitStatus::Done) };
    context.terminal.hint(format_args!("{}", first.hint));
    Ok(ExitStatus::Failed)
}
