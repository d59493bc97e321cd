//! ClientTrustConfig: a trusted root and a signing config in one file.

use alloc::string::String;

use super::proto_json::Message;
use super::signing_config::SigningConfig;
use super::trusted_root::TrustedRoot;
use crate::json::{Document, FormatError, Node, Value, ValueMembers};

const MEDIA_TYPE: &str = "application/vnd.dev.sigstore.clienttrustconfig.v0.1+json";

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
