//! The examples of the verifier's library, each run on a mirror of Sigstore's real repository.

use std::collections::BTreeSet;
use std::env::consts::EXE_EXTENSION;
use std::fs;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use rootline_client::mirror::Mirror;
use rootline_client::transport::Folder;
use rootline_metadata::parse_instant;
use rootline_tests::binaries::{examples, workspace};
use rootline_tests::fixtures::output::Output;
use rootline_tests::real_data;
use rootline_tests::servers::static_server;

const AT: &str = "2026-08-22T00:00:00Z";

/// The examples, and what each of them says at least.
const EXAMPLES: [(&str, &[&str]); 8] = [
    ("asynchronous", &["root 16, fresh until 2026-08-28T19:25:56Z"]),
    (
        "keys_at_a_time",
        &[
            "at 2025-08-22T00:00:00Z:",
            "certificates by https://fulcio.sigstore.dev",
            "entries in https://rekor.sigstore.dev",
            "checkpoints by its first bytes: 1",
        ],
    ),
    (
        "offline",
        &[
            "stale: timestamp expired at 2026-08-28T19:25:56Z",
            "last compared with the repository at 2026-08-22T00:00:00Z",
            "refused: timestamp.json expired",
            "TUF 5.4.4 (freeze): ",
        ],
    ),
    ("own_store", &["Timestamp: ", "from the table alone: fresh until 2026-08-28T19:25:56Z"]),
    ("own_transport", &["metadata files and ", "fresh until 2026-08-28T19:25:56Z"]),
    ("signing_config", &["certificates from https://fulcio.sigstore.dev", "entries into https://"]),
    ("trust_root", &["certificates by https://fulcio.sigstore.dev", "fresh until 2026-08-28T19:25:56Z"]),
    ("verifying_service", &["request 0: https://rekor.sigstore.dev", "request 3: no log that is trusted"]),
];

/// A mirror of Sigstore's repository, for all tests.
fn mirror() -> Option<&'static PathBuf> {
    static MIRROR: OnceLock<PathBuf> = OnceLock::new();
    let real = real_data::sigstore_prod()?;
    Some(MIRROR.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap().keep();
        let from = Folder::new(real.join("metadata"), real.join("targets"));
        let pinned = rootline_client::Instance::sigstore().pinned_root;
        Mirror::new(pinned, from, &folder).update(parse_instant(AT).unwrap(), &mut ()).unwrap();
        folder
    }))
}

/// Runs an example with a home of its own, and nothing in its environment that could lead elsewhere.
fn run(name: &str, place: &str) -> Output {
    let home = tempfile::tempdir().unwrap();
    let mut example = Command::new(examples().join(name).with_extension(EXE_EXTENSION));
    example.args([place, AT]).env("HOME", home.path()).env("XDG_CACHE_HOME", home.path().join("cache"));
    Output::of(&mut example)
}

#[test]
fn every_example_says_what_it_has_to() {
    let Some(mirror) = mirror() else { return };
    let server = static_server::serve(mirror);
    for (name, expected) in EXAMPLES {
        let place = if name == "own_transport" { mirror.to_str().unwrap().to_owned() } else { server.url() };
        let output = run(name, &place).succeeds().stdout;
        for text in expected {
            assert!(output.contains(text), "{name} does not say {text:?}: {output}");
        }
    }
    fs::remove_dir_all(mirror).unwrap();
}

#[test]
fn every_example_that_there_is_is_run() {
    let there = fs::read_dir(workspace().join("client/examples")).unwrap().map(|entry| entry.unwrap().path());
    let there: BTreeSet<String> = there
        .filter(|path| path.extension().is_some_and(|extension| extension == "rs"))
        .map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    assert_eq!(there, EXAMPLES.iter().map(|(name, _)| (*name).to_owned()).collect());
}
