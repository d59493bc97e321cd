//! What a document is looked at with.

use chrono::{DateTime, TimeDelta, Utc};

/// What a document is looked at with.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct LintSettings<'a> {
    /// The name under which the file is published or lies; some rules are about it. May be empty.
    pub name: &'a str,
    /// The instant at which things are to be open.
    pub at: DateTime<Utc>,
    /// How long before the end of a chain that is in use it is warned of.
    pub expiry_notice: TimeDelta,
    /// Whether to look into the certificates of authorities. Without the feature `x509` they are not looked into.
    pub reads_certificates: bool,
}

impl<'a> LintSettings<'a> {
    /// With a look into certificates where that is built in, and with notice of the ends of chains half a year ahead, as rotating one
    /// takes a certificate, a ceremony and an overlap.
    pub fn new(name: &'a str, at: DateTime<Utc>) -> LintSettings<'a> {
        LintSettings { name, at, expiry_notice: TimeDelta::days(180), reads_certificates: cfg!(feature = "x509") }
    }

    /// Without a look into certificates: a verifier's findings are the same with any other features.
    #[must_use]
    pub fn without_certificates(self) -> LintSettings<'a> {
        LintSettings { reads_certificates: false, ..self }
    }

    /// With another notice.
    #[must_use]
    pub fn with_expiry_notice(self, expiry_notice: TimeDelta) -> LintSettings<'a> {
        LintSettings { expiry_notice, ..self }
    }

    /// The name without the folders before it.
    pub(super) fn file_name(&self) -> &'a str {
        self.name.rsplit('/').next().unwrap_or(self.name)
    }
}
