//! Keys and documents for the tests of this folder.

use alloc::format;
use alloc::string::{String, ToString};
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::key_details::KeyDetails;
use super::lint::{LintSettings, lint_trusted_root};
use super::log_key::LogKey;
use super::proto_json::decode_base64;
use super::trusted_root::TrustedRoot;
use crate::lint::Severity;
use crate::roles::expiry::parse_instant;

/// rekor.sigstore.dev, P-256, and its log id.
pub(super) const REKOR_V1: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE2G2Y+2tabdTV5BcGiBIx0a9fAFwrkBbmLSGtks4L3qX6yYY0zufBnhC8Ur/iy55GhWP/9A/bY2LhC30M9+RYtw==";
pub(super) const REKOR_V1_ID: &str = "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=";
/// log2025-1.rekor.sigstore.dev, Ed25519, its log id, and the digest of its key, which is not its log id.
pub(super) const REKOR_V2: &str = "MCowBQYDK2VwAyEAt8rlp1knGwjfbcXAYPYAkn0XiLz1x8O4t0YkEhie244=";
pub(super) const REKOR_V2_URL: &str = "https://log2025-1.rekor.sigstore.dev";
pub(super) const REKOR_V2_ID: &str = "zxGZFVvd0FEmjR8WrFwMdcAJ9vtaY/QXf44Y1wUeP6A=";
pub(super) const REKOR_V2_DIGEST: &str = "tUgTy2PYhZhwpeeFAMxq3P31lyPtrpPujSX68kdaBpA=";
/// ctfe.sigstore.dev/2022, P-256, and its log id.
pub(super) const CT_LOG: &str = "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEiPSlFi0CmFTfEjCUqF9HuCEcYXNKAaYalIJmBZ8yyezPjTqhxrKBpMnaocVtLJBI1eM3uXnQzQGAJdJ4gs9Fyw==";
pub(super) const CT_LOG_ID: &str = "3T0wasbHETJjGR4cmWc3AqJKXrjePK3/h4pygC8p7o4=";
/// ctfe.sigstage.dev/test, a PKCS#1 RSA key with 4096 bits, and its log id.
pub(super) const STAGING_CT_LOG: &str = "MIICCgKCAgEA27A2MPQXm0I0v7/Ly5BIauDjRZF5Jor9vU+QheoE2UIIsZHcyYq3slHzSSHy2lLj1ZD2d91CtJ492ZXqnBmsr4TwZ9jQ05tW2mGIRI8u2DqN8LpuNYZGz/f9SZrjhQQmUttqWmtu3UoLfKz6NbNXUnoo+NhZFcFRLXJ8VporVhuiAmL7zqT53cXR3yQfFPCUDeGnRksnlhVIAJc3AHZZSHQJ8DEXMhh35TVv2nYhTI3rID7GwjXXw4ocz7RGDD37ky6p39Tl5NB71gT1eSqhZhGHEYHIPXraEBd5+3w9qIuLWlp5Ej/K6Mu4ELioXKCUimCbwy+Cs8UhHFlqcyg4AysOHJwIadXIa8LsY51jnVSGrGOEBZevopmQPNPtyfFY3dmXSS+6Z3RD2Gd6oDnNGJzpSyEk410Ag5uvNDfYzJLCWX9tU8lIxNwdFYmIwpd89HijyRyoGnoJ3entd63cvKfuuix5r+GHyKp1Xm1L5j5AWM6P+z0xigwkiXnt+adexAl1J9wdDxv/pUFEESRF4DG8DFGVtbdH6aR1A5/vD4krO4tC1QYUSeyL5Mvsw8WRqIFHcXtgybtxylljvNcGMV1KXQC8UFDmpGZVDSHx6v3e/BHMrZ7gjoCCfVMZ/cFcQi0W2AIHPYEMH/C95J2r4XbHMRdYXpovpOoT5Ca78gsCAwEAAQ==";
pub(super) const STAGING_CT_LOG_ID: &str = "G3wUKk6ZK6ffHh/FdCRUE2wVekyzHEEIpSG4savnv0w=";
/// Made for these tests.
pub(super) const P384: &str = "MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEeS369+hMZyU3jWEBAjWufy/tmo9N2JMlpwtMQkhMKlMBb5dIk5F2cF2ksq8atAnQj/aC0xQhSXXQF2rs5T7vvljpvxIvJljPCBrBLSGHUhMnIj3oPUS9Ra6L3yMkCVW3";
pub(super) const P521: &str = "MIGbMBAGByqGSM49AgEGBSuBBAAjA4GGAAQB0U6WzuTzRkpktvwYluzDTgQIXJmO5TADRNQStDmifTLS6zvpKS6tOqXY1xgp39KB6J9Gca819NHdc/UrXCIwiRoBckrun6LgGhDie1E72GPEl1xxKoUB7LXJz9raJi8YLPaAVy69I1dxIwogIWYpZqPrdHbGMJBVWwlLnqVoVjfEbxU=";
/// One RSA key with 2048 bits, made for these tests, in both encodings.
pub(super) const RSA_PKIX: &str = "MIIBIjANBgkqhkiG9w0BAQEFAAOCAQ8AMIIBCgKCAQEAno9aiq68BY7jcV2jcypyhQP7+NpwcAidwIylMzUp2RIGSAFSI7EFRuQ8lmFiW+nqpiHN2SnpPUAavPlcKdb4hsslVSGtCebSvvhdYFu5ngyXJP9TWUWm0qvDzyr0WukipL9E1261S0djqJMYQdcKJwMeapht5UpUJn9S5smUd2ExemNnROzHNiqAd9NWmPLHZurNGpxZjb+C7Kh2DDWjL4236FXJQ7vFAYdVbgaV0gXheEF7ysbFKVdt5zr/fp42IoXnfAGiIWtpYKgJ8+J4TDzui9Ld8fdftGtIWiRaZq6CYIARtXT+LXYnc9/zjIa6VAaWWJEoLT/o9Y4GCFm61QIDAQAB";
pub(super) const RSA_PKCS1: &str = "MIIBCgKCAQEAno9aiq68BY7jcV2jcypyhQP7+NpwcAidwIylMzUp2RIGSAFSI7EFRuQ8lmFiW+nqpiHN2SnpPUAavPlcKdb4hsslVSGtCebSvvhdYFu5ngyXJP9TWUWm0qvDzyr0WukipL9E1261S0djqJMYQdcKJwMeapht5UpUJn9S5smUd2ExemNnROzHNiqAd9NWmPLHZurNGpxZjb+C7Kh2DDWjL4236FXJQ7vFAYdVbgaV0gXheEF7ysbFKVdt5zr/fp42IoXnfAGiIWtpYKgJ8+J4TDzui9Ld8fdftGtIWiRaZq6CYIARtXT+LXYnc9/zjIa6VAaWWJEoLT/o9Y4GCFm61QIDAQAB";

