//! The transcript in several clones: what a merge gives is one, and what anybody changed is found.

use std::collections::BTreeMap;

use rootline_ceremonies::{
    BridgeTerms, Event, EventKind, Freezing, FrozenRecord, HeadRefusal, HeadSignature, Transcript, TranscriptError,
};
use rootline_metadata::KeyId;
use rootline_metadata::json::ValueMembers;
use rootline_tests::fixtures::room::{Room, day, key, name};

use super::property::Dice;

/// The text of a transcript in one clone.
#[derive(Clone, Debug, Default)]
struct Side {
    lines: Vec<String>,
}

impl Side {
    fn transcript(&self) -> Transcript {
        Transcript::parse(&self.text()).unwrap_or_else(|error| panic!("{error}: {}", self.text()))
    }

    fn text(&self) -> String {
        self.lines.iter().map(|line| format!("{line}\n")).collect()
    }

    fn error(&self) -> Option<TranscriptError> {
        Transcript::parse(&self.text()).err()
    }

    fn note(&mut self, at: i64, event: Event) -> &mut Side {
        self.lines.push(self.transcript().append(day(at), event));
        self
    }

    fn freeze(&mut self, at: i64, revision: u64, content: u8) -> &mut Side {
        self.note(at, Event::frozen(&record(revision, content)))
    }

    /// As git merges with `merge=union`: what both have at the beginning and at the end once, then ours, then theirs.
    fn merged_with(&self, theirs: &Side) -> Side {
        let common = self.lines.iter().zip(&theirs.lines).take_while(|(ours, theirs)| ours == theirs).count();
        let (ours, theirs) = (&self.lines[common..], &theirs.lines[common..]);
        let common_end = ours.iter().rev().zip(theirs.iter().rev()).take_while(|(ours, theirs)| ours == theirs).count();
        let (ours, end) = ours.split_at(ours.len() - common_end);
        let theirs = &theirs[..theirs.len() - common_end];
        Side { lines: [&self.lines[..common], ours, theirs, end].concat() }
    }

    fn with(&self, change: impl FnOnce(&mut Vec<String>)) -> Side {
        let mut lines = self.lines.clone();
        change(&mut lines);
        Side { lines }
    }
}

fn record(revision: u64, content: u8) -> FrozenRecord {
    FrozenRecord {
        revision,
        plan: format!("{content:02x}"),
        files: BTreeMap::from([("root.json".into(), [content; 32])]),
        bridge: BridgeTerms::default(),
    }
}

fn begun() -> Side {
    let mut begun = Side::default();
    begun.note(0, Event::planned("ab", None)).freeze(1, 1, 1);
    begun
}

fn signed(by: &str) -> Event {
    Event::new(EventKind::Signed).with("keyholder", by)
}

fn sealed(content: u8) -> Event {
    let digest = rootline_metadata::hex::encode(&[content; 32]);
    Event::new(EventKind::Sealed).with("files", ValueMembers::new().with("1.root.json", digest))
}

#[test]
fn two_clones_that_both_went_on_merge_into_one_transcript_whoever_merges() {
    let (mut ours, mut theirs) = (begun(), begun());
    ours.note(2, signed("alice"));
    theirs.note(3, signed("bob")).note(4, signed("carol"));
    let (merged, other_way) = (ours.merged_with(&theirs), theirs.merged_with(&ours));
    assert_ne!(merged.lines, other_way.lines);
    assert_eq!(merged.transcript(), other_way.transcript());
    assert_eq!((merged.transcript().head().lines, merged.transcript().head().digests.len()), (5, 2));
    // The next line follows both, in either.
    let mut after = merged.transcript();
    let line = after.append(day(5), sealed(1));
    assert_eq!(line, other_way.transcript().append(day(5), sealed(1)));
    assert!(line.starts_with("{\"previous\":[\""), "{line}");
    assert_eq!(after.head().digests.len(), 1);
    assert_eq!(merged.with(|lines| lines.push(line)).transcript(), after);
}

