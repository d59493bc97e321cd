//! What a mirror keeps, and what it removes.

use chrono::TimeDelta;
use rootline_client::mirror::{KEEP, Mirror, MirrorError};
use rootline_tests::simulator::Simulator;

use super::place::{Place, TARGETS, contents, publish, repository};

fn mirrored_twice(place: &Place) -> Simulator {
    let mut sim = repository();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    publish(&mut sim, "second");
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(2)).unwrap();
    sim
}

#[test]
fn files_of_the_publication_before_are_kept_for_a_day_and_removed_then() {
    let place = Place::new();
    let mut sim = mirrored_twice(&place);
    let first = "2.snapshot.json";
    let before = place.served().len();
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(2) + KEEP - TimeDelta::seconds(1)).unwrap();
    assert_eq!((report.pruned.len(), report.kept), (0, 13));
    assert!(place.served().contains_key(first));
    let report = place.mirror(sim.root_bytes(1), sim.files(), sim.day(2) + KEEP).unwrap();
    assert_eq!((report.pruned.len(), report.kept), (13, 0));
    assert!(!place.served().contains_key(first));
    assert_eq!(place.served().len(), before - 13);
    // Nor do folders stay that were made for such a file.
    assert!(!place.path().join("1.a").exists() && place.path().join("2.a").exists());
    // However many there are: it does not grow.
    let size = place.files().len();
    for day in 4..14 {
        sim.never_expire();
        publish(&mut sim, &format!("on day {day}"));
        place.mirror(sim.root_bytes(1), sim.files(), sim.day(day)).unwrap();
        assert!(place.files().len() <= size + 13, "on day {day}");
    }
}

#[test]
fn with_nothing_to_be_kept_only_what_is_served_is_left() {
    let mut sim = repository();
    let place = Place::new();
    let mirror = |sim: &Simulator| {
        let mirror = Mirror::new(sim.root_bytes(1), sim.files().clone(), place.path()).keeping(TimeDelta::zero());
        mirror.update(sim.day(1), &mut ()).unwrap()
    };
    mirror(&sim);
    publish(&mut sim, "second");
    assert_eq!(mirror(&sim).pruned.len(), 13);
    let fresh = Place::new();
    fresh.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    assert_eq!(place.served(), fresh.served());
}

#[test]
fn roots_are_kept_for_ever() {
    let mut sim = repository();
    let place = Place::new();
    for day in 1..5 {
        sim.publish_root();
        place.mirror(sim.root_bytes(1), sim.files(), sim.day(day)).unwrap();
    }
    for version in 1..=5 {
        assert!(place.served().contains_key(&format!("{version}.root.json")), "{version}");
    }
}

#[test]
fn what_others_have_put_there_is_neither_removed_nor_replaced() {
    let sim = repository();
    let place = Place::new();
    std::fs::create_dir_all(place.path().join("targets")).unwrap();
    for name in ["index.html", "1.snapshot.json", "targets/notes", "targets/.htaccess"] {
        std::fs::write(place.path().join(name), "theirs").unwrap();
    }
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(5)).unwrap();
    for name in ["index.html", "1.snapshot.json", "targets/notes", "targets/.htaccess"] {
        assert_eq!(place.files()[name], b"theirs", "{name}");
    }
    let place = Place::new();
    std::fs::create_dir_all(place.path()).unwrap();
    std::fs::write(place.path().join("timestamp.json"), "theirs").unwrap();
    let refused = place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap_err();
    assert!(matches!(refused, MirrorError::NotOurs { .. }), "{refused}");
    assert_eq!(place.served().len(), 1);
}

#[test]
fn unfinished_files_of_a_mirror_that_was_killed_are_removed() {
    let place = Place::new();
    let sim = mirrored_twice(&place);
    for name in [".unfinished-1", "targets/.unfinished-2", "targets/a/b/.unfinished-3"] {
        std::fs::write(place.path().join(name), "half").unwrap();
    }
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(2)).unwrap();
    assert!(place.files().keys().all(|name| !name.contains("unfinished")));
    assert_eq!(place.read(sim.root_bytes(1), sim.day(2), &TARGETS).unwrap().1, contents("second"));
}

#[cfg(unix)]
#[test]
fn a_symbolic_link_in_the_way_leads_nowhere() {
    let sim = repository();
    let (place, elsewhere) = (Place::new(), tempfile::tempdir().unwrap());
    std::fs::create_dir_all(place.path()).unwrap();
    std::os::unix::fs::symlink(elsewhere.path(), place.path().join("targets")).unwrap();
    place.mirror(sim.root_bytes(1), sim.files(), sim.day(1)).unwrap_err();
    assert_eq!(elsewhere.path().read_dir().unwrap().count(), 0);
    assert!(!place.served().contains_key("timestamp.json"));
}
