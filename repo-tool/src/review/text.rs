//! The review on a terminal: lines of at most a hundred characters, but for digests, which are never broken.

use rootline::terminal::Tone;
use rootline_ceremonies::review::{
    AuthorityChange, DelegationChange, FileChange, ListedKey, Mark, TargetChange, Warning,
};
use rootline_ceremonies::review::{ContentChange, EntryChange, Stated, days_until, in_days, window_text};
use rootline_metadata::{TargetFile, instant_text};

use super::{Shown, groups, said, steps};
use crate::text::visible;

/// Most characters of a line.
const WIDTH: usize = 100;

/// Gives a part of a line its colour, where there are colours.
pub(crate) type Toned<'a> = &'a dyn Fn(Tone, &str) -> String;

impl Shown {
    /// The review, line by line.
    pub(crate) fn lines(&self, toned: Toned<'_>) -> Vec<String> {
        let mut lines = Vec::new();
        match self.summary.as_str() {
            "" => lines.push(format!("ceremony {}", self.ceremony)),
            summary => lines.extend(wrapped("", "  ", &format!("ceremony {}: {}", self.ceremony, visible(summary)))),
        }
        lines.extend(self.repository_lines());
        lines.push(format!("dated {}, from which days are counted", instant_text(self.at)));
        if let Some(outcome) = &self.outcome {
            lines.extend(wrapped("", "  ", &visible(outcome)));
        }
        title(&mut lines, "what changes");
        for sentence in &self.sentences {
            marked(&mut lines, "  ", sentence.mark, &visible(&sentence.text), toned);
        }
        if !self.warnings.is_empty() {
            lines.push(String::new());
            lines.extend(warning_lines("check before you sign", &self.warnings, toned));
        }
        title(&mut lines, "what is signed");
        lines.extend(self.files.iter().flat_map(|file| self.file_lines(file, toned)));
        if !self.authorities.is_empty() {
            title(&mut lines, "who signs from now on");
            for step in steps(&self.authorities) {
                lines.extend(step.heading.iter().map(|heading| format!("  {}:", visible(heading))));
                let indent = if step.heading.is_some() { "  " } else { "" };
                for (at, signers) in step.told.iter().enumerate() {
                    let earlier = step.told.iter().take(at).find(|earlier| earlier.has_keys_of(signers));
                    signers_lines(&mut lines, indent, signers, earlier.copied(), toned);
                }
                if !step.unchanged.is_empty() {
                    let first = format!("{indent}  as so far: ");
                    lines.extend(wrapped(&first, "        ", &visible(&step.unchanged.join(", "))));
                }
            }
        }
        if !self.delegations.is_empty() {
            title(&mut lines, "delegations");
            self.delegations.iter().for_each(|terms| delegation_lines(&mut lines, terms, toned));
        }
        if !self.targets.is_empty() {
            title(&mut lines, "what is shipped");
            for file in &self.targets {
                shipped_lines(&mut lines, file, toned);
                lines.extend(wrapped("      ", "        ", &visible(self.kind_of(file))));
            }
        }
        let detailed = self.contents.iter().filter(|content| content.has_details());
        detailed.for_each(|content| content_lines(&mut lines, content, toned));
        lines.push(String::new());
        lines.push("fingerprint:".to_owned());
        lines.push(format!("  {}", groups(&self.fingerprint).join(" ")));
        lines
    }

    /// Which repository it is: what its name and its first root say.
    fn repository_lines(&self) -> Vec<String> {
        let name = match &self.repository {
            Some(name) => format!("repository \"{}\"", visible(name)),
            None => "a repository that the request does not name".to_owned(),
        };
        match &self.first_root {
            Some(digest) => {
                let mut lines = wrapped("", "  ", &format!("{name}, whose root 1 has the digest"));
                lines.push(format!("  sha256 {digest}"));
                lines
            }
            None => wrapped("", "  ", &format!("{name}, which has no root yet")),
        }
    }

    fn file_lines(&self, file: &FileChange, toned: Toned<'_>) -> Vec<String> {
        let (role, version, expires) = (file.part.role.name(), file.part.version, file.expiry.instant());
        let days = days_until(expires, self.at);
        let mut lines =
            vec![format!("  {}: version {version}, holds {days} days, until {}", visible(role), instant_text(expires))];
        if let Some((version, expiry)) = file.before {
            lines.push(format!("      so far version {version}, until {}", in_days(expiry.instant(), self.at)));
        }
        let signing = file.signing_days();
        if let Some(line) = signing.line() {
            marked(&mut lines, "    ", signing.mark(), &line, toned);
        }
        for member in &file.members {
            marked(&mut lines, "    ", member.mark(), &format!("also says {}", visible(&member.text())), toned);
        }
        lines
    }
}