#[test]
fn what_was_frozen_last_is_agreed_or_disputed_and_freezing_again_settles_it() {
    let frozen = |clone: &Side| clone.transcript().freezing();
    assert_eq!(frozen(&Side::default()), Freezing::Never);
    let (mut ours, mut theirs) = (begun(), begun());
    ours.freeze(2, 2, 2);
    assert_eq!(frozen(&ours), Freezing::Agreed(record(2, 2)));
    // One froze anew, the other only signed.
    theirs.note(3, signed("bob"));
    assert_eq!(frozen(&ours.merged_with(&theirs)), Freezing::Agreed(record(2, 2)));
    // Both froze the same.
    theirs.freeze(4, 2, 2);
    assert_eq!(frozen(&ours.merged_with(&theirs)), Freezing::Agreed(record(2, 2)));
    // One went on.
    theirs.freeze(5, 3, 3);
    let mut merged = ours.merged_with(&theirs);
    let Freezing::Disputed(records) = frozen(&merged) else { panic!("{:?}", frozen(&merged)) };
    assert_eq!(records, [record(2, 2), record(3, 3)]);
    assert_eq!(frozen(&theirs.merged_with(&ours)), Freezing::Disputed(records));
    merged.freeze(6, 4, 3);
    assert_eq!(frozen(&merged), Freezing::Agreed(record(4, 3)));
}

#[test]
fn a_sealing_holds_as_long_as_the_same_files_are_to_be_signed() {
    let is_sealed = |clone: &Side| clone.transcript().sealing().is_some();
    let (mut ours, mut theirs) = (begun(), begun());
    assert!(!is_sealed(&ours));
    ours.note(2, sealed(1));
    assert!(is_sealed(&ours));
    // Somebody signed, or froze the same, while it was sealed.
    theirs.note(3, signed("bob"));
    assert!(is_sealed(&theirs.merged_with(&ours)));
    theirs.freeze(4, 1, 1);
    assert!(is_sealed(&theirs.merged_with(&ours)) && is_sealed(&ours.merged_with(&theirs)));
    // Somebody froze something else.
    theirs.freeze(5, 2, 2);
    assert!(!is_sealed(&theirs.merged_with(&ours)) && !is_sealed(&ours.merged_with(&theirs)));
    // Frozen after it was sealed, it is to be sealed again.
    ours.freeze(6, 1, 1);
    assert!(!is_sealed(&ours));
    ours.note(7, sealed(1));
    assert!(is_sealed(&ours));
}

/// Two clones that go on from what they have in common, and are merged now and then, one way or the other.
fn any_history(dice: &mut Dice) -> (Side, Side) {
    let (mut ours, mut theirs) = (begun(), begun());
    for step in 0..12 {
        let at = 2 + step as i64 / 2;
        match dice.below(7) {
            0 => {
                ours = ours.merged_with(&theirs);
                theirs = ours.clone();
            }
            1 => {
                theirs = theirs.merged_with(&ours);
                ours = theirs.clone();
            }
            2 | 3 => {
                ours.note(at, signed(["alice", "bob"][dice.below(2) as usize]));
            }
            4 | 5 => {
                theirs.note(at, signed(["alice", "bob"][dice.below(2) as usize]));
            }
            _ => {
                let (revision, content) = (2 + dice.below(3), dice.below(3) as u8);
                if dice.below(2) == 0 { &mut ours } else { &mut theirs }.freeze(at, revision, content);
            }
        }
    }
    (ours, theirs)
}

#[test]
fn any_two_histories_merge_and_lose_nothing_and_say_the_same_either_way() {
    for seed in 0..200 {
        let (ours, theirs) = any_history(&mut Dice(seed));
        let (merged, other_way) = (ours.merged_with(&theirs).transcript(), theirs.merged_with(&ours).transcript());
        assert_eq!(merged, other_way, "seed {seed}");
        for side in [&ours, &theirs] {
            let side = side.transcript();
            assert!(side.entries().iter().all(|entry| merged.entries().contains(entry)), "seed {seed}");
            assert_eq!(merged.count_up_to(&side.head().digests), Some(side.head().lines), "seed {seed}");
        }
        assert_eq!((merged.freezing(), merged.sealing()), (other_way.freezing(), other_way.sealing()));
    }
}

