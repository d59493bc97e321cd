//! The cache on disk: what is written, who may read it, and what happens when something else is in the way.

use std::fs;
use std::io::Read;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use rootline_client::store::{FileStore, Layout, LocalFile, MemoryStore, Store, StoreError, TargetPlace};
use tempfile::TempDir;

fn store() -> (TempDir, FileStore) {
    let temporary = tempfile::tempdir().unwrap();
    let store = FileStore::open(temporary.path().join("cache")).unwrap().with_lock_wait(Duration::ZERO);
    (temporary, store)
}

/// The names of what is in a folder, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

/// Which file it is, to see whether it was written anew: a replaced file is another one.
#[cfg(unix)]
fn identity(path: &Path) -> (u64, std::time::SystemTime) {
    use std::os::unix::fs::MetadataExt;
    let found = fs::symlink_metadata(path).unwrap();
    (found.ino(), found.modified().unwrap())
}

#[cfg(unix)]
fn mode(path: &Path) -> u32 {
    use std::os::unix::fs::PermissionsExt;
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

// ---- saving and loading

#[test]
fn what_was_saved_is_loaded_from_files_with_plain_names() {
    let (_temporary, store) = store();
    for (file, path) in [
        (LocalFile::Root, "root.json"),
        (LocalFile::RootHistory(12), "root_history/12.root.json"),
        (LocalFile::Timestamp, "timestamp.json"),
        (LocalFile::Snapshot, "snapshot.json"),
        (LocalFile::Targets, "targets.json"),
        (LocalFile::Delegated("packages.example.org".to_owned()), "packages.example.org.json"),
        (LocalFile::Delegated("a/b".to_owned()), "a%2Fb.json"),
        (LocalFile::PinnedRoot, "pinned/root.json"),
        (LocalFile::Target("dir/a".to_owned()), "targets/dir%2Fa"),
    ] {
        assert_eq!(store.load(&file, 99).unwrap(), None, "{file:?}");
        store.save(&file, path.as_bytes()).unwrap();
        assert_eq!(store.path(&file), store.folder().join(path));
        assert_eq!(fs::read(store.folder().join(path)).unwrap(), path.as_bytes());
        assert_eq!(store.load(&file, 99).unwrap().unwrap(), path.as_bytes());
    }
    assert_eq!(
        listing(store.folder()),
        [
            "a%2Fb.json",
            "packages.example.org.json",
            "pinned",
            "root.json",
            "root_history",
            "snapshot.json",
            "targets",
            "targets.json",
            "timestamp.json",
        ]
    );
}

#[test]
fn a_file_of_exactly_the_limit_is_loaded_and_one_byte_more_is_refused() {
    let (_temporary, store) = store();
    store.save(&LocalFile::Timestamp, b"12345").unwrap();
    assert_eq!(store.load(&LocalFile::Timestamp, 5).unwrap().unwrap(), b"12345");
    let refused = store.load(&LocalFile::Timestamp, 4).unwrap_err();
    assert!(matches!(refused, StoreError::TooLong { limit: 4, .. }), "{refused}");
}

#[test]
fn a_removed_file_is_gone_and_may_be_removed_again() {
    let (_temporary, store) = store();
    for file in [LocalFile::Snapshot, LocalFile::RootHistory(3)] {
        store.remove(&file).unwrap();
        store.save(&file, b"x").unwrap();
        store.remove(&file).unwrap();
        store.remove(&file).unwrap();
        assert_eq!(store.load(&file, 9).unwrap(), None);
    }
}

#[cfg(unix)]
#[test]
fn the_same_bytes_are_not_written_again_and_other_bytes_are() {
    let (_temporary, store) = store();
    store.save(&LocalFile::Timestamp, b"one").unwrap();
    let path = store.path(&LocalFile::Timestamp);
    let before = identity(&path);
    store.save(&LocalFile::Timestamp, b"one").unwrap();
    assert_eq!(identity(&path), before);
    for other in [&b"two"[..], b"on", b"one "] {
        let before = identity(&path);
        store.save(&LocalFile::Timestamp, other).unwrap();
        assert_ne!(identity(&path), before);
        assert_eq!(fs::read(&path).unwrap(), other);
    }
}

#[test]
fn whoever_reads_while_others_write_sees_one_whole_file_or_the_other() {
    let (_temporary, store) = store();
    let (zeros, ones) = (vec![b'0'; 100_000], vec![b'1'; 70_000]);
    store.save(&LocalFile::Targets, &zeros).unwrap();
    let done = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            for _ in 0..50 {
                store.save(&LocalFile::Targets, &ones).unwrap();
                store.save(&LocalFile::Targets, &zeros).unwrap();
            }
            done.store(true, Ordering::SeqCst);
        });
        while !done.load(Ordering::SeqCst) {
            let seen = store.load(&LocalFile::Targets, 100_000).unwrap().unwrap();
            assert!(seen == zeros || seen == ones);
        }
    });
}

