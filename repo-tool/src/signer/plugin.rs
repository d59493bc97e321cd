//! Keys behind a program that speaks the Sigstore KMS plugin protocol, version 1.
//!
//! The program `sigstore-kms-NAME` is run once for each request: its first argument is the version of the protocol, its second a JSON object
//! with the key and the request; the message comes on its standard input; the response is a JSON object on its standard output. Its exit status
//! means nothing, an `errorMessage` does. Its responses are not trusted: a signature is verified before it is used.

use std::env;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread;
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::TimeDelta;
use rootline::terminal::Terminal;
use rootline_ceremonies::{Signer, SignerError};
use rootline_metadata::PublicKey;
use rootline_metadata::Scheme;
use serde_json::{Value, json};

use super::secret::SECRET_VARIABLES;
use super::uri::PluginUri;
use crate::failure::Failure;
use crate::text::plain;

/// The version of the protocol.
const PROTOCOL: &str = "1";

/// How Go, and with it the protocol, numbers SHA-256.
const SHA_256: u32 = 5;

/// Most bytes of a response: a public key or a signature takes less than one kilobyte.
const MAX_RESPONSE: u64 = 64 << 10;

/// Most bytes of a plugin's standard error that are passed on.
const MAX_REMARKS: u64 = 16 << 10;

/// Most characters of a plugin's error that are shown.
const MAX_ERROR: usize = 500;

#[derive(Debug)]
pub(super) struct PluginSigner {
    program: Program,
    public: PublicKey,
}

/// Finds the program and asks it for the public key.
pub(super) fn open(uri: &PluginUri, timeout: TimeDelta) -> Result<PluginSigner, Failure> {
    let file = format!("sigstore-kms-{}", uri.name);
    let path = find(&file).ok_or_else(|| {
        Failure::new(format!("no program {file} on the PATH"), "install the plugin, or correct its name in the URI")
            .unreachable()
    })?;
    let timeout = timeout.to_std().unwrap_or(Duration::MAX);
    let program = Program { uri: uri.clone(), path, timeout };
    let public = program.public_key()?;
    Ok(PluginSigner { program, public })
}

impl Signer for PluginSigner {
    fn public_key(&self) -> PublicKey {
        self.public.clone()
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SignerError> {
        let options = json!({ "rpcOptions": {}, "messageOptions": { "hashFunc": SHA_256 } });
        let response = self.program.ask("signMessage", json!({ "signOptions": options }), message.to_vec())?;
        self.program.bytes(&response, "signMessage", "signature")
    }
}

#[derive(Debug)]
struct Program {
    uri: PluginUri,
    path: PathBuf,
    timeout: Duration,
}

impl Program {
    fn public_key(&self) -> Result<PublicKey, SignerError> {
        let response = self.ask("publicKey", json!({ "publicKeyOptions": { "rpcOptions": {} } }), Vec::new())?;
        let pem = String::from_utf8(self.bytes(&response, "publicKey", "publicKeyPEM")?);
        let key = pem.ok().and_then(|pem| PublicKey::from_spki_pem(&pem).ok());
        let key = key.ok_or_else(|| self.failed("returned something that is not a public key in PEM"))?;
        match key.scheme() {
            Scheme::Ed25519 | Scheme::EcdsaP256Sha256 => Ok(key),
            scheme => Err(SignerError::NotSigned {
                what: format!(
                    "plugin {} has a key of scheme {}, which cannot sign metadata",
                    self.uri.name,
                    scheme.as_str()
                ),
                hint: "name one of its Ed25519 or ECDSA P-256 keys: every client verifies those".to_owned(),
            }),
        }
    }

    /// One run of the program, within its bounds.
    fn ask(&self, method: &str, arguments: Value, message: Vec<u8>) -> Result<Value, SignerError> {
        let question = json!({
            "initOptions": {
                "protocolVersion": PROTOCOL,
                "keyResourceID": self.uri.key,
                "hashFunc": SHA_256,
                "rpcOptions": {},
            },
            "methodName": method,
            method: arguments,
        });
        let mut command = Command::new(&self.path);
        command.arg(PROTOCOL).arg(question.to_string());
        // It needs no secret of another signer.
        for name in SECRET_VARIABLES {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| self.failed(&format!("cannot be started: {error}")))?;
        let (response, status) = self.response(Running(child), message)?;
        let value = serde_json::from_slice::<Value>(&response).ok().filter(Value::is_object);
        let value = value.ok_or_else(|| {
            let ended = if status.success() { String::new() } else { format!(" and ended with {status}") };
            self.failed(&format!("returned no JSON object{ended}"))
        })?;
        match value.get("errorMessage").and_then(Value::as_str) {
            Some(message) if !message.is_empty() => {
                let message: String = plain(message).chars().take(MAX_ERROR).collect();
                Err(SignerError::NotSigned {
                    what: format!("plugin {} says: {message}", self.uri.name),
                    hint: "see the plugin's documentation".to_owned(),
                })
            }
            _ => Ok(value),
        }
    }

