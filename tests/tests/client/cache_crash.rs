//! The cache when the process ends, the power fails or the disk is full, after every single step of writing it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use rootline_client::store::{FileStore, LocalFile, Store, StoreError, UNFINISHED};
use rootline_client::workflow::{TargetQuery, Updated};
use rootline_client::{Client, Error};
use rootline_metadata::Role as _;
use rootline_tests::crashing_disk::{CrashingDisk, Then};
use rootline_tests::long;
use rootline_tests::simulator::{Delegation, Files, Simulator};
use rootline_tests::verifier::target_path;
use tempfile::TempDir;

/// A repository in two states, and a cache to begin with.
struct World {
    sim: Simulator,
    before: TempDir,
    old: Option<State>,
    new: State,
}

/// The versions of root, timestamp, snapshot and targets, and a target of a delegated role.
type State = ([u64; 4], Vec<u8>);

impl World {
    /// A copy that knows nothing.
    fn of_a_first_visit() -> World {
        let sim = published();
        World { new: state(&update(&sim, &memory(), sim.files()).unwrap()), old: None, before: folder(), sim }
    }

    /// A copy of what was published before: every file of it has changed since, and there are two new roots.
    fn of_a_later_visit() -> World {
        let mut sim = published();
        let before = folder();
        let old = update(&sim, &FileStore::open(before.path()).unwrap(), sim.files()).unwrap();
        sim.publish_root().publish_root().add_target("helper/of all", "t", b"newer content").publish();
        let new = update(&sim, &memory(), sim.files()).unwrap();
        World { old: Some(state(&old)), new: state(&new), before, sim }
    }

    /// Updates a copy that is on this disk, and says what came of it, and where the copy is.
    fn update_on(&self, disk: &Arc<CrashingDisk>) -> (Result<Updated, Error>, TempDir) {
        let folder = copy_of(self.before.path());
        let store = FileStore::open(folder.path()).unwrap().with_disk(disk.clone());
        (update(&self.sim, &store, self.sim.files()), folder)
    }

    /// What a reader finds in `folder`, who changes nothing: all that was, or all that is new, and verified. Then an update makes good what is left.
    fn is_sound(&self, folder: &Path, has_to_be_new: bool, when: &str) {
        let mut reader = Client::new(self.sim.root_bytes(1), Files::default(), existing(folder));
        let found = reader.load(self.sim.day(1), &wanted()).ok().map(|updated| state(&updated));
        let allowed = if has_to_be_new { found.as_ref() == Some(&self.new) } else { self.is_one_of_both(&found) };
        assert!(allowed, "{when}: {found:?}");
        if found.is_none() {
            assert_eq!(existing(folder).load(&LocalFile::Timestamp, u64::MAX).unwrap(), None, "{when}");
        }
        let store = FileStore::open(folder).unwrap().with_disk(Arc::new(CrashingDisk::endless()));
        let updated = update(&self.sim, &store, self.sim.files()).unwrap();
        assert_eq!(state(&updated), self.new, "{when}");
        drop(store.lock_exclusive().unwrap());
        self.is_as_published(folder, when);
    }

    fn is_one_of_both(&self, found: &Option<State>) -> bool {
        *found == self.old || found.as_ref() == Some(&self.new)
    }

    /// The name of the newest file of a delegated role, as it is served.
    fn newest(&self, role: &str) -> String {
        let names = self.sim.files().metadata_names();
        names.filter(|name| name.ends_with(&format!(".{role}.json"))).max().unwrap().to_owned()
    }

    /// Every file is in its place under its plain name, as it was served, and nothing else is there.
    fn is_as_published(&self, folder: &Path, when: &str) {
        let ([root, _, snapshot, targets], _) = &self.new;
        let mut files = vec![
            ("root.json".to_owned(), format!("{root}.root.json")),
            ("timestamp.json".to_owned(), "timestamp.json".to_owned()),
            ("snapshot.json".to_owned(), format!("{snapshot}.snapshot.json")),
            ("targets.json".to_owned(), format!("{targets}.targets.json")),
            ("helper%2Fof%20all.json".to_owned(), self.newest("helper/of all")),
        ];
        files.extend(
            (2..=*root).map(|version| (format!("root_history/{version}.root.json"), format!("{version}.root.json"))),
        );
        for (name, published) in &files {
            let there = fs::read(folder.join(name)).ok();
            assert!(there.as_deref() == self.sim.files().metadata(published), "{when}: {name}");
        }
        let mut expected: Vec<String> = files.into_iter().map(|(name, _)| name).collect();
        expected.extend([".lock".to_owned(), "targets/t".to_owned()]);
        expected.sort();
        assert_eq!(files_below(folder), expected, "{when}");
    }
}