// ---- who may read, and what is in the way

#[cfg(unix)]
#[test]
fn go_tuf_f400bf4_the_cache_is_open_to_nobody_else() {
    let (temporary, store) = store();
    let store = FileStore::open(store.folder().join("below/it")).unwrap();
    store.save(&LocalFile::Root, b"x").unwrap();
    store.save(&LocalFile::RootHistory(1), b"x").unwrap();
    drop(store.lock_exclusive().unwrap());
    for folder in ["cache", "cache/below", "cache/below/it", "cache/below/it/root_history"] {
        assert_eq!(mode(&temporary.path().join(folder)), 0o700, "{folder}");
    }
    for file in ["root.json", "root_history/1.root.json", ".lock"] {
        assert_eq!(mode(&store.folder().join(file)), 0o600, "{file}");
    }
    assert!(!store.is_open_to_others());
}

#[cfg(unix)]
#[test]
fn a_folder_that_others_may_write_is_told() {
    use std::os::unix::fs::PermissionsExt;
    let (_temporary, store) = store();
    for (mode, open) in [(0o755, false), (0o775, true), (0o777, true), (0o700, false)] {
        fs::set_permissions(store.folder(), fs::Permissions::from_mode(mode)).unwrap();
        assert_eq!(store.is_open_to_others(), open, "{mode:o}");
    }
}

#[cfg(unix)]
#[test]
fn a_link_in_a_file_s_place_is_not_read_and_is_replaced_as_a_link() {
    let (temporary, store) = store();
    let elsewhere = temporary.path().join("elsewhere");
    fs::write(&elsewhere, "theirs").unwrap();
    let path = store.path(&LocalFile::Timestamp);
    std::os::unix::fs::symlink(&elsewhere, &path).unwrap();
    let refused = store.load(&LocalFile::Timestamp, 99).unwrap_err();
    assert!(matches!(refused, StoreError::NotARegularFile { found: "a symbolic link", .. }), "{refused}");
    store.save(&LocalFile::Timestamp, b"ours").unwrap();
    assert_eq!(fs::read(&elsewhere).unwrap(), b"theirs");
    assert_eq!(store.load(&LocalFile::Timestamp, 99).unwrap().unwrap(), b"ours");
}

#[cfg(unix)]
#[test]
fn a_socket_or_a_folder_in_a_file_s_place_is_not_opened() {
    let (_temporary, store) = store();
    let _socket = std::os::unix::net::UnixListener::bind(store.path(&LocalFile::Snapshot)).unwrap();
    fs::create_dir(store.path(&LocalFile::Targets)).unwrap();
    for (file, what) in [(LocalFile::Snapshot, "not a regular file"), (LocalFile::Targets, "a folder")] {
        let refused = store.load(&file, 99).unwrap_err();
        assert!(matches!(refused, StoreError::NotARegularFile { found, .. } if found == what), "{refused}");
    }
}

#[test]
fn a_failed_save_leaves_what_was_there_and_nothing_else() {
    let (_temporary, store) = store();
    fs::create_dir(store.path(&LocalFile::Targets)).unwrap();
    assert!(matches!(store.save(&LocalFile::Targets, b"x"), Err(StoreError::Io { .. })));
    assert_eq!(listing(store.folder()), ["targets.json"]);
}

#[test]
fn a_home_that_is_no_folder_is_read_only_and_a_file_in_the_folder_s_place_is_told() {
    let temporary = tempfile::tempdir().unwrap();
    let file = temporary.path().join("file");
    fs::write(&file, "x").unwrap();
    let refused = FileStore::open(file.join("below/cache")).unwrap_err();
    assert!(refused.path().unwrap().starts_with(&file) && refused.is_read_only(), "{refused}");
    let refused = FileStore::open(&file).unwrap_err();
    assert!(matches!(refused, StoreError::NotARegularFile { found: "not a folder", .. }), "{refused}");
}