    /// Reads and writes concurrently, so that neither side blocks the other, until the response is complete or the time is over.
    fn response(&self, mut running: Running, message: Vec<u8>) -> Result<(Vec<u8>, ExitStatus), SignerError> {
        let until = Instant::now().checked_add(self.timeout);
        let left = || until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        if let Some(mut stdin) = running.0.stdin.take() {
            // A program need not read it all.
            thread::spawn(move || drop(stdin.write_all(&message)));
        }
        let response = running.0.stdout.take().map(|stdout| all_of(stdout, MAX_RESPONSE));
        let remarks = running.0.stderr.take().map(|stderr| relay(stderr, self.uri.name.clone()));
        let response = match response.map(|response| response.recv_timeout(left())) {
            Some(Ok(Ok(response))) if response.len() as u64 <= MAX_RESPONSE => response,
            Some(Ok(Ok(_))) => {
                return Err(self.failed(&format!("returned more than {MAX_RESPONSE} bytes, and was stopped")));
            }
            Some(Err(RecvTimeoutError::Timeout)) => return Err(self.too_slow()),
            _ => return Err(self.failed("returned nothing readable")),
        };
        // It has closed its output; what it still says to the person is worth a moment, its end is worth the rest of the time.
        while running.0.try_wait().is_ok_and(|status| status.is_none()) {
            if left().is_zero() {
                return Err(self.too_slow());
            }
            thread::sleep(Duration::from_millis(2));
        }
        if let Some(remarks) = remarks {
            let _ = remarks.recv_timeout(left().min(Duration::from_secs(1)));
        }
        let status = running.0.wait().map_err(|error| self.failed(&format!("cannot be waited for: {error}")))?;
        Ok((response, status))
    }

    fn bytes(&self, response: &Value, method: &str, member: &str) -> Result<Vec<u8>, SignerError> {
        let text = response.get(method).and_then(|response| response.get(member)).and_then(Value::as_str);
        let bytes = text.and_then(|text| STANDARD.decode(text).ok());
        bytes.ok_or_else(|| self.failed(&format!("returned no `{method}.{member}` in base64")))
    }

    fn too_slow(&self) -> SignerError {
        SignerError::Unreachable {
            what: format!(
                "plugin {} did not respond within {} s, and was stopped",
                self.uri.name,
                self.timeout.as_secs()
            ),
            hint: "if it waits for a person or a slow service, allow more time: --signer-timeout 10m".to_owned(),
        }
    }

    fn failed(&self, how: &str) -> SignerError {
        SignerError::NotSigned {
            what: format!("plugin {} {how}", self.uri.name),
            hint: format!(
                "check that {} speaks version {PROTOCOL} of the Sigstore KMS plugin protocol",
                self.path.display()
            ),
        }
    }
}

/// A process that is killed when it is dropped.
pub(super) struct Running(pub(super) Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads at most one byte more than allowed, so that too much can be detected.
pub(super) fn all_of(source: impl Read + Send + 'static, most: u64) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = source.take(most + 1).read_to_end(&mut bytes).map(|_| bytes);
        let _ = sender.send(read);
    });
    receiver
}

/// Passes on a plugin's standard error as it comes, up to a bound.
fn relay(source: impl Read + Send + 'static, name: String) -> Receiver<()> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let (terminal, mut said) = (Terminal::new(), 0);
        let mut source = io::BufReader::new(source);
        let mut line = Vec::new();
        while said < MAX_REMARKS {
            line.clear();
            let read = io::BufRead::read_until(&mut source.by_ref().take(MAX_REMARKS - said), b'\n', &mut line);
            match read {
                Ok(0) | Err(_) => break,
                Ok(bytes) => said += bytes as u64,
            }
            terminal.warning(format_args!("plugin {name}: {}", plain(String::from_utf8_lossy(&line).trim_end())));
        }
        let _ = sender.send(());
        // The rest is taken and dropped, so that the program does not stand still.
        let _ = io::copy(&mut source, &mut io::sink());
    });
    receiver
}

/// Finds the program in the first folder of the PATH that has it. Relative folders are skipped: a private key must not depend on the current
/// folder.
pub(super) fn find(file: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(format!("{file}{}", env::consts::EXE_SUFFIX))).find(|program| program.is_file())
}
