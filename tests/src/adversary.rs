//! Attacks on what a repository has published. Each takes the files and gives back what an attacker's mirror would serve, so that a
//! test is one line: `verifier.refused_by(&adversary::tamper(sim.files(), "2.root.json"), sim.day(1))`.
//!
//! | attack | the attacker |
//! |---|---|
//! | [`replay`], [`freeze`], [`mix`] | serves old files: some of them, all of them, or under the names of new ones |
//! | [`withhold`], [`cut_chain`] | keeps files back |
//! | [`truncate`], [`lengthen`], [`Misbehaving`], [`Careless`] | serves fewer or more bytes than there are |
//! | [`swap`], [`tamper`], [`flip`] | changes what is served |
//! | [`strip_signatures`], [`keep_signatures`], [`repeat_signatures`], [`claim_signatures`], [`substitute`] | tries to sign |
//! | [`fast_forward`] | holds the keys of a role for a while, and drives its version up |

use rootline_client::transport::{Place, Request, Transport, TransportError};
use rootline_metadata::json::{MAX_BYTES, Value};

use crate::simulator::{Files, Key, Simulator, envelope, member, set};

/// Serves the named files as they were `then`, and everything else as it is `now`. A file that was not there then is not there.
pub fn replay(now: &Files, then: &Files, names: &[&str]) -> Files {
    let mut files = now.clone();
    for name in names {
        match then.metadata(name) {
            Some(bytes) => files.set_metadata(name, bytes),
            None => drop(files.remove_metadata(name)),
        }
    }
    files
}

/// Serves everything as it was `then`, for ever.
pub fn freeze(then: &Files) -> Files {
    then.clone()
}

/// Serves the metadata file `other`, which is public too, under the name of `name`.
pub fn mix(files: &Files, name: &str, other: &str) -> Files {
    changed(files, name, |_| published(files, other).to_vec())
}

/// Does not have the metadata file or target `name`.
pub fn withhold(files: &Files, name: &str) -> Files {
    let mut files = files.clone();
    let was_there = files.remove_metadata(name).or_else(|| files.remove_target(name)).is_some();
    assert!(was_there, "{name} is not public");
    files
}

/// Does not have the root of that version, and has all later ones.
pub fn cut_chain(files: &Files, version: u64) -> Files {
    withhold(files, &format!("{version}.root.json"))
}

/// Serves `name` without its last byte.
pub fn truncate(files: &Files, name: &str) -> Files {
    changed(files, name, |bytes| bytes[..bytes.len() - 1].to_vec())
}

/// Serves `name` with a space at its end: the same JSON, one byte longer.
pub fn lengthen(files: &Files, name: &str) -> Files {
    changed(files, name, |bytes| [bytes, b" "].concat())
}

/// Serves each of two metadata files in place of the other.
pub fn swap(files: &Files, one: &str, other: &str) -> Files {
    let mut swapped = mix(files, one, other);
    swapped.set_metadata(other, published(files, one));
    swapped
}

/// Adds a member to the signed part of `name`, and leaves the signatures as they are.
pub fn tamper(files: &Files, name: &str) -> Files {
    edited(files, name, |file| set(file, "signed/tampered", true))
}

/// Flips one bit of one byte of a metadata file or target.
pub fn flip(files: &Files, name: &str, at: usize) -> Files {
    changed(files, name, |bytes| {
        let mut bytes = bytes.to_vec();
        bytes[at] ^= 1;
        bytes
    })
}

/// Serves `name` without signatures.
pub fn strip_signatures(files: &Files, name: &str) -> Files {
    keep_signatures(files, name, 0)
}

/// Serves `name` with its first signatures only.
pub fn keep_signatures(files: &Files, name: &str, count: usize) -> Files {
    edited(files, name, |file| signatures(file).truncate(count))
}

/// Lists every signature of `name` twice, under the same id.
pub fn repeat_signatures(files: &Files, name: &str) -> Files {
    edited(files, name, |file| {
        let twice = [signatures(file).clone(), signatures(file).clone()].concat();
        *signatures(file) = twice;
    })
}

