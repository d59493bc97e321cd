//! A web server that does exactly what a test says, byte for byte, well-behaved or not.
//!
//! It listens on a free port of 127.0.0.1, answers each request with what the script says, remembers what it was asked,
//! and ends with everything that still hangs when it is dropped.

use std::collections::VecDeque;
use std::error::Error;
use std::io::{self, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair};
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ServerConfig, ServerConnection, StreamOwned};

/// The server. Dropping it closes all its connections.
#[derive(Debug)]
pub struct ScriptedServer {
    address: SocketAddr,
    scheme: &'static str,
    shared: Arc<Shared>,
    listener: Option<JoinHandle<()>>,
}

/// One request as it arrived.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Received {
    /// Such as `GET`.
    pub method: String,
    /// What stands between the method and the version, as it was sent: `/metadata/timestamp.json`.
    pub target: String,
    /// The header lines, names in lower case.
    pub headers: Vec<(String, String)>,
    /// What follows the header lines.
    pub body: Vec<u8>,
    /// Which connection it came on, counted from 0.
    pub connection: usize,
}

/// What to answer to one request.
#[derive(Clone, Debug, Default)]
pub struct Reply {
    steps: Vec<Step>,
    closes: bool,
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    /// Until the other side hangs up.
    SendForever(Vec<u8>),
    Pause(Duration),
    /// Send nothing more and keep the connection, until the other side hangs up.
    Stall,
}

impl ScriptedServer {
    /// Answers the first request with the first reply and so on, on whichever connection it comes; further ones with the
    /// status 500.
    pub fn with_script(replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::answering(script(replies))
    }

    /// Answers each request with what `answer` makes of it.
    pub fn answering(answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(None, answer)
    }

    /// As [`with_script`](Self::with_script), over TLS.
    pub fn with_tls_script(tls: ServerConfig, replies: impl IntoIterator<Item = Reply>) -> Self {
        Self::start(Some(Arc::new(tls)), script(replies))
    }

    /// As [`answering`](Self::answering), over TLS.
    pub fn answering_over_tls(tls: ServerConfig, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        Self::start(Some(Arc::new(tls)), answer)
    }

    /// `http://127.0.0.1:PORT`, or `https`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("{}://{}", self.scheme, self.address)
    }

    /// What was asked so far, in order of arrival.
    pub fn requests(&self) -> Vec<Received> {
        self.shared.requests().clone()
    }

    /// The targets of [`requests`](Self::requests).
    pub fn targets(&self) -> Vec<String> {
        self.shared.requests().iter().map(|request| request.target.clone()).collect()
    }

    /// Waits until the other side has hung up on this many replies that were not sent to their end, and says so; gives
    /// up after ten seconds.
    pub fn was_hung_up_on(&self, times: usize) -> bool {
        let hung_up = self.shared.hung_up.lock().unwrap_or_else(PoisonError::into_inner);
        let waited = self.shared.changed.wait_timeout_while(hung_up, Duration::from_secs(10), |n| *n < times);
        *waited.unwrap_or_else(PoisonError::into_inner).0 >= times
    }

    fn start(tls: Option<Arc<ServerConfig>>, answer: impl Fn(&Received) -> Reply + Send + Sync + 'static) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").expect("a port of the loopback interface is free");
        let address = socket.local_addr().expect("a bound socket has an address");
        let scheme = if tls.is_some() { "https" } else { "http" };
        let shared = Arc::new(Shared { answer: Box::new(answer), ..Shared::new() });
        let listener = thread::spawn({
            let shared = Arc::clone(&shared);
            move || listen(&socket, tls.as_ref(), &shared)
        });
        Self { address, scheme, shared, listener: Some(listener) }
    }
}

impl Drop for ScriptedServer {
    fn drop(&mut self) {
        self.shared.stopped.store(true, Ordering::SeqCst);
        // Wakes the listener, which then sees that it is over and closes the connections.
        let _ = TcpStream::connect(self.address);
        if let Some(listener) = self.listener.take() {
            let _ = listener.join();
        }
    }
}