/// Warnings under a heading.
pub(crate) fn warning_lines(heading: &str, warnings: &[Warning], toned: Toned<'_>) -> Vec<String> {
    let mut lines = vec![format!("{heading}:")];
    for warning in warnings {
        let (word, tone) = if warning.is_new { ("new", Tone::Failure) } else { ("as before", Tone::Warning) };
        // The word is part of the line that is broken, and gets its colour afterwards.
        let head = format!("! {word}:");
        let about = visible(&warning.about);
        let text = visible(&warning.text_with_rule());
        let mut text = wrapped("  ", "      ", &format!("{head} {about}: {text}")).into_iter();
        let first = text.next().unwrap_or_default();
        lines.push(first.replacen(&head, &toned(tone, &head), 1));
        lines.extend(text);
    }
    lines
}

fn title(lines: &mut Vec<String>, text: &str) {
    lines.push(String::new());
    lines.push(format!("{text}:"));
}

/// A line with its sign before it, and what does not fit below it.
fn marked(lines: &mut Vec<String>, indent: &str, mark: Mark, text: &str, toned: Toned<'_>) {
    let rest = format!("{indent}    ");
    // The sign is put before it afterwards, so that a colour does not count as characters.
    let mut text = wrapped(&format!("{indent}  "), &rest, text).into_iter();
    let first = text.next().unwrap_or_default();
    lines.push(format!("{indent}{} {}", toned(tone(mark), &mark.sign().to_string()), first.trim_start()));
    lines.extend(text);
}

fn tone(mark: Mark) -> Tone {
    match mark {
        Mark::Removed => Tone::Failure,
        Mark::Added | Mark::Changed => Tone::Warning,
        Mark::Stays => Tone::Plain,
    }
}

/// Whose keys count; where they are those of a role that was told of already, only that.
fn signers_lines(
    lines: &mut Vec<String>,
    indent: &str,
    signers: &AuthorityChange,
    earlier: Option<&AuthorityChange>,
    toned: Toned<'_>,
) {
    let AuthorityChange { role, threshold_before, threshold_after: threshold, .. } = signers;
    let (people, before) = (signers.people(), signers.people_before());
    let was = match threshold_before {
        Some(was) if was != threshold || before != people => format!(" (now {was} of {before})"),
        _ => String::new(),
    };
    let same = earlier.map(|earlier| format!(", with the same keys as {}", visible(&earlier.role)));
    let same = same.unwrap_or_default();
    lines.push(format!("{indent}  {} is signed by {threshold} of {people}{was}{same}", visible(role)));
    let holding = signers.validity();
    if let Some(line) = holding.line() {
        marked(lines, &format!("{indent}    "), holding.mark(), &line, toned);
    }
    if earlier.is_some() {
        return;
    }
    let name =
        |key: &ListedKey| key.owner.as_ref().map_or("no known keyholder".to_owned(), |name| visible(name.as_str()));
    let display = |key: &ListedKey| {
        let is_other = key.owner.as_ref().is_some_and(|name| name.as_str() != key.display_name);
        if is_other { visible(&key.display_name) } else { String::new() }
    };
    let widest = |of: &dyn Fn(&ListedKey) -> String| {
        signers.keys().map(|(_, key)| of(key).chars().count()).max().unwrap_or(0).min(40)
    };
    let (names, displays) = (widest(&name), widest(&display));
    let words = signers.keys().map(|(mark, key)| signers.word(mark, key).len()).max().unwrap_or(0).max(6);
    for (mark, key) in signers.keys() {
        // Of a key that comes or goes, or is nobody's, the beginning of the id does not tell it from every other one.
        let is_short = mark == Mark::Stays && key.owner.is_some();
        let line = format!(
            "{:<words$}  {:<names$}  {}{}  {}",
            signers.word(mark, key),
            name(key),
            if displays > 0 { format!("{:<displays$}  ", display(key)) } else { String::new() },
            visible(key.key_id.short()),
            key.scheme
        );
        lines.push(format!("{indent}    {} {line}", toned(tone(mark), &mark.sign().to_string())));
        if !is_short {
            lines.push(format!("{indent}        key {}", visible(key.key_id.as_str())));
        }
        if let Some(token) = &key.attestation {
            let text = visible(&token.to_string());
            lines.extend(wrapped(&format!("{indent}        "), &format!("{indent}          "), &text));
        }
    }
}

fn delegation_lines(lines: &mut Vec<String>, change: &DelegationChange, toned: Toned<'_>) {
    let (by, name) = (visible(change.by.role.name()), visible(&change.role));
    marked(lines, "  ", change.mark(), &format!("{by} delegates to {name}"), toned);
    for line in change.lines_after().unwrap_or_default() {
        lines.extend(wrapped("      ", "        ", &visible(&line)));
    }
    if change.mark() != Mark::Added && change.mark() != Mark::Stays {
        for line in change.lines_before().unwrap_or_default() {
            lines.extend(wrapped("      so far ", "        ", &visible(&line)));
        }
    }
}

