//! A keyholder's machine: their key, what was brought there, and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;

use rootline_tests::{binaries, terminal};
use tempfile::TempDir;

use crate::office::{DAY_0, DAY_1, Office, Said};

/// What a keyholder brings with them: no repository, no git, no network.
pub(crate) struct Machine {
    folder: TempDir,
}

impl Machine {
    /// With nothing.
    pub(crate) fn empty() -> Machine {
        Machine { folder: tempfile::tempdir().unwrap() }
    }

    /// With the keyholder's private key, `key.pem`, and a request, `request.json`.
    pub(crate) fn of(office: &Office, name: &str, request: &str) -> Machine {
        let machine = Machine::empty();
        fs::copy(office.path(&format!("keys/{name}.pem")), machine.path("key.pem")).unwrap();
        fs::copy(office.path(request), machine.path("request.json")).unwrap();
        machine
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> Vec<u8> {
        fs::read(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::write(self.path(name), bytes).unwrap();
    }

    pub(crate) fn list(&self) -> Vec<String> {
        let names = fs::read_dir(self.folder.path()).unwrap();
        let mut names: Vec<String> = names.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort();
        names
    }

    /// The program, in an empty environment and, where that can be had, without a network.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = match without_network() {
            Some(unshare) => {
                let mut command = Command::new(unshare);
                command.arg("-n").arg(binaries::rootline_repo());
                command
            }
            None => Command::new(binaries::rootline_repo()),
        };
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env_clear()
            .env("PATH", "/nowhere")
            .stdin(Stdio::null());
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        said(&mut self.command(arguments))
    }

    /// `rootline-repo sign`, on day 1, with nobody at the terminal.
    pub(crate) fn sign(&self, arguments: &[&str]) -> Said {
        self.run(&[&["sign", "request.json", "--key", "key.pem", "--at", DAY_1], arguments].concat())
    }

    /// The program with something on its standard input.
    pub(crate) fn run_with(&self, arguments: &[&str], input: &[u8]) -> Said {
        piped(self.command(arguments), input)
    }
}

pub(crate) fn said(command: &mut Command) -> Said {
    Said::of(command.output().unwrap())
}

/// A command with something on its standard input.
pub(crate) fn piped(command: Command, input: &[u8]) -> Said {
    Said::of(terminal::piped(command, input))
}

/// The program that runs another one without a network, where this user may.
#[expect(clippy::print_stderr, reason = "a test that sees less than it could says so")]
fn without_network() -> Option<&'static Path> {
    static UNSHARE: OnceLock<Option<PathBuf>> = OnceLock::new();
    let found = UNSHARE.get_or_init(|| {
        let unshare = Path::new("/usr/bin/unshare");
        let works =
            Command::new(unshare).args(["-n", "/bin/true"]).output().is_ok_and(|output| output.status.success());
        if !works {
            eprintln!("note: no network can be taken away here, so these machines only have none that is used");
        }
        works.then(|| unshare.to_owned())
    });
    found.as_deref()
}

/// An office with a published repository, in which bob is about to be replaced by frank; and its request.
pub(crate) fn rotation() -> Office {
    let office = Office::after_the_first();
    let new =
        ["ceremony", "new", "rotation", "--replace", "bob=frank", "--threshold", "root=4", "--summary", "Bob retires"];
    office.done_at(DAY_1, &new);
    office.done_at(DAY_1, &["ceremony", "freeze", "rotation"]);
    office.done_at(DAY_1, &["ceremony", "request", "rotation"]).says("wrote rotation.request.json");
    office
}

/// An office before its first ceremony, and its request.
pub(crate) fn beginning() -> Office {
    let office = Office::new();
    office.done(&["ceremony", "new", "first", "--summary", "Begin"]);
    office.done(&["ceremony", "freeze", "first"]);
    office.done(&["ceremony", "request", "first"]);
    office
}

/// A keyholder's answer to a request, brought back to the office as `NAME.answer.json`.
pub(crate) fn answer(office: &Office, name: &str, request: &str) -> Vec<u8> {
    let machine = Machine::of(office, name, request);
    let said = machine.sign(&["--yes", "--output", "answer.json"]);
    assert_eq!(said.status, 0, "{said:?}");
    let answer = machine.read("answer.json");
    office.write(&format!("{name}.answer.json"), &answer);
    answer
}

/// The fingerprint of what is frozen.
pub(crate) fn fingerprint(office: &Office, id: &str) -> String {
    let said = office.at(DAY_0, &["ceremony", "review", id, "--json"]);
    let review = said.json();
    review["fingerprint"].as_str().unwrap().to_owned()
}
