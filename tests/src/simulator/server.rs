//! The files over HTTP, on this machine only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::files::Files;
use crate::servers::scripted_server::{Reply, ScriptedServer};

/// A web server with a repository's files. It stops when it is dropped.
#[derive(Debug)]
pub struct Server {
    server: ScriptedServer,
    served: Arc<Mutex<Served>>,
    /// How many requests have been told of.
    told: usize,
}

#[derive(Debug)]
struct Served {
    files: Files,
    /// The path of a file that is served without an end.
    endless: Option<String>,
}

impl Server {
    pub(super) fn start(files: Files) -> Server {
        let served = Arc::new(Mutex::new(Served { files, endless: None }));
        let answering = Arc::clone(&served);
        let server = ScriptedServer::answering(move |request| {
            let served = lock(&answering);
            if served.endless.as_ref() == Some(&request.target) {
                return Reply::head(200, &[]).send_forever([b' '; 8 << 10]);
            }
            match served.files.by_url_path(&request.target) {
                Some(body) => Reply::ok(body),
                None => Reply::status(404, "not found"),
            }
        });
        Server { server, served, told: 0 }
    }

    /// Where the metadata is, with a slash at its end.
    pub fn metadata_url(&self) -> String {
        format!("{}/metadata/", self.server.url())
    }

    /// Where the targets are, with a slash at its end.
    pub fn targets_url(&self) -> String {
        format!("{}/targets/", self.server.url())
    }

    /// Serves other files from now on.
    pub fn replace(&self, files: &Files) {
        lock(&self.served).files = files.clone();
    }

    /// Serves that metadata file without an end from now on, and without saying how long it is.
    pub fn serve_endlessly(&self, name: &str) {
        lock(&self.served).endless = Some(format!("/metadata/{name}"));
    }

    /// The paths that were asked for since this was last called, in order.
    pub fn take_requests(&mut self) -> Vec<String> {
        let all = self.server.targets();
        let new = all[self.told..].to_vec();
        self.told = all.len();
        new
    }
}

/// A thread that panicked with the lock leaves a value that is whole.
fn lock(served: &Mutex<Served>) -> MutexGuard<'_, Served> {
    served.lock().unwrap_or_else(PoisonError::into_inner)
}
