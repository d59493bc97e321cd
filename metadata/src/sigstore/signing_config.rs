//! signing_config.v0.2.json: what to sign with.

use alloc::string::String;
use alloc::vec::Vec;

use super::proto_json::Message;
use super::service::{Selector, SelectorFault, Service, ServiceKind};
use super::skipped::{SkipReason, Skipped};
use crate::json::{Document, FormatError, Node, Value};

/// A signing config: the document with everything that is in it, and typed views of what is understood. Version 0.1 is read too, as
/// services without windows and operators.
///
/// Which services to use at a given time: [`SigningConfig::select_ca`], [`select_oidc`](SigningConfig::select_oidc),
/// [`select_rekor`](SigningConfig::select_rekor), [`select_tsa`](SigningConfig::select_tsa).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SigningConfig {
    value: Value,
    format: SigningConfigFormat,
    /// In the order of [`ServiceKind::ALL`].
    services: [Vec<Service>; 4],
    rekor_selector: Result<Selector, SelectorFault>,
    tsa_selector: Result<Selector, SelectorFault>,
    skipped: Vec<Skipped<ServiceKind>>,
}

/// The forms of a signing config.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum SigningConfigFormat {
    /// Plain URLs: `caUrl`, `oidcUrl`, `tlogUrls`, `tsaUrls`.
    V01,
    /// Services with versions, windows and operators.
    V02,
}

impl SigningConfig {
    /// Reads a signing config of at most `limit` bytes. Sigstore's has 1 kB.
    ///
    /// # Errors
    /// If it is not JSON as [`json`](crate::json) has it, not an object, of a media type that is not one of [`SigningConfigFormat`], or
    /// if one of its lists is not an array. A service that is not understood is no error, see [`SigningConfig::skipped`].
    pub fn parse(bytes: &[u8], limit: usize) -> Result<SigningConfig, FormatError> {
        SigningConfig::read(Document::parse(bytes.to_vec(), limit)?.top())
    }

    /// Its version.
    pub fn format(&self) -> SigningConfigFormat {
        self.format
    }

    /// The services of a kind in the order of the file, whatever their windows.
    pub fn services(&self, kind: ServiceKind) -> &[Service] {
        let at = ServiceKind::ALL.iter().position(|known| *known == kind);
        at.and_then(|at| self.services.get(at)).map_or(&[], Vec::as_slice)
    }

    /// How many Rekor logs to write to.
    ///
    /// # Errors
    /// If the config does not say, in a way that is known here.
    pub fn rekor_selector(&self) -> Result<Selector, &SelectorFault> {
        self.rekor_selector.as_ref().copied()
    }

    /// How many timestamp authorities to ask.
    ///
    /// # Errors
    /// As for [`SigningConfig::rekor_selector`].
    pub fn tsa_selector(&self) -> Result<Selector, &SelectorFault> {
        self.tsa_selector.as_ref().copied()
    }

    /// The services that are in the document and in none of the lists, with the reason.
    pub fn skipped(&self) -> &[Skipped<ServiceKind>] {
        &self.skipped
    }

    /// The document with every member that it arrived with.
    pub fn value(&self) -> &Value {
        &self.value
    }

    /// The document as a file: two spaces a level, members in the order in which they arrived.
    pub fn to_json(&self) -> String {
        self.value.pretty(2)
    }

    pub(super) fn read(node: Node<'_>) -> Result<SigningConfig, FormatError> {
        let message = Message::read(node)?;
        let media_type = message.required("mediaType")?;
        let name = media_type.string()?;
        let formats = [SigningConfigFormat::V01, SigningConfigFormat::V02];
        let format = formats.into_iter().find(|format| format.media_type() == name);
        let format = format.ok_or_else(|| media_type.invalid("not the media type of a signing config of version 0.1 or 0.2"))?;
        let mut skipped = Vec::new();
        let mut list = |kind| match format {
            SigningConfigFormat::V01 => read_plain_urls(message, kind, &mut skipped),
            SigningConfigFormat::V02 => read_list(kind, message.elements(kind.as_str())?, Service::read, &mut skipped),
        };
        let [ca, oidc, rekor, tsa] = ServiceKind::ALL;
        let services = [list(ca)?, list(oidc)?, list(rekor)?, list(tsa)?];
        let selector = |name| match format {
            // Version 0.1 had a list to choose from and no word on how many.
            SigningConfigFormat::V01 => Ok(Selector::Any),
            SigningConfigFormat::V02 => {
                message.member(name).map_err(SelectorFault::Format).and_then(Selector::read)
            }
        };
        Ok(SigningConfig {
            value: Value::from(node),
            format,
            services,
            rekor_selector: selector("rekorTlogConfig"),
            tsa_selector: selector("tsaConfig"),
            skipped,
        })
    }
}

impl SigningConfigFormat {
    /// The file's `mediaType`.
    pub fn media_type(self) -> &'static str {
        match self {
            SigningConfigFormat::V01 => "application/vnd.dev.sigstore.signingconfig.v0.1+json",
            SigningConfigFormat::V02 => "application/vnd.dev.sigstore.signingconfig.v0.2+json",
        }
    }
}

fn read_plain_urls(
    message: Message<'_>,
    kind: ServiceKind,
    skipped: &mut Vec<Skipped<ServiceKind>>,
) -> Result<Vec<Service>, FormatError> {
    match kind {
        ServiceKind::CertificateAuthority => read_list(kind, message.member("caUrl")?.into_iter(), Service::read_plain, skipped),
        ServiceKind::IdentityProvider => read_list(kind, message.member("oidcUrl")?.into_iter(), Service::read_plain, skipped),
        ServiceKind::TransparencyLog => read_list(kind, message.elements("tlogUrls")?, Service::read_plain, skipped),
        ServiceKind::TimestampAuthority => read_list(kind, message.elements("tsaUrls")?, Service::read_plain, skipped),
    }
}

fn read_list<'a>(
    kind: ServiceKind,
    nodes: impl Iterator<Item = Node<'a>>,
    read: impl Fn(usize, Node<'a>) -> Result<Service, SkipReason>,
    skipped: &mut Vec<Skipped<ServiceKind>>,
) -> Result<Vec<Service>, FormatError> {
    let mut understood = Vec::new();
    for (position, node) in nodes.enumerate() {
        match read(position, node) {
            Ok(service) => understood.push(service),
            Err(reason) => skipped.push(Skipped { section: kind, position, reason }),
        }
    }
    Ok(understood)
}
