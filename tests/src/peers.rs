//! Other people's clients, as `tests/peers` installs and drives them.
//!
//! A test that needs one and does not find it says so and is skipped; with `CI=true` in the environment it fails instead.

use std::env;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use crate::binaries::workspace;
use crate::skipped::skip_without;

/// The peers that `tests/peers/read` knows and that can be told the time.
pub const TIMED: [&str; 4] = ["python", "node", "tough", "sigstore-tuf"];

/// What a peer reads: a repository by its URL, from one root, at one time.
#[derive(Clone, Copy, Debug)]
pub struct Reading<'a> {
    /// The first root.
    pub root: &'a Path,
    /// Where the repository is: metadata at the top, targets below `targets/`.
    pub url: &'a str,
    /// The time, a whole second; none is the machine's.
    pub at: Option<&'a str>,
    /// The peer's own cache.
    pub cache: &'a Path,
    /// What it downloads.
    pub targets: &'a [&'a str],
}

/// Whether the peers are installed.
///
/// # Panics
/// If they are not and `CI=true`.
pub fn installed() -> bool {
    unpacked("python/bin/python").is_some()
}

/// Whether the peers that judge documents are installed.
///
/// # Panics
/// If they are not and `CI=true`.
pub fn verifiers_installed() -> bool {
    ["python/bin/python", "node/node_modules/@sigstore/tuf", "cosign", "sigstore-go", "rust/release/verify-sigstore"]
        .iter()
        .all(|program| unpacked(program).is_some())
}

/// What a peer answers: the JSON line of versions and digests.
///
/// # Errors
/// If it refuses: its reason.
///
/// # Panics
/// If it cannot be run at all.
pub fn read(peer: &str, reading: &Reading<'_>) -> Result<serde_json::Value, String> {
    let mut command = Command::new(workspace().join("tests/peers/read"));
    command.arg(peer).arg("--root").arg(reading.root).args(["--url", reading.url]).arg("--cache").arg(reading.cache);
    if let Some(at) = reading.at {
        command.args(["--at", at]);
    }
    for target in reading.targets {
        command.args(["--target", target]);
    }
    let output = run(&mut command);
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    match output.status.code() {
        Some(0) => Ok(serde_json::from_slice(&output.stdout).expect("an answer is one line of JSON")),
        Some(1) => Err(complaint),
        other => panic!("{peer} could not be run ({other:?}): {complaint}"),
    }
}

/// The peers that `tests/peers/verify` knows.
pub const VERIFIERS: [&str; 5] = ["python", "node", "cosign", "sigstore-go", "sigstore-verify"];

/// Those of them whose choices of services are listed. That of cosign is sigstore-go's, whose library it uses.
pub const SIGNERS: [&str; 4] = ["python", "node", "sigstore-go", "sigstore-verify"];

/// What a peer verifies.
#[derive(Clone, Copy, Debug)]
pub struct Verification<'a> {
    /// The artifact.
    pub artifact: &'a Path,
    /// The present, where it is not the machine's. The Go programs do not need it: they compare nothing in a trust root with it.
    pub at: Option<&'a str>,
    /// Who must have signed it.
    pub identity: &'a str,
    /// Who must vouch for that.
    pub issuer: &'a str,
}

/// Whether a peer accepts the artifact with each of these trust roots and bundles, or why not.
///
/// # Panics
/// If it cannot be run at all.
pub fn verify(peer: &str, what: &Verification<'_>, documents: &[(PathBuf, PathBuf)]) -> Vec<Result<(), String>> {
    let mut command = verifier(peer);
    for (trusted_root, bundle) in documents {
        command.arg("--trusted-root").arg(trusted_root).arg("--bundle").arg(bundle);
    }
    what.add_to(&mut command);
    judgements(peer, &mut command).into_iter().map(|judged| judged.map(drop)).collect()
}

impl Verification<'_> {
    fn add_to(&self, command: &mut Command) {
        if let Some(at) = self.at {
            command.args(["--at", at]);
        }
        command.arg("--artifact").arg(self.artifact).args(["--identity", self.identity, "--issuer", self.issuer]);
    }
}

/// A repository that a peer reads by itself, with the TUF client that it has.
#[derive(Clone, Copy, Debug)]
pub struct Repository<'a> {
    /// The first root.
    pub root: &'a Path,
    /// Where the repository is: metadata at the top, targets below `targets/`.
    pub url: &'a str,
    /// The peer's own cache.
    pub cache: &'a Path,
    /// Whether the cache must do. `node` alone can be told so.
    pub is_offline: bool,
}

