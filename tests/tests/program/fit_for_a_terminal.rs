//! What reaches a terminal: nothing in it that a reader would not see, and no result that could not be written and is called done.

use std::fs::OpenOptions;
use std::process::{Command, Stdio};

use rootline_tests::fixtures::client::{ClientFixture, DAY_1, DAY_8, TRUSTED_ROOT};
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::simulator::Delegation;

/// An escape sequence, one that begins with a C1 control, a forged line, a turned direction, and nothing at all; in JSON strings too.
const HOSTILE: &str = "n\u{1b}[2J\u{9b}31m\nerror: forged\r\u{202e}\u{2066}\u{200b}\u{feff}x";

/// A repository with such names wherever a name can be.
fn hostile() -> ClientFixture {
    ClientFixture::with(|sim| {
        let role: String = HOSTILE.chars().filter(|character| *character != '\0').collect();
        sim.delegate("targets", Delegation::to(&role).paths(["*", "*/*"]));
        sim.add_target(&role, &format!("deep/{HOSTILE}"), b"deep");
        sim.add_target("targets", HOSTILE, b"content");
        let quoted = serde_json::Value::from(format!("https://{HOSTILE}")).to_string();
        let trusted_root = TRUSTED_ROOT.replace("\"https://new.example\"", &quoted);
        sim.add_target("targets", "trusted_root.json", trusted_root.as_bytes());
    })
}

fn is_hidden(character: char) -> bool {
    let marks = ['\u{200b}', '\u{202e}', '\u{2066}', '\u{feff}'];
    character.is_control() || marks.contains(&character)
}

#[track_caller]
fn is_fit(output: &Output) {
    for text in [&output.stdout, &output.stderr] {
        let found = text.chars().find(|character| is_hidden(*character) && *character != '\n');
        assert_eq!(found, None, "{output:?}");
        assert!(!text.lines().any(|line| line.starts_with("error: forged")), "{output:?}");
        assert!(text.lines().all(|line| line.chars().count() < 10_000), "{}", text.len());
    }
}

#[test]
fn names_of_a_repository_reach_no_terminal_as_they_are() {
    let fixture = hostile();
    let deep = format!("deep/{HOSTILE}");
    let bundle = fixture.path("x.bundle");
    let bundle = bundle.to_str().unwrap();
    let mirror = fixture.path("mirror");
    let out = fixture.path("out");
    let commands: [&[&str]; 16] = [
        &["update"],
        &["get", &deep, "--output", out.to_str().unwrap()],
        &["get", HOSTILE, "--output", out.to_str().unwrap()],
        &["get", &format!("{HOSTILE}?")],
        &["show"],
        &["show", "--all"],
        &["show", "--all", "--json"],
        &["status", "--warn", "400d"],
        &["status", "--fail", "400d", "--json"],
        &["status", "--prometheus"],
        &["bundle", "create", "--all-targets", "--output", bundle],
        &["bundle", "create", "--all-targets", "--output", bundle, "--json"],
        &["bundle", "inspect", bundle],
        &["bundle", "verify", bundle],
        &["bundle", "verify", bundle, "--json"],
        &["update", "-v"],
    ];
    for command in commands {
        for at in [DAY_1, DAY_8] {
            let output = match command {
                ["bundle", "inspect", _] => {
                    Output::of(Command::new(rootline_tests::binaries::rootline()).args(command))
                }
                ["bundle", "verify", ..] => bundle_verify(&fixture, command, at),
                _ => fixture.run(command, at),
            };
            is_fit(&output);
        }
    }
    let command = ["mirror", mirror.to_str().unwrap()];
    for json in [&[][..], &["--json"]] {
        is_fit(&Output::of(fixture.command_without_cache(&command, DAY_1).args(json)));
    }
    is_fit(&Output::of(&mut fixture.command(&command, DAY_1)));
}

fn bundle_verify(fixture: &ClientFixture, command: &[&str], at: &str) -> Output {
    let root = fixture.path("metadata/1.root.json");
    let mut program = Command::new(rootline_tests::binaries::rootline());
    Output::of(program.args(command).args(["--at", at, "--url", "https://x.example", "--root"]).arg(root))
}

