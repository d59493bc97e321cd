//! A repository on a web server.

mod blocking;
mod clients;
mod concurrent;
mod deadline;
mod entity_tag;
mod location;
mod negotiation;
mod proxies;
mod retry;
mod rewrites;
mod settings;
mod tls;

use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use reqwest::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, HeaderMap, HeaderValue, IF_NONE_MATCH, LOCATION,
};
use reqwest::{Response, StatusCode, Url};
use tokio::time::{Instant, timeout_at};

pub use blocking::HttpBlocking;
pub use settings::{HttpSettings, ProxyChoice};

use super::observer::Observed;
use super::{Answer, AsyncTransport, Fetched, Place, Request, TransportError};
use clients::Clients;
use deadline::{Credit, Deadline, later};
use location::{Base, follow, is_same_origin, shown, without_query};
use retry::Failure;
use rewrites::Rewrites;

/// A repository below two URLs, `http` or `https`, fetched asynchronously within a tokio runtime (with its IO and its
/// timers enabled). Cheap to clone; clones share their connections, and each has its own time for a session.
///
/// What it does for each file: a connection that is open already is used again, and where the server speaks HTTP/2 one
/// is enough for files that are fetched at the same time; redirects are followed, five at most
/// and never from `https` to `http`; what may pass is tried again ([`HttpSettings::tries`]); the body is counted while it
/// arrives and given up at one byte beyond the limit. Nothing is unpacked, no cookie is kept, and the settings' headers
/// and the URL's credentials go to the base's own server only.
#[derive(Debug)]
pub struct Http {
    inner: Arc<Inner>,
    deadline: Deadline,
}

#[derive(Debug)]
struct Inner {
    metadata: Base,
    targets: Base,
    headers: HeaderMap,
    rewrites: Rewrites,
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
    /// meaning for the files below), and for a rewrite between URLs that are none; [`TransportError::Setup`] for a header or a
    /// proxy that is none.
    pub fn new(metadata: &str, targets: &str, settings: HttpSettings) -> Result<Self, TransportError> {
        let mut headers = settings.header_map()?;
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
        Ok(Self {
            deadline: Deadline::of(&settings),
            inner: Arc::new(Inner {
                metadata: Base::new(metadata)?,
                targets: Base::new(targets)?,
                headers,
                rewrites: Rewrites::new(&settings.rewrites)?,
                clients: Clients::new(&settings)?,
                settings,
            }),
        })
    }

    async fn fetch_if(&self, request: &Request, tag: Option<HeaderValue>) -> Result<Fetched, TransportError> {
        if tokio::runtime::Handle::try_current().is_err() {
            return Err(TransportError::Setup { reason: "there is no tokio runtime here".to_owned() });
        }
        let wanted = Wanted::of(&self.inner, request, tag)?;
        let _running = self.deadline.running();
        let Some(until) = self.deadline.until() else { return self.inner.try_often(&wanted, &self.deadline).await };
        // Of what takes no time, a timer alone would see nothing.
        if Instant::now() >= until {
            return Err(self.deadline.is_up(wanted.location));
        }
        match timeout_at(until, self.inner.try_often(&wanted, &self.deadline)).await {
            Ok(fetched) => fetched,
            Err(_) => Err(self.deadline.is_up(wanted.location)),
        }
    }
}

impl Clone for Http {
    fn clone(&self) -> Self {
        Self { inner: Arc::clone(&self.inner), deadline: Deadline::of(&self.inner.settings) }
    }
}

impl AsyncTransport for Http {
    async fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        match self.fetch_if(request, None).await? {
            Fetched::New { bytes, .. } => Ok(bytes),
            Fetched::Unchanged => Err(TransportError::Setup { reason: "nothing is known to be unchanged".to_owned() }),
        }
    }

    async fn fetch_unless(&self, request: &Request, etag: Option<&str>) -> Result<Fetched, TransportError> {
        self.fetch_if(request, etag.and_then(entity_tag::to_ask_with)).await
    }

    fn begin_session(&self) {
        self.deadline.begin(Instant::now());
    }
}

/// One file, with all its tries.
struct Wanted {
    url: Url,
    /// For messages.
    location: String,
    /// The entity tag of the one that is here already.
    tag: Option<HeaderValue>,
    past_caches: bool,
    limit: u64,
    is_metadata: bool,
}

