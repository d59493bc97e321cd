//! What is common to all commands of `rootline-repo`: exit statuses, quiet and verbose runs, completion of names.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::rootline_repo;
use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use rootline_tests::terminal::at_a_terminal;

#[test]
fn status_0_says_that_it_is_done_and_nobody_is_needed() {
    let fixture = RepositoryFixture::after_the_first();
    for command in [
        &["status"][..],
        &["online", "--key", "keys/online.pem"],
        &["publish"],
        &["doctor"],
        &["ceremony", "status", "first"],
        &["ceremony", "verify"],
        &["ceremony", "list"],
        &["keyholder", "list"],
    ] {
        let output = fixture.at(DAY_0, command);
        assert_eq!(output.status, 0, "{command:?}: {output:?}");
    }
}

#[test]
fn status_1_says_that_it_was_refused_or_failed() {
    let fixture = RepositoryFixture::frozen();
    fixture.at(DAY_0, &["ceremony", "seal", "first"]).refuses(
        "root 1 has 0 of the 3 signatures",
        "every threshold is met",
        "ask for",
    );
    assert_eq!(fixture.at(DAY_0, &["doctor", "--lost", "alice,bob,carol"]).status, 1);
    fixture.edit("ceremonies/first/frozen/1.root.json", "2030", "2031");
    assert_eq!(fixture.at(DAY_0, &["ceremony", "verify"]).status, 1);
}

#[test]
fn status_2_says_that_the_command_line_is_wrong() {
    let fixture = RepositoryFixture::planned();
    for command in [&["stauts"][..], &["online", "--nonsense"], &["ceremony", "freeze", "Not A Name"], &[]] {
        assert_eq!(fixture.at(DAY_0, command).status, 2, "{command:?}");
    }
    // Asked for, help is a result.
    assert_eq!(fixture.run(&["ceremony", "sign", "--help"]).status, 0);
}

#[test]
fn status_3_says_that_the_key_could_not_be_reached() {
    let fixture = RepositoryFixture::frozen();
    let key = "plugin:nowhere://x";
    for command in [&["key", "check", key][..], &["ceremony", "sign", "first", "--key", key, "--yes"]] {
        let output = fixture.at(DAY_0, command);
        output.reaches_nothing("no program sigstore-kms-nowhere on the PATH", "install the plugin");
    }
    // A key that is there and does not sign here is refused.
    assert_eq!(fixture.at(DAY_0, &["key", "check", "keys/nobody.pem"]).status, 1);
}

#[test]
fn status_4_says_that_it_is_done_and_a_person_is_needed() {
    // A plan that names somebody without a key cannot be frozen as it is.
    let fixture = RepositoryFixture::new();
    fixture.edit("rootline.toml", "\"erin\"", "\"zoe\"");
    let output = fixture.at(DAY_0, &["ceremony", "new", "first"]);
    assert_eq!(output.status, 4, "{output:?}");

    // A ceremony waits for signatures.
    let fixture = RepositoryFixture::frozen();
    for command in [&["status"][..], &["ceremony", "status", "first"]] {
        assert_eq!(fixture.at(DAY_0, command).status, 4, "{command:?}");
    }
}

#[test]
fn a_daily_run_says_when_keyholders_have_to_renew_a_role() {
    let fixture = RepositoryFixture::after_the_first();
    let daily = ["online", "--key", "keys/online.pem"];
    assert_eq!(fixture.at(DAY_1, &daily).status, 0);
    // 46 days before 2030-07-17.
    let output = fixture.at("2030-06-01T00:00:00Z", &daily);
    assert_eq!(output.status, 4, "{output:?}");
    let warning = "warning: root has been due for renewal since 2030-06-01T00:00:00Z: rootline-repo renew\n";
    assert!(output.stderr.contains(warning), "{output:?}");
    output.says("wrote metadata/timestamp.json");
}

#[test]
fn quiet_leaves_out_what_to_do_next_and_verbose_adds_files_and_signers() {
    let fixture = RepositoryFixture::planned();
    let usual = fixture.copy().at(DAY_0, &["ceremony", "freeze", "first"]);
    let quiet = fixture.copy().at(DAY_0, &["ceremony", "freeze", "first", "--quiet"]);
    let (results, next): (Vec<&str>, Vec<&str>) = usual.stdout.lines().partition(|line| !line.starts_with("next: "));
    assert_eq!(next.len(), 1, "{usual:?}");
    assert_eq!(quiet.stdout.lines().collect::<Vec<_>>(), results);

    let verbose = fixture.at(DAY_0, &["-v", "ceremony", "freeze", "first"]);
    assert_eq!(verbose.stdout, usual.stdout);
    for file in ["ceremonies/first/frozen/1.root.json", "ceremonies/first/frozen/1.targets.json"] {
        assert!(verbose.stderr.lines().any(|line| line == format!("wrote {file}")), "{file}: {verbose:?}");
    }
    let signed = fixture.at(DAY_0, &["-v", "ceremony", "sign", "first", "--key", "keys/alice.pem", "--yes"]);
    for line in ["asked file:keys/alice.pem for its public key", "asked file:keys/alice.pem to sign "] {
        assert!(signed.stderr.contains(line), "{line}: {signed:?}");
    }
    assert_eq!(fixture.run(&["-q", "-v", "status"]).status, 2);

    let fixture = RepositoryFixture::after_the_first();
    let published = fixture.at(DAY_1, &["-v", "publish", "--to", "again"]);
    assert!(published.stderr.contains("1 verifier accepts the publication, from root 1"), "{published:?}");
}

