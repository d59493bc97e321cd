//! Sigstore's and GitHub's own trusted roots and signing configs, as they are published.

use std::fs;

use chrono::{DateTime, Utc};
use rootline_metadata::json::Value;
use rootline_metadata::sigstore::lint::{
    LegacyTarget, LintSettings, TrustHistory, lint_file, lint_legacy_targets, lint_services, lint_trusted_root,
};
use rootline_metadata::sigstore::{
    ClientTrustConfig, EntryRef, KeyDetails, LogIdCheck, LogIdKind, LogInstance, NewCertificateAuthority, NewLog,
    Section, Selector, Service, ServiceKind, SigningConfig, TrustedRoot, TrustedRootFormat,
};
use rootline_metadata::{Envelope, TargetFile, Targets, parse_instant};
use rootline_tests::real_data::{anchors, file_ending, sigstore_prod};

const LIMIT: usize = 100_000;
/// When the real data was collected.
const NOW: &str = "2026-08-22T00:00:00Z";

fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

fn sigstore_target(name: &str) -> Option<Vec<u8>> {
    Some(file_ending(&sigstore_prod()?.join("targets"), name))
}

fn sigstore_root() -> Option<TrustedRoot> {
    Some(TrustedRoot::parse(&sigstore_target(".trusted_root.json")?, LIMIT).unwrap())
}

fn github_root() -> Option<TrustedRoot> {
    let bytes = fs::read(anchors()?.join("github.trusted_root.json")).unwrap();
    Some(TrustedRoot::parse(&bytes, LIMIT).unwrap())
}

fn urls(services: &[&Service]) -> Vec<String> {
    services.iter().map(|service| service.url().to_owned()).collect()
}

#[test]
fn sigstores_trusted_root_is_understood_whole() {
    let Some(root) = sigstore_root() else { return };
    assert_eq!(root.format(), TrustedRootFormat::V01);
    assert_eq!(root.skipped(), []);
    let urls: Vec<&str> = root.transparency_logs().iter().map(LogInstance::base_url).collect();
    assert_eq!(urls, ["https://rekor.sigstore.dev", "https://log2025-1.rekor.sigstore.dev"]);
    let kinds: Vec<KeyDetails> = root.transparency_logs().iter().map(|log| log.key().details()).collect();
    assert_eq!(kinds, [KeyDetails::PkixEcdsaP256Sha256, KeyDetails::PkixEd25519]);
    assert!(root.transparency_logs().iter().all(|log| log.key().public_key().is_some()));
    let lengths: Vec<usize> = root.certificate_authorities().iter().map(|ca| ca.chain().len()).collect();
    assert_eq!(lengths, [1, 2]);
    assert_eq!(root.certificate_transparency_logs().len(), 2);
    let [tsa] = root.timestamp_authorities() else { panic!("{root:?}") };
    assert_eq!(tsa.subject().common_name, "sigstore-tsa-selfsigned");
}

/// What is wrong with a file, as it is told.
fn found(name: &str, bytes: &[u8]) -> Vec<String> {
    let findings = lint_file(bytes, &LintSettings::new(name, at(NOW))).unwrap();
    findings.iter().map(|finding| format!("{}: {finding}", finding.rule.severity)).collect()
}

#[test]
fn what_is_found_in_sigstores_documents_is_so() {
    let Some(root) = sigstore_target(".trusted_root.json") else { return };
    // Rekor v2 signs with Ed25519, which policy-controller and readers of legacy targets do not know. The first Fulcio is retired.
    assert_eq!(
        found("trusted_root.json", &root),
        [
            "warning: transparency log https://log2025-1.rekor.sigstore.dev from 2025-09-23: the key is an Ed25519 key [log-ed25519]",
            "note: certificate authority https://fulcio.sigstore.dev from 2021-03-07: the window has an end, which sigstore-python does not look at [ca-windows-unused]",
        ]
    );
    let found_in = |name: &str| found(name, &sigstore_target(&format!(".{name}")).unwrap());
    assert_eq!(found_in("signing_config.v0.2.json"), [""; 0]);
    // Both versions are open, and clients differ on which they choose.
    assert_eq!(
        found_in("signing_config_rekor_v2.v0.2.json"),
        ["warning: log services: services of the API versions 1 and 2 are open [sc-version-mix]"]
    );
    // It is for clients of before version 0.2, under the name that they ask for.
    assert_eq!(found_in("signing_config.json"), [""; 0]);
    let root = TrustedRoot::parse(&root, LIMIT).unwrap();
    for name in ["signing_config.v0.2.json", "signing_config_rekor_v2.v0.2.json"] {
        let config = SigningConfig::parse(&sigstore_target(&format!(".{name}")).unwrap(), LIMIT).unwrap();
        let history = TrustHistory { next: Some(root.clone()), ..TrustHistory::default() };
        assert_eq!(lint_services(&config, None, &history, at(NOW)), []);
    }
}

