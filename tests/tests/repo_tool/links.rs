//! A link in a maintainer's folder, as version control brings it, leads nowhere: nothing behind it is read, written or removed.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::Path;

use rootline_tests::fixtures::repository::{DAY_1, RepositoryFixture};

/// Puts a link in the place of `name`, to a folder outside that has what was there, and one file of somebody else.
fn lead_elsewhere(fixture: &RepositoryFixture, name: &str, outside: &Path) {
    let place = fixture.path(name);
    if place.exists() {
        fs::rename(&place, outside).unwrap()
    } else {
        fs::create_dir_all(outside).unwrap()
    }
    fs::write(outside.join("of somebody else.json"), "precious").unwrap();
    symlink(outside, &place).unwrap();
}

/// Every file below `folder` with its content.
fn content(folder: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[track_caller]
fn is_refused(fixture: &RepositoryFixture, name: &str, command: &[&str]) {
    let outside = tempfile::tempdir().unwrap();
    let outside = outside.path().join("elsewhere");
    lead_elsewhere(fixture, name, &outside);
    let before = content(&outside);
    let output = fixture.at(DAY_1, command);
    assert_eq!(output.status, 1, "{name}, {command:?}: {output:?}");
    let told = format!("{name} is a symbolic link, and none is followed here\n");
    assert!(output.stderr.contains(&told), "{name}, {command:?}: {output:?}");
    assert_eq!(content(&outside), before, "{name}, {command:?}");
}

const FREEZE: &[&str] = &["ceremony", "freeze", "first"];
const SIGN: &[&str] = &["ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"];
const SEAL: &[&str] = &["ceremony", "seal", "first"];
const ONLINE: &[&str] = &["online", "--key", "keys/online.pem", "--renew"];

#[test]
fn no_link_below_a_ceremony_is_followed() {
    let frozen = RepositoryFixture::frozen();
    for name in
        ["ceremonies/first/frozen", "ceremonies/first/signatures", "ceremonies/first/sealed", "ceremonies/first"]
    {
        for command in [FREEZE, SIGN, SEAL, &["ceremony", "review", "first"], &["ceremony", "request", "first"]] {
            is_refused(&frozen.copy(), name, command);
        }
    }
    is_refused(&frozen.copy(), "ceremonies/first/heads", &["ceremony", "witness", "first", "--key", "keys/alice.pem"]);
}

#[test]
fn no_link_in_the_place_of_a_folder_is_followed() {
    let fixture = RepositoryFixture::after_the_first();
    for (name, commands) in [
        ("metadata", &[ONLINE, &["publish"], &["status"]][..]),
        ("targets", &[ONLINE, &["trust", "show"], &["ceremony", "new", "next"]]),
        ("keyholders", &[ONLINE, &["keyholder", "list"], &["ceremony", "new", "next"]]),
        ("ceremonies", &[ONLINE, &["ceremony", "list"], &["ceremony", "verify"]]),
        ("vendor-roots", &[ONLINE, &["ceremony", "new", "next"]]),
        ("metadata/targets", &[ONLINE, &["publish"]]),
        ("keyholders/alice", &[&["keyholder", "list"], &["ceremony", "new", "next"]]),
    ] {
        for command in commands {
            is_refused(&fixture.copy(), name, command);
        }
    }
}

/// A single file of it, too: what is read is the file that was reviewed.
#[test]
fn no_link_in_the_place_of_a_file_is_followed() {
    let frozen = RepositoryFixture::frozen();
    for name in
        ["ceremonies/first/frozen/1.root.json", "ceremonies/first/transcript.jsonl", "ceremonies/first/plan.toml"]
    {
        let fixture = frozen.copy();
        let outside = tempfile::tempdir().unwrap();
        let file = outside.path().join("file");
        fs::rename(fixture.path(name), &file).unwrap();
        symlink(&file, fixture.path(name)).unwrap();
        let before = fs::read(&file).unwrap();
        for command in [FREEZE, SIGN, SEAL] {
            let output = fixture.at(DAY_1, command);
            assert!(
                output.status == 1 && output.stderr.contains("is a symbolic link"),
                "{name}, {command:?}: {output:?}"
            );
        }
        assert_eq!(fs::read(&file).unwrap(), before);
    }
}

/// The other side: what is above the folder is its owner's choice, and a published folder may lie anywhere.
#[test]
fn a_repository_that_is_reached_by_a_link_works() {
    let fixture = RepositoryFixture::after_the_first();
    let outside = tempfile::tempdir().unwrap();
    let (link, public) = (outside.path().join("link"), outside.path().join("public"));
    symlink(fixture.folder(), &link).unwrap();
    fs::create_dir(&public).unwrap();
    symlink(&public, outside.path().join("to")).unwrap();
    let (link, to) = (link.to_str().unwrap(), outside.path().join("to"));
    for command in [ONLINE, &["publish", "--to", to.to_str().unwrap()], &["ceremony", "verify"], &["status"]] {
        fixture.done_at(DAY_1, &[&["--repository", link], command].concat());
    }
    assert!(public.join("timestamp.json").exists());
}
