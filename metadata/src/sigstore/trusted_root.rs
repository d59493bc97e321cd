//! trusted_root.json: whom to trust, and when.

use alloc::string::String;
use alloc::vec::Vec;

use chrono::{DateTime, Utc};

use super::at::TrustedAt;
use super::certificate_authority::CertificateAuthority;
use super::log_instance::LogInstance;
use super::proto_json::Message;
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
        let members =
            Section::ALL.iter().fold(members, |members, section| members.with(section.as_str(), Vec::<Value>::new()));
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
        let format =
            format.ok_or_else(|| media_type.invalid("not the media type of a trusted root of version 0.1 or 0.2"))?;
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

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::super::fixtures::{CT_LOG, CT_LOG_ID};
    use super::super::fixtures::{
        MEDIA_TYPE, at, authority, document, errors, log, rekor_v1, rekor_v2, skipped, trusted_root,
    };
    use super::*;

    fn parse(text: &str) -> Result<TrustedRoot, FormatError> {
        TrustedRoot::parse(text.as_bytes(), 100_000)
    }

    #[test]
    fn every_media_type_of_the_two_versions_is_read() {
        for (format, media_type) in [
            (TrustedRootFormat::V01, "application/vnd.dev.sigstore.trustedroot+json;version=0.1"),
            (TrustedRootFormat::V01Renamed, "application/vnd.dev.sigstore.trustedroot.v0.1+json"),
            (TrustedRootFormat::V02, "application/vnd.dev.sigstore.trustedroot.v0.2+json"),
        ] {
            assert_eq!(parse(&document(media_type, &[])).unwrap().format(), format);
            assert_eq!(TrustedRoot::empty(format).format(), format);
        }
    }

    #[test]
    fn what_is_no_trusted_root_is_refused() {
        for (text, why) in [
            ("[]", "expected an object at (line 1, column 1)"),
            ("{}", "member `mediaType` is missing at (line 1, column 1)"),
            (
                r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot.v0.3+json"}"#,
                "not the media type of a trusted root of version 0.1 or 0.2 at mediaType (line 1, column 15)",
            ),
            (
                r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json"}"#,
                "not the media type of a trusted root of version 0.1 or 0.2 at mediaType (line 1, column 15)",
            ),
            (r#"{"mediaType":5}"#, "expected a string at mediaType (line 1, column 14)"),
        ] {
            assert_eq!(parse(text).unwrap_err().to_string(), why, "{text}");
        }
        for section in Section::ALL {
            for list in ["{}", "\"\"", "0", "true"] {
                let text = format!(r#"{{"mediaType":"{MEDIA_TYPE}","{section}":{list}}}"#);
                assert!(parse(&text).is_err(), "{text}");
            }
            for list in ["null", "[]"] {
                assert!(parse(&format!(r#"{{"mediaType":"{MEDIA_TYPE}","{section}":{list}}}"#)).is_ok());
            }
        }
    }

    #[test]
    fn a_document_longer_than_the_limit_is_refused() {
        let text = document(MEDIA_TYPE, &[]);
        assert!(TrustedRoot::parse(text.as_bytes(), text.len()).is_ok());
        assert!(TrustedRoot::parse(text.as_bytes(), text.len() - 1).is_err());
    }

    #[test]
    fn an_entry_of_an_unknown_kind_does_not_fail_the_file() {
        let unknown = rekor_v2().replace("PKIX_ED25519", "PKIX_NEW");
        let no_chain = authority("empty", "{}").replace(r#"{"rawBytes":"MAA="}"#, "");
        let no_certificate = authority("text", "{}").replace("MAA=", "MAAA");
        let root = trusted_root(&[
            ("tlogs", &[unknown, rekor_v1()]),
            ("certificateAuthorities", &[no_chain, authority("good", "{}"), no_certificate]),
        ]);
        assert_eq!(root.transparency_logs().len(), 1);
        assert_eq!(root.transparency_logs()[0].position(), 1);
        assert_eq!(root.certificate_authorities().len(), 1);
        assert_eq!(root.certificate_authorities()[0].position(), 1);
        assert_eq!(
            skipped(&root),
            [
                "tlogs entry 0: unknown kind of key `PKIX_NEW`",
                "certificateAuthorities entry 0: the chain has no certificate",
                "certificateAuthorities entry 2: certificate 0 of the chain is not one DER SEQUENCE",
            ]
        );
    }

    #[test]
    fn an_authority_is_read_with_all_it_says() {
        let root =
            trusted_root(&[("timestampAuthorities", &[authority("tsa", r#"{"start":"2025-07-04T00:00:00Z"}"#)])]);
        let [tsa] = root.timestamp_authorities() else { panic!("{root:?}") };
        assert_eq!((tsa.section(), tsa.position()), (Section::TimestampAuthorities, 0));
        assert_eq!((&*tsa.subject().organization, &*tsa.subject().common_name), ("example.com", "tsa"));
        assert_eq!(tsa.uri(), "https://tsa.example.com");
        assert!(tsa.chain().eq([&[0x30, 0][..]]));
        assert_eq!(tsa.valid_for(), crate::sigstore::Window::from(at("2025-07-04T00:00:00Z")));
        assert_eq!(tsa.operator(), None);
    }

    #[test]
    fn nothing_of_a_document_is_lost() {
        let text = format!(
            r#"{{"zzz":[1,{{"a":null}}],"mediaType":"{MEDIA_TYPE}","tlogs":[{{"new":true,"publicKey":{{"big":123456789012345678901234567890}}}}],"ctlogs":null}}"#
        );
        let root = parse(&text).unwrap();
        assert_eq!(root.value().compact(), text);
        assert_eq!(root.to_json_line(), format!("{text}\n"));
        assert!(root.to_json().starts_with("{\n  \"zzz\": [\n    1,\n"));
        assert_eq!(parse(&root.to_json()).unwrap().value(), root.value());
        assert_eq!(root.skipped().len(), 1);
    }

    /// Named after CVE-2026-54787: a key's window in the trusted root was ignored.
    #[test]
    fn cve_2026_54787_only_entries_whose_window_contains_the_instant_are_trusted_then() {
        let window = r#"{"start":"2026-01-02T00:00:00Z","end":"2026-01-03T00:00:00Z"}"#;
        let ct_log = log("https://ctfe.sigstore.dev/2022", "PKIX_ECDSA_P256_SHA_256", CT_LOG, window, CT_LOG_ID);
        let root = trusted_root(&[
            (
                "tlogs",
                &[log("https://rekor.example", "PKIX_ECDSA_P256_SHA_256", CT_LOG, window, CT_LOG_ID), rekor_v1()],
            ),
            (
                "certificateAuthorities",
                &[authority("ca", window), authority("future", r#"{"start":"2030-01-01T00:00:00Z"}"#)],
            ),
            ("ctlogs", &[ct_log]),
            ("timestampAuthorities", &[authority("tsa", window), authority("always", "{}")]),
        ]);
        for (instant, counts) in [
            ("2026-01-01T23:59:59Z", [1, 0, 0, 1]),
            ("2026-01-02T00:00:00Z", [2, 1, 1, 2]),
            ("2026-01-03T00:00:00Z", [2, 1, 1, 2]),
            ("2026-01-03T00:00:01Z", [1, 0, 0, 1]),
            ("2029-12-31T23:59:59Z", [1, 0, 0, 1]),
            ("2030-01-01T00:00:00Z", [1, 1, 0, 1]),
        ] {
            let trusted = root.at(at(instant));
            let found = [
                trusted.transparency_logs().count(),
                trusted.certificate_authorities().count(),
                trusted.certificate_transparency_logs().count(),
                trusted.timestamp_authorities().count(),
            ];
            assert_eq!(found, counts, "{instant}");
        }
    }

    #[test]
    fn an_empty_trusted_root_has_all_four_lists() {
        let root = TrustedRoot::empty(TrustedRootFormat::V01);
        let lists = r#""tlogs":[],"certificateAuthorities":[],"ctlogs":[],"timestampAuthorities":[]"#;
        assert_eq!(root.value().compact(), format!(r#"{{"mediaType":"{MEDIA_TYPE}",{lists}}}"#));
        assert_eq!(parse(&root.to_json()), Ok(root.clone()));
        assert_eq!(errors(&root), [""; 0]);
    }
}
