//! Which proxy a request goes through.

use std::env;

use hyper_util::client::proxy::matcher::Matcher;
use reqwest::{ClientBuilder, Proxy, Url};

use super::super::TransportError;
use super::location::shown;
use super::settings::ProxyChoice;

/// The proxies that the caller or the environment wants.
#[derive(Debug)]
pub(super) enum Proxies {
    None,
    /// What the environment said when the transport was made. It is asked by the same rules that the HTTP library follows.
    Environment(Box<Matcher>),
    Always {
        proxy: Box<Proxy>,
        url: Url,
    },
}

/// A proxy on the way to some URL.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct OnTheWay {
    /// Where it is, for messages: without credentials.
    pub(super) shown: String,
    /// Whether it is spoken to by TLS.
    pub(super) has_tls: bool,
}

impl Proxies {
    pub(super) fn new(choice: &ProxyChoice) -> Result<Self, TransportError> {
        let url = match choice {
            ProxyChoice::Never => return Ok(Proxies::None),
            ProxyChoice::Environment if excepts_everything() => return Ok(Proxies::None),
            ProxyChoice::Environment => return Ok(Proxies::Environment(Box::new(Matcher::from_env()))),
            ProxyChoice::Through(url) => url,
        };
        let refuse = || TransportError::Setup { reason: "the proxy is no http, https or socks URL".to_owned() };
        let parsed = Url::parse(url).map_err(|_| refuse())?;
        let is_known = matches!(parsed.scheme(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h");
        if !is_known || parsed.host_str().is_none_or(str::is_empty) {
            return Err(refuse());
        }
        let proxy = Box::new(Proxy::all(url).map_err(|_| refuse())?);
        Ok(Proxies::Always { proxy, url: parsed })
    }

    /// The proxy on the way to `url`, if there is one.
    pub(super) fn on_the_way_to(&self, url: &Url) -> Option<OnTheWay> {
        let proxy = match self {
            Proxies::None => return None,
            Proxies::Environment(_) if is_this_machine(url) => return None,
            // What comes from the environment has lost its credentials here.
            Proxies::Environment(matcher) => matcher.intercept(&url.as_str().parse().ok()?)?.uri().to_string(),
            Proxies::Always { url, .. } => shown(url),
        };
        let has_tls = proxy.starts_with("https:");
        Some(OnTheWay { shown: proxy.trim_end_matches('/').to_owned(), has_tls })
    }

    /// A client of its own for `url` goes the same way.
    pub(super) fn configure(&self, url: &Url, builder: ClientBuilder) -> ClientBuilder {
        match self {
            Proxies::None => builder.no_proxy(),
            Proxies::Environment(_) if is_this_machine(url) => builder.no_proxy(),
            Proxies::Environment(_) => builder,
            Proxies::Always { proxy, .. } => builder.proxy(proxy.as_ref().clone()),
        }
    }
}

/// Whether `NO_PROXY` has the star that means everything. The HTTP library takes it for all names, and for no address.
fn excepts_everything() -> bool {
    let lists = ["NO_PROXY", "no_proxy"].map(|name| env::var(name).unwrap_or_default());
    lists.iter().flat_map(|list| list.split(',')).any(|entry| entry.trim() == "*")
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
            let url = Url::parse(url).unwrap();
            assert_eq!(is_this_machine(&url), here, "{url}");
            let matcher = Matcher::builder().all("http://user:secret@proxy.example:3128").build();
            let proxy = Proxies::Environment(Box::new(matcher)).on_the_way_to(&url);
            let there = OnTheWay { shown: "http://proxy.example:3128".to_owned(), has_tls: false };
            assert_eq!(proxy, (!here).then_some(there), "{url}");
        }
    }

    #[test]
    fn a_proxy_that_is_no_web_address_is_refused_without_showing_it() {
        for proxy in ["", "proxy:3128", "ftp://user:secret@proxy", "socks://proxy", "none", "socks5:"] {
            let refused = Proxies::new(&ProxyChoice::Through(proxy.to_owned())).unwrap_err().to_string();
            assert!(!refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn a_named_proxy_is_on_every_way_and_is_shown_without_credentials() {
        let proxies =
            Proxies::new(&ProxyChoice::Through("https://user:secret@proxy.example:3129/".to_owned())).unwrap();
        for url in ["http://127.0.0.1/", "https://tuf.example/"] {
            let there = OnTheWay { shown: "https://proxy.example:3129".to_owned(), has_tls: true };
            assert_eq!(proxies.on_the_way_to(&Url::parse(url).unwrap()), Some(there));
        }
        assert_eq!(Proxies::new(&ProxyChoice::Never).unwrap().on_the_way_to(&Url::parse("http://h/").unwrap()), None);
    }
}
