//! What changes in a file that is shipped, entry by entry.

use super::mark::Mark;
use rootline_metadata::instant_text;
use rootline_metadata::sigstore::{Selector, ServiceKind, SigningConfig, Window};

use super::content::{Content, TRUSTED_ROOT};
use super::entry::{Entry, EntryKind, LOG_ID, entries};
use super::moment::Origin;
use crate::trust::TrustNotes;

/// What becomes of the content of one file.
#[derive(Clone, Debug)]
pub struct ContentChange {
    /// The file's name.
    pub name: String,
    /// What it was.
    pub kind_before: Option<String>,
    /// What it is; `None` if it is no longer shipped.
    pub kind: Option<String>,
    /// What becomes of each entry, those that stay included.
    pub entries: Vec<EntryChange>,
    /// What becomes of the rest that is understood: how services are chosen.
    pub settings: Vec<Happening>,
    /// Entries that are not understood, with the reason.
    pub skipped: Vec<(Mark, String)>,
    /// What else there is to say of it.
    pub note: Option<String>,
}

impl ContentChange {
    /// Whether anything about it is another.
    pub fn is_changed(&self) -> bool {
        self.kind_before != self.kind
            || self.entries.iter().any(|change| change.mark != Mark::Stays)
            || self.skipped.iter().any(|(mark, _)| *mark != Mark::Stays)
            || !self.settings.is_empty()
            || self.note.is_some()
    }

    /// Whether there is more to tell of it than what kind of file it is.
    pub fn has_details(&self) -> bool {
        !self.entries.is_empty() || !self.settings.is_empty() || !self.skipped.is_empty() || self.note.is_some()
    }
}

/// What becomes of one entry.
#[derive(Clone, Debug)]
pub struct EntryChange {
    /// In one word.
    pub mark: Mark,
    /// The entry as it is from now on; as it was, if it is gone.
    pub entry: Entry,
    /// Its window so far.
    pub before: Option<Window>,
    /// Its window from now on.
    pub after: Option<Window>,
    /// What happens to it; nothing if it stays.
    pub happenings: Vec<Happening>,
}

/// Something that happens to an entry.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Happening {
    /// What it is, for programs.
    pub word: &'static str,
    /// What changes, for people, to be put after the entry's name.
    pub text: String,
}

impl Happening {
    fn new(word: &'static str, text: impl Into<String>) -> Happening {
        Happening { word, text: text.into() }
    }
}

/// Compares the contents of one file. The entries of the trust root that clients look for have the names of the notes.
pub fn content_change(
    name: &str,
    before: Option<&Content>,
    after: Option<&Content>,
    notes: &TrustNotes,
    origin: Origin,
) -> ContentChange {
    let notes = Some(notes).filter(|_| name == TRUSTED_ROOT);
    let list = |content: Option<&Content>| content.map(|content| entries(content, notes)).unwrap_or_default();
    let entries = entry_changes(list(before), list(after), origin);
    let settings = setting_changes(before, after);
    let skipped_before = before.map(Content::skipped).unwrap_or_default();
    // Known again by what it is, not by its position, which moves when others are put before it.
    let is_known = |reason: &str| skipped_before.iter().any(|(known, _)| known == reason);
    let mark = |reason: &str| if is_known(reason) { Mark::Stays } else { Mark::Added };
    let told = |(reason, position): (String, usize)| (mark(&reason), format!("{reason} (entry {position})"));
    let skipped = after.map(Content::skipped).unwrap_or_default();
    let is_quiet = settings.is_empty() && entries.iter().all(|change| change.mark == Mark::Stays);
    ContentChange {
        name: name.to_owned(),
        kind_before: before.map(Content::kind),
        kind: after.map(Content::kind),
        note: if is_quiet { note(before, after) } else { None },
        entries,
        settings,
        skipped: skipped.into_iter().map(told).collect(),
    }
}

/// Two files that say the same to us need not be the same.
fn note(before: Option<&Content>, after: Option<&Content>) -> Option<String> {
    let (before, after) = (before?.value()?, after?.value()?);
    match before == after {
        true => None,
        false => Some("members differ that nothing here tells of: compare the two files".to_owned()),
    }
}