/// What a peer makes of a repository's documents.
#[derive(Debug, PartialEq, Eq)]
pub struct Taken {
    /// Whether it accepts the artifact with the trust root and each bundle, or why not.
    pub verified: Vec<Result<(), String>>,
    /// The addresses of the services that it would sign with, or why it would not. None of sigstore-go's programs takes a signing config
    /// from a repository.
    pub selected: Option<Result<Vec<String>, String>>,
}

/// Lets a peer take both documents from a repository, to verify these bundles and to select services.
///
/// # Panics
/// If it cannot be run at all.
pub fn take(peer: &str, what: &Verification<'_>, repository: &Repository<'_>, bundles: &[PathBuf]) -> Taken {
    let mut command = verifier(peer);
    command.args(["--url", repository.url]).arg("--root").arg(repository.root).arg("--cache").arg(repository.cache);
    if repository.is_offline {
        command.arg("--offline");
    }
    for bundle in bundles {
        command.arg("--bundle").arg(bundle);
    }
    what.add_to(&mut command);
    let mut judged = judgements(peer, &mut command).into_iter();
    let verified = judged.by_ref().take(bundles.len()).map(|judged| judged.map(drop)).collect();
    Taken { verified, selected: judged.next().map(|judged| judged.map(|answer| selected(&answer))) }
}

/// The addresses of the services that a peer would sign with at `at`, by each of these signing configs, or why it would not. Without an
/// instant it is the machine's; the Go programs know no other.
///
/// # Panics
/// If it cannot be run at all.
pub fn select(peer: &str, at: Option<&str>, signing_configs: &[PathBuf]) -> Vec<Result<Vec<String>, String>> {
    let mut command = verifier(peer);
    if let Some(at) = at {
        command.args(["--at", at]);
    }
    for signing_config in signing_configs {
        command.arg("--signing-config").arg(signing_config);
    }
    judgements(peer, &mut command).into_iter().map(|judged| judged.map(|answer| selected(&answer))).collect()
}

fn selected(answer: &serde_json::Value) -> Vec<String> {
    serde_json::from_value(answer["selected"].clone()).expect("what is selected are addresses")
}

fn verifier(peer: &str) -> Command {
    let mut command = Command::new(workspace().join("tests/peers/verify"));
    command.arg(peer);
    command
}

fn judgements(peer: &str, command: &mut Command) -> Vec<Result<serde_json::Value, String>> {
    let output = run(command);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{peer} could not be run: {complaint}");
    let lines = String::from_utf8(output.stdout).expect("an answer is JSON");
    let judgement = |line| {
        let judgement: serde_json::Value = serde_json::from_str(line).expect("an answer is lines of JSON");
        match judgement["accepted"].as_bool() {
            Some(true) => Ok(judgement),
            _ => Err(judgement["reason"].as_str().expect("a refusal has a reason").to_owned()),
        }
    };
    lines.lines().map(judgement).collect()
}

/// A repository that python-tuf's own library makes, as of `at`: `metadata/`, `targets/` and `expected.json`.
///
/// # Panics
/// If it cannot be made.
pub fn repository_by_python(folder: &Path, at: &str) {
    let script = workspace().join("tests/peers/python/make_repository.py");
    let output = run(Command::new(python()).arg(script).arg(folder).args(["--at", at]));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

/// The command `sigstore` of sigstore-python.
pub fn sigstore() -> PathBuf {
    python().with_file_name("sigstore")
}

/// The Python that has python-tuf, securesystemslib and cryptography.
pub fn python() -> PathBuf {
    folder().join("python/bin/python")
}

/// The program cosign.
pub fn cosign() -> PathBuf {
    folder().join("cosign/usr/bin/cosign")
}

/// A program that `tests/peers` has unpacked beside the system, such as `nginx/usr/sbin/nginx`; none if it is not there.
///
/// # Panics
/// If it is not there and `CI=true`.
pub fn unpacked(program: &str) -> Option<PathBuf> {
    let program = folder().join(program);
    if program.exists() { Some(program) } else { missing() }
}

/// A program of the system's, such as `git`, wherever the search path has it; none if it is not there.
///
/// # Panics
/// If it is not there and `CI=true`.
pub fn of_the_system(program: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH").unwrap_or_default();
    let found = env::split_paths(&path).map(|folder| folder.join(program)).find(|program| program.is_file());
    found.or_else(missing)
}

fn folder() -> PathBuf {
    env::var_os("ROOTLINE_PEERS").map_or_else(|| workspace().join("target/peers"), PathBuf::from)
}

fn missing<T>() -> Option<T> {
    skip_without("the peers are not installed: run tests/peers/install")
}

fn run(command: &mut Command) -> Output {
    command.output().expect("a program that is installed runs")
}
