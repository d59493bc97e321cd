//! What is wrong with the documents that are shipped.

use std::fmt;

use chrono::{DateTime, Utc};
use rootline_metadata::lint::Finding;
use rootline_metadata::sigstore::lint::{
    LegacyTarget, LintSettings, TrustHistory, lint_file, lint_legacy_targets, lint_names, lint_services,
    lint_shrinking, lint_timing,
};
use rootline_metadata::sigstore::{SigningConfig, TrustedRoot};

use super::shipped::Shipped;
use crate::review::{MAX_BYTES, TRUSTED_ROOT};

/// Something that is wrong with a file that is shipped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentFinding {
    /// The file's name.
    pub name: String,
    /// What is wrong.
    pub finding: Finding,
    /// Whether it was not so in what is published.
    pub is_new: bool,
}

impl fmt::Display for DocumentFinding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.name, self.finding)
    }
}

/// What is wrong with what is shipped at `at`, the ceremony's date, in order of the files' names. `history` has the trust roots that
/// verifiers may have; what is shipped then counts as its next one.
pub fn document_findings(
    before: &Shipped<'_>,
    after: &Shipped<'_>,
    history: &TrustHistory,
    at: DateTime<Utc>,
) -> Vec<DocumentFinding> {
    let mut all = Vec::new();
    let next = trusted_root(after).or_else(|| history.next.clone());
    for (name, file) in after.files() {
        let so_far = before.bytes(name);
        let known = so_far.map(|bytes| in_file(name, bytes, at)).unwrap_or_default();
        add(&mut all, name, &known, in_file(name, file.bytes, at));
        if let Some(so_far) = so_far {
            add(&mut all, name, &[], of_change(name, so_far, file.bytes, history, at));
        }
        if let Some(config) = signing_config(file.bytes) {
            let config_before = so_far.and_then(signing_config);
            let with = |next: Option<TrustedRoot>| TrustHistory { next, ..history.clone() };
            // What is said of it already, if its key is not there and was not there either.
            let published = history.published.last().map(|(_, root)| root.clone());
            let known = config_before.as_ref().map(|config| lint_services(config, Some(config), &with(published), at));
            let found = lint_services(&config, config_before.as_ref(), &with(next.clone()), at);
            add(&mut all, name, &known.unwrap_or_default(), found);
        }
    }
    add(&mut all, TRUSTED_ROOT, &together(before, at), together(after, at));
    all.sort_by(|one, other| one.name.cmp(&other.name));
    all
}

fn add(all: &mut Vec<DocumentFinding>, name: &str, known: &[Finding], found: Vec<Finding>) {
    all.extend(found.into_iter().map(|finding| {
        let is_new = !known.iter().any(|known| known.is_same_fault(&finding));
        DocumentFinding { name: name.to_owned(), finding, is_new }
    }));
}

fn in_file(name: &str, bytes: &[u8], at: DateTime<Utc>) -> Vec<Finding> {
    lint_file(bytes, &LintSettings::new(name, at)).unwrap_or_default()
}

fn of_change(name: &str, before: &[u8], after: &[u8], history: &TrustHistory, at: DateTime<Utc>) -> Vec<Finding> {
    let read = |bytes| TrustedRoot::parse(bytes, MAX_BYTES).ok();
    let Some((before, after)) = read(before).zip(read(after)) else { return Vec::new() };
    let mut found = lint_shrinking(&before, &after, at);
    if name == TRUSTED_ROOT {
        found.extend(lint_timing(&before, &after, at + history.timestamp_lifetime + history.caches));
    }
    found
}

fn signing_config(bytes: &[u8]) -> Option<SigningConfig> {
    SigningConfig::parse(bytes, MAX_BYTES).ok()
}

fn trusted_root(shipped: &Shipped<'_>) -> Option<TrustedRoot> {
    TrustedRoot::parse(shipped.bytes(TRUSTED_ROOT)?, MAX_BYTES).ok()
}

