//! A repository in a folder, and the program `rootline` run on it as a person or a script would.

use std::path::PathBuf;
use std::process::{Command, Output, Stdio};

use serde_json::Value;
use tempfile::TempDir;

use crate::binaries::rootline;
use crate::simulator::Simulator;

/// A trust root with one log whose window is closed and one in use.
pub const TRUSTED_ROOT: &str = r#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1", "tlogs": [
  {"baseUrl": "https://old.example", "hashAlgorithm": "SHA2_256", "publicKey": {"rawBytes":
   "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==",
   "keyDetails": "PKIX_ECDSA_P256_SHA_256", "validFor": {"start": "2029-01-01T00:00:00Z", "end": "2029-12-31T00:00:00Z"}}},
  {"baseUrl": "https://new.example", "hashAlgorithm": "SHA2_256", "publicKey": {"rawBytes":
   "MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=", "keyDetails": "PKIX_ED25519",
   "validFor": {"start": "2029-12-31T00:00:01Z"}}}]}"#;

/// Six days before the timestamp expires.
pub const DAY_1: &str = "2030-01-02T00:00:00Z";
/// A day after the timestamp has expired.
pub const DAY_8: &str = "2030-01-09T00:00:00Z";

/// A repository in a folder, and a place for local copies.
#[derive(Debug)]
pub struct Scene {
    folder: TempDir,
}

impl Scene {
    /// The repository as it is on day 0, published.
    ///
    /// # Panics
    /// If the temporary folder cannot be written.
    #[allow(clippy::new_without_default, reason = "it makes a folder")]
    pub fn new() -> Scene {
        Scene::with(|_| {})
    }

    /// The same after `change`.
    ///
    /// # Panics
    /// As [`Scene::new`].
    pub fn with(change: impl FnOnce(&mut Simulator)) -> Scene {
        let mut sim = Simulator::default();
        sim.add_target("targets", "trusted_root.json", TRUSTED_ROOT.as_bytes());
        sim.add_target("targets", "dir/a file", b"content");
        change(&mut sim);
        sim.publish();
        let folder = tempfile::tempdir().unwrap();
        sim.files().write_to(folder.path()).unwrap();
        Scene { folder }
    }

    /// What has that name in the scene's folder: `metadata`, `targets`, `cache`, or whatever a test puts there.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The command with this repository's options.
    pub fn command(&self, command: &[&str], at: &str) -> Command {
        let mut program = Command::new(rootline());
        program.env_remove("ROOTLINE_INSTANCE").env("NO_COLOR", "1").args(command).args(["--at", at]);
        program.arg("--url").arg(self.path("metadata")).arg("--targets-url").arg(self.path("targets"));
        program.arg("--root").arg(self.path("metadata/1.root.json")).arg("--cache").arg(self.path("cache"));
        program
    }

    /// Runs it.
    pub fn run(&self, command: &[&str], at: &str) -> Outcome {
        Outcome::of(&mut self.command(command, at))
    }

    /// The folder of the one local copy.
    ///
    /// # Panics
    /// If there are none or several.
    pub fn copy(&self) -> PathBuf {
        let copies: Vec<_> = self.path("cache").read_dir().unwrap().map(|entry| entry.unwrap().path()).collect();
        assert_eq!(copies.len(), 1, "{copies:?}");
        copies[0].clone()
    }
}

/// What a run of a program came to.
#[derive(Debug)]
pub struct Outcome {
    /// Its exit status.
    pub status: i32,
    /// Its standard output as text.
    pub stdout: String,
    /// Its standard error.
    pub stderr: String,
    /// Its standard output.
    pub bytes: Vec<u8>,
}

impl Outcome {
    /// Runs `command` to its end.
    ///
    /// # Panics
    /// If it does not start, or is killed.
    pub fn of(command: &mut Command) -> Outcome {
        let Output { status, stdout, stderr } = command.output().unwrap();
        Outcome {
            status: status.code().expect("the program was not killed"),
            stdout: String::from_utf8_lossy(&stdout).into_owned(),
            stderr: String::from_utf8(stderr).unwrap(),
            bytes: stdout,
        }
    }

    /// Runs `command` on a terminal, which `script` gives it; all that is seen there is standard output then.
    ///
    /// # Panics
    /// As [`Outcome::of`].
    #[cfg(target_os = "linux")]
    pub fn on_a_terminal(command: &Command) -> Outcome {
        let words = std::iter::once(command.get_program()).chain(command.get_args());
        let quoted: Vec<String> = words.map(|word| format!("'{}'", word.to_str().expect("text"))).collect();
        let mut script = Command::new("script");
        script.args(["-qec", &quoted.join(" "), "/dev/null"]).env("NO_COLOR", "1").env_remove("ROOTLINE_INSTANCE");
        Outcome::of(script.stdin(Stdio::null()))
    }

    /// The same, if it has succeeded and has nothing to say on standard error.
    ///
    /// # Panics
    /// If not.
    #[track_caller]
    pub fn succeeds(self) -> Outcome {
        assert_eq!((self.status, self.stderr.as_str()), (0, ""), "{}", self.stdout);
        self
    }

    /// One line of what, one of which check, one hint; nothing on standard output.
    ///
    /// # Panics
    /// If it is anything else.
    #[track_caller]
    pub fn is_refused(&self, what: &str, check: &str) {
        assert_eq!((self.status, self.stdout.as_str()), (1, ""), "{}", self.stderr);
        let lines: Vec<&str> = self.stderr.lines().collect();
        assert_eq!(lines.len(), 3, "{}", self.stderr);
        assert!(lines[0].starts_with(&format!("error: {what}")), "{}", self.stderr);
        assert_eq!(lines[1].split(", ").next(), Some(&*format!("  check: {check}")));
        assert!(lines[2].starts_with("  hint: "), "{}", self.stderr);
    }

    /// Standard output as JSON.
    ///
    /// # Panics
    /// If it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout).unwrap()
    }
}
