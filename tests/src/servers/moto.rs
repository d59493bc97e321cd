//! S3 that is not ours, and not Amazon's.

use std::process::Command;

use crate::binaries::workspace;
use crate::peers;
use crate::running::Running;
use crate::servers::plain_http::{Answer, request};

/// moto's S3 on a port of 127.0.0.1.
#[derive(Debug)]
pub struct Moto {
    running: Running,
}

const AUTHORIZATION: (&str, &str) = (
    "Authorization",
    "AWS4-HMAC-SHA256 Credential=AKIAIOSFODNN7ROOTLIN/20300101/us-east-1/s3/aws4_request, SignedHeaders=host, Signature=00",
);

impl Moto {
    /// Starts it. It ends when this is dropped, or this process does, whichever way. None if it is not installed.
    ///
    /// # Panics
    /// If it does not start; if it is not installed and `CI=true`.
    pub fn start() -> Option<Moto> {
        let python = peers::unpacked("moto/bin/python")?;
        let running = Running::start_attached(|port| {
            let mut command = Command::new(&python);
            command.arg(workspace().join("tests/peers/moto/serve.py")).arg(port.to_string());
            command
        });
        Some(Moto { running })
    }

    /// Makes a bucket whose objects everybody may read, and list with credentials alone.
    ///
    /// # Panics
    /// If it cannot be made.
    pub fn create_bucket(&self, name: &str) {
        let target = format!("/{name}");
        assert_eq!(self.request("PUT", &target, &[AUTHORIZATION], b"").status, 200);
        let policy = format!(
            r#"{{"Version": "2012-10-17", "Statement": [{{"Effect": "Allow", "Principal": "*", "Action": "s3:GetObject",
               "Resource": "arn:aws:s3:::{name}/*"}}]}}"#
        );
        let set = self.request("PUT", &format!("{target}?policy"), &[AUTHORIZATION], policy.as_bytes());
        assert!(matches!(set.status, 200 | 204), "{set:?}");
    }

    /// Puts an object there, past all conditions.
    ///
    /// # Panics
    /// If it is refused.
    pub fn put(&self, target: &str, bytes: &[u8]) {
        let put = self.request("PUT", target, &[AUTHORIZATION, ("Content-Type", "application/json")], bytes);
        assert_eq!(put.status, 200, "{put:?}");
    }

    /// What everybody gets there.
    pub fn get(&self, target: &str) -> Answer {
        self.request("GET", target, &[], b"")
    }

    /// One request.
    pub fn request(&self, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
        request(self.running.port(), method, target, headers, body)
    }

    /// Its address, without a slash at its end.
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.running.port())
    }
}
