//! The program on file systems that lack something, by injected answers of the operating system.

#![cfg(target_os = "linux")]
use std::fs;
use std::process::Command;

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::client::{ClientFixture, DAY_1};
use rootline_tests::fixtures::output::Output;
use rootline_tests::interrupted::Strace;

/// The command where each of these system calls is answered with that error.
fn refused(strace: &Strace, refusals: &[(&str, &str)], fixture: &ClientFixture, command: &Command) -> Output {
    Output::of(&mut strace.refusing(refusals, command, &fixture.path("strace")))
}

/// What a file system answers that has no locks: NFS without its lock service, some in user space, some of containers.
const NO_LOCKS: [&str; 3] = ["ENOLCK", "ENOSYS", "EOPNOTSUPP"];

#[test]
fn without_locks_update_goes_on_with_one_warning_and_readers_without() {
    let Some(strace) = Strace::new() else { return };
    for error in NO_LOCKS {
        let fixture = ClientFixture::new();
        let run = |command: &[&str]| refused(&strace, &[("flock", error)], &fixture, &fixture.command(command, DAY_1));
        let update = run(&["update"]);
        assert_eq!(update.status, 0, "{error}: {}", update.stderr);
        assert_eq!(update.stderr.matches("warning: ").count(), 1, "{error}: {}", update.stderr);
        assert_eq!(update.stderr.lines().count(), 2, "{error}: {}", update.stderr);
        assert!(update.stderr.contains("locks do not work for "), "{}", update.stderr);
        let kind = update.stderr.split_once(".lock on ").unwrap().1.split(": ").next().unwrap();
        let mounts = fs::read_to_string("/proc/self/mounts").unwrap();
        assert!(mounts.lines().any(|mount| mount.split(' ').nth(2) == Some(kind)), "{}", update.stderr);
        assert!(update.stderr.contains("hint: ") && update.stderr.contains("--cache"), "{}", update.stderr);
        for command in
            [&["show", "--offline"][..], &["status"], &["get", "trusted_root.json", "--offline"], &["update"]]
        {
            let output = run(command);
            // The last one has nothing to write.
            assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{error}: {command:?}");
        }
    }
}

#[test]
fn a_lock_that_fails_for_another_reason_is_a_failure() {
    let Some(strace) = Strace::new() else { return };
    let fixture = ClientFixture::new();
    let update = refused(&strace, &[("flock", "EIO")], &fixture, &fixture.command(&["update"], DAY_1));
    assert_eq!(update.status, 1);
    assert!(update.stderr.starts_with("error: cannot lock "), "{}", update.stderr);
}

#[test]
fn a_mirror_without_locks_is_written_with_one_warning() {
    let Some(strace) = Strace::new() else { return };
    let fixture = ClientFixture::new();
    let folder = fixture.path("mirror");
    let mut command = Command::new(rootline());
    command.env_remove("ROOTLINE_INSTANCE").arg("mirror").arg(&folder).args(["--at", DAY_1]);
    command.arg("--url").arg(fixture.path("metadata")).arg("--targets-url").arg(fixture.path("targets"));
    command.arg("--root").arg(fixture.path("metadata/1.root.json"));
    let mirror = refused(&strace, &[("flock", "ENOLCK")], &fixture, &command);
    assert_eq!(mirror.status, 0, "{}", mirror.stderr);
    assert_eq!(mirror.stderr.matches("warning: ").count(), 1, "{}", mirror.stderr);
    assert!(mirror.stderr.contains("locks do not work for "), "{}", mirror.stderr);
    assert!(folder.join("timestamp.json").exists());
}

/// What cannot be synced is written; what fails to be synced is not kept.
#[test]
fn a_file_system_that_cannot_sync_is_written_and_one_that_fails_to_is_not() {
    let Some(strace) = Strace::new() else { return };
    for (error, kept) in [("EINVAL", true), ("ENOSYS", true), ("EOPNOTSUPP", true), ("EIO", false), ("ENOSPC", false)] {
        let fixture = ClientFixture::new();
        let run = |command: &[&str]| refused(&strace, &[("fsync", error)], &fixture, &fixture.command(command, DAY_1));
        let update = run(&["update"]);
        assert_eq!(update.status == 0, kept, "{error}: {}", update.stderr);
        let folder = fixture.path("out");
        let get = run(&["get", "trusted_root.json", "--output", folder.to_str().unwrap()]);
        assert_eq!(get.status == 0, kept, "{error}: {}", get.stderr);
        if kept {
            assert_eq!((update.stderr.as_str(), get.stderr.as_str()), ("", ""), "{error}");
        }
    }
}
