//! `rootline-repo ceremony review`: what a signature means.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use clap::Args;
use rootline_ceremonies::review::{Material, Review};
use rootline_ceremonies::{EventKind, Freezing, Published};
use rootline_metadata::instant_text;
use serde_json::json;

use super::{IdArgs, find, refuse_closed};
use crate::commands::{bounds, documents, local_path};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::attestations::Attestations;
use crate::folder::ceremony::Stage;
use crate::folder::open_ceremony::OpenCeremony;
use crate::folder::record::CeremonyRecord;
use crate::folder::verification::Verification;
use crate::pins::{Identity, RootArgs};
use crate::review::{Shown, warning_lines};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony review
  rootline-repo ceremony review 2030-06 --json
  rootline-repo ceremony review 2030-06 --html review.html
  rootline-repo ceremony review 2030-06 --html > review.html
  rootline-repo ceremony review 2030-06 --root 1.root.json

What changes is compared with what is published, from root 1 on. The first review of a repository remembers the digest of its root 1 in your \
configuration, and another one is refused from then on. --root says which repository it has to be. With --html the review is one self-contained page, to send to the \
keyholders or to print. A ceremony that is over is compared with what was published before it: what did root 2 change?")]
pub(crate) struct ReviewArgs {
    #[command(flatten)]
    id: IdArgs,

    #[command(flatten)]
    root: RootArgs,

    /// Write an HTML page to this file; without FILE, or with -, to standard output
    #[arg(value_parser = local_path(), long, value_name = "FILE", num_args = 0..=1, default_missing_value = "-")]
    html: Option<PathBuf>,
}

pub(crate) fn run(args: &ReviewArgs, context: &Context) -> Result<(), Failure> {
    let published = Rc::new(context.folder.published()?);
    let record = find(&args.id, &published, context)?;
    let identity = Identity::of_folder(&published, &args.root, context)?;
    let review = match record.stage()? {
        Stage::Released | Stage::Abandoned => past(&record, &published, context)?,
        _ => {
            refuse_closed(&record)?;
            if record.stage()? == Stage::Planned {
                warn_of_plan(&record, &published, context)?;
            }
            let open = OpenCeremony::load(record, published, context)?.verified(context)?;
            let attestations = open.attestations(context)?;
            reviewed(&open, &attestations, context)?
        }
    };
    identity.warn(context);
    identity.remember(context);
    match args.html.as_deref() {
        None => context.report(&review.to_json(), |_| print(&review, context)),
        Some(file) if file == Path::new("-") && context.json => {
            return Err(Failure::new(
                "the HTML page and the JSON document cannot both go to standard output",
                "name a file for the page: --html FILE",
            ));
        }
        Some(file) if file == Path::new("-") => context.terminal.bytes(review.to_html().as_bytes())?,
        Some(file) => {
            atomic_file::replace(file, review.to_html().as_bytes())?;
            context.report(&json!({ "written": file }), |line| line(format_args!("wrote {}", file.display())));
        }
    }
    Ok(())
}

/// Shows it on the terminal.
pub(crate) fn print(review: &Shown, context: &Context) {
    let terminal = &context.terminal;
    let lines = review.lines(&|tone, text| terminal.toned(tone, format_args!("{text}")));
    lines.iter().for_each(|line| terminal.line(format_args!("{line}")));
}

/// Says of a plan what would stop its freezing, or stand in its review, as there is no review of what is not frozen.
fn warn_of_plan(record: &CeremonyRecord, published: &Published, context: &Context) -> Result<(), Failure> {
    let plan = record.folder().plan(&context.folder.keyholders()?, context.folder.policy()?.bounds())?;
    let warnings = documents::warnings(&plan, published, context)?;
    if !warnings.is_empty() && !context.json {
        let toned = |tone, text: &str| context.terminal.toned(tone, format_args!("{text}"));
        let lines = warning_lines("look at this before you freeze it", &warnings, &toned);
        lines.iter().for_each(|line| context.terminal.line(format_args!("{line}")));
    }
    Ok(())
}

/// Everything that a keyholder is shown before they sign. Refuses where a file in `targets/` is not what is about to be signed.
pub(super) fn reviewed(open: &OpenCeremony, attestations: &Attestations, context: &Context) -> Result<Shown, Failure> {
    let folder = context.folder.targets()?;
    folder.warn_of_unnameable(context);
    let targets = folder.files;
    // The ceremony is one that follows what is published.
    open.ceremony()?;
    open.frozen.check_targets(&targets, &open.published)?;
    let (plan, policy) = (open.plan()?, context.folder.policy()?);
    let mut review = Review::new(Material {
        repository: Some(policy.name()),
        id: open.id(),
        summary: plan.summary().unwrap_or_default(),
        at: plan.at(),
        frozen: &open.frozen,
        published: &open.published,
        keyholders: &open.keyholders,
        attestations: attestations.all(),
        targets: &targets,
        history: documents::history(Some(open.id()), &open.published, None, context)?,
        judgement: &documents::judgement(context)?,
        waived: &open.record.transcript().waived(),
        fingerprint: open.frozen_record.fingerprint(),
    });
    review.warnings.splice(0..0, bounds::warnings(&plan, &open.frozen, context)?);
    Ok(Shown(review))
}

/// What a ceremony meant that is over, compared with what was published before it. Nothing is asked of `targets/`, of tokens or of the keyholders
/// there are now, which are others since.
fn past(record: &CeremonyRecord, published: &Published, context: &Context) -> Result<Shown, Failure> {
    let transcript = record.transcript();
    if transcript.freezing() == Freezing::Never {
        let what = format!("{} was abandoned before it was frozen, so nothing was to be signed", record.id());
        return Err(Failure::new(what, format!("read its plan: {}", record.folder().plan_path().display())));
    }
    let keyholders = context.folder.keyholders()?;
    Verification { record, published, keyholders: &keyholders, folder: &context.folder }.require_over()?;
    let files = record.frozen()?;
    // Under the names that were shown then.
    let (keyholders, _) = keyholders.as_in(transcript);
    let plan = record.folder().frozen_plan(&files)?.parse(&keyholders)?;
    let (what, kind) = match record.stage()? {
        Stage::Abandoned => ("abandoned", EventKind::Abandoned),
        _ => ("released", EventKind::Released),
    };
    let end = transcript.last(&kind).map(|entry| entry.at);
    let at = end.map(|at| format!(" at {} by the clock of who recorded it", instant_text(at))).unwrap_or_default();
    let before = published.before(&files.frozen);
    let policy = context.folder.policy()?;
    // What is there now is another's, unless it is what was frozen: of a ceremony that was given up, nothing is published.
    let mut targets = context.folder.targets()?.files;
    targets.retain(|name, bytes| {
        let frozen = files.frozen.all_targets().find_map(|(_, targets)| targets.target(name.path()));
        frozen.is_some_and(|file| file.matches(bytes))
    });
    let review = Review::new(Material {
        repository: Some(policy.name()),
        id: record.id(),
        summary: plan.summary().unwrap_or_default(),
        at: plan.at(),
        frozen: &files.frozen,
        published: &before,
        keyholders: &keyholders,
        attestations: &BTreeMap::new(),
        targets: &targets,
        history: documents::history(Some(record.id()), published, end, context)?,
        judgement: &documents::judgement(context)?,
        waived: &transcript.waived(),
        fingerprint: files.record.fingerprint(),
    });
    let outcome = format!("{what}{at}; compared with what was published before it, and signed no more");
    Ok(Shown(review.of_a_past_ceremony(outcome)))
}
