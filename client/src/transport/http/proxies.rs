//! Which proxy a request goes through.

use std::env;
use std::ffi::OsString;
use std::fmt;

use hyper_util::client::proxy::matcher::Matcher;
use percent_encoding::percent_decode_str;
use reqwest::{ClientBuilder, Proxy, Url};

use super::super::TransportError;
use super::super::address::{host, split_port};
use super::location::shown;
use super::settings::ProxyChoice;

/// The proxies that the caller or the environment wants.
#[derive(Debug)]
pub(super) enum Proxies {
    None,
    /// What the environment said when the transport was made.
    Environment(Box<Environment>),
    Always(ProxyUrl),
}

/// The variables that name proxies. One that cannot be read is an error when it counts: it must not be passed over.
#[derive(Debug)]
pub(super) struct Environment {
    http: Option<Setting>,
    https: Option<Setting>,
    all: Option<Setting>,
    exceptions: Exceptions,
}

/// The value of a variable.
#[derive(Debug)]
struct Setting {
    variable: &'static str,
    proxy: Option<ProxyUrl>,
}

/// What is reached without a proxy.
#[derive(Debug)]
enum Exceptions {
    Everything,
    /// By the rules of the HTTP library.
    These(Box<Matcher>),
    Unreadable(&'static str),
}

/// The URL of a proxy. `Debug` leaves out its credentials.
#[derive(Clone, PartialEq, Eq)]
pub(super) struct ProxyUrl {
    /// With credentials.
    url: Url,
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
        match choice {
            ProxyChoice::Never => Ok(Proxies::None),
            ProxyChoice::Environment => Ok(Proxies::Environment(Box::new(Environment::read(|name| env::var_os(name))))),
            ProxyChoice::Through(url) => {
                let proxy = ProxyUrl::read(url).filter(|_| url.contains("://"));
                proxy.map(Proxies::Always).ok_or_else(|| unreadable("the proxy's URL"))
            }
        }
    }

    /// The proxy on the way to `url`, if there is one.
    ///
    /// # Errors
    /// If the environment names one that cannot be read.
    pub(super) fn on_the_way_to(&self, url: &Url) -> Result<Option<OnTheWay>, TransportError> {
        Ok(self.chosen(url)?.map(|proxy| OnTheWay {
            shown: shown(&proxy.url).trim_end_matches('/').to_owned(),
            has_tls: proxy.url.scheme() == "https",
        }))
    }

    /// A client of its own for `url` goes this way.
    ///
    /// # Errors
    /// As [`Proxies::on_the_way_to`].
    pub(super) fn configure(&self, url: &Url, builder: ClientBuilder) -> Result<ClientBuilder, TransportError> {
        // The HTTP library would read the environment by itself, and pass over what it cannot read.
        let builder = builder.no_proxy();
        match self.chosen(url)? {
            Some(proxy) => Ok(builder.proxy(proxy.for_library().ok_or_else(|| unreadable("the proxy's URL"))?)),
            None => Ok(builder),
        }
    }

    fn chosen(&self, url: &Url) -> Result<Option<&ProxyUrl>, TransportError> {
        match self {
            Proxies::None => Ok(None),
            Proxies::Environment(_) if is_this_machine(url) => Ok(None),
            Proxies::Environment(environment) => environment.chosen(url),
            Proxies::Always(proxy) => Ok(Some(proxy)),
        }
    }
}

impl Environment {
    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Environment {
        // The names in their order: the first that is set counts, and set to nothing means none.
        let setting = |names: [&'static str; 2]| {
            let (name, value) = names.into_iter().find_map(|name| Some((name, variable(name)?)))?;
            let is_empty = value.to_str().is_some_and(|text| text.trim().is_empty());
            (!is_empty).then(|| Setting { variable: name, proxy: value.to_str().and_then(ProxyUrl::read) })
        };
        // A web server hands a request's `Proxy` header to a CGI program in this variable.
        let is_cgi = variable("REQUEST_METHOD").is_some();
        let http = if is_cgi { ["http_proxy", "http_proxy"] } else { ["HTTP_PROXY", "http_proxy"] };
        Environment {
            http: setting(http),
            https: setting(["HTTPS_PROXY", "https_proxy"]),
            all: setting(["ALL_PROXY", "all_proxy"]),
            exceptions: Exceptions::read(variable),
        }
    }