fn published() -> Simulator {
    let mut sim = Simulator::default();
    sim.delegate("targets", Delegation::to("helper/of all").paths(["*"]));
    sim.add_target("helper/of all", "t", b"content").publish();
    sim
}

fn folder() -> TempDir {
    tempfile::tempdir().unwrap()
}

fn memory() -> rootline_client::store::MemoryStore {
    rootline_client::store::MemoryStore::new()
}

fn existing(folder: &Path) -> FileStore {
    FileStore::open_existing(folder).unwrap().unwrap()
}

fn wanted() -> Vec<TargetQuery> {
    vec![TargetQuery::required(target_path("t"))]
}

fn update(sim: &Simulator, store: &impl Store, files: &Files) -> Result<Updated, Error> {
    Client::new(sim.root_bytes(1), files, store).update(sim.day(1), &wanted())
}

fn state(updated: &Updated) -> State {
    let trusted = &updated.trusted;
    let versions = [
        trusted.root().version(),
        trusted.timestamp().version(),
        trusted.snapshot().version(),
        trusted.targets().version(),
    ];
    (versions.map(|version| version.number()), updated.target("t").unwrap().to_vec())
}

fn copy_of(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().unwrap();
    for name in files_below(folder) {
        let to = copy.path().join(&name);
        fs::create_dir_all(to.parent().unwrap()).unwrap();
        fs::copy(folder.join(&name), to).unwrap();
    }
    copy
}

/// The names of all files below a folder, sorted.
fn files_below(folder: &Path) -> Vec<String> {
    let mut names = Vec::new();
    for entry in fs::read_dir(folder).unwrap() {
        let entry = entry.unwrap();
        let name = entry.file_name().into_string().unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => names.extend(files_below(&entry.path()).iter().map(|below| format!("{name}/{below}"))),
            false => names.push(name),
        }
    }
    names.sort();
    names
}

/// Tries every number of steps up to the one that is enough, and says how many there were.
fn after_each_step(
    world: &World,
    then: Then,
    mut look: impl FnMut(&CrashingDisk, &Path, Result<Updated, Error>, &str),
) -> usize {
    for steps in 0.. {
        let disk = Arc::new(CrashingDisk::after(steps, then));
        let (updated, folder) = world.update_on(&disk);
        let enough = disk.has_room();
        look(&disk, folder.path(), updated, &format!("after {steps} steps"));
        if enough {
            return steps;
        }
    }
    unreachable!("the steps have an end")
}

#[test]
fn the_process_may_end_after_every_step() {
    for world in [World::of_a_first_visit(), World::of_a_later_visit()] {
        let steps = after_each_step(&world, Then::End, |_, folder, updated, when| {
            world.is_sound(folder, updated.is_ok(), when);
        });
        assert!(steps > 40, "only {steps} steps");
    }
}

#[test]
fn the_power_may_fail_after_every_step_and_take_along_what_was_not_synced() {
    for world in [World::of_a_first_visit(), World::of_a_later_visit()] {
        let mut step = 0;
        after_each_step(&world, Then::End, |disk, folder, updated, when| {
            step += 1;
            // Each step looks at four disks, so this is a sample of the steps, with the last.
            if step % long::stride() != 0 && !disk.has_room() {
                return;
            }
            let kept: [(&str, &mut dyn FnMut(usize) -> bool); 4] = [
                ("what was synced is left", &mut |_| false),
                ("every second step is left", &mut |number| number % 2 == 0),
                ("every other second step is left", &mut |number| number % 2 == 1),
                ("the later steps are left", &mut |number| number > 20),
            ];
            for (what, kept) in kept {
                let left = copy_of(world.before.path());
                disk.lose_power(folder, left.path(), kept);
                world.is_sound(left.path(), updated.is_ok(), &format!("{when}, {what}"));
            }
        });
    }
}

