//! Sigstore's documents: by themselves, among the targets of a repository, and against those that were published.

use chrono::{DateTime, Utc};
use rootline_metadata::lint::Finding;
use rootline_metadata::sigstore::lint::{
    LegacyTarget, LintSettings, TrustHistory, lint_file, lint_legacy_targets, lint_names, lint_services,
    lint_shrinking, lint_timing,
};
use rootline_metadata::sigstore::{SigningConfig, TrustedRoot};
use rootline_metadata::x509::read_certificates;
use rootline_metadata::{PublicKey, TargetFile, TargetPath, limits};

use super::catalogue::rule;
use super::finding::{About, FileFinding, Findings};
use super::metadata::lint_metadata;
use super::repository::{TargetsRole, TargetsRoles, Walk};
use super::view::RepositoryView;
use crate::review::{SIGNING_CONFIG, TRUSTED_ROOT};

/// Most legacy targets of one repository; Sigstore has seven.
const MAX_LEGACY: usize = 64;

/// Lints one file by itself: TUF metadata, one of Sigstore's documents, or a key or certificates in PEM. `None` if it is none of these.
pub fn lint_document(file: &str, bytes: &[u8], at: DateTime<Utc>) -> Option<Vec<FileFinding>> {
    let of_sigstore = || {
        let mut found = Findings::default();
        found.extend(file, lint_file(bytes, &LintSettings::new(file, at))?);
        Some(found.into_sorted())
    };
    lint_metadata(file, bytes, at).or_else(of_sigstore).or_else(|| lint_pem(file, bytes))
}

/// Lints a key or certificates as legacy targets have them.
fn lint_pem(file: &str, bytes: &[u8]) -> Option<Vec<FileFinding>> {
    let text = std::str::from_utf8(bytes).ok().filter(|text| text.contains("-----BEGIN "))?;
    let mut found = Findings::default();
    let is_read = PublicKey::from_spki_pem(text).is_ok() || read_certificates(bytes).is_ok();
    if let Some(rule) = rule("lg-unreadable").filter(|_| !is_read) {
        found.add(file, rule, &About::FILE, "it is neither a public key nor certificates in PEM");
    }
    Some(found.into_sorted())
}

/// Finds what a trust root no longer trusts that the one published before it did; and what opens or closes before the expiry of the timestamp
/// published with that, until which verifiers may keep to it. Nothing where one of them cannot be read, which is found otherwise.
pub fn lint_trust_against(
    file: &str,
    bytes: &[u8],
    (published, kept_until): (&[u8], Option<DateTime<Utc>>),
    at: DateTime<Utc>,
) -> Vec<FileFinding> {
    let read = |bytes: &[u8]| TrustedRoot::parse(bytes, limits::MAX_SIGSTORE_BYTES).ok();
    let mut found = Findings::default();
    if let (Some(after), Some(before)) = (read(bytes), read(published)) {
        found.extend(file, lint_shrinking(&before, &after, at));
        if let Some(kept_until) = kept_until {
            found.extend(file, lint_timing(&before, &after, kept_until.max(at)));
        }
    }
    found.into_sorted()
}

impl RepositoryView {
    /// The trust root that the repository ships, with its path, as its current targets file states it. Nothing of it is verified.
    pub fn trusted_root(&self) -> Option<(String, &[u8])> {
        let (root, targets) = self.current_targets()?;
        let file = TargetPath::new(TRUSTED_ROOT).and_then(|path| targets.unverified().target(&path))?;
        self.target(root.unverified().consistent_snapshot(), TRUSTED_ROOT, &file)
    }
}

/// Lints the documents that the roles ship.
pub(super) fn lint_documents(walk: &Walk<'_>, roles: &TargetsRoles, found: &mut Findings) {
    for role in roles {
        for (name, file) in role.envelope.unverified().targets() {
            let Some((path, bytes)) = file.and_then(|file| walk.target(&name, &file)) else { continue };
            let settings = LintSettings::new(&name, walk.at);
            if let Some(findings) = lint_file(bytes, &settings) {
                found.extend(&path, findings);
            }
        }
    }
    // Clients look for these at the top level alone.
    if let Some(top) = roles.first() {
        lint_together(walk, top, found);
    }
}

/// What the trust root, the signing config and the legacy targets say of each other.
fn lint_together(walk: &Walk<'_>, top: &TargetsRole, found: &mut Findings) {
    let targets = top.envelope.unverified();
    let names: Vec<_> = targets.targets().map(|(name, _)| name).collect();
    found.extend(&top.file, lint_names(names.iter().map(|name| &**name)));
    let shipped = |name: &str| {
        let file = TargetPath::new(name).and_then(|path| targets.target(&path))?;
        walk.target(name, &file)
    };
    let read = |(_, bytes): (String, &[u8])| TrustedRoot::parse(bytes, limits::MAX_SIGSTORE_BYTES).ok();
    let Some(root) = shipped(TRUSTED_ROOT).and_then(read) else { return };
    if let Some((path, bytes)) = shipped(SIGNING_CONFIG)
        && let Ok(config) = SigningConfig::parse(bytes, limits::MAX_SIGSTORE_BYTES)
    {
        let history = TrustHistory { next: Some(root.clone()), ..TrustHistory::default() };
        found.extend(&path, lint_services(&config, None, &history, walk.at));
    }
    found.extend(&top.file, lint_legacy(walk, top, &root));
}

fn lint_legacy(walk: &Walk<'_>, top: &TargetsRole, root: &TrustedRoot) -> Vec<Finding> {
    let files: Vec<(_, TargetFile)> =
        top.envelope.unverified().targets().filter_map(|(name, file)| Some((name, file?))).collect();
    let legacy = files.iter().filter_map(|(name, file)| {
        let (_, bytes) = walk.target(name, file)?;
        LegacyTarget::read(name, file.custom.as_ref(), bytes)
    });
    lint_legacy_targets(&legacy.take(MAX_LEGACY).collect::<Vec<_>>(), root, walk.at)
}
