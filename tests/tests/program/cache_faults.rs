//! What the commands do where the cache cannot be written, cannot be read, or is not what it was.

#![cfg(target_os = "linux")]
use std::fs;
use std::os::unix::fs::{MetadataExt, PermissionsExt, symlink};
use std::path::{Path, PathBuf};
use std::process::Command;

use rootline_tests::fixtures::client::{ClientFixture, DAY_1, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;

/// A repository that has gone on since the cache was made.
fn fixture() -> ClientFixture {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let newer = ClientFixture::with(|sim| {
        sim.publish_root().add_target("targets", "newer", b"x").publish();
    });
    for folder in ["metadata", "targets"] {
        fs::rename(newer.path(folder), fixture.path(&format!("newer-{folder}"))).unwrap();
        fs::rename(fixture.path(folder), fixture.path(&format!("older-{folder}"))).unwrap();
        fs::rename(fixture.path(&format!("newer-{folder}")), fixture.path(folder)).unwrap();
    }
    fixture
}

/// The command in a place where `set_up`, a shell script, has come first. What it mounts is there for this command alone. None where this
/// machine lets nobody mount.
fn after(set_up: &str, fixture: &ClientFixture, command: &Command) -> Option<Output> {
    let allowed = Command::new("unshare").args(["-rm", "true"]).output().is_ok_and(|tried| tried.status.success());
    let mut shell = Command::new("unshare");
    shell.args(["-rm", "sh", "-euc", &format!("{set_up}\nexec \"$@\""), "sh"]);
    shell.arg(command.get_program()).args(command.get_args());
    shell.env("CACHE", fixture.path("cache")).env("NO_COLOR", "1").env_remove("ROOTLINE_INSTANCE");
    allowed.then(|| Output::of(&mut shell))
}

/// A disk of its own for the cache, with as many pages left as that.
fn full_but_for(pages: usize) -> String {
    format!(
        "cp -a \"$CACHE\" \"$CACHE.before\"; mount -t tmpfs -o size=128k,mode=700 tmpfs \"$CACHE\"; cp -a \"$CACHE.before/.\" \"$CACHE\"
         head -c 200000 /dev/zero > \"$CACHE/filler\" 2>/dev/null || true
         truncate -s -$((4096 * {pages})) \"$CACHE/filler\"; rm -r \"$CACHE.before\""
    )
}

const READ_ONLY: &str = "mount --bind \"$CACHE\" \"$CACHE\"; mount -o remount,ro,bind \"$CACHE\"";

/// It is done, and says in one line that nothing is kept.
#[track_caller]
fn goes_on_with_one_warning(output: &Output) {
    assert_eq!(output.status, 0, "{}", output.stderr);
    assert_eq!(output.stderr.lines().count(), 1, "{}", output.stderr);
    assert!(output.stderr.starts_with("warning: "), "{}", output.stderr);
}

/// It is no success, and one error says what to do.
#[track_caller]
fn fails_clearly(output: &Output, what: &str) {
    assert_eq!((output.status, output.stdout.as_str()), (1, ""), "{}", output.stderr);
    let lines: Vec<&str> = output.stderr.lines().collect();
    assert!(lines[0].starts_with("error: ") && lines[0].contains(what), "{}", output.stderr);
    assert!(lines.last().unwrap().starts_with("  hint: "), "{}", output.stderr);
    assert_eq!(output.stderr.matches("error: ").count(), 1, "{}", output.stderr);
}

fn shows_the_trust_root(output: &Output) {
    assert!(output.stdout.contains("https://new.example"), "{}", output.stdout);
}

#[test]
fn on_a_full_disk_update_fails_and_show_and_get_go_on() {
    let fixture = fixture();
    let mut failed = 0;
    for pages in 0..12 {
        let full = full_but_for(pages);
        let Some(update) = after(&full, &fixture, &fixture.command(&["update"], DAY_1)) else { return };
        let kept = update.status == 0;
        if !kept {
            failed += 1;
            fails_clearly(&update, "No space left");
            assert!(update.stderr.contains("free some space"), "{}", update.stderr);
        }
        let show = after(&full, &fixture, &fixture.command(&["show"], DAY_1)).unwrap();
        let get = after(&full, &fixture, &fixture.command(&["get", "newer"], DAY_1)).unwrap();
        shows_the_trust_root(&show);
        assert_eq!(get.bytes, b"x");
        if !kept {
            goes_on_with_one_warning(&show);
        }
    }
    assert!((1..12).contains(&failed), "{failed} times there was no room");
}

#[test]
fn on_a_full_disk_what_was_there_before_is_still_there_and_verified() {
    let fixture = fixture();
    for pages in 0..12 {
        let command = fixture.command(&["status", "--json"], DAY_1);
        // The same options with another command come first.
        let update = "program=$1; shift 3; \"$program\" update \"$@\" > /dev/null 2>&1 || true; set -- \"$program\" status --json \"$@\"";
        let Some(status) = after(&format!("{}\n{update}", full_but_for(pages)), &fixture, &command) else { return };
        assert_eq!(status.status, 0, "{}", status.stderr);
        let report = status.json();
        let versions: Vec<u64> = (0..4).map(|role| report["roles"][role]["version"].as_u64().unwrap()).collect();
        assert!(versions == [1, 2, 2, 2] || versions == [2, 3, 3, 3], "{versions:?}");
    }
}

#[test]
fn in_a_read_only_home_update_fails_and_show_and_get_go_on() {
    let fixture = fixture();
    let Some(update) = after(READ_ONLY, &fixture, &fixture.command(&["update"], DAY_1)) else { return };
    fails_clearly(&update, "Read-only file system");
    let show = after(READ_ONLY, &fixture, &fixture.command(&["show"], DAY_1)).unwrap();
    goes_on_with_one_warning(&show);
    shows_the_trust_root(&show);
    goes_on_with_one_warning(&after(READ_ONLY, &fixture, &fixture.command(&["get", "newer"], DAY_1)).unwrap());
    // Whoever only reads has nothing to complain about.
    after(READ_ONLY, &fixture, &fixture.command(&["status"], DAY_1)).unwrap().succeeds();
    shows_the_trust_root(
        &after(READ_ONLY, &fixture, &fixture.command(&["show", "--offline"], DAY_1)).unwrap().succeeds(),
    );
}

#[test]
fn in_a_read_only_home_without_news_update_says_that_the_check_is_not_recorded() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let later = "2030-01-02T00:00:01Z";
    let Some(update) = after(READ_ONLY, &fixture, &fixture.command(&["update"], later)) else { return };
    goes_on_with_one_warning(&update);
    assert!(update.stderr.contains("last_check: Read-only file system"), "{}", update.stderr);
    let show = after(READ_ONLY, &fixture, &fixture.command(&["show"], later)).unwrap();
    assert_eq!((show.status, show.stderr.as_str()), (0, ""));
}

