//! The HTTP clients beneath: with or without TLS, with or without a proxy, each made when it is first needed.

use std::env;
use std::fs;
use std::sync::{Arc, Mutex, PoisonError};

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, Proxy, Url};
use rustls::crypto::{CryptoProvider, ring};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::Verifier;

use super::super::TransportError;
use super::settings::{HttpSettings, ProxyChoice};

/// The clients of one transport. Reading the system's certificate authorities takes milliseconds, which plain `http`
/// (a local mirror, a test) need not pay, and which are paid once.
#[derive(Debug)]
pub(super) struct Clients {
    settings: HttpSettings,
    proxy: Option<Proxy>,
    /// Whether the way to an `http` URL leads over TLS as well, because the proxy is one.
    proxy_has_tls: bool,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    /// By whether they go directly, whatever the environment says.
    plain: [Option<Client>; 2],
    tls: [Option<Client>; 2],
}

impl Clients {
    pub(super) fn new(settings: &HttpSettings) -> Result<Self, TransportError> {
        let (proxy, proxy_has_tls) = match &settings.proxy {
            ProxyChoice::Never => (None, false),
            ProxyChoice::Environment => (None, environment_proxy_has_tls()),
            ProxyChoice::Through(url) => {
                let refuse = || TransportError::Setup { reason: "the proxy is no http, https or socks URL".to_owned() };
                let parsed = Url::parse(url).map_err(|_| refuse())?;
                if !matches!(parsed.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
                    return Err(refuse());
                }
                (Some(Proxy::all(url).map_err(|_| refuse())?), parsed.scheme() == "https")
            }
        };
        Ok(Self { settings: settings.clone(), proxy, proxy_has_tls, made: Mutex::default() })
    }

    /// The client for `url`.
    pub(super) fn for_url(&self, url: &Url) -> Result<Client, TransportError> {
        let direct = match self.settings.proxy {
            ProxyChoice::Never => true,
            ProxyChoice::Environment => is_this_machine(url),
            ProxyChoice::Through(_) => false,
        };
        let tls = url.scheme() == "https" || (self.proxy_has_tls && !direct);
        // Held while a client is made, so that requests which start together share it.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        let made = &mut *made;
        let slot = &mut (if tls { &mut made.tls } else { &mut made.plain })[usize::from(direct)];
        match slot {
            Some(client) => Ok(client.clone()),
            None => Ok(slot.insert(self.make(tls, direct)?).clone()),
        }
    }

    fn make(&self, tls: bool, direct: bool) -> Result<Client, TransportError> {
        let settings = &self.settings;
        let mut builder = ClientBuilder::new()
            .tls_backend_preconfigured(if tls { trusting(settings)? } else { trusting_nobody()? })
            .redirect(Policy::none())
            .connect_timeout(settings.connect_timeout)
            .user_agent(&settings.user_agent);
        if direct {
            builder = builder.no_proxy();
        } else if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy.clone());
        }
        builder.build().map_err(|error| TransportError::Setup { reason: error.to_string() })
    }
}

/// TLS that trusts the system's certificate authorities and the extra ones.
fn trusting(settings: &HttpSettings) -> Result<ClientConfig, TransportError> {
    let extra = extra_authorities(settings)?;
    let provider = provider();
    let verifier = if extra.is_empty() { Verifier::new(provider.clone()) } else { with_extra(extra, provider.clone()) };
    let mut config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(tls_setup)?
        .dangerous() // because the verifier is our choice: the platform's own
        .with_custom_certificate_verifier(Arc::new(verifier.map_err(tls_setup)?))
        .with_no_client_auth();
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(config)
}

/// TLS for a client that meets no `https` URL, costs nothing, and would refuse every server.
fn trusting_nobody() -> Result<ClientConfig, TransportError> {
    Ok(ClientConfig::builder_with_provider(provider())
        .with_safe_default_protocol_versions()
        .map_err(tls_setup)?
        .with_root_certificates(RootCertStore::empty())
        .with_no_client_auth())
}

fn provider() -> Arc<CryptoProvider> {
    Arc::new(ring::default_provider())
}

#[cfg(not(target_os = "android"))]
fn with_extra(extra: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Verifier::new_with_extra_roots(extra, provider)
}

#[cfg(target_os = "android")]
fn with_extra(_: Vec<CertificateDer<'static>>, _: Arc<CryptoProvider>) -> Result<Verifier, rustls::Error> {
    Err(rustls::Error::General("Android takes no extra certificate authorities".to_owned()))
}

fn extra_authorities(settings: &HttpSettings) -> Result<Vec<CertificateDer<'static>>, TransportError> {
    let Some(path) = &settings.extra_ca_file else { return Ok(Vec::new()) };
    let location = path.display().to_string();
    let pem = fs::read(path).map_err(|source| TransportError::Io { location: location.clone(), source })?;
    match CertificateDer::pem_slice_iter(&pem).collect::<Result<Vec<_>, _>>() {
        Ok(certificates) if !certificates.is_empty() => Ok(certificates),
        _ => Err(TransportError::Setup { reason: format!("{location} has no certificates in PEM form") }),
    }
}

fn tls_setup(error: rustls::Error) -> TransportError {
    TransportError::Setup { reason: error.to_string() }
}

/// Whether the environment sends `http` requests through a proxy that itself wants TLS.
fn environment_proxy_has_tls() -> bool {
    ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]
        .iter()
        .filter_map(|name| env::var(name).ok())
        .any(|url| url.to_ascii_lowercase().starts_with("https:"))
}

/// Whether `url` is on this very machine, which no proxy can reach.
fn is_this_machine(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<std::net::IpAddr>();
    host == "localhost" || host.ends_with(".localhost") || address.is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_addresses_of_this_machine_go_around_the_environment_s_proxy() {
        for (url, here) in [
            ("http://127.0.0.1:8080/", true),
            ("http://127.8.9.1/", true),
            ("http://[::1]:8080/", true),
            ("http://LOCALHOST/", true),
            ("http://a.localhost/", true),
            ("http://localhost.example/", false),
            ("http://128.0.0.1/", false),
            ("http://[::2]/", false),
            ("https://tuf-repo-cdn.sigstore.dev/", false),
        ] {
            assert_eq!(is_this_machine(&Url::parse(url).unwrap()), here, "{url}");
        }
    }

    #[test]
    fn a_proxy_that_is_no_web_address_is_refused_without_showing_it() {
        for proxy in ["", "proxy:3128", "ftp://user:secret@proxy", "socks://proxy"] {
            let settings = HttpSettings { proxy: ProxyChoice::Through(proxy.to_owned()), ..HttpSettings::default() };
            let refused = Clients::new(&settings).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_missing_or_empty_ca_file_is_the_caller_s_fault_and_is_told_by_name() {
        let missing = HttpSettings { extra_ca_file: Some("/nonexistent/ca.pem".into()), ..HttpSettings::default() };
        let url = Url::parse("https://127.0.0.1/").unwrap();
        let error = Clients::new(&missing).unwrap().for_url(&url).unwrap_err();
        assert!(matches!(&error, TransportError::Io { location, .. } if location == "/nonexistent/ca.pem"), "{error}");
        let url = Url::parse("http://127.0.0.1/").unwrap();
        assert!(Clients::new(&missing).unwrap().for_url(&url).is_ok());
    }
}
