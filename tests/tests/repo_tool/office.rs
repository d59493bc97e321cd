//! A maintainer's office: a folder, everybody's keys, and the program.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use rootline_ceremonies::secret_key::{KeyKind, SecretKey};
use rootline_client::store::MemoryStore;
use rootline_client::transport::Folder;
use rootline_client::{Client, Error, TrustRoot};
use rootline_metadata::parse_instant;
use rootline_tests::binaries;
use serde_json::Value;
use tempfile::TempDir;

/// Day 0.
pub(crate) const DAY_0: &str = "2030-01-01T00:00:00Z";
pub(crate) const DAY_1: &str = "2030-01-02T00:00:00Z";

pub(crate) const FIVE: [&str; 5] = ["alice", "bob", "carol", "dave", "erin"];

pub(crate) struct Office {
    folder: TempDir,
}

/// What a command has printed, and its exit status.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    pub(crate) fn of(output: Output) -> Said {
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Said { status: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// What it has printed for programs.
    #[track_caller]
    #[allow(dead_code, reason = "for tests of what programs are told")]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// It succeeded, and printed this somewhere.
    #[track_caller]
    pub(crate) fn says(&self, what: &str) {
        assert_eq!(self.status, 0, "{self:?}");
        assert!(self.out.contains(what), "{what:?} is not in {}", self.out);
    }

    /// It was refused, with this error, check and hint, as they begin.
    #[track_caller]
    pub(crate) fn refuses(&self, error: &str, check: &str, hint: &str) {
        assert_eq!(self.status, 1, "{self:?}");
        let mut lines = self.err.lines().skip_while(|line| line.starts_with("warning:"));
        let found = lines.next().unwrap();
        assert!(found.starts_with(&format!("error: {error}")), "{found}");
        if !check.is_empty() {
            let found = lines.next().unwrap();
            assert!(found.starts_with(&format!("  check: {check}")), "{found}");
        }
        let found = lines.next().unwrap();
        assert!(found.starts_with(&format!("  hint: {hint}")), "{found}");
        assert_eq!(lines.next(), None);
    }
}

impl Office {
    /// A folder with a policy, everybody's keys and one file to ship; nothing is planned yet.
    pub(crate) fn new() -> Office {
        let office = Office { folder: tempfile::tempdir().unwrap() };
        let holders = FIVE.join(",");
        office.done(&["init", ".", "--name", "Test", "--holders", &holders, "--threshold", "3", "--online", "online"]);
        for (at, name) in FIVE.into_iter().chain(["frank", "online", "stranger"]).enumerate() {
            let kind = if at % 2 == 0 { KeyKind::EcdsaP256 } else { KeyKind::Ed25519 };
            office.write_key(name, kind);
            if name != "stranger" {
                office.done(&["keyholder", "add", name, "--public-key", &format!("keys/{name}.pub")]);
            }
        }
        office.done(&["trust", "create", "--from", "sigstore"]);
        office
    }

    /// A folder without anything in it.
    #[allow(dead_code, reason = "for tests of how an office begins")]
    pub(crate) fn empty() -> Office {
        Office { folder: tempfile::tempdir().unwrap() }
    }

    /// With the plan of the ceremony `first`, as it is proposed.
    #[allow(dead_code, reason = "for tests of one step of a ceremony")]
    pub(crate) fn planned() -> Office {
        let office = Office::new();
        office.done(&["ceremony", "new", "first"]);
        office
    }

    /// With the ceremony `first` frozen.
    #[allow(dead_code, reason = "for tests of one step of a ceremony")]
    pub(crate) fn frozen() -> Office {
        let office = Office::planned();
        office.done(&["ceremony", "freeze", "first"]);
        office
    }

    /// After a first ceremony that is published.
    pub(crate) fn after_the_first() -> Office {
        let office = Office::new();
        office.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
        office
    }

    /// The same office in a folder of its own.
    #[allow(dead_code, reason = "for tests that try many things from one state")]
    pub(crate) fn copy(&self) -> Office {
        let copy = Office { folder: tempfile::tempdir().unwrap() };
        for name in self.list("") {
            copy.write(&name, fs::read(self.path(&name)).unwrap());
            let permissions = fs::metadata(self.path(&name)).unwrap().permissions();
            fs::set_permissions(copy.path(&name), permissions).unwrap();
        }
        copy
    }

