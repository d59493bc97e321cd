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
    let digest = || (LogIdKind::KeyDigest, LogId::from_bytes(crate::digests::sha256(&key.spki_der())));
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