/// Not even root can make a file in `/sys`.
#[cfg(target_os = "linux")]
#[test]
fn where_nobody_can_write_reading_needs_no_lock_and_writing_says_so() {
    if !Path::new("/sys/kernel").is_dir() {
        return;
    }
    let store = FileStore::open("/sys/kernel").unwrap();
    let _lock = store.lock_shared().unwrap();
    assert_eq!(store.load(&LocalFile::Root, 99).unwrap(), None);
    for refused in [store.lock_exclusive().map(drop), store.save(&LocalFile::Root, b"x")] {
        let refused = refused.unwrap_err();
        assert!(refused.is_read_only() && refused.hint().is_some(), "{refused}");
    }
    assert!(FileStore::open("/sys/kernel/rootline/cache").unwrap_err().is_read_only());
}

// ---- names that a repository chose

#[test]
fn cve_2021_41131_and_41150_a_role_s_name_never_leaves_the_folder() {
    let (temporary, store) = store();
    let names = ["../escaped", "/absolute", "a/../../b", "..", ".", "", ".lock", "x\\..\\y", "nul", "a\nb", "?", "a\0"];
    for name in names {
        store.save(&LocalFile::Delegated(name.to_owned()), name.as_bytes()).unwrap();
    }
    assert_eq!(listing(temporary.path()), ["cache"]);
    assert_eq!(listing(store.folder()).len(), names.len());
    for name in names {
        let loaded = store.load(&LocalFile::Delegated(name.to_owned()), 99).unwrap().unwrap();
        assert_eq!(loaded, name.as_bytes(), "{name:?}");
    }
}

#[test]
fn a_delegated_role_named_like_a_top_level_one_has_a_file_of_its_own() {
    let (_temporary, store) = store();
    store.save(&LocalFile::Root, b"top level").unwrap();
    for name in ["root", "Root", "ROOT"] {
        let role = LocalFile::Delegated(name.to_owned());
        store.save(&role, name.as_bytes()).unwrap();
        let file = store.path(&role).file_name().unwrap().to_str().unwrap().to_ascii_lowercase();
        assert_ne!(file, "root.json");
    }
    assert_eq!(store.load(&LocalFile::Root, 99).unwrap().unwrap(), b"top level");
}

#[test]
fn a_role_s_name_may_be_longer_than_a_file_name() {
    let (_temporary, store) = store();
    let (one, other) = ("x".repeat(4000) + "1", "x".repeat(4000) + "2");
    for name in [&one, &other] {
        store.save(&LocalFile::Delegated(name.clone()), name.as_bytes()).unwrap();
    }
    for name in [&one, &other] {
        assert_eq!(store.load(&LocalFile::Delegated(name.clone()), 9999).unwrap().unwrap(), name.as_bytes());
    }
}

// ---- several processes

#[test]
fn readers_share_the_lock_and_a_writer_has_it_alone() {
    let (_temporary, store) = store();
    let reading = store.lock_shared().unwrap();
    let reading_too = store.lock_shared().unwrap();
    assert!(matches!(store.lock_exclusive(), Err(StoreError::Locked { .. })));
    drop((reading, reading_too));
    let writing = store.lock_exclusive().unwrap();
    assert!(matches!(store.lock_exclusive(), Err(StoreError::Locked { .. })));
    let refused = store.lock_shared().unwrap_err();
    assert!(matches!(refused, StoreError::Locked { waited: Duration::ZERO, .. }), "{refused}");
    assert!(!refused.is_read_only());
    drop(writing);
    assert!(store.lock_shared().is_ok());
}

#[test]
fn a_lock_that_becomes_free_while_waiting_is_taken() {
    let (_temporary, store) = store();
    let writing = store.lock_exclusive().unwrap();
    let patient = store.clone().with_lock_wait(Duration::from_secs(60));
    thread::scope(|scope| {
        let waiting = scope.spawn(|| patient.lock_exclusive().map(drop));
        thread::sleep(Duration::from_millis(3));
        assert!(!waiting.is_finished());
        drop(writing);
        waiting.join().unwrap().unwrap();
    });
}

#[test]
fn what_an_ended_writer_left_is_swept_by_the_next_one_and_not_by_readers() {
    let (_temporary, store) = store();
    store.save(&LocalFile::RootHistory(1), b"x").unwrap();
    for left in [".unfinished-abc", "root_history/.unfinished-def"] {
        fs::write(store.folder().join(left), "half a fi").unwrap();
    }
    drop(store.lock_shared().unwrap());
    assert!(store.folder().join(".unfinished-abc").exists());
    drop(store.lock_exclusive().unwrap());
    assert_eq!(listing(store.folder()), [".lock", "root_history"]);
    assert_eq!(listing(&store.folder().join("root_history")), ["1.root.json"]);
}

// ---- in memory

