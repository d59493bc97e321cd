//! The services to sign with: from the trust root, and never ahead of it.

use rootline_tests::fixtures::repository::{DAY_0, DAY_1, RepositoryFixture};
use serde_json::{Value, json};

const FILE: &str = "targets/signing_config.v0.2.json";

fn config(fixture: &RepositoryFixture) -> Value {
    serde_json::from_str(&fixture.read(FILE)).unwrap()
}

fn urls(config: &Value, list: &str) -> Vec<String> {
    config[list].as_array().unwrap().iter().map(|service| service["url"].as_str().unwrap().to_owned()).collect()
}

const CREATE: [&str; 5] = ["trust", "signing-config", "create", "--operator", "sigstore.dev"];
const OIDC: [&str; 2] = ["--oidc", "https://oauth2.sigstore.dev/auth"];

fn with_config() -> RepositoryFixture {
    let fixture = RepositoryFixture::new();
    fixture.done_at(DAY_0, &[&CREATE[..], &OIDC].concat());
    fixture
}

#[test]
fn the_services_follow_from_the_trust_root() {
    let fixture = with_config();
    let config = config(&fixture);
    assert_eq!(urls(&config, "caUrls"), ["https://fulcio.sigstore.dev"]);
    assert_eq!(urls(&config, "oidcUrls"), ["https://oauth2.sigstore.dev/auth"]);
    assert_eq!(urls(&config, "rekorTlogUrls"), ["https://rekor.sigstore.dev"]);
    assert_eq!(urls(&config, "tsaUrls"), ["https://timestamp.sigstore.dev/api/v1/timestamp"]);
    assert_eq!(config["rekorTlogConfig"], json!({"selector": "ANY"}));
    assert_eq!(config["tsaConfig"], json!({"selector": "ANY"}));
    assert_eq!(config["rekorTlogUrls"][0]["majorApiVersion"], 1);
    let shown = fixture.at(DAY_0, &["trust", "signing-config", "show", "--json"]).json();
    assert_eq!(shown["services"].as_array().unwrap().len(), 4);
    assert_eq!(shown["findings"], json!([]));
    // Version 2 of Rekor, on demand.
    let fixture = RepositoryFixture::new();
    fixture.done_at(DAY_0, &[&CREATE[..], &["--rekor-version", "2"]].concat());
    let config = self::config(&fixture);
    assert_eq!(urls(&config, "rekorTlogUrls"), ["https://log2025-1.rekor.sigstore.dev"]);
    assert_eq!(config["rekorTlogUrls"][0]["majorApiVersion"], 2);
}

#[test]
fn a_service_is_replaced_in_one_step_at_one_instant() {
    let fixture = with_config();
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let edit = ["trust", "signing-config", "edit", "--add", "oidc=https://login.example", "--close"];
    let output = fixture.at(DAY_1, &[&edit[..], &["https://oauth2.sigstore.dev/auth"]].concat());
    assert!(output.is_done(), "{output:?}");
    let config = config(&fixture);
    assert_eq!(urls(&config, "oidcUrls"), ["https://login.example", "https://oauth2.sigstore.dev/auth"]);
    assert_eq!(config["oidcUrls"][1]["validFor"]["end"], "2030-01-01T23:59:59Z");
    assert_eq!(config["oidcUrls"][0]["validFor"], json!({"start": DAY_1}));
    assert_eq!(config["oidcUrls"][0]["operator"], "sigstore.dev");
    fixture.done_at(DAY_1, &["trust", "signing-config", "edit", "--remove", "https://oauth2.sigstore.dev/auth"]);
    assert_eq!(urls(&self::config(&fixture), "oidcUrls"), ["https://login.example"]);
}

