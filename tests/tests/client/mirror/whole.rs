//! What a mirror has: all of it.

use rootline_client::Limits;
use rootline_client::mirror::{LeftOut, Mirror};
use rootline_client::workflow::EarlierRoots;
use rootline_metadata::Role as _;
use rootline_tests::recorder::Recorder;
use rootline_tests::simulator::{Delegation, Key, Role, Simulator};

use super::place::{Place, TARGETS, contents, publish, repository};

#[test]
fn every_root_role_and_target_is_served_from_whichever_root_the_mirror_began() {
    let mut sim = repository();
    for content in ["second", "third"] {
        sim.publish_root();
        publish(&mut sim, content);
    }
    for pinned in 1..=3 {
        let place = Place::new();
        let earlier = EarlierRoots::Oldest(sim.root_bytes(1));
        let report = place.mirror_vouched(sim.root_bytes(pinned), earlier, sim.files(), sim.day(1)).unwrap();
        assert_eq!((report.oldest_root.number(), report.trusted.root().version().number()), (1, 3));
        assert_eq!((report.targets, report.delegated.len()), (4, 7));
        for root in 1..=3 {
            let read = place.read(sim.root_bytes(root), sim.day(1), &TARGETS).unwrap();
            assert_eq!(read, (sim.timestamp.version, contents("third")), "pinned {pinned}, reader at {root}");
        }
    }
}

#[test]
fn names_are_where_web_servers_look_for_them_and_bytes_are_those_of_the_repository() {
    let sim = repository();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let served = place.served();
    for name in
        ["1.root.json", "2.snapshot.json", "2.targets.json", "timestamp.json", "1.a.json", "1.a/b.json", "1.bin-3.json"]
    {
        assert_eq!(served.get(name).map(Vec::as_slice), sim.files().metadata(name), "{name}");
    }
    let target = sim.files().target_paths().find(|path| path.starts_with("a/b/")).unwrap();
    assert_eq!(served[&format!("targets/{target}")], b"first two");
    // Nothing else: no name without a version but the timestamp's, no earlier version.
    assert_eq!(served.len(), 4 + 7 + 4, "{:?}", served.keys());
}

#[test]
fn what_is_there_is_not_fetched_again_and_nothing_is_written() {
    let sim = repository();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let before = place.files();
    let recorder = Recorder::new(sim.files());
    let report = place.mirror(sim.root_bytes(1), &recorder, sim.day(1)).unwrap();
    assert_eq!(recorder.take_names(), ["2.root.json", "timestamp.json"]);
    assert_eq!((report.written.len(), report.present), (0, 15));
    assert_eq!(place.files(), before);
}

#[test]
fn a_target_that_was_damaged_is_fetched_again() {
    let sim = repository();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let whole = place.served();
    let target = whole.keys().find(|name| name.ends_with(".top")).unwrap();
    for damage in [b"first tob".as_slice(), b"first", b"", b"first top and more"] {
        std::fs::write(place.path().join(target), damage).unwrap();
        let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
        assert_eq!(report.written, [target.as_str()]);
        assert_eq!(place.served(), whole);
    }
}

#[test]
fn a_target_is_served_under_each_of_its_digests() {
    let mut sim = Simulator::default();
    sim.add_target("targets", "dir/t", b"content");
    let target = sim.targets.targets.get_mut("dir/t").unwrap();
    let sha512 = "b2d1d285b5199c85f988d03649c37e44fd3dde01e5d69c50fef90651962f48110e9340b60d49a479c4c0b53f5f07d690686dd87d2481937a512e8b85ee7c617f";
    target.hashes.insert("sha512".to_owned(), sha512.to_owned());
    sim.publish();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let served = place.served();
    let targets: Vec<_> = served.iter().filter(|(name, _)| name.starts_with("targets/")).collect();
    assert_eq!(targets.len(), 2);
    assert!(targets.iter().any(|(name, _)| **name == format!("targets/dir/{sha512}.t")));
    assert!(targets.iter().all(|(_, bytes)| **bytes == b"content"));
}

#[test]
fn without_consistent_snapshots_names_are_plain() {
    let mut sim = repository();
    sim.root.consistent_snapshot = false;
    sim.publish_root();
    publish(&mut sim, "plain");
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let served = place.served();
    for name in ["1.root.json", "2.root.json", "snapshot.json", "targets.json", "a.json", "a/b.json", "targets/a/b/two"]
    {
        assert!(served.contains_key(name), "{name}: {:?}", served.keys());
    }
    assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("plain"));
    publish(&mut sim, "newer");
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("newer"));
}

