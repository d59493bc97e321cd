//! What both programs tell of themselves: help, shell completions, manual pages.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::{rootline, rootline_repo};
use rootline_tests::scene::Outcome;

fn programs() -> [&'static Path; 2] {
    [rootline(), rootline_repo()]
}

fn says(program: &Path, arguments: &[&str]) -> String {
    Outcome::of(Command::new(program).args(arguments)).succeeds().stdout
}

/// The help of a program and of all its commands, each with the words that lead to it.
fn helps(program: &Path) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut to_ask = vec![Vec::new()];
    while let Some(words) = to_ask.pop() {
        let help = Command::new(program).args(&words).arg("--help").output().unwrap();
        assert!(help.status.success(), "{words:?}");
        let help = String::from_utf8(help.stdout).unwrap();
        for command in section(&help, "Commands:").filter_map(|line| line.split_whitespace().next()) {
            if command != "help" {
                to_ask.push([words.clone(), vec![command.to_owned()]].concat());
            }
        }
        found.push((words, help));
    }
    found
}

/// The entries of a section, each in one line: what follows an entry's first line further in belongs to it.
fn section<'a>(help: &'a str, title: &str) -> impl Iterator<Item = &'a str> {
    let mut lines = help.lines().skip_while(move |line| *line != title).skip(1);
    std::iter::from_fn(move || lines.next().filter(|line| line.starts_with("  ")))
        .filter(|line| line.starts_with("  ") && !line.starts_with("   "))
}

#[test]
fn every_command_says_what_it_does_and_shows_examples_of_it() {
    for program in programs() {
        let name = program.file_stem().unwrap().to_str().unwrap();
        for (words, help) in helps(program) {
            let first = help.lines().next().unwrap();
            assert!(first.len() > 8 && !first.starts_with("Usage:"), "{name} {words:?} does not say what it does");
            let takes_arguments = !help.contains("\nCommands:");
            let example = help.split_once("Examples:\n").map(|(_, rest)| rest.lines().next().unwrap().trim());
            if takes_arguments {
                let example = example.unwrap_or_else(|| panic!("{name} {words:?} has no example"));
                assert!(example.contains(name), "{example}");
            }
        }
    }
}

#[test]
fn every_option_says_what_it_is_for() {
    for program in programs() {
        for (words, help) in helps(program) {
            let own_words = help.split("\nExamples:\n").next().unwrap();
            let entries: Vec<&str> = own_words.lines().collect();
            let options = entries.iter().enumerate().filter(|(_, line)| {
                let start = line.trim_start();
                line.starts_with("  ")
                    && (start.starts_with("--") || start.starts_with("-h,") || start.starts_with("-V,"))
            });
            for (index, line) in options {
                let beside = line.trim_start().split_once("  ").is_some_and(|(_, text)| !text.trim().is_empty());
                let below = entries.get(index + 1).is_some_and(|next| {
                    next.starts_with("          ") && !next.trim().is_empty() && !next.trim().starts_with('[')
                });
                assert!(beside || below, "{words:?}: {line}");
            }
        }
    }
}

#[test]
fn bash_completes_the_commands_of_both_programs() {
    for (program, word, completed) in [(rootline(), "sta", "status"), (rootline_repo(), "cere", "ceremony")] {
        let name = program.file_stem().unwrap().to_str().unwrap();
        let folder = tempfile::tempdir().unwrap();
        let script = folder.path().join("completions");
        std::fs::write(&script, says(program, &["completions", "bash"])).unwrap();
        let ask = format!(
            "set -eu; source {0}; COMP_WORDS=({name} {word}); COMP_CWORD=1; complete -p {name}; \
             _{1} {name} {word} {name}; echo \"${{COMPREPLY[*]}}\"",
            script.display(),
            name.replace('-', "__")
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &ask]);
        let said = Outcome::of(&mut bash);
        assert_eq!((said.status, said.stderr.as_str()), (0, ""), "{}", said.stdout);
        assert_eq!(said.stdout.lines().last(), Some(completed), "{}", said.stdout);
    }
}

#[test]
fn there_are_completions_for_the_usual_shells_and_no_others() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(says(rootline(), &["completions", shell]).contains("status"), "{shell}");
    }
    assert_eq!(Outcome::of(Command::new(rootline()).args(["completions", "cmd"])).status, 2);
}

#[test]
fn every_command_has_a_manual_page_that_renders_without_a_complaint() {
    for program in programs() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man1");
        let said = says(program, &["man", "--dir", pages.to_str().unwrap()]);
        let expected = helps(program).len();
        assert_eq!(said.lines().count(), expected, "{said}");
        for page in said.lines() {
            let text = std::fs::read_to_string(page).unwrap();
            assert!(text.contains(".SH SYNOPSIS") && text.contains(".SH OPTIONS"), "{page}");
            // groff is not everywhere.
            if let Ok(rendered) = Command::new("groff").args(["-man", "-ww", "-Kutf8", "-Tutf8", page]).output() {
                assert!(rendered.status.success() && !rendered.stdout.is_empty(), "{page}");
                assert_eq!(String::from_utf8(rendered.stderr).unwrap(), "", "{page}");
            }
        }
        let main = says(program, &["man"]);
        let name = program.file_stem().unwrap().to_str().unwrap();
        assert_eq!(main, std::fs::read_to_string(pages.join(format!("{name}.1"))).unwrap());
    }
}
