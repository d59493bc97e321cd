//! Whether the times in a transcript can be what they say.

use std::collections::BTreeMap;
use std::fmt;

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::instant_text;

use super::{Entry, EventKind, LineDigest, Transcript};
use crate::model::role_version::RoleVersion;

/// Times in a transcript that cannot all be right. They are what the clocks of those who wrote it said, and nobody signs them: nothing rests on
/// them, and a record with an odd one stays what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OddTime {
    /// A line is dated before one that it follows.
    Backwards {
        /// What happened, by its name.
        event: String,
        /// When, as the line says.
        at: DateTime<Utc>,
        /// The time of a line that it follows.
        after: DateTime<Utc>,
    },
    /// A signature is dated before its file was frozen.
    BeforeFreezing {
        /// Who signed.
        keyholder: String,
        /// What.
        part: RoleVersion,
        /// When, as the signature says.
        at: DateTime<Utc>,
        /// When it was frozen first.
        frozen: DateTime<Utc>,
    },
    /// A signature is dated after something that followed it, such as the release.
    AfterNext {
        /// Who signed.
        keyholder: String,
        /// What.
        part: RoleVersion,
        /// When, as the signature says.
        at: DateTime<Utc>,
        /// What followed, by its name.
        event: String,
        /// When that was.
        then: DateTime<Utc>,
    },
}

impl fmt::Display for OddTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            OddTime::Backwards { event, at, after } => {
                let (at, after) = (instant_text(*at), instant_text(*after));
                write!(f, "the {event} line is dated {at}, and follows one of {after}")
            }
            OddTime::BeforeFreezing { keyholder, part, at, frozen } => {
                let (at, frozen) = (instant_text(*at), instant_text(*frozen));
                write!(f, "{keyholder}'s signature of {part} is dated {at}, before the file was frozen at {frozen}")
            }
            OddTime::AfterNext { keyholder, part, at, event, then } => {
                let (at, then) = (instant_text(*at), instant_text(*then));
                write!(
                    f,
                    "{keyholder}'s signature of {part} is dated {at}, after the {event} line that follows it, of {then}"
                )
            }
        }
    }
}

impl Transcript {
    /// How far apart two clocks may be before their times are odd. A ceremony is written on several machines, some of them without a network:
    /// local time taken for UTC is up to fourteen hours off, and a clock that is set by hand is right to the day.
    pub const MAX_CLOCK_SKEW: TimeDelta = TimeDelta::days(1);

    /// The times that cannot all be right.
    ///
    /// The line of a signature is dated as the signature says, and stands where it came in: others may stand before it that are later. So it is
    /// held against the freezing of its file and against what happened after it, and no line is held against it.
    pub fn odd_times(&self) -> Vec<OddTime> {
        let (frozen, next) = (self.first_freezings(), self.earliest_after());
        let mut odd = Vec::new();
        let mut latest: BTreeMap<LineDigest, DateTime<Utc>> = BTreeMap::new();
        for entry in self.entries() {
            let before = entry.follows.iter().filter_map(|digest| latest.get(digest)).max().copied();
            let is_signature = entry.event.kind == EventKind::Signed;
            if is_signature {
                odd.extend(odd_signature(entry, &frozen, next.get(&entry.digest)));
            } else if let Some(after) = before.filter(|before| is_later(*before, entry.at)) {
                let event = entry.event.kind.name().to_owned();
                odd.push(OddTime::Backwards { event, at: entry.at, after });
            }
            let own = (!is_signature).then_some(entry.at);
            latest.extend(before.into_iter().chain(own).max().map(|latest| (entry.digest, latest)));
        }
        odd
    }

    /// When each file was frozen first, by its name.
    fn first_freezings(&self) -> BTreeMap<String, DateTime<Utc>> {
        let mut first: BTreeMap<String, DateTime<Utc>> = BTreeMap::new();
        for entry in self.entries().iter().filter(|entry| entry.event.kind == EventKind::Frozen) {
            for file in entry.event.digests("files").unwrap_or_default().into_keys() {
                let known = first.entry(file).or_insert(entry.at);
                *known = entry.at.min(*known);
            }
        }
        first
    }

    /// For each line, the earliest that follows it over any number of steps and is no signature.
    fn earliest_after(&self) -> BTreeMap<LineDigest, &Entry> {
        let mut earliest: BTreeMap<LineDigest, &Entry> = BTreeMap::new();
        for entry in self.entries().iter().rev() {
            let own = Some(entry).filter(|entry| entry.event.kind != EventKind::Signed);
            let later = earliest.get(&entry.digest).copied();
            let Some(candidate) = own.into_iter().chain(later).min_by_key(|entry| entry.at) else { continue };
            for digest in &entry.follows {
                let known = earliest.entry(*digest).or_insert(candidate);
                if candidate.at < known.at {
                    *known = candidate;
                }
            }
        }
        earliest
    }
}

