//! What the drivers share: the command line, the clock, the answer.
//!
//! A driver lets one TUF client read one repository and says what came of it. Every driver in `tests/peers` has
//! the same command line (see `tests/peers/README.md`) and prints one line of JSON:
//!
//! ```text
//! {"root": N, "timestamp": N, "snapshot": N, "targets": N, "files": {NAME: SHA256}}
//! ```
//!
//! It leaves with 0, with 1 when the client refuses (the reason is on stderr), or with 2 when it was called wrongly.

use std::collections::BTreeMap;
use std::error::Error;
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::Command;

use serde_json::json;
use sha2::{Digest, Sha256};

/// What a driver was asked to do.
#[derive(Debug, Default)]
pub struct Request {
    /// The only trust the client starts from.
    pub root: Vec<u8>,
    /// Where the metadata is; targets are below it, at `targets/`. Always ends in a slash.
    pub url: String,
    /// The instant at which the repository is judged; the machine's clock without it.
    pub at: Option<jiff::Timestamp>,
    /// A folder of the client's own, kept from one run to the next.
    pub cache: PathBuf,
    /// The targets to download.
    pub targets: Vec<String>,
    /// `--warm`, `--offline`: measure instead of answering. Only a driver that names them in `modes` takes them.
    pub mode: Option<String>,
    /// How often to measure.
    pub repeat: u32,
}

impl Request {
    /// Reads the command line; `modes` are the flags this driver knows beyond the common ones.
    /// Leaves the process with 2 and a usage line where it cannot.
    pub fn from_args(modes: &[&str]) -> Self {
        parse(std::env::args().skip(1), modes).unwrap_or_else(|what| {
            let modes: String = modes.iter().map(|m| format!(" [{m} [--repeat N]]")).collect();
            eprintln!("{what}");
            eprintln!("usage: --root ROOT_JSON --url BASE_URL [--at RFC3339] --cache DIR [--target NAME]...{modes}");
            std::process::exit(2);
        })
    }

    /// For a client that reads the machine's clock: starts this program again with the clock standing still at `at`.
    ///
    /// Only the wall clock is replaced. A monotonic clock that stands still would never let a time-out end.
    pub fn hold_the_clock(&self) {
        const HELD: &str = "ROOTLINE_PEER_CLOCK";
        let (Some(at), None) = (self.at, std::env::var_os(HELD)) else {
            return;
        };
        let program = std::env::current_exe().expect("a running program has a path");
        let failed = Command::new("faketime")
            .args(["-f", &at.strftime("%Y-%m-%d %H:%M:%S").to_string()])
            .arg(program)
            .args(std::env::args_os().skip(1))
            .env(HELD, "1")
            .env("TZ", "UTC")
            .env("FAKETIME_DONT_FAKE_MONOTONIC", "1")
            .exec();
        eprintln!("faketime does not start ({failed}); tests/peers/install installs it");
        std::process::exit(2);
    }
}

fn parse(mut args: impl Iterator<Item = String>, modes: &[&str]) -> Result<Request, String> {
    let mut request = Request { repeat: 1, ..Request::default() };
    let mut root = None;
    while let Some(flag) = args.next() {
        if modes.contains(&flag.as_str()) {
            request.mode = Some(flag);
            continue;
        }
        let value = args.next().ok_or_else(|| format!("{flag} needs a value"))?;
        match flag.as_str() {
            "--root" => root = Some(value),
            "--url" => request.url = format!("{}/", value.trim_end_matches('/')),
            "--at" => request.at = Some(value.parse().map_err(|e| format!("--at {value}: {e}"))?),
            "--cache" => request.cache = value.into(),
            "--target" => request.targets.push(value),
            "--repeat" => request.repeat = value.parse().map_err(|e| format!("--repeat: {e}"))?,
            _ => return Err(format!("{flag} is not known")),
        }
    }
    let root = root.ok_or("--root is missing")?;
    request.root = std::fs::read(&root).map_err(|e| format!("{root}: {e}"))?;
    if request.url.is_empty() || request.cache.as_os_str().is_empty() {
        return Err("--url and --cache are needed".into());
    }
    std::fs::create_dir_all(&request.cache).map_err(|e| format!("{}: {e}", request.cache.display()))?;
    Ok(request)
}

/// What a client ended up trusting.
#[derive(Debug, Default)]
pub struct Answer {
    pub root: u64,
    pub timestamp: u64,
    pub snapshot: u64,
    pub targets: u64,
    pub files: BTreeMap<String, String>,
}

impl Answer {
    /// Notes a downloaded target.
    pub fn add(&mut self, name: &str, content: &[u8]) {
        self.files.insert(name.to_owned(), format!("{:x}", Sha256::digest(content)));
    }
}

/// Prints the answer, or the refusal with all its causes, and gives the exit code.
pub fn finish(outcome: Result<Answer, Box<dyn Error>>) -> std::process::ExitCode {
    match outcome {
        Ok(Answer { root, timestamp, snapshot, targets, files }) => {
            println!(
                "{}",
                json!({"root": root, "timestamp": timestamp, "snapshot": snapshot, "targets": targets, "files": files})
            );
            std::process::ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{}", reason(&*error));
            std::process::ExitCode::FAILURE
        }
    }
}

/// An error with all its causes, in one line.
pub fn reason(error: &(dyn Error + 'static)) -> String {
    let mut reason = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        // Some of the libraries print the cause within the error already.
        let text = error.to_string();
        if !reason.ends_with(&text) {
            reason = format!("{reason}: {text}");
        }
        cause = error.source();
    }
    reason
}

/// A runtime of one thread, as the smallest thing these asynchronous clients run on.
pub fn block_on<T>(work: impl std::future::Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime of one thread asks the system for nothing that can be missing")
        .block_on(work)
}
