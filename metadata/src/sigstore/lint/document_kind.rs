//! Which of Sigstore's documents a file is.

use super::super::client_trust_config;
use super::super::section::TrustedRootFormat;
use super::super::signing_config::SigningConfigFormat;
use super::schema::member;
use crate::json::Document;
use crate::limits::MAX_SIGSTORE_BYTES;

/// Which of Sigstore's documents a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DocumentKind {
    /// Whom to trust, and when: `trusted_root.json`.
    TrustedRoot,
    /// Several of them, one a line: `trusted_root.jsonl`.
    TrustedRootLines,
    /// What to sign with: `signing_config.v0.2.json`.
    SigningConfig,
    /// Both in one file.
    ClientTrustConfig,
}

impl DocumentKind {
    /// What the file ought to be by its name, or else is by its media type. `None` if it is neither.
    pub fn of(name: &str, bytes: &[u8]) -> Option<DocumentKind> {
        DocumentKind::of_name(name).or_else(|| DocumentKind::of_content(bytes))
    }

    /// What a file of that name ought to be: clients ask for some names, and others are given to them by people.
    pub fn of_name(name: &str) -> Option<DocumentKind> {
        let name = name.rsplit('/').next().unwrap_or(name);
        if name.starts_with("trusted_root") && name.ends_with(".jsonl") {
            return Some(DocumentKind::TrustedRootLines);
        }
        if !name.ends_with(".json") {
            return None;
        }
        let is_one_of = |starts: &[&str]| starts.iter().any(|start| name.starts_with(start));
        if is_one_of(&["trusted_root"]) {
            return Some(DocumentKind::TrustedRoot);
        }
        if is_one_of(&["signing_config"]) {
            return Some(DocumentKind::SigningConfig);
        }
        is_one_of(&["client_trust_config", "clienttrustconfig", "trust_config"])
            .then_some(DocumentKind::ClientTrustConfig)
    }

    /// What the file is by the media type that it states.
    pub fn of_content(bytes: &[u8]) -> Option<DocumentKind> {
        let document = Document::parse(bytes.to_vec(), MAX_SIGSTORE_BYTES).ok()?;
        let media_type = member(document.top(), "mediaType")?.text()?;
        if TrustedRootFormat::ALL.iter().any(|format| format.media_type() == media_type) {
            return Some(DocumentKind::TrustedRoot);
        }
        if SigningConfigFormat::ALL.iter().any(|format| format.media_type() == media_type) {
            return Some(DocumentKind::SigningConfig);
        }
        (media_type == client_trust_config::MEDIA_TYPE).then_some(DocumentKind::ClientTrustConfig)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_files_name_says_what_it_ought_to_be() {
        for (name, kind) in [
            ("trusted_root.json", Some(DocumentKind::TrustedRoot)),
            ("a/b/trusted_root.v0.2.json", Some(DocumentKind::TrustedRoot)),
            ("trusted_root.jsonl", Some(DocumentKind::TrustedRootLines)),
            ("signing_config.v0.2.json", Some(DocumentKind::SigningConfig)),
            ("signing_config_rekor_v2.v0.2.json", Some(DocumentKind::SigningConfig)),
            ("client_trust_config.json", Some(DocumentKind::ClientTrustConfig)),
            ("trusted_root.pem", None),
            ("trusted_root/readme.json", None),
            ("rekor.pub", None),
        ] {
            assert_eq!(DocumentKind::of(name, b"{"), kind, "{name}");
        }
    }

    #[test]
    fn a_file_of_another_name_is_what_its_media_type_says() {
        for (media_type, kind) in [
            ("application/vnd.dev.sigstore.trustedroot+json;version=0.1", Some(DocumentKind::TrustedRoot)),
            ("application/vnd.dev.sigstore.signingconfig.v0.1+json", Some(DocumentKind::SigningConfig)),
            ("application/vnd.dev.sigstore.clienttrustconfig.v0.1+json", Some(DocumentKind::ClientTrustConfig)),
            ("application/json", None),
        ] {
            let text = alloc::format!(r#"{{"mediaType":"{media_type}"}}"#);
            assert_eq!(DocumentKind::of("acme.json", text.as_bytes()), kind, "{media_type}");
        }
        assert_eq!(DocumentKind::of("acme.json", b"[]"), None);
    }
}