/// A terminal of 60 and one of 100 columns: what can be wrapped keeps within them. In a pipe every row is one line.
#[test]
fn tables_follow_the_terminal_and_a_pipe_gets_each_row_whole() {
    let fixture = RepositoryFixture::after_the_first();
    let commands =
        [&["status"][..], &["doctor"], &["doctor", "--lost", "alice,bob"], &["keyholder", "list"], &["trust", "show"]];
    for arguments in commands {
        let mut words = vec![format!("'{}'", rootline_repo().display()), "--at".to_owned(), DAY_1.to_owned()];
        words.extend(arguments.iter().map(|&word| word.to_owned()));
        for columns in [60, 100] {
            let output = at_a_terminal(fixture.folder(), &words.join(" "), columns, "", false);
            let Some(output) = output else {
                rootline_tests::skipped::skip("there is no program `script`");
                return;
            };
            let output = String::from_utf8(output.stdout).unwrap();
            assert!(output.lines().count() > 4, "{arguments:?}: {output}");
            // Commands are typed as they stand there, the URL of a log is one word, and a warning is one line.
            let is_whole = |line: &str| line.contains("rootline-repo ") || line.starts_with("warning: ");
            let is_wrapped = |line: &&str| !is_whole(line) && line.split_whitespace().count() > 2;
            for line in output.lines().filter(is_wrapped) {
                assert!(line.chars().count() <= columns.into(), "{arguments:?} in {columns} columns: {line}\n{output}");
            }
        }
    }
    let piped = fixture.at(DAY_1, &["status"]).stdout;
    let root = piped.lines().find(|line| line.starts_with("  root ")).unwrap();
    assert!(root.ends_with("  3 of alice, bob, carol, dave, erin"), "{piped}");
    assert_eq!(piped.lines().count(), 7, "{piped}");
}

#[test]
fn bash_completes_keyholders_ceremonies_and_roles_of_the_folder() {
    let fixture = RepositoryFixture::after_the_first();
    fixture.done(&["ceremony", "new", "second"]);
    let script = fixture.run(&["completions", "bash"]).stdout;
    fixture.write("completions", script);
    let path = format!("{}:{}", rootline_repo().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let completed_in = |folder: &Path, words: &[&str]| {
        let last = words.len() - 1;
        let ask = format!(
            "source '{3}'; COMP_WORDS=({0}); COMP_CWORD={last}; _rootline__repo rootline-repo \"{1}\" \"{2}\"; \
             echo \"${{COMPREPLY[*]}}\"",
            words.iter().map(|word| format!("'{}'", word.replace('\'', "'\\''"))).collect::<Vec<_>>().join(" "),
            words[last],
            words[last - 1],
            fixture.path("completions").display()
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &ask]).env("PATH", &path).env_remove("ROOTLINE_REPOSITORY");
        let output = fixture.run_command({
            bash.current_dir(folder);
            bash
        });
        assert_eq!((output.status, &*output.stderr), (0, ""), "{output:?}");
        output.stdout.trim_end().to_owned()
    };
    let completed = |words: &[&str]| completed_in(fixture.folder(), words);
    assert_eq!(completed(&["rootline-repo", "ceremony", "sign", "--as", ""]), "alice bob carol dave erin frank online");
    assert_eq!(completed(&["rootline-repo", "ceremony", "sign", "--as", "da"]), "dave");
    assert_eq!(completed(&["rootline-repo", "ceremony", "sign", "--role", "t"]), "targets");
    assert_eq!(completed(&["rootline-repo", "online", "--ceremony", "s"]), "second");
    assert_eq!(completed(&["rootline-repo", "ceremony", "freeze", "fi"]), "first");
    assert_eq!(completed(&["rootline-repo", "doctor", "--lost", "f"]), "frank");

    // From elsewhere, with the repository named as a shell may have it: quoted, and `--repository=DIR` as three words.
    let elsewhere = tempfile::tempdir().unwrap();
    let repository = fixture.folder().to_str().unwrap();
    let quoted = format!("'{repository}'");
    let completed = |words: &[&str]| completed_in(elsewhere.path(), words);
    for option in [&["--repository", repository][..], &["--repository", &quoted], &["--repository", "=", repository]] {
        let before = [&["rootline-repo"], option, &["ceremony", "freeze", "se"]].concat();
        assert_eq!(completed(&before), "second", "{before:?}");
        let after = [&["rootline-repo", "ceremony", "sign"], option, &["--as", "da"]].concat();
        assert_eq!(completed(&after), "dave", "{after:?}");
        let role = [&["rootline-repo"], option, &["ceremony", "sign", "--role", "t"]].concat();
        assert_eq!(completed(&role), "targets", "{role:?}");
    }
    assert_eq!(completed(&["rootline-repo", "ceremony", "sign", "--as", "da"]), "");
}
