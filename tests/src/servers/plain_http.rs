//! One request over HTTP/1.0, by no client of ours: what a server really sends.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::net::{Ipv4Addr, TcpStream};

/// What a server has answered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Answer {
    /// Such as 200.
    pub status: u16,
    /// The header lines, names in lower case.
    pub headers: BTreeMap<String, String>,
    /// What follows them.
    pub body: Vec<u8>,
}

/// Sends a request to a port of this machine, and reads the answer to its end.
///
/// # Panics
/// If the server does not answer, or not in HTTP.
pub fn request(port: u16, method: &str, target: &str, headers: &[(&str, &str)], body: &[u8]) -> Answer {
    let lines: String = headers.iter().map(|(name, value)| format!("{name}: {value}\r\n")).collect();
    let has_host = headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("host"));
    let host = if has_host { String::new() } else { format!("Host: 127.0.0.1:{port}\r\n") };
    let head = format!("{method} {target} HTTP/1.0\r\n{host}{lines}Content-Length: {}\r\n\r\n", body.len());
    let mut stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).expect("it listens");
    stream.write_all(&[head.as_bytes(), body].concat()).expect("it reads");
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).expect("it answers");
    let end = answer.windows(4).position(|bytes| bytes == b"\r\n\r\n").expect("an answer has a head");
    let head = String::from_utf8_lossy(&answer[..end]).into_owned();
    let (status, lines) = head.split_once("\r\n").unwrap_or((&head, ""));
    let status = status.split(' ').nth(1).and_then(|status| status.parse().ok()).expect("an answer has a status");
    let lines = lines.lines().filter_map(|line| line.split_once(':'));
    let headers = lines.map(|(name, value)| (name.to_ascii_lowercase(), value.trim().to_owned())).collect();
    Answer { status, headers, body: answer[end + 4..].to_vec() }
}
