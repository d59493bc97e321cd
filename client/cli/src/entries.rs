//! The entries of a trust root, as rows and as JSON.

use chrono::{DateTime, Utc};
use rootline_metadata::sigstore::{CertificateAuthority, LogInstance, TrustedRoot, Window};
use rootline_metadata::{hex, instant_text, sha256};
use serde_json::{Value, json};

/// One entry.
pub(crate) struct Entry {
    pub(crate) kind: &'static str,
    pub(crate) place: String,
    /// A log's id, or the digest of the certificate that an authority's chain begins with.
    pub(crate) id: String,
    detail: String,
    pub(crate) window: Window,
}

/// Every entry; with an instant, those that are trusted then.
pub(crate) fn entries(root: &TrustedRoot, at: Option<DateTime<Utc>>) -> Vec<Entry> {
    let authorities = |kind, list: &[CertificateAuthority]| list.iter().map(|ca| Entry::authority(kind, ca)).collect();
    let logs = |kind, list: &[LogInstance]| list.iter().map(|log| Entry::log(kind, log)).collect();
    let rows: [Vec<Entry>; 4] = [
        authorities("certificate authority", root.certificate_authorities()),
        logs("transparency log", root.transparency_logs()),
        logs("CT log", root.certificate_transparency_logs()),
        authorities("timestamp authority", root.timestamp_authorities()),
    ];
    rows.into_iter().flatten().filter(|entry| at.is_none_or(|instant| entry.window.contains(instant))).collect()
}

impl Entry {
    fn log(kind: &'static str, log: &LogInstance) -> Entry {
        let id = log.log_id().map(|id| id.to_hex()).unwrap_or_default();
        let detail = log.key().details().as_str().to_owned();
        Entry { kind, place: log.base_url().to_owned(), id, detail, window: log.valid_for() }
    }

    fn authority(kind: &'static str, authority: &CertificateAuthority) -> Entry {
        let id = authority.chain().next().map(|certificate| hex::encode(&sha256(certificate))).unwrap_or_default();
        let subject = authority.subject();
        let length = authority.chain().len();
        let detail = format!("O={}, CN={}; chain of {length}", subject.organization, subject.common_name);
        Entry { kind, place: authority.uri().to_owned(), id, detail, window: authority.valid_for() }
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "kind": self.kind,
            "url": self.place,
            "id": self.id,
            "detail": self.detail,
            "start": self.window.start().map(instant_text),
            "end": self.window.end().map(instant_text),
        })
    }
}