#[test]
fn in_an_empty_read_only_home_show_goes_on() {
    let fixture = fixture();
    fs::remove_dir_all(fixture.path("cache")).unwrap();
    fs::create_dir(fixture.path("cache")).unwrap();
    let Some(show) = after(READ_ONLY, &fixture, &fixture.command(&["show"], DAY_1)) else { return };
    goes_on_with_one_warning(&show);
    shows_the_trust_root(&show);
    fails_clearly(&after(READ_ONLY, &fixture, &fixture.command(&["update"], DAY_1)).unwrap(), "Read-only file system");
}

/// The command as a user who is not the cache's owner, and may do nothing because of being root.
fn as_somebody_else(fixture: &ClientFixture, command: &Command) -> Command {
    let root = fixture.path("");
    let is_root = fs::metadata(&root).unwrap().uid() == 0;
    let mut other = Command::new(if is_root { "setpriv" } else { "env" });
    if is_root {
        fs::set_permissions(&root, fs::Permissions::from_mode(0o755)).unwrap();
        // A user without an entry in the list of users, and so without a home.
        other.args(["--reuid=54321", "--regid=54321", "--clear-groups"]);
    }
    other.arg(command.get_program()).args(command.get_args()).env("NO_COLOR", "1").env_remove("ROOTLINE_INSTANCE");
    other
        .env_remove("HOME")
        .env_remove("XDG_CACHE_HOME")
        .env_remove("XDG_CONFIG_HOME")
        .env("ROOTLINE_CONFIG", root.join("none"));
    other
}

