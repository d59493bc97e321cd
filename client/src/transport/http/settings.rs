//! What a caller may set.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::header::{HeaderMap, HeaderName, HeaderValue};

use super::super::address::shown;
use super::super::{Observer, TransportError};
use super::proxies::Proxies;

/// How to fetch over HTTP(S). [`HttpSettings::default`] has the values named with each field.
///
/// ```
/// use std::time::Duration;
/// use rootline_client::transport::HttpSettings;
///
/// let settings = HttpSettings::default().with_tries(5).with_total_timeout(Duration::from_secs(60));
/// # assert_eq!((settings.tries, settings.total_timeout), (5, Duration::from_secs(60)));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpSettings {
    /// The time one try has for its connection, name resolution and TLS included. 10 s.
    pub connect_timeout: Duration,
    /// The time one try has for everything, redirects included, unless the body keeps coming at
    /// [`slowest_rate`](Self::slowest_rate) or faster. 30 s.
    pub request_timeout: Duration,
    /// The time that a whole session has, such as a refresh, with all its files, attempts and pauses: see
    /// [`Transport::begin_session`](super::super::Transport::begin_session). 5 min.
    pub total_timeout: Duration,
    /// The longest time between two pieces of a body, and the longest that an HTTP/2 connection with requests on it shows no
    /// sign of life, at pings too. 10 s.
    pub read_timeout: Duration,
    /// The slowest transfer that is put up with, in bytes per second, for all files together that are fetched at the same time: each byte
    /// that arrived adds to [`request_timeout`](Self::request_timeout) and to [`patience`](Self::patience) at this rate, so a
    /// large target on a slow line is finished, and a server that drips is not waited for. 1024.
    pub slowest_rate: u64,
    /// How long one file, with all its tries, and one session may be waited for beyond what arrives at the
    /// [slowest rate](Self::slowest_rate). What arrived faster gives no more than this back, so that a drip ends soon after
    /// whatever came before it. At least [`request_timeout`](Self::request_timeout). 45 s.
    pub patience: Duration,
    /// How often to try, the first time included, when there is no connection, when it breaks off or takes too long, and
    /// on the statuses 408, 429 and 5xx. 0 is taken as 1. 3.
    pub tries: u32,
    /// The pause before the second try; it doubles from try to try and is shortened at random by up to a half, so that
    /// clients who were refused together do not come back together. Zero means no pause. 250 ms.
    pub backoff: Duration,
    /// The longest pause. A server that asks for more (`Retry-After`) is left alone, and its answer is the error. 10 s.
    pub longest_pause: Duration,
    /// The `User-Agent` header. `rootline/VERSION`.
    pub user_agent: String,
    /// Further headers, name and value, such as `Authorization` for a private mirror. Sent to the servers of the two
    /// base URLs only, and not shown by `Debug`. None.
    pub headers: Vec<(String, String)>,
    /// PEM files with certificate authorities to trust for `https` besides the system's, 16 MiB each at most. They are
    /// read when the first `https` URL is fetched. None.
    pub extra_ca_files: Vec<PathBuf>,
    /// What is below the first URL of a pair is fetched from below the second one, redirects included; where several fit,
    /// the longest counts. Credentials in the second one are used; those of a URL that is rewritten are not. None.
    pub rewrites: Vec<(String, String)>,
    /// Whether to go through a proxy. [`ProxyChoice::Environment`].
    pub proxy: ProxyChoice,
    /// Whether a [`Folder`](super::super::Folder) opened with these settings follows symbolic links to files
    /// [outside it](super::super::Folder::following_links). No.
    pub follow_links: bool,
    /// Is told of every request, those of a [`Folder`](super::super::Folder) opened with these settings too. None.
    pub observer: Option<Observer>,
}

