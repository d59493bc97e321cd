//! `rootline mirror`, as a person or a timer meets it.

use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use rootline_tests::binaries::rootline;
use rootline_tests::fixtures::output::Output;
use rootline_tests::simulator::{Server, Simulator};
use serde_json::Value;
use tempfile::TempDir;

use super::place::{TARGETS, publish, repository};

/// A repository over HTTP, and a folder for its mirror.
struct Fixture {
    sim: Simulator,
    server: Server,
    folder: TempDir,
}

impl Fixture {
    fn new() -> Fixture {
        let sim = repository();
        let server = sim.files().serve();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("1.root.json"), sim.root_bytes(1)).unwrap();
        Fixture { sim, server, folder }
    }

    fn mirror(&self) -> PathBuf {
        self.folder.path().join("mirror")
    }

    fn command(&self, at: &str, arguments: &[&str]) -> Command {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").arg("mirror").arg(self.mirror());
        program.args(["--url", &self.server.metadata_url(), "--targets-url", &self.server.targets_url()]);
        program.arg("--root").arg(self.folder.path().join("1.root.json")).args(["--at", at]).args(arguments);
        program
    }

    fn run(&self, at: &str, arguments: &[&str]) -> Output {
        Output::of(&mut self.command(at, arguments))
    }

    /// What a verifier gets who reads the mirror.
    fn get(&self, target: &str, at: &str) -> Output {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").args(["get", target, "--at", at]).arg("--url").arg(self.mirror());
        program.arg("--root").arg(self.folder.path().join("1.root.json"));
        program.arg("--cache").arg(self.folder.path().join("cache"));
        Output::of(&mut program)
    }
}

const DAY_1: &str = "2030-01-02T00:00:00Z";
const DAY_3: &str = "2030-01-04T00:00:00Z";
const DAY_8: &str = "2030-01-09T00:00:00Z";

#[test]
fn a_mirror_is_made_kept_fresh_and_read() {
    let mut fixture = Fixture::new();
    let first = fixture.run(DAY_1, &[]).succeeds();
    let lines: Vec<&str> = first.stdout.lines().collect();
    assert!(lines[0].ends_with(&format!("in {} is up to date at {DAY_1}", fixture.mirror().display())), "{lines:?}");
    assert_eq!(lines[6], "roots 1 to 1, 7 delegated roles, 4 targets");
    assert!(lines[7].starts_with("wrote 15 files ("), "{lines:?}");
    for target in TARGETS {
        assert!(fixture.get(target, DAY_1).succeeds().stdout.starts_with("first "), "{target}");
    }
    publish(&mut fixture.sim, "second");
    fixture.server.replace(fixture.sim.files());
    let second = fixture.run(DAY_3, &["--json"]).succeeds().json();
    assert_eq!((&second["targets"], &second["kept"], &second["oldest_root"]), (&4.into(), &13.into(), &1.into()));
    assert_eq!(second["written"].as_array().unwrap().last(), Some(&Value::from("timestamp.json")));
    assert_eq!(second["roles"][1]["version"], fixture.sim.timestamp.version);
    assert_eq!(second["delegated_roles"][0]["role"], "a");
    assert!(fixture.get("top", DAY_3).succeeds().stdout.starts_with("second "));
    // In a pipe there is nothing but what was asked for.
    let third = fixture.run(DAY_3, &["--quiet"]).succeeds();
    assert_eq!(third.stdout, "");
    let pruned = fixture.run(DAY_3, &["--json", "--keep", "0s"]).succeeds().json();
    assert_eq!((pruned["pruned"].as_array().unwrap().len(), &pruned["kept"]), (13, &0.into()));
}

#[test]
fn what_is_refused_is_said_in_three_lines_and_the_exit_status_is_1() {
    let fixture = Fixture::new();
    let refused = fixture.run(DAY_8, &[]);
    assert_eq!((refused.status, refused.stdout.as_str()), (1, ""), "{}", refused.stderr);
    assert!(refused.stderr.starts_with("error: timestamp.json expired at 2030-01-08T00:00:00Z"), "{}", refused.stderr);
    assert_eq!(refused.stderr.lines().count(), 3, "{}", refused.stderr);
    let refused = fixture.run(DAY_1, &["--max-roles", "6"]);
    assert_eq!(refused.status, 1);
    assert!(refused.stderr.contains("more than the 6 delegated roles"), "{}", refused.stderr);
    assert!(refused.stderr.contains("allow it with --max-roles"), "{}", refused.stderr);
    std::fs::write(fixture.mirror().join("timestamp.json"), "mine").unwrap();
    let refused = fixture.run(DAY_1, &[]);
    assert!(refused.stderr.contains("timestamp.json was not written by this mirror"), "{}", refused.stderr);
    assert_eq!(std::fs::read(fixture.mirror().join("timestamp.json")).unwrap(), b"mine");
    assert_eq!(fixture.run(DAY_1, &["--watch", "9s"]).status, 1);
    assert_eq!(fixture.run(DAY_1, &["--watch", "soon"]).status, 2);
}

