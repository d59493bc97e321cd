//! What git leaves out of a clone, and must not: a file that is missing there makes every command refuse.

use crate::context::Context;
use crate::folder::input::{MAX_TEXT, read_own_text};

/// The name of git's own file.
pub(crate) const GITIGNORE_FILE: &str = ".gitignore";

/// What git is to leave alone. What is shipped, and what tokens and their vendors say, is public, whatever it is called.
pub(crate) const GITIGNORE: &str = "# Private keys belong elsewhere. What is shipped, and what tokens and their vendors say, is public.\n*.pem\n\
    !/targets/**\n!/metadata/**\n!/public/**\n!/keyholders/*/attestations/*.pem\n!/vendor-roots/*.pem\n/.rootline-lock\n.unfinished-*\n";

/// The lines that let git take attestations.
pub(crate) const FOR_ATTESTATIONS: [&str; 2] = ["!/keyholders/*/attestations/*.pem", "!/vendor-roots/*.pem"];

/// Warns where git would pass over files in PEM: they would be missing in every other clone, without anybody noticing. `lines` let it take them.
pub(crate) fn warn(context: &Context, what: &str, lines: &[&str]) {
    let path = context.folder.join(GITIGNORE_FILE);
    let Ok(text) = read_own_text(&path, MAX_TEXT) else { return };
    let has = |line: &str| text.lines().any(|other| other.trim() == line);
    let missing: Vec<&str> = lines.iter().copied().filter(|line| !has(line)).collect();
    if has("*.pem") && !missing.is_empty() {
        let lines = missing.join(" and ");
        context.terminal.warning(format_args!("{} makes git ignore {what}; append the lines {lines}", path.display()));
    }
}

/// Warns where git would pass over a shipped file, its published copies, or both.
pub(crate) fn warn_of_targets<'a>(context: &Context, names: impl IntoIterator<Item = &'a str>) {
    let Some(name) = names.into_iter().find(|name| name.ends_with(".pem")) else { return };
    let policy = context.folder.policy().ok();
    let published = policy.as_ref().and_then(|policy| policy.publish_to()).map(|folder| format!("!/{folder}/**"));
    let lines = ["!/targets/**", "!/metadata/**"].into_iter().chain(published.as_deref());
    warn(context, &format!("the target {name} and its published copies"), &lines.collect::<Vec<_>>());
}
