//! Rotations behind caches: no mixture of files that caches can show, within their lifetimes, refuses a verifier that comes with whatever it has
//! seen before; and each wait is as long as it has to be, as with a minute less somebody is refused.

use std::collections::BTreeSet;

use rootline_ceremonies::{Published, Renewal};
use rootline_tests::fixtures::caches::{Change, Lifetimes, Place, USUAL, View};
use rootline_tests::fixtures::room::{FIVE, PlanText, Room, day};

/// A kind of change: its name, and the repository before and after it.
struct Kind {
    name: &'static str,
    before: Published,
    after: Published,
}

/// In this order as many as the threshold asks for sign the first files.
const SIGNERS: [&str; 5] = ["alice", "bob", "dave", "carol", "erin"];

fn kind(name: &'static str, first: &PlanText, second: &PlanText, signers: &[&str], online: &[&str]) -> Kind {
    let mut room = Room::new();
    let delegated = first.more.contains("\"erin\"").then_some("erin");
    let threshold = first.root.1 as usize;
    room.hold(first, &SIGNERS[..threshold].iter().copied().chain(delegated).collect::<Vec<_>>());
    let before = room.published.clone();
    let frozen = room.freeze(second);
    let sealed = room.seal(&frozen, signers).unwrap();
    let in_use = [before.roots().len() as u64];
    let release = room.release_for(Some(&sealed), online, second.day, Renewal::Now, &in_use, &[]).unwrap().unwrap();
    Kind { name, before, after: release.published().clone() }
}

fn replaced(old: &str, new: &'static str) -> Vec<&'static str> {
    FIVE.iter().map(|name| if *name == old { new } else { name }).collect()
}

fn kinds() -> Vec<Kind> {
    let five = || PlanText::of(&FIVE, 3);
    let next = |plan: PlanText| plan.on(3);
    let renewed = PlanText { renew: (true, true), ..five() };
    let one = |old: &str| PlanText::of(&replaced(old, "frank"), 3);
    let mut root_alone = one("erin");
    root_alone.targets = (FIVE.to_vec(), 3);
    let (mut targets_before, mut targets_after) = (five(), five());
    targets_before.targets = (vec!["alice", "bob", "carol"], 2);
    targets_after.targets = (vec!["dave", "erin", "frank"], 2);
    let other_key = |plan: PlanText| PlanText { online: vec!["online-2"], ..plan };
    let both = ["online", "online-2"];
    let delegation = |holder: &str| {
        format!(
            "[[delegations]]\nname = \"npm\"\npaths = [\"npm/*\"]\nholders = [\"{holder}\"]\nthreshold = 1\nexpires-days = 90\nship = []\n"
        )
    };
    vec![
        kind("a renewal", &five(), &next(renewed), &SIGNERS[..3], &["online"]),
        kind("root's holders alone", &five(), &next(root_alone), &["alice", "bob", "dave", "frank"], &["online"]),
        kind("one of five, all signers stay", &five(), &next(one("erin")), &["alice", "bob", "dave"], &["online"]),
        kind(
            "one of five, who signed what is public",
            &five(),
            &next(one("bob")),
            &["alice", "carol", "dave"],
            &["online"],
        ),
        kind(
            "one of five, who signed before, and the newcomer signs after",
            &five(),
            &next(one("bob")),
            &["alice", "bob", "carol", "frank"],
            &["online"],
        ),
        kind(
            "targets' holders alone, all of them",
            &targets_before,
            &next(targets_after),
            &["alice", "bob", "dave", "erin"],
            &["online"],
        ),
        kind(
            "all three of root and targets, by a sequence of roots",
            &PlanText::of(&["alice", "bob", "carol"], 2),
            &next(PlanText::of(&["dave", "erin", "frank"], 2)),
            &["alice", "bob", "carol", "dave", "erin", "frank"],
            &["online"],
        ),
        kind("the online key", &five(), &next(other_key(five())), &SIGNERS[..3], &both),
        kind(
            "the online key, and one of five",
            &five(),
            &next(other_key(one("bob"))),
            &["alice", "bob", "carol", "frank"],
            &both,
        ),
        kind(
            "a delegated role's holder",
            &five().with(&delegation("erin")),
            &next(five()).with(&delegation("frank")),
            &["alice", "bob", "dave", "frank"],
            &["online"],
        ),
        kind(
            "the threshold up",
            &five(),
            &next(PlanText::of(&FIVE, 4)),
            &["alice", "bob", "carol", "dave"],
            &["online"],
        ),
        kind(
            "the threshold down",
            &PlanText::of(&FIVE, 4),
            &next(five()),
            &["alice", "bob", "carol", "dave"],
            &["online"],
        ),
    ]
}

/// From each root that was public before, with nothing, and with what each earlier visit leaves.
fn refused(place: &Place, kind: &Kind, views: &BTreeSet<View>) -> (usize, usize) {
    let (mut tried, mut refused) = (0, 0);
    for pinned in 1..=kind.before.roots().len() as u64 {
        for view in views {
            let earlier = views.iter().filter(|earlier| earlier.timestamp <= view.timestamp);
            let walks = std::iter::once(vec![view]).chain(earlier.map(|earlier| vec![earlier, view]));
            for walk in walks {
                tried += 1;
                refused += usize::from(place.visit(pinned, &walk).is_err());
            }
        }
    }
    (tried, refused)
}

#[test]
fn no_kind_of_change_refuses_anybody_at_any_minute() {
    for kind in kinds() {
        for lifetimes in [USUAL, Lifetimes { missing: 2, ..USUAL }, Lifetimes { timestamp: 0, missing: 0, visit: 10 }] {
            let mut place = Place::showing(&kind.before, day(3), lifetimes);
            place.publish(&kind.after, 0);
            let views = place.views();
            assert!(views.len() > 1, "{}: caches show nothing but one state", kind.name);
            let (tried, refused) = refused(&place, &kind, &views);
            assert_eq!(refused, 0, "{}: of {tried}, behind {lifetimes:?}", kind.name);
        }
    }
}

#[test]
fn each_wait_a_minute_shorter_refuses_somebody() {
    let mut seen = BTreeSet::new();
    for kind in kinds() {
        let mut place = Place::showing(&kind.before, day(3), USUAL);
        place.publish(&kind.after, 0);
        for (number, event) in place.events().iter().enumerate().filter(|(_, event)| event.has_waited) {
            let views = place.views_of(&place.a_minute_earlier(number));
            let (tried, refused) = refused(&place, &kind, &views);
            assert!(refused > 0 && refused < tried, "{}: {event:?} a minute earlier: {refused} of {tried}", kind.name);
            seen.insert(matches!(event.change, Change::Root(_)));
        }
    }
    assert_eq!(seen, BTreeSet::from([false, true]), "a root and a timestamp have waited");
}

#[test]
fn all_at_once_refuses_somebody_where_stages_do_not() {
    let kind = kinds().into_iter().find(|kind| kind.name == "one of five, who signed what is public").unwrap();
    let mut place = Place::showing(&kind.before, day(3), USUAL);
    place.publish(&kind.after, 0);
    let mut events = place.events().to_vec();
    events.iter_mut().filter(|event| event.at > 0).for_each(|event| event.at = 0);
    let (tried, refused) = refused(&place, &kind, &place.views_of(&events));
    assert!(refused > 0 && refused < tried, "{refused} of {tried}");
}
