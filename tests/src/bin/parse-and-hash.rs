//! Reads files of TUF metadata, hashes each once and parses it once, borrowing from what was read and keeping every entry: what handling
//! these bytes must cost, without any check. `tests/bench/compare` sets clients beside it.
//!
//! usage: parse-and-hash FILE...

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::process::ExitCode;

use rootline_metadata::{hex, sha256};
use serde::Deserialize;

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    signed: Signed<'a>,
}

#[derive(Deserialize)]
struct Signed<'a> {
    version: u64,
    #[serde(borrow, default)]
    targets: BTreeMap<Cow<'a, str>, Entry<'a>>,
    #[serde(borrow, default)]
    meta: BTreeMap<Cow<'a, str>, Entry<'a>>,
    #[serde(borrow, default)]
    delegations: Option<Delegations<'a>>,
}

#[derive(Deserialize)]
struct Entry<'a> {
    length: Option<u64>,
    #[serde(borrow, default)]
    hashes: BTreeMap<&'a str, &'a str>,
}

#[derive(Deserialize)]
struct Delegations<'a> {
    #[serde(borrow, default)]
    roles: Vec<Delegation<'a>>,
}

#[derive(Deserialize)]
struct Delegation<'a> {
    name: Cow<'a, str>,
    #[serde(borrow)]
    keyids: Vec<&'a str>,
    #[serde(borrow, default)]
    path_hash_prefixes: Vec<&'a str>,
}

#[expect(clippy::print_stdout, clippy::print_stderr, reason = "a program of its own, without a terminal module")]
fn main() -> ExitCode {
    for path in std::env::args().skip(1) {
        match read(&path) {
            Ok(line) => println!("{line}"),
            Err(error) => {
                eprintln!("error: {path}: {error}");
                return ExitCode::from(1);
            }
        }
    }
    ExitCode::SUCCESS
}

fn read(path: &str) -> Result<String, Box<dyn Error>> {
    let bytes = std::fs::read(path)?;
    let digest = hex::encode(&sha256(&bytes));
    let File { signed } = serde_json::from_slice(&bytes)?;
    // Everything is used, so that nothing of the work can be left out.
    let entries = signed.targets.iter().chain(&signed.meta);
    let stated: u64 =
        entries.map(|(name, entry)| (name.len() + entry.hashes.len()) as u64 + entry.length.unwrap_or(0)).sum();
    let roles = signed.delegations.map_or(0, |all| {
        let lengths = all.roles.iter().map(|role| role.name.len() + role.keyids.len() + role.path_hash_prefixes.len());
        lengths.sum::<usize>()
    });
    Ok(format!("{digest} version {} {stated} {roles}", signed.version))
}
