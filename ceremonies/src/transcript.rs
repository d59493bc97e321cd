//! What happened in a ceremony, line after line: `transcript.jsonl`.

mod event;

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Document, FormatError, Value, ValueMembers};
use rootline_metadata::{hex, instant_text, parse_instant, sha256};

pub use event::{Event, EventKind};

use crate::frozen::FrozenRecord;

/// Most bytes of one line.
const MOST_BYTES: usize = 1 << 20;

/// A record that only grows: each line holds the SHA-256 digest of the line before it, so that no line can be changed, taken out or
/// put in without all that follow it giving way.
#[derive(Clone, Debug, Default)]
pub struct Transcript {
    entries: Vec<Entry>,
    /// The digest of the last line; of nothing, before there is one.
    head: Option<[u8; 32]>,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// When it happened, as whoever wrote it says.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

impl Transcript {
    /// Reads a transcript and checks its chain.
    ///
    /// # Errors
    /// If a line is not one, or does not follow the line before it.
    pub fn parse(text: &str) -> Result<Transcript, TranscriptError> {
        let mut transcript = Transcript::default();
        for (at, line) in text.lines().enumerate() {
            let number = at + 1;
            let unreadable = |source| TranscriptError::Unreadable { line: number, source };
            let document = Document::parse(line.as_bytes().to_vec(), MOST_BYTES).map_err(unreadable)?;
            let (stated, entry) = read_line(&document).map_err(unreadable)?;
            if stated != transcript.head_text() {
                return Err(TranscriptError::Broken { line: number });
            }
            transcript.push(entry, line);
        }
        Ok(transcript)
    }

    /// Adds a line and gives its text, without a line end: what is to be put at the end of the file.
    pub fn append(&mut self, at: DateTime<Utc>, event: Event) -> String {
        let mut members = ValueMembers::new()
            .with("previous", self.head_text())
            .with("at", instant_text(at))
            .with("event", event.kind.name());
        event.facts.iter().for_each(|(name, fact)| {
            members.insert(name, fact.clone());
        });
        let line = Value::from(members).compact();
        self.push(Entry { at, event }, &line);
        line
    }

    /// All lines, the first one first.
    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    /// The digest of the last line, in hex: whoever knows it knows all of the transcript.
    pub fn head_text(&self) -> String {
        self.head.map(|digest| hex::encode(&digest)).unwrap_or_default()
    }

    /// The last freezing, if there was one.
    pub fn frozen(&self) -> Option<FrozenRecord> {
        self.entries.iter().rev().find_map(|entry| entry.event.frozen_record())
    }

    /// The last entry of a kind.
    pub fn last(&self, kind: &EventKind) -> Option<&Entry> {
        self.entries.iter().rev().find(|entry| entry.event.kind == *kind)
    }

    fn push(&mut self, entry: Entry, line: &str) {
        self.entries.push(entry);
        self.head = Some(sha256(line.as_bytes()));
    }
}

fn read_line(document: &Document) -> Result<(String, Entry), FormatError> {
    let line = document.top().object()?;
    let at = line.required("at")?;
    let instant = parse_instant(&at.string()?).ok_or_else(|| at.invalid("expected a date and time"))?;
    let previous = line.required("previous")?.string()?.into_owned();
    let mut event = Event::new(EventKind::named(&line.required("event")?.string()?));
    for (name, value) in line.members().filter(|(name, _)| !matches!(&**name, "previous" | "at" | "event")) {
        event.facts.insert(&name, Value::from(value));
    }
    Ok((previous, Entry { at: instant, event }))
}

/// Why a text is no transcript, or not the one it was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum TranscriptError {
    /// A line does not have the form of one.
    #[error("line {line} of the transcript cannot be read: {source}")]
    Unreadable {
        /// Which, from 1.
        line: usize,
        /// Why.
        source: FormatError,
    },
    /// A line does not follow the one before it: one of the two has been changed, or a line between them is gone.
    #[error("line {line} of the transcript does not follow the line before it")]
    Broken {
        /// Which, from 1.
        line: usize,
    },
}

impl TranscriptError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "bring back transcript.jsonl as it was, from version control; after a merge, keep one side's lines and run the other side's commands again"
    }
}
