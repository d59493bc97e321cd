//! The HTTP clients beneath: one set for each origin, made when it is first needed.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use reqwest::redirect::Policy;
use reqwest::{Client, ClientBuilder, RequestBuilder, Response, Url};
use rustls::ClientConfig;

use super::super::TransportError;
use super::negotiation::{Negotiation, OnlyHttp2, SpareFirst, wants_http_1};
use super::proxies::Proxies;
use super::settings::HttpSettings;
use super::tls::{speaking, trusting, trusting_nobody};

/// The clients of one transport. Reading the system's certificate authorities takes milliseconds, which plain `http`
/// (a local mirror, a test) need not pay, and which are paid once.
#[derive(Debug)]
pub(super) struct Clients {
    connect_timeout: Duration,
    /// Half of the longest time that a connection which carries several files may be silent.
    ping: Duration,
    user_agent: String,
    ca_files: Vec<PathBuf>,
    proxies: Proxies,
    made: Mutex<Made>,
}

#[derive(Debug, Default)]
struct Made {
    tls: Option<ClientConfig>,
    origins: HashMap<String, Arc<Origin>>,
}

/// The most origins whose connections are kept. A repository has two; where its redirects lead is the server's choice.
const MAX_ORIGINS: usize = 16;

/// Less would be nothing but pings.
const SHORTEST_PING: Duration = Duration::from_millis(10);

/// One scheme, host and port, with its connections.
#[derive(Debug)]
pub(super) struct Origin {
    client: Client,
    /// What is tried first, where the server may speak HTTP/2.
    http2: Option<(Client, Arc<Negotiation>)>,
}

impl Clients {
    pub(super) fn new(settings: &HttpSettings) -> Result<Self, TransportError> {
        Ok(Self {
            connect_timeout: settings.connect_timeout,
            ping: (settings.read_timeout / 2).max(SHORTEST_PING),
            user_agent: settings.user_agent.clone(),
            ca_files: settings.extra_ca_files.clone(),
            proxies: Proxies::new(&settings.proxy)?,
            made: Mutex::default(),
        })
    }

    /// The proxy on the way to `url`, for messages.
    ///
    /// # Errors
    /// If the environment names one that cannot be read.
    pub(super) fn proxy_shown(&self, url: &Url) -> Result<Option<String>, TransportError> {
        Ok(self.proxies.on_the_way_to(url)?.map(|proxy| proxy.shown))
    }

    /// The clients for `url`.
    pub(super) fn for_url(&self, url: &Url) -> Result<Arc<Origin>, TransportError> {
        let name = url.origin().ascii_serialization();
        // Held while a client is made, so that requests which start together share it.
        let mut made = self.made.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(origin) = made.origins.get(&name) {
            return Ok(Arc::clone(origin));
        }
        let origin = Arc::new(self.make(url, &mut made.tls)?);
        if made.origins.len() >= MAX_ORIGINS
            && let Some(other) = made.origins.keys().next().cloned()
        {
            made.origins.remove(&other);
        }
        made.origins.insert(name, Arc::clone(&origin));
        Ok(origin)
    }

    fn make(&self, url: &Url, tls: &mut Option<ClientConfig>) -> Result<Origin, TransportError> {
        let is_https = url.scheme() == "https";
        let proxy_has_tls = self.proxies.on_the_way_to(url)?.is_some_and(|proxy| proxy.has_tls);
        if !is_https && !proxy_has_tls {
            return Ok(Origin { client: built(self.builder(url, trusting_nobody()?)?)?, http2: None });
        }
        let tls = match tls {
            Some(tls) => tls,
            None => tls.insert(trusting(&self.ca_files)?),
        };
        let http_1 = self.builder(url, speaking(tls, &[b"http/1.1"]))?;
        if !is_https {
            return Ok(Origin { client: built(http_1)?, http2: None });
        }
        let negotiation = Arc::new(Negotiation::default());
        let http_2 = self
            .builder(url, speaking(tls, &[b"h2", b"http/1.1"]))?
            .http2_prior_knowledge()
            // A request that is given up leaves the connection open for the others, so a dead one has to be found out otherwise.
            .http2_keep_alive_interval(self.ping)
            .http2_keep_alive_timeout(self.ping)
            .connector_layer(OnlyHttp2(Arc::clone(&negotiation)));
        Ok(Origin {
            client: built(http_1.connector_layer(SpareFirst(Arc::clone(&negotiation))))?,
            http2: Some((built(http_2)?, negotiation)),
        })
    }

    fn builder(&self, url: &Url, tls: ClientConfig) -> Result<ClientBuilder, TransportError> {
        let builder = ClientBuilder::new()
            .tls_backend_preconfigured(tls)
            .redirect(Policy::none())
            .connect_timeout(self.connect_timeout)
            .user_agent(&self.user_agent);
        self.proxies.configure(url, builder)
    }
}

fn built(builder: ClientBuilder) -> Result<Client, TransportError> {
    builder.build().map_err(|error| TransportError::Setup { reason: error.to_string() })
}

impl Origin {
    /// The answer to a request, by whichever protocol the server speaks.
    pub(super) async fn send(&self, request: impl Fn(&Client) -> RequestBuilder) -> Result<Response, reqwest::Error> {
        if let Some((client, negotiation)) = &self.http2
            && !negotiation.speaks_http_1()
        {
            match request(client).send().await {
                Err(error) if wants_http_1(&error) => {}
                answered => return answered,
            }
        }
        request(&self.client).send().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_missing_ca_file_is_told_by_name_and_only_where_it_is_needed() {
        let missing = HttpSettings { extra_ca_files: vec!["/nonexistent/ca.pem".into()], ..HttpSettings::default() };
        let url = Url::parse("https://127.0.0.1/").unwrap();
        let error = Clients::new(&missing).unwrap().for_url(&url).unwrap_err();
        assert!(matches!(&error, TransportError::Io { location, .. } if location == "/nonexistent/ca.pem"), "{error}");
        let url = Url::parse("http://127.0.0.1/").unwrap();
        assert!(Clients::new(&missing).unwrap().for_url(&url).is_ok());
    }

    #[test]
    fn an_origin_keeps_its_clients_and_many_origins_do_not_pile_up() {
        let clients = Clients::new(&HttpSettings::default()).unwrap();
        let origin =
            |port: usize| clients.for_url(&Url::parse(&format!("http://127.0.0.1:{port}/x")).unwrap()).unwrap();
        assert!(Arc::ptr_eq(&origin(1), &origin(1)));
        for port in 1..=2 * MAX_ORIGINS {
            origin(port);
            assert!(clients.made.lock().unwrap().origins.len() <= MAX_ORIGINS);
        }
    }
}