/// What the files say of each other at the top level, which is where clients look for them.
fn together(shipped: &Shipped<'_>, at: DateTime<Utc>) -> Vec<Finding> {
    let top = || shipped.files().filter(|(_, file)| file.is_top_level);
    let mut found = lint_names(top().map(|(name, _)| name));
    if let Some(root) = trusted_root(shipped) {
        let legacy: Vec<LegacyTarget<'_>> =
            top().filter_map(|(name, file)| LegacyTarget::read(name, file.custom.as_ref(), file.bytes)).collect();
        found.extend(lint_legacy_targets(&legacy, &root, at));
    }
    found
}

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;
    use rootline_metadata::lint::Severity;
    use rootline_metadata::parse_instant;
    use serde_json::{Value, json};

    use super::super::shipped::ShippedFile;
    use super::*;

    const DAY: &str = "2030-01-01T00:00:00Z";
    const CONFIG: &str = "signing_config.v0.2.json";

    fn sigstore() -> Value {
        serde_json::from_slice(crate::SIGSTORE_TRUSTED_ROOT).unwrap()
    }

    fn instant(text: &str) -> DateTime<Utc> {
        parse_instant(text).unwrap()
    }

    fn shipped<'a>(files: &[(&str, &'a [u8])]) -> Shipped<'a> {
        let file = |bytes: &'a [u8]| ShippedFile { bytes, custom: None, is_top_level: true };
        Shipped(files.iter().map(|(name, bytes)| ((*name).to_owned(), file(bytes))).collect())
    }

    /// What is wrong with a file that follows another one of its name.
    fn found(
        name: &str,
        before: Option<&Value>,
        after: &Value,
        history: &TrustHistory,
        at: &str,
    ) -> Vec<DocumentFinding> {
        let bytes = |value: &Value| serde_json::to_vec(value).unwrap();
        let (before, after) = (before.map(bytes), bytes(after));
        let before: Vec<(&str, &[u8])> = before.iter().map(|bytes| (name, &**bytes)).collect();
        let mut found = document_findings(&shipped(&before), &shipped(&[(name, &after)]), history, instant(at));
        // Shipped alone here.
        found.retain(|found| found.finding.rule.id != "sc-missing");
        found
    }

    /// The rules that an edit of Sigstore's trust root newly breaks, and their findings.
    fn of_edit(edit: impl FnOnce(&mut Value)) -> Vec<(&'static str, String)> {
        let mut after = sigstore();
        edit(&mut after);
        let found = found(TRUSTED_ROOT, Some(&sigstore()), &after, &TrustHistory::default(), DAY);
        let new = found.into_iter().filter(|found| found.is_new);
        new.map(|found| (found.finding.rule.id, found.to_string())).collect()
    }

    #[test]
    fn sigstores_own_trust_root_is_as_it_should_be() {
        assert_eq!(of_edit(|_| ()), []);
        let found = found(TRUSTED_ROOT, None, &sigstore(), &TrustHistory::default(), DAY);
        assert!(found.iter().all(|found| found.finding.rule.severity < Severity::Error), "{found:?}");
    }

    #[test]
    fn what_clients_stumble_over_is_found_where_it_is_new() {
        let rekor = "trusted_root.json: transparency log https://rekor.sigstore.dev";
        let fulcio = "trusted_root.json: certificate authority https://fulcio.sigstore.dev from 2022-04-13: ";
        let media_type = |media_type: &'static str| move |root: &mut Value| root["mediaType"] = json!(media_type);
        let certificates = "/certificateAuthorities/1/certChain/certificates";
        for (found, rule, expected) in [
            (
                of_edit(|root| root["tlogs"][0]["logId"]["keyId"] = root["tlogs"][1]["logId"]["keyId"].clone()),
                "log-id-wrong",
                format!("{rekor} from 2021-01-12: the log id is not its key's, which is wNI9"),
            ),
            (
                of_edit(|root| root["tlogs"][0]["publicKey"]["validFor"] = json!({})),
                "tr-start-missing",
                format!("{rekor}: the window has no start"),
            ),
            (
                of_edit(|root| root["certificateAuthorities"][1]["validFor"]["end"] = json!("2030-06-01T00:00:00Z")),
                "tr-live-ended",
                "trusted_root.json: certificate authorities: every window has an end".to_owned(),
            ),
            (
                of_edit(|root| root.pointer_mut(certificates).unwrap().as_array_mut().unwrap().reverse()),
                "ca-order",
                format!("{fulcio}the chain is in the wrong order"),
            ),
            (
                of_edit(|root| root.pointer_mut(certificates).unwrap()[1]["rawBytes"] = json!("MAA=")),
                "ca-der",
                format!("{fulcio}certificate 2 of the chain cannot be read"),
            ),
            (
                of_edit(media_type("application/vnd.dev.sigstore.trustedroot.v0.2+json")),
                "tr-media-type",
                "trusted_root.json: the media type application/vnd.dev.sigstore.trustedroot.v0.2+json belongs".to_owned(),
            ),
            (
                of_edit(media_type("application/vnd.dev.sigstore.trustedroot.v0.1+json")),
                "tr-media-type",
                "trusted_root.json: the media type application/vnd.dev.sigstore.trustedroot.v0.1+json is refused".to_owned(),
            ),
            (of_edit(media_type("application/json")), "tr-media-type", "trusted_root.json: `application/json`".to_owned()),
            (
                of_edit(|root| root["tlogs"][1]["publicKey"]["keyDetails"] = json!("PKIX_COLOUR")),
                "log-key-details",
                "trusted_root.json: transparency log https://log2025-1.rekor.sigstore.dev from 2025-09-23: unknown kind of key".to_owned(),
            ),
            (
                of_edit(|root| root["timestampAuthorities"][0]["validFor"]["end"] = json!("2029-12-31T00:00:00Z")),
                "tr-no-live",
                "trusted_root.json: timestamp authorities: no timestamp authority is open at 2030-01-01".to_owned(),
            ),
            (
                of_edit(|root| root["timestampAuthorities"][0]["validFor"]["end"] = json!("2029-12-31T00:00:00Z")),
                "tr-shrunk",
                "trusted_root.json: timestamp authority https://timestamp.sigstore.dev/api/v1/timestamp from 2025-07-04: \
                 what it signed from 2029-12-31T00:00:00Z until 2030-01-01T00:00:00Z no longer verifies"
                    .to_owned(),
            ),
            (
                of_edit(|root| root["certificateAuthorities"][1]["validFor"]["end"] = json!("2032-01-01T00:00:00Z")),
                "ca-window-cert",
                format!("{fulcio}its window runs until 2032-01-01T00:00:00Z, and the certificates"),
            ),
        ] {
            let of_rule: Vec<_> = found.iter().filter(|(id, _)| *id == rule).collect();
            assert_eq!(of_rule.len(), 1, "{rule}: {found:?}");
            assert!(of_rule[0].1.starts_with(&expected), "{expected} is not how this begins: {found:?}");
        }
    }

    #[test]
    fn a_chain_that_has_ended_is_found_while_its_window_is_open() {
        let expired = |at: &str| {
            let found = found(TRUSTED_ROOT, None, &sigstore(), &TrustHistory::default(), at);
            found.iter().filter(|found| found.finding.rule.id == "ca-expired").count()
        };
        assert_eq!(expired("2031-10-05T13:56:58Z"), 0);
        assert_eq!(expired("2031-10-05T13:56:59Z"), 1);
    }

    #[test]
    fn what_was_wrong_before_is_known_again() {
        let mut before = sigstore();
        before["tlogs"][0]["publicKey"]["validFor"] = json!({});
        let mut after = before.clone();
        after["ctlogs"][0]["logId"]["keyId"] = after["ctlogs"][1]["logId"]["keyId"].clone();
        let found = found(TRUSTED_ROOT, Some(&before), &after, &TrustHistory::default(), DAY);
        let errors = found.iter().filter(|found| found.finding.rule.severity == Severity::Error);
        let told: Vec<(&str, bool)> = errors.map(|found| (found.finding.rule.id, found.is_new)).collect();
        assert_eq!(
            told,
            [("tr-start-missing", false), ("log-id-wrong", true), ("log-id-twice", true), ("tr-shrunk", true)]
        );
    }

    #[test]
    fn documents_are_compared_with_what_is_shipped_beside_them() {
        let root = serde_json::to_vec(&sigstore()).unwrap();
        let none = Shipped::default();
        let rules = |before: &Shipped<'_>, after: &[(&str, &[u8])]| {
            let found = document_findings(before, &shipped(after), &TrustHistory::default(), instant(DAY));
            let of_both = found.into_iter().filter(|found| ["sc-missing", "lg-name"].contains(&found.finding.rule.id));
            of_both.map(|found| (found.finding.rule.id, found.is_new)).collect::<Vec<_>>()
        };
        let key = b"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n";
        assert_eq!(rules(&none, &[(TRUSTED_ROOT, &root), (CONFIG, b"{}")]), []);
        assert_eq!(rules(&none, &[(TRUSTED_ROOT, &root)]), [("sc-missing", true)]);
        assert_eq!(rules(&shipped(&[(TRUSTED_ROOT, &root)]), &[(TRUSTED_ROOT, &root)]), [("sc-missing", false)]);
        // A key that the trust root does not list, under the name of the one that it does.
        let told = rules(&none, &[(TRUSTED_ROOT, &root), (CONFIG, b"{}"), ("rekor.pub", key)]);
        assert_eq!(told, [("lg-name", true)]);
    }

    #[test]
    fn a_service_waits_until_every_verifier_has_its_key() {
        let root = |with: bool| {
            let mut root = sigstore();
            root["tlogs"][0]["baseUrl"] = json!(if with { "https://log.example" } else { "https://other.example" });
            TrustedRoot::parse(&serde_json::to_vec(&root).unwrap(), 1 << 20).unwrap()
        };
        let config = json!({
            "mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json",
            "rekorTlogUrls": [{"url": "https://log.example/api", "majorApiVersion": 1, "validFor": {"start": "2030-01-01T00:00:00Z"}}],
            "rekorTlogConfig": {"selector": "ANY"},
        });
        let told = |published: &[(&str, bool)], next: bool, before: Option<&Value>| -> Vec<(String, bool)> {
            let history = TrustHistory {
                published: published.iter().map(|(at, with)| (instant(at), root(*with))).collect(),
                next: Some(root(next)),
                timestamp_lifetime: TimeDelta::days(7),
                caches: TimeDelta::zero(),
            };
            let found = found(CONFIG, before, &config, &history, DAY);
            let untrusted = found.into_iter().filter(|found| found.finding.rule.id == "sc-untrusted");
            untrusted.map(|found| (found.finding.detail, found.is_new)).collect()
        };
        let first = ("2029-01-01T00:00:00Z", false);
        // Neither there nor coming; coming with this ceremony; there, one second too late and just in time.
        assert!(told(&[first], false, None)[0].0.contains("trusted_root.json lists nothing in tlogs under its host"));
        assert!(told(&[first], true, None)[0].0.contains("comes into trusted_root.json at the same time"));
        let late = told(&[first, ("2029-12-25T00:00:01Z", true)], true, None);
        assert!(
            late[0].0.contains("is in the published trusted_root.json since 2029-12-25T00:00:01Z only"),
            "{late:?}"
        );
        assert_eq!(told(&[first, ("2029-12-25T00:00:00Z", true)], true, None), []);
        // No verifier is behind what was there from the first, or before anything was published; and what is offered already is offered.
        assert_eq!(told(&[("2029-12-31T00:00:00Z", true)], true, None), []);
        assert_eq!(told(&[], true, None), []);
        assert_eq!(told(&[first], true, Some(&config)), []);
        let gone = |published: bool| told(&[("2029-01-01T00:00:00Z", published)], false, Some(&config))[0].1;
        assert!(gone(true), "its key goes with this ceremony");
        assert!(!gone(false), "its key was never there");
    }
}
