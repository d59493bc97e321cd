//! `rootline-repo ceremony log`: what happened, line after line.

use std::collections::BTreeMap;

use rootline_ceremonies::{Entry, Event, EventKind, LineDigest, Transcript};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{hex, instant_text};

use super::{IdArgs, find};
use crate::context::Context;
use crate::failure::Failure;
use crate::folder::record::CeremonyRecord;
use crate::review::groups;
use crate::text::plain;

pub(crate) fn run(args: &IdArgs, context: &Context) -> Result<(), Failure> {
    // Whoever names a ceremony is shown its log also where nothing else can be read.
    let folder = match &args.id {
        Some(id) if context.folder.ceremony(id).transcript_path().exists() => context.folder.ceremony(id),
        Some(_) => find(args, &context.folder.published()?, context)?.folder().clone(),
        None => last_one(context)?.folder().clone(),
    };
    let (transcript, fault) = Transcript::read(&folder.transcript_text()?);
    // A program is given all of it or none.
    if let (Some(fault), true) = (&fault, context.json) {
        return Err(folder.transcript_failure(fault));
    }
    context.report(&to_json(folder.id().as_str(), &transcript), |line| {
        lines(&transcript).iter().for_each(|text| line(format_args!("{text}")));
        if fault.is_none() && !transcript.entries().is_empty() {
            let head = transcript.head();
            line(format_args!("times are those of the writers' clocks, and not signed"));
            line(format_args!("head, for keyholders to read out ({} lines):", head.lines));
            for digest in &head.digests {
                line(format_args!("  {}", hex::encode_in_fours(digest)));
            }
            if head.digests.len() > 1 {
                line(format_args!("{} merged ends; the next line follows all of them", head.digests.len()));
            }
        }
        if transcript.entries().is_empty() && fault.is_none() {
            line(format_args!("{} has no transcript yet", folder.id()));
        }
    });
    fault.map_or(Ok(()), |fault| Err(folder.transcript_failure(&fault)))
}

/// The only one that is open, or else the one in which something happened last.
fn last_one(context: &Context) -> Result<CeremonyRecord, Failure> {
    let published = context.folder.published()?;
    let mut closed = Vec::new();
    for ceremony in context.folder.ceremonies()? {
        let record = ceremony.load(&published)?;
        if !record.stage()?.is_over() {
            // As every other command has it.
            return find(&IdArgs { id: None }, &published, context);
        }
        let last = record.transcript().entries().iter().map(|entry| entry.at).max();
        closed.push((last, record));
    }
    let last = closed.into_iter().max_by_key(|(last, _)| *last).map(|(_, record)| record);
    last.ok_or_else(|| Failure::new("there is no ceremony yet", "start one: rootline-repo ceremony new ID"))
}

fn to_json(id: &str, transcript: &Transcript) -> serde_json::Value {
    let digests = |digests: &mut dyn Iterator<Item = &LineDigest>| -> Value {
        digests.map(|digest| hex::encode(digest)).collect()
    };
    let entry = |entry: &Entry| {
        ValueMembers::new()
            .with("digest", hex::encode(&entry.digest))
            .with("previous", digests(&mut entry.follows.iter()))
            .with("at", instant_text(entry.at))
            .with("event", entry.event.kind.name())
            .with("facts", entry.event.facts.clone())
    };
    let head = transcript.head();
    let report = ValueMembers::new()
        .with("ceremony", id)
        .with("times", "self-declared")
        .with("entries", transcript.entries().iter().map(entry).collect::<Value>())
        .with("lines", head.lines)
        .with("head", digests(&mut head.digests.iter()));
    serde_json::from_str(&Value::from(report).compact()).unwrap_or_default()
}

/// One line for each entry, and where the record parts or comes together, a line that draws it.
fn lines(transcript: &Transcript) -> Vec<String> {
    let mut tracks = Tracks::default();
    let mut texts = Vec::new();
    let is_straight = transcript.entries().iter().zip(transcript.entries().iter().skip(1));
    let is_straight = is_straight.clone().all(|(before, entry)| entry.follows == [before.digest]);
    for entry in transcript.entries() {
        let what = format!("{}  {}", instant_text(entry.at), plain(&described(&entry.event)));
        if is_straight {
            texts.push(what);
        } else {
            let (drawn, track) = tracks.place(entry);
            texts.extend(drawn);
            texts.push(format!("{} {what}", tracks.row(track)));
        }
    }
    texts
}

