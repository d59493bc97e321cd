//! A repository in git, and a clone of it.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{self, Command};

use rootline_ceremonies::Transcript;
use rootline_tests::fixtures::output::Output;
use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::peers;
use tempfile::TempDir;

/// The repository, where Ann works, and a clone of it, where Ben does. All keys are in the repository.
pub(crate) struct Clones {
    fixture: RepositoryFixture,
    clone: TempDir,
    git: PathBuf,
}

/// One of the two folders.
#[derive(Clone, Copy)]
pub(crate) struct Desk<'a> {
    clones: &'a Clones,
    pub(crate) folder: &'a Path,
}

impl Clones {
    /// None where there is no git.
    pub(crate) fn of(fixture: RepositoryFixture) -> Option<Clones> {
        let clones = Clones { fixture, clone: tempfile::tempdir().unwrap(), git: peers::of_the_system("git")? };
        let ann = clones.ann();
        ann.git(&["init", "--quiet", "--initial-branch", "main"]);
        ann.commit();
        let (from, to) = (ann.folder.display().to_string(), clones.clone.path().display().to_string());
        clones.ben().git(&["clone", "--quiet", &from, &to]);
        Some(clones)
    }

    pub(crate) fn ann(&self) -> Desk<'_> {
        Desk { clones: self, folder: self.fixture.folder() }
    }

    pub(crate) fn ben(&self) -> Desk<'_> {
        Desk { clones: self, folder: self.clone.path() }
    }

    fn key(&self, of: &str, extension: &str) -> String {
        self.fixture.path(&format!("keys/{of}.{extension}")).display().to_string()
    }
}

impl Desk<'_> {
    fn git_command(&self, arguments: &[&str]) -> process::Output {
        let mut git = Command::new(&self.clones.git);
        git.current_dir(self.folder).env("GIT_CONFIG_NOSYSTEM", "1").env("GIT_CONFIG_GLOBAL", "/dev/null");
        git.args(["-c", "user.name=Test", "-c", "user.email=test@example.org", "-c", "core.autocrlf=false"]);
        git.args(arguments).output().unwrap()
    }

    #[track_caller]
    pub(crate) fn git(&self, arguments: &[&str]) -> String {
        let output = self.git_command(arguments);
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    }

    #[track_caller]
    pub(crate) fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--allow-empty", "--message", "Work"]);
    }

    /// Commits everything at both desks, and merges the other one's work into this one's. Gives the files that are in conflict.
    #[track_caller]
    pub(crate) fn merge(&self, other: Desk<'_>) -> Vec<String> {
        self.commit();
        other.commit();
        self.git(&["fetch", "--quiet", &other.folder.display().to_string(), "HEAD"]);
        let merged = self.git_command(&["merge", "--quiet", "--no-edit", "FETCH_HEAD"]);
        let conflicts = self.git(&["diff", "--name-only", "--diff-filter=U"]);
        let conflicts: Vec<String> = conflicts.lines().map(str::to_owned).collect();
        assert_eq!(merged.status.success(), conflicts.is_empty(), "{}", String::from_utf8_lossy(&merged.stderr));
        conflicts
    }

    /// Takes one side's version of files that are in conflict: `--ours` or `--theirs`.
    pub(crate) fn take(&self, side: &str, files: &[String]) {
        let files: Vec<&str> = files.iter().map(String::as_str).collect();
        self.git(&[&["checkout", side, "--"], &files[..]].concat());
        self.commit();
    }

    pub(crate) fn at(&self, at: &str, arguments: &[&str]) -> Output {
        let mut command = self.clones.fixture.command(&[arguments, &["--at", at]].concat());
        command.current_dir(self.folder);
        self.clones.fixture.run_command(command)
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Output {
        self.at(DAY_0, arguments)
    }

    #[track_caller]
    pub(crate) fn done_at(&self, at: &str, arguments: &[&str]) -> Output {
        let output = self.at(at, arguments);
        assert!(output.is_done(), "{arguments:?}: {output:?}");
        output
    }

    #[track_caller]
    pub(crate) fn done(&self, arguments: &[&str]) -> Output {
        self.done_at(DAY_0, arguments)
    }

    pub(crate) fn sign_at(&self, at: &str, by: &str) -> Output {
        self.at(at, &["ceremony", "sign", "first", "--yes", "--key", &self.clones.key(by, "pem")])
    }

    #[track_caller]
    pub(crate) fn sign(&self, by: &str) -> Output {
        let output = self.sign_at(DAY_0, by);
        output.says(&format!("{by} has signed"));
        output
    }

    #[track_caller]
    pub(crate) fn sign_all(&self, signers: &[&str]) {
        signers.iter().for_each(|signer| drop(self.sign(signer)));
    }

    pub(crate) fn with_key(&self, at: &str, arguments: &[&str], of: &str) -> Output {
        self.at(at, &[arguments, &["--key", &self.clones.key(of, "pem")]].concat())
    }

    pub(crate) fn public_key(&self, of: &str) -> String {
        self.clones.key(of, "pub")
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    #[track_caller]
    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        fs::write(self.path(name), text).unwrap();
    }

    #[track_caller]
    pub(crate) fn edit(&self, name: &str, from: &str, to: &str) {
        let text = self.read(name);
        assert!(text.contains(from), "{from:?} is not in {name}");
        self.write(name, &text.replacen(from, to, 1));
    }

    /// The transcript of the ceremony `first`.
    #[track_caller]
    pub(crate) fn transcript(&self) -> Transcript {
        Transcript::parse(&self.read("ceremonies/first/transcript.jsonl")).unwrap()
    }

    /// Who has signed what, as the transcript tells it.
    #[track_caller]
    pub(crate) fn signed(&self) -> Vec<String> {
        let transcript = self.transcript();
        let signed = transcript.entries().iter().filter(|entry| entry.event.kind.name() == "signed");
        let fact = |entry: &rootline_ceremonies::Entry, name| entry.event.text(name).unwrap().to_owned();
        let mut signed: Vec<String> =
            signed.map(|entry| format!("{} {}", fact(entry, "keyholder"), fact(entry, "role"))).collect();
        signed.sort();
        signed
    }

    /// Seals, makes current, publishes and lets a verifier read it.
    #[track_caller]
    pub(crate) fn publish(&self, at: &str) {
        self.done_at(at, &["ceremony", "seal", "first"]);
        self.with_key(at, &["online"], "online").says("first is now current");
        self.done_at(at, &["publish"]);
        self.verify(at);
    }

    /// Lets a verifier who pinned the first root read what is public.
    #[track_caller]
    pub(crate) fn verify(&self, at: &str) {
        rootline_tests::fixtures::repository::verify(&self.path("public"), 1, at).unwrap();
    }
}