#[test]
fn a_store_in_memory_keeps_limits_and_forgets_what_is_removed() {
    let memory = MemoryStore::new();
    memory.save(&LocalFile::Root, b"12345").unwrap();
    assert_eq!(memory.load(&LocalFile::Root, 5).unwrap().unwrap(), b"12345");
    assert!(matches!(memory.load(&LocalFile::Root, 4), Err(StoreError::TooLong { .. })));
    assert_eq!(memory.saved(), [LocalFile::Root]);
    memory.remove(&LocalFile::Root).unwrap();
    assert_eq!(memory.load(&LocalFile::Root, 5).unwrap(), None);
    assert!(memory.saved().is_empty());
}

#[test]
fn a_store_in_memory_over_another_one_begins_with_its_files_and_never_writes_to_it() {
    let (_temporary, store) = store();
    store.save(&LocalFile::Root, b"below").unwrap();
    store.save(&LocalFile::Timestamp, b"below").unwrap();
    let memory = MemoryStore::over(store.clone());
    memory.save(&LocalFile::Root, b"above").unwrap();
    memory.remove(&LocalFile::Timestamp).unwrap();
    memory.save(&LocalFile::Snapshot, b"above").unwrap();
    assert_eq!(memory.load(&LocalFile::Root, 9).unwrap().unwrap(), b"above");
    assert_eq!(memory.load(&LocalFile::Timestamp, 9).unwrap(), None);
    assert_eq!(store.load(&LocalFile::Root, 9).unwrap().unwrap(), b"below");
    assert_eq!(store.load(&LocalFile::Timestamp, 9).unwrap().unwrap(), b"below");
    assert_eq!(store.load(&LocalFile::Snapshot, 9).unwrap(), None);
}

// ---- targets in a user's folder

fn write(folder: &Path, path: &str, layout: Layout, bytes: &[u8]) -> Result<std::path::PathBuf, StoreError> {
    TargetPlace::new(folder, path, layout)?.write(bytes)
}

#[test]
fn a_target_is_one_flat_file_unless_sub_folders_are_asked_for() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("made/on/demand");
    let flat = write(&folder, "dir/sub/a.json", Layout::Flat, b"flat").unwrap();
    assert_eq!(flat, folder.join("dir%2Fsub%2Fa.json"));
    let nested = write(&folder, "dir/sub/a.json", Layout::Nested, b"nested").unwrap();
    assert_eq!(nested, folder.join("dir/sub/a.json"));
    assert_eq!((fs::read(flat).unwrap(), fs::read(nested).unwrap()), (b"flat".to_vec(), b"nested".to_vec()));
    assert_eq!(listing(&folder), ["dir", "dir%2Fsub%2Fa.json"]);
    assert_eq!(listing(&folder.join("dir/sub")), ["a.json"]);
}

#[test]
fn cve_2021_41149_a_target_s_name_never_leaves_the_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let folder = temporary.path().join("targets");
    let absolute = temporary.path().join("absolute").to_str().unwrap().to_owned();
    let names = ["../escaped", absolute.as_str(), "a/../../escaped", "..", ".", "", "a//b", "x\\..\\..\\y", "a\0b"];
    for name in names {
        let refused = write(&folder, name, Layout::Nested, b"x").unwrap_err();
        assert!(matches!(refused, StoreError::UnsafeName { .. }), "{name:?}: {refused}");
    }
    assert!(!folder.exists());
    for name in names {
        write(&folder, name, Layout::Flat, name.as_bytes()).unwrap();
    }
    assert_eq!(listing(temporary.path()), ["targets"]);
    assert_eq!(listing(&folder).len(), names.len());
}

#[cfg(unix)]
#[test]
fn cve_2026_6968_a_target_is_not_written_through_a_linked_folder() {
    let temporary = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (temporary.path().join("targets"), temporary.path().join("elsewhere"));
    fs::create_dir_all(folder.join("real")).unwrap();
    fs::create_dir(&elsewhere).unwrap();
    fs::write(elsewhere.join("a.json"), "x").unwrap();
    for link in ["linked", "real/linked"] {
        std::os::unix::fs::symlink(&elsewhere, folder.join(link)).unwrap();
        for below in ["a.json", "new/a.json"] {
            let target = TargetPlace::new(&folder, &format!("{link}/{below}"), Layout::Nested).unwrap();
            let refused = target.write(b"y").unwrap_err();
            assert!(matches!(refused, StoreError::NotARegularFile { found: "a symbolic link", .. }), "{refused}");
            assert!(target.existing_matches(1, |_| true).is_err());
        }
    }
    std::os::unix::fs::symlink(temporary.path().join("missing"), folder.join("dangling")).unwrap();
    assert!(write(&folder, "dangling/a.json", Layout::Nested, b"y").is_err());
    assert_eq!(listing(&elsewhere), ["a.json"]);
    assert_eq!(listing(temporary.path()), ["elsewhere", "targets"]);
    assert_eq!(fs::read(elsewhere.join("a.json")).unwrap(), b"x");
}