#[test]
fn any_line_that_was_changed_taken_out_moved_or_repeated_is_found() {
    let (mut found, mut ends) = (0, 0);
    for seed in 0..60 {
        let (ours, theirs) = any_history(&mut Dice(seed));
        let whole = ours.merged_with(&theirs);
        let transcript = whole.transcript();
        let head = transcript.head();
        for at in 0..whole.lines.len() {
            let changed = whole.with(|lines| lines[at] = lines[at].replace("2030", "2031"));
            let shorter = whole.with(|lines| drop(lines.remove(at)));
            let repeated = whole.with(|lines| lines.push(lines[at].clone()));
            // Nothing in the file says that a line at the end of a branch was there. A head that is known elsewhere does.
            let is_end = head.digests.contains(&rootline_metadata::sha256(whole.lines[at].as_bytes()));
            for other in [&changed, &shorter] {
                match Transcript::parse(&other.text()) {
                    Err(_) => found += 1,
                    Ok(read) => {
                        assert!(is_end, "seed {seed}, line {at}");
                        assert_eq!(read.count_up_to(&head.digests), None, "seed {seed}, line {at}");
                        ends += 1;
                    }
                }
            }
            // A line that comes twice says nothing more where two sides may have had it; elsewhere nobody's merge brought it.
            match Transcript::parse(&repeated.text()) {
                Err(error) => assert_eq!(error, TranscriptError::Repeated { line: whole.lines.len() + 1 }),
                Ok(read) => assert!(read == transcript && is_forked(&transcript), "seed {seed}, line {at}"),
            }
            // Put before any line that it follows, it is found there.
            let digest = rootline_metadata::sha256(whole.lines[at].as_bytes());
            let entry = transcript.entries().iter().find(|entry| entry.digest == digest).unwrap();
            let cause =
                whole.lines.iter().position(|line| entry.follows.contains(&rootline_metadata::sha256(line.as_bytes())));
            if let Some(cause) = cause {
                let moved = whole.with(|lines| {
                    let line = lines.remove(at);
                    lines.insert(cause, line);
                });
                assert_eq!(moved.error(), Some(TranscriptError::Broken { line: cause + 1 }), "seed {seed}, line {at}");
            }
        }
    }
    assert!(found > 500 && ends > 100, "{found} {ends}");
}

fn is_forked(transcript: &Transcript) -> bool {
    let follows = |of: [u8; 32]| transcript.entries().iter().filter(move |entry| entry.follows.contains(&of)).count();
    transcript.entries().iter().any(|entry| follows(entry.digest) > 1)
}

#[test]
fn a_line_that_both_sides_wrote_counts_once_also_where_a_hand_has_kept_it_twice() {
    let (mut ours, mut theirs) = (begun(), begun());
    ours.note(2, signed("alice")).note(3, signed("bob"));
    theirs.note(2, signed("alice")).note(3, signed("carol"));
    assert_eq!(ours.merged_with(&theirs).lines.len(), 5);
    let by_hand = ours.with(|lines| lines.extend_from_slice(&theirs.lines[2..]));
    assert_eq!(by_hand.lines.len(), 6);
    assert_eq!(by_hand.transcript(), ours.merged_with(&theirs).transcript());
}

#[test]
fn a_transcript_begins_once() {
    let (mut ours, mut theirs) = (Side::default(), Side::default());
    ours.note(0, Event::planned("aa", None));
    theirs.note(1, Event::planned("bb", None));
    // Planned in two clones, and nothing more: the plan is in conflict, the transcript need not be.
    let mut merged = ours.merged_with(&theirs);
    assert_eq!(merged.transcript().head().digests.len(), 2);
    merged.freeze(2, 1, 1);
    assert_eq!(merged.transcript().head().digests.len(), 1);
    // Once one has gone on, these are two ceremonies.
    ours.freeze(2, 1, 1);
    assert_eq!(ours.merged_with(&theirs).error(), Some(TranscriptError::SecondBeginning { line: 3 }));
    let error = ours.merged_with(&theirs).error().unwrap();
    assert!(error.hint().starts_with("two ceremonies were begun under one name"));
}

