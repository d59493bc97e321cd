//! What a file that is shipped is: one of Sigstore's documents, or something else.

use rootline_metadata::json::{Document, Value};
use rootline_metadata::sigstore::{ClientTrustConfig, SigningConfig, Skipped, TrustedRoot};

/// The name under which a trust root is shipped to every client.
pub const TRUSTED_ROOT: &str = "trusted_root.json";

/// The name under which clients look for a signing config beside it.
pub const SIGNING_CONFIG: &str = "signing_config.v0.2.json";

/// Most bytes of a document that is looked into: Sigstore's trust root has 7 kB, GitHub's 32.
pub const MAX_BYTES: usize = rootline_metadata::limits::MAX_SIGSTORE_BYTES;

/// What a file is, by its content. Its name only says what it ought to be.
#[derive(Clone, Debug)]
pub enum Content {
    /// Whom to trust, and when.
    TrustedRoot(TrustedRoot),
    /// What to sign with.
    SigningConfig(SigningConfig),
    /// Both in one file.
    ClientTrustConfig(ClientTrustConfig),
    /// By its name it ought to be one of those, and it cannot be read as that.
    Unreadable {
        /// What it ought to be.
        kind: &'static str,
        /// Why it is not.
        why: String,
    },
    /// JSON, and no document of Sigstore's.
    Json(Value),
    /// Text that is no JSON.
    Text,
    /// Anything else.
    Binary,
}

impl Content {
    /// Looks into a file.
    pub fn read(name: &str, bytes: &[u8]) -> Content {
        let by_name = |start: &str| name.rsplit('/').next().is_some_and(|name| name.starts_with(start));
        let root = TrustedRoot::parse(bytes, MAX_BYTES);
        let config = SigningConfig::parse(bytes, MAX_BYTES);
        match (root, config) {
            (Ok(root), _) => Content::TrustedRoot(root),
            (_, Ok(config)) => Content::SigningConfig(config),
            (Err(error), _) if by_name("trusted_root") && !name.ends_with(".jsonl") => {
                Content::Unreadable { kind: "a trusted root", why: error.to_string() }
            }
            (_, Err(error)) if by_name("signing_config") => {
                Content::Unreadable { kind: "a signing config", why: error.to_string() }
            }
            _ => Content::other(bytes),
        }
    }

    fn other(bytes: &[u8]) -> Content {
        if let Ok(both) = ClientTrustConfig::parse(bytes, MAX_BYTES) {
            return Content::ClientTrustConfig(both);
        }
        match Document::parse(bytes.to_vec(), MAX_BYTES) {
            Ok(document) => Content::Json(Value::from(document.top())),
            Err(_) if std::str::from_utf8(bytes).is_ok() => Content::Text,
            Err(_) => Content::Binary,
        }
    }

    /// What it is, for a sentence.
    pub fn kind(&self) -> String {
        match self {
            Content::TrustedRoot(root) => format!("trusted root, {}", root.format().media_type()),
            Content::SigningConfig(config) => format!("signing config, {}", config.format().media_type()),
            Content::ClientTrustConfig(_) => "client trust config: a trusted root and a signing config".to_owned(),
            Content::Unreadable { kind, why } => format!("cannot be read as {kind}: {why}"),
            Content::Json(_) => "JSON, and no document of Sigstore's".to_owned(),
            Content::Text => "text, and no document of Sigstore's".to_owned(),
            Content::Binary => "binary, and no document of Sigstore's".to_owned(),
        }
    }

    /// The trusted root that it is or has in it.
    pub fn trusted_root(&self) -> Option<&TrustedRoot> {
        match self {
            Content::TrustedRoot(root) => Some(root),
            Content::ClientTrustConfig(both) => Some(both.trusted_root()),
            _ => None,
        }
    }

    /// The signing config that it is or has in it.
    pub fn signing_config(&self) -> Option<&SigningConfig> {
        match self {
            Content::SigningConfig(config) => Some(config),
            Content::ClientTrustConfig(both) => Some(both.signing_config()),
            _ => None,
        }
    }

    /// The whole document, if it is JSON.
    pub fn value(&self) -> Option<&Value> {
        match self {
            Content::TrustedRoot(root) => Some(root.value()),
            Content::SigningConfig(config) => Some(config.value()),
            Content::ClientTrustConfig(both) => Some(both.value()),
            Content::Json(value) => Some(value),
            Content::Unreadable { .. } | Content::Text | Content::Binary => None,
        }
    }

    /// Entries that are in the document and are not understood here: the list and the reason, and the position in that list, from 0.
    pub fn skipped(&self) -> Vec<(String, usize)> {
        fn told<S: std::fmt::Display>(skipped: &[Skipped<S>]) -> impl Iterator<Item = (String, usize)> {
            skipped.iter().map(|entry| (format!("{}: {}", entry.section, entry.reason), entry.position))
        }
        let of_root = self.trusted_root().into_iter().flat_map(|root| told(root.skipped()));
        let of_config = self.signing_config().into_iter().flat_map(|config| told(config.skipped()));
        of_root.chain(of_config).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_what_its_content_is() {
        let root = br#"{"mediaType": "application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#;
        let config = br#"{"mediaType": "application/vnd.dev.sigstore.signingconfig.v0.2+json"}"#;
        assert!(matches!(Content::read("trusted_root.json", root), Content::TrustedRoot(_)));
        assert!(matches!(Content::read("staging/other.json", root), Content::TrustedRoot(_)));
        assert!(matches!(Content::read("signing_config.v0.2.json", config), Content::SigningConfig(_)));
        assert!(matches!(Content::read("trusted_root.json", config), Content::SigningConfig(_)));
        for name in ["trusted_root.json", "trusted_root.v0.2.json", "signing_config.json"] {
            assert!(matches!(Content::read(name, b"{}"), Content::Unreadable { .. }), "{name}");
        }
        assert!(matches!(Content::read("notes.json", b"{}"), Content::Json(_)));
        assert!(matches!(Content::read("notes.txt", b"words"), Content::Text));
        assert!(matches!(Content::read("image", b"\xff\x00"), Content::Binary));
    }
}
