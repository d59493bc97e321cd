//! A repository on a web server.

mod blocking;
mod clients;
mod location;
mod retry;
mod settings;
mod together;

use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{ACCEPT_ENCODING, CONTENT_ENCODING, HeaderMap, HeaderValue, LOCATION};
use reqwest::{Response, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

pub use blocking::HttpBlocking;
pub use settings::{HttpSettings, ProxyChoice};

use super::{AsyncTransport, Place, Request, TransportError};
use clients::Clients;
use location::{Base, follow, is_same_origin, shown};
use retry::Failure;

/// A repository below two URLs, `http` or `https`, fetched asynchronously within a tokio runtime (with its IO and its
/// timers enabled). Cheap to clone; clones share their connections.
///
/// What it does for each file: a connection that is open already is used again; redirects are followed, five at most
/// and never from `https` to `http`; what may pass is tried again ([`HttpSettings::tries`]); the body is counted while it
/// arrives and given up at one byte beyond the limit. Nothing is unpacked, no cookie is kept, and the settings' headers
/// and the URL's credentials go to the base's own server only.
#[derive(Clone, Debug)]
pub struct Http {
    inner: Arc<Inner>,
}

#[derive(Debug)]
struct Inner {
    metadata: Base,
    targets: Base,
    headers: HeaderMap,
    clients: Clients,
    settings: HttpSettings,
}

impl Http {
    /// The repository whose metadata files and whose targets are below these URLs, each with or without a slash at its
    /// end. Opens no connection; TLS and the store of certificate authorities are set up when the first `https` URL is
    /// fetched.
    ///
    /// # Errors
    ///
    /// [`TransportError::BadLocation`] for a base that is not a plain `http` or `https` URL (a query or a fragment has no
    /// meaning for the files below); [`TransportError::Setup`] for a header or a proxy that is none.
    pub fn new(metadata: &str, targets: &str, settings: HttpSettings) -> Result<Self, TransportError> {
        let mut headers = settings.header_map()?;
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(Self {
            inner: Arc::new(Inner {
                metadata: Base::new(metadata)?,
                targets: Base::new(targets)?,
                headers,
                clients: Clients::new(&settings)?,
                settings,
            }),
        })
    }
}

impl AsyncTransport for Http {
    async fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(TransportError::Setup { reason: "there is no tokio runtime here".to_owned() });
        }
        let base = match request.place {
            Place::Metadata => &self.inner.metadata,
            Place::Targets => &self.inner.targets,
        };
        let url = base.url_of(request)?;
        let mut tries = 1;
        loop {
            let failure = match self.inner.try_once(&url, request).await {
                Ok(bytes) => return Ok(bytes),
                Err(failure) => failure,
            };
            match retry::pause(&self.inner.settings, tries, &failure.retry) {
                Some(pause) => tokio::time::sleep(pause).await,
                None => return Err(failure.after(tries)),
            }
            tries += 1;
        }
    }
}

impl Inner {
    /// One try, from the first byte to the last: what a broken try has read is thrown away.
    async fn try_once(&self, url: &Url, request: &Request) -> Result<Vec<u8>, Failure> {
        let location = shown(url);
        let started = Instant::now();
        let answer_by = started + self.settings.request_timeout;
        let response = match timeout_at(answer_by, self.follow_redirects(url, &location)).await {
            Ok(response) => response?,
            Err(_) => return Err(Failure::timed_out(&location, "no answer", self.settings.request_timeout)),
        };
        let status = response.status();
        if status != StatusCode::OK {
            let failure = Failure::from_status(&location, status, response.headers(), &self.settings);
            drain(response).await;
            return Err(failure);
        }
        if request.place == Place::Metadata {
            refuse_encoding(&location, &response)?;
        }
        self.read_body(response, &location, started, request.limit).await
    }

