use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::{Version, parse_instant};

use super::{PlaceContent, PlaceRecord};
use crate::plan::caches::Caches;

fn at(minute: i64) -> DateTime<Utc> {
    parse_instant("2030-01-01T00:00:00Z").unwrap() + TimeDelta::minutes(minute)
}

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

fn content(roots: &[u64], snapshots: &[u64], timestamp: Option<&str>) -> PlaceContent {
    PlaceContent {
        roots: roots.iter().copied().map(version).collect(),
        snapshots: snapshots.iter().copied().map(version).collect(),
        timestamp: timestamp.map(|text| text.as_bytes().to_vec()),
    }
}

fn living(record: &PlaceRecord, minute: i64) -> Vec<u64> {
    record.living_roots(&Caches::default(), at(minute)).into_iter().map(Version::number).collect()
}

fn shown(record: &PlaceRecord) -> Vec<&str> {
    record.timestamps.iter().map(|shown| std::str::from_utf8(&shown.bytes).unwrap()).collect()
}

#[test]
fn a_root_lives_until_no_cache_shows_the_absence_of_the_next_one() {
    let caches = Caches::default();
    let record = PlaceRecord::begin("public", &content(&[1], &[1], Some("a")), at(0));
    assert_eq!(living(&record, 1000), [1]);
    let record = record.seen(&content(&[1, 2, 3], &[1], Some("a")), &caches, at(100));
    assert_eq!(living(&record, 169), [1, 2, 3]);
    assert_eq!(living(&record, 170), [3]);
    assert_eq!(record.last_until(version(2), &caches), Some(at(170)));
    assert_eq!(record.last_until(version(3), &caches), None);
}

#[test]
fn a_timestamp_is_remembered_until_no_cache_shows_it() {
    let caches = Caches::default();
    let record = PlaceRecord::begin("public", &content(&[1], &[1], Some("a")), at(0));
    let record = record.seen(&content(&[1], &[1], Some("b")), &caches, at(5));
    assert_eq!(shown(&record), ["a", "b"]);
    assert_eq!(record.timestamps[0].replaced, Some(at(5)));
    let before = record.clone().seen(&content(&[1], &[1], Some("b")), &caches, at(74));
    assert_eq!(shown(&before), ["a", "b"]);
    let after = record.seen(&content(&[1], &[1], Some("b")), &caches, at(75));
    assert_eq!(shown(&after), ["b"]);
    assert_eq!(after.current_timestamp().unwrap().since, at(5));
}

#[test]
fn what_is_gone_is_forgotten_and_counts_from_now_on_when_it_comes_back() {
    let caches = Caches::default();
    let record = PlaceRecord::begin("public", &content(&[1, 2], &[1], Some("a")), at(0));
    let emptied = record.seen(&content(&[], &[], None), &caches, at(10));
    assert_eq!((emptied.newest_root(), emptied.current_timestamp()), (None, None));
    let filled = emptied.seen(&content(&[1, 2], &[1], Some("a")), &caches, at(20));
    assert_eq!(living(&filled, 89), [1, 2]);
    assert_eq!(living(&filled, 90), [2]);
    assert_eq!(shown(&filled), ["a"]);
    assert_eq!(filled.current_timestamp().unwrap().since, at(20));
}

#[test]
fn a_clock_that_was_ahead_makes_nothing_wait_for_it() {
    let caches = Caches::default();
    let record = PlaceRecord::begin("public", &content(&[1], &[1], Some("a")), at(1_000_000));
    let record = record.seen(&content(&[1, 2], &[1], Some("b")), &caches, at(1_000_000));
    let record = record.seen(&content(&[1, 2], &[1], Some("b")), &caches, at(0));
    assert_eq!(living(&record, 70), [2]);
    assert_eq!(record.known_since, Some(at(0)));
    assert_eq!(record.timestamps[0].replaced, Some(at(0)));
}

#[test]
fn nothing_was_shown_before_where_nothing_was_there() {
    let empty = PlaceRecord::begin("public", &content(&[], &[], None), at(0));
    assert_eq!(empty.known_since, None);
    let filled = empty.seen(&content(&[1], &[1], Some("a")), &Caches::default(), at(1));
    assert_eq!(filled.known_since, None);
}

#[test]
fn stages_are_counted_until_the_last_one() {
    let record = PlaceRecord::begin("public", &content(&[1], &[1], Some("a")), at(0));
    let record = record.with_stage(false).with_stage(false);
    assert_eq!(record.stages_done(), 2);
    assert_eq!(record.with_stage(true).stages_done(), 0);
}

#[test]
fn the_file_reads_back_as_what_was_written() {
    let record = PlaceRecord::begin("s3://bucket/tuf", &content(&[1], &[1, 2], Some("{\n\"a\"}")), at(0));
    let record = record.seen(&content(&[1, 2], &[2], Some("b")), &Caches::default(), at(1)).with_stage(false);
    assert_eq!(PlaceRecord::parse(&record.to_json()).unwrap(), record);
    let empty = PlaceRecord::begin("public", &PlaceContent::default(), at(0));
    assert_eq!(PlaceRecord::parse(&empty.to_json()).unwrap(), empty);
}

#[test]
fn a_file_of_another_form_is_refused() {
    let good =
        String::from_utf8(PlaceRecord::begin("public", &content(&[1], &[1], Some("a")), at(0)).to_json()).unwrap();
    PlaceRecord::parse(good.as_bytes()).unwrap();
    for (from, to) in [
        ("\"format\": 1", "\"format\": 2"),
        ("\"1\": ", "\"0\": "),
        ("\"1\": ", "\"one\": "),
        ("2030-01-01T00:00:00Z", "yesterday"),
        ("\"file\": \"a\"", "\"file\": 1"),
        ("\"place\": ", "\"spot\": "),
        ("\"stages_done\": 0", "\"stages_done\": -1"),
    ] {
        let changed = good.replacen(from, to, 1);
        assert_ne!(changed, good, "{from} is not in it");
        assert!(PlaceRecord::parse(changed.as_bytes()).is_err(), "{to}");
    }
}

#[test]
fn each_place_has_a_file_of_its_own() {
    assert_eq!(PlaceRecord::file_name("public"), "public-efa1f375.json");
    let names = ["s3://Acme/tuf", "s3://acme/tuf", "s3/acme/tuf", "../../etc", ""].map(PlaceRecord::file_name);
    assert!(names[0].starts_with("s3-acme-tuf-") && names[1].starts_with("s3-acme-tuf-"), "{names:?}");
    assert_eq!(names.iter().collect::<std::collections::BTreeSet<_>>().len(), names.len());
    assert!(names.iter().all(|name| name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-.".contains(&byte))));
    assert!(PlaceRecord::file_name(&"a".repeat(500)).len() < 80);
}