#[test]
fn the_disk_may_be_full_after_every_step() {
    for world in [World::of_a_first_visit(), World::of_a_later_visit()] {
        after_each_step(&world, Then::Full, |_, folder, updated, when| {
            if let Err(error) = &updated {
                let Error::Store(error) = error else { panic!("{when}: {error}") };
                assert!(error.hint() == Some(rootline_client::Hint::FreeSpace), "{when}: {error}");
            }
            let unfinished = files_below(folder).into_iter().filter(|name| name.contains(UNFINISHED)).count();
            assert_eq!(unfinished, 0, "{when}: nothing half-finished takes up room");
            world.is_sound(folder, updated.is_ok(), when);
        });
    }
}

/// The process ends, the next one ends as well, and so on: there is a step further each time, or at least none back.
#[test]
fn processes_that_end_one_after_the_other_lose_nothing() {
    let world = World::of_a_later_visit();
    let folder = copy_of(world.before.path());
    let mut was_new = false;
    for steps in (0..80).rev() {
        let disk = Arc::new(CrashingDisk::after(steps, Then::End));
        let store = existing(folder.path()).with_disk(disk);
        let _ = update(&world.sim, &store, world.sim.files());
        let mut reader = Client::new(world.sim.root_bytes(1), Files::default(), existing(folder.path()));
        let found = reader.load(world.sim.day(1), &wanted()).ok().map(|updated| state(&updated));
        assert!(if was_new { found.as_ref() == Some(&world.new) } else { world.is_one_of_both(&found) }, "{steps}");
        was_new = found.as_ref() == Some(&world.new);
    }
    world.is_sound(folder.path(), true, "at the end");
}

/// What is saved and not in its place yet goes before what is there, is put into its place by whoever opens the copy to write, and is left
/// where it is by whoever only reads.
#[test]
fn readers_see_what_is_pending_and_writers_finish_it() {
    let world = World::of_a_later_visit();
    let folder = copy_of(world.before.path());
    let pending = folder.path().join(".pending");
    fs::create_dir_all(pending.join("root_history")).unwrap();
    fs::write(pending.join("timestamp.json"), "newer").unwrap();
    fs::write(pending.join("root_history/9.root.json"), "a root").unwrap();
    let reader = existing(folder.path());
    for _ in 0..2 {
        assert_eq!(reader.load(&LocalFile::Timestamp, 99).unwrap().unwrap(), b"newer");
        assert_eq!(reader.load(&LocalFile::RootHistory(9), 99).unwrap().unwrap(), b"a root");
        assert!(reader.load(&LocalFile::Snapshot, 9999).unwrap().is_some());
        assert!(pending.join("timestamp.json").exists());
    }
    FileStore::open(folder.path()).unwrap();
    assert!(!pending.exists());
    assert_eq!(fs::read(folder.path().join("timestamp.json")).unwrap(), b"newer");
    assert_eq!(fs::read(folder.path().join("root_history/9.root.json")).unwrap(), b"a root");
}

/// A single file is not hidden by an older one that is still pending.
#[test]
fn what_is_saved_or_removed_singly_comes_after_what_is_pending() {
    let folder = folder();
    let store = existing(folder.path());
    let pending = || {
        fs::create_dir(folder.path().join(".pending")).unwrap();
        fs::write(folder.path().join(".pending/timestamp.json"), "pending").unwrap();
    };
    pending();
    store.save(&LocalFile::Timestamp, b"newest").unwrap();
    assert_eq!(store.load(&LocalFile::Timestamp, 99).unwrap().unwrap(), b"newest");
    pending();
    store.remove(&LocalFile::Timestamp).unwrap();
    assert_eq!(store.load(&LocalFile::Timestamp, 99).unwrap(), None);
}

