//! The specs of `cosign trusted-root create`: `url=URL,certificate-chain=FILE,start-time=INSTANT`.
//!
//! The grammar is cosign's: split at every comma, trimmed, the last of equal keys counts. Its rules for log ids are not: some of the ids that
//! they give are carried by no entry.

use chrono::{DateTime, Utc};
use rootline_metadata::parse_instant;
use rootline_metadata::sigstore::{LogIdKind, Section};

/// The option that a spec is given to, which says what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SpecKind {
    /// `--fulcio`
    Fulcio,
    /// `--rekor`
    Rekor,
    /// `--ctfe`
    Ctfe,
    /// `--tsa`
    Tsa,
}

/// One service, with the file of its key or its chain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceSpec {
    /// What it is.
    pub kind: SpecKind,
    /// The URL by which clients know it.
    pub url: String,
    /// The path of the file with its key or its chain.
    pub file: String,
    /// From when on it is trusted, if that is stated.
    pub start: Option<DateTime<Utc>>,
    /// Until when it is trusted, if that is stated.
    pub end: Option<DateTime<Utc>>,
    /// The origin of a log's checkpoints, if that is stated.
    pub origin: Option<String>,
}

/// Why a text is not a spec.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum SpecError {
    /// A part has no `=`.
    #[error("{part:?} is not of the form KEY=VALUE")]
    NoValue {
        /// The part.
        part: String,
    },
    /// A key that specs of that option do not have.
    #[error("there is no key {key:?}; the keys are {}", .known.join(", "))]
    UnknownKey {
        /// The key.
        key: String,
        /// Those that there are.
        known: &'static [&'static str],
    },
    /// A key that every spec of that option has is missing or empty.
    #[error("the key {key} is missing")]
    MissingKey {
        /// The key.
        key: &'static str,
    },
    /// The value of a time is not one.
    #[error("{key}={value} is not an instant such as 2030-01-31T12:00:00Z")]
    NotAnInstant {
        /// The key.
        key: &'static str,
        /// The value.
        value: String,
    },
}

impl SpecKind {
    /// The list of a trust root that it goes into.
    pub fn section(self) -> Section {
        match self {
            SpecKind::Fulcio => Section::CertificateAuthorities,
            SpecKind::Rekor => Section::TransparencyLogs,
            SpecKind::Ctfe => Section::CertificateTransparencyLogs,
            SpecKind::Tsa => Section::TimestampAuthorities,
        }
    }

    /// The option.
    pub fn option(self) -> &'static str {
        match self {
            SpecKind::Fulcio => "--fulcio",
            SpecKind::Rekor => "--rekor",
            SpecKind::Ctfe => "--ctfe",
            SpecKind::Tsa => "--tsa",
        }
    }

    fn keys(self) -> &'static [&'static str] {
        match self.section().holds_logs() {
            true => &["url", "public-key", "start-time", "end-time", "origin"],
            false => &["url", "certificate-chain", "start-time", "end-time"],
        }
    }

    fn file_key(self) -> &'static str {
        if self.section().holds_logs() { "public-key" } else { "certificate-chain" }
    }
}

impl ServiceSpec {
    /// Reads a spec.
    ///
    /// # Errors
    /// If a part is not `KEY=VALUE`, a key is not known or missing, or a time is not one.
    pub fn parse(kind: SpecKind, text: &str) -> Result<ServiceSpec, SpecError> {
        let known = kind.keys();
        let mut values: Vec<(&'static str, String)> = Vec::new();
        for part in text.split(',') {
            let no_value = || SpecError::NoValue { part: part.trim().to_owned() };
            let (key, value) = part.split_once('=').ok_or_else(no_value)?;
            let (key, value) = (key.trim(), value.trim());
            let unknown = || SpecError::UnknownKey { key: key.to_owned(), known };
            let key = known.iter().copied().find(|known| *known == key).ok_or_else(unknown)?;
            values.push((key, value.to_owned()));
        }
        let value = |key: &str| {
            let last = values.iter().rev().find(|(known, _)| *known == key);
            last.map(|(_, value)| value.clone()).filter(|value| !value.is_empty())
        };
        let required = |key: &'static str| value(key).ok_or(SpecError::MissingKey { key });
        let instant = |key: &'static str| {
            let not_one = |value| SpecError::NotAnInstant { key, value };
            value(key).map(|value| parse_instant(&value).ok_or(not_one(value))).transpose()
        };
        Ok(ServiceSpec {
            kind,
            url: required("url")?,
            file: required(kind.file_key())?,
            start: instant("start-time")?,
            end: instant("end-time")?,
            origin: value("origin"),
        })
    }

    /// The rule for a log's id. One that states an origin signs notes; an ECDSA key's id is the same by either rule.
    pub(super) fn id_kind(&self) -> Option<LogIdKind> {
        match self.kind {
            SpecKind::Ctfe => Some(LogIdKind::KeyDigest),
            _ => self.origin.as_ref().map(|_| LogIdKind::SignedNote),
        }
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::instant_text;

    use super::*;

    fn said(kind: SpecKind, text: &str) -> String {
        ServiceSpec::parse(kind, text).unwrap_err().to_string()
    }

    #[test]
    fn a_spec_is_read_as_cosign_reads_it() {
        let text = " url = https://rekor.example/a=b , public-key=a.pub,start-time=2030-01-01T00:00:00.5+02:00,\
                    end-time= ,public-key= b.pub,origin=rekor.example";
        let spec = ServiceSpec::parse(SpecKind::Rekor, text).unwrap();
        assert_eq!((&*spec.url, &*spec.file), ("https://rekor.example/a=b", "b.pub"));
        assert_eq!(spec.start.map(|start| start.to_rfc3339()).as_deref(), Some("2029-12-31T22:00:00.500+00:00"));
        assert_eq!((spec.end, spec.origin.as_deref()), (None, Some("rekor.example")));
        let spec =
            ServiceSpec::parse(SpecKind::Tsa, "certificate-chain=c.pem,url=https://t,end-time=2031-01-01T00:00:00Z");
        let spec = spec.unwrap();
        assert_eq!((spec.end.map(instant_text).as_deref(), spec.start), (Some("2031-01-01T00:00:00Z"), None));
    }

    #[test]
    fn what_is_not_a_spec_is_refused_by_name() {
        let logs = "there is no key \"certificate-chain\"; the keys are url, public-key, start-time, end-time, origin";
        assert_eq!(said(SpecKind::Ctfe, "url=https://c,certificate-chain=x"), logs);
        let chains = "there is no key \"origin\"; the keys are url, certificate-chain, start-time, end-time";
        assert_eq!(said(SpecKind::Fulcio, "url=https://f,origin=x"), chains);
        assert_eq!(said(SpecKind::Fulcio, "url=https://f,"), "\"\" is not of the form KEY=VALUE");
        assert_eq!(said(SpecKind::Fulcio, ""), "\"\" is not of the form KEY=VALUE");
        assert_eq!(said(SpecKind::Fulcio, "URL=https://f").split(';').next(), Some("there is no key \"URL\""));
        assert_eq!(said(SpecKind::Fulcio, "url=https://f"), "the key certificate-chain is missing");
        assert_eq!(said(SpecKind::Rekor, "url= ,public-key=k"), "the key url is missing");
        assert_eq!(
            said(SpecKind::Rekor, "url=https://r,public-key=k,start-time=now"),
            "start-time=now is not an instant such as 2030-01-31T12:00:00Z"
        );
    }
}
