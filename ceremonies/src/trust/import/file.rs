//! Files as people have them, told by their content.

use rootline_metadata::sigstore::lint::LegacyTarget;
use rootline_metadata::sigstore::{ClientTrustConfig, LogKey, LogKeyFileError, Section, SigningConfig, TrustedRoot};
use rootline_metadata::x509::{Certificate, ContainerError, read_certificates};

use super::error::ImportError;
use super::instance::{is_trust_bundle, read_trust_bundle};
use crate::review::{Content, MAX_BYTES};

/// A file that can be imported.
#[derive(Clone, Debug)]
pub enum SourceFile {
    /// Whom to trust.
    TrustedRoot(Box<TrustedRoot>),
    /// What to sign with.
    SigningConfig(Box<SigningConfig>),
    /// Both.
    ClientTrustConfig(Box<ClientTrustConfig>),
    /// Certificates of one chain or several.
    Certificates(Vec<Certificate>),
    /// A log's public key.
    Key(Box<LogKey>),
}

impl SourceFile {
    /// Tells what a file is: JSON by its media type, the rest by what can be read from it.
    ///
    /// # Errors
    /// If it is nothing that can be imported, or is damaged.
    pub fn read(name: &str, bytes: &[u8]) -> Result<SourceFile, ImportError> {
        let first = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
        if matches!(first, Some(b'{' | b'[')) {
            return read_document(name, bytes);
        }
        match (read_certificates(bytes), LogKey::read_file(bytes)) {
            (Ok(certificates), _) => Ok(SourceFile::Certificates(certificates)),
            (_, Ok(key)) => Ok(SourceFile::Key(Box::new(key))),
            // A key that cannot be used, and not certificates.
            (Err(ContainerError::PublicKey), Err(problem)) => Err(ImportError::Key { name: name.to_owned(), problem }),
            (_, Err(problem @ (LogKeyFileError::Unusable(_) | LogKeyFileError::RsaSize { .. }))) => {
                Err(ImportError::Key { name: name.to_owned(), problem })
            }
            (Err(ContainerError::NoCertificates | ContainerError::Certificate { number: 1, .. }), _)
                if !is_pem(bytes) =>
            {
                Err(ImportError::Unrecognised { name: name.to_owned() })
            }
            (Err(problem), _) => Err(ImportError::Certificates { name: name.to_owned(), problem }),
        }
    }
}

fn is_pem(bytes: &[u8]) -> bool {
    std::str::from_utf8(bytes).is_ok_and(|text| text.contains("-----BEGIN "))
}

fn read_document(name: &str, bytes: &[u8]) -> Result<SourceFile, ImportError> {
    match Content::read("", bytes) {
        Content::TrustedRoot(root) => Ok(SourceFile::TrustedRoot(Box::new(root))),
        Content::SigningConfig(config) => Ok(SourceFile::SigningConfig(Box::new(config))),
        Content::ClientTrustConfig(both) => Ok(SourceFile::ClientTrustConfig(Box::new(both))),
        Content::Json(value) if is_trust_bundle(&value) => {
            Ok(SourceFile::Certificates(read_trust_bundle(name, bytes)?))
        }
        // What keeps it from being a trust root is what its maker wants to know.
        _ => match TrustedRoot::parse(bytes, MAX_BYTES) {
            Err(problem) => Err(ImportError::Document { name: name.to_owned(), problem }),
            Ok(root) => Ok(SourceFile::TrustedRoot(Box::new(root))),
        },
    }
}

/// Which list the key in a file of that name belongs to, as old clients and their tools tell it by the name.
pub(super) fn section_of_key(name: &str) -> Option<Section> {
    let name = name.rsplit(['/', '\\']).next().unwrap_or(name);
    let by_readers = LegacyTarget::read(name, None, &[]).and_then(|target| target.section());
    let lower = name.to_ascii_lowercase();
    let has = |words: &[&str]| words.iter().any(|word| lower.contains(word));
    by_readers.filter(|section| section.holds_logs()).or(match (has(&["rekor"]), has(&["ctfe", "ctlog"])) {
        (true, false) => Some(Section::TransparencyLogs),
        (false, true) => Some(Section::CertificateTransparencyLogs),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_imported_is_named() {
        for (bytes, why) in [
            (&b"hello"[..], "x is neither certificates, nor a public key, nor a document of Sigstore's"),
            (b"", "x is neither certificates, nor a public key, nor a document of Sigstore's"),
            (b"\0\0\0\0", "x is neither certificates, nor a public key, nor a document of Sigstore's"),
            (b"\xff\xfe\0", "x is neither certificates, nor a public key, nor a document of Sigstore's"),
            (b"-----BEGIN CERTIFICATE-----\n", "x: its PEM block 1 is damaged"),
            (b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n", "x: it has a private key in it"),
            (b"{}", "x: member `mediaType` is missing at (line 1, column 1)"),
            (b"[]", "x: expected an object at (line 1, column 1)"),
        ] {
            assert_eq!(SourceFile::read("x", bytes).unwrap_err().to_string(), why);
        }
        for text in ["{", "{\"chains\":", &"[".repeat(100_000)] {
            assert!(matches!(SourceFile::read("x", text.as_bytes()), Err(ImportError::Document { .. })));
        }
    }

    #[test]
    fn a_key_belongs_to_the_log_that_its_file_is_named_after() {
        for (name, section) in [
            ("rekor.pub", Some(Section::TransparencyLogs)),
            ("a/Rekor_2.pem", Some(Section::TransparencyLogs)),
            ("ctfe.pub", Some(Section::CertificateTransparencyLogs)),
            ("rekor/my-ctlog.der", Some(Section::CertificateTransparencyLogs)),
            ("rekor-ctfe.pub", None),
            ("fulcio.crt.pem", None),
            ("key.pem", None),
        ] {
            assert_eq!(section_of_key(name), section, "{name}");
        }
    }
}
