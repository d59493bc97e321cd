//! What stands on what: borders between our packages, and what a verifier who leaves the network or the C compiler out does not get. Read
//! from `cargo tree` and from `Cargo.lock`, so it holds for whoever builds this.

use std::collections::BTreeSet;
use std::fs;
use std::path::PathBuf;
use std::process::Command;

use rootline_tests::binaries::{cargo, workspace};
use rootline_tests::skipped::skip;

/// The names of the packages that `package` is built from, itself included, with these features and nothing for tests.
fn tree(package: &str, arguments: &[&str]) -> BTreeSet<String> {
    let mut command = cargo();
    command.args(["tree", "--package", package, "--prefix", "none", "--format", "{p}", "--edges", "normal,build"]);
    let output =
        command.args(["--target", "all"]).args(arguments).output().expect("cargo is there: it runs these tests");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    text.lines().filter_map(|line| line.split(' ').next()).filter(|name| !name.is_empty()).map(str::to_owned).collect()
}

fn has_none_of(tree: &BTreeSet<String>, names: &[&str]) {
    let there: Vec<&String> = tree.iter().filter(|name| names.contains(&name.as_str())).collect();
    assert!(there.is_empty(), "{there:?} of {tree:?}");
}

/// What needs a C compiler to build.
const NEEDS_C: [&str; 8] = ["cc", "cmake", "bindgen", "ring", "aws-lc-rs", "aws-lc-sys", "openssl-sys", "pkg-config"];

/// What comes with a network.
const NETWORK: [&str; 14] = [
    "tokio",
    "reqwest",
    "hyper",
    "hyper-util",
    "h2",
    "http",
    "rustls",
    "rustls-webpki",
    "rustls-platform-verifier",
    "native-tls",
    "openssl",
    "mio",
    "socket2",
    "ureq",
];

#[test]
fn a_verifier_without_the_network_has_no_runtime_no_tls_and_no_c() {
    let tree = tree("rootline-client", &["--no-default-features", "--features", "rustcrypto"]);
    assert!(tree.contains("rootline-metadata") && tree.contains("p256"), "{tree:?}");
    has_none_of(&tree, &NETWORK);
    has_none_of(&tree, &NEEDS_C);
    has_none_of(&tree, &["clap", "serde", "serde_json"]);
}

/// A site without a network reads bundles with nothing more than that.
#[test]
fn reading_a_bundle_takes_nothing_more() {
    let without = tree("rootline-client", &["--no-default-features", "--features", "rustcrypto"]);
    assert_eq!(tree("rootline-client", &["--no-default-features", "--features", "rustcrypto,bundle"]), without);
}

/// Both sides: what is left out above is there where it is asked for, or the names would say nothing.
#[test]
fn a_verifier_with_the_network_has_all_that() {
    let tree = tree("rootline-client", &["--no-default-features", "--features", "ring,http"]);
    for name in ["tokio", "reqwest", "hyper", "rustls", "ring", "cc"] {
        assert!(tree.contains(name), "{name}");
    }
    has_none_of(&tree, &["native-tls", "openssl", "openssl-sys", "aws-lc-rs", "aws-lc-sys", "cmake", "clap"]);
}

/// How many packages a verifier builds from, on the platform that most of them have; two versions of one are two.
fn packages_of_a_verifier(arguments: &[&str]) -> usize {
    let mut command = cargo();
    command.args(["tree", "--package", "rootline-client", "--prefix", "none", "--edges", "normal"]);
    command.args(["--target", "x86_64-unknown-linux-gnu"]).args(arguments);
    let output = command.output().expect("cargo is there: it runs these tests");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("names are text");
    let named: BTreeSet<Vec<&str>> = text.lines().map(|line| line.split(' ').take(2).collect()).collect();
    named.iter().filter(|package| package.len() == 2).count()
}

/// These numbers only go down: whoever needs a package more takes another one out, or says in Cargo.toml what it is for and why here.
#[test]
fn a_verifier_builds_from_no_more_packages_than_before() {
    assert_eq!(packages_of_a_verifier(&[]), 127, "with the default features");
    assert_eq!(packages_of_a_verifier(&["--no-default-features", "--features", "ring"]), 57, "without a network");
}

#[test]
fn metadata_in_pure_rust_needs_no_c() {
    for features in ["rustcrypto", "rustcrypto,ml-dsa"] {
        let tree = tree("rootline-metadata", &["--no-default-features", "--features", features]);
        has_none_of(&tree, &NEEDS_C);
    }
    assert!(tree("rootline-metadata", &["--no-default-features", "--features", "ring"]).contains("ring"));
}

/// A clock, files, sockets, randomness: none of what `metadata` stands on brings any.
#[test]
fn metadata_has_no_io() {
    let tree = tree("rootline-metadata", &["--no-default-features", "--features", "rustcrypto,ml-dsa"]);
    has_none_of(&tree, &NETWORK);
    has_none_of(
        &tree,
        &["tempfile", "getrandom", "rand", "iana-time-zone", "time", "serde_json", "dirs", "windows-sys"],
    );
    assert!(!tree.iter().any(|name| name.starts_with("rootline-") && name != "rootline-metadata"), "{tree:?}");
}

#[test]
fn client_and_ceremonies_never_mention_each_other() {
    for verifier in ["rootline-client", "rootline"] {
        assert!(!tree(verifier, &["--all-features"]).contains("rootline-ceremonies"));
    }
    assert!(!tree("rootline-ceremonies", &["--all-features"]).contains("rootline-client"));
    for package in ["rootline-client", "rootline-ceremonies", "rootline-metadata"] {
        has_none_of(&tree(package, &["--all-features"]), &["rootline", "rootline-repo", "rootline-tests"]);
    }
    let repo_tool = tree("rootline-repo", &[]);
    assert!(
        ["rootline", "rootline-client", "rootline-ceremonies", "rootline-metadata"]
            .iter()
            .all(|name| repo_tool.contains(*name))
    );
}

