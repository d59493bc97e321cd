//! `rootline-repo trust legacy`: the PEM targets that old clients read.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use rootline_ceremonies::review::{MAX_BYTES, TRUSTED_ROOT};
use rootline_ceremonies::trust::{NamedEntries, legacy_files};
use rootline_ceremonies::{Draft, TargetName};
use rootline_metadata::sigstore::TrustedRoot;
use serde_json::json;

use super::content::TrustContent;
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::{atomic_file, trust_notes};

pub(super) const EXAMPLES: &str = "Examples:
  rootline-repo trust legacy

Kyverno's ClusterPolicy, Connaisseur, Ratify, Tekton Chains and cosign 2 read nothing else. With legacy-targets = true in [trust] of \
rootline.toml every command that edits the trust root writes them, and `ceremony new` plans what has to be said about them.";

pub(super) fn run(context: &Context) -> Result<(), Failure> {
    let _lock = context.lock()?;
    let content = TrustContent::read(context)?;
    let current = (&content.root, &content.entries);
    let written = replace(current, current, context)?;
    let is_planned = content.policy.has_legacy_targets();
    context.report(&json!({ "written": written, "planned": is_planned }), |line| {
        written.iter().for_each(|path| line(format_args!("wrote {}", path.display())));
    });
    if !is_planned {
        context.terminal.warning(format_args!("what has to be said about them is not planned by itself"));
        context.terminal.hint(format_args!("set legacy-targets = true in [trust] of rootline.toml"));
    }
    Ok(())
}

/// Plans what has to be said about those that are shipped as they follow from the trust root.
pub(crate) fn plan(draft: &mut Draft, files: &BTreeMap<TargetName, Vec<u8>>, context: &Context) -> Result<(), Failure> {
    let bytes = files.iter().find(|(name, _)| name.as_str() == TRUSTED_ROOT).map(|(_, bytes)| bytes);
    let Some(root) = bytes.and_then(|bytes| TrustedRoot::parse(bytes, MAX_BYTES).ok()) else { return Ok(()) };
    let entries = NamedEntries::new(&root, &trust_notes::read(context)?);
    for file in legacy_files(&root, &entries, context.now) {
        if files.get(&file.name) == Some(&file.bytes) {
            draft.set_custom(&file.name, file.custom)?;
        } else {
            context.terminal.warning(format_args!("targets/{} is not what old clients have to read", file.name));
            context.terminal.hint(format_args!("write it: rootline-repo trust legacy"));
        }
    }
    Ok(())
}

/// Writes those of a trust root, and removes what was written for the one before it and is no longer right. Gives the files that are there.
pub(crate) fn replace(
    before: (&TrustedRoot, &NamedEntries),
    after: (&TrustedRoot, &NamedEntries),
    context: &Context,
) -> Result<Vec<PathBuf>, Failure> {
    let files = legacy_files(after.0, after.1, context.now);
    let names: BTreeSet<_> = files.iter().map(|file| &file.name).collect();
    for old in legacy_files(before.0, before.1, context.now) {
        let path = context.folder.target_path(old.name.as_str())?;
        if !names.contains(&old.name) && atomic_file::holds(&path, &old.bytes) {
            std::fs::remove_file(&path).map_err(|error| Failure::io("remove", &path, &error))?;
        }
    }
    let mut written = Vec::new();
    for file in &files {
        let path = context.folder.target_path(file.name.as_str())?;
        if !atomic_file::holds(&path, &file.bytes) {
            atomic_file::replace(&path, &file.bytes)?;
        }
        written.push(path);
    }
    Ok(written)
}
