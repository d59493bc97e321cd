//! A web server that speaks HTTP/2 over TLS, and counts its connections.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use futures_util::future::{Either, pending, select};
use http::{Request, Response};
use rustls::ServerConfig;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Barrier, oneshot};
use tokio_rustls::TlsAcceptor;

use crate::simulator::Files;

/// The server. Dropping it closes all its connections.
#[derive(Debug)]
pub struct Http2Server {
    address: SocketAddr,
    shared: Arc<Shared>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

#[derive(Debug)]
struct Shared {
    files: Files,
    /// So many connections, the first ones, are never read from.
    deaf: usize,
    connections: AtomicUsize,
    requests: Mutex<Vec<String>>,
    /// So many requests are answered only when all of them are there.
    together: usize,
    all_there: Barrier,
}

impl Http2Server {
    /// Serves `files`. The first `together` requests are answered only when all of them are there.
    pub fn serving(files: Files, tls: ServerConfig, together: usize) -> Self {
        Self::start(files, tls, together, 0)
    }

    /// Serves `files`, except on the first connection: there it is silent once the TLS handshake is done.
    pub fn deaf_at_first(files: Files, tls: ServerConfig) -> Self {
        Self::start(files, tls, 0, 1)
    }

    fn start(files: Files, mut tls: ServerConfig, together: usize, deaf: usize) -> Self {
        tls.alpn_protocols = vec![b"h2".to_vec()];
        let socket = std::net::TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a port of this machine is free");
        let address = socket.local_addr().expect("a bound socket has an address");
        socket.set_nonblocking(true).expect("a socket of our own");
        let shared = Arc::new(Shared {
            files,
            deaf,
            connections: AtomicUsize::new(0),
            requests: Mutex::default(),
            together,
            all_there: Barrier::new(together.max(1)),
        });
        let (stop, stopped) = oneshot::channel();
        let serving = Arc::clone(&shared);
        let thread = thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            let runtime = runtime.expect("the system has file descriptors left");
            let listener = {
                let _within = runtime.enter();
                TcpListener::from_std(socket).expect("a socket that does not block")
            };
            let listening = std::pin::pin!(listen(listener, TlsAcceptor::from(Arc::new(tls)), serving));
            match runtime.block_on(select(listening, stopped)) {
                Either::Left(_) | Either::Right(_) => {}
            }
        });
        Self { address, shared, stop: Some(stop), thread: Some(thread) }
    }

    /// `https://127.0.0.1:PORT`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("https://{}", self.address)
    }

    /// How many connections there were.
    pub fn connections(&self) -> usize {
        self.shared.connections.load(Ordering::SeqCst)
    }

    /// The paths that were asked for, in order of arrival.
    pub fn requests(&self) -> Vec<String> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Drop for Http2Server {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn listen(listener: TcpListener, acceptor: TlsAcceptor, shared: Arc<Shared>) {
    while let Ok((tcp, _)) = listener.accept().await {
        let is_deaf = shared.connections.fetch_add(1, Ordering::SeqCst) < shared.deaf;
        tokio::spawn(serve(tcp, acceptor.clone(), is_deaf, Arc::clone(&shared)));
    }
}

async fn serve(tcp: TcpStream, acceptor: TlsAcceptor, is_deaf: bool, shared: Arc<Shared>) {
    let Ok(stream) = acceptor.accept(tcp).await else { return };
    if is_deaf {
        // The connection stays open until the server ends.
        pending::<()>().await;
    }
    let Ok(mut connection) = h2::server::handshake(stream).await else { return };
    while let Some(Ok((request, respond))) = connection.accept().await {
        tokio::spawn(answer(request, respond, Arc::clone(&shared)));
    }
}

async fn answer<B>(request: Request<B>, mut respond: h2::server::SendResponse<bytes::Bytes>, shared: Arc<Shared>) {
    let path = request.uri().path().to_owned();
    let body = shared.files.by_url_path(&path).map(<[u8]>::to_vec);
    let number = {
        let mut requests = shared.requests.lock().unwrap_or_else(PoisonError::into_inner);
        requests.push(path);
        requests.len()
    };
    if number <= shared.together {
        shared.all_there.wait().await;
    }
    let status = if body.is_some() { 200 } else { 404 };
    let head = Response::builder().status(status).body(()).expect("a status alone");
    // Whoever has hung up meanwhile misses nothing.
    if let Ok(mut stream) = respond.send_response(head, false) {
        let _ = stream.send_data(body.unwrap_or_default().into(), true);
    }
}
