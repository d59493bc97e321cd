//! A maintainer's folder and keys on file systems that lack something, by injected answers of the operating system.

#![cfg(target_os = "linux")]
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::interrupted::Strace;

/// The command where each of these system calls is answered with that error.
fn refused(strace: &Strace, refusals: &[(&str, &str)], fixture: &RepositoryFixture, arguments: &[&str]) -> Output {
    let record = tempfile::tempdir().unwrap();
    let command = fixture.command(arguments);
    Output::of(&mut strace.refusing(refusals, &command, &record.path().join("strace")))
}

#[test]
fn without_locks_a_command_that_writes_goes_on_with_one_warning() {
    let Some(strace) = Strace::new() else { return };
    let fixture = RepositoryFixture::planned();
    let freeze =
        |error| refused(&strace, &[("flock", error)], &fixture, &["ceremony", "freeze", "first", "--at", DAY_0]);
    let failed = freeze("EIO");
    assert_eq!(failed.status, 1);
    assert!(failed.stderr.starts_with("error: cannot lock "), "{}", failed.stderr);
    fixture.write("targets/.unfinished-1-1", "another one is at work");
    let frozen = freeze("ENOLCK");
    assert_eq!(frozen.status, 0, "{}", frozen.stderr);
    assert_eq!(frozen.stderr.matches("warning: ").count(), 1, "{}", frozen.stderr);
    assert!(frozen.stderr.contains("locks do not work for "), "{}", frozen.stderr);
    assert!(frozen.stderr.contains("hint: let no other rootline-repo write there meanwhile"), "{}", frozen.stderr);
    assert!(fixture.path("targets/.unfinished-1-1").exists(), "what another one writes is left alone");
}

/// FAT has no second names for a file, and other file systems do not swap or sync: a new key is written all the same, and none over another.
#[test]
fn a_new_key_is_written_where_files_have_one_name_and_nothing_is_synced() {
    let Some(strace) = Strace::new() else { return };
    let fixture = RepositoryFixture::new();
    for (link, sync) in [("EPERM", "EINVAL"), ("ENOSYS", "ENOSYS"), ("EOPNOTSUPP", "EOPNOTSUPP")] {
        let refusals =
            [("link", link), ("linkat", link), ("renameat2", "EINVAL"), ("fsync", sync), ("fchmod", "EPERM")];
        let file = format!("{link}.pem");
        let generate = ["key", "generate", "--out", &file, "--plain"];
        let made = refused(&strace, &refusals, &fixture, &generate);
        assert_eq!(made.status, 0, "{link}: {}", made.stderr);
        let key = fixture.read(&file);
        assert!(key.contains("PRIVATE KEY"), "{link}");
        let again = refused(&strace, &refusals, &fixture, &generate);
        assert_eq!(again.status, 1, "{link}");
        assert!(again.stderr.contains("already exists"), "{link}: {}", again.stderr);
        assert_eq!(fixture.read(&file), key);
    }
    assert!(fixture.list("").iter().all(|name| !name.contains(".unfinished")), "{:?}", fixture.list(""));
}