impl Wanted {
    fn of(inner: &Inner, request: &Request, tag: Option<HeaderValue>) -> Result<Self, TransportError> {
        let base = match request.place {
            Place::Metadata => &inner.metadata,
            Place::Targets => &inner.targets,
        };
        let url = inner.rewrites.apply(base.url_of(request)?);
        let location = match inner.clients.proxy_shown(&url)? {
            Some(proxy) => format!("{} through the proxy {proxy}", shown(&url)),
            None => shown(&url),
        };
        let is_metadata = request.place == Place::Metadata;
        Ok(Wanted { url, location, tag, past_caches: request.past_caches, limit: request.limit, is_metadata })
    }
}

impl Inner {
    async fn try_often(&self, wanted: &Wanted, deadline: &Deadline) -> Result<Fetched, TransportError> {
        let mut tries = 1;
        let mut credit = deadline.credit_of_a_file(Instant::now());
        loop {
            let failure = match self.try_once(wanted, deadline, &mut credit).await {
                Ok(fetched) => {
                    deadline.finished(Instant::now());
                    return Ok(fetched);
                }
                Err(failure) => failure,
            };
            match retry::pause(&self.settings, tries, &failure.retry) {
                // A pause that outlasts the session would only hide what went wrong.
                Some(pause) if deadline.until().is_none_or(|until| later(Instant::now(), pause) < until) => {
                    tokio::time::sleep(pause).await;
                    deadline.paused(Instant::now(), &mut credit, pause);
                }
                _ => return Err(failure.after(tries)),
            }
            tries += 1;
        }
    }

    /// One try, from the first byte to the last: what a broken try has read is thrown away.
    async fn try_once(&self, wanted: &Wanted, deadline: &Deadline, credit: &mut Credit) -> Result<Fetched, Failure> {
        let location = &wanted.location;
        let started = Instant::now();
        let answer_by = later(started, self.settings.request_timeout);
        let mut answered = pin!(self.follow_redirects(wanted));
        let (response, mut observed) = loop {
            let spent_at = deadline.spent_at(credit);
            match timeout_at(answer_by.min(spent_at), &mut answered).await {
                Ok(answered) => break answered?,
                Err(_) if answer_by <= Instant::now() => {
                    return Err(Failure::timed_out(location, "no answer", self.settings.request_timeout));
                }
                // Other files of the session have given time back meanwhile.
                Err(_) if deadline.spent_at(credit) > spent_at => {}
                Err(_) => return Err(Failure::too_slow(location, deadline.patience())),
            }
        };
        let status = response.status();
        if status == StatusCode::NOT_MODIFIED && wanted.tag.is_some() {
            return Ok(Fetched::Unchanged);
        }
        if status != StatusCode::OK {
            let failure = Failure::from_status(location, status, response.headers(), &self.settings);
            drain(response).await;
            return Err(failure);
        }
        if wanted.is_metadata {
            refuse_encoding(location, &response)?;
        }
        let etag = entity_tag::given(response.headers());
        let mut body = Body { response, location, started, limit: wanted.limit, observed: &mut observed };
        let bytes = body.read(&self.settings, deadline, credit).await?;
        Ok(Fetched::New { bytes, etag })
    }

    /// The first answer that is no redirect. Each hop has clients of its own, so that TLS is set up only when some
    /// hop needs it, and decides again who may see the headers.
    async fn follow_redirects(&self, wanted: &Wanted) -> Result<(Response, Observed), Failure> {
        let Wanted { url, location, .. } = wanted;
        let mut hop = url.clone();
        for _ in 0..=MAX_REDIRECTS {
            let mut headers = match is_same_origin(url, &hop) {
                true => self.headers.clone(),
                false => HeaderMap::from_iter([(ACCEPT_ENCODING, HeaderValue::from_static("identity"))]),
            };
            headers.extend(wanted.tag.clone().map(|tag| (IF_NONE_MATCH, tag)));
            if wanted.past_caches {
                headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
            }
            let origin = self.clients.for_url(&hop)?;
            let mut observed = Observed::begin(self.settings.observer.as_ref(), || without_query(&hop));
            let answered = origin.send(|client| client.get(hop.clone()).headers(headers.clone())).await;
            let response = answered.map_err(|error| Failure::from_reqwest(location, error, &self.settings))?;
            observed.answered(Answer::Status(response.status().as_u16()));
            observed.cached(cache_control(&response));
            let Some(target) = redirect_target(&response) else { return Ok((response, observed)) };
            let target = follow(&hop, &target).map_err(|reason| Failure::refused_redirect(location, reason))?;
            hop = self.rewrites.apply(target);
            drain(response).await;
        }
        Err(Failure::refused_redirect(location, "it is redirected more than 5 times"))
    }
}