#[test]
fn what_is_found_in_githubs_trusted_root_is_so() {
    let Some(anchors) = anchors() else { return };
    let bytes = fs::read(anchors.join("github.trusted_root.json")).unwrap();
    // It proves times by timestamps alone, so it has no logs, and it leaves their lists out.
    assert_eq!(
        found("trusted_root.json", &bytes),
        [
            "error: tlogs is absent; write an empty list [tr-list-missing]",
            "warning: no transparency log is listed [tr-no-tlog]",
            "note: certificate authority fulcio.githubapp.com from 2023-10-27: the window has an end, which sigstore-python does not look at [ca-windows-unused]",
            "error: ctlogs is absent; write an empty list [tr-list-missing]",
        ]
    );
}

#[test]
fn what_is_found_in_sigstores_legacy_targets_is_so() {
    let Some(root) = sigstore_root() else { return };
    let metadata = sigstore_prod().unwrap().join("metadata");
    let targets = Envelope::<Targets>::parse(file_ending(&metadata, "14.targets.json"), 1 << 20).unwrap();
    let files: Vec<(String, TargetFile, Vec<u8>)> = targets
        .unverified()
        .targets()
        .filter_map(|(name, file)| {
            let bytes = sigstore_target(&format!(".{name}"))?;
            Some((name.to_string(), file?, bytes))
        })
        .collect();
    let legacy: Vec<LegacyTarget<'_>> =
        files.iter().filter_map(|(name, file, bytes)| LegacyTarget::read(name, file.custom.as_ref(), bytes)).collect();
    let findings = lint_legacy_targets(&legacy, &root, at(NOW));
    let said: Vec<String> = findings.iter().map(ToString::to_string).collect();
    // The first CT log was retired in 2022. Rekor v2 is not there, and need not be, as no reader of these knows its kind of key.
    assert_eq!(
        said,
        [
            "target `ctfe.pub`: is Active, and the window of CT log https://ctfe.sigstore.dev/test from 2021-03-14 is closed [lg-status]"
        ]
    );
}

#[test]
fn sigstores_log_ids_are_those_that_their_keys_give() {
    let Some(root) = sigstore_root() else { return };
    let checks = |section| root.logs(section).iter().map(LogInstance::check_log_id).collect::<Vec<_>>();
    let (digest, note) = (LogIdCheck::Matches(LogIdKind::KeyDigest), LogIdCheck::Matches(LogIdKind::SignedNote));
    assert_eq!(checks(Section::TransparencyLogs), [digest.clone(), note]);
    assert_eq!(checks(Section::CertificateTransparencyLogs), [digest.clone(), digest]);
}

#[test]
fn sigstores_trusted_root_answers_for_each_time_of_its_history() {
    let Some(root) = sigstore_root() else { return };
    for (instant, counts) in [
        ("2021-01-12T11:53:26Z", [0, 0, 0, 0]),
        ("2021-01-12T11:53:27Z", [1, 0, 0, 0]),
        ("2021-03-14T00:00:00Z", [1, 1, 1, 0]),
        // The windows of both chains overlap, and for eleven days those of both CT logs.
        ("2022-10-19T23:59:59Z", [1, 2, 1, 0]),
        ("2022-10-20T00:00:00Z", [1, 2, 2, 0]),
        ("2022-10-31T23:59:59.999Z", [1, 2, 2, 0]),
        ("2022-11-01T00:00:00Z", [1, 2, 1, 0]),
        ("2022-12-31T23:59:59.999Z", [1, 2, 1, 0]),
        ("2023-01-01T00:00:00Z", [1, 1, 1, 0]),
        ("2025-07-04T00:00:00Z", [1, 1, 1, 1]),
        ("2026-08-22T00:00:00Z", [2, 1, 1, 1]),
    ] {
        let trusted = root.at(at(instant));
        let found = [
            trusted.transparency_logs().count(),
            trusted.certificate_authorities().count(),
            trusted.certificate_transparency_logs().count(),
            trusted.timestamp_authorities().count(),
        ];
        assert_eq!(found, counts, "{instant}");
    }
}