#[test]
fn the_form_of_a_line_is_one() {
    let (mut ours, mut theirs) = (begun(), begun());
    ours.note(2, signed("alice"));
    theirs.note(2, signed("bob"));
    let mut merged = ours.merged_with(&theirs);
    merged.note(3, signed("carol"));
    let last = merged.lines.last().unwrap().clone();
    let (before, rest) = last.split_once('[').unwrap();
    let (digests, rest) = rest.split_once(']').unwrap();
    let (first, second) = digests.split_once(',').unwrap();
    let with = |previous: String| {
        merged.with(|lines| *lines.last_mut().unwrap() = format!("{before}{previous}{rest}")).error()
    };
    assert_eq!(with(format!("[{first},{second}]")), None);
    for wrong in [
        format!("[{second},{first}]"),
        format!("[{first},{first}]"),
        format!("[{first}]"),
        "[]".into(),
        "7".into(),
        "\"ab\"".into(),
    ] {
        assert!(matches!(with(wrong.clone()), Some(TranscriptError::Unreadable { line: 5, .. })), "{wrong}");
    }
    assert_eq!(with(format!("[{first},\"{}\"]", "f".repeat(64))), Some(TranscriptError::Broken { line: 5 }));
}

#[test]
fn a_fact_never_takes_the_place_of_what_every_line_has() {
    let mut clone = begun();
    clone.note(2, signed("alice").with("previous", "").with("at", "never").with("event", "sealed"));
    let last = clone.transcript().entries().last().unwrap().clone();
    assert_eq!((last.event.kind, last.at), (EventKind::Signed, day(2)));
}

#[test]
fn a_transcript_has_a_most_of_lines_bytes_and_ends() {
    let mut long = Transcript::default();
    let mut text = String::new();
    for _ in 0..Transcript::MAX_LINES {
        text.push_str(&long.append(day(0), signed("alice")));
        text.push('\n');
    }
    assert_eq!(Transcript::parse(&text).unwrap().head(), long.head());
    text.push_str(&long.append(day(0), signed("alice")));
    assert_eq!(Transcript::parse(&text), Err(TranscriptError::TooLong));
    assert_eq!(Transcript::parse(&" ".repeat(Transcript::MAX_BYTES + 1)), Err(TranscriptError::TooLong));
    let ends = |number: usize| {
        let mut clone = begun();
        for at in 0..number {
            let mut other = begun();
            other.note(at as i64, signed("alice"));
            clone.lines.extend(other.lines.pop());
        }
        clone
    };
    let mut most = ends(Transcript::MAX_HEADS);
    most.note(9, signed("bob"));
    assert_eq!(most.transcript().head().digests.len(), 1);
    assert_eq!(ends(Transcript::MAX_HEADS + 1).error(), Some(TranscriptError::TooManyHeads));
}

#[test]
fn a_line_has_a_most_of_bytes() {
    let line = |filling: usize| {
        let fact = "x".repeat(filling);
        Transcript::default().append(day(0), Event::planned("ab", Some(&fact)))
    };
    let room = Transcript::MAX_LINE_BYTES - line(0).len();
    let longest = line(room);
    assert_eq!(longest.len(), Transcript::MAX_LINE_BYTES);
    assert_eq!(Transcript::parse(&longest).unwrap().entries().len(), 1);
    let too_long = Transcript::parse(&line(room + 1));
    assert!(matches!(too_long, Err(TranscriptError::Unreadable { line: 1, .. })), "{too_long:?}");
}

#[test]
fn what_stands_before_a_fault_is_still_shown() {
    let mut clone = begun();
    clone.note(2, signed("alice")).note(3, signed("bob"));
    let broken = clone.with(|lines| lines[2] = lines[2].replace("alice", "carol"));
    let (read, error) = Transcript::read(&broken.text());
    assert_eq!((read.entries().len(), error), (3, Some(TranscriptError::Broken { line: 4 })));
}