/// A body on its way.
struct Body<'a> {
    response: Response,
    location: &'a str,
    /// When the try began.
    started: Instant,
    limit: u64,
    observed: &'a mut Observed,
}

impl Body<'_> {
    async fn read(
        &mut self,
        settings: &HttpSettings,
        deadline: &Deadline,
        credit: &mut Credit,
    ) -> Result<Vec<u8>, Failure> {
        let Body { location, limit, .. } = *self;
        let too_long = || Failure::never(TransportError::TooLong { location: location.to_owned(), limit });
        let announced = self.response.content_length();
        if announced.is_some_and(|length| length > limit) {
            return Err(too_long());
        }
        let mut bytes = Vec::with_capacity(announced.unwrap_or(0).min(MAX_RESERVED) as usize);
        // Every byte that arrives buys time, at the slowest rate that is put up with.
        let mut in_all = settings.request_timeout;
        loop {
            let all_by = later(self.started, in_all);
            let more_by = later(Instant::now(), settings.read_timeout);
            let spent_at = deadline.spent_at(credit);
            let chunk = timeout_at(more_by.min(all_by).min(spent_at), self.response.chunk()).await;
            match chunk {
                Err(_) if spent_at < more_by.min(all_by) => match deadline.spent_at(credit) > spent_at {
                    // Other files of the session have given time back meanwhile.
                    true => continue,
                    false => return Err(Failure::too_slow(location, deadline.patience())),
                },
                Err(_) if more_by < all_by => {
                    return Err(Failure::timed_out(location, "no further data", settings.read_timeout));
                }
                Err(_) => return Err(Failure::timed_out(location, "not all of it", in_all)),
                Ok(Err(error)) => return Err(Failure::from_reqwest(location, error, settings)),
                Ok(Ok(None)) => return Ok(bytes),
                Ok(Ok(Some(chunk))) => {
                    self.observed.read(chunk.len());
                    if (bytes.len() + chunk.len()) as u64 > limit {
                        return Err(too_long());
                    }
                    bytes.extend_from_slice(&chunk);
                    in_all = in_all.saturating_add(deadline.arrived(Instant::now(), credit, chunk.len()));
                }
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
const MAX_REDIRECTS: usize = 5;

/// The most memory that a server's announcement alone makes us reserve, in bytes.
const MAX_RESERVED: u64 = 1 << 20;

/// The most of an unwanted body that is read to keep its connection, in bytes, and for how long. The "not found" of the
/// next root version comes with such a body, right before the timestamp is wanted over the same connection.
const MAX_DRAINED: usize = 16 << 10;
const MAX_DRAIN: Duration = Duration::from_millis(100);

/// Reads a body that nobody wants, so that its connection can be used again; gives up where a new one is cheaper.
async fn drain(mut response: Response) {
    let until = Instant::now() + MAX_DRAIN;
    let mut drained = 0;
    while drained <= MAX_DRAINED {
        match timeout_at(until, response.chunk()).await {
            Ok(Ok(Some(chunk))) => drained += chunk.len(),
            _ => return,
        }
    }
}

/// How long caches may keep the answer, as the server wrote it.
fn cache_control(response: &Response) -> Option<String> {
    let values = response.headers().get_all(CACHE_CONTROL).iter();
    let values: Vec<_> = values.map(|value| String::from_utf8_lossy(value.as_bytes())).collect();
    (!values.is_empty()).then(|| values.join(", "))
}

/// Where a redirect leads, as the server wrote it. Without a readable `Location` it is no redirect but a bad status.
fn redirect_target(response: &Response) -> Option<String> {
    let redirects = matches!(response.status().as_u16(), 301 | 302 | 303 | 307 | 308);
    let target = response.headers().get(LOCATION).filter(|_| redirects)?;
    target.to_str().ok().map(str::to_owned)
}
