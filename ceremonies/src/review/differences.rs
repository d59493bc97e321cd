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
mod tests {
    use rootline_metadata::parse_instant;
    use serde_json::{Value, json};

    use super::super::content::TRUSTED_ROOT;
    use super::*;

    fn sigstore() -> Value {
        serde_json::from_slice(crate::SIGSTORE_TRUSTED_ROOT).unwrap()
    }

    fn compare(name: &str, before: &Value, after: &Value) -> ContentChange {
        let read = |value: &Value| Content::read(name, &serde_json::to_vec(value).unwrap());
        let origin = Origin::ceremony(parse_instant("2030-01-01T00:00:00Z").unwrap());
        content_change(name, Some(&read(before)), Some(&read(after)), &TrustNotes::default(), origin)
    }

    /// What changes, each with its mark and what is told of it; and how many entries stay.
    fn changes(before: &Value, after: &Value) -> (Vec<(Mark, String, String)>, usize) {
        let change = compare(TRUSTED_ROOT, before, after);
        let (stays, changed): (Vec<_>, Vec<_>) = change.entries.iter().partition(|change| change.mark == Mark::Stays);
        (changed.iter().map(|change| (change.mark, change.entry.title(), change.story())).collect(), stays.len())
    }

    #[track_caller]
    fn one_change(edit: impl FnOnce(&mut Value), mark: Mark, title: &str, story: &str) {
        let mut after = sigstore();
        edit(&mut after);
        let told = (mark, title.to_owned(), story.to_owned());
        let stays = if mark == Mark::Added { 7 } else { 6 };
        assert_eq!(changes(&sigstore(), &after), (vec![told], stays));
    }

    const REKOR: &str = "transparency log rekor-2021 (https://rekor.sigstore.dev)";
    const OLD_LOG: &str = "CT log ctlog-2021 (https://ctfe.sigstore.dev/test)";

    #[test]
    fn a_window_that_moves_is_told_with_both_instants() {
        let end =
            |end: &'static str| move |root: &mut Value| root["tlogs"][0]["publicKey"]["validFor"]["end"] = json!(end);
        one_change(
            end("2030-02-01T00:00:00Z"),
            Mark::Changed,
            REKOR,
            "closes 2030-02-01T00:00:00Z, 31 days after this ceremony",
        );
        one_change(
            end("2030-01-01T00:00:00Z"),
            Mark::Changed,
            REKOR,
            "closes 2030-01-01T00:00:00Z, at the very instant of this ceremony",
        );
        one_change(
            end("2029-12-31T23:59:59Z"),
            Mark::Changed,
            REKOR,
            "closes 2029-12-31T23:59:59Z, less than a day before this ceremony: what it vouched for since then is not verified any more",
        );
        one_change(
            |root| {
                root["ctlogs"][0]["publicKey"]["validFor"].as_object_mut().unwrap().remove("end");
            },
            Mark::Changed,
            OLD_LOG,
            "reopens: it had closed 2022-10-31T23:59:59Z, 2618 days before this ceremony",
        );
        one_change(
            |root| root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2022-10-30T23:59:59Z"),
            Mark::Changed,
            OLD_LOG,
            "closes 2022-10-30T23:59:59Z, 2619 days before this ceremony, earlier than so far (2022-10-31T23:59:59Z)",
        );
        one_change(
            |root| root["ctlogs"][0]["publicKey"]["validFor"]["end"] = json!("2030-01-02T00:00:00Z"),
            Mark::Changed,
            OLD_LOG,
            "closes 2030-01-02T00:00:00Z, 1 day after this ceremony, later than so far (2022-10-31T23:59:59Z)",
        );
        one_change(
            |root| root["tlogs"][0]["publicKey"]["validFor"]["start"] = json!("2021-01-13T00:00:00Z"),
            Mark::Changed,
            REKOR,
            "opens 2021-01-13T00:00:00Z, 3275 days before this ceremony, instead of 2021-01-12T11:53:27Z",
        );
        one_change(
            |root| root["tlogs"][0]["publicKey"]["validFor"] = json!({}),
            Mark::Changed,
            // Its name is made of the year of its start, as nobody has noted another.
            "transparency log rekor (https://rekor.sigstore.dev)",
            "opens at no stated start, instead of 2021-01-12T11:53:27Z",
        );
    }

    #[test]
    fn what_goes_and_what_comes_is_told() {
        one_change(
            |root| {
                root["tlogs"].as_array_mut().unwrap().remove(0);
            },
            Mark::Removed,
            REKOR,
            "disappears: nothing that it vouched for is verified any more",
        );
        let mut without = sigstore();
        without["tlogs"].as_array_mut().unwrap().remove(0);
        let opened = "opened 2021-01-12T11:53:27Z, 3275 days before this ceremony".to_owned();
        assert_eq!(changes(&without, &sigstore()), (vec![(Mark::Added, REKOR.to_owned(), opened)], 6));
    }