fn shipped_lines(lines: &mut Vec<String>, file: &TargetChange, toned: Toned<'_>) {
    let name = visible(&file.name);
    let facts = |file: &TargetFile| format!("{} bytes, {}", file.length, file.digests);
    let sign = toned(tone(file.mark()), &file.mark().sign().to_string());
    match (&file.before, &file.after) {
        (None, Some(after)) => lines.push(format!("  {sign} ships {name}, {}", facts(after))),
        (Some(before), None) => lines.push(format!("  {sign} no longer ships {name}, {}", facts(before))),
        (Some(before), Some(after)) if file.is_another() => {
            lines.push(format!("  {sign} ships a changed {name}, {}", facts(after)));
            lines.push(format!("      so far {}", facts(before)));
        }
        (_, Some(after)) if file.mark() == Mark::Changed => {
            lines.push(format!("  {sign} changes the custom metadata of {name}, {}; the file stays", facts(after)));
        }
        _ => lines.push(format!("  {sign} ships {name} as before")),
    }
    let custom = |file: &Option<TargetFile>| file.as_ref().and_then(|file| file.custom.as_ref()).map(said);
    let (before, after) = (custom(&file.before), custom(&file.after));
    let is_another = before != after;
    custom_lines(lines, "says", after);
    if is_another {
        custom_lines(lines, "so far said", before);
    }
}

/// What is said about a file beside its length and digest.
fn custom_lines(lines: &mut Vec<String>, head: &str, custom: Option<Vec<String>>) {
    match custom.as_deref() {
        None => {}
        Some([line]) => lines.extend(wrapped(&format!("      {head} "), "        ", &visible(line))),
        Some(all) => {
            lines.push(format!("      {head}"));
            for line in all {
                // Two spaces a level; what is longer than a line goes on below where it begins.
                let text = line.trim_start_matches(' ');
                let indent = format!("        {}", " ".repeat(line.len() - text.len()));
                lines.extend(wrapped(&indent, &format!("{indent}  "), &visible(text)));
            }
        }
    }
}

/// What becomes of the content of one file, below its title.
pub(crate) fn content_lines(lines: &mut Vec<String>, content: &ContentChange, toned: Toned<'_>) {
    title(lines, &format!("in {}", visible(&content.name)));
    for happening in &content.settings {
        let mark = if content.kind_before.is_none() { Mark::Added } else { Mark::Changed };
        marked(lines, "  ", mark, &visible(&happening.text), toned);
    }
    if let Some(note) = &content.note {
        marked(lines, "  ", Mark::Changed, note, toned);
    }
    for change in content.entries.iter().filter(|change| change.mark != Mark::Stays) {
        lines.extend(entry_change_lines(change, toned));
    }
    for change in content.entries.iter().filter(|change| change.mark == Mark::Stays) {
        lines.extend(entry_change_lines(change, toned));
    }
    for (mark, reason) in &content.skipped {
        marked(lines, "  ", *mark, &format!("not understood: {}", visible(reason)), toned);
    }
}

/// What becomes of one entry; of one that stays, its first line.
pub(crate) fn entry_change_lines(change: &EntryChange, toned: Toned<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    let title = visible(&change.entry.title());
    if change.mark == Mark::Stays {
        let window = window_text(change.entry.window);
        marked(&mut lines, "  ", change.mark, &format!("{title} stays: {window}"), toned);
        return lines;
    }
    marked(&mut lines, "  ", change.mark, &title, toned);
    for happening in &change.happenings {
        lines.extend(wrapped("      ", "        ", &visible(&happening.text)));
    }
    if let Some(after) = change.after {
        lines.push(format!("      window     {}", window_text(after)));
        if let Some(before) = change.before.filter(|before| *before != after) {
            lines.push(format!("                 so far {}", window_text(before)));
        }
    }
    for (name, value) in &change.entry.facts {
        lines.extend(wrapped(&format!("      {name:<9}  "), "                 ", &visible(value)));
    }
    for (at, certificate) in change.entry.chain.iter().enumerate() {
        let head = if at == 0 { "chain" } else { "" };
        lines.extend(wrapped(
            &format!("      {head:<9}  {}. ", at + 1),
            "                    ",
            &visible(&certificate.subject()),
        ));
        if let Ok(Stated { validity, .. }) = &certificate.stated {
            lines.push(format!("                    {}", window_text(*validity)));
        }
        lines.push(format!("                    sha256:{}", certificate.fingerprint));
    }
    lines
}

/// Breaks a text at its spaces. What is longer than a line stands alone and whole.
fn wrapped(first: &str, rest: &str, text: &str) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = first.to_owned();
    let mut is_empty = true;
    for word in text.split(' ') {
        if !is_empty && line.chars().count() + 1 + word.chars().count() > WIDTH {
            lines.push(std::mem::replace(&mut line, rest.to_owned()));
            is_empty = true;
        }
        if !is_empty {
            line.push(' ');
        }
        line.push_str(word);
        is_empty = false;
    }
    lines.push(line);
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_broken_at_a_hundred_characters_and_not_before() {
        let fits = format!("{} {}", "a".repeat(49), "b".repeat(50));
        assert_eq!(wrapped("", "  ", &fits).len(), 1);
        let longer = format!("{fits}b");
        assert_eq!(wrapped("", "  ", &longer), ["a".repeat(49), format!("  {}", "b".repeat(51))]);
        let word = "c".repeat(120);
        assert_eq!(wrapped("    ", "  ", &word), [format!("    {word}")]);
    }
}
