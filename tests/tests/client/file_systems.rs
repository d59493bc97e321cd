//! File systems that lack something: locks, above all; and files that another program holds open.

use std::cell::Cell;
use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;

use rootline_client::store::{Disk, FileStore, LocalFile, Store, StoreError, StoreLock, UNFINISHED};
use rootline_client::{Client, Hint, Note};
use rootline_metadata::Role as _;
use rootline_tests::refusing_disk::{RefusingDisk, Step};
use rootline_tests::simulator::{Files, Simulator};
use tempfile::TempDir;

/// A cache in a folder, on this disk.
fn store(folder: &Path, disk: &Arc<impl Disk + 'static>) -> FileStore {
    FileStore::open(folder).unwrap().with_disk(disk.clone())
}

fn without_locks() -> Arc<RefusingDisk> {
    RefusingDisk::without_locks(|_| Ok(()))
}

/// The version of the timestamp that is there; and the notes on the way.
fn refresh(sim: &Simulator, files: &Files, store: &impl Store) -> (u64, Vec<Note>) {
    let mut client = Client::new(sim.root_bytes(1), files, store);
    let version = client.refresh(sim.day(1)).unwrap().timestamp().version().number();
    (version, client.take_notes())
}

fn timestamp(sim: &Simulator, folder: &Path) -> u64 {
    let existing = FileStore::open_existing(folder).unwrap().unwrap();
    let mut reader = Client::new(sim.root_bytes(1), Files::default(), existing);
    reader.load(sim.day(1), &[]).unwrap().trusted.timestamp().version().number()
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// A repository as it was on several days, and a folder.
fn days() -> (Simulator, [Files; 3], TempDir) {
    let mut sim = Simulator::default();
    let first = sim.files().clone();
    sim.publish();
    let second = sim.files().clone();
    sim.publish();
    let third = sim.files().clone();
    (sim, [first, second, third], tempfile::tempdir().unwrap())
}

#[test]
fn without_locks_everything_is_kept_and_told_once() {
    let (sim, [first, second, third], folder) = days();
    let store = store(folder.path(), &without_locks());
    let mut client = Client::new(sim.root_bytes(1), &first, &store);
    client.refresh(sim.day(1)).unwrap();
    let notes = client.take_notes();
    let [note @ Note::Unlocked(missing)] = &notes[..] else { panic!("{notes:?}") };
    assert_eq!(missing.path, folder.path().join(".lock"));
    #[cfg(target_os = "linux")]
    assert!(missing.file_system.is_some(), "{missing:?}");
    assert_eq!(note.hint(), Some(Hint::UseLocalDisk));
    for (files, version) in [(&second, 2), (&third, 3)] {
        let (now, notes) = refresh(&sim, files, &store);
        assert_eq!((now, notes.len()), (version, 0));
        assert_eq!(timestamp(&sim, folder.path()), version);
    }
    // Reading needs none, and does not speak of it.
    let mut reader = Client::new(sim.root_bytes(1), Files::default(), &store);
    reader.load(sim.day(1), &[]).unwrap();
    assert!(reader.take_notes().is_empty());
}

#[test]
fn where_locks_work_nothing_is_told() {
    let (sim, [first, ..], folder) = days();
    let store = store(folder.path(), &RefusingDisk::new(|_| Ok(())));
    assert!(refresh(&sim, &first, &store).1.is_empty());
    let mut lock = store.lock_exclusive().unwrap();
    assert!(lock.keeps_others_out() && lock.take_missing().is_none());
}

/// A lock that fails otherwise is a failure, for who writes and for who reads.
#[test]
fn a_lock_that_fails_is_not_taken_for_one_that_there_is_not() {
    let (_, _, folder) = days();
    let failing =
        |step: Step<'_>| if matches!(step, Step::Lock) { Err(io::ErrorKind::TimedOut.into()) } else { Ok(()) };
    let store = store(folder.path(), &RefusingDisk::new(failing));
    for locked in [store.lock_exclusive(), store.lock_shared()] {
        assert!(matches!(locked, Err(StoreError::Io { .. })), "{locked:?}");
    }
}

/// The moment that a lock is for: another one saves what is newer after the slow one has looked, and right before its files count.
#[test]
fn without_locks_what_another_one_saves_at_the_last_moment_is_not_taken_back() {
    let (sim, [first, second, third], folder) = days();
    refresh(&sim, &first, &store(folder.path(), &without_locks()));
    let other = store(folder.path(), &without_locks());
    let (hurried, files) = (Client::new(sim.root_bytes(1), third, other), sim.day(1));
    let mut hurried = Some((hurried, files));
    let disk = RefusingDisk::without_locks(move |step| {
        // The last step before the new files are looked at once more.
        if matches!(step, Step::SyncFolder(folder) if is_unfinished(folder))
            && let Some((mut client, now)) = hurried.take()
        {
            client.refresh(now).unwrap();
        }
        Ok(())
    });
    let slow = store(folder.path(), &disk);
    let mut client = Client::new(sim.root_bytes(1), &second, &slow);
    // Its repository lags: it is refused as a rollback then, or finds that there is nothing to add.
    let refused = client.refresh(sim.day(1)).unwrap_err();
    assert!(refused.refusal().is_some(), "{refused}");
    assert_eq!(timestamp(&sim, folder.path()), 3);
    assert!(names(folder.path()).iter().all(|name| !name.starts_with('.') || name == ".lock"));
}

/// The other way round: what is older comes over what is newer, from somebody who did not look; it is seen, and made good.
#[test]
fn without_locks_what_is_taken_back_after_the_commit_is_made_good() {
    let (sim, [first, _, third], folder) = days();
    refresh(&sim, &first, &store(folder.path(), &without_locks()));
    let older = fs::read(folder.path().join("timestamp.json")).unwrap();
    let (place, mut once) = (folder.path().to_owned(), true);
    let disk = RefusingDisk::without_locks(move |step| {
        // All files are in their places when the folder of the saved ones goes.
        if matches!(step, Step::Remove(folder) if folder.ends_with(".pending")) && std::mem::take(&mut once) {
            fs::write(place.join("timestamp.json"), &older).unwrap();
        }
        Ok(())
    });
    let (version, _) = refresh(&sim, &third, &store(folder.path(), &disk));
    assert_eq!(version, 3);
    assert_eq!(timestamp(&sim, folder.path()), 3);
}

/// Two that save at the same moment: the second one finds the first one's files saved and not moved yet.
#[test]
fn without_locks_two_that_save_at_the_same_moment_do_not_mix() {
    let (sim, [first, second, _], folder) = days();
    refresh(&sim, &first, &store(folder.path(), &without_locks()));
    let (place, mut once) = (folder.path().to_owned(), true);
    let disk = RefusingDisk::without_locks(move |step| {
        if matches!(step, Step::Rename(_, to) if to.ends_with(".pending")) && std::mem::take(&mut once) {
            fs::create_dir(place.join(".pending")).unwrap();
            fs::write(place.join(".pending/last_check"), "another one's").unwrap();
        }
        Ok(())
    });
    assert_eq!(refresh(&sim, &second, &store(folder.path(), &disk)).0, 2);
    assert_eq!(timestamp(&sim, folder.path()), 2);
    assert_eq!(fs::read(folder.path().join("last_check")).unwrap(), b"another one's");
}

fn is_unfinished(path: &Path) -> bool {
    path.file_name().is_some_and(|name| name.to_str().unwrap().starts_with(UNFINISHED))
}

#[test]
fn what_looks_left_behind_is_swept_only_by_who_keeps_others_out() {
    let (_, _, folder) = days();
    let left = [format!("{UNFINISHED}1"), format!("{UNFINISHED}2")];
    fs::write(folder.path().join(&left[0]), "another one is at work").unwrap();
    fs::create_dir(folder.path().join(&left[1])).unwrap();
    drop(store(folder.path(), &without_locks()).lock_exclusive().unwrap());
    assert!(left.iter().all(|name| folder.path().join(name).exists()));
    drop(store(folder.path(), &RefusingDisk::new(|_| Ok(()))).lock_exclusive().unwrap());
    assert!(left.iter().all(|name| !folder.path().join(name).exists()));
}

/// A store in which another one saves newer files right before this one loads the last file.
struct Disturbed<'a> {
    store: &'a FileStore,
    loads: Cell<usize>,
    meanwhile: &'a dyn Fn(),
}

