//! trusted_root.json: whom to trust, and when.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::at::TrustedAt;
use super::certificate_authority::CertificateAuthority;
use super::log_instance::LogInstance;
use super::proto_json::Message;
use super::remark::{self, Remark};
use super::section::{Section, TrustedRootFormat};
use super::skipped::{SkipReason, Skipped};
use crate::json::{Document, FormatError, MAX_BYTES, Node, Value, ValueMembers};

/// A trusted root: the document with everything that is in it, and typed views of what is understood.
///
/// [`TrustedRoot::at`] answers what to trust for a signature of a given time. The lists below it hold every entry that is understood,
/// whatever its window.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrustedRoot {
    value: Value,
    format: TrustedRootFormat,
    transparency_logs: Vec<LogInstance>,
    certificate_authorities: Vec<CertificateAuthority>,
    certificate_transparency_logs: Vec<LogInstance>,
    timestamp_authorities: Vec<CertificateAuthority>,
    skipped: Vec<Skipped<Section>>,
}

impl TrustedRoot {
    /// Reads a trusted root of at most `limit` bytes. Sigstore's has 7 kB, GitHub's 32.
    ///
    /// # Errors
    /// If it is not JSON as [`json`](crate::json) has it, not an object, of a media type that is not one of [`TrustedRootFormat`], or if
    /// one of the [sections](Section) is not an array. An entry that is not understood is no error, see [`TrustedRoot::skipped`].
    pub fn parse(bytes: &[u8], limit: usize) -> Result<TrustedRoot, FormatError> {
        TrustedRoot::read(Document::parse(bytes.to_vec(), limit)?.top())
    }

    /// A trusted root that trusts nothing. All four lists are there, though empty, as sigstore-python refuses a file without them.
    pub fn empty(format: TrustedRootFormat) -> TrustedRoot {
        let members = ValueMembers::new().with("mediaType", format.media_type());
        let members = Section::ALL.iter().fold(members, |members, section| members.with(section.as_str(), Vec::<Value>::new()));
        TrustedRoot {
            value: members.into(),
            format,
            transparency_logs: Vec::new(),
            certificate_authorities: Vec::new(),
            certificate_transparency_logs: Vec::new(),
            timestamp_authorities: Vec::new(),
            skipped: Vec::new(),
        }
    }

    /// What to trust for something that happened at `instant`.
    pub fn at(&self, instant: DateTime<Utc>) -> TrustedAt<'_> {
        TrustedAt::new(self, instant)
    }

    /// Its version and media type.
    pub fn format(&self) -> TrustedRootFormat {
        self.format
    }

    /// The Rekor logs (`tlogs`) in the order of the file.
    pub fn transparency_logs(&self) -> &[LogInstance] {
        &self.transparency_logs
    }

    /// The Fulcio chains (`certificateAuthorities`) in the order of the file.
    pub fn certificate_authorities(&self) -> &[CertificateAuthority] {
        &self.certificate_authorities
    }

    /// The certificate transparency logs (`ctlogs`) in the order of the file.
    pub fn certificate_transparency_logs(&self) -> &[LogInstance] {
        &self.certificate_transparency_logs
    }

    /// The RFC 3161 services (`timestampAuthorities`) in the order of the file.
    pub fn timestamp_authorities(&self) -> &[CertificateAuthority] {
        &self.timestamp_authorities
    }

    /// The logs of a section; none if it has authorities.
    pub fn logs(&self, section: Section) -> &[LogInstance] {
        match section {
            Section::TransparencyLogs => &self.transparency_logs,
            Section::CertificateTransparencyLogs => &self.certificate_transparency_logs,
            Section::CertificateAuthorities | Section::TimestampAuthorities => &[],
        }
    }

    /// The authorities of a section; none if it has logs.
    pub fn authorities(&self, section: Section) -> &[CertificateAuthority] {
        match section {
            Section::CertificateAuthorities => &self.certificate_authorities,
            Section::TimestampAuthorities => &self.timestamp_authorities,
            Section::TransparencyLogs | Section::CertificateTransparencyLogs => &[],
        }
    }

    /// The entries that are in the document and in none of the lists, with the reason.
    pub fn skipped(&self) -> &[Skipped<Section>] {
        &self.skipped
    }

    /// What is odd about the document, though it could be read: for whoever publishes it. Each oddity has been shipped by somebody or
    /// stops a client that is in use.
    pub fn remarks(&self) -> Vec<Remark> {
        remark::remarks(self)
    }

    /// The document with every member that it arrived with.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The document as a file: two spaces a level, members in the order in which they arrived. The same JSON as what was read, but not
    /// the same bytes: what was signed is what arrived.
    pub fn to_json(&self) -> String {
        self.value.pretty(2)
    }

    /// The document on one line that ends in a newline, as GitHub's client reads them from `trusted_root.jsonl`.
    pub fn to_json_line(&self) -> String {
        let mut line = self.value.compact();
        line.push('\n');
        line
    }

    pub(super) fn read(node: Node<'_>) -> Result<TrustedRoot, FormatError> {
        let message = Message::read(node)?;
        let media_type = message.required("mediaType")?;
        let name = media_type.string()?;
        let format = TrustedRootFormat::ALL.into_iter().find(|format| format.media_type() == name);
        let format = format.ok_or_else(|| media_type.invalid("not the media type of a trusted root of version 0.1 or 0.2"))?;
        let mut skipped = Vec::new();
        Ok(TrustedRoot {
            value: Value::from(node),
            format,
            transparency_logs: read_section(message, Section::TransparencyLogs, LogInstance::read, &mut skipped)?,
            certificate_authorities: read_section(
                message,
                Section::CertificateAuthorities,
                CertificateAuthority::read,
                &mut skipped,
            )?,
            certificate_transparency_logs: read_section(
                message,
                Section::CertificateTransparencyLogs,
                LogInstance::read,
                &mut skipped,
            )?,
            timestamp_authorities: read_section(
                message,
                Section::TimestampAuthorities,
                CertificateAuthority::read,
                &mut skipped,
            )?,
            skipped,
        })
    }

    /// Reads an edited document. Through its text, so that there is one reader and places are those of the file to be written.
    pub(super) fn from_value(value: &Value) -> Result<TrustedRoot, FormatError> {
        TrustedRoot::parse(value.pretty(2).as_bytes(), MAX_BYTES)
    }
}

fn read_section<T>(
    message: Message<'_>,
    section: Section,
    read: impl Fn(Section, usize, Node<'_>) -> Result<T, SkipReason>,
    skipped: &mut Vec<Skipped<Section>>,
) -> Result<Vec<T>, FormatError> {
    let mut understood = Vec::new();
    for (position, node) in message.elements(section.as_str())?.enumerate() {
        match read(section, position, node) {
            Ok(entry) => understood.push(entry),
            Err(reason) => skipped.push(Skipped { section, position, reason }),
        }
    }
    Ok(understood)
}
