//! `rootline-repo trust diff`.

use std::path::{Path, PathBuf};

use clap::Args;
use rootline_ceremonies::review::{Content, Origin, TRUSTED_ROOT, content_change};
use rootline_metadata::limits::MAX_SIGSTORE_BYTES;
use serde_json::json;

use super::content;
use crate::commands::local_path;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::{input, trust_notes};
use crate::review::{content_json, content_lines};

#[derive(Args, Debug)]
#[command(after_help = "Examples:
  rootline-repo trust diff
  rootline-repo trust diff old/trusted_root.json
  rootline-repo trust diff old/signing_config.v0.2.json new/signing_config.v0.2.json --json")]
pub(crate) struct DiffArgs {
    /// A trust root or signing config, as it was [default: the published trust root]
    #[arg(value_parser = local_path(), value_name = "OLD")]
    old: Option<PathBuf>,

    /// As it is now [default: targets/trusted_root.json]
    #[arg(value_parser = local_path(), value_name = "NEW")]
    new: Option<PathBuf>,
}

pub(super) fn run(args: &DiffArgs, context: &Context) -> Result<(), Failure> {
    let own = || context.folder.target_path(TRUSTED_ROOT);
    let before = match &args.old {
        Some(path) => Some(read(path)?),
        None => published(context)?,
    };
    let after = match &args.new {
        Some(path) => read(path)?,
        None => read(&own()?)?,
    };
    let change = content_change(
        TRUSTED_ROOT,
        before.as_ref(),
        Some(&after),
        &trust_notes::read(context)?,
        Origin::now(context.now),
    );
    let mut report = content_json(&change);
    if let Some(report) = report.as_object_mut() {
        // The two files may have any names.
        report.remove("file");
        report.insert("same".to_owned(), json!(!change.is_changed()));
    }
    context.report(&report, |line| {
        let toned = |tone, text: &str| context.terminal.toned(tone, format_args!("{text}"));
        let mut lines = Vec::new();
        content_lines(&mut lines, &change, &toned);
        lines.iter().skip_while(|text| !text.starts_with(' ')).for_each(|text| line(format_args!("{text}")));
        if !change.is_changed() {
            line(format_args!("no entry differs"));
        }
    });
    Ok(())
}

fn read(path: &Path) -> Result<Content, Failure> {
    let bytes = input::read(path, MAX_SIGSTORE_BYTES)?;
    match Content::read(TRUSTED_ROOT, &bytes) {
        Content::Unreadable { why, .. } => Err(Failure::new(
            format!("{} is neither a trust root nor a signing config: {why}", path.display()),
            "name a trusted_root.json or a signing config",
        )),
        content => Ok(content),
    }
}

/// The published trust root; `None` before the first publication.
fn published(context: &Context) -> Result<Option<Content>, Failure> {
    let published = context.folder.published()?;
    let bytes = content::published(TRUSTED_ROOT, &published);
    Ok(bytes.map(|bytes| Content::read(TRUSTED_ROOT, bytes)))
}
