//! The transcript, and the review.

use rootline_ceremonies::review::Comparison;
use rootline_ceremonies::{Event, EventKind, Freezing, Transcript, TranscriptError};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, day, name, target};

fn transcript() -> (Transcript, Vec<String>) {
    let frozen = Room::new().freeze(&PlanText::of(&FIVE, 3));
    let mut transcript = Transcript::default();
    let lines = vec![
        transcript.append(day(0), Event::new(EventKind::Planned).with("plan", "ab")),
        transcript.append(day(1), Event::frozen(&frozen.record(1))),
        transcript.append(day(2), Event::new(EventKind::Signed).with("keyholder", "alice").with("role", "root")),
        transcript.append(day(3), Event::new(EventKind::Other("lunch".to_owned())).with("served", true)),
    ];
    (transcript, lines)
}

#[test]
fn a_transcript_comes_back_with_everything_in_it() {
    let (transcript, lines) = transcript();
    let read = Transcript::parse(&lines.join("\n")).unwrap();
    assert_eq!(read.entries(), transcript.entries());
    assert_eq!(read.head(), transcript.head());
    let frozen = Room::new().freeze(&PlanText::of(&FIVE, 3));
    assert_eq!(read.freezing(), Freezing::Agreed(frozen.record(1)));
    assert_eq!(read.last(&EventKind::Signed).unwrap().event.text("keyholder"), Some("alice"));
    assert_eq!(read.entries()[3].event.kind.name(), "lunch");
}

#[test]
fn a_line_that_was_changed_taken_out_or_moved_breaks_the_chain() {
    let (_, lines) = transcript();
    let broken = |lines: &[String]| Transcript::parse(&lines.join("\n")).unwrap_err();
    for at in 0..lines.len() - 1 {
        let mut changed = lines.clone();
        changed[at] = changed[at].replace("2030", "2031");
        assert_eq!(broken(&changed), TranscriptError::Broken { line: at + 2 });
        let mut shorter = lines.clone();
        shorter.remove(at);
        assert_eq!(broken(&shorter), TranscriptError::Broken { line: at + 1 });
        let mut swapped = lines.clone();
        swapped.swap(at, at + 1);
        assert_eq!(broken(&swapped), TranscriptError::Broken { line: at + 1 });
    }
    let mut more = lines.clone();
    more.insert(2, String::new());
    assert!(matches!(broken(&more), TranscriptError::Unreadable { line: 3, .. }));
    // A transcript that ends early is a transcript: what its last line was has to be known from elsewhere.
    assert_eq!(Transcript::parse(&lines[..2].join("\n")).unwrap().entries().len(), 2);
}

#[test]
fn a_review_names_who_joins_who_leaves_and_what_is_shipped() {
    let mut room = Room::after_the_first();
    room.targets.insert(target("trusted_root.json"), b"{ }\n".to_vec());
    room.targets.insert(target("npm/keys.json"), b"[]".to_vec());
    let mut plan = PlanText::of(&["alice", "bob", "carol", "dave", "frank"], 4).on(10);
    plan.ship.push("npm/keys.json");
    let frozen = room.freeze(&plan);
    let review = Comparison::new(&frozen, &room.published, &room.keyholders);

    assert_eq!(review.files.iter().map(|file| file.part.folder_name()).collect::<Vec<_>>(), ["2.root", "2.targets"]);
    let (before, after) = (review.files[0].before.unwrap(), review.files[0].expiry);
    assert_eq!(before.0.number(), 1);
    assert_eq!((before.1.to_text(), after.to_text()), ("2030-07-17T00:00:00Z".into(), "2030-07-27T00:00:00Z".into()));

    let root = &review.authorities[0];
    assert_eq!((&*root.role, root.threshold_before, root.threshold_after), ("root", Some(3), 4));
    let owners = |keys: &[rootline_ceremonies::review::ListedKey]| {
        keys.iter().map(|key| key.owner.clone().unwrap()).collect::<Vec<_>>()
    };
    assert_eq!((owners(&root.joins), owners(&root.leaves)), (vec![name("frank")], vec![name("erin")]));
    assert_eq!(owners(&root.stays), ["alice", "bob", "carol", "dave"].map(name));
    let online = review.authorities.iter().find(|change| change.role == "timestamp").unwrap();
    assert!(online.joins.is_empty() && online.leaves.is_empty());

    let targets: Vec<(&str, bool, bool)> = review
        .targets
        .iter()
        .map(|target| (target.name.as_str(), target.before.is_some(), target.is_unchanged()))
        .collect();
    assert_eq!(targets, [("npm/keys.json", false, false), ("trusted_root.json", true, false)]);
}
