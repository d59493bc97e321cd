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
        let format = SigningConfigFormat::ALL.into_iter().find(|format| format.media_type() == name);
        let format =
            format.ok_or_else(|| media_type.invalid("not the media type of a signing config of version 0.1 or 0.2"))?;
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
            SigningConfigFormat::V02 => message.member(name).map_err(SelectorFault::Format).and_then(Selector::read),
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
    pub(super) const ALL: [SigningConfigFormat; 2] = [SigningConfigFormat::V01, SigningConfigFormat::V02];

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
        ServiceKind::CertificateAuthority => {
            read_list(kind, message.member("caUrl")?.into_iter(), Service::read_plain, skipped)
        }
        ServiceKind::IdentityProvider => {
            read_list(kind, message.member("oidcUrl")?.into_iter(), Service::read_plain, skipped)
        }
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

#[cfg(test)]
mod tests {
    use alloc::format;
    use alloc::string::ToString;

    use super::super::fixtures::at;
    use super::super::window::Window;
    use super::*;

    const V02: &str = "application/vnd.dev.sigstore.signingconfig.v0.2+json";
    const V01: &str = "application/vnd.dev.sigstore.signingconfig.v0.1+json";

    fn parse(text: &str) -> Result<SigningConfig, FormatError> {
        SigningConfig::parse(text.as_bytes(), 10_000)
    }

    #[test]
    fn a_service_is_read_with_all_it_says() {
        let service = r#"{"url":"https://a.example","majorApiVersion":2,"validFor":{"start":"2026-01-01T00:00:00Z"},"operator":"a.example"}"#;
        let config = parse(&format!(r#"{{"mediaType":"{V02}","rekorTlogUrls":[{service}],"rekorTlogConfig":{{"selector":"EXACT","count":"1"}}}}"#)).unwrap();
        let [rekor] = config.services(ServiceKind::TransparencyLog) else { panic!("{config:?}") };
        assert_eq!(
            (rekor.url(), rekor.major_api_version(), rekor.operator()),
            ("https://a.example", 2, Some("a.example"))
        );
        assert_eq!(rekor.valid_for(), Window::from(at("2026-01-01T00:00:00Z")));
        assert_eq!(config.rekor_selector(), Ok(Selector::Exact { count: 1 }));
        assert_eq!(config.tsa_selector(), Err(&SelectorFault::Missing));
        assert!(config.services(ServiceKind::CertificateAuthority).is_empty());
        let snake = format!(
            r#"{{"media_type":"{V02}","rekor_tlog_urls":[{service}],"rekor_tlog_config":{{"selector":3,"count":1}}}}"#
        );
        let snake =
            parse(&snake.replace("majorApiVersion", "major_api_version").replace("validFor", "valid_for")).unwrap();
        assert_eq!(snake.services(ServiceKind::TransparencyLog), core::slice::from_ref(rekor));
        assert_eq!(snake.rekor_selector(), config.rekor_selector());
    }

    #[test]
    fn version_01_is_services_without_windows_and_operators() {
        let config = parse(&format!(
            r#"{{"mediaType":"{V01}","caUrl":"https://ca","oidcUrl":"https://oidc","tlogUrls":["https://r1","https://r2"],"tsaUrls":["https://tsa"]}}"#
        ))
        .unwrap();
        assert_eq!(config.format(), SigningConfigFormat::V01);
        let now = at("1999-01-01T00:00:00Z");
        assert_eq!(config.select_ca(now, &[1]).unwrap().url(), "https://ca");
        assert_eq!(config.select_oidc(now, &[1]).unwrap().url(), "https://oidc");
        assert_eq!(config.select_rekor(now, &[1]).unwrap()[0].url(), "https://r1");
        assert_eq!(config.select_tsa(now, &[1]).unwrap()[0].url(), "https://tsa");
        assert_eq!(config.services(ServiceKind::TransparencyLog).len(), 2);
        assert!(config.select_rekor(now, &[2]).is_err());
        assert!(parse(&format!(r#"{{"mediaType":"{V01}"}}"#)).unwrap().select_ca(now, &[1]).is_err());
    }

    #[test]
    fn a_service_that_is_not_understood_does_not_fail_the_file() {
        let config = parse(&format!(
            r#"{{"mediaType":"{V02}","caUrls":[{{"majorApiVersion":1}},{{"url":"a","majorApiVersion":-1}},{{"url":"","majorApiVersion":1}},
            {{"url":"b","validFor":{{"end":"never"}}}},5,{{"url":"good","majorApiVersion":1}}]}}"#
        ))
        .unwrap();
        let [good] = config.services(ServiceKind::CertificateAuthority) else { panic!("{config:?}") };
        assert_eq!((good.url(), good.position()), ("good", 5));
        let reasons: Vec<_> = config
            .skipped()
            .iter()
            .map(|skipped| skipped.to_string().split(" at ").next().unwrap().to_string())
            .collect();
        assert_eq!(
            reasons,
            [
                "caUrls entry 0: member `url` is missing",
                "caUrls entry 1: expected a whole number from 0 to 2^32-1",
                "caUrls entry 2: expected a URL",
                "caUrls entry 3: expected a date and time such as 2030-01-31T00:00:00Z",
                "caUrls entry 4: expected an object",
            ]
        );
    }

    #[test]
    fn what_is_no_signing_config_is_refused() {
        for text in [
            "[]",
            "{}",
            r#"{"mediaType":"application/vnd.dev.sigstore.signingconfig.v0.3+json"}"#,
            r#"{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}"#,
            &format!(r#"{{"mediaType":"{V02}","caUrls":{{}}}}"#),
            &format!(r#"{{"mediaType":"{V01}","tlogUrls":"https://rekor"}}"#),
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }

    #[test]
    fn nothing_of_a_document_is_lost() {
        let text =
            format!(r#"{{"x":1,"mediaType":"{V02}","caUrls":[{{"url":"a","y":[null]}}],"tsaConfig":{{"z":true}}}}"#);
        let config = parse(&text).unwrap();
        assert_eq!(config.value().compact(), text);
        assert_eq!(parse(&config.to_json()).unwrap().value(), config.value());
    }
}