/// What is drawn beside the entries: a track for each branch.
#[derive(Default)]
struct Tracks {
    /// The last entry on each track, as long as it goes on.
    ends: Vec<Option<LineDigest>>,
    /// On which track each entry stands.
    places: BTreeMap<LineDigest, usize>,
}

impl Tracks {
    /// The track of the next entry, and what is drawn before it.
    fn place(&mut self, entry: &Entry) -> (Option<String>, usize) {
        let joined: Vec<usize> = (0..self.ends.len())
            .filter(|track| self.ends.get(*track).copied().flatten().is_some_and(|end| entry.follows.contains(&end)))
            .collect();
        let (drawn, track) = match joined.split_first() {
            Some((&first, others)) => {
                let drawn = others.last().map(|&last| self.connection(first, last, '/'));
                others.iter().for_each(|track| self.end(*track));
                (drawn, first)
            }
            // It follows one that others have followed already, or nothing.
            None => {
                let free = self.ends.iter().position(Option::is_none).unwrap_or(self.ends.len());
                if free == self.ends.len() {
                    self.ends.push(None);
                }
                let from = entry.follows.first().and_then(|digest| self.places.get(digest)).copied();
                let from = from.filter(|from| *from < free);
                (from.map(|from| self.connection(from, free, '\\')), free)
            }
        };
        if let Some(end) = self.ends.get_mut(track) {
            *end = Some(entry.digest);
        }
        self.places.insert(entry.digest, track);
        (drawn, track)
    }

    fn end(&mut self, track: usize) {
        if let Some(end) = self.ends.get_mut(track) {
            *end = None;
        }
    }

    /// All tracks, the entry standing on one of them.
    fn row(&self, track: usize) -> String {
        let mark = |(at, end): (usize, &Option<LineDigest>)| match end {
            _ if at == track => "*",
            Some(_) => "|",
            None => " ",
        };
        let marks: Vec<&str> = self.ends.iter().enumerate().map(mark).collect();
        marks.join(" ").trim_end().to_owned()
    }

    /// All tracks, with a line from one to another further right.
    fn connection(&self, from: usize, to: usize, corner: char) -> String {
        let mut row: Vec<char> = Vec::new();
        for (at, end) in self.ends.iter().enumerate() {
            let between = at > from && at <= to;
            if at > 0 {
                row.push(match between {
                    true if at == to => corner,
                    true => '-',
                    false => ' ',
                });
            }
            row.push(if end.is_some() && at != to || at == from { '|' } else { ' ' });
        }
        row.into_iter().collect::<String>().trim_end().to_owned()
    }
}

