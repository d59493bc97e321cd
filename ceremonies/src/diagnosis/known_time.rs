//! What the record says of the time: nothing in it was signed or written later than now.

use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::{Expiry, Role, Snapshot, Timestamp, Verified, Version, instant_text, parse_instant};

use crate::model::name::Name;
use crate::model::period::{CLOCKS_DIFFER, Periods};
use crate::repository::published::{Current, Published};
use crate::repository::release::OnlinePeriods;
use crate::transcript::{Entry, Event, EventKind, Transcript};

/// The instants that a repository's record implies. A clock that is behind one of them is wrong, or the clock was that wrote it.
///
/// Two kinds of facts count: files that an online key signed, each at its expiry less the period of its role, and the lines of transcripts.
/// Files that people sign do not: a plan may state a date to come. Nor do the times of signatures, which signers state themselves.
#[derive(Clone, Debug, Default)]
pub struct KnownTime {
    instants: Vec<KnownInstant>,
    words: Vec<Word>,
}

/// That a person said that the clock was right, and the record wrong as far as it went then.
#[derive(Clone, Debug)]
struct Word {
    at: DateTime<Utc>,
    latest: DateTime<Utc>,
    ceremony: Name,
    /// Its line in that ceremony's transcript.
    line: usize,
    /// The versions of timestamp and snapshot then, by role.
    versions: Vec<(&'static str, u64)>,
}

/// An instant that the record implies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownInstant {
    /// The instant.
    pub at: DateTime<Utc>,
    /// Where it comes from.
    pub source: KnownFrom,
    /// The number of the line, of a transcript.
    line: usize,
}

/// The source of a [`KnownInstant`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum KnownFrom {
    /// The expiry of a file that an online key signed.
    File {
        /// The role.
        role: &'static str,
        /// The version.
        version: Version,
        /// The folder that it was published to, where it is not the repository's own.
        published_to: Option<String>,
        /// Its expiry.
        expiry: Expiry,
    },
    /// A line of a transcript.
    Line {
        /// The ceremony.
        ceremony: Name,
        /// The event.
        event: String,
    },
}

/// A clock that is behind the record, or was.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{earlier}, but {latest}")]
pub struct ClockBehind {
    /// What the clock says, or has made.
    pub earlier: String,
    /// The latest instant of the record.
    pub latest: KnownInstant,
}

impl KnownTime {
    /// How far the clocks of two machines may differ: minutes, as a wrong time zone is an hour. It counts for the lines of transcripts, which many
    /// machines write; a file that replaces another must not expire sooner at all.
    pub const TOLERANCE: TimeDelta = CLOCKS_DIFFER;

    /// What the published timestamp and snapshot imply, which hold for `periods`.
    pub fn of_published(published: &Published, periods: OnlinePeriods) -> KnownTime {
        let mut known = KnownTime::default();
        if let Some(Current { timestamp, snapshot, .. }) = published.current() {
            known.add(KnownInstant::of_file(timestamp, periods.timestamp, None));
            known.add(KnownInstant::of_file(snapshot, periods.snapshot, None));
        }
        known
    }

    /// Adds an instant.
    pub fn add(&mut self, instant: KnownInstant) {
        self.instants.push(instant);
    }

    /// Adds the lines of a ceremony's transcript.
    pub fn add_transcript(&mut self, ceremony: &Name, transcript: &Transcript) {
        let counts = |entry: &&Entry| entry.event.kind != EventKind::Signed;
        for (line, Entry { at, event, .. }) in transcript.entries().iter().filter(counts).enumerate() {
            if let (EventKind::Clock, Some(latest)) = (&event.kind, event.text("latest").and_then(parse_instant)) {
                let versions = ONLINE.iter().filter_map(|role| Some((*role, event.number(role)?))).collect();
                self.words.push(Word { at: *at, latest, ceremony: ceremony.clone(), line, versions });
            }
            let source = KnownFrom::Line { ceremony: ceremony.clone(), event: event.kind.name().to_owned() };
            self.instants.push(KnownInstant { at: *at, source, line });
        }
    }

    /// The latest instant that no person has set aside.
    pub fn latest(&self) -> Option<&KnownInstant> {
        latest(self.counting())
    }

    /// Whether a clock that says `now` is not behind the record.
    ///
    /// # Errors
    /// With the latest instant that it is behind.
    pub fn check(&self, now: DateTime<Utc>) -> Result<(), ClockBehind> {
        let later = latest(self.counting().filter(|known| known.is_later_than(now)));
        let earlier = || format!("the clock says {}", instant_text(now));
        later.map_or(Ok(()), |latest| Err(ClockBehind { earlier: earlier(), latest: latest.clone() }))
    }

    /// Whether a file that an online key signed, to hold for `periods`, was signed no earlier than another one whose place it takes.
    ///
    /// # Errors
    /// With the other one, unless a person set its time aside.
    pub fn check_replaced<R: Role>(
        &self,
        (file, periods): (&Verified<R>, Periods),
        replaced: &KnownInstant,
    ) -> Result<(), ClockBehind> {
        let at = periods.signed_at(file.expiry());
        if at >= replaced.at || self.is_set_aside(replaced) {
            return Ok(());
        }
        let earlier = format!("{} {} was signed at {}", R::TYPE, file.version(), instant_text(at));
        Err(ClockBehind { earlier, latest: replaced.clone() })
    }

    fn is_set_aside(&self, known: &KnownInstant) -> bool {
        self.words.iter().any(|word| word.sets_aside(known))
    }

    fn counting(&self) -> impl Iterator<Item = &KnownInstant> {
        self.instants.iter().filter(|known| !self.is_set_aside(known))
    }
}

