//! `rootline-repo guide`: the page for the users of the repository.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::review::{MAX_BYTES, SIGNING_CONFIG, TRUSTED_ROOT};
use rootline_ceremonies::{RepositoryUrl, UsersGuide};
use rootline_metadata::sigstore::{SigningConfig, TrustedRoot};
use rootline_metadata::{hex, sha256};
use serde_json::json;

use super::local_path;
use super::trust::content;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::atomic_file;
use crate::folder::input::STANDARD;

/// The page, in the folder.
pub(super) const PAGE: &str = "for-users.md";

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo guide
  rootline-repo guide --url https://tuf.acme.example --output -

Tells rootline, cosign, sigstore-python, sigstore-js, gh, policy-controller, Kyverno and Flux how to use what is published, with its URL, the \
digest of root 1 and what each of them cannot read. Before something is published it tells of what is in targets/. Write it again when that \
changes: the page follows from the repository alone.")]
pub(crate) struct GuideArgs {
    /// Where verifiers reach what is published [default: that of the policy]
    #[arg(long)]
    url: Option<RepositoryUrl>,

    /// The file to write; - for standard output [default: for-users.md in the repository's folder]
    #[arg(long, value_name = "FILE", value_parser = local_path())]
    output: Option<PathBuf>,
}

pub(crate) fn run(args: &GuideArgs, context: &Context) -> Result<(), Failure> {
    let page = page(args.url.as_ref(), context)?;
    let to = args.output.clone().unwrap_or_else(|| context.folder.join(PAGE));
    if to == Path::new(STANDARD) {
        return Ok(context.terminal.bytes(page.text.as_bytes())?);
    }
    let _lock = context.lock()?;
    atomic_file::replace(&to, page.text.as_bytes())?;
    context.report(&json!({ "written": to, "url": page.url.as_str(), "first_root": page.first_root }), |line| {
        line(format_args!("wrote {}", to.display()));
        match &page.first_root {
            Some(digest) => line(format_args!("  root 1: sha256 {digest}")),
            None => line(format_args!("  root 1 is not signed yet: write it again then")),
        }
    });
    Ok(())
}

/// The page with what it is about.
pub(super) struct UsersPage {
    pub(super) text: String,
    url: RepositoryUrl,
    /// The digest of root 1.
    first_root: Option<String>,
}

/// The page of the folder as it is.
pub(super) fn page(url: Option<&RepositoryUrl>, context: &Context) -> Result<UsersPage, Failure> {
    let policy = context.folder.policy()?;
    let url = url.or(policy.url()).cloned().ok_or_else(|| {
        let what =
            format!("{} does not say where verifiers reach the repository", context.folder.policy_path().display());
        Failure::new(what, "state it: --url URL, or url = \"URL\" in [publish] of the policy")
    })?;
    let published = context.folder.published()?;
    let target = |name: &str| match content::published(name, &published) {
        Some(bytes) => Ok(Some(bytes.to_vec())),
        None => content::target(name, context),
    };
    let path = context.folder.target_path(TRUSTED_ROOT)?;
    let trusted_root = target(TRUSTED_ROOT)?.ok_or_else(|| {
        Failure::new(format!("{} does not exist", path.display()), "create it: rootline-repo trust create")
    })?;
    let trusted_root: TrustedRoot = content::parse(&path, &trusted_root)?;
    let signing_config = target(SIGNING_CONFIG)?.and_then(|bytes| SigningConfig::parse(&bytes, MAX_BYTES).ok());
    let first_root = published.roots().first().map(|root| root.bytes());
    let guide = UsersGuide {
        name: policy.name(),
        url: &url,
        first_root,
        trusted_root: &trusted_root,
        signing_config: signing_config.as_ref(),
        has_legacy_targets: policy.has_legacy_targets(),
        at: context.now,
    };
    let first_root = first_root.map(|root| hex::encode(&sha256(root)));
    Ok(UsersPage { text: guide.to_markdown(), first_root, url })
}
