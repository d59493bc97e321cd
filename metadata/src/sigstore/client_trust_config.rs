//! ClientTrustConfig: a trusted root and a signing config in one file.

use alloc::string::String;

use super::proto_json::Message;
use super::signing_config::SigningConfig;
use super::trusted_root::TrustedRoot;
use crate::json::{Document, FormatError, Node, Value, ValueMembers};

pub(super) const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

/// Everything a client needs to sign and to verify with one instance of Sigstore. It keeps every member it arrived with.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientTrustConfig {
    value: Value,
    trusted_root: TrustedRoot,
    signing_config: SigningConfig,
}

impl ClientTrustConfig {
    /// Reads a config of at most `limit` bytes.
    ///
    /// # Errors
    /// If it is not JSON as [`json`](crate::json) has it, not an object, of another media type, or if one of the two documents in it is
    /// missing or cannot be read.
    pub fn parse(bytes: &[u8], limit: usize) -> Result<ClientTrustConfig, FormatError> {
        ClientTrustConfig::read(Document::parse(bytes.to_vec(), limit)?.top())
    }

    /// Puts the two into one.
    pub fn new(trusted_root: TrustedRoot, signing_config: SigningConfig) -> ClientTrustConfig {
        let value = ValueMembers::new()
            .with("mediaType", MEDIA_TYPE)
            .with("trustedRoot", trusted_root.value().clone())
            .with("signingConfig", signing_config.value().clone());
        ClientTrustConfig { value: value.into(), trusted_root, signing_config }
    }

    /// Whom to trust.
    pub fn trusted_root(&self) -> &TrustedRoot {
        &self.trusted_root
    }

    /// What to sign with.
    pub fn signing_config(&self) -> &SigningConfig {
        &self.signing_config
    }

    /// Takes the two apart.
    pub fn into_parts(self) -> (TrustedRoot, SigningConfig) {
        (self.trusted_root, self.signing_config)
    }

    /// The document with every member that it arrived with.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The document as a file: two spaces a level, members in the order in which they arrived.
    pub fn to_json(&self) -> String {
        self.value.pretty(2)
    }

    fn read(node: Node<'_>) -> Result<ClientTrustConfig, FormatError> {
        let message = Message::read(node)?;
        let media_type = message.required("mediaType")?;
        if media_type.string()? != MEDIA_TYPE {
            return Err(media_type.invalid("not the media type of a client trust config"));
        }
        Ok(ClientTrustConfig {
            value: Value::from(node),
            trusted_root: TrustedRoot::read(message.required("trustedRoot")?)?,
            signing_config: SigningConfig::read(message.required("signingConfig")?)?,
        })
    }
}

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::super::fixtures::{MEDIA_TYPE as TRUSTED_ROOT, rekor_v1, trusted_root};
    use super::*;

    const SIGNING_CONFIG: &str = r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.2+json","x":1}"#;

    fn parse(text: &str) -> Result<ClientTrustConfig, FormatError> {
        ClientTrustConfig::parse(text.as_bytes(), 10_000)
    }

    #[test]
    fn a_config_holds_both_documents_and_loses_nothing() {
        let text = format!(
            r#"{{"signingConfig":{SIGNING_CONFIG},"y":[2],"mediaType":"{MEDIA_TYPE}","trustedRoot":{{"z":3,"mediaType":"{TRUSTED_ROOT}","tlogs":[{}]}}}}"#,
            rekor_v1()
        );
        let config = parse(&text).unwrap();
        assert_eq!(config.value().compact(), text);
        assert_eq!(parse(&config.to_json()).unwrap().value(), config.value());
        assert_eq!(config.trusted_root().transparency_logs().len(), 1);
        assert_eq!(config.signing_config().value().compact(), SIGNING_CONFIG);
    }

    #[test]
    fn two_documents_make_a_config_that_is_read_as_them() {
        let (root, signing) =
            (trusted_root(&[("tlogs", &[rekor_v1()])]), SigningConfig::parse(SIGNING_CONFIG.as_bytes(), 1000).unwrap());
        let config = ClientTrustConfig::new(root.clone(), signing.clone());
        let read = parse(&config.to_json()).unwrap();
        assert_eq!(read, config);
        assert_eq!(read.into_parts(), (root, signing));
    }

    #[test]
    fn a_config_without_either_document_or_with_another_in_its_place_is_refused() {
        let root = format!(r#"{{"mediaType":"{TRUSTED_ROOT}"}}"#);
        for (text, why) in [
            (format!(r#"{{"trustedRoot":{root},"signingConfig":{SIGNING_CONFIG}}}"#), "member `mediaType` is missing"),
            (
                format!(r#"{{"mediaType":"{TRUSTED_ROOT}","trustedRoot":{root},"signingConfig":{SIGNING_CONFIG}}}"#),
                "not the media type of a client trust config at mediaType",
            ),
            (
                format!(r#"{{"mediaType":"{MEDIA_TYPE}","signingConfig":{SIGNING_CONFIG}}}"#),
                "member `trustedRoot` is missing",
            ),
            (format!(r#"{{"mediaType":"{MEDIA_TYPE}","trustedRoot":{root}}}"#), "member `signingConfig` is missing"),
            (
                format!(
                    r#"{{"mediaType":"{MEDIA_TYPE}","trustedRoot":{SIGNING_CONFIG},"signingConfig":{SIGNING_CONFIG}}}"#
                ),
                "not the media type of a trusted root of version 0.1 or 0.2 at trustedRoot.mediaType",
            ),
        ] {
            let error = parse(&text).unwrap_err().to_string();
            assert!(error.starts_with(why), "{error}");
        }
    }
}
