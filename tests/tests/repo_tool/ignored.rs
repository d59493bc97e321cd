//! A folder that is kept in git is whole in every clone, whatever the names of shipped files are.

use std::fs;
use std::path::Path;
use std::process::Command;

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::peers;

fn git(git: &Path, folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(git);
    command.current_dir(folder).args(["-c", "user.name=a", "-c", "user.email=a@example.org"]).args(words);
    let output = command.output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// Sigstore's own targets end in `.pem`.
#[test]
fn a_clone_has_shipped_files_in_pem_and_no_private_key() {
    let Some(program) = peers::of_the_system("git") else { return };
    let fixture = RepositoryFixture::after_the_first();
    fixture.write("targets/deep/company_ca.crt.pem", "a certificate");
    fixture.hold("next", &[], &["alice", "bob", "carol"], DAY_0);
    git(&program, fixture.folder(), &["init", "-q", "-b", "main"]);
    git(&program, fixture.folder(), &["add", "-A"]);
    git(&program, fixture.folder(), &["commit", "-q", "-m", "x"]);
    let clone = tempfile::tempdir().unwrap();
    let place = clone.path().join("clone");
    git(&program, clone.path(), &["clone", "-q", fixture.folder().to_str().unwrap(), "clone"]);
    for folder in ["targets", "metadata", "public"] {
        let cloned = fixture.list(folder).into_iter().filter(|name| place.join(folder).join(name).exists());
        assert_eq!(cloned.collect::<Vec<_>>(), fixture.list(folder), "{folder}");
    }
    assert!(fixture.path("keys/alice.pem").exists() && !place.join("keys/alice.pem").exists());
    let at = place.to_str().unwrap();
    let key = fixture.path("keys/online.pem");
    let commands: [&[&str]; 3] = [&["status"], &["online", "--renew", "--key", key.to_str().unwrap()], &["publish"]];
    for command in commands {
        let output = fixture.at(DAY_1, &[&["--repository", at], command].concat());
        assert!(output.is_done(), "{command:?}: {output:?}");
    }
}

/// One of an earlier version has to be mended by hand, and freezing says how.
#[test]
fn a_gitignore_that_would_leave_out_a_shipped_file_is_warned_of() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.write("targets/company_ca.crt.pem", "a certificate");
    fixture.done(&["ceremony", "new", "next"]);
    let warning = "warning: .gitignore makes git ignore the target company_ca.crt.pem and its published copies; append the lines ";
    let warned = || fixture.done(&["ceremony", "freeze", "next"]).stderr;
    assert_eq!(warned(), "");
    let whole = fixture.read(".gitignore");
    for line in ["!/targets/**", "!/metadata/**", "!/public/**"] {
        fixture.write(".gitignore", whole.replace(&format!("{line}\n"), ""));
        assert_eq!(warned(), format!("{warning}{line}\n"));
    }
    fixture.write(".gitignore", "*.pem\n");
    assert_eq!(warned(), format!("{warning}!/targets/** and !/metadata/** and !/public/**\n"));
    // Nothing that git takes is worth a word.
    fs::rename(fixture.path("targets/company_ca.crt.pem"), fixture.path("targets/company_ca.crt.txt")).unwrap();
    fixture.done(&["ceremony", "new", "other"]);
    assert_eq!(fixture.done(&["ceremony", "freeze", "other"]).stderr, "");
}
