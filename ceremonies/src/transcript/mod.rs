//! What happened in a ceremony, line after line: `transcript.jsonl`.

mod error;
mod event;
mod head;
mod history;
mod line;
mod named_keys;
mod times;
mod waived;

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_metadata::sha256;

pub use error::TranscriptError;
pub use event::{Event, EventKind, SignedFacts};
pub use head::{Head, HeadRefusal, HeadSignature};
pub use named_keys::{KeyholdersSince, NamedKeys};
pub use times::OddTime;
pub use waived::Waived;

use crate::ceremony::frozen::FrozenRecord;
use crate::ceremony::given_up::GivenUp;
use crate::model::name::Name;
use history::History;

/// The SHA-256 digest of a line. It commits to the line and to all lines that it follows.
pub type LineDigest = [u8; 32];

/// A record that only grows: each line holds the digests of the lines that were the last ones when it was written, so that no line can
/// be changed, taken out or put in without all that follow it giving way.
///
/// Mostly that is one line. Where two people wrote at the same time in two clones, both of their lines follow the same one; merged, the
/// file holds the lines of both, and the next line follows both. What a transcript says does not depend on whose lines stand first.
///
/// ```text
/// {"previous":"","at":"2030-01-01T00:00:00Z","event":"planned","plan":"…"}
/// {"previous":"DIGEST OF LINE 1","at":"2030-01-01T00:10:00Z","event":"frozen","revision":1,…}
/// {"previous":"DIGEST OF LINE 2","at":"2030-01-02T09:00:00Z","event":"signed","keyholder":"alice",…}
/// {"previous":"DIGEST OF LINE 2","at":"2030-01-02T11:00:00Z","event":"signed","keyholder":"bob",…}
/// {"previous":["DIGEST OF LINE 3","DIGEST OF LINE 4"],"at":"2030-01-03T10:00:00Z","event":"sealed",…}
/// ```
///
/// A digest is the SHA-256 of the line's text without its end, in hex; several are in ascending order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Transcript {
    history: History,
}

/// One line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The digest of the line.
    pub digest: LineDigest,
    /// The lines that were the last ones when it was written, ascending; none for the first line.
    pub follows: Vec<LineDigest>,
    /// When it happened, by the clock of its writer.
    pub at: DateTime<Utc>,
    /// What happened.
    pub event: Event,
}

/// Which files are to be signed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Freezing {
    /// None yet.
    Never,
    /// These. Frozen several times in several clones, but as the same bytes, is no dispute.
    Agreed(FrozenRecord),
    /// Clones that did not know of each other have frozen different bytes, and nothing was frozen since they were merged. Freezing again
    /// settles it.
    Disputed(Vec<FrozenRecord>),
}

impl Transcript {
    /// Most bytes of a transcript.
    pub const MAX_BYTES: usize = 16 << 20;
    /// Most lines: a ceremony has some dozens.
    pub const MAX_LINES: usize = 10_000;
    /// Most bytes of one line.
    pub const MAX_LINE_BYTES: usize = 1 << 20;
    /// Most lines that one line may follow, and most last lines: as many clones can be merged at once.
    pub const MAX_HEADS: usize = 64;

    /// Reads a transcript and checks that its lines follow each other.
    ///
    /// # Errors
    /// If it is too long, or a line is not one, follows nothing that stands before it, or stands twice where nothing was ever merged.
    pub fn parse(text: &str) -> Result<Transcript, TranscriptError> {
        match Transcript::read(text) {
            (transcript, None) => Ok(transcript),
            (_, Some(error)) => Err(error),
        }
    }

    /// As [`Transcript::parse`], with all that stands before the first fault: to be shown, not to be built on.
    pub fn read(text: &str) -> (Transcript, Option<TranscriptError>) {
        let (entries, error) = line::read_all(text);
        (Transcript { history: History::new(entries) }, error)
    }