#[test]
fn githubs_trusted_root_has_no_logs_and_is_understood_whole() {
    let Some(root) = github_root() else { return };
    assert_eq!(root.skipped(), []);
    assert!(root.transparency_logs().is_empty() && root.certificate_transparency_logs().is_empty());
    assert_eq!((root.certificate_authorities().len(), root.timestamp_authorities().len()), (6, 6));
    assert!(root.certificate_authorities().iter().all(|ca| ca.chain().len() == 3));
    // Two generations overlap while one takes over from the other.
    assert_eq!(root.at(at("2026-06-11T23:59:59Z")).certificate_authorities().count(), 1);
    assert_eq!(root.at(at("2026-06-12T00:00:00Z")).certificate_authorities().count(), 2);
    assert_eq!(root.at(at("2026-07-13T00:00:01Z")).certificate_authorities().count(), 1);
}

#[test]
fn real_documents_are_written_as_they_were_read() {
    let (Some(sigstore), Some(github)) = (sigstore_target(".trusted_root.json"), anchors()) else { return };
    let github = fs::read(github.join("github.trusted_root.json")).unwrap();
    for bytes in [sigstore, github] {
        let root = TrustedRoot::parse(&bytes, LIMIT).unwrap();
        assert_eq!(Value::parse(root.to_json().as_bytes(), LIMIT), Value::parse(&bytes, LIMIT));
        assert_eq!(root.to_json().trim_end(), String::from_utf8(bytes).unwrap().trim_end());
        assert_eq!(root.to_json_line().lines().count(), 1);
        assert_eq!(TrustedRoot::parse(root.to_json_line().as_bytes(), LIMIT), Ok(root));
    }
}

#[test]
fn every_prefix_of_a_real_document_is_refused_and_every_flipped_byte_is_read_or_refused() {
    let Some(bytes) = sigstore_target(".trusted_root.json") else { return };
    let end = bytes.iter().rposition(|byte| *byte == b'}').unwrap();
    for length in (0..end).step_by(7) {
        assert!(TrustedRoot::parse(&bytes[..length], LIMIT).is_err(), "{length} bytes");
    }
    for position in (0..bytes.len()).step_by(3) {
        let mut flipped = bytes.clone();
        flipped[position] ^= 1 << (position % 7);
        if let Ok(root) = TrustedRoot::parse(&flipped, LIMIT) {
            let settings = LintSettings::new("trusted_root.json", at(NOW));
            // Verifying chains is slow where nothing is optimised.
            let settings = if position % 48 == 0 { settings } else { settings.without_certificates() };
            let _ = lint_trusted_root(&flipped, &settings);
            assert_eq!(TrustedRoot::parse(root.to_json().as_bytes(), LIMIT).unwrap().value(), root.value());
        }
    }
}

#[test]
fn sigstores_trusted_root_can_be_built_again_from_its_parts() {
    let Some(original) = sigstore_root() else { return };
    let mut built = TrustedRoot::empty(TrustedRootFormat::V01);
    let new_log = |log: &LogInstance| NewLog {
        base_url: log.base_url().to_owned(),
        key: log.key().clone(),
        id_kind: None,
        valid_for: log.valid_for(),
        operator: None,
    };
    // The newest first: the lists are put in order.
    for log in original.transparency_logs().iter().rev() {
        built.add_transparency_log(&new_log(log)).unwrap();
    }
    for log in original.certificate_transparency_logs().iter().rev() {
        built.add_ct_log(&new_log(log)).unwrap();
    }
    for section in [Section::CertificateAuthorities, Section::TimestampAuthorities] {
        for authority in original.authorities(section).iter().rev() {
            let parts = NewCertificateAuthority {
                subject: authority.subject().clone(),
                uri: authority.uri().to_owned(),
                chain: authority.chain().map(<[u8]>::to_vec).collect(),
                valid_for: authority.valid_for(),
                operator: None,
            };
            match section {
                Section::CertificateAuthorities => built.add_certificate_authority(&parts).unwrap(),
                _ => built.add_timestamp_authority(&parts).unwrap(),
            }
        }
    }
    assert_eq!(built.to_json(), original.to_json());
}