impl Reply {
    /// Status 200 with this body.
    pub fn ok(body: impl AsRef<[u8]>) -> Self {
        Self::status(200, body)
    }

    /// This status with this body.
    pub fn status(status: u16, body: impl AsRef<[u8]>) -> Self {
        Self::with_headers(status, &[], body)
    }

    /// This status with these headers, a right `Content-Length`, and this body.
    pub fn with_headers(status: u16, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Self {
        let body = body.as_ref();
        let length = body.len().to_string();
        let headers = [headers, &[("Content-Length", &length)]].concat();
        Self::head(status, &headers).send(body)
    }

    /// This status and exactly these headers, with the body left to [`send`](Self::send) and the others.
    pub fn head(status: u16, headers: &[(&str, &str)]) -> Self {
        let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
        Self::default().send(format!("HTTP/1.1 {status} Scripted\r\n{lines}\r\n"))
    }

    /// A redirect to this place.
    pub fn redirect(status: u16, location: &str) -> Self {
        Self::with_headers(status, &[("Location", location)], "over there")
    }

    /// Sends these bytes next, whatever they are.
    #[must_use]
    pub fn send(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::Send(bytes.as_ref().to_vec()));
        self
    }

    /// Sends these bytes again and again, until the client hangs up.
    #[must_use]
    pub fn send_forever(mut self, bytes: impl AsRef<[u8]>) -> Self {
        self.steps.push(Step::SendForever(bytes.as_ref().to_vec()));
        self
    }

    /// Waits before what comes next.
    #[must_use]
    pub fn pause(mut self, pause: Duration) -> Self {
        self.steps.push(Step::Pause(pause));
        self
    }

    /// Sends nothing more, and keeps the connection open until the client hangs up.
    #[must_use]
    pub fn stall(mut self) -> Self {
        self.steps.push(Step::Stall);
        self
    }

    /// Closes the connection after this reply; without any step before, in place of an answer.
    #[must_use]
    pub fn close(mut self) -> Self {
        self.closes = true;
        self
    }
}

struct Shared {
    answer: Box<dyn Fn(&Received) -> Reply + Send + Sync>,
    requests: Mutex<Vec<Received>>,
    hung_up: Mutex<usize>,
    changed: Condvar,
    stopped: AtomicBool,
}

impl Shared {
    fn new() -> Self {
        Self {
            answer: Box::new(|_| Reply::default().close()),
            requests: Mutex::default(),
            hung_up: Mutex::default(),
            changed: Condvar::new(),
            stopped: AtomicBool::new(false),
        }
    }

    fn requests(&self) -> MutexGuard<'_, Vec<Received>> {
        self.requests.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared").field("requests", &self.requests).finish_non_exhaustive()
    }
}

trait Stream: Read + Write + Send {}
impl<T: Read + Write + Send> Stream for T {}

fn script(replies: impl IntoIterator<Item = Reply>) -> impl Fn(&Received) -> Reply + Send + Sync + 'static {
    let replies: Mutex<VecDeque<Reply>> = Mutex::new(replies.into_iter().collect());
    move |_| {
        let next = replies.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
        next.unwrap_or_else(|| Reply::status(500, "the script is at its end"))
    }
}

fn listen(socket: &TcpListener, tls: Option<&Arc<ServerConfig>>, shared: &Arc<Shared>) {
    let mut sockets = Vec::new();
    let mut threads = Vec::new();
    for (connection, accepted) in socket.incoming().enumerate() {
        if shared.stopped.load(Ordering::SeqCst) {
            break;
        }
        let Ok(tcp) = accepted else { continue };
        let (Ok(copy), Ok(to_close)) = (tcp.try_clone(), tcp.try_clone()) else { continue };
        let _ = tcp.set_nodelay(true);
        let stream: Box<dyn Stream> = match tls {
            None => Box::new(tcp),
            Some(config) => match ServerConnection::new(Arc::clone(config)) {
                Ok(session) => Box::new(StreamOwned::new(session, tcp)),
                Err(_) => continue,
            },
        };
        sockets.push(copy);
        let shared = Arc::clone(shared);
        threads.push(thread::spawn(move || {
            serve(stream, connection, &shared);
            // Dropping the stream does not close the connection, of which the listener has a copy.
            let _ = to_close.shutdown(Shutdown::Both);
        }));
    }
    for socket in sockets {
        let _ = socket.shutdown(Shutdown::Both);
    }
    for thread in threads {
        let _ = thread.join();
    }
}

