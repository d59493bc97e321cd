//! A key management service that is not ours, and not Amazon's.

use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};
use std::path::Path;
use std::process::Command;
use std::sync::OnceLock;

use serde_json::{Value, json};

use crate::binaries::workspace;
use crate::peers;
use crate::running::Running;

/// LocalStack's KMS on a port of 127.0.0.1.
#[derive(Debug)]
pub struct LocalStack {
    running: Running,
}

/// The region that its keys are in.
pub const REGION: &str = "eu-central-1";
/// The credentials it is asked with: any do.
pub const ACCESS_KEY: &str = "AKIAIOSFODNN7ROOTLIN";
/// The secret half, which must not be seen anywhere.
pub const SECRET_KEY: &str = "rootline/SECRET/that/must/not/be/seen/00";

impl LocalStack {
    /// The one for all tests of this process, started when it is first asked for. It ends when this process does, whichever way. None if it is
    /// not installed.
    ///
    /// # Panics
    /// If it does not start; if it is not installed and `CI=true`.
    pub fn shared() -> Option<&'static LocalStack> {
        static SHARED: OnceLock<LocalStack> = OnceLock::new();
        let python = peers::unpacked("localstack/bin/python")?;
        Some(SHARED.get_or_init(|| LocalStack::start(&python)))
    }

    fn start(python: &Path) -> LocalStack {
        let running = Running::start_attached(|port| {
            let mut command = Command::new(python);
            command.arg(workspace().join("tests/peers/localstack/serve.py")).arg(port.to_string());
            command
        });
        LocalStack { running }
    }

    /// `localhost:PORT`.
    pub fn endpoint(&self) -> String {
        format!("localhost:{}", self.running.port())
    }

    /// A new key of this kind, such as `ECC_NIST_P256`, and for this use, such as `SIGN_VERIFY`: its id.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn create_key(&self, spec: &str, usage: &str) -> String {
        let answer = self.ask("CreateKey", &json!({ "KeySpec": spec, "KeyUsage": usage }));
        answer["KeyMetadata"]["KeyId"].as_str().unwrap_or_else(|| panic!("{answer}")).to_owned()
    }

    /// A name for a key: `alias/NAME`.
    ///
    /// # Panics
    /// If it cannot be given.
    pub fn create_alias(&self, alias: &str, key: &str) {
        self.ask("CreateAlias", &json!({ "AliasName": alias, "TargetKeyId": key }));
    }

    /// Disables a key.
    ///
    /// # Panics
    /// If it cannot be disabled.
    pub fn disable(&self, key: &str) {
        self.ask("DisableKey", &json!({ "KeyId": key }));
    }

    /// One request of KMS, as its interface has it.
    fn ask(&self, action: &str, body: &Value) -> Value {
        let body = body.to_string();
        let credential = format!("Credential={ACCESS_KEY}/20300101/{REGION}/kms/aws4_request");
        let request = format!(
            "POST / HTTP/1.1\r\nHost: {}\r\nConnection: close\r\nX-Amz-Target: TrentService.{action}\r\n\
             Content-Type: application/x-amz-json-1.1\r\nContent-Length: {}\r\n\
             Authorization: AWS4-HMAC-SHA256 {credential}, SignedHeaders=host, Signature=00\r\n\r\n{body}",
            self.endpoint(),
            body.len()
        );
        let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, self.running.port())).expect("it listens");
        stream.write_all(request.as_bytes()).expect("it reads");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect("it answers");
        assert!(answer.starts_with("HTTP/1.1 200"), "{action}: {answer}");
        let (_, body) = answer.split_once("\r\n\r\n").expect("an answer has a body");
        let json = body.find('{').and_then(|from| body.get(from..=body.rfind('}')?));
        json.map_or(Value::Null, |json| serde_json::from_str(json).expect("its answers are JSON"))
    }
}
