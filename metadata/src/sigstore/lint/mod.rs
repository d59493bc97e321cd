//! What is wrong with Sigstore's documents, for their publisher.
//!
//! What is inside the certificates of authorities is looked at with the feature `x509`, unless
//! [without](LintSettings::without_certificates). A verifier's default does without.
//!
//! Each rule was broken by somebody, or stops a client that is in use. The documents are looked at as they stand in the file, as much of
//! what is wrong is gone once they are read into types: a list that is `null`, a name in another spelling, bytes of another alphabet. An
//! entry that cannot be read is a finding, and the others are looked at all the same.
//!
//! ```text
//! bytes ─▶ lint_file ─────────────▶ findings of one document
//! two trust roots ─▶ lint_shrinking, lint_timing ─▶ findings of the difference
//! signing config, TrustHistory ─▶ lint_services ──▶ services that not every verifier has the key of
//! names ─▶ lint_names;  PEM targets, trust root ─▶ lint_legacy_targets
//! ```
//!
//! ```
//! use rootline_metadata::parse_instant;
//! use rootline_metadata::sigstore::lint::{LintSettings, lint_file};
//!
//! let settings = LintSettings::new("trusted_root.json", parse_instant("2026-12-01T00:00:00Z").unwrap());
//! let findings = lint_file(b"[]", &settings).unwrap();
//! assert_eq!(findings[0].to_string(), "the file is JSON, and not an object [doc-not-json]");
//! ```

mod authority_rules;
#[cfg(feature = "x509")]
mod certificate_rules;
mod change_rules;
mod client_trust_config_rules;
mod document_kind;
mod document_rules;
mod entries;
mod findings;
mod legacy_rules;
mod log_rules;
mod public_url;
mod repository_rules;
mod schema;
mod service_rules;
mod settings;
mod signing_config_rules;
#[cfg(feature = "x509")]
mod stamping_rules;
#[cfg(test)]
mod tests;
mod trust_history;
mod trusted_root_rules;
mod window_rules;

use alloc::vec::Vec;

pub use change_rules::{lint_shrinking, lint_timing};
pub use document_kind::DocumentKind;
pub use legacy_rules::{LegacyTarget, lint_legacy_targets};
pub use public_url::url_problem;
pub use repository_rules::lint_names;
pub use settings::LintSettings;
pub use trust_history::{TrustHistory, lint_services};

use self::findings::{Findings, element};
use crate::json::Node;
use crate::lint::{Finding, Rule};

