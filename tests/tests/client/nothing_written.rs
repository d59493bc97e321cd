//! What leaves the disk alone: every load, and every refresh that finds nothing new. Seen on the disk itself.

#![cfg(unix)]
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rootline_client::store::FileStore;
use rootline_client::transport::CachedRepository;
use rootline_client::{Client, Freshness};
use rootline_metadata::parse_instant;
use rootline_tests::real_data;
use rootline_tests::simulator::Simulator;

/// Every file and folder from `folder` downwards, with what changes when somebody writes: the inode, the length, and when its content and
/// its description were last changed. That a rewritten file has the same bytes does not hide it.
fn on_the_disk(folder: &Path) -> Vec<(PathBuf, [i64; 6])> {
    let mut seen = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(path) = folders.pop() {
        let about = fs::symlink_metadata(&path).unwrap();
        let (inode, length) = (about.ino() as i64, about.len() as i64);
        let changed = [about.mtime(), about.mtime_nsec(), about.ctime(), about.ctime_nsec()];
        seen.push((path.clone(), [inode, length, changed[0], changed[1], changed[2], changed[3]]));
        if about.is_dir() {
            folders.extend(fs::read_dir(&path).unwrap().map(|entry| entry.unwrap().path()));
        }
    }
    seen.sort();
    seen
}

fn shipping() -> Simulator {
    let mut sim = Simulator::default();
    let trusted_root = br#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
    sim.publish_root().publish_root();
    sim.add_target("targets", "trusted_root.json", trusted_root).publish();
    sim
}

#[test]
fn a_load_changes_nothing_on_the_disk() {
    let (sim, folder) = (shipping(), tempfile::tempdir().unwrap());
    let store = FileStore::open(folder.path().join("copy")).unwrap();
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).recording_checks().trust_root(sim.day(1)).unwrap();
    let before = on_the_disk(folder.path());
    assert!(before.len() > 8, "{before:?}");
    for freshness in [
        Freshness::offline(),
        Freshness::OfflineAsOf(sim.day(0)),
        Freshness::OfflineWithGrace(chrono::TimeDelta::days(3)),
        Freshness::MaxAge(chrono::TimeDelta::days(2)),
    ] {
        let mut client =
            Client::new(sim.root_bytes(1), CachedRepository::new(&store), &store).with_freshness(freshness);
        client.trust_root(sim.day(2)).unwrap();
        assert!(client.take_notes().is_empty(), "{freshness:?}");
        assert_eq!(on_the_disk(folder.path()), before, "{freshness:?}");
    }
}

#[test]
fn a_refresh_that_finds_nothing_new_changes_nothing_on_the_disk() {
    let (sim, folder) = (shipping(), tempfile::tempdir().unwrap());
    let store = FileStore::open(folder.path().join("copy")).unwrap();
    let mut client = Client::new(sim.root_bytes(1), sim.files().clone(), &store);
    client.trust_root(sim.day(1)).unwrap();
    let before = on_the_disk(folder.path());
    client.trust_root(sim.day(2)).unwrap();
    assert_eq!(on_the_disk(folder.path()), before);
}

#[test]
fn a_refresh_that_finds_something_new_is_seen_by_these_tests() {
    let (mut sim, folder) = (shipping(), tempfile::tempdir().unwrap());
    let store = FileStore::open(folder.path().join("copy")).unwrap();
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).trust_root(sim.day(1)).unwrap();
    let before = on_the_disk(folder.path());
    sim.issue("timestamp").publish();
    Client::new(sim.root_bytes(1), sim.files().clone(), &store).trust_root(sim.day(1)).unwrap();
    assert_ne!(on_the_disk(folder.path()), before);
}

#[test]
fn loading_sigstore_s_trust_root_changes_nothing_on_the_disk() {
    let Some(repository) = real_data::sigstore_prod() else { return };
    let pinned = fs::read(repository.join("metadata/15.root.json")).unwrap();
    let at = parse_instant("2026-08-22T00:00:00Z").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    let published = rootline_client::transport::Folder::new(repository.join("metadata"), repository.join("targets"));
    Client::new(pinned.clone(), published, &store).trust_root(at).unwrap();
    let before = on_the_disk(folder.path());
    let mut client = Client::new(pinned, CachedRepository::new(&store), &store).with_freshness(Freshness::offline());
    assert!(client.trust_root(at).unwrap().at(at).transparency_logs().count() > 0);
    assert_eq!(on_the_disk(folder.path()), before);
}
