//! What a trusted root says about one instant.

use chrono::{DateTime, Utc};

use super::certificate_authority::CertificateAuthority;
use super::log_id::LogId;
use super::log_instance::LogInstance;
use super::trusted_root::TrustedRoot;

/// The entries of a [`TrustedRoot`] whose windows contain one instant, in the order of the file. Borrows; nothing is copied. The time
/// to ask about is that of the signature, from a source that was itself verified; today's for what is to be signed now.
#[derive(Clone, Copy, Debug)]
pub struct TrustedAt<'a> {
    root: &'a TrustedRoot,
    instant: DateTime<Utc>,
}

impl<'a> TrustedAt<'a> {
    pub(super) fn new(root: &'a TrustedRoot, instant: DateTime<Utc>) -> TrustedAt<'a> {
        TrustedAt { root, instant }
    }

    /// The instant.
    pub fn instant(self) -> DateTime<Utc> {
        self.instant
    }

    /// The Rekor logs.
    pub fn transparency_logs(self) -> impl Iterator<Item = &'a LogInstance> {
        self.root.transparency_logs().iter().filter(move |log| log.valid_for().contains(self.instant))
    }

    /// The Fulcio chains.
    pub fn certificate_authorities(self) -> impl Iterator<Item = &'a CertificateAuthority> {
        self.root.certificate_authorities().iter().filter(move |authority| authority.valid_for().contains(self.instant))
    }

    /// The certificate transparency logs.
    pub fn certificate_transparency_logs(self) -> impl Iterator<Item = &'a LogInstance> {
        self.root.certificate_transparency_logs().iter().filter(move |log| log.valid_for().contains(self.instant))
    }

    /// The Rekor log that an entry names by its log id.
    pub fn transparency_log(self, log_id: &[u8]) -> Option<&'a LogInstance> {
        self.transparency_logs().find(|log| has_id(log.log_id(), log_id))
    }

    /// The Rekor logs that a checkpoint's signature may be by. A signed note (C2SP) names its key by the first four bytes of a digest, which
    /// need not be unique: verify with each. Where the file states no id for checkpoints, the log's id stands for it.
    pub fn transparency_logs_by_checkpoint_key_id(self, key_id: [u8; 4]) -> impl Iterator<Item = &'a LogInstance> {
        self.transparency_logs().filter(move |log| {
            let id = log.checkpoint_key_id().or(log.log_id());
            id.is_some_and(|id| id.as_bytes().starts_with(&key_id))
        })
    }

    /// The certificate transparency log that a certificate's timestamp (RFC 6962, section 3.2) names by its log id.
    pub fn certificate_transparency_log(self, log_id: &[u8]) -> Option<&'a LogInstance> {
        self.certificate_transparency_logs().find(|log| has_id(log.log_id(), log_id))
    }

    /// The timestamp authorities.
    pub fn timestamp_authorities(self) -> impl Iterator<Item = &'a CertificateAuthority> {
        self.root.timestamp_authorities().iter().filter(move |authority| authority.valid_for().contains(self.instant))
    }
}

fn has_id(stated: Option<&LogId>, id: &[u8]) -> bool {
    stated.is_some_and(|stated| stated.as_bytes() == id)
}

#[cfg(test)]
mod tests {
    use alloc::vec::Vec;

    use super::super::fixtures::{
        CT_LOG, CT_LOG_ID, MEDIA_TYPE_V02, REKOR_V1, REKOR_V1_ID, REKOR_V2, REKOR_V2_ID, REKOR_V2_URL, at, bytes,
        document, log,
    };
    use super::*;

    const WINDOW: &str = r#"{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z"}"#;

    fn root() -> TrustedRoot {
        let v1 = log("https://rekor.sigstore.dev", "PKIX_ECDSA_P256_SHA_256", REKOR_V1, WINDOW, REKOR_V1_ID);
        // Its log id is another one than its id in checkpoints.
        let v2 = log(REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, WINDOW, CT_LOG_ID);
        let v2 = v2.strip_suffix('}').unwrap();
        let v2 = alloc::format!(r#"{v2},"checkpointKeyId":{{"keyId":"{REKOR_V2_ID}"}}}}"#);
        let ct = log("https://ctfe.example", "PKIX_ECDSA_P256_SHA_256", CT_LOG, WINDOW, CT_LOG_ID);
        let text = document(MEDIA_TYPE_V02, &[("tlogs", &[v1, v2]), ("ctlogs", &[ct])]);
        TrustedRoot::parse(text.as_bytes(), text.len()).unwrap()
    }

    #[test]
    fn a_log_is_found_by_its_id_and_only_while_its_window_is_open() {
        let root = root();
        let rekor = |instant, id| root.at(at(instant)).transparency_log(&bytes(id)).map(LogInstance::base_url);
        let ct = |instant, id| root.at(at(instant)).certificate_transparency_log(&bytes(id)).map(LogInstance::base_url);
        for (instant, open) in [
            ("2026-01-01T23:59:59Z", false),
            ("2026-01-02T00:00:00Z", true),
            ("2026-01-03T00:00:00Z", true),
            ("2026-01-03T00:00:01Z", false),
        ] {
            assert_eq!(rekor(instant, REKOR_V1_ID), open.then_some("https://rekor.sigstore.dev"), "{instant}");
            assert_eq!(ct(instant, CT_LOG_ID), open.then_some("https://ctfe.example"), "{instant}");
        }
        // Neither kind of log answers for the other, and a part of an id is no id.
        assert_eq!(ct("2026-01-02T00:00:00Z", REKOR_V1_ID), None);
        let trusted = root.at(at("2026-01-02T00:00:00Z"));
        assert!(trusted.transparency_log(&bytes(REKOR_V1_ID)[..31]).is_none());
        assert!(trusted.transparency_log(&[]).is_none());
    }

    #[test]
    fn a_checkpoint_names_its_log_by_the_id_for_checkpoints_or_else_by_the_logs_id() {
        let root = root();
        let found = |instant, id: &str| {
            let key_id = bytes(id)[..4].try_into().unwrap();
            let logs = root.at(at(instant)).transparency_logs_by_checkpoint_key_id(key_id);
            logs.map(LogInstance::base_url).collect::<Vec<_>>()
        };
        assert_eq!(found("2026-01-02T00:00:00Z", REKOR_V1_ID), ["https://rekor.sigstore.dev"]);
        assert_eq!(found("2026-01-02T00:00:00Z", REKOR_V2_ID), [REKOR_V2_URL]);
        assert!(found("2026-01-02T00:00:00Z", CT_LOG_ID).is_empty(), "the id for checkpoints stands before the log's");
        assert!(found("2026-01-01T23:59:59Z", REKOR_V2_ID).is_empty());
    }
}
