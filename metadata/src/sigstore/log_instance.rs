//! One log of a trusted root.

use alloc::string::String;
use alloc::vec::Vec;

use super::key_details::HashAlgorithm;
use super::log_id::{LogId, LogIdKind};
use super::log_key::LogKey;
use super::proto_json::Message;
use super::section::Section;
use super::skipped::SkipReason;
use super::window::Window;
use crate::json::{FormatError, Node};

/// A Rekor or certificate transparency log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogInstance {
    section: Section,
    position: usize,
    base_url: String,
    hash_algorithm: HashAlgorithm,
    key: LogKey,
    valid_for: Window,
    log_id: Option<LogId>,
    checkpoint_key_id: Option<LogId>,
    operator: Option<String>,
}

/// How the id that a file states compares with the log's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LogIdCheck {
    /// It is the key's, by this rule.
    Matches(LogIdKind),
    /// It is not the key's by any rule that may apply.
    Differs {
        /// The id by the rule that usually applies.
        expected: LogId,
        /// That rule.
        kind: LogIdKind,
    },
    /// None is stated.
    Missing {
        /// The id by the rule that usually applies.
        expected: LogId,
        /// That rule.
        kind: LogIdKind,
    },
}

impl LogInstance {
    /// The list it stands in: [`Section::TransparencyLogs`] or [`Section::CertificateTransparencyLogs`].
    pub fn section(&self) -> Section {
        self.section
    }

    /// Its position in that list, from 0, skipped entries counted.
    pub fn position(&self) -> usize {
        self.position
    }

    /// What identifies the log: for Rekor v2 its host is the origin of the log's checkpoints. Not where to read or write: that may be
    /// elsewhere, so never join it with a URL of the signing config. Empty if it is not there.
    pub fn base_url(&self) -> &str {
        &self.base_url
    }

    /// The hash of its Merkle tree.
    pub fn hash_algorithm(&self) -> HashAlgorithm {
        self.hash_algorithm
    }

    /// The key it signs with.
    pub fn key(&self) -> &LogKey {
        &self.key
    }

    /// From when to when its key is to be trusted. Always ask it, as [`TrustedRoot::at`](super::TrustedRoot::at) does: a client that did
    /// not was CVE-2026-54787.
    pub fn valid_for(&self) -> Window {
        self.valid_for
    }

    /// The id that entries and certificates name the log by, as the file states it.
    pub fn log_id(&self) -> Option<&LogId> {
        self.log_id.as_ref()
    }

    /// The id in the log's checkpoints, as the file states it (version 0.2).
    pub fn checkpoint_key_id(&self) -> Option<&LogId> {
        self.checkpoint_key_id.as_ref()
    }

    /// Who runs it, as in `sigstore.dev` (version 0.2). Logs of one operator count once towards a threshold.
    pub fn operator(&self) -> Option<&str> {
        self.operator.as_deref()
    }

    /// The ids that the key gives this log, the usual one first: for certificate transparency and for ECDSA the key's digest, for
    /// Ed25519 and ML-DSA the signed note's id and then the digest, for RSA the other way round.
    pub fn derived_ids(&self) -> impl Iterator<Item = (LogIdKind, LogId)> {
        let kinds = kinds(self.section, &self.key);
        kinds.iter().filter_map(|kind| Some((*kind, LogId::derive(*kind, &self.key, &self.base_url)?)))
    }

    /// Compares the stated log id with the key.
    pub fn check_log_id(&self) -> LogIdCheck {
        self.check(self.log_id())
    }

    /// Compares the stated checkpoint key id with the key. It must be all 32 bytes: the four that a note carries break sigstore-js.
    pub fn check_checkpoint_key_id(&self) -> LogIdCheck {
        self.check(self.checkpoint_key_id())
    }

    fn check(&self, stated: Option<&LogId>) -> LogIdCheck {
        if let Some(stated) = stated
            && let Some((kind, _)) = self.derived_ids().find(|(_, id)| id == stated)
        {
            return LogIdCheck::Matches(kind);
        }
        let (kind, expected) = usual_id(self.section, &self.key, &self.base_url);
        match stated {
            Some(_) => LogIdCheck::Differs { expected, kind },
            None => LogIdCheck::Missing { expected, kind },
        }
    }

    pub(super) fn read(section: Section, position: usize, node: Node<'_>) -> Result<LogInstance, SkipReason> {
        let message = Message::read(node)?;
        let hash_algorithm = message.one_of("hashAlgorithm", &HashAlgorithm::TABLE)?;
        let key = Message::read(message.required("publicKey")?)?;
        Ok(LogInstance {
            section,
            position,
            base_url: message.text("baseUrl")?.unwrap_or_default(),
            hash_algorithm: hash_algorithm.map_err(|name| SkipReason::UnknownHashAlgorithm { name })?,
            key: LogKey::read(key)?,
            valid_for: Window::read(key.member("validFor")?)?,
            log_id: read_id(message, "logId")?,
            checkpoint_key_id: read_id(message, "checkpointKeyId")?,
            operator: message.text("operator")?,
        })
    }
}