    #[test]
    fn another_key_another_url_and_another_chain_are_told() {
        one_change(
            |root| root["tlogs"][0]["baseUrl"] = json!("https://rekor.example"),
            Mark::Changed,
            "transparency log rekor-2021 (https://rekor.example)",
            "goes by this URL instead of https://rekor.sigstore.dev",
        );
        let mut after = sigstore();
        after["tlogs"][0]["publicKey"]["rawBytes"] = after["ctlogs"][1]["publicKey"]["rawBytes"].clone();
        after["tlogs"][0]["logId"] = after["ctlogs"][1]["logId"].clone();
        let (changed, _) = changes(&sigstore(), &after);
        assert!(
            changed[0].2.starts_with("has another key or log id: what it signed under log id c0d23d6a"),
            "{changed:?}"
        );
        assert!(changed[0].2.contains("; key is PKIX_ECDSA_P256_SHA_256, its SHA-256 dd3d306a"), "{changed:?}");
        one_change(
            |root| root["tlogs"][0]["operator"] = json!("sigstore.dev"),
            Mark::Changed,
            REKOR,
            "operator is sigstore.dev, so far none",
        );
        let fulcio = "certificate authority fulcio-2022 (https://fulcio.sigstore.dev)";
        one_change(
            |root| root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().unwrap().reverse(),
            Mark::Changed,
            fulcio,
            "has the same certificates in another order",
        );
        one_change(
            |root| {
                root["certificateAuthorities"][1]["certChain"]["certificates"].as_array_mut().unwrap().remove(1);
            },
            Mark::Changed,
            fulcio,
            "has another chain of certificates: what the former one issued is not verified any more",
        );
    }

    #[test]
    fn entries_with_one_url_keep_their_counterparts() {
        let mut after = sigstore();
        after["certificateAuthorities"].as_array_mut().unwrap().reverse();
        assert_eq!(changes(&sigstore(), &after), (Vec::new(), 7));
    }

    #[test]
    fn what_nothing_here_tells_of_is_said_to_differ() {
        assert_eq!(compare(TRUSTED_ROOT, &sigstore(), &sigstore()).note, None);
        let mut after = sigstore();
        after["colour"] = json!("blue");
        let note = compare(TRUSTED_ROOT, &sigstore(), &after).note;
        assert_eq!(note.as_deref(), Some("members differ that nothing here tells of: compare the two files"));
    }

    #[test]
    fn an_entry_that_is_not_understood_is_listed() {
        let mut after = sigstore();
        after["tlogs"][1]["publicKey"]["keyDetails"] = json!("PKIX_COLOUR");
        let skipped = |before: &Value| compare(TRUSTED_ROOT, before, &after).skipped;
        assert_eq!(skipped(&sigstore()).len(), 1);
        assert_eq!(skipped(&sigstore())[0].0, Mark::Added);
        assert!(skipped(&sigstore())[0].1.contains("PKIX_COLOUR"));
        assert_eq!(skipped(&after)[0].0, Mark::Stays);
        let mut moved = after.clone();
        moved["tlogs"].as_array_mut().unwrap().reverse();
        assert_eq!(skipped(&moved)[0].0, Mark::Stays);
    }

    #[test]
    fn a_signing_config_is_told_of_service_by_service() {
        let config = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "caUrls": [{"url": "https://ca.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}, "operator": "one"}],
            "rekorTlogUrls": [{"url": "https://log.example", "majorApiVersion": 1, "validFor": {"start": "2029-01-01T00:00:00Z"}}],
            "rekorTlogConfig": {"selector": "ANY"},
        });
        let mut after = config.clone();
        after["caUrls"][0]["operator"] = json!("two");
        after["rekorTlogUrls"][0]["majorApiVersion"] = json!(2);
        after["rekorTlogConfig"] = json!({"selector": "EXACT", "count": 2});
        let change = compare("signing_config.v0.2.json", &config, &after);
        let stories: Vec<String> = change.entries.iter().map(EntryChange::story).collect();
        assert_eq!(
            stories,
            ["operator is two, so far one", "is spoken to in another version of its API; API version is 2, so far 1"]
        );
        let settings: Vec<&str> = change.settings.iter().map(|happening| happening.text.as_str()).collect();
        assert_eq!(settings, ["log services to use: exactly 2, so far any one"]);
        assert!(compare("signing_config.v0.2.json", &config, &config).settings.is_empty());
    }

    #[test]
    fn a_service_that_has_closed_takes_nothing_from_verifiers() {
        let config = |valid: Value| {
            json!({
                "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
                "rekorTlogUrls": [{"url": "https://log.example", "majorApiVersion": 1, "validFor": valid, "operator": "one"}],
                "rekorTlogConfig": {"selector": "ANY"},
            })
        };
        let open = config(json!({"start": "2029-01-01T00:00:00Z"}));
        let closed = config(json!({"start": "2029-01-01T00:00:00Z", "end": "2029-12-31T23:59:59Z"}));
        let change = compare("signing_config.v0.2.json", &open, &closed);
        let stories: Vec<String> = change.entries.iter().map(EntryChange::story).collect();
        assert_eq!(stories, ["closes 2029-12-31T23:59:59Z, less than a day before this ceremony"]);
    }
}