fn entry_changes(mut before: Vec<Entry>, after: Vec<Entry>, origin: Origin) -> Vec<EntryChange> {
    let mut counterparts: Vec<Option<Entry>> = vec![None; after.len()];
    // The surest likeness first, over all entries, so that no entry takes another one's counterpart.
    for likeness in [Likeness::Both, Likeness::Id, Likeness::Url] {
        for (new, counterpart) in after.iter().zip(&mut counterparts).filter(|(_, counterpart)| counterpart.is_none()) {
            let found = before.iter().position(|old| likeness.is_between(old, new));
            *counterpart = found.map(|at| before.remove(at));
        }
    }
    let kept = after.into_iter().zip(counterparts).map(|(new, old)| EntryChange::kept(old, new, origin));
    let mut changes: Vec<EntryChange> = kept.collect();
    changes.extend(before.into_iter().map(EntryChange::gone));
    changes
}

/// By what two entries are taken for one.
#[derive(Clone, Copy)]
enum Likeness {
    Both,
    Id,
    Url,
}

impl Likeness {
    fn is_between(self, old: &Entry, new: &Entry) -> bool {
        let same_id = old.id == new.id && !new.id.is_empty();
        let same_url = old.url == new.url;
        old.kind == new.kind
            && match self {
                Likeness::Both => same_id && same_url,
                Likeness::Id => same_id,
                Likeness::Url => same_url,
            }
    }
}

impl EntryChange {
    fn kept(old: Option<Entry>, new: Entry, origin: Origin) -> EntryChange {
        let happenings = match &old {
            None => opening(&new, origin),
            Some(old) => happenings(old, &new, origin),
        };
        let mark = match &old {
            None => Mark::Added,
            Some(_) if happenings.is_empty() => Mark::Stays,
            Some(_) => Mark::Changed,
        };
        let before = old.map(|old| old.window);
        EntryChange { mark, before, after: Some(new.window), happenings, entry: new }
    }

    fn gone(old: Entry) -> EntryChange {
        let text = match old.kind.is_trusted() {
            true => "disappears: nothing that it vouched for is verified any more",
            false => "is no longer offered",
        };
        EntryChange {
            mark: Mark::Removed,
            before: Some(old.window),
            after: None,
            happenings: vec![Happening::new("disappears", text)],
            entry: old,
        }
    }

    /// All that happens to it, in one line.
    pub fn story(&self) -> String {
        let texts: Vec<&str> = self.happenings.iter().map(|happening| happening.text.as_str()).collect();
        texts.join("; ")
    }
}

fn opening(new: &Entry, origin: Origin) -> Vec<Happening> {
    let start = match new.window.start() {
        None => "opens, and no start is stated".to_owned(),
        Some(start) if start < origin.at => format!("opened {}", origin.dated(start)),
        Some(start) => format!("opens {}", origin.dated(start)),
    };
    let end = new.window.end().map(|end| {
        let tense = if end < origin.at { "closed" } else { "closes" };
        Happening::new("closes", format!("{tense} {}", origin.dated(end)))
    });
    [Happening::new("opens", start)].into_iter().chain(end).collect()
}

fn happenings(old: &Entry, new: &Entry, origin: Origin) -> Vec<Happening> {
    let mut found = Vec::new();
    if old.id != new.id {
        found.push(match new.kind {
            EntryKind::Trusted(section) if section.holds_logs() => Happening::new(
                "another key",
                format!("has another key or log id: what it signed under log id {} is not verified any more", old.id),
            ),
            EntryKind::Trusted(_) if has_same_certificates(old, new) => {
                Happening::new("another order", "has the same certificates in another order")
            }
            EntryKind::Trusted(_) => Happening::new(
                "another chain",
                "has another chain of certificates: what the former one issued is not verified any more",
            ),
            EntryKind::Offered(_) => Happening::new("another version", "is spoken to in another version of its API"),
        });
    }
    if old.url != new.url {
        found.push(Happening::new("another URL", format!("goes by this URL instead of {}", old.url)));
    }
    found.extend(window_happenings(old, new, origin));
    let names = new.facts.iter().chain(&old.facts).map(|(name, _)| *name);
    let mut told = vec![LOG_ID];
    for name in names {
        if !told.contains(&name) && old.fact(name) != new.fact(name) {
            let of = |entry: &Entry| entry.fact(name).unwrap_or("none").to_owned();
            found.push(Happening::new("another fact", format!("{name} is {}, so far {}", of(new), of(old))));
        }
        told.push(name);
    }
    found
}

