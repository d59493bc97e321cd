//! A certificate of a chain: whose it is, until when, and its fingerprint.

use rootline_metadata::sigstore::Window;
use rootline_metadata::{hex, sha256, x509};

/// What a person is told of a certificate. Its signature is not verified: the chain is trusted because it is listed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Certificate {
    /// The SHA-256 digest of its DER, in hex, as other programs show it.
    pub fingerprint: String,
    /// What is in it, or why it cannot be read.
    pub stated: Result<Stated, String>,
}

/// What a certificate says of itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stated {
    /// Whose it is, as RFC 4514 writes names.
    pub subject: String,
    /// By whom it was issued.
    pub issuer: String,
    /// From when to when it holds, both included.
    pub validity: Window,
}

impl Certificate {
    /// Reads one in DER.
    pub fn read(der: &[u8]) -> Certificate {
        let stated = x509::Certificate::read(der).map_err(|error| error.to_string()).and_then(|certificate| {
            let validity = certificate.validity().ok_or("no such date")?;
            Ok(Stated { subject: certificate.subject(), issuer: certificate.issuer(), validity })
        });
        Certificate { fingerprint: hex::encode(&sha256(der)), stated }
    }

    /// Whose it is, or why that is not known.
    pub fn subject(&self) -> String {
        match &self.stated {
            Ok(Stated { subject, .. }) if subject.is_empty() => "no subject".to_owned(),
            Ok(Stated { subject, .. }) => subject.clone(),
            Err(why) => format!("cannot be read ({why})"),
        }
    }
}

#[cfg(test)]
mod tests {
    use rootline_metadata::sigstore::TrustedRoot;

    use super::*;

    fn chain() -> Vec<Certificate> {
        let root = TrustedRoot::parse(crate::SIGSTORE_TRUSTED_ROOT, 100_000).unwrap();
        let longest = root.certificate_authorities().iter().max_by_key(|authority| authority.chain().len()).unwrap();
        longest.chain().map(Certificate::read).collect()
    }

    #[test]
    fn a_certificate_tells_whose_it_is_and_until_when() {
        let chain = chain();
        let subjects: Vec<String> = chain.iter().map(Certificate::subject).collect();
        assert_eq!(subjects, ["CN=sigstore-intermediate,O=sigstore.dev", "CN=sigstore,O=sigstore.dev"]);
        let root = chain[1].stated.as_ref().unwrap();
        assert_eq!(root.issuer, root.subject);
        assert_eq!(root.validity.to_string(), "from 2021-10-07T13:56:59Z until 2031-10-05T13:56:58Z");
        assert_eq!(chain[0].fingerprint.len(), 64);
    }

    #[test]
    fn what_is_no_certificate_is_said_to_be_none() {
        let broken = Certificate::read(&[0x30, 0x00]);
        assert!(broken.subject().starts_with("cannot be read ("), "{}", broken.subject());
        assert_eq!(broken.fingerprint, hex::encode(&sha256(&[0x30, 0x00])));
    }
}