fn odd_signature(entry: &Entry, frozen: &BTreeMap<String, DateTime<Utc>>, next: Option<&&Entry>) -> Option<OddTime> {
    let event = &entry.event;
    let part = RoleVersion::parse(&format!("{}.{}", event.number("version")?, event.text("role")?))?;
    let (keyholder, at) = (event.text("keyholder")?.to_owned(), entry.at);
    if let Some(frozen) = frozen.get(&part.file_name()).copied().filter(|frozen| is_later(*frozen, at)) {
        return Some(OddTime::BeforeFreezing { keyholder, part, at, frozen });
    }
    let next = next.filter(|next| is_later(at, next.at))?;
    Some(OddTime::AfterNext { keyholder, part, at, event: next.event.kind.name().to_owned(), then: next.at })
}

/// Whether one time is later than another by more than two clocks may differ.
fn is_later(time: DateTime<Utc>, than: DateTime<Utc>) -> bool {
    time.signed_duration_since(than) > Transcript::MAX_CLOCK_SKEW
}

#[cfg(test)]
mod tests {
    use chrono::Duration;

    use super::*;
    use crate::transcript::Event;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    fn frozen() -> Event {
        let digest = rootline_metadata::hex::encode(&[7; 32]);
        let files = rootline_metadata::json::ValueMembers::new().with("2.root.json", digest);
        Event::new(EventKind::Frozen).with("revision", 1_u64).with("plan", "ab").with("files", files)
    }

    fn signed(by: &str) -> Event {
        let event = Event::new(EventKind::Signed).with("role", "root").with("version", 2_u64);
        event.with("keyholder", by).with("keyid", "ab").with("payload", "cd")
    }

    /// What is odd about lines that follow each other, each with the hour of its time.
    fn odd(lines: Vec<(i64, Event)>) -> Vec<String> {
        let mut transcript = Transcript::default();
        for (hours, event) in lines {
            transcript.append(at(hours), event);
        }
        transcript.odd_times().iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_line_may_be_a_day_earlier_than_one_it_follows_and_not_more() {
        let released = || Event::new(EventKind::Released);
        assert!(odd(vec![(100, frozen()), (76, released())]).is_empty());
        assert_eq!(
            odd(vec![(100, frozen()), (75, released())]),
            ["the released line is dated 1970-01-04T03:00:00Z, and follows one of 1970-01-05T04:00:00Z"]
        );
        // Over any number of steps: two that are each a little late are not twice as late.
        assert_eq!(odd(vec![(100, frozen()), (80, Event::abandoned("No")), (75, released())]).len(), 1);
    }

    #[test]
    fn a_signature_may_be_a_day_earlier_than_its_freezing_and_not_more() {
        assert!(odd(vec![(100, frozen()), (76, signed("bob"))]).is_empty());
        assert_eq!(
            odd(vec![(100, frozen()), (75, signed("bob"))]),
            [
                "bob's signature of root 2 is dated 1970-01-04T03:00:00Z, before the file was frozen at 1970-01-05T04:00:00Z"
            ]
        );
        // Frozen again since: what it is over may be of the first time.
        assert!(odd(vec![(100, frozen()), (200, frozen()), (100, signed("bob"))]).is_empty());
    }

    #[test]
    fn a_signature_may_be_a_day_later_than_what_follows_it_and_not_more() {
        let released = || Event::new(EventKind::Released);
        let with =
            |hours| odd(vec![(100, frozen()), (hours, signed("bob")), (150, signed("carol")), (200, released())]);
        assert!(with(224).is_empty());
        assert_eq!(
            with(225),
            [
                "bob's signature of root 2 is dated 1970-01-10T09:00:00Z, after the released line that follows it, of 1970-01-09T08:00:00Z"
            ]
        );
    }

    #[test]
    fn signatures_come_in_in_any_order() {
        assert!(
            odd(vec![
                (100, frozen()),
                (400, signed("bob")),
                (110, signed("carol")),
                (401, Event::new(EventKind::Sealed))
            ])
            .is_empty()
        );
    }

    #[test]
    fn what_knows_nothing_of_each_other_has_no_order() {
        let mut transcript = Transcript::default();
        let mut lines = vec![transcript.append(at(100), frozen())];
        let mut other = transcript.clone();
        lines.push(transcript.append(at(500), Event::new(EventKind::Sealed)));
        lines.push(other.append(at(110), Event::abandoned("No")));
        let mut merged = Transcript::parse(&lines.join("\n")).unwrap();
        assert!(merged.odd_times().is_empty());
        merged.append(at(475), Event::new(EventKind::Released));
        assert_eq!(merged.odd_times().len(), 1);
    }
}
