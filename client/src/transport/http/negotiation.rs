//! One connection for many requests where the server speaks HTTP/2, and one for each where it does not.
//!
//! Which of the two it speaks is known when the TLS handshake is done (ALPN). If requests that begin together did not wait for that, each
//! would open a connection. So `https` is tried as HTTP/2 first, by a client that opens one connection for an origin
//! and lets everybody else wait for it. Where the server chose HTTP/1.1, the connection is handed to a second client,
//! and the origin is remembered as one.

use std::any::Any;
use std::error::Error;
use std::fmt;
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::Connection;
use tower_layer::Layer;
use tower_service::Service;

type BoxError = Box<dyn Error + Send + Sync>;
type Connecting<C> = Pin<Box<dyn Future<Output = Result<C, BoxError>> + Send>>;

/// What is known of an origin's protocol.
#[derive(Debug, Default)]
pub(super) struct Negotiation {
    speaks_http_1: AtomicBool,
    /// The connection by which that was found out, until somebody uses it. (Its type has no name outside the HTTP library.)
    spare: Mutex<Option<Box<dyn Any + Send>>>,
}

impl Negotiation {
    /// Whether the server has chosen HTTP/1.1 before.
    pub(super) fn speaks_http_1(&self) -> bool {
        self.speaks_http_1.load(Ordering::Acquire)
    }

    fn found_http_1(&self, connection: impl Any + Send) {
        *self.spare.lock().unwrap_or_else(PoisonError::into_inner) = Some(Box::new(connection));
        self.speaks_http_1.store(true, Ordering::Release);
    }

    fn take_spare<C: Any>(&self) -> Option<C> {
        let spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner).take()?;
        spare.downcast().ok().map(|connection| *connection)
    }
}

/// Why there was no HTTP/2 connection: the server speaks HTTP/1.1.
#[derive(Debug)]
struct SpeaksHttp1;

impl fmt::Display for SpeaksHttp1 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the server does not speak HTTP/2")
    }
}

impl Error for SpeaksHttp1 {}

/// Whether a request failed for no other reason than that it went by HTTP/2.
pub(super) fn wants_http_1(error: &(dyn Error + 'static)) -> bool {
    error.is::<SpeaksHttp1>() || error.source().is_some_and(wants_http_1)
}

/// Around the connector of the HTTP/2 client.
#[derive(Clone, Debug)]
pub(super) struct OnlyHttp2(pub(super) Arc<Negotiation>);

/// Around the connector of the HTTP/1.1 client.
#[derive(Clone, Debug)]
pub(super) struct SpareFirst(pub(super) Arc<Negotiation>);

/// A connector within one of the two.
#[derive(Clone, Debug)]
pub(super) struct Connector<S, L> {
    inner: S,
    layer: L,
}

impl<S> Layer<S> for OnlyHttp2 {
    type Service = Connector<S, OnlyHttp2>;

    fn layer(&self, inner: S) -> Self::Service {
        Connector { inner, layer: self.clone() }
    }
}

impl<S> Layer<S> for SpareFirst {
    type Service = Connector<S, SpareFirst>;

    fn layer(&self, inner: S) -> Self::Service {
        Connector { inner, layer: self.clone() }
    }
}

impl<S, R> Service<R> for Connector<S, OnlyHttp2>
where
    S: Service<R, Error = BoxError>,
    S::Response: Connection + Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Connecting<S::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, to: R) -> Self::Future {
        let negotiation = Arc::clone(&self.layer.0);
        // Those who waited for the connection that turned out to be no HTTP/2 try next.
        if negotiation.speaks_http_1() {
            return Box::pin(async { Err(SpeaksHttp1.into()) });
        }
        let connecting = self.inner.call(to);
        Box::pin(async move {
            let connection = connecting.await?;
            if connection.connected().is_negotiated_h2() {
                return Ok(connection);
            }
            negotiation.found_http_1(connection);
            Err(SpeaksHttp1.into())
        })
    }
}

impl<S, R> Service<R> for Connector<S, SpareFirst>
where
    S: Service<R, Error = BoxError>,
    S::Response: Send + 'static,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Connecting<S::Response>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, to: R) -> Self::Future {
        match self.layer.0.take_spare() {
            Some(connection) => Box::pin(async { Ok(connection) }),
            None => Box::pin(self.inner.call(to)),
        }
    }
}
