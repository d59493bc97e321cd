//! The lists of a trusted root, and the forms of the file.

use alloc::format;
use alloc::string::String;
use core::fmt;

/// The lists of a trusted root.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Section {
    /// `tlogs`: Rekor, where signatures are logged.
    TransparencyLogs,
    /// `certificateAuthorities`: Fulcio, which issues signing certificates.
    CertificateAuthorities,
    /// `ctlogs`: where Fulcio's certificates are logged.
    CertificateTransparencyLogs,
    /// `timestampAuthorities`: RFC 3161 services.
    TimestampAuthorities,
}

impl Section {
    /// Every section, in the order in which they are published.
    pub const ALL: [Section; 4] = [
        Section::TransparencyLogs,
        Section::CertificateAuthorities,
        Section::CertificateTransparencyLogs,
        Section::TimestampAuthorities,
    ];

    /// The name of its member in the file.
    pub fn as_str(self) -> &'static str {
        match self {
            Section::TransparencyLogs => "tlogs",
            Section::CertificateAuthorities => "certificateAuthorities",
            Section::CertificateTransparencyLogs => "ctlogs",
            Section::TimestampAuthorities => "timestampAuthorities",
        }
    }

    /// One of its entries, for a sentence.
    pub fn noun(self) -> &'static str {
        match self {
            Section::TransparencyLogs => "transparency log",
            Section::CertificateAuthorities => "certificate authority",
            Section::CertificateTransparencyLogs => "CT log",
            Section::TimestampAuthorities => "timestamp authority",
        }
    }

    /// Whether its entries are logs, which have a key and an id; the others have a chain of certificates.
    pub fn holds_logs(self) -> bool {
        matches!(self, Section::TransparencyLogs | Section::CertificateTransparencyLogs)
    }
}

/// Several of what a noun names: certificate authorities, transparency logs.
pub(super) fn plural(noun: &str) -> String {
    match noun.strip_suffix('y') {
        Some(stem) => format!("{stem}ies"),
        None => format!("{noun}s"),
    }
}

impl fmt::Display for Section {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The forms of trusted_root.json.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TrustedRootFormat {
    /// Version 0.1 under the media type that everybody publishes and every client takes.
    V01,
    /// Version 0.1 under the media type that the specification came to prefer, which most clients refuse.
    V01Renamed,
    /// Version 0.2: adds `operator` and `checkpointKeyId`. Published beside the other, never in its place.
    V02,
}

impl TrustedRootFormat {
    pub(super) const ALL: [TrustedRootFormat; 3] =
        [TrustedRootFormat::V01, TrustedRootFormat::V01Renamed, TrustedRootFormat::V02];

    /// The file's `mediaType`.
    pub fn media_type(self) -> &'static str {
        match self {
            TrustedRootFormat::V01 => "application/vnd.dev.sigstore.trustedroot+json;version=0.1",
            TrustedRootFormat::V01Renamed => "application/vnd.dev.sigstore.trustedroot.v0.1+json",
            TrustedRootFormat::V02 => "application/vnd.dev.sigstore.trustedroot.v0.2+json",
        }
    }

    /// Whether it has `operator` and `checkpointKeyId`.
    pub fn has_operators(self) -> bool {
        self == TrustedRootFormat::V02
    }
}