    fn chosen(&self, url: &Url) -> Result<Option<&ProxyUrl>, TransportError> {
        let own = if url.scheme() == "https" { &self.https } else { &self.http };
        let Some(setting) = own.as_ref().or(self.all.as_ref()) else { return Ok(None) };
        if self.exceptions.has(url)? {
            return Ok(None);
        }
        setting.proxy.as_ref().map(Some).ok_or_else(|| unreadable(&format!("the proxy's URL in {}", setting.variable)))
    }
}

impl Exceptions {
    fn read(variable: impl Fn(&str) -> Option<OsString>) -> Exceptions {
        let set: Vec<(&'static str, OsString)> =
            ["NO_PROXY", "no_proxy"].into_iter().filter_map(|name| Some((name, variable(name)?))).collect();
        let mut texts = Vec::new();
        for (name, value) in &set {
            match value.to_str() {
                Some(text) => texts.push(text),
                None => return Exceptions::Unreadable(name),
            }
        }
        // The HTTP library takes the star for all names, and for no address.
        if texts.iter().flat_map(|list| list.split(',')).any(|entry| entry.trim() == "*") {
            return Exceptions::Everything;
        }
        let list = texts.first().copied().unwrap_or_default().to_owned();
        Exceptions::These(Box::new(Matcher::builder().all("http://proxy.invalid").no(list).build()))
    }

    fn has(&self, url: &Url) -> Result<bool, TransportError> {
        match self {
            Exceptions::Everything => Ok(true),
            Exceptions::These(matcher) => Ok(url.as_str().parse().is_ok_and(|url| matcher.intercept(&url).is_none())),
            Exceptions::Unreadable(variable) => Err(unreadable(&format!("the list in {variable}"))),
        }
    }
}

impl ProxyUrl {
    /// Reads `[SCHEME://][USER[:PASSWORD]@]HOST[:PORT]`; `None` for everything else. A character of a password that is not percent-encoded
    /// makes another URL of it, part of which would be taken for a host and shown.
    fn read(text: &str) -> Option<ProxyUrl> {
        let (scheme, rest) = text.trim().split_once("://").unwrap_or(("http", text.trim()));
        let scheme = scheme.to_ascii_lowercase();
        if !matches!(scheme.as_str(), "http" | "https" | "socks4" | "socks4a" | "socks5" | "socks5h") {
            return None;
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        let (credentials, authority) =
            rest.split_once('@').map_or((None, rest), |(before, after)| (Some(before), after));
        let in_credentials = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&'()*+,;=:%".contains(&byte);
        let credentials = credentials.unwrap_or_default();
        let mut escapes = credentials.split('%').skip(1);
        let is_escape = |escape: &str| matches!(escape.as_bytes(), [high, low, ..] if high.is_ascii_hexdigit() && low.is_ascii_hexdigit());
        if !credentials.bytes().all(in_credentials) || !escapes.all(is_escape) {
            return None;
        }
        let (host_text, port) = split_port(authority).ok().filter(|_| !authority.ends_with(':'))?;
        let host = host(host_text).ok()?;
        let port = port.map_or(String::new(), |port| format!(":{port}"));
        let at = if credentials.is_empty() { "" } else { "@" };
        let url = Url::parse(&format!("{scheme}://{credentials}{at}{host}{port}")).ok()?;
        let proxy = ProxyUrl { url };
        proxy.for_library().map(|_| proxy)
    }

    fn for_library(&self) -> Option<Proxy> {
        if self.url.username().is_empty() || self.url.password().is_some() {
            return Proxy::all(self.url.clone()).ok();
        }
        // A user without a password would make the library pass over the URL of the proxy.
        let user = percent_decode_str(self.url.username()).decode_utf8().ok()?.into_owned();
        let mut url = self.url.clone();
        url.set_username("").ok()?;
        url.scheme().starts_with("http").then(|| Proxy::custom(move |_| Some(url.clone())).basic_auth(&user, ""))
    }
}

impl fmt::Debug for ProxyUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&shown(&self.url))
    }
}

