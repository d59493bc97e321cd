//! A web server that is not ours.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::peers;
use crate::running::Running;
use crate::servers::scripted_server::LoopbackCertificate;

/// nginx, serving a folder on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Nginx {
    program: PathBuf,
    folder: TempDir,
    running: Running,
    scheme: &'static str,
}

/// One line of its log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Served {
    /// The number of the connection.
    pub connection: String,
    /// Such as `HTTP/2.0`.
    pub protocol: String,
    /// The status it answered with.
    pub status: String,
    /// What was asked for.
    pub path: String,
}

impl Nginx {
    /// Serves `root`, over TLS and HTTP/2 if there is a certificate, with further lines in its `server` block. None if it is not
    /// installed.
    ///
    /// # Panics
    /// If it does not start; if it is not installed and `CI=true`.
    pub fn serving(root: &Path, certificate: Option<&LoopbackCertificate>, lines: &str) -> Option<Nginx> {
        let program = peers::unpacked("nginx/usr/sbin/nginx")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let below = folder.path().display();
        let mut tls = String::new();
        if let Some(certificate) = certificate {
            fs::write(folder.path().join("cert.pem"), &certificate.certificate).expect("a file");
            fs::write(folder.path().join("key.pem"), &certificate.key).expect("a file");
            tls = format!("ssl_certificate {below}/cert.pem; ssl_certificate_key {below}/key.pem;");
        }
        let with_tls = if certificate.is_some() { "ssl http2" } else { "" };
        let paths = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
            .map(|what| format!("{what}_temp_path {below}/temporary;"));
        let paths = paths.concat();
        let running = Running::start(|port| {
            let configuration = format!(
                "daemon off; master_process off; pid {below}/pid; error_log {below}/error.log;
                 events {{ }}
                 http {{
                   log_format seen '$connection $server_protocol $status $request_uri';
                   access_log {below}/access.log seen;
                   {paths}
                   server {{ listen 127.0.0.1:{port} {with_tls}; {tls} root {root}; {lines} }}
                 }}",
                root = root.display(),
            );
            fs::write(folder.path().join("nginx.conf"), configuration).expect("a file");
            nginx(&program, folder.path())
        });
        let scheme = if certificate.is_some() { "https" } else { "http" };
        Some(Nginx { program, folder, running, scheme })
    }

    /// `http://127.0.0.1:PORT`, or `https`, without a slash at its end.
    pub fn url(&self) -> String {
        format!("{}://127.0.0.1:{}", self.scheme, self.running.port())
    }

    /// Ends it, and gives what its log says of every request.
    ///
    /// # Panics
    /// If it does not end.
    pub fn into_log(mut self) -> Vec<Served> {
        let asked = nginx(&self.program, self.folder.path()).args(["-s", "quit"]).output();
        assert!(asked.is_ok_and(|output| output.status.success()), "nginx is asked to end");
        self.running.wait();
        let log = fs::read_to_string(self.folder.path().join("access.log")).expect("a log");
        let served = |line: &str| {
            let mut words = line.splitn(4, ' ').map(str::to_owned);
            Some(Served {
                connection: words.next()?,
                protocol: words.next()?,
                status: words.next()?,
                path: words.next()?,
            })
        };
        log.lines().filter_map(served).collect()
    }
}

fn nginx(program: &Path, folder: &Path) -> Command {
    let mut command = Command::new(program);
    command.arg("-p").arg(folder).arg("-c").arg(folder.join("nginx.conf")).arg("-e").arg(folder.join("error.log"));
    command
}