#[test]
fn a_name_of_half_a_million_letters_fills_no_screen() {
    let long = format!("https://{}", "n".repeat(500_000));
    let trusted_root = TRUSTED_ROOT.replace("https://new.example", &long);
    let fixture =
        ClientFixture::with(|sim| _ = sim.add_target("targets", "trusted_root.json", trusted_root.as_bytes()));
    fixture.run(&["update"], DAY_1).succeeds();
    for command in [&["status", "--warn", "400d"][..], &["show", "--all"]] {
        let output = fixture.run(command, DAY_1);
        for text in [&output.stdout, &output.stderr] {
            assert!(text.lines().all(|line| line.chars().count() < 5_000), "{}", text.len());
        }
    }
}

/// Runs a command whose standard output is a disk without room.
fn on_a_full_disk(program: &mut Command) -> Output {
    let full = OpenOptions::new().write(true).open("/dev/full").unwrap();
    Output::of(program.stdout(full).stdin(Stdio::null()))
}

#[track_caller]
fn says_that_it_is_full(program: &mut Command) {
    let output = on_a_full_disk(program);
    assert_eq!(output.status, 1, "{program:?}: {output:?}");
    assert!(output.stderr.contains("error: cannot write to standard output: "), "{program:?}: {output:?}");
}

#[test]
fn a_result_that_could_not_be_written_is_a_failure_of_every_command() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let bundle = fixture.path("x.bundle");
    let bundle = bundle.to_str().unwrap();
    fixture.run(&["bundle", "create", "--output", bundle], DAY_1).succeeds();
    let with_repository: [&[&str]; 12] = [
        &["update"],
        &["update", "--json"],
        &["show"],
        &["show", "--json"],
        &["get", "trusted_root.json"],
        &["status"],
        &["status", "--json"],
        &["status", "--prometheus"],
        &["export", "--format", "trusted-root"],
        &["bundle", "create", "--output", "-"],
        &["bundle", "create", "--output", bundle],
        &["bundle", "import", bundle],
    ];
    for command in with_repository {
        says_that_it_is_full(&mut fixture.command(command, DAY_1));
    }
    let plain: [&[&str]; 11] = [
        &["--help"],
        &["-h"],
        &["--version"],
        &["show", "--help"],
        &["bundle", "inspect", bundle],
        &["completions", "bash"],
        &["man"],
        &["instance", "list"],
        &["instance", "list", "--json"],
        &["instance", "show", "sigstore"],
        &["cache", "path"],
    ];
    for command in plain {
        says_that_it_is_full(Command::new(rootline_tests::binaries::rootline()).args(command));
    }
}

#[test]
fn a_result_of_the_maintainer_s_program_that_could_not_be_written_is_a_failure() {
    let fixture = RepositoryFixture::after_the_first();
    let commands: [&[&str]; 13] = [
        &["status"],
        &["status", "--json"],
        &["doctor"],
        &["ceremony", "list"],
        &["ceremony", "status", "first"],
        &["ceremony", "log", "first"],
        &["ceremony", "verify"],
        &["keyholder", "list"],
        &["publish"],
        &["completions", "zsh"],
        &["man"],
        &["--help"],
        &["--version"],
    ];
    for command in commands {
        says_that_it_is_full(&mut fixture.command(&[command, &["--at", DAY_0]].concat()));
    }
}

/// A reader of the first lines alone closes the rest.
#[test]
fn a_closed_standard_output_is_no_failure() {
    let fixture = ClientFixture::new();
    fixture.run(&["update"], DAY_1).succeeds();
    let (reader, writer) = std::io::pipe().unwrap();
    drop(reader);
    let mut program = fixture.command(&["status"], DAY_1);
    let output = Output::of(program.stdout(writer).stdin(Stdio::null()));
    assert_eq!((output.status, output.stderr.as_str()), (0, ""));
}