    /// Adds a line and gives its text, without a line end: what is to be put at the end of the file. It follows all last lines.
    pub fn append(&mut self, at: DateTime<Utc>, event: Event) -> String {
        let follows: Vec<LineDigest> = self.history.heads().iter().copied().collect();
        let text = line::write(&follows, at, &event);
        self.history.push(Entry { digest: sha256(text.as_bytes()), follows, at, event });
        text
    }

    /// All lines, each after all that it follows; of those that know nothing of each other, the earlier one first.
    pub fn entries(&self) -> &[Entry] {
        self.history.entries()
    }

    /// The last lines, which nothing follows yet, and how many lines there are.
    pub fn head(&self) -> Head {
        Head { lines: self.entries().len() as u64, digests: self.history.heads().clone() }
    }

    /// How many lines these are and follow, themselves included; none if one of them is not there.
    pub fn count_up_to(&self, digests: &BTreeSet<LineDigest>) -> Option<u64> {
        let known = digests.iter().all(|digest| self.history.holds(digest));
        known.then(|| self.history.up_to(digests.iter().copied()).len() as u64)
    }

    /// Which files are to be signed: those that were frozen last.
    pub fn freezing(&self) -> Freezing {
        freezing(self.history.last_ones(|entry| entry.event.kind == EventKind::Frozen))
    }

    /// The sealing of the files that are to be signed: the last one that no freezing follows, and that was of the same bytes.
    pub fn sealing(&self) -> Option<&Entry> {
        let Freezing::Agreed(record) = self.freezing() else { return None };
        let is_frozen_or_sealed = |entry: &Entry| matches!(entry.event.kind, EventKind::Frozen | EventKind::Sealed);
        let sealings = self.history.last_ones(is_frozen_or_sealed);
        let sealings = sealings.into_iter().filter(|entry| entry.event.kind == EventKind::Sealed);
        let is_of_the_same = |sealing: &&Entry| {
            let before = self.history.up_to([sealing.digest]);
            let is_frozen = |entry: &Entry| entry.event.kind == EventKind::Frozen && before.contains(&entry.digest);
            matches!(freezing(self.history.last_ones(is_frozen)), Freezing::Agreed(sealed) if sealed.files == record.files)
        };
        sealings.rev().find(is_of_the_same)
    }

    /// The versions that were given up in that ceremony, whose transcript this is.
    pub fn given_up(&self, ceremony: &Name) -> Vec<GivenUp> {
        self.entries().iter().flat_map(|entry| entry.event.versions_given_up(ceremony)).collect()
    }

    /// What was waived for the files that are to be signed; nothing where clones have frozen different ones.
    pub fn waived(&self) -> BTreeSet<Waived> {
        let Freezing::Agreed(record) = self.freezing() else { return BTreeSet::new() };
        let frozen = self.history.last_ones(|entry| entry.event.kind == EventKind::Frozen).into_iter();
        let same = frozen.filter(|entry| entry.event.frozen_record().is_some_and(|other| other.files == record.files));
        same.flat_map(|entry| entry.event.waived()).collect()
    }

    /// The last entry of a kind.
    pub fn last(&self, kind: &EventKind) -> Option<&Entry> {
        self.entries().iter().rev().find(|entry| entry.event.kind == *kind)
    }
}

/// What freezings that know nothing of each other come to.
fn freezing(last: Vec<&Entry>) -> Freezing {
    let mut records: Vec<FrozenRecord> = Vec::new();
    for record in last.into_iter().filter_map(|entry| entry.event.frozen_record()) {
        match records.iter_mut().find(|other| other.files == record.files) {
            Some(same) => {
                let bridge = std::mem::take(&mut same.bridge);
                if same.revision < record.revision {
                    *same = record.clone();
                }
                same.bridge = record.bridge;
                same.bridge.join(bridge);
            }
            None => records.push(record),
        }
    }
    match (records.pop(), records.is_empty()) {
        (None, _) => Freezing::Never,
        (Some(only), true) => Freezing::Agreed(only),
        (Some(last), false) => {
            records.push(last);
            Freezing::Disputed(records)
        }
    }
}