fn has_same_certificates(old: &Entry, new: &Entry) -> bool {
    let fingerprints = |entry: &Entry| {
        let mut all: Vec<String> = entry.chain.iter().map(|certificate| certificate.fingerprint.clone()).collect();
        all.sort();
        all
    };
    fingerprints(old) == fingerprints(new)
}

fn window_happenings(old: &Entry, new: &Entry, origin: Origin) -> Vec<Happening> {
    let is_trusted = new.kind.is_trusted();
    let (old, new) = (old.window, new.window);
    let mut found = Vec::new();
    let text = |instant: Option<_>| instant.map_or("no stated start".to_owned(), instant_text);
    match (old.start(), new.start()) {
        (old, new) if old == new => {}
        (old, Some(new)) => {
            found.push(Happening::new("opens", format!("opens {}, instead of {}", origin.dated(new), text(old))));
        }
        (old, None) => {
            found.push(Happening::new("opens", format!("opens at no stated start, instead of {}", text(old))))
        }
    }
    match (old.end(), new.end()) {
        (None, None) => {}
        (old, new) if old == new => {}
        (None, Some(end)) => {
            let late = match is_trusted && end < origin.at {
                true => ": what it vouched for since then is not verified any more",
                false => "",
            };
            found.push(Happening::new("closes", format!("closes {}{late}", origin.dated(end))));
        }
        (Some(was), Some(end)) => {
            let (word, side) = if end < was { ("closes earlier", "earlier") } else { ("closes later", "later") };
            found.push(Happening::new(
                word,
                format!("closes {}, {side} than so far ({})", origin.dated(end), instant_text(was)),
            ));
        }
        (Some(was), None) => {
            let tense = if was < origin.at { "had closed" } else { "was to close" };
            found.push(Happening::new("reopens", format!("reopens: it {tense} {}", origin.dated(was))));
        }
    }
    found
}

fn setting_changes(before: Option<&Content>, after: Option<&Content>) -> Vec<Happening> {
    let mut found = Vec::new();
    if let (Some(before), Some(after)) = (before, after)
        && before.kind() != after.kind()
    {
        found.push(Happening::new(
            "another kind",
            format!("the file was: {}; it is now: {}", before.kind(), after.kind()),
        ));
    }
    let (Some(after), before) = (after.and_then(Content::signing_config), before.and_then(Content::signing_config))
    else {
        return found;
    };
    for kind in [ServiceKind::TransparencyLog, ServiceKind::TimestampAuthority] {
        // How many of none are to be used is nobody's concern.
        let is_listed = |config: &SigningConfig| !config.services(kind).is_empty();
        if !is_listed(after) && !before.is_some_and(is_listed) {
            continue;
        }
        let (new, old) = (selector_text(after, kind), before.map(|before| selector_text(before, kind)));
        if old.as_ref() != Some(&new) {
            let was = old.map(|old| format!(", so far {old}")).unwrap_or_default();
            let name = EntryKind::Offered(kind).name();
            found.push(Happening::new("another selector", format!("{name}s to use: {new}{was}")));
        }
    }
    found
}

/// How many of the services of a kind are to be used; there is a word on logs and on timestamp authorities.
fn selector_text(config: &SigningConfig, kind: ServiceKind) -> String {
    let selector = if kind == ServiceKind::TransparencyLog { config.rekor_selector() } else { config.tsa_selector() };
    match selector {
        Ok(Selector::Any) => "any one".to_owned(),
        Ok(Selector::All) => "all of them".to_owned(),
        Ok(Selector::Exact { count }) => format!("exactly {count}"),
        Err(fault) => format!("not known ({fault})"),
    }
}

#[cfg(test)]
mod tests;
