//! `rootline-repo lint`: what is wrong with a repository or a document.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline::exit_status::ExitStatus;
use rootline::network::{Network as _, NetworkArgs};
use rootline_ceremonies::lint::{Severities, catalogue};
use rootline_client::transport::HttpSettings;
use rootline_metadata::instant_text;

use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;
use crate::lint::report::Findings;
use crate::lint::subject::Subject;
use crate::lint::{explain, sarif};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo lint
  rootline-repo lint public
  rootline-repo lint https://tuf-repo-cdn.sigstore.dev
  rootline-repo lint trusted_root.json --sarif findings.sarif
  rootline-repo lint public --against https://tuf.example.org
  rootline-repo lint --explain repo-chain

Looks for what breaks clients: those that are in use, not only this one. Nothing that is linted is trusted, and nothing is written. Severities are \
those of the policy in the repository's folder, where there is one.

Exit status: 0 if nothing is an error; 1 if something is; 3 if the URL could not be reached.")]
pub(crate) struct LintArgs {
    /// A document, a repository's folder, a trust bundle (.tar), or the URL of one of them [default: the repository's own folder]
    #[arg(value_name = "PATH|URL")]
    place: Option<String>,

    /// Also compare with what is published there: versions that were used before, and keys that are no longer trusted
    #[arg(long, value_name = "PATH|URL")]
    against: Option<String>,

    /// Also write the findings as SARIF 2.1.0 to this file; - prints them in place of the report
    #[arg(long, value_name = "FILE")]
    sarif: Option<PathBuf>,

    /// Explain a rule: what is wrong, what follows, and who breaks
    #[arg(long, value_name = "ID", conflicts_with_all = ["place", "against", "sarif", "list"])]
    explain: Option<String>,

    /// List all rules
    #[arg(long, conflicts_with_all = ["place", "against", "sarif"])]
    list: bool,

    #[command(flatten)]
    network: NetworkArgs,
}

/// [`ExitStatus::Failed`] where something is an error; the findings are a result all the same.
pub(crate) fn run(args: &LintArgs, context: &Context) -> Result<ExitStatus, Failure> {
    let severities = severities(args.place.as_deref(), context)?;
    if let Some(id) = &args.explain {
        let rule = explain::find(id)?;
        let lines = explain::lines(rule, &severities, &context.terminal);
        context.report(&explain::to_json([rule], &severities), |line| {
            lines.iter().for_each(|text| line(format_args!("{text}")));
        });
        return Ok(ExitStatus::Done);
    }
    if args.list {
        context.report(&explain::to_json(catalogue(), &severities), |line| {
            line(format_args!("{}", explain::table(&severities, &context.terminal)));
        });
        return Ok(ExitStatus::Done);
    }
    lint(args, &severities, context)
}

fn lint(args: &LintArgs, severities: &Severities, context: &Context) -> Result<ExitStatus, Failure> {
    let settings =
        || -> Result<HttpSettings, Failure> { Ok(args.network.settings()?.with_observer(context.terminal.observer())) };
    let subject = match &args.place {
        Some(place) => Subject::at(place, settings()?)?,
        None => Subject::of_maintainer(&context.folder)?,
    };
    let mut found = subject.lint(context.now)?;
    if let Some(place) = &args.against {
        found.extend(subject.lint_against(&Subject::at(place, settings()?)?, context.now)?);
    }
    let found = Findings::new(found, severities);
    let to_standard = args.sarif.as_deref() == Some(Path::new(STANDARD));
    match &args.sarif {
        Some(_) if to_standard => context.terminal.bytes(sarif_text(&found).as_bytes())?,
        Some(file) => atomic_file::replace(file, sarif_text(&found).as_bytes())?,
        None => {}
    }
    if !to_standard {
        let place = args.place.clone().unwrap_or_else(|| context.folder.path().display().to_string());
        let report = found.to_json(&place, &instant_text(context.now), subject.files());
        context.report(&report, |line| {
            found.lines(subject.files(), &context.terminal).iter().for_each(|text| line(format_args!("{text}")));
        });
    }
    Ok(if found.has_errors() { ExitStatus::Failed } else { ExitStatus::Done })
}

fn sarif_text(found: &Findings<'_>) -> String {
    format!("{:#}\n", sarif::log(found))
}

/// The severities of the policy: that of the folder that is linted, or else of the repository's folder; without one, those of the catalogue.
fn severities(place: Option<&str>, context: &Context) -> Result<Severities, Failure> {
    let linted = place.map(|place| crate::folder::repository::RepositoryFolder::new(place.into()));
    let folder = linted.as_ref().filter(|folder| folder.policy_path().is_file()).unwrap_or(&context.folder);
    if !folder.policy_path().is_file() {
        return Ok(Severities::default());
    }
    Ok(folder.policy()?.severities().clone())
}