fn head_signature(clone: &Side, by: &str) -> HeadSignature {
    let room = Room::new();
    let (head, key) = (clone.transcript().head(), key(by));
    let bytes = key.sign(&head.message(&name("first")));
    HeadSignature::accept(&name("first"), head, &key.public_key(), bytes, day(9), &room.keyholders).unwrap()
}

#[test]
fn a_signed_head_finds_that_a_transcript_was_cut_at_its_end() {
    let keyholders = Room::new().keyholders;
    let mut clone = begun();
    clone.note(2, signed("alice"));
    let signature = head_signature(&clone, "alice");
    assert_eq!(HeadSignature::parse(&signature.to_json()).unwrap(), signature);
    let check = |clone: &Side| signature.check(&name("first"), &keyholders, &clone.transcript());
    assert_eq!(check(&clone), Ok(()));
    // It stays good when the record goes on, here or in another clone.
    let mut other = begun();
    other.note(3, signed("bob"));
    assert_eq!(check(&other.merged_with(&clone)), Ok(()));
    clone.note(3, signed("bob"));
    assert_eq!(check(&clone), Ok(()));
    let cut = check(&clone.with(|lines| lines.truncate(2)));
    assert!(matches!(cut, Err(HeadRefusal::Gone { signed: 3, found: None, .. })), "{cut:?}");
    assert_eq!(check(&other).unwrap_err().check(), "a transcript only grows");
}

#[test]
fn a_head_is_signed_by_a_keyholder_for_one_ceremony_and_one_number_of_lines() {
    let room = Room::new();
    let clone = begun();
    let transcript = clone.transcript();
    let (head, first) = (transcript.head(), name("first"));
    let good = head_signature(&clone, "alice");
    let check = |signature: &HeadSignature, ceremony: &str| {
        signature.check(&name(ceremony), &room.keyholders, &transcript).unwrap_err()
    };
    assert!(matches!(check(&good, "second"), HeadRefusal::OtherCeremony { .. }));
    let relabelled = HeadSignature { ceremony: name("second"), ..good.clone() };
    assert!(matches!(check(&relabelled, "second"), HeadRefusal::WrongSignature { .. }));
    let bobs = HeadSignature { keyholder: name("bob"), ..good.clone() };
    assert!(matches!(check(&bobs, "first"), HeadRefusal::NotTheirKey { .. }));
    // Under a name that nobody has now: keys decide. One that nobody has decides nothing.
    let renamed = HeadSignature { keyholder: name("nobody"), ..good.clone() };
    assert_eq!(renamed.check(&first, &room.keyholders, &transcript), Ok(()));
    let strangers = KeyId::of(&key("stranger").public_key());
    let unowned = HeadSignature { key_id: strangers, ..renamed };
    assert!(matches!(check(&unowned, "first"), HeadRefusal::NoSuchKeyholder { .. }));
    let mut more = good.clone();
    more.head.lines += 1;
    assert!(matches!(check(&more, "first"), HeadRefusal::WrongSignature { .. }));
    // A number that was signed and is not true.
    let mut lying = head.clone();
    lying.lines += 1;
    let bytes = key("alice").sign(&lying.message(&first));
    let accept = |by: &str, head, bytes| {
        HeadSignature::accept(&first, head, &key(by).public_key(), bytes, day(9), &room.keyholders)
    };
    let lying = accept("alice", lying, bytes).unwrap();
    assert!(matches!(check(&lying, "first"), HeadRefusal::Gone { signed: 3, found: Some(2), .. }));
    // Nobody's key, and a signature of something else.
    let message = head.message(&first);
    assert!(matches!(
        accept("stranger", head.clone(), key("stranger").sign(&message)),
        Err(HeadRefusal::NobodysKey { .. })
    ));
    assert!(matches!(accept("alice", head.clone(), key("alice").sign(b"{}")), Err(HeadRefusal::WrongSignature { .. })));
    // It can be nothing else than a head.
    assert!(
        message.starts_with(b"rootline: head of a ceremony's transcript, version 1\nceremony: first\nlines: 2\nhead: ")
    );
}
