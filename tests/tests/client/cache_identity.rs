//! Which cache is a repository's: by its URL and its chain of roots, whatever its URL is written like and whichever of its roots is pinned.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rootline_client::store::{FileStore, LocalFile, Store, StoreError};
use rootline_client::workflow::Check;
use rootline_client::{Cache, Client, Error, Freshness, Instance, Location, Note, Persistence};
use rootline_metadata::{Role as _, hex, sha256};
use rootline_tests::crashing_disk::{CrashingDisk, Then};
use rootline_tests::simulator::{Files, Key, Role, Simulator};
use tempfile::TempDir;

const URL: &str = "https://tuf.example/tuf";

fn pinning(root: Vec<u8>) -> Instance {
    Instance::at(URL, root)
}

/// A client of `instance` with its cache below the folder, and these files.
fn client<'a>(folder: &Path, instance: &Instance, files: &'a Files) -> Client<&'a Files, Cache> {
    let builder = Client::builder(instance.clone()).cache_folder(folder).persistence(Persistence::Required);
    builder.transport(files).build().unwrap()
}

fn update(folder: &Path, instance: &Instance, sim: &Simulator) {
    client(folder, instance, sim.files()).refresh(sim.day(1)).unwrap();
}

fn went_backwards(folder: &Path, instance: &Instance, files: &Files, sim: &Simulator) {
    let refused = client(folder, instance, files).refresh(sim.day(1)).unwrap_err();
    assert!(matches!(&refused, Error::Refused(refusal) if refusal.check == Check::TimestampVersion), "{refused}");
}

/// Serves without a network what was verified before.
fn offline_timestamp(folder: &Path, instance: &Instance, sim: &Simulator) -> Option<u64> {
    let none = Files::default();
    let cache = Cache::open_existing(folder, instance).unwrap();
    let client = Client::new(instance.pinned_root.clone(), &none, cache);
    let mut client = client.with_freshness(Freshness::OfflineAsOf(sim.day(1)));
    client.load(sim.day(1), &[]).ok().map(|loaded| loaded.trusted.timestamp().version().number())
}

