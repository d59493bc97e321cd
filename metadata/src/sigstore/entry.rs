//! What a ceremony adds to a trusted root, and how it names what is there.

use alloc::string::String;
use alloc::vec::Vec;
use core::fmt;

use super::certificate_authority::{Subject, is_one_sequence};
use super::edit_error::EditError;
use super::log_id::{LogId, LogIdKind, origin};
use super::log_instance::usual_id;
use super::log_key::LogKey;
use super::proto_json::{base64_text, timestamp_text};
use super::section::{Section, TrustedRootFormat};
use super::window::Window;
use crate::json::{Value, ValueMembers};
use crate::roles::expiry::parse_instant;

/// Names an entry of a [`Section`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum EntryRef {
    /// The log with that id, as the file states it. Entries that were skipped and authorities have none; name them by position.
    LogId(LogId),
    /// The entry at that position, from 0, skipped entries counted.
    Position(usize),
}

/// A log to add. Its id comes from its key by the rule of its kind, and its tree is hashed with SHA-256, as no client takes another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewLog {
    /// The base URL, with scheme and host. A Rekor v2 log's host is the origin of its checkpoints.
    pub base_url: String,
    /// The key it signs with.
    pub key: LogKey,
    /// The rule by which its id comes from its key; `None` for the usual one: [`LogIdKind::SignedNote`] for a Rekor log with an Ed25519 or
    /// ML-DSA key, otherwise its key's digest.
    pub id_kind: Option<LogIdKind>,
    /// From when to when it is to be trusted; the start is needed.
    pub valid_for: Window,
    /// Who runs it, as in `sigstore.dev`; only for version 0.2.
    pub operator: Option<String>,
}

/// A certificate or timestamp authority to add.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewCertificateAuthority {
    /// What to call it.
    pub subject: Subject,
    /// What identifies it, usually its base URL.
    pub uri: String,
    /// The certificates in DER, from the issuing or signing one to the trust anchor; at least one.
    pub chain: Vec<Vec<u8>>,
    /// From when to when it is to be trusted; the start is needed.
    pub valid_for: Window,
    /// Who runs it, as in `sigstore.dev`; only for version 0.2.
    pub operator: Option<String>,
}

impl NewLog {
    /// The id it will have. The usual one where the rule that was asked for does not apply to its key.
    pub fn log_id(&self, section: Section) -> LogId {
        let derived = self.id_kind.and_then(|kind| LogId::derive(kind, &self.key, &self.base_url));
        derived.unwrap_or_else(|| usual_id(section, &self.key, &self.base_url).1)
    }

    pub(super) fn to_value(&self, section: Section, format: TrustedRootFormat) -> Result<Value, EditError> {
        check_window(self.valid_for)?;
        check_operator(self.operator.as_deref(), format)?;
        // sigstore-go finds no host in a URL without a scheme, and without a host there is no origin.
        if !self.base_url.contains("://") || origin(&self.base_url).is_none() {
            return Err(EditError::BaseUrl);
        }
        check_no_credentials(&self.base_url)?;
        let log_id = ValueMembers::new().with("keyId", base64_text(self.log_id(section).as_bytes()));
        let public_key = ValueMembers::new()
            .with("rawBytes", base64_text(self.key.raw()))
            .with("keyDetails", self.key.details().as_str())
            .with("validFor", self.valid_for.to_value());
        let mut log = ValueMembers::new()
            .with("baseUrl", self.base_url.as_str())
            .with("hashAlgorithm", super::HashAlgorithm::Sha256.as_str())
            .with("publicKey", public_key)
            .with("logId", log_id.clone());
        // A static CT log's checkpoints are signed under an id of another rule, and an RSA key's origin cannot be told from the URL.
        if format.has_operators() && section == Section::TransparencyLogs && !self.key.is_rsa() {
            log = log.with("checkpointKeyId", log_id);
        }
        Ok(with_operator(log, self.operator.as_deref()))
    }
}

impl NewCertificateAuthority {
    pub(super) fn to_value(&self, format: TrustedRootFormat) -> Result<Value, EditError> {
        check_window(self.valid_for)?;
        check_operator(self.operator.as_deref(), format)?;
        check_no_credentials(&self.uri)?;
        if self.chain.is_empty() {
            return Err(EditError::EmptyChain);
        }
        if let Some(position) = self.chain.iter().position(|certificate| !is_one_sequence(certificate)) {
            return Err(EditError::NotACertificate { position });
        }
        let certificates: Value =
            self.chain.iter().map(|der| ValueMembers::new().with("rawBytes", base64_text(der))).collect();
        let subject = ValueMembers::new()
            .with("organization", self.subject.organization.as_str())
            .with("commonName", self.subject.common_name.as_str());
        let authority = ValueMembers::new()
            .with("subject", subject)
            .with("uri", self.uri.as_str())
            .with("certChain", ValueMembers::new().with("certificates", certificates))
            .with("validFor", self.valid_for.to_value());
        Ok(with_operator(authority, self.operator.as_deref()))
    }
}

/// What stands before an `@` is somebody's: also where a `/`, `?` or `#` of a password ends the host too early.
pub(super) fn check_no_credentials(url: &str) -> Result<(), EditError> {
    if url.contains('@') { Err(EditError::Credentials) } else { Ok(()) }
}

/// What every known reader can do with a window: there is a start, no end before it, and both are instants that RFC 3339 can say.
pub(super) fn check_window(window: Window) -> Result<(), EditError> {
    let start = window.start().ok_or(EditError::NoStart)?;
    for instant in [Some(start), window.end()].into_iter().flatten() {
        if parse_instant(&timestamp_text(instant)) != Some(instant) {
            return Err(EditError::NoSuchDate);
        }
    }
    match window.end() {
        Some(end) if end < start => Err(EditError::EndBeforeStart { start, end }),
        _ => Ok(()),
    }
}

fn check_operator(operator: Option<&str>, format: TrustedRootFormat) -> Result<(), EditError> {
    match operator {
        Some(_) if !format.has_operators() => Err(EditError::NeedsVersion02 { member: "operator" }),
        Some(operator) => check_operator_name(operator),
        None => Ok(()),
    }
}

/// A name without a scheme, as in `sigstore.dev`.
pub(super) fn check_operator_name(operator: &str) -> Result<(), EditError> {
    if operator.is_empty() || operator.contains("://") { Err(EditError::Operator) } else { Ok(()) }
}

fn with_operator(members: ValueMembers, operator: Option<&str>) -> Value {
    match operator {
        Some(operator) => members.with("operator", operator).into(),
        None => members.into(),
    }
}

impl fmt::Display for EntryRef {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EntryRef::LogId(id) => write!(f, "log id {id}"),
            EntryRef::Position(position) => write!(f, "entry {position}"),
        }
    }
}
