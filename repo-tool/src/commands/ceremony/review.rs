//! `rootline-repo ceremony review`: what a signature means.

use std::path::{Path, PathBuf};

use chrono::Duration;
use clap::Args;
use rootline_ceremonies::review::{Content, Material, Review, TRUSTED_ROOT, TrustHistory};
use rootline_ceremonies::{EventKind, TargetName};
use rootline_metadata::Targets;
use serde_json::json;

use super::{IdArgs, load};
use crate::commands::bounds;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::attestations::Attestations;
use crate::folder::open_ceremony::OpenCeremony;
use crate::pins::{Identity, RootArgs};
use crate::review::Shown;

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo ceremony review
  rootline-repo ceremony review 2030-06 --json
  rootline-repo ceremony review 2030-06 --html review.html
  rootline-repo ceremony review 2030-06 --html > review.html
  rootline-repo ceremony review 2030-06 --root 1.root.json

What changes is compared with what is published, from root 1 on. The first review of a repository remembers the digest of its root 1 in your \
configuration, and another one is refused from then on. --root says which repository it has to be. With --html the review is one self-contained page, to send to the keyholders or to print.")]
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
    let open = load(&args.id, context)?;
    let identity = Identity::of_folder(&open.published, &args.root, context)?;
    let attestations = open.attestations(context)?;
    let review = reviewed(&open, &attestations, context)?;
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
        history: history(open, context)?,
        fingerprint: open.frozen_record.fingerprint(),
    });
    review.warnings.splice(0..0, bounds::warnings(&plan, &open.frozen, context)?);
    Ok(Shown(review))
}

/// The trust roots that earlier ceremonies published, by the instants at which they were released.
fn history(open: &OpenCeremony, context: &Context) -> Result<TrustHistory, Failure> {
    let days = i64::from(context.folder.policy()?.timestamp().expires.number());
    let mut published = Vec::new();
    let others = context.folder.ceremonies()?.into_iter().filter(|ceremony| ceremony.id() != open.id());
    for ceremony in others {
        // A ceremony whose record is not whole any more says nothing of what it published, and is in nobody's way.
        let Ok(record) = ceremony.load(&open.published) else { continue };
        let Some(released) = record.transcript().last(&EventKind::Released) else { continue };
        let Ok(files) = record.frozen() else { continue };
        if let Some(root) = files.frozen.all_targets().find_map(|(_, targets)| trust_root_of(targets, open)) {
            published.push((released.at, root));
        }
    }
    published.sort_by_key(|(at, _)| *at);
    Ok(TrustHistory { published, next: None, timestamp_lifetime: Duration::days(days) })
}

fn trust_root_of(targets: &Targets, open: &OpenCeremony) -> Option<rootline_metadata::sigstore::TrustedRoot> {
    let name: TargetName = TRUSTED_ROOT.parse().ok()?;
    let file = targets.target(name.path())?;
    let bytes = open.published.files().get(&name.published_as(&file))?;
    Content::read(TRUSTED_ROOT, bytes).trusted_root().cloned()
}