#[test]
fn retiring_sigstores_first_rekor_changes_its_end_and_nothing_else() {
    let Some(mut root) = sigstore_root() else { return };
    let before = root.to_json();
    let id = EntryRef::LogId(root.transparency_logs()[0].log_id().unwrap().clone());
    root.close_window(Section::TransparencyLogs, &id, at("2027-01-01T00:00:00Z")).unwrap();
    let start = "          \"start\": \"2021-01-12T11:53:27Z\"";
    let closed = format!("{start},\n          \"end\": \"2027-01-01T00:00:00Z\"");
    assert_eq!(root.to_json(), before.replace(start, &closed));
    assert_eq!(root.at(at("2027-01-01T00:00:00Z")).transparency_logs().count(), 2);
    assert_eq!(root.at(at("2027-01-01T00:00:01Z")).transparency_logs().count(), 1);
}

#[test]
fn sigstores_signing_config_selects_what_its_clients_use() {
    let Some(bytes) = sigstore_target(".signing_config.v0.2.json") else { return };
    let config = SigningConfig::parse(&bytes, LIMIT).unwrap();
    assert_eq!(config.skipped(), []);
    assert_eq!(config.to_json().trim_end(), String::from_utf8(bytes).unwrap().trim_end());
    assert_eq!((config.rekor_selector(), config.tsa_selector()), (Ok(Selector::Any), Ok(Selector::Any)));
    let now = at("2026-08-22T00:00:00Z");
    assert_eq!(config.select_ca(now, &[1]).unwrap().url(), "https://fulcio.sigstore.dev");
    assert_eq!(config.select_oidc(now, &[1]).unwrap().url(), "https://oauth2.sigstore.dev/auth");
    assert_eq!(urls(&config.select_rekor(now, &[1, 2]).unwrap()), ["https://rekor.sigstore.dev"]);
    assert_eq!(urls(&config.select_tsa(now, &[1]).unwrap()), ["https://timestamp.sigstore.dev/api/v1/timestamp"]);
    assert!(config.select_tsa(at("2025-07-03T23:59:59Z"), &[1]).is_err());
}

#[test]
fn sigstores_config_for_rekor_v2_selects_by_version_and_time() {
    let Some(bytes) = sigstore_target(".signing_config_rekor_v2.v0.2.json") else { return };
    let config = SigningConfig::parse(&bytes, LIMIT).unwrap();
    let rekor = |instant, supported: &[u32]| urls(&config.select_rekor(at(instant), supported).unwrap());
    let (v1, v2) = ("https://rekor.sigstore.dev", "https://log2025-1.rekor.sigstore.dev");
    assert_eq!(rekor("2026-08-22T00:00:00Z", &[1, 2]), [v2]);
    assert_eq!(rekor("2026-08-22T00:00:00Z", &[1]), [v1]);
    assert_eq!(rekor("2026-01-01T00:00:00Z", &[1, 2]), [v2]);
    assert_eq!(rekor("2025-12-31T23:59:59Z", &[1, 2]), [v1]);
}

#[test]
fn sigstores_signing_config_of_version_01_is_read_as_the_same_model() {
    let Some(bytes) = sigstore_target(".signing_config.json") else { return };
    let config = SigningConfig::parse(&bytes, LIMIT).unwrap();
    let now = at("2026-08-22T00:00:00Z");
    assert_eq!(config.select_ca(now, &[1]).unwrap().url(), "https://fulcio.sigstore.dev");
    assert_eq!(urls(&config.select_rekor(now, &[1]).unwrap()), ["https://rekor.sigstore.dev"]);
    assert!(config.services(ServiceKind::TimestampAuthority).is_empty());
}

#[test]
fn sigstores_documents_make_one_client_trust_config() {
    let (Some(root), Some(signing)) = (sigstore_root(), sigstore_target(".signing_config.v0.2.json")) else { return };
    let signing = SigningConfig::parse(&signing, LIMIT).unwrap();
    let config = ClientTrustConfig::new(root.clone(), signing.clone());
    let read = ClientTrustConfig::parse(config.to_json().as_bytes(), LIMIT).unwrap();
    assert_eq!(read, config);
    assert_eq!(read.into_parts(), (root, signing));
}