/// One connection, until one of the two has enough of it.
fn serve(mut stream: Box<dyn Stream>, connection: usize, shared: &Shared) {
    while let Ok(Some(received)) = read_request(&mut stream, connection) {
        shared.requests().push(received.clone());
        let reply = (shared.answer)(&received);
        if play(&reply, &mut stream, shared).is_err() {
            *shared.hung_up.lock().unwrap_or_else(PoisonError::into_inner) += 1;
            shared.changed.notify_all();
            return;
        }
        if reply.closes {
            return;
        }
    }
}

fn play(reply: &Reply, stream: &mut impl Stream, shared: &Shared) -> io::Result<()> {
    for step in &reply.steps {
        match step {
            Step::Send(bytes) => stream.write_all(bytes)?,
            Step::SendForever(bytes) => loop {
                stream.write_all(bytes)?;
            },
            Step::Pause(pause) if !shared.stopped.load(Ordering::SeqCst) => thread::sleep(*pause),
            Step::Pause(_) => {}
            Step::Stall => {
                stream.flush()?;
                // A client that waits for an answer sends nothing, so this ends when it hangs up.
                stream.read_exact(&mut [0])?;
            }
        }
    }
    stream.flush()
}

/// The next request, or `None` at the end of the connection. A body is as long as its header says, or empty.
fn read_request(stream: &mut impl Stream, connection: usize) -> io::Result<Option<Received>> {
    let mut head = Vec::new();
    let mut byte = [0];
    while !head.ends_with(b"\r\n\r\n") {
        if stream.read(&mut byte)? == 0 {
            return Ok(None);
        }
        head.push(byte[0]);
    }
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned()))
        .collect();
    let mut received = Received { method, target, headers, body: Vec::new(), connection };
    let length = received.header("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    received.body = vec![0; length];
    stream.read_exact(&mut received.body)?;
    Ok(Some(received))
}

/// A certificate authority made for the occasion, as PEM, and what a server at 127.0.0.1 needs to be trusted by whoever
/// trusts that authority.
///
/// # Errors
///
/// When the certificates cannot be made, which does not happen.
pub fn loopback_tls() -> Result<(String, ServerConfig), Box<dyn Error>> {
    let LoopbackCertificate { authority, certificate, key } = LoopbackCertificate::new()?;
    let chain = CertificateDer::pem_slice_iter(certificate.as_bytes()).collect::<Result<Vec<_>, _>>()?;
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_single_cert(chain, PrivateKeyDer::from_pem_slice(key.as_bytes())?)?;
    Ok((authority, config))
}

/// A certificate for 127.0.0.1 by an authority made for the occasion. All are PEM.
#[derive(Clone, Debug)]
pub struct LoopbackCertificate {
    /// The authority's certificate.
    pub authority: String,
    /// The server's certificate.
    pub certificate: String,
    /// The server's private key.
    pub key: String,
}

impl LoopbackCertificate {
    /// Makes one.
    ///
    /// # Errors
    ///
    /// When it cannot be made, which does not happen.
    pub fn new() -> Result<Self, Box<dyn Error>> {
        let mut authority = CertificateParams::new([])?;
        authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let authority = CertifiedIssuer::self_signed(authority, KeyPair::generate()?)?;
        let key = KeyPair::generate()?;
        let certificate = CertificateParams::new(["127.0.0.1".to_owned()])?.signed_by(&key, &authority)?;
        Ok(Self { authority: authority.pem(), certificate: certificate.pem(), key: key.serialize_pem() })
    }
}

impl Received {
    /// The value of the header `name` (lower case), if there is one.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}