pub(super) fn bytes(base64: &str) -> Vec<u8> {
    decode_base64(base64).unwrap()
}

pub(super) fn key(details: KeyDetails, base64: &str) -> LogKey {
    LogKey::new(details, bytes(base64)).unwrap()
}

pub(super) fn at(text: &str) -> DateTime<Utc> {
    parse_instant(text).unwrap()
}

pub(super) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.trustedroot+json;version=0.1";
pub(super) const MEDIA_TYPE_V02: &str = "application/vnd.dev.sigstore.trustedroot.v0.2+json";

/// The members of a log.
pub(super) fn log(url: &str, details: &str, key: &str, window: &str, id: &str) -> String {
    format!(
        r#"{{"baseUrl":"{url}","hashAlgorithm":"SHA2_256","publicKey":{{"rawBytes":"{key}","keyDetails":"{details}","validFor":{window}}},"logId":{{"keyId":"{id}"}}}}"#
    )
}

/// The members of an authority, whose one certificate is an empty SEQUENCE.
pub(super) fn authority(name: &str, window: &str) -> String {
    format!(
        r#"{{"subject":{{"organization":"example.com","commonName":"{name}"}},"uri":"https://{name}.example.com","certChain":{{"certificates":[{{"rawBytes":"MAA="}}]}},"validFor":{window}}}"#
    )
}

pub(super) fn document(media_type: &str, lists: &[(&str, &[String])]) -> String {
    let lists: Vec<String> =
        lists.iter().map(|(name, entries)| format!(r#","{name}":[{}]"#, entries.join(","))).collect();
    format!(r#"{{"mediaType":"{media_type}"{}}}"#, lists.concat())
}

pub(super) fn trusted_root(lists: &[(&str, &[String])]) -> TrustedRoot {
    TrustedRoot::parse(document(MEDIA_TYPE, lists).as_bytes(), 100_000).unwrap()
}

/// Rekor v1 from 2021 on, a sound log.
pub(super) fn rekor_v1() -> String {
    let window = r#"{"start":"2021-01-12T11:53:27Z"}"#;
    log("https://rekor.sigstore.dev", "PKIX_ECDSA_P256_SHA_256", REKOR_V1, window, REKOR_V1_ID)
}

/// Rekor v2 from 2025 on, a sound log.
pub(super) fn rekor_v2() -> String {
    log(REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, r#"{"start":"2025-09-23T00:00:00Z"}"#, REKOR_V2_ID)
}

/// The reasons for which entries were skipped.
pub(super) fn skipped(root: &TrustedRoot) -> Vec<String> {
    root.skipped().iter().map(ToString::to_string).collect()
}

/// The rules whose breach is an error that the document breaks.
pub(super) fn errors(root: &TrustedRoot) -> Vec<&'static str> {
    let settings = LintSettings::new("", at("2026-12-01T00:00:00Z")).without_certificates();
    let findings = lint_trusted_root(root.to_json().as_bytes(), &settings);
    findings
        .iter()
        .map(|finding| finding.rule)
        .filter(|rule| rule.severity == Severity::Error)
        .map(|rule| rule.id)
        .collect()
}
