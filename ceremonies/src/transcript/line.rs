//! The text of a transcript, line by line.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_metadata::format::{self, FileError};
use rootline_metadata::json::{Document, FormatError, Node, Value, ValueMembers};
use rootline_metadata::{hex, instant_text, parse_instant, sha256};

use super::{Entry, Event, EventKind, LineDigest, Transcript, TranscriptError};

/// The members of every line; all others are facts. The version is not written: a line without it has the first, and always will, as its digest is
/// that of its text.
const PREVIOUS: &str = "previous";
const AT: &str = "at";
const EVENT: &str = "event";

/// All lines in the order of the text, each once, up to the first fault.
pub(super) fn read_all(text: &str) -> (Vec<Entry>, Option<TranscriptError>) {
    let mut reader = Reader::default();
    let error = reader.read(text).err();
    (reader.entries, error)
}

#[derive(Default)]
struct Reader {
    entries: Vec<Entry>,
    seen: BTreeSet<LineDigest>,
    /// Those that a later line follows.
    followed: BTreeSet<LineDigest>,
    has_gone_on: bool,
    is_forked: bool,
    /// The first line that stands there a second time.
    repeated: Option<usize>,
}

impl Reader {
    fn read(&mut self, text: &str) -> Result<(), TranscriptError> {
        if text.len() > Transcript::MAX_BYTES {
            return Err(TranscriptError::TooLong);
        }
        for (at, line) in text.lines().enumerate() {
            if at == Transcript::MAX_LINES {
                return Err(TranscriptError::TooLong);
            }
            self.take(at + 1, line)?;
        }
        // A line tells of one event, since the next one of the same kind follows another line. So it comes twice only with a merge,
        // where both sides had it and were kept.
        if let (Some(line), false) = (self.repeated, self.is_forked) {
            return Err(TranscriptError::Repeated { line });
        }
        if self.seen.len() - self.followed.len() > Transcript::MAX_HEADS {
            return Err(TranscriptError::TooManyHeads);
        }
        Ok(())
    }

    fn take(&mut self, number: usize, line: &str) -> Result<(), TranscriptError> {
        let entry = read(line).map_err(|error| match error {
            FileError::Format(source) => TranscriptError::Unreadable { line: number, source },
            FileError::Newer(newer) => TranscriptError::Newer { line: number, newer },
        })?;
        if self.seen.contains(&entry.digest) {
            self.repeated.get_or_insert(number);
            return Ok(());
        }
        if entry.follows.is_empty() {
            if self.has_gone_on {
                return Err(TranscriptError::SecondBeginning { line: number });
            }
            self.is_forked |= !self.entries.is_empty();
        } else {
            self.has_gone_on = true;
        }
        for digest in &entry.follows {
            if !self.seen.contains(digest) {
                return Err(TranscriptError::Broken { line: number });
            }
            self.is_forked |= !self.followed.insert(*digest);
        }
        self.seen.insert(entry.digest);
        self.entries.push(entry);
        Ok(())
    }
}

/// Whether a member is one of those that are no facts.
fn is_reserved(name: &str) -> bool {
    matches!(name, PREVIOUS | AT | EVENT | format::MEMBER)
}

fn read(text: &str) -> Result<Entry, FileError> {
    let document = Document::parse(text.as_bytes().to_vec(), Transcript::MAX_LINE_BYTES)?;
    let line = document.top().object()?;
    format::check(line, format::MEMBER)?;
    let at = line.required(AT)?;
    let instant = parse_instant(&at.string()?).ok_or_else(|| at.invalid("expected a date and time"))?;
    let follows = read_follows(line.required(PREVIOUS)?)?;
    let mut event = Event::new(EventKind::named(&line.required(EVENT)?.string()?));
    let facts = line.members().filter(|(name, _)| !is_reserved(name));
    event.facts = facts.map(|(name, value)| (name.into_owned(), Value::from(value))).collect();
    Ok(Entry { digest: sha256(text.as_bytes()), follows, at: instant, event })
}

/// Nothing, one digest, or several in an array, which has one form: two or more, ascending.
fn read_follows(node: Node<'_>) -> Result<Vec<LineDigest>, FormatError> {
    if let Some(text) = node.text() {
        return if text.is_empty() { Ok(Vec::new()) } else { Ok(vec![read_digest(node)?]) };
    }
    let mut follows: Vec<LineDigest> = Vec::new();
    for element in node.array()? {
        let digest = read_digest(element)?;
        if follows.last().is_some_and(|last| *last >= digest) {
            return Err(element.invalid("expected digests in ascending order"));
        }
        if follows.len() == Transcript::MAX_HEADS {
            return Err(element.invalid("too many digests"));
        }
        follows.push(digest);
    }
    if follows.len() < 2 { Err(node.invalid("expected one digest as a string, or two or more")) } else { Ok(follows) }
}

fn read_digest(node: Node<'_>) -> Result<LineDigest, FormatError> {
    let digest = hex::decode_array(&node.string()?);
    digest.ok_or_else(|| node.invalid("expected a SHA-256 digest in hex"))
}

/// The text of a line, without its end.
pub(super) fn write(follows: &[LineDigest], at: DateTime<Utc>, event: &Event) -> String {
    let previous = match follows {
        [] => Value::from(""),
        [one] => Value::from(hex::encode(one)),
        several => several.iter().map(|digest| hex::encode(digest)).collect(),
    };
    let members =
        ValueMembers::new().with(PREVIOUS, previous).with(AT, instant_text(at)).with(EVENT, event.kind.name());
    // A fact never takes the place of what every line has.
    let facts = event.facts.iter().filter(|(name, _)| !is_reserved(name));
    let members = facts.fold(members, |members, (name, fact)| members.with(name, fact.clone()));
    Value::from(members).compact()
}