/// The roles that an online key signs.
const ONLINE: [&str; 2] = [Timestamp::TYPE, Snapshot::TYPE];

impl Word {
    /// What was there when it was given, as far as that can be told, and is later than it.
    fn sets_aside(&self, known: &KnownInstant) -> bool {
        let was_there = match &known.source {
            KnownFrom::File { role, version, .. } => {
                self.versions.iter().any(|(of, last)| of == role && version.number() <= *last)
            }
            KnownFrom::Line { ceremony, .. } => *ceremony != self.ceremony || known.line < self.line,
        };
        was_there && self.at < known.at && known.at <= self.latest
    }
}

/// The latest instant; of several, the first that was added.
fn latest<'a>(instants: impl Iterator<Item = &'a KnownInstant>) -> Option<&'a KnownInstant> {
    instants.reduce(|latest, other| if other.at > latest.at { other } else { latest })
}

impl KnownInstant {
    /// That a file was signed by an online key to hold for `periods`, with the folder that it was published to.
    pub fn of_file<R: Role>(file: &Verified<R>, periods: Periods, published_to: Option<&str>) -> KnownInstant {
        let (version, expiry) = (file.version(), file.expiry());
        let (role, published_to) = (R::TYPE, published_to.map(str::to_owned));
        let source = KnownFrom::File { role, version, published_to, expiry };
        KnownInstant { at: periods.signed_at(expiry), source, line: 0 }
    }

    fn is_later_than(&self, now: DateTime<Utc>) -> bool {
        match &self.source {
            KnownFrom::File { .. } => self.at > now,
            KnownFrom::Line { .. } => self.at > now + KnownTime::TOLERANCE,
        }
    }
}

impl fmt::Display for KnownInstant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let at = instant_text(self.at);
        match &self.source {
            KnownFrom::File { role, version, published_to, expiry } => {
                let place = published_to.as_ref().map(|folder| format!(" in {folder}")).unwrap_or_default();
                write!(f, "{role} {version}{place} holds until {expiry}, so it was signed at {at}")
            }
            KnownFrom::Line { ceremony, event } => {
                write!(f, "the transcript of {ceremony} has a line \"{event}\" of {at}")
            }
        }
    }
}

impl ClockBehind {
    /// The rule that it breaks.
    pub fn check(&self) -> &'static str {
        "what is signed next is later than what was signed before"
    }

    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        "set the clock; if it is right, and the clock was ahead then or the period has been shortened since: --clock-is-right REASON"
    }

    /// What to record once a person has said that the clock is right, of what is published then.
    pub fn vouched(&self, reason: &str, published: &Published) -> Event {
        let event = Event::clock(reason, self.latest.at);
        let Some(Current { timestamp, snapshot, .. }) = published.current() else { return event };
        let [of_timestamp, of_snapshot] = ONLINE;
        event.with(of_timestamp, timestamp.version().number()).with(of_snapshot, snapshot.version().number())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const T: &str = "2030-01-08T12:00:00Z";

    fn at(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    fn known(lines: &[(&str, Event)]) -> KnownTime {
        let mut transcript = Transcript::default();
        for (at, event) in lines {
            transcript.append(parse_instant(at).unwrap(), event.clone());
        }
        let mut known = KnownTime::default();
        known.add_transcript(&"first".parse().unwrap(), &transcript);
        known
    }

    #[test]
    fn a_clock_may_be_behind_a_transcript_by_the_tolerance_and_no_more() {
        let known = known(&[("2030-01-01T00:00:00Z", Event::planned("", None)), (T, Event::new(EventKind::Sealed))]);
        assert_eq!(known.check(at("2030-01-08T11:50:00Z")), Ok(()));
        let behind = known.check(at("2030-01-08T11:49:59Z")).unwrap_err();
        assert_eq!(
            behind.to_string(),
            "the clock says 2030-01-08T11:49:59Z, but the transcript of first has a line \"sealed\" of 2030-01-08T12:00:00Z"
        );
        assert_eq!(known.latest().map(|known| known.at), Some(at(T)));
    }

    #[test]
    fn times_that_signers_state_themselves_do_not_count() {
        let known = known(&[("2030-01-01T00:00:00Z", Event::planned("", None)), (T, Event::new(EventKind::Signed))]);
        assert_eq!(known.check(at("2030-01-01T00:00:00Z")), Ok(()));
    }

    #[test]
    fn what_a_person_set_aside_counts_no_more_and_all_after_it_does() {
        let word = Event::clock("it was ahead", at(T));
        let ahead = Event::new(EventKind::Released);
        let mut lines = vec![(T, ahead.clone()), ("2030-01-02T00:00:00Z", word)];
        let set_aside = known(&lines);
        assert_eq!(set_aside.check(at("2030-01-02T00:00:00Z")), Ok(()));
        // The word itself is a line of the record, and so is the instant at which it was given.
        assert!(set_aside.check(at("2030-01-01T23:49:59Z")).is_err());
        // What is written afterwards counts, however early it is.
        lines.push(("2030-01-03T00:00:00Z", ahead));
        assert_eq!(known(&lines).latest().map(|known| known.at), Some(at("2030-01-03T00:00:00Z")));
        assert!(known(&lines).check(at("2030-01-02T00:00:00Z")).is_err());
    }

    #[test]
    fn nothing_is_known_before_there_is_a_record() {
        assert_eq!(KnownTime::default().check(DateTime::UNIX_EPOCH), Ok(()));
        assert!(KnownTime::default().latest().is_none());
    }
}