#[test]
fn no_service_comes_before_its_key_is_everywhere() {
    let fixture = with_config();
    fixture.hold("first", &[], &["alice", "bob", "carol"], DAY_0);
    let before = fixture.read(FILE);
    let edit = [
        "trust",
        "signing-config",
        "edit",
        "--add",
        "rekor=https://log2.example",
        "--close",
        "https://rekor.sigstore.dev",
    ];
    let check = "what is published can be read by every client";
    fixture
        .at(DAY_1, &edit)
        .is_refused("log service https://log2.example v1: trusted_root.json lists nothing in tlogs", check);
    let log = [
        "trust",
        "add-log",
        "--url",
        "https://log2.example",
        "--public-key",
        "keys/stranger.pub",
        "--start",
        DAY_1,
        "--yes",
    ];
    assert!(fixture.at(DAY_1, &log).is_done());
    fixture.at(DAY_1, &edit).is_refused(
        "log service https://log2.example v1: its key comes into trusted_root.json at the same time",
        check,
    );
    fixture.hold("second", &[], &["alice", "bob", "carol"], DAY_1);
    let early = "2030-01-09T00:00:00Z";
    fixture
        .at("2030-01-08T23:59:59Z", &edit)
        .is_refused("log service https://log2.example v1: its key is in the published", check);
    assert_eq!(fixture.read(FILE), before);
    assert!(fixture.at(early, &edit).is_done());
    assert_eq!(urls(&config(&fixture), "rekorTlogUrls"), ["https://log2.example", "https://rekor.sigstore.dev"]);
}

#[test]
fn what_clients_would_read_differently_is_refused_and_nothing_is_written() {
    let fixture = with_config();
    let before = fixture.read(FILE);
    let edit = |arguments: &[&str]| fixture.at(DAY_0, &[&["trust", "signing-config", "edit"], arguments].concat());
    edit(&["--add", "oidc=https://login.example"]).refuses(
        "oidcUrls entry 0, of the same operator and version, is open",
        "",
        "list",
    );
    edit(&["--add", "oidc=https://login.example", "--since", DAY_1]).refuses(
        "2030-01-02T00:00:00Z is in the future, and @sigstore/sign uses a service as soon as it is listed",
        "",
        "run this again then",
    );
    edit(&["--remove", "https://nowhere.example"]).refuses(
        "the signing config has no such service",
        "",
        "list the services",
    );
    edit(&["--add", "oidc=https://user:secret@login.example", "--operator", "x.example"]).refuses(
        "a URL in a published",
        "",
        "list",
    );
    assert_eq!(edit(&["--add", "log=https://login.example"]).status, 2);
    assert_eq!(fixture.read(FILE), before);
    let fixture = RepositoryFixture::new();
    fixture.at(DAY_0, &["trust", "signing-config", "show"]).refuses(
        "targets/signing_config.v0.2.json does not exist",
        "",
        "create it: rootline-repo trust signing-config create",
    );
}

#[test]
fn both_documents_go_into_one_file_for_clients() {
    let fixture = with_config();
    let export = ["trust", "export", "--format", "client-trust-config", "--output"];
    fixture.done(&[&export[..], &["client.json"]].concat());
    let both: Value = serde_json::from_str(&fixture.read("client.json")).unwrap();
    assert_eq!(both["mediaType"], "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json");
    assert_eq!(both["signingConfig"], config(&fixture));
    assert_eq!(both["trustedRoot"], serde_json::from_str::<Value>(&fixture.read("targets/trusted_root.json")).unwrap());
    assert_eq!(fixture.done(&[&export[..], &["-"]].concat()).stdout, fixture.read("client.json"));
}

#[test]
fn version_02_stands_beside_the_trust_root_and_never_in_its_place() {
    let fixture = RepositoryFixture::new();
    let export = |output: &str| {
        fixture.at(DAY_0, &["trust", "export", "--format", "v0.2", "--operator", "sigstore.dev", "--output", output])
    };
    assert!(export("targets/trusted_root.v0.2.json").is_done());
    let newer: Value = serde_json::from_str(&fixture.read("targets/trusted_root.v0.2.json")).unwrap();
    assert_eq!(newer["mediaType"], "application/vnd.dev.sigstore.trustedroot.v0.2+json");
    assert_eq!(newer["tlogs"][1]["checkpointKeyId"], newer["tlogs"][1]["logId"]);
    assert_eq!(newer["timestampAuthorities"][0]["operator"], "sigstore.dev");
    let before = fixture.read("targets/trusted_root.json");
    export("targets/trusted_root.json").refuses(
        "targets/trusted_root.json is the trust root itself",
        "",
        "name another file",
    );
    assert_eq!(fixture.read("targets/trusted_root.json"), before);
    assert_eq!(fixture.at(DAY_0, &["trust", "export", "--format", "v0.2", "--output", "x.json"]).status, 2);
}
