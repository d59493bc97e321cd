//! Reviews of what Sigstore and GitHub really ship.

use std::fs;

use rootline_tests::fixtures::repository::RepositoryFixture;
use rootline_tests::real_data;
use serde_json::Value;

/// When the real repository was taken.
const THEN: &str = "2026-08-22T00:00:00Z";

fn review(fixture: &RepositoryFixture, id: &str) -> Value {
    fixture.done_at(THEN, &["ceremony", "new", id]);
    fixture.freeze_as_meant(id, THEN);
    serde_json::from_str(&fixture.done_at(THEN, &["ceremony", "review", id, "--json"]).stdout).unwrap()
}

/// A repository that ships every top-level target of Sigstore's.
fn sigstore() -> Option<RepositoryFixture> {
    let real = real_data::sigstore_prod()?;
    let fixture = RepositoryFixture::new();
    for entry in fs::read_dir(real.join("targets")).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if let (true, Some((_, name))) = (path.is_file(), name.split_once('.')) {
            fixture.write(&format!("targets/{name}"), fs::read(&path).unwrap());
        }
    }
    Some(fixture)
}

#[test]
fn sigstores_own_files_bring_the_warnings_that_are_true() {
    let Some(fixture) = sigstore() else { return };
    let review = review(&fixture, "first");
    let rules: Vec<&str> =
        review["warnings"].as_array().unwrap().iter().map(|warning| warning["rule"].as_str().unwrap()).collect();
    assert_eq!(rules, ["sc-version-mix", "log-ed25519"], "{}", review["warnings"]);
    let trust = review["trust"].as_array().unwrap();
    let kinds: Vec<&str> = trust.iter().map(|content| content["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("signing config, ")).count(), 3, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("trusted root, ")).count(), 1, "{kinds:?}");
    assert_eq!(kinds.iter().filter(|kind| kind.starts_with("text, ")).count(), 7, "{kinds:?}");
    assert!(trust.iter().flat_map(|content| content["not_understood"].as_array().unwrap()).next().is_none());
}

#[test]
fn a_trust_root_of_somebody_else_is_loud() {
    let (Some(fixture), Some(anchors)) = (sigstore(), real_data::anchors()) else { return };
    fixture.hold("first", &[], &["alice", "bob", "carol"], THEN);
    fixture.write("targets/trusted_root.json", fs::read(anchors.join("github.trusted_root.json")).unwrap());
    let review = review(&fixture, "second");
    let changes = review["changes"].as_array().unwrap();
    let gone = changes.iter().filter(|change| change["mark"] == "gone").count();
    assert_eq!(gone, 7);
    assert!(
        changes[0]["text"].as_str().unwrap().contains("disappears: nothing that it vouched for is verified any more")
    );
    let chains =
        review["trust"].as_array().unwrap().iter().find(|content| content["file"] == "trusted_root.json").unwrap();
    let leaf = chains["entries"].as_array().unwrap().iter().find(|entry| entry["mark"] == "new").unwrap();
    assert_eq!(leaf["chain"].as_array().unwrap().len(), 3);
    // Every service that is offered has lost its key, and that is new.
    let warnings = review["warnings"].as_array().unwrap();
    let lost = |warning: &&Value| warning["text"].as_str().unwrap().contains("lists nothing in");
    assert!(warnings.iter().filter(lost).count() >= 7, "{warnings:?}");
    assert!(warnings.iter().filter(lost).all(|warning| warning["new"] == true), "{warnings:?}");
}