/// Lists the first signature of `name` once more under each of these ids.
pub fn claim_signatures(files: &Files, name: &str, ids: &[&str]) -> Files {
    edited(files, name, |file| {
        let first = signatures(file)[0].clone();
        for id in ids {
            let mut claimed = first.clone();
            set(&mut claimed, "keyid", *id);
            signatures(file).push(claimed);
        }
    })
}

/// Changes `name` and signs it with keys of the attacker's own, under whatever ids these have.
pub fn substitute(files: &Files, name: &str, keys: &[Key]) -> Files {
    edited(files, name, |file| {
        set(file, "signed/tampered", true);
        *file = envelope(member(file, "signed"), keys);
    })
}

/// Publishes `role` with that version, with the keys that sign for it; whoever pins it follows.
pub fn fast_forward(simulator: &Simulator, role: &str, version: u64) -> Simulator {
    let mut attacked = simulator.clone();
    attacked.issue(role).version(version).publish();
    match role {
        "timestamp" => {}
        "snapshot" => drop(attacked.issue("timestamp").publish()),
        _ => drop(attacked.publish_snapshot()),
    }
    attacked
}

/// A mirror that does not serve one file as it should. Transports tell of it in their own words.
#[derive(Clone, Debug)]
pub struct Misbehaving {
    /// What it serves otherwise.
    pub files: Files,
    /// The file that it is about.
    pub name: &'static str,
    /// What it does.
    pub how: Misbehaviour,
}

/// What a mirror does in place of serving a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Misbehaviour {
    /// It sends on and on; a transport counts, and gives up at the limit.
    Endless,
    /// It answers "forbidden" (403).
    Forbids,
    /// It answers "service unavailable" (503).
    Unavailable,
    /// It hangs up.
    HangsUp,
}

impl Misbehaving {
    /// Every [`Misbehaviour`] that is a failure of the mirror rather than a way to say that there is no such file.
    pub const FAILURES: [Misbehaviour; 3] = [Misbehaviour::Endless, Misbehaviour::Unavailable, Misbehaviour::HangsUp];

    /// Serves `files`, and `name` in that way.
    pub fn new(files: &Files, name: &'static str, how: Misbehaviour) -> Misbehaving {
        Misbehaving { files: files.clone(), name, how }
    }
}

impl Transport for Misbehaving {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        let location = request.name();
        if location != self.name {
            return self.files.fetch(request);
        }
        Err(match self.how {
            Misbehaviour::Endless => TransportError::TooLong { location, limit: request.limit },
            Misbehaviour::Forbids => TransportError::NotFound { location, forbidden: true },
            Misbehaviour::Unavailable => TransportError::Status { location, status: 503, retry_after: None, tries: 3 },
            Misbehaviour::HangsUp => {
                TransportError::Interrupted { location, reason: "connection closed".to_owned(), tries: 3 }
            }
        })
    }
}

/// A transport that breaks its promise and brings whatever there is, however long: the checks must not rest on it.
#[derive(Clone, Debug)]
pub struct Careless(pub Files);

impl Transport for Careless {
    fn fetch(&self, request: &Request) -> Result<Vec<u8>, TransportError> {
        self.0.fetch(&request.clone().with_limit(u64::MAX))
    }
}

fn signatures(file: &mut Value) -> &mut Vec<Value> {
    member(file, "signatures").as_array_mut().expect("a list of signatures")
}

fn published<'a>(files: &'a Files, name: &str) -> &'a [u8] {
    files.metadata(name).unwrap_or_else(|| panic!("{name} is not public"))
}

fn edited(files: &Files, name: &str, edit: impl FnOnce(&mut Value)) -> Files {
    changed(files, name, |bytes| {
        let mut file = Value::parse(bytes, MAX_BYTES).expect("a published file is JSON");
        edit(&mut file);
        file.pretty(1).into_bytes()
    })
}

fn changed(files: &Files, name: &str, change: impl FnOnce(&[u8]) -> Vec<u8>) -> Files {
    let mut attacked = files.clone();
    let place = if files.metadata(name).is_some() { Place::Metadata } else { Place::Targets };
    match place {
        Place::Metadata => attacked.set_metadata(name, change(published(files, name))),
        Place::Targets => {
            let bytes = files.target(name).unwrap_or_else(|| panic!("{name} is not public"));
            attacked.set_target(name, change(bytes));
        }
    }
    attacked
}