#[cfg(unix)]
#[test]
fn cve_2026_24137_a_link_in_the_file_s_place_is_replaced_and_what_it_leads_to_is_not() {
    let temporary = tempfile::tempdir().unwrap();
    let (folder, victim) = (temporary.path().join("targets"), temporary.path().join("victim"));
    fs::create_dir(&folder).unwrap();
    fs::write(&victim, "theirs").unwrap();
    std::os::unix::fs::symlink(&victim, folder.join("a.json")).unwrap();
    for layout in [Layout::Flat, Layout::Nested] {
        let target = TargetPlace::new(&folder, "a.json", layout).unwrap();
        assert_eq!(target.existing_matches(6, |_| true).unwrap(), layout == Layout::Nested);
        target.write(b"ours..").unwrap();
    }
    assert_eq!(fs::read(&victim).unwrap(), b"theirs");
    assert!(fs::symlink_metadata(folder.join("a.json")).unwrap().is_file());
}

#[cfg(unix)]
#[test]
fn the_target_folder_itself_may_be_a_link() {
    let temporary = tempfile::tempdir().unwrap();
    fs::create_dir(temporary.path().join("real")).unwrap();
    std::os::unix::fs::symlink("real", temporary.path().join("linked")).unwrap();
    write(&temporary.path().join("linked"), "dir/a", Layout::Nested, b"x").unwrap();
    assert_eq!(fs::read(temporary.path().join("real/dir/a")).unwrap(), b"x");
}

#[test]
fn a_folder_or_a_file_in_the_way_of_a_target_is_told_and_left() {
    let temporary = tempfile::tempdir().unwrap();
    fs::create_dir(temporary.path().join("folder")).unwrap();
    fs::write(temporary.path().join("file"), "x").unwrap();
    for (name, what) in [("folder", "a folder"), ("file/a", "not a folder")] {
        let refused = write(temporary.path(), name, Layout::Nested, b"y").unwrap_err();
        assert!(matches!(refused, StoreError::NotARegularFile { found, .. } if found == what), "{name}: {refused}");
    }
    assert_eq!(listing(temporary.path()), ["file", "folder"]);
    assert!(listing(&temporary.path().join("folder")).is_empty());
}

#[test]
fn a_target_that_is_there_matches_by_length_and_content() {
    let temporary = tempfile::tempdir().unwrap();
    let target = TargetPlace::new(temporary.path(), "dir/a.json", Layout::Nested).unwrap();
    let is = |expected: &'static [u8]| {
        move |content: &mut dyn Read| {
            let mut found = Vec::new();
            content.read_to_end(&mut found).is_ok() && found == expected
        }
    };
    assert!(!target.existing_matches(5, |_| true).unwrap());
    assert!(listing(temporary.path()).is_empty());
    target.write(b"12345").unwrap();
    assert!(target.existing_matches(5, is(b"12345")).unwrap());
    assert!(!target.existing_matches(5, is(b"1234x")).unwrap());
    for other_length in [0, 4, 6, u64::MAX] {
        assert!(!target.existing_matches(other_length, |_| panic!("is not asked")).unwrap());
    }
    fs::write(target.path(), "").unwrap();
    assert!(target.existing_matches(0, is(b"")).unwrap());
}

#[cfg(unix)]
#[test]
fn a_target_is_readable_as_the_user_s_other_files_are() {
    let temporary = tempfile::tempdir().unwrap();
    fs::write(temporary.path().join("other"), "x").unwrap();
    let written = write(temporary.path(), "target", Layout::Flat, b"x").unwrap();
    assert_eq!(mode(&written), mode(&temporary.path().join("other")));
}

#[test]
fn nothing_but_the_target_is_in_the_folder_afterwards() {
    let temporary = tempfile::tempdir().unwrap();
    for content in [&b"one"[..], b"two", b""] {
        write(temporary.path(), "target", Layout::Flat, content).unwrap();
        assert_eq!(fs::read(temporary.path().join("target")).unwrap(), content);
        assert_eq!(listing(temporary.path()), ["target"]);
    }
}