/// Every rule about Sigstore's documents, in the order in which they are documented.
pub static RULES: &[&Rule] = &[
    &document_rules::NOT_JSON,
    &document_rules::NAME_TWICE,
    &document_rules::UNUSUAL_JSON,
    &document_rules::MEMBER_FORM,
    &trusted_root_rules::MEDIA_TYPE,
    &trusted_root_rules::LIST_MISSING,
    &trusted_root_rules::NULL,
    &trusted_root_rules::NO_TLOG,
    &trusted_root_rules::UNKNOWN_MEMBER,
    &trusted_root_rules::V02_MEMBER,
    &trusted_root_rules::JSON_FORM,
    &trusted_root_rules::PEM,
    &window_rules::ORDER,
    &window_rules::START_MISSING,
    &window_rules::VALID_FOR_MISSING,
    &window_rules::WINDOW_EMPTY,
    &window_rules::END_EXCLUSIVE,
    &window_rules::START_EPOCH,
    &window_rules::NO_LIVE,
    &window_rules::LIVE_ENDED,
    &window_rules::GAP,
    &change_rules::SHRUNK,
    &change_rules::TOO_EARLY,
    &log_rules::MEMBER_MISSING,
    &log_rules::URL_MISSING,
    &log_rules::URL,
    &log_rules::ID_WRONG,
    &log_rules::ID_LENGTH,
    &log_rules::CHECKPOINT_ID,
    &log_rules::ID_TWICE,
    &log_rules::KEY_TWICE,
    &log_rules::HASH_ALGORITHM,
    &log_rules::KEY_DETAILS,
    &log_rules::KEY_MISMATCH,
    &log_rules::KEY_DER,
    &log_rules::RSA_SPKI,
    &log_rules::RSA_SIZE,
    &log_rules::ED25519,
    &log_rules::CURVE,
    &log_rules::V2_ORIGIN,
    &authority_rules::MEMBER_MISSING,
    &authority_rules::EMPTY,
    &authority_rules::DER,
    &authority_rules::DUPLICATE,
    &authority_rules::WINDOWS_UNUSED,
    &authority_rules::ONE_CERTIFICATE,
    #[cfg(feature = "x509")]
    &certificate_rules::ORDER,
    #[cfg(feature = "x509")]
    &certificate_rules::LINK,
    #[cfg(feature = "x509")]
    &certificate_rules::UNVERIFIED,
    #[cfg(feature = "x509")]
    &certificate_rules::INCOMPLETE,
    #[cfg(feature = "x509")]
    &certificate_rules::NOT_CA,
    #[cfg(feature = "x509")]
    &certificate_rules::LEAF_GIVEN,
    #[cfg(feature = "x509")]
    &certificate_rules::EKU,
    #[cfg(feature = "x509")]
    &certificate_rules::EKU_ABSENT,
    #[cfg(feature = "x509")]
    &certificate_rules::WINDOW,
    #[cfg(feature = "x509")]
    &certificate_rules::EXPIRED,
    #[cfg(feature = "x509")]
    &certificate_rules::EXPIRES,
    #[cfg(feature = "x509")]
    &certificate_rules::WEAK,
    #[cfg(feature = "x509")]
    &certificate_rules::SUBJECT,
    #[cfg(feature = "x509")]
    &stamping_rules::TSA_LEAF_FIRST,
    #[cfg(feature = "x509")]
    &stamping_rules::TSA_LEAF_CA,
    #[cfg(feature = "x509")]
    &stamping_rules::TSA_EKU,
    #[cfg(feature = "x509")]
    &stamping_rules::TSA_INTERMEDIATE_EKU,
    #[cfg(feature = "x509")]
    &stamping_rules::TSA_SERIAL,
    &signing_config_rules::MEDIA_TYPE,
    &signing_config_rules::NULL,
    &signing_config_rules::MEMBER_MISSING,
    &signing_config_rules::UNKNOWN_MEMBER,
    &signing_config_rules::JSON_FORM,
    &signing_config_rules::EMPTY_CONFIG,
    &signing_config_rules::CONFIG_WITHOUT_SERVICE,
    &signing_config_rules::SERVICE_WITHOUT_CONFIG,
    &signing_config_rules::SELECTOR,
    &signing_config_rules::EXACT,
    &service_rules::START_MISSING,
    &service_rules::WINDOW_EMPTY,
    &service_rules::FUTURE,
    &service_rules::OVERLAP,
    &service_rules::API_ZERO,
    &service_rules::ORDER,
    &service_rules::TSA_URL,
    &service_rules::VERSION_MIX,
    &service_rules::OPERATOR,
    &service_rules::NO_CA,
    &service_rules::NO_REKOR,
    &service_rules::NONE_OPEN,
    &service_rules::REKOR_V2_WITHOUT_TSA,
    &trust_history::UNTRUSTED,
    &repository_rules::MISSING,
    &client_trust_config_rules::MEDIA_TYPE,
    &client_trust_config_rules::UNKNOWN_MEMBER,
    &client_trust_config_rules::PARTS,
    &legacy_rules::UNREADABLE,
    &legacy_rules::OUT_OF_STEP,
    &legacy_rules::STATUS,
    &legacy_rules::NAME_ALONE,
];

/// What is wrong with a file that by its name ought to be one of Sigstore's documents, or else by its media type is one. `None` if it is
/// neither.
pub fn lint_file(bytes: &[u8], settings: &LintSettings<'_>) -> Option<Vec<Finding>> {
    Some(match DocumentKind::of(settings.name, bytes)? {
        DocumentKind::TrustedRoot => lint_trusted_root(bytes, settings),
        DocumentKind::TrustedRootLines => lint_trusted_root_lines(bytes, settings),
        DocumentKind::SigningConfig => lint_signing_config(bytes, settings),
        DocumentKind::ClientTrustConfig => lint_client_trust_config(bytes, settings),
    })
}

/// What is wrong with a trust root.
pub fn lint_trusted_root(bytes: &[u8], settings: &LintSettings<'_>) -> Vec<Finding> {
    lint(bytes, settings, trusted_root_rules::check)
}

/// What is wrong with trust roots that stand one a line.
pub fn lint_trusted_root_lines(bytes: &[u8], settings: &LintSettings<'_>) -> Vec<Finding> {
    let mut findings = Findings::default();
    let lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.iter().all(u8::is_ascii_whitespace));
    // The one that clients take by itself.
    let settings = LintSettings { name: "trusted_root.json", ..*settings };
    let mut count = 0;
    for (position, line) in lines.enumerate() {
        findings.extend_within(&element("", position), lint_trusted_root(line, &settings));
        count += 1;
    }
    if count == 0 {
        return lint_trusted_root(b"", &settings);
    }
    findings.into_vec()
}

/// What is wrong with a signing config.
pub fn lint_signing_config(bytes: &[u8], settings: &LintSettings<'_>) -> Vec<Finding> {
    lint(bytes, settings, signing_config_rules::check)
}

/// What is wrong with a client trust config and with the two documents in it.
pub fn lint_client_trust_config(bytes: &[u8], settings: &LintSettings<'_>) -> Vec<Finding> {
    lint(bytes, settings, client_trust_config_rules::check)
}

/// Looks at a document from its outermost value on.
type Check = fn(Node<'_>, &LintSettings<'_>, &mut Findings);

fn lint(bytes: &[u8], settings: &LintSettings<'_>, check: Check) -> Vec<Finding> {
    let mut findings = Findings::default();
    if let Some(document) = document_rules::read(bytes, &mut findings) {
        check(document.top(), settings, &mut findings);
    }
    findings.into_vec()
}