#[test]
fn a_mirror_names_the_repository_without_credentials() {
    let fixture = Fixture::new();
    let url = fixture.server.metadata_url().replace("http://", "http://user:secret@");
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").arg("mirror").arg(fixture.mirror()).args(["--json", "--at", DAY_1]);
    program.args(["--url", &url, "--targets-url", &fixture.server.targets_url()]);
    let mirrored = Output::of(program.arg("--root").arg(fixture.folder.path().join("1.root.json"))).succeeds();
    assert!(!mirrored.stdout.contains("secret"), "{}", mirrored.stdout);
    assert_eq!(mirrored.json()["url"], fixture.server.metadata_url().trim_end_matches('/'));
}

#[cfg(unix)]
#[test]
fn a_watching_mirror_ends_with_success_when_it_is_asked_to() {
    for signal in ["INT", "TERM"] {
        let fixture = Fixture::new();
        let mut watching = fixture
            .command(DAY_1, &["--watch", "--json"])
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(watching.stdout.take().unwrap()).lines();
        let round: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
        assert_eq!(round["targets"], 4);
        let kill = Command::new("kill").args([&format!("-{signal}"), &watching.id().to_string()]).status().unwrap();
        assert!(kill.success());
        let ended = watching.wait_with_output().unwrap();
        assert_eq!((ended.status.code(), ended.stderr.as_slice()), (Some(0), b"".as_slice()), "{signal}");
    }
}

#[cfg(unix)]
#[test]
fn a_watching_mirror_whose_first_round_fails_says_so_and_goes_on() {
    let fixture = Fixture::new();
    let mut watching = fixture.command(DAY_8, &["--watch"]).stderr(Stdio::piped()).spawn().unwrap();
    let mut lines = BufReader::new(watching.stderr.take().unwrap()).lines();
    assert!(lines.next().unwrap().unwrap().starts_with("error: timestamp.json expired"));
    assert!(watching.try_wait().unwrap().is_none());
    let kill = Command::new("kill").args(["-TERM", &watching.id().to_string()]).status().unwrap();
    assert!(kill.success());
    assert_eq!(watching.wait().unwrap().code(), Some(0));
}

/// A repository that takes a request and never answers.
#[cfg(unix)]
#[test]
fn a_second_interrupt_does_not_wait_for_the_end_of_a_step() {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", silent.local_addr().unwrap());
    let fixture = Fixture::new();
    let mut program = Command::new(rootline());
    program.env_remove("ROOTLINE_INSTANCE").arg("mirror").arg(fixture.mirror()).args(["--watch", "--url", &url]);
    let mut watching = program.arg("--root").arg(fixture.folder.path().join("1.root.json")).spawn().unwrap();
    let id = watching.id().to_string();
    let kill = || assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    // It listens for signals before it asks for anything.
    let _asked = silent.accept().unwrap();
    kill();
    kill();
    // Two that come together may be noted as one.
    let ended = loop {
        if let Some(ended) = watching.try_wait().unwrap() {
            break ended;
        }
        kill();
        std::thread::yield_now();
    };
    assert_eq!(ended.code(), Some(1));
}

#[cfg(target_os = "linux")]
#[test]
fn progress_is_shown_on_a_terminal_and_nowhere_else() {
    let shown = |arguments: &[&str]| {
        let fixture = Fixture::new();
        Output::on_a_terminal(&fixture.command(DAY_1, arguments)).succeeds().stdout
    };
    let on_a_terminal = shown(&[]);
    assert!(on_a_terminal.contains("/15 files "), "{on_a_terminal:?}");
    assert_eq!(shown(&["--quiet"]), "");
    assert!(!Fixture::new().run(DAY_1, &[]).succeeds().stdout.contains(" files \u{2588}"));
}

#[test]
fn targets_that_a_search_within_its_limit_does_not_come_to_are_left_out() {
    let report = Fixture::new().run(DAY_1, &["--max-delegations", "2", "--json"]).succeeds().json();
    assert_eq!((&report["targets"], &report["left_out"]), (&4.into(), &serde_json::json!([])));
    let output = Fixture::new().run(DAY_1, &["--max-delegations", "1", "--json"]);
    let line = "the role a/b is deeper than delegations are followed (1); its targets were left out";
    assert!(output.stderr.contains(&format!("warning: {line}\n")), "{}", output.stderr);
    let report = output.json();
    assert_eq!((output.status, &report["targets"]), (0, &2.into()));
    assert_eq!((&report["left_out"][0], report["left_out"].as_array().unwrap().len()), (&line.into(), 2));
}