/// Also where it cannot be put into its place, as with a folder in the way.
#[test]
fn what_is_pending_is_told_of_as_part_of_the_copy_and_cleared_with_it() {
    let folder = folder();
    let store = FileStore::open(folder.path()).unwrap();
    fs::create_dir_all(folder.path().join(".pending/targets")).unwrap();
    for name in [".pending/timestamp.json", ".pending/targets/t", "snapshot.json"] {
        fs::write(folder.path().join(name), "12345").unwrap();
    }
    fs::create_dir(folder.path().join("timestamp.json")).unwrap();
    let contents = store.contents().unwrap();
    assert_eq!((contents.files.len(), contents.bytes()), (3, 15));
    assert_eq!(contents.foreign, [folder.path().join("timestamp.json")]);
    store.clear().unwrap();
    assert_eq!(files_below(folder.path()), [".lock"]);
    assert!(store.load(&LocalFile::Timestamp, 99).is_err(), "a folder is in the way, and nothing is pending");
}

/// Whoever fetches ever new targets does not fill the disk; what was saved together stays together.
#[test]
fn of_very_many_targets_the_oldest_go_and_those_saved_last_stay() {
    let folder = folder();
    let store = FileStore::open(folder.path()).unwrap().with_disk(Arc::new(CrashingDisk::endless()));
    let named = |from: usize, to: usize| (from..to).map(|number| (LocalFile::Target(number.to_string()), &b"x"[..]));
    let there = || fs::read_dir(folder.path().join("targets")).unwrap().count();
    let together: Vec<_> = named(0, 10_001).collect();
    store.save_all(&together).unwrap();
    assert_eq!(there(), 10_001);
    store.save_all(&named(10_001, 10_002).collect::<Vec<_>>()).unwrap();
    assert_eq!(there(), 10_001);
    store.save_all(&named(0, 10_001).chain(named(20_000, 20_001)).collect::<Vec<_>>()).unwrap();
    for (file, _) in named(0, 10_001).chain(named(20_000, 20_001)) {
        assert!(store.load(&file, 9).unwrap().is_some(), "{file:?}");
    }
}

/// What somebody has put together by hand where only this program writes.
#[cfg(unix)]
#[test]
fn a_pending_folder_made_by_hand_leads_nowhere() {
    let folder = folder();
    let elsewhere = tempfile::tempdir().unwrap();
    fs::write(elsewhere.path().join("timestamp.json"), "theirs").unwrap();
    let pending = folder.path().join(".pending");
    std::os::unix::fs::symlink(elsewhere.path(), &pending).unwrap();
    let store = FileStore::open(folder.path()).unwrap();
    assert_eq!(store.load(&LocalFile::Timestamp, 99).unwrap(), None);
    let two = [(LocalFile::Timestamp, &b"1"[..]), (LocalFile::Snapshot, b"2")];
    let lock = store.lock().unwrap();
    store.save_all(&two).unwrap();
    drop(lock);
    assert_eq!(files_below(elsewhere.path()), ["timestamp.json"]);
    assert_eq!(files_below(folder.path()), [".lock", "snapshot.json", "timestamp.json"]);

    fs::create_dir_all(pending.join("sub/folder")).unwrap();
    fs::write(pending.join("sub/folder/file"), "x").unwrap();
    fs::write(pending.join(".lock"), "x").unwrap();
    std::os::unix::fs::symlink(elsewhere.path().join("timestamp.json"), pending.join("targets.json")).unwrap();
    drop(store.lock_exclusive().unwrap());
    assert_eq!(files_below(folder.path()), [".lock", "snapshot.json", "timestamp.json"]);
    assert_eq!(fs::read(folder.path().join(".lock")).unwrap(), b"");
    assert_eq!(files_below(elsewhere.path()), ["timestamp.json"]);
}

#[test]
fn of_several_files_none_is_saved_where_a_folder_is_in_the_way_of_one() {
    let folder = folder();
    let store = FileStore::open(folder.path()).unwrap();
    fs::create_dir(folder.path().join("timestamp.json")).unwrap();
    let files = [(LocalFile::Snapshot, &b"2"[..]), (LocalFile::Targets, b"3"), (LocalFile::Timestamp, b"1")];
    let refused = store.save_all(&files).unwrap_err();
    assert!(matches!(refused, StoreError::NotARegularFile { found: "a folder", .. }), "{refused}");
    assert!(files_below(folder.path()).is_empty());
}