#[test]
fn a_role_that_the_snapshot_does_not_list_is_left_alone_and_one_that_has_expired_is_left_out_and_named() {
    let mut sim = repository();
    sim.delegate("targets", Delegation::to("unlisted"));
    sim.delegate("targets", Delegation::to("old"));
    sim.targets_of("old").expires = sim.day(1);
    sim.publish();
    sim.snapshot.meta.remove("unlisted.json");
    sim.publish_snapshot();
    let place = Place::new();
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(0)).unwrap();
    assert_eq!((report.delegated.len(), report.left_out.len()), (8, 0));
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    assert_eq!(report.delegated.len(), 7);
    let [LeftOut::ExpiredRole { role, .. }] = &report.left_out[..] else { panic!("{:?}", report.left_out) };
    assert_eq!(role, "old");
}

#[test]
fn targets_of_a_role_that_no_search_comes_to_are_left_out_and_it_is_named() {
    let mut sim = Simulator::default();
    for number in 0..33 {
        let delegator = if number == 0 { "targets".to_owned() } else { format!("r{number}") };
        sim.delegate(&delegator, Delegation::to(&format!("r{}", number + 1)));
    }
    sim.add_target("r32", "x", b"x").add_target("r33", "y", b"y");
    sim.publish();
    let place = Place::new();
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    assert_eq!((report.delegated.len(), report.targets), (33, 1));
    let left_out: Vec<String> = report.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(left_out, ["the role r33 is deeper than delegations are followed (32); its targets were left out"]);
    let mirror = Mirror::new(sim.root_bytes(1), sim.files(), place.path());
    let deeper = mirror.with_limits(Limits::default().with_delegations(33)).update(sim.day(1), &mut ()).unwrap();
    assert_eq!((deeper.targets, deeper.left_out), (2, vec![]));
}

#[test]
fn a_role_counts_if_one_of_its_delegators_keys_have_signed_it() {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("x").paths(["x/*"]).signed_by(1, ["x"]));
    sim.delegate("targets", Delegation::to("shared").paths(["s/*"]).signed_by(1, ["nobody"]));
    sim.delegate("x", Delegation::to("shared").paths(["x/*"]).signed_by(1, ["shared"]));
    sim.add_target("shared", "x/found", b"found").add_target("shared", "s/not found", b"not found");
    let publish = |sim: &mut Simulator, signers: &[&str]| {
        let keys: Vec<Key> = signers.iter().map(|name| Key::named(name)).collect();
        sim.issue("shared").signed_by(keys).publish();
        for role in ["x", "targets", "snapshot", "timestamp"] {
            sim.issue(role).publish();
        }
    };
    publish(&mut sim, &["shared"]);
    let place = Place::new();
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    // Nobody is ever sent to `shared` for the other one by someone whose keys it was signed with.
    assert_eq!(report.targets, 1);
    publish(&mut sim, &["stranger"]);
    let refused = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap_err();
    assert!(refused.to_string().starts_with("shared.json is not signed by enough"), "{refused}");
}

#[test]
fn a_target_whose_name_leads_elsewhere_is_left_out_and_named() {
    let mut sim = repository();
    for name in ["../out", "/abs", "a//b", "back\\slash", "nul\0"] {
        sim.add_target("targets", name, b"x");
    }
    sim.publish();
    let place = Place::new();
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    let left_out: Vec<String> = report.left_out.iter().map(ToString::to_string).collect();
    assert_eq!(left_out.len(), 5, "{left_out:?}");
    assert!(left_out[0].starts_with("the target ../out was left out: "), "{left_out:?}");
    assert!(left_out.iter().all(|line| !line.contains('\0')));
    assert_eq!(place.read(sim.root_bytes(1), sim.day(1), &TARGETS).unwrap().1, contents("first"));
}

#[test]
fn after_the_timestamp_s_key_was_rotated_the_mirror_goes_on() {
    let mut sim = repository();
    let place = Place::new();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    sim.root.timestamp = Role::new(1, ["next timestamp"]);
    sim.root.snapshot = Role::new(1, ["next snapshot"]);
    sim.publish_root();
    publish(&mut sim, "second");
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(2)).unwrap();
    assert_eq!(report.written.last().map(String::as_str), Some("timestamp.json"));
    assert_eq!(report.written[report.written.len() - 2], "2.root.json");
    assert_eq!(place.read(sim.root_bytes(1), sim.day(2), &TARGETS).unwrap().1, contents("second"));
}
