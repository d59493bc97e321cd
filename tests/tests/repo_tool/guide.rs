//! The page for users: it follows from the repository, and what it tells clusters is YAML.

use std::io::Write;
use std::process::{Command, Stdio};

use rootline_tests::fixtures::repository::{DAY_0, RepositoryFixture};
use rootline_tests::peers;
use rootline_tests::servers::static_server;
use rootline_tests::skipped::skip;
use serde_json::Value;

use super::quickstart::{instance, quickstart};

/// An instance that has published, with one log of signatures, and PEM files for old clients.
fn published() -> RepositoryFixture {
    let fixture = instance();
    let options = quickstart(&[".", "--legacy-targets"]);
    let tiles = options.iter().position(|option| option.starts_with("https://log.acme.example")).unwrap();
    let options: Vec<&str> = options
        .iter()
        .enumerate()
        .filter(|(at, _)| ![tiles - 1, tiles].contains(at))
        .map(|(_, option)| *option)
        .collect();
    fixture.done(&options);
    fixture.done(&["ceremony", "freeze", "first"]);
    for name in ["alice", "bob"] {
        assert!(fixture.sign("first", name).is_done());
    }
    for command in [&["ceremony", "seal", "first"][..], &["online", "--key", "keys/online.pem"], &["publish"]] {
        fixture.done(command);
    }
    fixture
}

/// The blocks of a page in that language.
fn blocks<'a>(page: &'a str, language: &str) -> Vec<&'a str> {
    let opening = format!("```{language}\n");
    page.split(&*opening).skip(1).map(|rest| rest.split("\n```").next().unwrap()).collect()
}

/// What a block of YAML says, by somebody else's reader.
fn yaml(block: &str) -> Option<Value> {
    let python = peers::of_the_system("python3")?;
    if !Command::new(&python).args(["-c", "import yaml"]).stderr(Stdio::null()).status().unwrap().success() {
        skip("there is no PyYAML");
        return None;
    }
    let mut command = Command::new(python);
    command.args(["-c", "import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))"]);
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    child.stdin.take().unwrap().write_all(block.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "this is not YAML:\n{block}");
    Some(serde_json::from_slice(&output.stdout).unwrap())
}

#[test]
fn what_it_tells_clusters_is_yaml_with_the_root_in_it() {
    let fixture = published();
    fixture.done(&["guide"]).says("root 1: sha256 ");
    let page = fixture.read("for-users.md");
    let blocks = blocks(&page, "yaml");
    let Some(said) = blocks.iter().map(|block| yaml(block)).collect::<Option<Vec<Value>>>() else { return };
    let kinds: Vec<&str> = said.iter().map(|value| value["kind"].as_str().unwrap_or("values")).collect();
    let expected =
        ["TrustRoot", "ClusterImagePolicy", "ImageValidatingPolicy", "values", "ClusterPolicy", "OCIRepository"];
    assert_eq!(kinds, expected);
    let root = rootline_tests::fixtures::sigstore::base64(fixture.read("public/1.root.json").as_bytes());
    let [trust_root, image_policy, validating, values, cluster_policy, flux] = &said[..] else { unreachable!() };
    assert_eq!(trust_root["spec"]["remote"]["root"], root);
    assert_eq!(trust_root["spec"]["remote"]["mirror"], "https://tuf.acme.example");
    let authority = &image_policy["spec"]["authorities"][0];
    for place in ["keyless", "ctlog", "rfc3161timestamp"] {
        assert_eq!(authority[place]["trustRootRef"], trust_root["metadata"]["name"]);
    }
    assert_eq!(authority["keyless"]["identities"][0]["issuer"], "https://login.acme.example");
    assert_eq!(validating["spec"]["attestors"][0]["cosign"]["tuf"]["root"]["data"], root);
    assert_eq!(values["features"]["tuf"]["rootRaw"], root);
    let keyless = &cluster_policy["spec"]["rules"][0]["verifyImages"][0]["attestors"][0]["entries"][0]["keyless"];
    assert_eq!(keyless["rekor"]["url"], "https://rekor.acme.example");
    assert_eq!(flux["spec"]["verify"]["matchOIDCIdentity"][0]["subject"], r"^release@acme\.example$");
}

#[test]
fn it_follows_from_the_repository_and_is_written_again() {
    let fixture = published();
    let before = fixture.read("for-users.md");
    assert!(before.contains("Root 1 is not signed yet"));
    let report = fixture.done(&["guide", "--json"]).json();
    assert_eq!(report["written"], "for-users.md");
    let after = fixture.read("for-users.md");
    assert!(after.contains(report["first_root"].as_str().unwrap()) && !after.contains("not signed yet"));
    assert_eq!(fixture.done(&["guide", "--output", "-"]).stdout, after);
    fixture.done(&["guide", "--output", "other.md", "--url", "http://127.0.0.1:8080/"]);
    assert_eq!(fixture.read("other.md"), after.replace("https://tuf.acme.example", "http://127.0.0.1:8080"));
}

#[test]
fn it_is_not_written_without_an_address_or_a_trust_root() {
    let fixture = RepositoryFixture::new();
    fixture.at(DAY_0, &["guide"]).refuses(
        "rootline.toml does not say where verifiers reach the repository",
        "",
        "state it: --url URL",
    );
    assert_eq!(fixture.at(DAY_0, &["guide", "--url", "tuf.acme.example"]).status, 2);
    std::fs::remove_file(fixture.path("targets/trusted_root.json")).unwrap();
    fixture.at(DAY_0, &["guide", "--url", "https://tuf.acme.example"]).refuses(
        "targets/trusted_root.json does not exist",
        "",
        "create it: rootline-repo trust create",
    );
    assert!(!fixture.path("for-users.md").exists());
}

#[test]
fn the_commands_of_rootline_are_typed_as_they_stand() {
    let fixture = published();
    let server = static_server::serve(&fixture.path("public"));
    fixture.done(&["guide", "--url", &server.url()]);
    std::fs::copy(fixture.path("public/1.root.json"), fixture.path("1.root.json")).unwrap();
    let page = fixture.read("for-users.md");
    let commands = blocks(&page, "sh").into_iter().flat_map(str::lines).filter(|line| line.starts_with("rootline "));
    let mut typed = 0;
    for line in commands {
        typed += 1;
        let words: Vec<&str> = line.split(' ').skip(1).chain(["--at", DAY_0]).collect();
        let mut command = Command::new(rootline_tests::binaries::rootline());
        command.current_dir(fixture.folder()).args(&words).stdin(Stdio::null());
        command.env("ROOTLINE_CONFIG", fixture.path("configuration")).env("ROOTLINE_CACHE", fixture.path("cache"));
        let output = command.output().unwrap();
        assert!(output.status.success(), "{line}: {}", String::from_utf8_lossy(&output.stderr));
    }
    assert_eq!(typed, 8);
}
