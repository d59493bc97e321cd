//! A server for trying things out: static files of one folder, on this machine only.

use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use percent_encoding::percent_decode_str;

/// Most bytes of a request's head.
const MAX_HEAD: u64 = 8 << 10;
/// Most requests at a time; a client beyond that is turned away.
const MAX_AT_A_TIME: usize = 32;
/// How long a client may take over one read or write.
const PATIENCE: Duration = Duration::from_secs(10);

/// A running server. It stops when it is dropped.
#[derive(Debug)]
pub(crate) struct Server {
    address: SocketAddr,
    stopping: Arc<AtomicBool>,
    thread: Option<JoinHandle<()>>,
}

impl Server {
    /// Serves the files below `folder` on the loopback address; port 0 takes any that is free.
    pub(crate) fn start(folder: &Path, port: u16) -> io::Result<Server> {
        let folder = fs::canonicalize(folder)?;
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, port))?;
        let address = listener.local_addr()?;
        let stopping = Arc::new(AtomicBool::new(false));
        let stop = Arc::clone(&stopping);
        let thread = thread::spawn(move || serve(&listener, &folder, &stop));
        Ok(Server { address, stopping, thread: Some(thread) })
    }

    /// Where it serves, without a slash at the end.
    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Serves until the process ends.
    pub(crate) fn wait(mut self) {
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stopping.store(true, Ordering::SeqCst);
        // Wakes the listener, so that it sees the flag.
        let _ = TcpStream::connect(self.address);
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn serve(listener: &TcpListener, folder: &Path, stopping: &AtomicBool) {
    let busy = Arc::new(AtomicUsize::new(0));
    for connection in listener.incoming() {
        if stopping.load(Ordering::SeqCst) {
            return;
        }
        let Ok(connection) = connection else { continue };
        if busy.fetch_add(1, Ordering::SeqCst) >= MAX_AT_A_TIME {
            busy.fetch_sub(1, Ordering::SeqCst);
            continue;
        }
        let (folder, busy) = (folder.to_owned(), Arc::clone(&busy));
        thread::spawn(move || {
            // A client that breaks off is its own business.
            let _ = answer(&connection, &folder);
            busy.fetch_sub(1, Ordering::SeqCst);
        });
    }
}

fn answer(connection: &TcpStream, folder: &Path) -> io::Result<()> {
    connection.set_read_timeout(Some(PATIENCE))?;
    connection.set_write_timeout(Some(PATIENCE))?;
    let mut head = BufReader::new(connection.take(MAX_HEAD)).lines();
    let request = head.next().transpose()?.unwrap_or_default();
    // The rest of the head says nothing that matters here, but has to be read before the connection is closed.
    while head.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    let mut words = request.split(' ');
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut out = connection;
    if method != "GET" && method != "HEAD" {
        return out.write_all(b"HTTP/1.1 405 Method Not Allowed\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
    }
    match open(folder, target) {
        Some((mut file, length)) => {
            write!(out, "HTTP/1.1 200 OK\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n")?;
            if method == "GET" {
                io::copy(&mut (&mut file).take(length), &mut out)?;
            }
            Ok(())
        }
        None => out.write_all(b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"),
    }
}

/// The regular file that a request names, if it is inside the folder once every link has been followed.
fn open(folder: &Path, target: &str) -> Option<(File, u64)> {
    let path = target.split(['?', '#']).next()?.strip_prefix('/')?;
    let mut place = PathBuf::from(folder);
    for part in path.split('/') {
        let part = percent_decode_str(part).decode_utf8().ok()?;
        if part.is_empty() || part == "." || part == ".." || part.contains(['/', '\\', '\0']) {
            return None;
        }
        place.push(&*part);
    }
    let place = fs::canonicalize(place).ok().filter(|place| place.starts_with(folder))?;
    let file = File::open(place).ok()?;
    let found = file.metadata().ok().filter(fs::Metadata::is_file)?;
    Some((file, found.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn get(server: &Server, request: &str) -> String {
        let mut connection = TcpStream::connect(server.address).unwrap();
        write!(connection, "{request}\r\nHost: x\r\n\r\n").unwrap();
        let mut answer = String::new();
        connection.read_to_string(&mut answer).unwrap();
        answer
    }

    #[test]
    fn files_below_the_folder_are_served_and_nothing_else() {
        let around = tempfile::tempdir().unwrap();
        let folder = around.path().join("public");
        fs::create_dir_all(folder.join("targets")).unwrap();
        fs::write(around.path().join("secret"), "secret").unwrap();
        fs::write(folder.join("timestamp.json"), "{}").unwrap();
        fs::write(folder.join("targets").join("a b"), "AB").unwrap();
        #[cfg(unix)]
        std::os::unix::fs::symlink(around.path().join("secret"), folder.join("link")).unwrap();
        let server = Server::start(&folder, 0).unwrap();
        assert!(
            get(&server, "GET /timestamp.json HTTP/1.1").ends_with("Content-Length: 2\r\nConnection: close\r\n\r\n{}")
        );
        assert!(get(&server, "GET /targets/a%20b HTTP/1.1").ends_with("\r\n\r\nAB"));
        assert!(get(&server, "HEAD /timestamp.json HTTP/1.1").ends_with("\r\n\r\n"));
        for path in [
            "/../secret",
            "/%2e%2e/secret",
            "/..%2fsecret",
            "/targets",
            "/",
            "/link",
            "/targets//a%20b",
            "/%",
            "secret",
        ] {
            assert!(get(&server, &format!("GET {path} HTTP/1.1")).starts_with("HTTP/1.1 404"), "{path}");
        }
        assert!(get(&server, "POST /timestamp.json HTTP/1.1").starts_with("HTTP/1.1 405"));
    }
}
