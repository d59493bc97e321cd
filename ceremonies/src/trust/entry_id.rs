//! What makes an entry of a trusted root this one and no other.

use std::fmt;
use std::str::FromStr;

use rootline_metadata::hex;
use rootline_metadata::sha256;
use rootline_metadata::sigstore::{CertificateAuthority, LogInstance, Section};

/// The list that an entry stands in, and its log id or the SHA-256 digest over the digests of its certificates. The same however the entry's
/// window, URL or place changes.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EntryId {
    section: Section,
    hex: String,
}

impl EntryId {
    /// A log's: its log id as the document states it, or its key's digest where it states none.
    pub fn of_log(log: &LogInstance) -> EntryId {
        let hex = match log.log_id() {
            Some(id) => id.to_hex(),
            None => hex::encode(&sha256(&log.key().spki_der())),
        };
        EntryId { section: log.section(), hex }
    }

    /// An authority's: the digest of its certificates' digests.
    pub fn of_authority(authority: &CertificateAuthority) -> EntryId {
        EntryId { section: authority.section(), hex: hex::encode(&chain_digest(authority.chain())) }
    }

    /// The list.
    pub fn section(&self) -> Section {
        self.section
    }

    /// The log id or the digest, in lowercase hex.
    pub fn hex(&self) -> &str {
        &self.hex
    }
}

/// The digest over the digests of a chain's certificates.
pub(super) fn chain_digest<'a>(chain: impl Iterator<Item = &'a [u8]>) -> [u8; 32] {
    sha256(&chain.flat_map(sha256).collect::<Vec<u8>>())
}

impl fmt::Display for EntryId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.section, self.hex)
    }
}

impl FromStr for EntryId {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<EntryId, &'static str> {
        const EXPECTED: &str = "expected a list and a log id or digest in hex, as in tlogs:c0d2…";
        let (section, digits) = text.split_once(':').ok_or(EXPECTED)?;
        let section = Section::ALL.into_iter().find(|known| known.as_str() == section).ok_or(EXPECTED)?;
        let bytes = hex::decode(digits).filter(|bytes| !bytes.is_empty()).ok_or(EXPECTED)?;
        Ok(EntryId { section, hex: hex::encode(&bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_is_read_back_as_it_is_written() {
        for text in ["tlogs:c0d2", "certificateAuthorities:00ff", "ctlogs:01", "timestampAuthorities:ab"] {
            assert_eq!(text.parse::<EntryId>().unwrap().to_string(), text);
        }
        for text in ["", "tlogs", "tlogs:", "logs:c0d2", "tlogs:xy", "tlogs:c0d"] {
            assert!(text.parse::<EntryId>().is_err(), "{text}");
        }
    }
}
