//! The ids of logs.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::log_key::LogKey;
use super::proto_json::{base64_text, decode_base64};
use crate::hex;
use crate::roles::digests::sha256;

/// The id of a log as a file states it, of whatever length; a derived one has 32 bytes. Shown in base64, as files have it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LogId(Vec<u8>);

/// How a log's id comes from its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LogIdKind {
    /// SHA-256 of the key as a DER SubjectPublicKeyInfo: Rekor v1, CT logs (RFC 6962, section 3.2), and ECDSA logs of any kind.
    KeyDigest,
    /// SHA-256 of the log's origin, a newline, a byte for the kind of signature, and the key: Rekor v2 (C2SP, signed-note). The note
    /// itself carries the first four bytes; a trusted root has all 32.
    SignedNote,
}

impl LogId {
    /// The id of these bytes.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> LogId {
        LogId(bytes.into())
    }

    /// Reads an id as people write it: 64 hex digits, or base64 as in the files. None if it is neither or empty.
    pub fn parse(text: &str) -> Option<LogId> {
        // Hex digits are base64 too, but 64 of them stand for 32 bytes, never for 48.
        let bytes = if text.len() == 64 { hex::decode(text) } else { None };
        bytes.or_else(|| decode_base64(text)).filter(|bytes| !bytes.is_empty()).map(LogId)
    }

    /// The id that `key` has by the rule `kind`. `base_url` is the log's; only [`LogIdKind::SignedNote`] looks at it. None if the rule
    /// does not apply: to an ECDSA key, or without an origin.
    pub fn derive(kind: LogIdKind, key: &LogKey, base_url: &str) -> Option<LogId> {
        match kind {
            LogIdKind::KeyDigest => Some(LogId(sha256(&key.spki_der()).into())),
            LogIdKind::SignedNote => {
                let text = [origin(base_url)?.as_bytes(), b"\n", &key.note_key()?].concat();
                Some(LogId(sha256(&text).into()))
            }
        }
    }

    /// The origin of a log's checkpoints by its base URL, see [`LogIdKind::SignedNote`]: the host alone. `None` if that is no name a signed
    /// note can have.
    pub fn origin(base_url: &str) -> Option<&str> {
        origin(base_url)
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// As lowercase hex digits.
    pub fn to_hex(&self) -> String {
        hex::encode(&self.0)
    }
}

impl fmt::Display for LogId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64_text(&self.0))
    }
}

/// The name under which a log signs its checkpoints, as rekor-tiles and sigstore-go take it from the base URL: the host alone, without
/// scheme, port or path. None if that is no name a signed note can have.
pub(super) fn origin(base_url: &str) -> Option<&str> {
    let rest = base_url.split_once("://").map_or(base_url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or(rest);
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match host.strip_prefix('[') {
        Some(address) => address.split(']').next().unwrap_or(address),
        None => host.split(':').next().unwrap_or(host),
    };
    let is_name = !host.is_empty() && !host.contains(|letter: char| letter.is_whitespace() || letter == '+');
    is_name.then_some(host)
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::fixtures::{
        CT_LOG, CT_LOG_ID, REKOR_V1, REKOR_V1_ID, REKOR_V2, REKOR_V2_ID, REKOR_V2_URL, STAGING_CT_LOG,
        STAGING_CT_LOG_ID, key,
    };
    use super::super::key_details::KeyDetails;
    use super::*;

    #[test]
    fn the_id_of_rekor_v1_and_of_ct_logs_is_their_keys_digest() {
        for (details, raw, id) in [
            (KeyDetails::PkixEcdsaP256Sha256, REKOR_V1, REKOR_V1_ID),
            (KeyDetails::PkixEcdsaP256Sha256, CT_LOG, CT_LOG_ID),
            // Wrapped as a SubjectPublicKeyInfo first.
            (KeyDetails::Pkcs1RsaPkcs1V5, STAGING_CT_LOG, STAGING_CT_LOG_ID),
        ] {
            let key = key(details, raw);
            assert_eq!(LogId::derive(LogIdKind::KeyDigest, &key, "").unwrap().to_string(), id);
        }
    }

    #[test]
    fn the_id_of_rekor_v2_is_over_its_origin_and_key() {
        let key = key(KeyDetails::PkixEd25519, REKOR_V2);
        let id = |url| LogId::derive(LogIdKind::SignedNote, &key, url).map(|id| id.to_string());
        assert_eq!(id(REKOR_V2_URL).as_deref(), Some(REKOR_V2_ID));
        assert_eq!(id("https://log2025-1.rekor.sigstore.dev:443/").as_deref(), Some(REKOR_V2_ID));
        assert_ne!(id("https://log2025-2.rekor.sigstore.dev").as_deref(), Some(REKOR_V2_ID));
        assert_eq!(id(""), None);
        assert_ne!(LogId::derive(LogIdKind::KeyDigest, &key, "").unwrap().to_string(), REKOR_V2_ID);
    }

    #[test]
    fn an_ecdsa_key_has_no_signed_note_id_of_its_own() {
        let key = key(KeyDetails::PkixEcdsaP256Sha256, REKOR_V1);
        assert_eq!(LogId::derive(LogIdKind::SignedNote, &key, REKOR_V2_URL), None);
    }

    #[test]
    fn the_origin_is_the_host_and_nothing_else() {
        for (url, host) in [
            ("https://log2025-1.rekor.sigstore.dev", Some("log2025-1.rekor.sigstore.dev")),
            ("https://log2025-1.rekor.sigstore.dev/", Some("log2025-1.rekor.sigstore.dev")),
            ("log2025-1.rekor.sigstore.dev", Some("log2025-1.rekor.sigstore.dev")),
            ("http://localhost:3003/api?x#y", Some("localhost")),
            ("https://user@log.example:8080/a@b", Some("log.example")),
            ("https://[::1]:3003", Some("::1")),
            ("https://Log.Example", Some("Log.Example")),
            ("", None),
            ("https://", None),
            ("https:///path", None),
            ("https://a b", None),
            ("https://a+b", None),
        ] {
            assert_eq!(origin(url), host, "{url}");
        }
    }

    #[test]
    fn an_id_is_read_in_hex_and_in_base64() {
        let base64 = "wNI9atQGlz+VWfO6LRygH4QUfY/8W4RFwiT5i5WRgB0=";
        let hex = "c0d23d6ad406973f9559f3ba2d1ca01f84147d8ffc5b8445c224f98b9591801d";
        let id = LogId::parse(base64).unwrap();
        assert_eq!(LogId::parse(hex), Some(id.clone()));
        assert_eq!(id.to_string(), base64);
        assert_eq!(id.to_hex(), hex);
        // Fewer digits are base64, whatever they look like.
        assert_eq!(LogId::parse("c0d2").unwrap().as_bytes(), [0x73, 0x47, 0x76]);
        for bad in ["", "c0d23", "!"] {
            assert_eq!(LogId::parse(bad), None, "{bad}");
        }
    }
}
