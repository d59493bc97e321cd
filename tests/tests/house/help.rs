//! What both programs tell of themselves: help, shell completions, manual pages.

use std::path::Path;
use std::process::Command;

use rootline_tests::binaries::{rootline, rootline_repo};
use rootline_tests::fixtures::output::Output;

fn programs() -> [&'static Path; 2] {
    [rootline(), rootline_repo()]
}

fn says(program: &Path, arguments: &[&str]) -> String {
    Output::of(Command::new(program).args(arguments)).succeeds().stdout
}

/// The help of a program and of all its commands, each with the words that lead to it.
fn helps(program: &Path) -> Vec<(Vec<String>, String)> {
    let mut found = Vec::new();
    let mut to_ask = vec![Vec::new()];
    while let Some(words) = to_ask.pop() {
        let help = Command::new(program).args(&words).arg("--help").output().unwrap();
        assert!(help.status.success(), "{words:?}");
        let help = String::from_utf8(help.stdout).unwrap();
        let listed = section(&help, "Commands:").chain(section(&help, "Setup:"));
        for command in listed.filter_map(|line| line.split_whitespace().next()) {
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

/// Commands in examples are typed as they stand there, so no terminal of the usual width may break them.
#[test]
fn examples_fit_into_96_columns_and_the_short_help_onto_a_screen() {
    for (program, (words, help)) in
        programs().into_iter().flat_map(|program| helps(program).into_iter().map(move |help| (program, help)))
    {
        for line in help.lines().skip_while(|line| *line != "Examples:").take_while(|line| !line.is_empty()) {
            assert!(line.chars().count() <= 96, "{words:?}: {line}");
        }
        let short = says(program, &[&words.iter().map(String::as_str).collect::<Vec<_>>()[..], &["-h"]].concat());
        assert!(short.lines().count() <= 40, "{words:?} -h has {} lines:\n{short}", short.lines().count());
        assert!(help.lines().count() >= short.lines().count(), "{words:?}");
    }
}

/// Where the columns are few, help keeps within them, and a command of an example that does not fit goes on in the next line.
#[test]
fn help_keeps_within_60_columns() {
    for program in programs() {
        for (words, _) in helps(program) {
            let help = Command::new(program).args(&words).arg("--help").env("COLUMNS", "60").output().unwrap();
            let help = String::from_utf8(help.stdout).unwrap();
            for line in help.lines().filter(|line| line.chars().count() > 60) {
                let is_one_word = line.split_whitespace().count() <= 2;
                let is_command = line.starts_with("  rootline") || line.starts_with("Usage: ");
                assert!(is_one_word || is_command, "{words:?}: {line}");
            }
            let examples =
                help.lines().skip_while(|line| *line != "Examples:").skip(1).take_while(|line| !line.is_empty());
            assert!(examples.filter(|line| !line.starts_with("  ")).count() == 0, "{words:?}: {help}");
        }
    }
}

#[test]
fn options_stand_under_their_headings_in_the_same_order_everywhere() {
    const ORDER: [&str; 9] = [
        "Arguments:",
        "Options:",
        "Confirmation:",
        "Key access:",
        "Freshness:",
        "Repository:",
        "Limits:",
        "Network:",
        "Global options:",
    ];
    for (words, help) in programs().into_iter().flat_map(helps) {
        let headings: Vec<usize> =
            help.lines().filter_map(|line| ORDER.iter().position(|heading| *heading == line)).collect();
        assert!(headings.is_sorted(), "{words:?}: {headings:?}");
        assert_eq!(headings.last(), Some(&8), "{words:?}");
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
        let output = Output::of(&mut bash);
        assert_eq!((output.status, output.stderr.as_str()), (0, ""), "{}", output.stdout);
        assert_eq!(output.stdout.lines().last(), Some(completed), "{}", output.stdout);
    }
}

#[test]
fn bash_completes_the_names_of_instances_that_this_user_knows() {
    let folder = tempfile::tempdir().unwrap();
    let root = rootline_tests::simulator::Simulator::default().root_bytes(1);
    std::fs::write(folder.path().join("root.json"), root).unwrap();
    let config = folder.path().join("config");
    let mut add = Command::new(rootline());
    add.args(["instance", "add", "--name", "acme-prod", "--url", "https://tuf.example", "--no-check", "--root"]);
    Output::of(add.arg(folder.path().join("root.json")).arg("--config").arg(&config)).succeeds();
    let script = folder.path().join("completions");
    std::fs::write(&script, says(rootline(), &["completions", "bash"])).unwrap();
    let path = format!("{}:{}", rootline().parent().unwrap().display(), std::env::var("PATH").unwrap());
    let completed = |words: &[&str]| {
        let ask = format!(
            "source {}; COMP_WORDS=({}); COMP_CWORD={}; _rootline rootline '{}' '{}'; echo \"${{COMPREPLY[*]}}\"",
            script.display(),
            words.join(" "),
            words.len() - 1,
            words[words.len() - 1],
            words[words.len() - 2],
        );
        let mut bash = Command::new("bash");
        bash.args(["--norc", "-c", &ask]).env("PATH", &path).env("ROOTLINE_CONFIG", &config);
        Output::of(&mut bash).succeeds().stdout.trim_end().to_owned()
    };
    assert_eq!(completed(&["rootline", "update", "--instance", "acme"]), "acme-prod");
    assert_eq!(completed(&["rootline", "show", "--instance", "sig"]), "sigstore sigstore-staging");
    assert_eq!(completed(&["rootline", "instance", "show", "acme"]), "acme-prod");
}

#[test]
fn the_other_shells_ask_for_the_names_of_instances_too() {
    for shell in ["zsh", "fish"] {
        let script = says(rootline(), &["completions", shell]);
        // With the words that have been typed, which may name another configuration.
        let words = if shell == "zsh" { "${(Q)${(z)BUFFER}}" } else { "(commandline -opc)" };
        assert!(script.contains(&format!("rootline complete-names @instances {words} 2>/dev/null")), "{shell}");
    }
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = says(rootline(), &["completions", shell]);
        let without = script.replace("complete-names @instances", "");
        assert!(!without.contains("@instances") && !without.contains("complete-names"), "{shell}");
    }
}

#[test]
fn there_are_completions_for_the_usual_shells_and_no_others() {
    for shell in ["bash", "zsh", "fish", "powershell", "elvish"] {
        assert!(says(rootline(), &["completions", shell]).contains("status"), "{shell}");
    }
    assert_eq!(Output::of(Command::new(rootline()).args(["completions", "cmd"])).status, 2);
}

#[test]
fn every_command_has_a_manual_page_that_renders_without_a_complaint() {
    for program in programs() {
        let folder = tempfile::tempdir().unwrap();
        let pages = folder.path().join("man1");
        let output = says(program, &["man", "--dir", pages.to_str().unwrap()]);
        let expected = helps(program).len();
        assert_eq!(output.lines().count(), expected, "{output}");
        for page in output.lines() {
            let text = std::fs::read_to_string(page).unwrap();
            for section in ["NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "EXIT STATUS", "ENVIRONMENT", "SEE ALSO"] {
                let is_there =
                    text.contains(&format!(".SH {section}\n")) || text.contains(&format!(".SH \"{section}\"\n"));
                assert!(is_there || program == rootline_repo(), "{page} has no {section}");
            }
            assert!(!text.contains("\n.SH EXTRA"), "{page}");
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