fn unreadable(setting: &str) -> TransportError {
    TransportError::ProxyUnreadable { setting: setting.to_owned() }
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
    use crate::Hint;

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
            let proxy = environment(&[("all_proxy", "http://user:secret@proxy.example:3128")]).on_the_way_to(&url);
            let there = OnTheWay { shown: "http://proxy.example:3128".to_owned(), has_tls: false };
            assert_eq!(proxy.unwrap(), (!here).then_some(there), "{url}");
        }
    }

    fn environment(variables: &[(&str, &str)]) -> Proxies {
        let value = |name: &str| variables.iter().find(|(set, _)| *set == name).map(|(_, value)| OsString::from(value));
        Proxies::Environment(Box::new(Environment::read(value)))
    }

    fn way(proxies: &Proxies, url: &str) -> Result<Option<String>, String> {
        let url = Url::parse(url).unwrap();
        let builder = proxies.configure(&url, ClientBuilder::new());
        match proxies.on_the_way_to(&url) {
            Ok(proxy) => {
                let _ = builder.unwrap();
                Ok(proxy.map(|proxy| proxy.shown))
            }
            Err(error) => {
                assert!(builder.is_err());
                Err(error.to_string())
            }
        }
    }

    /// What nobody can read as the URL of a proxy, most of it with a secret.
    const UNREADABLE: [&str; 22] = [
        "proxy:port",
        "ftp://user:secret@proxy",
        "socks://proxy",
        "socks5:",
        "http://",
        "http://user:secret@",
        "http://user:sec#ret@proxy:3128",
        "http://user:sec/ret@proxy:3128",
        "http://user:sec?ret@proxy:3128",
        "http://user:sec@ret@proxy:3128",
        "http://user:sec ret@proxy:3128",
        "http://user:sec%ret@proxy:3128",
        "http://user:secr\u{e9}t@proxy:3128",
        "http://CORP\\user:secret@proxy:3128",
        "CORP\\user:secret@proxy:3128",
        "http://user:12/secret@proxy:3128",
        "http://user/secret@proxy:3128",
        "http://proxy:3128/secret",
        "http://proxy:3128?secret",
        "http://proxy:65536",
        "http://pro\"xy",
        "socks5://user@proxy",
    ];

    #[test]
    fn a_proxy_that_cannot_be_read_is_refused_without_showing_it() {
        for proxy in UNREADABLE.into_iter().chain(["", "none", "proxy:3128"]) {
            let refused = Proxies::new(&ProxyChoice::Through(proxy.to_owned())).unwrap_err();
            assert_eq!(refused.to_string(), "the proxy's URL cannot be read", "{proxy}");
            assert_eq!(refused.hint(), Some(Hint::WriteProxyUrl), "{proxy}");
        }
    }

    #[test]
    fn a_variable_that_cannot_be_read_is_named_and_never_passed_over() {
        for proxy in UNREADABLE {
            for variable in ["http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"] {
                let refused = way(&environment(&[(variable, proxy)]), "http://tuf.example/").unwrap_err();
                assert_eq!(refused, format!("the proxy's URL in {variable} cannot be read"), "{proxy}");
            }
            // Of no use for this URL.
            assert_eq!(way(&environment(&[("https_proxy", proxy)]), "http://tuf.example/"), Ok(None));
            assert!(way(&environment(&[("https_proxy", proxy)]), "https://tuf.example/").is_err());
            let both = environment(&[("http_proxy", "proxy:1"), ("all_proxy", proxy)]);
            assert_eq!(way(&both, "http://tuf.example/"), Ok(Some("http://proxy:1".to_owned())));
            // Nor for what is reached without a proxy.
            for excepted in ["http://127.0.0.1:1/", "http://localhost/"] {
                assert_eq!(way(&environment(&[("http_proxy", proxy)]), excepted), Ok(None));
            }
            for list in ["*", "tuf.example", ".example"] {
                let excepted = environment(&[("http_proxy", proxy), ("no_proxy", list)]);
                assert_eq!(way(&excepted, "http://tuf.example/"), Ok(None), "{list}");
            }
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_variable_that_is_not_unicode_is_not_absent() {
        use std::os::unix::ffi::OsStringExt;
        for bad in ["http_proxy", "HTTP_PROXY", "all_proxy", "no_proxy", "NO_PROXY"] {
            let value = |name: &str| match name {
                name if name == bad => Some(OsString::from_vec(b"http://user:secret\xff@proxy".to_vec())),
                "http_proxy" if bad != "all_proxy" => Some("http://proxy:3128".into()),
                _ => None,
            };
            let proxies = Proxies::Environment(Box::new(Environment::read(value)));
            let refused = way(&proxies, "http://tuf.example/").unwrap_err();
            assert!(refused.contains(bad) && !refused.contains("secret"), "{refused}");
        }
    }

    #[test]
    fn proxies_of_every_readable_form_are_taken() {
        for (text, shown) in [
            ("proxy", "http://proxy"),
            ("proxy:3128", "http://proxy:3128"),
            ("HTTP://Proxy:3128/", "http://proxy:3128"),
            ("https://proxy", "https://proxy"),
            ("user:secret@proxy:3128", "http://proxy:3128"),
            ("http://user@proxy:3128", "http://proxy:3128"),
            ("http://CORP%5Cuser:sec%23%2F%40ret@proxy:3128", "http://proxy:3128"),
            ("http://user:se:cr=et!@proxy:3128", "http://proxy:3128"),
            ("socks5h://user:secret@proxy:1080", "socks5h://proxy:1080"),
            ("http://[::1]:3128", "http://[::1]:3128"),
            ("http://10.0.0.1:3128", "http://10.0.0.1:3128"),
        ] {
            assert_eq!(
                way(&environment(&[("http_proxy", text)]), "http://tuf.example/"),
                Ok(Some(shown.to_owned())),
                "{text}"
            );
            if text.contains("://") {
                let proxies = Proxies::new(&ProxyChoice::Through(text.to_owned())).unwrap();
                assert_eq!(way(&proxies, "https://tuf.example/"), Ok(Some(shown.to_owned())), "{text}");
                assert!(!format!("{proxies:?}").contains("sec"), "{text}");
            }
        }
    }

    #[test]
    fn the_first_variable_that_is_set_counts_and_set_to_nothing_it_means_none() {
        let http = |variables: &[(&str, &str)]| way(&environment(variables), "http://tuf.example/").unwrap();
        let named = |port: u16| Some(format!("http://proxy:{port}"));
        assert_eq!(http(&[("HTTP_PROXY", "proxy:1"), ("http_proxy", "proxy:2")]), named(1));
        assert_eq!(http(&[("http_proxy", "proxy:2"), ("all_proxy", "proxy:3")]), named(2));
        assert_eq!(http(&[("https_proxy", "proxy:2"), ("ALL_PROXY", "proxy:3")]), named(3));
        assert_eq!(http(&[("http_proxy", "")]), None);
        assert_eq!(http(&[("http_proxy", " "), ("all_proxy", "proxy:3")]), named(3));
        assert_eq!(http(&[("HTTP_PROXY", "proxy:1"), ("REQUEST_METHOD", "GET")]), None);
        assert_eq!(http(&[("http_proxy", "proxy:1"), ("NO_PROXY", "other.example")]), named(1));
        assert_eq!(http(&[("http_proxy", "proxy:1"), ("NO_PROXY", "a.b, example")]), None);
    }

    #[test]
    fn a_named_proxy_is_on_every_way_and_is_shown_without_credentials() {
        let proxies =
            Proxies::new(&ProxyChoice::Through("https://user:secret@proxy.example:3129/".to_owned())).unwrap();
        for url in ["http://127.0.0.1/", "https://tuf.example/"] {
            let there = OnTheWay { shown: "https://proxy.example:3129".to_owned(), has_tls: true };
            assert_eq!(proxies.on_the_way_to(&Url::parse(url).unwrap()).unwrap(), Some(there));
        }
        let never = Proxies::new(&ProxyChoice::Never).unwrap().on_the_way_to(&Url::parse("http://h/").unwrap());
        assert_eq!(never.unwrap(), None);
    }
}