/// What happened, in a sentence that a person reads.
fn described(event: &Event) -> String {
    let text = |name| event.text(name).unwrap_or("?");
    let short = |name| text(name).chars().take(8).collect::<String>();
    let number = |name| event.number(name).map_or("?".to_owned(), |number| number.to_string());
    let files = || match event.facts.get("files").and_then(Value::as_object) {
        Some(files) => files.iter().map(|(name, _)| name).collect::<Vec<_>>().join(", "),
        None => "?".to_owned(),
    };
    let what = match &event.kind {
        EventKind::Planned => match event.text("summary") {
            Some(summary) => format!("plan {}: {summary}", short("plan")),
            None => format!("plan {}", short("plan")),
        },
        EventKind::Frozen => {
            format!("revision {} of {}, fingerprint {} …", number("revision"), files(), start(text("fingerprint")))
        }
        EventKind::Signed => format!(
            "{} signed {} {} {} with key {}{}{}",
            text("keyholder"),
            text("role"),
            number("version"),
            short("payload"),
            short("keyid"),
            if event.facts.get("attestation").is_some() { ", with attestations" } else { "" },
            event.facts.get("source").map(source_text).unwrap_or_default()
        ),
        EventKind::Sealed => {
            let signed = event.facts.get("signed").and_then(Value::as_object);
            let by = |(role, names): (&str, &Value)| {
                let names: Vec<&str> = names.as_array().unwrap_or_default().iter().filter_map(Value::as_text).collect();
                format!("{role} by {}", names.join(", "))
            };
            let by: Vec<String> = signed.into_iter().flat_map(ValueMembers::iter).map(by).collect();
            let at_once = if event.is_at_once() { "; at once, without what older roots ask for" } else { "" };
            format!("{}: {}{at_once}", files(), by.join("; "))
        }
        EventKind::Checked => {
            let roots = event.facts.get("roots").and_then(Value::as_array).map_or(0, <[Value]>::len) as u64;
            let verifiers = event.number("verifiers").unwrap_or_default();
            let (verifiers, roots) = (counted(verifiers, "verifier"), counted(roots, "root"));
            format!("{verifiers}, from {roots}, accepted it before its {}", text("before"))
        }
        EventKind::Released => files(),
        EventKind::Published => format!("to {}, timestamp {} ({})", text("to"), number("timestamp"), short("digest")),
        EventKind::Witnessed => {
            format!("{} signed the head after {} lines with key {}", text("keyholder"), number("lines"), short("keyid"))
        }
        EventKind::Abandoned => text("reason").to_owned(),
        EventKind::GivenUp => format!("{}: signed by enough, and must never be served", files()),
        EventKind::Imported => format!("{}: {}", files(), text("reason")),
        EventKind::Clock => format!("right, though the record went to {}: {}", text("latest"), text("reason")),
        // Of a kind that a later version brought.
        _ => Value::from(event.facts.clone()).compact(),
    };
    format!("{:<9}  {what}", event.kind.name())
}

/// How a signature came, as the programs say that made and took it.
fn source_text(source: &Value) -> String {
    let text = |name| source.get(name).and_then(Value::as_text);
    let way = match text("way") {
        Some("request") => "by request",
        Some(way) => way,
        None => "?",
    };
    let review = match source.get("review") {
        Some(Value::Bool(true)) => Some("review shown"),
        Some(Value::Bool(false)) => Some("review not shown"),
        _ => None,
    };
    let all: Vec<&str> = [Some(way), text("signer"), review, text("tool")].into_iter().flatten().collect();
    format!(" ({})", all.join(", "))
}

fn counted(number: u64, what: &str) -> String {
    format!("{number} {what}{}", if number == 1 { "" } else { "s" })
}

/// The first digits of a fingerprint, as it is shown elsewhere.
fn start(digits: &str) -> String {
    groups(&digits.chars().take(8).collect::<String>()).join(" ")
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    /// What is drawn beside entries, each of which follows others by their numbers.
    fn drawn(follows: &[&[u8]]) -> Vec<String> {
        let mut tracks = Tracks::default();
        let mut rows = Vec::new();
        for (number, follows) in follows.iter().enumerate() {
            let entry = Entry {
                digest: [number as u8; 32],
                follows: follows.iter().map(|number| [*number; 32]).collect(),
                at: DateTime::UNIX_EPOCH,
                event: Event::new(EventKind::Frozen),
            };
            let (connection, track) = tracks.place(&entry);
            rows.extend(connection);
            rows.push(tracks.row(track));
        }
        rows
    }

    #[test]
    fn branches_stand_beside_each_other_from_where_they_part_to_where_they_meet() {
        let straight: &[&[u8]] = &[&[], &[0], &[1]];
        assert_eq!(drawn(straight), ["*", "*", "*"]);
        // Two branches whose entries take turns.
        let two: &[&[u8]] = &[&[], &[0], &[0], &[1], &[2], &[3, 4], &[5]];
        assert_eq!(drawn(two), ["*", "*", "|\\", "| *", "* |", "| *", "|/", "*", "*"]);
        // Three, of which two meet first.
        let three: &[&[u8]] = &[&[], &[0], &[0], &[0], &[1, 3], &[2, 4]];
        assert_eq!(drawn(three), ["*", "*", "|\\", "| *", "|-|\\", "| | *", "|-|/", "* |", "|/", "*"]);
        // Two beginnings, and a branch in the place of one that has ended.
        let again: &[&[u8]] = &[&[], &[], &[0, 1], &[2], &[2]];
        assert_eq!(drawn(again), ["*", "| *", "|/", "*", "*", "|\\", "| *"]);
    }
}