impl Store for Disturbed<'_> {
    fn load(&self, file: &LocalFile, limit: u64) -> Result<Option<Vec<u8>>, StoreError> {
        if *file == LocalFile::Targets {
            self.loads.set(self.loads.get() + 1);
            if self.loads.get() == 1 {
                (self.meanwhile)();
            }
        }
        self.store.load(file, limit)
    }

    fn save(&self, file: &LocalFile, bytes: &[u8]) -> Result<(), StoreError> {
        self.store.save(file, bytes)
    }

    fn lock_to_load(&self) -> Result<Option<StoreLock>, StoreError> {
        self.store.lock_to_load()
    }

    fn remove(&self, file: &LocalFile) -> Result<(), StoreError> {
        self.store.remove(file)
    }
}

#[test]
fn without_locks_a_reader_who_met_files_of_two_times_looks_again() {
    let (sim, [first, second, _], folder) = days();
    for (disk, finds) in [(without_locks(), true), (RefusingDisk::new(|_| Ok(())), false)] {
        let _ = fs::remove_dir_all(folder.path());
        let reading = store(folder.path(), &disk);
        refresh(&sim, &first, &reading);
        // A writer who minds no lock.
        let writing = store(folder.path(), &without_locks());
        let meanwhile = || drop(refresh(&sim, &second, &writing));
        let disturbed = Disturbed { store: &reading, loads: Cell::new(0), meanwhile: &meanwhile };
        let loaded = Client::new(sim.root_bytes(1), Files::default(), disturbed).load(sim.day(1), &[]);
        assert_eq!(loaded.is_ok(), finds, "{loaded:?}");
    }
}