/// Whether to go through a proxy.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProxyChoice {
    /// As the environment says: `HTTPS_PROXY`, `HTTP_PROXY`, `ALL_PROXY` and `NO_PROXY`, also in lower case. Addresses of
    /// this very machine (`localhost`, 127.0.0.0/8, `::1`) are always reached directly.
    Environment,
    /// Directly, whatever the environment says.
    Never,
    /// Through the proxy at this URL (`http`, `https`, `socks4`, `socks4a`, `socks5` or `socks5h`, which resolves names at
    /// the proxy; credentials allowed), always.
    Through(String),
}

impl ProxyChoice {
    /// Checks that a proxy that is named here can be read. Those of the environment are checked when a request would go through them.
    ///
    /// # Errors
    /// [`TransportError::ProxyUnreadable`] if it cannot.
    pub fn check(&self) -> Result<(), TransportError> {
        Proxies::new(self).map(drop)
    }
}

impl Default for HttpSettings {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            request_timeout: Duration::from_secs(30),
            total_timeout: Duration::from_secs(300),
            read_timeout: Duration::from_secs(10),
            slowest_rate: 1024,
            patience: Duration::from_secs(45),
            tries: 3,
            backoff: Duration::from_millis(250),
            longest_pause: Duration::from_secs(10),
            user_agent: concat!("rootline/", env!("CARGO_PKG_VERSION")).to_owned(),
            headers: Vec::new(),
            extra_ca_files: Vec::new(),
            rewrites: Vec::new(),
            proxy: ProxyChoice::Environment,
            follow_links: false,
            observer: None,
        }
    }
}

impl HttpSettings {
    /// Sets the time one try has for its [connection](Self::connect_timeout).
    #[must_use]
    pub fn with_connect_timeout(self, connect_timeout: Duration) -> Self {
        Self { connect_timeout, ..self }
    }

    /// Sets the time one try has for [everything](Self::request_timeout).
    #[must_use]
    pub fn with_request_timeout(self, request_timeout: Duration) -> Self {
        Self { request_timeout, ..self }
    }

    /// Sets the time that a whole [session](Self::total_timeout) has.
    #[must_use]
    pub fn with_total_timeout(self, total_timeout: Duration) -> Self {
        Self { total_timeout, ..self }
    }

    /// Sets the longest time between [two pieces](Self::read_timeout) of a body.
    #[must_use]
    pub fn with_read_timeout(self, read_timeout: Duration) -> Self {
        Self { read_timeout, ..self }
    }

    /// Sets the slowest transfer that is [put up with](Self::slowest_rate), in bytes per second.
    #[must_use]
    pub fn with_slowest_rate(self, slowest_rate: u64) -> Self {
        Self { slowest_rate, ..self }
    }

    /// Sets how long a slow server is [waited for](Self::patience).
    #[must_use]
    pub fn with_patience(self, patience: Duration) -> Self {
        Self { patience, ..self }
    }

    /// Sets how often to [try](Self::tries), the first time included.
    #[must_use]
    pub fn with_tries(self, tries: u32) -> Self {
        Self { tries, ..self }
    }

    /// Sets the pause before the [second try](Self::backoff). Zero means no pause.
    #[must_use]
    pub fn with_backoff(self, backoff: Duration) -> Self {
        Self { backoff, ..self }
    }

    /// Sets the [longest pause](Self::longest_pause).
    #[must_use]
    pub fn with_longest_pause(self, longest_pause: Duration) -> Self {
        Self { longest_pause, ..self }
    }

    /// Sets the `User-Agent` header.
    #[must_use]
    pub fn with_user_agent(self, user_agent: impl Into<String>) -> Self {
        Self { user_agent: user_agent.into(), ..self }
    }

