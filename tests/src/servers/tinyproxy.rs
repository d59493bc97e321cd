//! A proxy that is not ours.

use std::fs;
use std::process::Command;

use tempfile::TempDir;

use crate::peers;
use crate::running::Running;

/// tinyproxy, on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Tinyproxy {
    folder: TempDir,
    running: Running,
}

impl Tinyproxy {
    /// Starts it with further lines in its configuration, such as `BasicAuth user password`. None if it is not installed.
    ///
    /// # Panics
    /// If it does not start; if it is not installed and `CI=true`.
    pub fn start(lines: &str) -> Option<Tinyproxy> {
        let program = peers::unpacked("tinyproxy/usr/bin/tinyproxy")?;
        let folder = tempfile::tempdir().expect("a temporary folder");
        let configuration = folder.path().join("tinyproxy.conf");
        let running = Running::start(|port| {
            let log = folder.path().join("log");
            let log = log.display();
            let text = format!(
                "Port {port}\nListen 127.0.0.1\nTimeout 60\nMaxClients 50\nLogFile \"{log}\"\nLogLevel Connect\n{lines}\n"
            );
            fs::write(&configuration, text).expect("a file");
            let mut command = Command::new(&program);
            command.arg("-d").arg("-c").arg(&configuration);
            command
        });
        Some(Tinyproxy { folder, running })
    }

    /// Its address: `127.0.0.1:PORT`.
    pub fn address(&self) -> String {
        format!("127.0.0.1:{}", self.running.port())
    }

    /// What it was asked for so far: `GET URL` or `CONNECT HOST:PORT`.
    pub fn requests(&self) -> Vec<String> {
        let log = fs::read_to_string(self.folder.path().join("log")).unwrap_or_default();
        let request = |line: &str| {
            let (_, request) = line.split_once("Request (file descriptor ")?;
            let (_, request) = request.split_once("): ")?;
            request.rsplit_once(" HTTP/").map(|(request, _)| request.to_owned())
        };
        log.lines().filter_map(request).collect()
    }
}
