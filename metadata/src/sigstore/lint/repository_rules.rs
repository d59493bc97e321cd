//! The documents that a repository ships together.

use alloc::vec::Vec;

use super::findings::Findings;
use crate::lint::{Finding, Rule, Severity};

pub(super) static MISSING: Rule = Rule {
    id: "sc-missing",
    severity: Severity::Warning,
    what: "a trust root is shipped without a signing config",
    why: "Clients that sign look for signing_config.v0.2.json beside trusted_root.json. Ship one, unless the instance only verifies.",
    who: "sigstore-python's trust-instance and sigstore-rust's signing config fail; cosign warns.",
};

/// The names under which the trust root and the signing config are shipped to every client.
const TRUSTED_ROOT: &str = "trusted_root.json";
const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// What the names that a repository ships at its top level show.
pub fn lint_names<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<Finding> {
    let (mut has_root, mut has_config) = (false, false);
    for name in names {
        has_root |= name == TRUSTED_ROOT;
        has_config |= name == SIGNING_CONFIG;
    }
    let mut findings = Findings::default();
    if has_root && !has_config {
        findings.add(&MISSING, "", "", "trusted_root.json is shipped, and signing_config.v0.2.json is not");
    }
    findings.into_vec()
}