/// Keys in AWS KMS cost whoever wants them a lot, and nobody else anything. Its SDK's usual TLS would be a second one.
#[test]
fn aws_is_there_where_it_is_asked_for_and_brings_no_other_tls() {
    let aws = ["aws-config", "aws-sdk-kms", "aws-smithy-runtime", "aws-sigv4"];
    has_none_of(&tree("rootline-repo", &[]), &aws);
    let with = tree("rootline-repo", &["--features", "awskms"]);
    assert!(aws.iter().all(|name| with.contains(*name)));
    has_none_of(&with, &["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl-sys", "aws-sdk-sso"]);
}

/// Buckets cost nothing where they are not asked for, and bring no TLS of their own.
#[test]
fn buckets_are_there_where_they_are_asked_for_and_bring_no_other_tls() {
    let buckets = ["object_store", "quick-xml"];
    for program in ["rootline", "rootline-repo"] {
        has_none_of(&tree(program, &[]), &buckets);
        let with = tree(program, &["--features", "s3,gcs,azure"]);
        assert!(buckets.iter().all(|name| with.contains(*name)), "{program}");
        has_none_of(&with, &["aws-lc-rs", "aws-lc-sys", "native-tls", "openssl-sys", "aws-config"]);
    }
}

/// The packages of a lock file, as name, version and source.
fn locked(file: PathBuf) -> Vec<(String, String, Option<String>)> {
    let text = fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
    let member = |package: &str, name: &str| {
        let line = package.lines().find_map(|line| line.strip_prefix(&format!("{name} = \"")));
        line.and_then(|rest| rest.strip_suffix('"')).map(str::to_owned)
    };
    let package = |text: &str| Some((member(text, "name")?, member(text, "version")?, member(text, "source")));
    text.split("[[package]]").skip(1).map(|text| package(text).expect("a name and a version")).collect()
}

#[test]
fn everything_is_locked_and_comes_from_the_registry_or_from_here() {
    let packages = locked(workspace().join("Cargo.lock"));
    assert!(packages.len() > 100);
    let ours =
        ["rootline-metadata", "rootline-client", "rootline", "rootline-ceremonies", "rootline-repo", "rootline-tests"];
    let mut registries = BTreeSet::new();
    for (name, version, source) in &packages {
        match source {
            None => assert!(ours.contains(&name.as_str()), "{name} {version} comes from a path"),
            Some(source) => {
                assert!(source.starts_with("registry+https://"), "{name} {version} comes from {source}");
                registries.insert(source);
            }
        }
    }
    assert_eq!(registries.len(), 1, "{registries:?}");
}

/// The other clients that the interop tests install are a workspace of their own.
#[test]
fn what_the_peers_need_is_not_in_our_lock_file() {
    let ours: BTreeSet<String> = locked(workspace().join("Cargo.lock")).into_iter().map(|(name, ..)| name).collect();
    let ours_as_tree = ours.clone();
    has_none_of(
        &ours_as_tree,
        &["tough", "sigstore-tuf", "sigstore-trust-root", "sigstore", "jiff", "aws-lc-sys", "aws-lc-rs"],
    );
    let peers: BTreeSet<String> =
        locked(workspace().join("tests/peers/rust/Cargo.lock")).into_iter().map(|(name, ..)| name).collect();
    assert!(peers.contains("tough") && peers.contains("sigstore-tuf"));
    assert!(peers.difference(&ours).count() > 20, "which is worth it");
}

/// A target's own standard library, where it is installed.
fn is_installed(target: &str) -> bool {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
    let output =
        Command::new(rustc).args(["--print", "target-libdir", "--target", target]).output().expect("rustc is there");
    output.status.success() && PathBuf::from(String::from_utf8_lossy(&output.stdout).trim()).is_dir()
}

/// Builds for targets without a C compiler of their own, in a folder of its own, where they are installed.
#[test]
fn the_core_builds_for_targets_without_a_c_compiler() {
    let targets = ["wasm32-unknown-unknown", "x86_64-unknown-linux-musl"];
    let mut built = 0;
    for target in targets.into_iter().filter(|target| is_installed(target)) {
        let folder = tempfile::tempdir().unwrap();
        let mut command = cargo();
        command.args(["check", "--quiet", "--package", "rootline-metadata", "--no-default-features"]);
        command.args(["--features", "rustcrypto,ml-dsa", "--target", target, "--target-dir"]).arg(folder.path());
        let output = command.env("CC", "/nowhere/cc").output().expect("cargo is there");
        assert!(output.status.success(), "{target}: {}", String::from_utf8_lossy(&output.stderr));
        built += 1;
    }
    if built == 0 {
        skip(&format!("none of {targets:?} is installed"));
    }
}

/// The compiler says so, too, as long as this line is there.
#[test]
fn metadata_is_no_std() {
    let text = fs::read_to_string(workspace().join("metadata/src/lib.rs")).unwrap();
    assert!(text.lines().any(|line| line == "#![no_std]"));
    assert!(!text.contains("extern crate std"));
    for file in rootline_tests::source_text::rust_files(&workspace().join("metadata/src")) {
        let text = fs::read_to_string(&file).unwrap();
        let code = text.split("#[cfg(test)]").next().unwrap_or(&text);
        let names_std = code.lines().any(|line| !line.trim_start().starts_with("//") && line.contains("std::"));
        assert!(!names_std, "{}", file.display());
    }
}