/// The id that a log of that section is published with.
pub(super) fn usual_id(section: Section, key: &LogKey, base_url: &str) -> (LogIdKind, LogId) {
    let derive = |kind: &LogIdKind| Some((*kind, LogId::derive(*kind, key, base_url)?));
    // Every key has a digest, and it is among the kinds.
    let digest = || (LogIdKind::KeyDigest, LogId::from_bytes(crate::roles::digests::sha256(&key.spki_der())));
    kinds(section, key).iter().find_map(derive).unwrap_or_else(digest)
}

fn kinds(section: Section, key: &LogKey) -> &'static [LogIdKind] {
    let is_ecdsa = key.note_key().is_none();
    match section {
        Section::TransparencyLogs if key.is_rsa() => &[LogIdKind::KeyDigest, LogIdKind::SignedNote],
        Section::TransparencyLogs if !is_ecdsa => &[LogIdKind::SignedNote, LogIdKind::KeyDigest],
        _ => &[LogIdKind::KeyDigest],
    }
}

fn read_id(message: Message<'_>, name: &'static str) -> Result<Option<LogId>, FormatError> {
    let Some(id) = message.message(name)? else { return Ok(None) };
    Ok(id.bytes("keyId")?.map(|bytes: Vec<u8>| LogId::from_bytes(bytes)))
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString;

    use super::super::fixtures::{
        CT_LOG, CT_LOG_ID, REKOR_V1, REKOR_V1_ID, REKOR_V2, REKOR_V2_ID, REKOR_V2_URL, RSA_PKIX, bytes, log, rekor_v2,
        skipped, trusted_root,
    };
    use super::*;
    use crate::roles::digests::sha256;

    fn only(section: Section, entry: &str) -> LogInstance {
        let root = trusted_root(&[(section.as_str(), &[entry.into()])]);
        assert_eq!(skipped(&root), [""; 0]);
        root.logs(section)[0].clone()
    }

    fn reason(entry: &str) -> String {
        let root = trusted_root(&[("tlogs", &[entry.into()])]);
        assert!(root.transparency_logs().is_empty());
        // Without line and column.
        skipped(&root).concat().split(" (").next().unwrap().into()
    }

    #[test]
    fn a_log_is_read_with_all_it_says() {
        let log = only(Section::TransparencyLogs, &rekor_v2());
        assert_eq!((log.section(), log.position()), (Section::TransparencyLogs, 0));
        assert_eq!(log.base_url(), REKOR_V2_URL);
        assert_eq!(log.hash_algorithm(), HashAlgorithm::Sha256);
        assert_eq!(log.key().raw(), bytes(REKOR_V2));
        assert_eq!(log.valid_for().to_string(), "from 2025-09-23T00:00:00Z");
        assert_eq!(log.log_id().unwrap().to_string(), REKOR_V2_ID);
        assert_eq!((log.checkpoint_key_id(), log.operator()), (None, None));
    }

    #[test]
    fn names_in_snake_case_and_numbers_for_enumerations_mean_the_same() {
        let other = rekor_v2()
            .replace("baseUrl", "base_url")
            .replace("hashAlgorithm\":\"SHA2_256\"", "hash_algorithm\":1")
            .replace("publicKey", "public_key")
            .replace("rawBytes", "raw_bytes")
            .replace("keyDetails\":\"PKIX_ED25519\"", "key_details\":7")
            .replace("validFor", "valid_for")
            .replace("logId", "log_id")
            .replace("keyId", "key_id");
        assert_eq!(only(Section::TransparencyLogs, &other), only(Section::TransparencyLogs, &rekor_v2()));
    }

    #[test]
    fn a_stated_id_is_told_by_the_rule_that_gives_it() {
        let tlogs = Section::TransparencyLogs;
        let check = |section, url: &str, details: &str, key: &str, id: &str| {
            only(section, &log(url, details, key, "{}", id)).check_log_id()
        };
        let digest = LogId::from_bytes(sha256(&bytes(REKOR_V2)));
        let note = LogId::parse(REKOR_V2_ID).unwrap();
        assert_eq!(
            check(tlogs, "https://rekor.sigstore.dev", "PKIX_ECDSA_P256_SHA_256", REKOR_V1, REKOR_V1_ID),
            LogIdCheck::Matches(LogIdKind::KeyDigest)
        );
        assert_eq!(
            check(tlogs, REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, REKOR_V2_ID),
            LogIdCheck::Matches(LogIdKind::SignedNote)
        );
        // Rekor v1 with an Ed25519 key.
        assert_eq!(
            check(tlogs, REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, &digest.to_string()),
            LogIdCheck::Matches(LogIdKind::KeyDigest)
        );
        // Another log's, and the right one of another host.
        for (url, id) in [(REKOR_V2_URL, REKOR_V1_ID), (REKOR_V2_URL, "zxGZFQ==")] {
            assert_eq!(
                check(tlogs, url, "PKIX_ED25519", REKOR_V2, id),
                LogIdCheck::Differs { expected: note.clone(), kind: LogIdKind::SignedNote }
            );
        }
        assert!(matches!(
            check(tlogs, "https://elsewhere.example", "PKIX_ED25519", REKOR_V2, REKOR_V2_ID),
            LogIdCheck::Differs { .. }
        ));
        assert_eq!(
            check(tlogs, REKOR_V2_URL, "PKIX_ED25519", REKOR_V2, ""),
            LogIdCheck::Missing { expected: note, kind: LogIdKind::SignedNote }
        );
    }

    #[test]
    fn an_rsa_log_usually_has_its_keys_digest_and_may_have_a_signed_notes_id() {
        let entry = log("https://rekor.example", "PKIX_RSA_PKCS1V15_2048_SHA256", RSA_PKIX, "{}", "");
        let ids: Vec<_> = only(Section::TransparencyLogs, &entry).derived_ids().collect();
        let note = [b"rekor.example\n\xffPKIX-RSA-PKCS#1v1.5", &*bytes(RSA_PKIX)].concat();
        assert_eq!(
            ids,
            [
                (LogIdKind::KeyDigest, LogId::from_bytes(sha256(&bytes(RSA_PKIX)))),
                (LogIdKind::SignedNote, LogId::from_bytes(sha256(&note))),
            ]
        );
        assert_eq!(only(Section::CertificateTransparencyLogs, &entry).derived_ids().count(), 1);
    }

    #[test]
    fn a_ct_logs_id_is_its_keys_digest_whatever_the_key() {
        let ctlogs = Section::CertificateTransparencyLogs;
        let good = log("https://ctfe.sigstore.dev/2022", "PKIX_ECDSA_P256_SHA_256", CT_LOG, "{}", CT_LOG_ID);
        assert_eq!(only(ctlogs, &good).check_log_id(), LogIdCheck::Matches(LogIdKind::KeyDigest));
        let as_note = only(ctlogs, &rekor_v2());
        let expected = LogId::from_bytes(sha256(&bytes(REKOR_V2)));
        assert_eq!(as_note.check_log_id(), LogIdCheck::Differs { expected, kind: LogIdKind::KeyDigest });
    }

    #[test]
    fn a_checkpoint_key_id_is_all_32_bytes() {
        let with = |id: &str| {
            let stated = alloc::format!(r#""checkpointKeyId":{{"keyId":"{id}"}},"hashAlgorithm""#);
            rekor_v2().replace("\"hashAlgorithm\"", &stated)
        };
        let check = |id| only(Section::TransparencyLogs, &with(id)).check_checkpoint_key_id();
        assert_eq!(check(REKOR_V2_ID), LogIdCheck::Matches(LogIdKind::SignedNote));
        // The first four bytes of it.
        assert!(matches!(check("zxGZFQ=="), LogIdCheck::Differs { .. }));
    }

    #[test]
    fn what_is_not_understood_is_named_with_its_place() {
        for (from, to, why) in [
            ("SHA2_256", "SHA9", "tlogs entry 0: unknown hash algorithm `SHA9`"),
            (r#""hashAlgorithm":"SHA2_256","#, "", "tlogs entry 0: unknown hash algorithm `0`"),
            ("PKIX_ED25519", "PKIX_NEW", "tlogs entry 0: unknown kind of key `PKIX_NEW`"),
            ("\"PKIX_ED25519\"", "14", "tlogs entry 0: unknown kind of key `14`"),
            (
                "PKIX_ED25519",
                "PKIX_ECDSA_P256_SHA_256",
                "tlogs entry 0: `PKIX_ECDSA_P256_SHA_256` stands beside a Ed25519 key",
            ),
            ("MCow", "MCo!", "tlogs entry 0: expected base64 at tlogs.0.publicKey.rawBytes"),
            ("rawBytes", "raw", "tlogs entry 0: member `rawBytes` is missing at tlogs.0.publicKey"),
            ("\"logId\":{", "\"logId\":[],\"x\":{", "tlogs entry 0: expected an object at tlogs.0.logId"),
        ] {
            let entry = rekor_v2().replace(from, to);
            assert_ne!(entry, rekor_v2());
            assert_eq!(reason(&entry), why);
        }
        assert_eq!(reason("5"), "tlogs entry 0: expected an object at tlogs.0");
        assert_eq!(reason("null"), "tlogs entry 0: expected an object at tlogs.0");
    }

    #[test]
    fn a_key_with_a_window_that_cannot_be_read_is_not_trusted_always() {
        for window in [r#""validFor":{"end":"soon"}"#, r#""validFor":[]"#, r#""validFor":{"start":1}"#] {
            let entry = rekor_v2().replace(r#""validFor":{"start":"2025-09-23T00:00:00Z"}"#, window);
            assert!(reason(&entry).contains("tlogs.0.publicKey.validFor"), "{window}");
        }
    }
}