#[test]
fn a_cache_that_this_user_may_not_read_is_passed_over_with_one_warning() {
    let fixture = fixture();
    for folder in [fixture.path("cache"), fixture.copy()] {
        let before = fs::metadata(&folder).unwrap().permissions();
        fs::set_permissions(&folder, fs::Permissions::from_mode(0o000)).unwrap();
        for command in [&["show"][..], &["get", "newer"]] {
            let output = Output::of(&mut as_somebody_else(&fixture, &fixture.command(command, DAY_1)));
            goes_on_with_one_warning(&output);
        }
        fails_clearly(
            &Output::of(&mut as_somebody_else(&fixture, &fixture.command(&["update"], DAY_1))),
            "ermission denied",
        );
        let status = Output::of(&mut as_somebody_else(&fixture, &fixture.command(&["status"], DAY_1)));
        assert_eq!(status.status, 1, "{}", status.stderr);
        fs::set_permissions(&folder, before).unwrap();
    }
}

#[test]
fn without_any_home_show_goes_on_and_update_says_what_to_name() {
    let fixture = fixture();
    let root = fs::metadata(fixture.path("")).unwrap().uid() == 0;
    let without_cache = |command: &[&str]| as_somebody_else(&fixture, &fixture.command_without_cache(command, DAY_1));
    let homes: &[Option<&str>] =
        if root { &[None, Some("/dev/null"), Some("/nonexistent")] } else { &[Some("/dev/null")] };
    for home in homes {
        for command in ["show", "update"] {
            let mut program = without_cache(&[command]);
            program.envs(home.map(|home| ("HOME", home)));
            let output = Output::of(&mut program);
            if command == "show" {
                goes_on_with_one_warning(&output);
                shows_the_trust_root(&output);
            } else {
                fails_clearly(&output, "");
            }
        }
    }
}