fn caches(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A repository with roots 1 to `roots`, of which every one has the keys of the one before.
fn with_roots(roots: u64) -> Simulator {
    let mut sim = Simulator::default();
    (1..roots).for_each(|_| _ = sim.publish_root());
    sim
}

/// Another repository, which was set up in the place of the first: no root of it is signed by a key of that.
fn set_up_again() -> Simulator {
    let mut sim = Simulator::default();
    sim.root.root = Role::new(2, ["new-a", "new-b"]);
    sim.root.timestamp = Role::new(1, ["new-timestamp"]);
    sim.issue("root").version(1).signed_by(Key::all(["new-a", "new-b"])).publish();
    sim.timestamp.version = 0;
    sim.issue("timestamp").publish();
    sim
}

#[test]
fn a_floor_is_kept_however_the_url_is_written() {
    let mut sim = Simulator::default();
    let old = sim.files().clone();
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    let root = || sim.root_bytes(1);
    update(folder.path(), &Instance::at("https://ci:token1@tuf.example/tuf", root()), &sim);
    for url in [
        "https://ci:token2@tuf.example/tuf",
        "HTTPS://TUF.example:443/tuf/",
        "https://tuf.example/%74uf",
        "https://tuf.example/./x/../tuf",
    ] {
        went_backwards(folder.path(), &Instance::at(url, root()), &old, &sim);
    }
    went_backwards(folder.path(), &pinning(root()).with_name("site"), &old, &sim);
    went_backwards(folder.path(), &pinning(root()).by_way_of(Location::at("https://mirror.example")), &old, &sim);
    assert_eq!(caches(folder.path()).len(), 1);
    // And another repository begins without.
    client(folder.path(), &Instance::at("https://tuf.example/other", root()), &old).refresh(sim.day(1)).unwrap();
}

/// What every release with a newer built-in root does.
#[test]
fn a_newer_pinned_root_keeps_the_cache_and_its_floor() {
    let mut sim = with_roots(2);
    sim.publish();
    let old = sim.files().clone();
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    let began = pinning(sim.root_bytes(1));
    update(folder.path(), &began, &sim);
    // In the cache's history, its newest, and then beyond it, by one and by two.
    let held = offline_timestamp(folder.path(), &began, &sim);
    for newer in [2, 3, 4] {
        if newer > 2 {
            sim.publish_root();
        }
        let pinned = pinning(sim.root_bytes(newer));
        assert_eq!(offline_timestamp(folder.path(), &pinned, &sim), held, "root {newer}");
        let mut old = old.clone();
        old.set_metadata(&format!("{newer}.root.json"), sim.root_bytes(newer));
        went_backwards(folder.path(), &pinned, &old, &sim);
    }
    update(folder.path(), &pinning(sim.root_bytes(4)), &sim);
    // And an older one too.
    update(folder.path(), &began, &sim);
    went_backwards(folder.path(), &pinning(sim.root_bytes(4)), &old, &sim);
    assert_eq!(caches(folder.path()).len(), 1);
}

#[test]
fn a_pinned_root_beyond_a_change_of_all_keys_keeps_the_floor_although_the_roots_between_are_unknown() {
    let mut sim = Simulator::default();
    let old = sim.files().clone();
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    update(folder.path(), &pinning(sim.root_bytes(1)), &sim);
    sim.root.root = Role::new(2, ["root-c", "root-d"]);
    sim.publish_root().publish_root();
    let pinned = pinning(sim.root_bytes(3));
    assert!(offline_timestamp(folder.path(), &pinned, &sim).is_some());
    went_backwards(folder.path(), &pinned, &old, &sim);
    assert_eq!(caches(folder.path()).len(), 1);
}

#[test]
fn a_repository_that_was_set_up_again_begins_a_cache_of_its_own_and_the_other_one_stays() {
    let mut sim = with_roots(2);
    let old = sim.files().clone();
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    let first = pinning(sim.root_bytes(1));
    update(folder.path(), &first, &sim);
    let place = Cache::folders(folder.path(), &first).used;

    let other = set_up_again();
    let second = pinning(other.root_bytes(1));
    let mut begun = client(folder.path(), &second, other.files());
    let notes = begun.take_notes();
    assert!(matches!(&notes[..], [Note::OtherRoots { folder }] if *folder == place), "{notes:?}");
    begun.refresh(other.day(1)).unwrap();
    assert_eq!(Cache::folders(folder.path(), &second).other_roots, Some(place.clone()));
    assert_eq!(caches(folder.path()).len(), 2);
    // Said once; and neither knows the other's versions.
    assert_eq!(client(folder.path(), &second, other.files()).take_notes().len(), 0);
    assert_eq!(Cache::folders(folder.path(), &first).used, place);
    went_backwards(folder.path(), &first, &old, &sim);
    update(folder.path(), &second, &other);
}

#[test]
fn a_damaged_root_in_the_history_does_not_give_the_floor_away() {
    let mut sim = Simulator::default();
    sim.root.root = Role::new(2, ["root-c", "root-d"]);
    sim.publish_root();
    sim.root.root = Role::new(2, ["root-e", "root-f"]);
    sim.publish_root();
    let folder = tempfile::tempdir().unwrap();
    let instance = pinning(sim.root_bytes(1));
    update(folder.path(), &instance, &sim);
    let place = Cache::folders(folder.path(), &instance).used;
    for damage in ["", "{", "{}"] {
        fs::write(place.join("root_history/2.root.json"), damage).unwrap();
        assert_eq!(Cache::folders(folder.path(), &instance).used, place, "{damage:?}");
    }
    fs::remove_file(place.join("root_history/2.root.json")).unwrap();
    assert_eq!(Cache::folders(folder.path(), &instance).used, place);
    fs::write(place.join("root.json"), "{").unwrap();
    assert_eq!(Cache::folders(folder.path(), &instance).used, place);
}

/// The name that a cache had in the first versions: by the instance's name, the pinned root and the text of both URLs.
fn earlier_name(name: &str, root: &[u8], url: &str) -> String {
    let mut identity = sha256(root).to_vec();
    for url in [url, &format!("{url}/targets")] {
        identity.extend_from_slice(&(url.len() as u64).to_be_bytes());
        identity.extend_from_slice(url.as_bytes());
    }
    let name = name.replace(':', "%3A").replace('/', "%2F");
    format!("{name}-{}", &hex::encode(&sha256(&identity))[..16])
}

/// Makes a cache of this repository, and gives it a name of the first versions.
fn earlier_cache(folder: &Path, name: &str, root: u64, url: &str, sim: &Simulator) -> PathBuf {
    let place = folder.join(earlier_name(name, &sim.root_bytes(root), url));
    let store = FileStore::open(&place).unwrap();
    Client::new(sim.root_bytes(root), sim.files(), store).refresh(sim.day(1)).unwrap();
    place
}

#[test]
fn a_cache_of_the_first_versions_is_found_by_its_url_and_by_its_roots() {
    let mut sim = with_roots(2);
    let old = sim.files().clone();
    sim.publish();
    for (name, root, url, now) in [
        // As it was.
        ("tuf.example/tuf", 1, URL, pinning(sim.root_bytes(1))),
        // Of a release with an older built-in root, and of one with a newer one.
        ("acme", 1, URL, pinning(sim.root_bytes(2)).with_name("acme")),
        ("acme", 2, URL, pinning(sim.root_bytes(1)).with_name("acme")),
        // By another name.
        ("acme", 1, URL, pinning(sim.root_bytes(1))),
        ("acme", 2, URL, pinning(sim.root_bytes(1))),
        // With another token, and in capitals.
        ("tuf.example/tuf", 1, "https://ci:token1@tuf.example/tuf", pinning(sim.root_bytes(1))),
        ("TUF.example/tuf", 2, "https://TUF.example/tuf", pinning(sim.root_bytes(1))),
    ] {
        let folder = tempfile::tempdir().unwrap();
        let earlier = earlier_cache(folder.path(), name, root, url, &sim);
        let case = format!("{name}, root {root}, {url}");
        // Read where it is, and moved by the first writer.
        assert!(offline_timestamp(folder.path(), &now, &sim).is_some(), "{case}");
        assert!(earlier.is_dir(), "{case}");
        assert_eq!(Cache::folders(folder.path(), &now).earlier, Some(earlier), "{case}");
        went_backwards(folder.path(), &now, &old, &sim);
        assert_eq!(caches(folder.path()), [now.cache_name()], "{case}");
    }
}

#[test]
fn a_cache_of_another_repository_is_not_taken_for_one_of_the_first_versions() {
    let sim = Simulator::default();
    let other = set_up_again();
    let folder = tempfile::tempdir().unwrap();
    earlier_cache(folder.path(), "tuf.example/tuf", 1, URL, &other);
    earlier_cache(folder.path(), "tuf.example/else", 1, "https://tuf.example/else", &sim);
    let before = caches(folder.path());
    let instance = pinning(sim.root_bytes(1));
    let folders = Cache::folders(folder.path(), &instance);
    assert_eq!((folders.earlier, folders.superseded), (None, Vec::new()));
    update(folder.path(), &instance, &sim);
    let mut after = caches(folder.path());
    after.retain(|name| *name != instance.cache_name());
    assert_eq!(after, before);
}

#[test]
fn of_several_caches_of_the_first_versions_the_one_that_knows_most_is_taken() {
    let mut sim = Simulator::default();
    let folder = tempfile::tempdir().unwrap();
    let cache = |token: u64, sim: &Simulator| {
        earlier_cache(folder.path(), "tuf.example/tuf", 1, &format!("https://ci:{token}@tuf.example/tuf"), sim)
    };
    let low = cache(1, &sim);
    sim.publish();
    let middle = sim.files().clone();
    let also_low = cache(2, &sim);
    sim.publish();
    let high = cache(3, &sim);
    let instance = pinning(sim.root_bytes(1));
    let folders = Cache::folders(folder.path(), &instance);
    assert_eq!((folders.earlier, folders.superseded), (Some(high.clone()), vec![also_low.clone(), low.clone()]));
    went_backwards(folder.path(), &instance, &middle, &sim);
    assert!(!high.exists() && low.is_dir() && also_low.is_dir());
    let folders = Cache::folders(folder.path(), &instance);
    assert_eq!((folders.earlier, folders.superseded), (None, vec![also_low, low]));
}

/// One job saw a newer root, another one a newer timestamp: neither is forgotten.
#[test]
fn a_newer_root_of_a_replaced_cache_is_kept_too() {
    let mut sim = Simulator::default();
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    let url = |token: u64| format!("https://ci:{token}@tuf.example/tuf");
    let high = earlier_cache(folder.path(), "tuf.example/tuf", 1, &url(1), &sim);
    let mut newer_root = Simulator::default();
    newer_root.publish_root().publish_root();
    earlier_cache(folder.path(), "tuf.example/tuf", 1, &url(2), &newer_root);
    let instance = pinning(sim.root_bytes(1));
    assert_eq!(Cache::folders(folder.path(), &instance).earlier, Some(high));
    let store = Cache::open(folder.path(), &instance).unwrap();
    for (file, root) in [(LocalFile::RootHistory(2), 2), (LocalFile::RootHistory(3), 3), (LocalFile::Root, 3)] {
        assert_eq!(store.load(&file, u64::MAX).unwrap(), Some(newer_root.root_bytes(root)), "{file:?}");
    }
    assert_eq!(offline_timestamp(folder.path(), &instance, &sim), Some(2));
}

/// After every step of it, the cache is whole under one of its two names, and the next process finds it.
#[test]
fn a_cache_that_is_moved_is_whole_whenever_the_process_ends() {
    let mut sim = Simulator::default();
    let old = sim.files().clone();
    sim.publish();
    let instance = pinning(sim.root_bytes(1));
    let mut steps = 0;
    loop {
        let folder: TempDir = tempfile::tempdir().unwrap();
        let earlier = earlier_cache(folder.path(), "tuf.example/tuf", 1, URL, &sim);
        let disk = Arc::new(CrashingDisk::after(steps, Then::End));
        let store = FileStore::open_existing(&earlier).unwrap().unwrap().with_disk(disk.clone());
        let moved = store.move_to(folder.path().join(instance.cache_name()));
        assert_eq!(caches(folder.path()).len(), 1, "after {steps} steps");
        assert!(offline_timestamp(folder.path(), &instance, &sim).is_some(), "after {steps} steps");
        went_backwards(folder.path(), &instance, &old, &sim);
        match moved {
            Ok(_) if disk.has_room() => break,
            Ok(_) => {}
            Err(error) => assert!(matches!(error, StoreError::Io { .. }), "{error}"),
        }
        steps += 1;
    }
    assert!(steps >= 2);
}

#[cfg(unix)]
#[test]
fn a_cache_of_the_first_versions_that_cannot_be_moved_is_used_where_it_is() {
    use std::os::unix::fs::PermissionsExt;
    let mut sim = Simulator::default();
    let old = sim.files().clone();
    sim.publish();
    let folder = tempfile::tempdir().unwrap();
    let earlier = earlier_cache(folder.path(), "tuf.example/tuf", 1, URL, &sim);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o500)).unwrap();
    let instance = pinning(sim.root_bytes(1));
    went_backwards(folder.path(), &instance, &old, &sim);
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o700)).unwrap();
    assert!(earlier.is_dir() || folder.path().join(instance.cache_name()).is_dir());
}