/// A scanner, a backup or an editor has `timestamp.json` open, which Windows then lets nobody replace.
#[test]
fn a_file_that_is_held_open_does_not_fail_what_is_saved_already() {
    let (sim, [first, second, third], folder) = days();
    let free = RefusingDisk::new(|_| Ok(()));
    refresh(&sim, &first, &store(folder.path(), &free));
    let held = RefusingDisk::new(|step| match step {
        Step::Rename(_, to) if to.ends_with("timestamp.json") => Err(io::ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    });
    let holding = store(folder.path(), &held);
    assert_eq!(refresh(&sim, &second, &holding).0, 2);
    assert!(folder.path().join(".pending/timestamp.json").exists());
    assert_eq!(timestamp(&sim, folder.path()), 2);
    // Other files are saved beside it; the file itself is not, and neither are several.
    holding.save(&LocalFile::LastCheck, b"later").unwrap();
    assert_eq!(holding.load(&LocalFile::LastCheck, 99).unwrap().unwrap(), b"later");
    assert!(holding.save(&LocalFile::Timestamp, b"other").is_err());
    assert_eq!(timestamp(&sim, folder.path()), 2);
    let mut client = Client::new(sim.root_bytes(1), &third, &holding);
    assert!(client.refresh(sim.day(1)).is_err());
    // When it is closed again, all is made good.
    assert_eq!(refresh(&sim, &third, &store(folder.path(), &free)).0, 3);
    assert!(!folder.path().join(".pending").exists());
    assert_eq!(timestamp(&sim, folder.path()), 3);
}

/// Windows does not rename a folder over an empty one.
#[test]
fn an_empty_folder_of_saved_files_is_in_nobody_s_way() {
    let (sim, [first, ..], folder) = days();
    let strict = RefusingDisk::new(|step| match step {
        Step::Rename(_, to) if to.is_dir() => Err(io::ErrorKind::PermissionDenied.into()),
        _ => Ok(()),
    });
    fs::create_dir(folder.path().join(".pending")).unwrap();
    assert_eq!(refresh(&sim, &first, &store(folder.path(), &strict)).0, 1);
    assert_eq!(timestamp(&sim, folder.path()), 1);
}

/// `n.json` and `N.json` would be one file on Windows and macOS; and what the one role says would verify as the other's.
#[test]
fn the_cache_has_a_file_for_each_role_and_target_whatever_the_case() {
    let (_, _, folder) = days();
    let store = store(folder.path(), &RefusingDisk::new(|_| Ok(())));
    let files = [
        LocalFile::Delegated("n".into()),
        LocalFile::Delegated("N".into()),
        LocalFile::Target("a/b".into()),
        LocalFile::Target("A/b".into()),
    ];
    for (number, file) in files.iter().enumerate() {
        store.save(file, &[number as u8]).unwrap();
        let path = store.path(file).to_str().unwrap().to_lowercase();
        assert_eq!(files.iter().filter(|other| store.path(other).to_str().unwrap().to_lowercase() == path).count(), 1);
    }
    for (number, file) in files.iter().enumerate() {
        assert_eq!(store.load(file, 9).unwrap().unwrap(), [number as u8], "{file:?}");
    }
    assert_eq!(store.contents().unwrap().foreign, Vec::<std::path::PathBuf>::new());
}
