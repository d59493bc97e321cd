//! Every rule, from both sides: a document that breaks it, and one, changed in the least, that does not.

mod catalogue;
#[cfg(feature = "x509")]
mod certificates;
mod sound;

use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use self::sound::{Config, Root, client_trust_config};
use super::*;
use crate::roles::expiry::parse_instant;

const NOW: &str = "2026-12-01T00:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn file(name: &str, bytes: &[u8]) -> Vec<Finding> {
    lint_file(bytes, &LintSettings::new(name, at(NOW))).unwrap()
}

fn said(findings: &[Finding]) -> Vec<String> {
    findings.iter().map(ToString::to_string).collect()
}

#[test]
fn sound_documents_earn_no_finding() {
    let (root, config) = (Root::sound(), Config::sound());
    assert_eq!(said(&file("trusted_root.json", root.text().as_bytes())), [""; 0]);
    assert_eq!(said(&file("trusted_root.jsonl", root.text().as_bytes())), [""; 0]);
    assert_eq!(said(&file("signing_config.v0.2.json", config.text().as_bytes())), [""; 0]);
    assert_eq!(said(&file("acme.json", client_trust_config(&root, &config).as_bytes())), [""; 0]);
}

#[test]
fn a_signing_config_of_version_0_1_is_right_under_its_first_name_alone() {
    let config =
        br#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.1+json","caUrl":"https://ca.example"}"#;
    let has_it = |name: &str| file(name, config).iter().any(|finding| finding.rule.id == "sc-media-type");
    assert!(!has_it("signing_config.json"));
    assert!(has_it("signing_config.v0.2.json") && has_it("acme.json"));
}

#[test]
fn a_file_of_another_kind_is_not_looked_at() {
    let settings = LintSettings::new("readme.json", at(NOW));
    assert!(lint_file(b"{}", &settings).is_none());
    assert!(lint_file(b"{", &LintSettings::new("trusted_root.pem", at(NOW))).is_none());
}

#[test]
fn ids_are_names_that_occur_once_and_every_rule_is_explained() {
    for (at, rule) in RULES.iter().enumerate() {
        assert!(RULES[..at].iter().all(|other| other.id != rule.id), "{} is there twice", rule.id);
        let is_name =
            |id: &str| id.bytes().all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-');
        assert!(is_name(rule.id), "{}", rule.id);
        assert!(!rule.what.is_empty() && !rule.what.ends_with('.'), "{}", rule.id);
        assert!(rule.why.ends_with('.'), "{}", rule.id);
        assert!(rule.who.is_empty() || rule.who.ends_with('.'), "{}", rule.id);
    }
}

#[test]
fn what_is_wrong_with_one_entry_does_not_hide_what_is_wrong_with_others() {
    let root = Root::sound().with(|root| {
        let log = root.tlogs[0].clone();
        root.tlogs = [
            log.replace("PKIX_ECDSA_P256_SHA_256", "PKIX_NEW"),
            "5".into(),
            log.replace("2026-02-01", "never"),
            log.replace("https:", "http:"),
        ]
        .into();
    });
    let said = said(&file("trusted_root.json", root.text().as_bytes()));
    assert_eq!(
        said,
        [
            "transparency log without a URL: `tlogs`: expected an object [doc-member-form]",
            "transparency log https://rekor.example.com: `start`: expected a date and time such as 2030-01-31T00:00:00Z [doc-member-form]",
            "transparency log https://rekor.example.com from 2026-02-01: unknown kind of key `PKIX_NEW` [log-key-details]",
            "transparency log http://rekor.example.com from 2026-02-01: the URL is `http`, not https [log-url]",
        ]
    );
}

#[test]
fn places_are_paths_into_the_file() {
    let (root, config) = (Root::sound(), Config::sound());
    let both = client_trust_config(
        &root.with(|root| root.ct_logs[0] = root.ct_logs[0].replace("SHA2_256", "SHA2_512")),
        &config,
    );
    let places: Vec<String> = file("acme.json", both.as_bytes()).into_iter().map(|finding| finding.place).collect();
    assert_eq!(places, ["trustedRoot.ctlogs[0].hashAlgorithm"]);
    let lines = [root.text().as_str(), "\n", "[]\n"].concat();
    let places: Vec<String> =
        file("trusted_root.jsonl", lines.as_bytes()).into_iter().map(|finding| finding.place).collect();
    assert_eq!(places, ["[1]"]);
}
