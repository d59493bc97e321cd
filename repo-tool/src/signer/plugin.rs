//! Keys behind a program that speaks the Sigstore KMS plugin protocol, version 1.
//!
//! The program `sigstore-kms-NAME` is run once for each question: its first argument is the version of the protocol, its second a JSON object
//! with the key and the question; the message comes on its standard input; its answer is a JSON object on its standard output. Its exit status
//! says nothing, an `errorMessage` does. Nothing it says is believed: a signature is verified before it is used.

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

/// Most bytes of an answer: a public key or a signature takes less than one kilobyte.
const MAX_ANSWER: u64 = 64 << 10;

/// Most bytes of what a program says to the person at the terminal.
const MAX_REMARKS: u64 = 16 << 10;

/// Most characters of its error that are shown.
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
        Failure::new(
            format!("there is no program {file} on the PATH"),
            "install the plugin, or check its name in the URI",
        )
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
        let answer = self.program.ask("signMessage", json!({ "signOptions": options }), message.to_vec())?;
        self.program.bytes(&answer, "signMessage", "signature")
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
        let answer = self.ask("publicKey", json!({ "publicKeyOptions": { "rpcOptions": {} } }), Vec::new())?;
        let pem = String::from_utf8(self.bytes(&answer, "publicKey", "publicKeyPEM")?);
        let key = pem.ok().and_then(|pem| PublicKey::from_spki_pem(&pem).ok());
        let key = key.ok_or_else(|| self.failed("gave something that is no public key in PEM"))?;
        match key.scheme() {
            Scheme::Ed25519 | Scheme::EcdsaP256Sha256 => Ok(key),
            scheme => Err(SignerError::NotSigned {
                what: format!(
                    "plugin {} has a key of scheme {}, which does not sign here",
                    self.uri.name,
                    scheme.as_str()
                ),
                hint: "name an Ed25519 or ECDSA P-256 key of its: every client verifies those".to_owned(),
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
        // What opens other signers is none of its business.
        for name in SECRET_VARIABLES {
            command.env_remove(name);
        }
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let child = command.spawn().map_err(|error| self.failed(&format!("cannot be run: {error}")))?;
        let (answer, status) = self.answer(Running(child), message)?;
        let value = serde_json::from_slice::<Value>(&answer).ok().filter(Value::is_object);
        let value = value.ok_or_else(|| {
            let ended = if status.success() { String::new() } else { format!(" and ended with {status}") };
            self.failed(&format!("gave no JSON object{ended}"))
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

    /// Reads and writes at once, so that neither side waits for the other for ever, until all of the answer is there or the time is over.
    fn answer(&self, mut running: Running, message: Vec<u8>) -> Result<(Vec<u8>, ExitStatus), SignerError> {
        let until = Instant::now().checked_add(self.timeout);
        let left = || until.map_or(Duration::MAX, |until| until.saturating_duration_since(Instant::now()));
        if let Some(mut stdin) = running.0.stdin.take() {
            // A program need not read it all.
            thread::spawn(move || drop(stdin.write_all(&message)));
        }
        let answer = running.0.stdout.take().map(|stdout| all_of(stdout, MAX_ANSWER));
        let remarks = running.0.stderr.take().map(|stderr| relay(stderr, self.uri.name.clone()));
        let answer = match answer.map(|answer| answer.recv_timeout(left())) {
            Some(Ok(Ok(answer))) if answer.len() as u64 <= MAX_ANSWER => answer,
            Some(Ok(Ok(_))) => return Err(self.failed(&format!("gave more than {MAX_ANSWER} bytes, and was ended"))),
            Some(Err(RecvTimeoutError::Timeout)) => return Err(self.too_slow()),
            _ => return Err(self.failed("gave nothing that can be read")),
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
        Ok((answer, status))
    }

    fn bytes(&self, answer: &Value, method: &str, member: &str) -> Result<Vec<u8>, SignerError> {
        let text = answer.get(method).and_then(|answer| answer.get(member)).and_then(Value::as_str);
        let bytes = text.and_then(|text| STANDARD.decode(text).ok());
        bytes.ok_or_else(|| self.failed(&format!("gave no `{method}.{member}` in base64")))
    }

    fn too_slow(&self) -> SignerError {
        SignerError::Unreachable {
            what: format!("plugin {} gave no answer within {} s, and was ended", self.uri.name, self.timeout.as_secs()),
            hint: "if it waits for a person or a slow service, give it longer: --signer-timeout 10m".to_owned(),
        }
    }

    fn failed(&self, how: &str) -> SignerError {
        SignerError::NotSigned {
            what: format!("plugin {} {how}", self.uri.name),
            hint: format!(
                "see whether {} speaks the Sigstore KMS plugin protocol, version {PROTOCOL}",
                self.path.display()
            ),
        }
    }
}

/// A process that is ended when nobody waits for it any more.
struct Running(Child);

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Reads all there is, and one byte more than there may be, so that too much is told from enough.
fn all_of(source: impl Read + Send + 'static, most: u64) -> Receiver<io::Result<Vec<u8>>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut bytes = Vec::new();
        let read = source.take(most + 1).read_to_end(&mut bytes).map(|_| bytes);
        let _ = sender.send(read);
    });
    receiver
}

/// Passes on what a program says to the person, as it comes, up to a bound.
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

/// The program in the first folder of the PATH that has it. A folder that is relative, such as the current one, is none that a private key is
/// looked for in.
fn find(file: &str) -> Option<PathBuf> {
    let path = env::var_os("PATH")?;
    let folders = env::split_paths(&path).filter(|folder| folder.is_absolute());
    folders.map(|folder| folder.join(format!("{file}{}", env::consts::EXE_SUFFIX))).find(|program| program.is_file())
}