    /// The first answer that is no redirect. Each hop has a client of its own kind, so that TLS is set up only when some
    /// hop needs it, and decides anew who may see the headers.
    async fn follow_redirects(&self, url: &Url, location: &str) -> Result<Response, Failure> {
        let mut hop = url.clone();
        for _ in 0..=MOST_REDIRECTS {
            let mut get = self.clients.for_url(&hop)?.get(hop.clone());
            get = match is_same_origin(url, &hop) {
                true => get.headers(self.headers.clone()),
                false => get.header(ACCEPT_ENCODING, "identity"),
            };
            let response = get.send().await.map_err(|error| Failure::from_reqwest(location, error, &self.settings))?;
            let Some(target) = redirect_target(&response) else { return Ok(response) };
            hop = follow(&hop, &target).map_err(|reason| Failure::refused_redirect(location, reason))?;
            drain(response).await;
        }
        Err(Failure::refused_redirect(location, "it is redirected more than 5 times"))
    }

    async fn read_body(
        &self,
        mut response: Response,
        location: &str,
        started: Instant,
        limit: u64,
    ) -> Result<Vec<u8>, Failure> {
        let too_long = || Failure::never(TransportError::TooLong { location: location.to_owned(), limit });
        let announced = response.content_length();
        if announced.is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let settings = &self.settings;
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(MOST_RESERVED) as usize);
        loop {
            // Every byte that arrived buys time, at the slowest rate that is put up with.
            let earned = Duration::from_secs(bytes.len() as u64 / settings.slowest_rate.max(1));
            let all_by = started + settings.request_timeout + earned;
            let more_by = Instant::now() + settings.read_timeout;
            match timeout_at(more_by.min(all_by), response.chunk()).await {
                Err(_) if more_by < all_by => {
                    return Err(Failure::timed_out(location, "no further data", settings.read_timeout));
                }
                Err(_) => {
                    return Err(Failure::timed_out(location, "not all of it", settings.request_timeout + earned));
                }
                Ok(Err(error)) => return Err(Failure::from_reqwest(location, error, settings)),
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Ok(Some(chunk))) if (bytes.len() + chunk.len()) as u64 > limit => return Err(too_long()),
                Ok(Ok(Some(chunk))) => bytes.extend_from_slice(&chunk),
            }
        }
    }
}

/// Metadata comes as it is or not at all. (Of a target the label is ignored: a `.gz` that is labelled as gzip is still the
/// file that was signed, as it is.)
fn refuse_encoding(location: &str, response: &Response) -> Result<(), Failure> {
    match response.headers().get(CONTENT_ENCODING) {
        Some(encoding) if !encoding.is_empty() && !encoding.as_bytes().eq_ignore_ascii_case(b"identity") => {
            let encoding = String::from_utf8_lossy(encoding.as_bytes()).into_owned();
            Err(Failure::never(TransportError::Encoded { location: location.to_owned(), encoding }))
        }
        _ => Ok(()),
    }
}

/// As many as it takes to get from a short name over a CDN to a signed URL, and less than a loop would make.
const MOST_REDIRECTS: usize = 5;

/// The most memory that a server's announcement alone makes us reserve, in bytes.
const MOST_RESERVED: u64 = 1 << 20;

/// The most of an unwanted body that is read to keep its connection, in bytes, and for how long. The "not found" of the
/// next root version comes with such a body, right before the timestamp is wanted over the same connection.
const MOST_DRAINED: usize = 16 << 10;
const LONGEST_DRAIN: Duration = Duration::from_millis(100);

/// Reads a body that nobody wants, so that its connection can be used again; gives up where a new one is cheaper.
async fn drain(mut response: Response) {
    let until = Instant::now() + LONGEST_DRAIN;
    let mut drained = 0;
    while drained <= MOST_DRAINED {
        match timeout_at(until, response.chunk()).await {
            Ok(Ok(Some(chunk))) => drained += chunk.len(),
            _ => return,
        }
    }
}

/// Where a redirect leads, as the server wrote it. Without a readable `Location` it is no redirect but a bad status.
fn redirect_target(response: &Response) -> Option<String> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let target = response.headers().get(LOCATION).filter(|_| redirects)?;
    target.to_str().ok().map(str::to_owned)
}