type Damage = (&'static str, fn(&Path));

/// What a file of the cache can have become.
const DAMAGES: [Damage; 8] = [
    ("gone", |path| fs::remove_file(path).unwrap()),
    ("empty", |path| fs::write(path, "").unwrap()),
    ("half", |path| {
        let bytes = fs::read(path).unwrap();
        fs::write(path, &bytes[..bytes.len() / 2]).unwrap();
    }),
    ("garbage", |path| fs::write(path, [0xFF, 0x00, 0x7B]).unwrap()),
    ("huge", |path| fs::File::create(path).unwrap().set_len(1 << 40).unwrap()),
    ("a link", |path| {
        let elsewhere = path.parent().unwrap().join("elsewhere");
        fs::rename(path, &elsewhere).unwrap();
        symlink(elsewhere, path).unwrap();
    }),
    ("a link to itself", |path| {
        fs::remove_file(path).unwrap();
        symlink(path, path).unwrap();
    }),
    ("unreadable", |path| fs::set_permissions(path, fs::Permissions::from_mode(0o000)).unwrap()),
];

/// The files that a cache consists of, but for the lock.
fn files_of(copy: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(copy).unwrap() {
        let entry = entry.unwrap();
        match entry.file_type().unwrap().is_dir() {
            true => files.extend(files_of(&entry.path())),
            false if entry.file_name() == ".lock" => {}
            false => files.push(entry.path()),
        }
    }
    files
}

#[test]
fn a_copy_of_which_any_file_is_damaged_is_made_good() {
    let fixture = fixture();
    for command in ["show", "update"] {
        fixture.run(&["update"], DAY_1);
        for path in files_of(&fixture.copy()) {
            for (what, damage) in DAMAGES {
                let (before, when) = (fs::read(&path).unwrap(), format!("{command}, {}: {what}", path.display()));
                damage(&path);
                let output = fixture.run(&[command], DAY_1);
                assert_eq!(output.status, 0, "{when}: {}", output.stderr);
                assert!(output.stderr.lines().count() <= 1, "{when}: {}", output.stderr);
                let _ = fs::remove_file(path.with_file_name("elsewhere"));
                assert!(fs::read(&path).unwrap() == before, "{when}");
                shows_the_trust_root(&fixture.run(&["show", "--offline"], DAY_1).succeeds());
            }
        }
    }
}

#[test]
fn a_folder_in_a_file_s_place_is_told_and_not_removed() {
    let fixture = fixture();
    let path = fixture.copy().join("timestamp.json");
    fs::remove_file(&path).unwrap();
    fs::create_dir(&path).unwrap();
    fs::write(path.join("theirs"), "x").unwrap();
    let show = fixture.run(&["show"], DAY_1);
    goes_on_with_one_warning(&show);
    shows_the_trust_root(&show);
    let update = fixture.run(&["update"], DAY_1);
    assert!(
        update.stderr.contains("timestamp.json is a folder") && update.stderr.contains("move it away"),
        "{}",
        update.stderr
    );
    assert_eq!(update.status, 1);
    assert!(path.join("theirs").exists());
}

#[test]
fn what_is_in_the_lock_s_place_is_neither_opened_nor_followed() {
    let fixture = fixture();
    let (lock, elsewhere) = (fixture.copy().join(".lock"), fixture.path("elsewhere"));
    for put in [
        |lock: &Path, elsewhere: &Path| symlink(elsewhere, lock).unwrap(),
        |lock: &Path, _: &Path| fs::create_dir(lock).unwrap(),
        |lock: &Path, _: &Path| assert!(Command::new("mkfifo").arg(lock).status().unwrap().success()),
    ] {
        let _ = fs::remove_file(&lock);
        put(&lock, &elsewhere);
        fails_clearly(&fixture.run(&["update"], DAY_1), ".lock is ");
        let show = fixture.run(&["show"], DAY_1);
        goes_on_with_one_warning(&show);
        shows_the_trust_root(&show);
        fails_clearly(&fixture.run(&["status"], DAY_1), ".lock is ");
        let _ = fs::remove_dir(&lock);
    }
    assert!(!elsewhere.exists());
}

/// Foreign files are nobody's business, whatever they are called.
#[test]
fn files_of_others_stay_as_they_are() {
    let fixture = fixture();
    let names =
        ["README", "notes.json", "root_history/notes", "targets/.hidden", "root.json.bak", "root_history/0.root.json"];
    for name in names {
        fs::create_dir_all(fixture.copy().join(name).parent().unwrap()).unwrap();
        fs::write(fixture.copy().join(name), "theirs").unwrap();
    }
    fixture.run(&["update"], DAY_1).succeeds();
    for name in names {
        assert_eq!(fs::read(fixture.copy().join(name)).unwrap(), b"theirs", "{name}");
    }
    assert_eq!(fs::read(fixture.copy().join("targets/trusted_root.json")).unwrap(), TRUSTED_ROOT.as_bytes());
}

/// As a copy was before there was a record of checks, and with a pinned root in its history.
#[test]
fn a_copy_of_an_older_layout_is_taken_up() {
    let fixture = fixture();
    fs::remove_file(fixture.copy().join("last_check")).unwrap();
    fs::remove_file(fixture.copy().join(".lock")).unwrap();
    fs::create_dir_all(fixture.copy().join("root_history")).unwrap();
    fs::copy(fixture.copy().join("root.json"), fixture.copy().join("root_history/1.root.json")).unwrap();
    shows_the_trust_root(&fixture.run(&["show", "--offline"], DAY_1).succeeds());
    fixture.run(&["status"], DAY_1).succeeds();
    fixture.run(&["update"], DAY_1).succeeds();
}