    /// A private key that is always the same for a name, unencrypted.
    pub(crate) fn write_key(&self, name: &str, kind: KeyKind) {
        let mut seed = [7; 32];
        seed[..name.len()].copy_from_slice(name.as_bytes());
        let key = SecretKey::from_seed(kind, &seed);
        self.write(&format!("keys/{name}.pem"), key.to_pkcs8_pem().as_bytes());
        self.write(&format!("keys/{name}.pub"), key.public_key().to_spki_pem().as_bytes());
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            let path = self.path(&format!("keys/{name}.pem"));
            fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
        }
    }

    #[allow(dead_code, reason = "for tests that work in more than one folder")]
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, bytes: impl AsRef<[u8]>) {
        fs::create_dir_all(self.path(name).parent().unwrap()).unwrap();
        fs::write(self.path(name), bytes).unwrap();
    }

    /// Puts one text in the place of another that is there.
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from:?} is not in {name}");
        self.write(name, text.replacen(from, to, 1));
    }

    /// All files in a folder, seen from it.
    pub(crate) fn list(&self, folder: &str) -> Vec<String> {
        fn below(folder: &Path, prefix: &str, names: &mut Vec<String>) {
            for entry in fs::read_dir(folder).into_iter().flatten() {
                let entry = entry.unwrap();
                let name = format!("{prefix}{}", entry.file_name().to_str().unwrap());
                if entry.path().is_dir() { below(&entry.path(), &format!("{name}/"), names) } else { names.push(name) }
            }
        }
        let mut names = Vec::new();
        below(&self.path(folder), "", &mut names);
        names.sort();
        names
    }

    /// The program in this folder, with nobody at the terminal.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(binaries::rootline_repo());
        command.current_dir(self.folder.path()).args(arguments).stdin(Stdio::null());
        command.env_remove("ROOTLINE_PASSPHRASE").env_remove("ROOTLINE_REPOSITORY").env("NO_COLOR", "1");
        command
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Said {
        self.run_command(self.command(arguments))
    }

    pub(crate) fn run_command(&self, mut command: Command) -> Said {
        Said::of(command.output().unwrap())
    }

    /// On day 0.
    pub(crate) fn at(&self, at: &str, arguments: &[&str]) -> Said {
        self.run(&[arguments, &["--at", at]].concat())
    }

    /// A command that has to succeed, on day 0.
    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Said {
        self.done_at(DAY_0, arguments)
    }

    #[track_caller]
    pub(crate) fn done_at(&self, at: &str, arguments: &[&str]) -> Said {
        let said = self.at(at, arguments);
        assert_eq!(said.status, 0, "{arguments:?}: {said:?}");
        said
    }

    pub(crate) fn sign(&self, id: &str, with: &str) -> Said {
        self.at(DAY_0, &["ceremony", "sign", id, "--key", &format!("keys/{with}.pem"), "--yes"])
    }

    /// A whole ceremony, published to `public`.
    pub(crate) fn hold(&self, id: &str, options: &[&str], signers: &[&str], at: &str) {
        self.done_at(at, &[&["ceremony", "new", id], options].concat());
        self.done_at(at, &["ceremony", "freeze", id]);
        for signer in signers {
            let said = self.sign(id, signer);
            assert_eq!(said.status, 0, "{signer}: {said:?}");
        }
        self.done_at(at, &["ceremony", "seal", id]);
        self.done_at(at, &["online", "--key", "keys/online.pem"]);
        self.done_at(at, &["publish"]);
    }

    /// What a verifier makes of a published folder who begins with that root.
    pub(crate) fn verify(&self, folder: &str, root: u64, at: &str) -> Result<TrustRoot, Error> {
        verify(&self.path(folder), root, at)
    }
}

/// What a verifier makes of a published folder who begins with that root.
pub(crate) fn verify(folder: &Path, root: u64, at: &str) -> Result<TrustRoot, Error> {
    read(folder, root, at, &MemoryStore::new())
}

/// What a verifier makes of the second folder who has read the first.
#[allow(dead_code, reason = "for tests of what changes")]
pub(crate) fn verify_after(before: &Path, after: &Path, at: &str) -> Result<TrustRoot, Error> {
    let copy = MemoryStore::new();
    read(before, 1, at, &copy)?;
    read(after, 1, at, &copy)
}

/// What a verifier makes of a published folder who begins with that root and this local copy.
pub(crate) fn read(folder: &Path, root: u64, at: &str, copy: &MemoryStore) -> Result<TrustRoot, Error> {
    let pinned = fs::read(folder.join(format!("{root}.root.json"))).unwrap();
    let transport = Folder::new(folder, folder.join("targets"));
    Client::new(pinned, transport, copy).trust_root(parse_instant(at).unwrap())
}