    /// Adds a [header](Self::headers).
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.headers.push((name.into(), value.into()));
        self
    }

    /// Adds a PEM file with certificate authorities to [trust](Self::extra_ca_files).
    #[must_use]
    pub fn with_extra_ca_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.extra_ca_files.push(path.into());
        self
    }

    /// Adds a [rewrite](Self::rewrites): what is below `from` is fetched from below `to`.
    #[must_use]
    pub fn with_rewrite(mut self, from: impl Into<String>, to: impl Into<String>) -> Self {
        self.rewrites.push((from.into(), to.into()));
        self
    }

    /// Sets whether to go through a proxy.
    #[must_use]
    pub fn with_proxy(self, proxy: ProxyChoice) -> Self {
        Self { proxy, ..self }
    }

    /// Sets whether symbolic links are followed [out of a folder](Self::follow_links).
    #[must_use]
    pub fn with_follow_links(self, follow_links: bool) -> Self {
        Self { follow_links, ..self }
    }

    /// Sets who is told of every [request](Self::observer).
    #[must_use]
    pub fn with_observer(self, observer: impl Into<Option<Observer>>) -> Self {
        Self { observer: observer.into(), ..self }
    }
}

impl HttpSettings {
    pub(super) fn header_map(&self) -> Result<HeaderMap, TransportError> {
        let mut map = HeaderMap::new();
        for (name, value) in &self.headers {
            // The value may be a secret, so only the name is in the message.
            let refuse = |what| TransportError::Setup { reason: format!("the header {name:?} has {what}") };
            let header = HeaderName::try_from(name).map_err(|_| refuse("a name that is not allowed"))?;
            let mut value = HeaderValue::try_from(value).map_err(|_| refuse("a value that is not allowed"))?;
            value.set_sensitive(true);
            map.append(header, value);
        }
        Ok(map)
    }
}

/// Names the headers and leaves out their values, which may be secrets, as well as credentials in URLs.
impl fmt::Debug for HttpSettings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpSettings")
            .field("connect_timeout", &self.connect_timeout)
            .field("request_timeout", &self.request_timeout)
            .field("total_timeout", &self.total_timeout)
            .field("read_timeout", &self.read_timeout)
            .field("slowest_rate", &self.slowest_rate)
            .field("patience", &self.patience)
            .field("tries", &self.tries)
            .field("backoff", &self.backoff)
            .field("longest_pause", &self.longest_pause)
            .field("user_agent", &self.user_agent)
            .field("headers", &self.headers.iter().map(|(name, _)| name).collect::<Vec<_>>())
            .field("extra_ca_files", &self.extra_ca_files)
            .field("rewrites", &self.rewrites.iter().map(|(from, to)| (shown(from), shown(to))).collect::<Vec<_>>())
            .field("proxy", &self.proxy)
            .field("follow_links", &self.follow_links)
            .field("observer", &self.observer)
            .finish()
    }
}

/// Leaves out the proxy's URL, which may have credentials.
impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Environment => "Environment",
            Self::Never => "Never",
            Self::Through(_) => "Through(..)",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn with_header(name: &str, value: &str) -> HttpSettings {
        HttpSettings { headers: vec![(name.to_owned(), value.to_owned())], ..HttpSettings::default() }
    }

    #[test]
    fn secrets_are_in_neither_the_debug_output_nor_the_error() {
        let mut settings = with_header("Authorization", "Bearer secret");
        settings.proxy = ProxyChoice::Through("http://user:secret@proxy".to_owned());
        settings.rewrites = vec![("https://h".to_owned(), "https://user:secret@mirror".to_owned())];
        let shown = format!("{settings:?}");
        assert!(shown.contains("Authorization") && !shown.contains("secret"), "{shown}");
        let refused = with_header("Authorization", "secret\n").header_map().unwrap_err().to_string();
        assert!(refused.contains("Authorization") && !refused.contains("secret"), "{refused}");
    }

    #[test]
    fn headers_that_would_split_the_request_are_refused() {
        for (name, value) in [("a b", "x"), ("a\r\nb", "x"), ("", "x"), ("a", "x\r\nb: c"), ("a", "x\0")] {
            assert!(with_header(name, value).header_map().is_err(), "{name:?}: {value:?}");
        }
        assert!(with_header("X-Token", "abc").header_map().is_ok());
    }
}
