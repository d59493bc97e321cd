//! Azure Blob Storage that is not ours, and not in Azure.

use std::process::Command;

use crate::binaries::workspace;
use crate::peers;
use crate::running::Running;
use crate::servers::plain_http::{Answer, request};

/// Azurite's blobs on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Azurite {
    running: Running,
}

/// The account that it always has.
pub const ACCOUNT: &str = "devstoreaccount1";
/// The key of that account, the same everywhere.
pub const KEY: &str = "Eby8vdM02xNOcqFlqUwJPLlmEtlCDXJ1OUzFT50uSRZ6IFsuFq2UVErCz4I6tq/K1SZFPTOtr/KBHBeksoGMGw==";

impl Azurite {
    /// Starts it. It ends when this is dropped, or this process does, whichever way. None if it is not installed.
    ///
    /// # Panics
    /// If it does not start; if it is not installed and `CI=true`.
    pub fn start() -> Option<Azurite> {
        let program = peers::unpacked("azurite/node_modules/azurite")?;
        let folder = program.ancestors().nth(2).expect("it is in a folder of packages");
        let running = Running::start_attached(|port| {
            let mut command = Command::new("node");
            command.arg(workspace().join("tests/peers/azurite/serve.mjs")).arg(folder).arg(port.to_string());
            command
        });
        Some(Azurite { running })
    }

    /// Makes a container whose blobs everybody may read.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn create_container(&self, name: &str) {
        let script = workspace().join("tests/peers/azurite/container.mjs");
        let port = self.running.port().to_string();
        let output = Command::new("node").arg(script).args([&port, name, KEY]).output().expect("Node runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    /// What everybody gets there.
    pub fn get(&self, target: &str) -> Answer {
        request(self.running.port(), "GET", target, &[], b"")
    }

    /// Its address, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port())
    }
}
