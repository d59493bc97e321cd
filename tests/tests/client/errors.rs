//! An error and its cause each say one thing, so that a caller may print the whole chain.

use std::error::Error as StdError;
use std::fmt;
use std::io;
use std::time::Duration;

use rootline_client::Error;
use rootline_client::bundle::{ArchiveFault, BundleError};
use rootline_client::export::ExportError;
use rootline_client::mirror::MirrorError;
use rootline_client::store::{Operation, StoreError};
use rootline_client::transport::TransportError;
use rootline_client::workflow::{Check, Fault, File, Refusal};
use rootline_metadata::json::{FormatError, Value};
use rootline_metadata::sigstore::{EditError, TrustedRoot};
use rootline_metadata::{Envelope, PublicKey, Role as _, Root, Version, parse_instant};
use rootline_tests::adversary;
use rootline_tests::simulator::Simulator;

/// The sentences of an error and of all its causes.
fn chain(error: &dyn StdError) -> Vec<String> {
    let mut sentences = vec![error.to_string()];
    let mut cause = error.source();
    while let Some(error) = cause {
        sentences.push(error.to_string());
        cause = error.source();
    }
    sentences
}

fn says_each_thing_once(error: &dyn StdError) {
    let sentences = chain(error);
    assert!(sentences.iter().all(|sentence| !sentence.is_empty()), "{error:?}");
    for (position, sentence) in sentences.iter().enumerate() {
        for cause in &sentences[position + 1..] {
            assert!(!sentence.contains(cause) && !cause.contains(sentence), "twice in {sentences:?}");
        }
    }
}

/// The error of somebody's own store or transport, with a cause of its own.
#[derive(Debug)]
struct Own(io::Error);

impl fmt::Display for Own {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the table is not there")
    }
}

impl StdError for Own {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        Some(&self.0)
    }
}

fn own() -> Own {
    Own(io::Error::other("the connection was closed"))
}

fn full() -> io::Error {
    io::ErrorKind::StorageFull.into()
}

fn malformed() -> FormatError {
    Value::parse(b"{", 10).unwrap_err()
}

fn version(number: u64) -> Version {
    Version::new(number).unwrap()
}

fn refusals() -> Vec<Refusal> {
    let sim = Simulator::default();
    let root = Envelope::<Root>::parse(sim.root_bytes(1), 1 << 20).unwrap();
    let expiry = root.unverified().expiry();
    let stripped = adversary::strip_signatures(sim.files(), "1.root.json");
    let stripped = stripped.metadata("1.root.json").unwrap().to_vec();
    let unsigned = Envelope::<Root>::parse(stripped, 1 << 20).unwrap().verify_self_signed().unwrap_err();
    says_each_thing_once(&unsigned);
    let faults = [
        Fault::Malformed(Box::new(malformed())),
        Fault::Unsigned(Box::new(unsigned.clone())),
        Fault::SignedForRootBefore { unsigned: Box::new(unsigned), before: version(1), root: version(2) },
        Fault::Rollback { of: File::Snapshot, trusted: version(3), offered: version(2) },
        Fault::WrongVersion { expected: version(3), offered: version(2) },
        Fault::Removed { name: "a.json".into() },
        Fault::Expired { expiry, now: parse_instant("2999-01-01T00:00:00Z").unwrap() },
        Fault::WrongLength { expected: 1, offered: 2 },
        Fault::WrongDigest { expected: "sha256:00".into() },
        Fault::TooLong { stated: 2, limit: 1 },
        Fault::Absent,
        Fault::NotListed { asked: 1, gave_up: true },
    ];
    faults.into_iter().map(|fault| Refusal::new(File::Timestamp, Check::Form, fault)).collect()
}

fn transport_errors() -> Vec<TransportError> {
    let location = || "https://tuf.example/timestamp.json".to_owned();
    let (limit, tries) = (Duration::from_secs(1), 3);
    vec![
        TransportError::NotFound { location: location(), forbidden: true },
        TransportError::not_found(location()),
        TransportError::TooLong { location: location(), limit: 1 },
        TransportError::Status { location: location(), status: 500, retry_after: None, tries },
        TransportError::TimedOut { location: location(), awaited: "no answer", limit, tries },
        TransportError::OutOfTime { location: location(), limit },
        TransportError::Untrusted { location: location(), reason: "it has expired".into() },
        TransportError::Unreachable { location: location(), reason: "no such host".into(), tries },
        TransportError::Interrupted { location: location(), reason: "it ended".into(), tries },
        TransportError::Redirect { location: location(), reason: "it leads nowhere" },
        TransportError::Encoded { location: location(), encoding: "br".into() },
        TransportError::Io { location: location(), error: full() },
        TransportError::BadLocation { location: location(), reason: "it is not a URL" },
        TransportError::ProxyUnreadable { setting: "the proxy's URL in http_proxy".into() },
        TransportError::LinkLeadsOutside { location: location() },
        TransportError::Setup { reason: "no runtime".into() },
        TransportError::other(own()),
        TransportError::other("the registry has no such tag"),
    ]
}

fn store_errors() -> Vec<StoreError> {
    let path = || "/cache/root.json".into();
    vec![
        StoreError::Io { operation: Operation::Write, path: path(), error: full() },
        StoreError::TooLong { path: path(), limit: 1 },
        StoreError::NotARegularFile { path: path(), found: "a folder" },
        StoreError::Locked { path: path(), waited: Duration::from_secs(60) },
        StoreError::OtherSpelling { path: path(), found: "A".into() },
        StoreError::Contended { times: 16 },
        StoreError::UnsafeName { name: "../a".into(), reason: "it climbs" },
        StoreError::other(own()),
        StoreError::other("the lease was lost"),
    ]
}

fn errors() -> Vec<Error> {
    let refused = refusals().into_iter().map(Error::from);
    let transport = transport_errors().into_iter().map(Error::from);
    refused.chain(transport).chain(store_errors().into_iter().map(Error::from)).collect()
}

fn bundle_errors() -> Vec<BundleError> {
    let faults = [
        ArchiveFault::Truncated,
        ArchiveFault::Header,
        ArchiveFault::NotAFile("a link"),
        ArchiveFault::Padding,
        ArchiveFault::Trailing,
        ArchiveFault::Order,
    ];
    let mut all = vec![
        BundleError::Read(full()),
        BundleError::Write(full()),
        BundleError::TooLong { limit: 1 },
        BundleError::TooManyFiles { limit: 1 },
        BundleError::FileTooLong { name: "a".into(), length: 2, limit: 1 },
        BundleError::Name { name: "../a".into(), reason: "it climbs" },
        BundleError::Manifest(Box::new(malformed())),
        BundleError::AnotherInstance { stated: "acme".into(), version: version(1) },
        BundleError::Unrelated { stated: "acme".into(), first: version(2), newest: version(3), pinned: version(1) },
        BundleError::BeginsLater { first: version(2), pinned: version(1) },
        BundleError::Older { trusted: version(2), offered: version(1) },
        BundleError::Unaccounted { name: "a".into() },
        BundleError::ManifestDiffers,
    ];
    all.extend(faults.map(BundleError::from));
    all.extend(errors().into_iter().map(BundleError::from));
    all
}

fn mirror_errors() -> Vec<MirrorError> {
    let path = || "/srv/mirror/1.root.json".into();
    let mut all = vec![
        MirrorError::NotOurs { path: path() },
        MirrorError::OtherRoot { path: path() },
        MirrorError::WrittenFiles { path: path(), reason: "it is cut off".into() },
        MirrorError::Collision { name: "A".into(), other: "a".into() },
        MirrorError::Overwritten { name: "a".into() },
        MirrorError::TooManyRoles { limit: 1 },
        MirrorError::TooManyBytes { stated: 2, limit: 1 },
        MirrorError::Stopped,
    ];
    all.extend(errors().into_iter().map(MirrorError::from));
    all
}

fn export_errors() -> Vec<ExportError> {
    let mut all = vec![
        ExportError::Url { url: "ftp://a".into(), reason: "it is not http" },
        ExportError::Name { name: "../a".into(), reason: "it climbs" },
        ExportError::Newer { path: "root.json".into(), present: version(2), offered: version(1) },
        ExportError::Foreign { path: "folder".into() },
        ExportError::NoTrustedRoot,
        ExportError::NoSigningConfig,
    ];
    all.extend(errors().into_iter().map(ExportError::from));
    all.extend(store_errors().into_iter().map(ExportError::from));
    all
}

#[test]
fn no_error_says_what_its_cause_says() {
    errors().iter().for_each(|error| says_each_thing_once(error));
    bundle_errors().iter().for_each(|error| says_each_thing_once(error));
    mirror_errors().iter().for_each(|error| says_each_thing_once(error));
    export_errors().iter().for_each(|error| says_each_thing_once(error));
}

#[test]
fn no_error_of_a_format_says_what_its_cause_says() {
    says_each_thing_once(&malformed());
    says_each_thing_once(&TrustedRoot::parse(b"{}", 10).unwrap_err());
    says_each_thing_once(&EditError::Format(malformed()));
    says_each_thing_once(&PublicKey::from_spki_pem("none").unwrap_err());
}

/// A wrapper adds nothing, so the chain is that of what it wraps: the implementor's sentence, and its cause.
#[test]
fn an_implementor_s_own_error_comes_through_every_wrapper() {
    let through: [&dyn StdError; 4] = [
        &Error::from(TransportError::other(own())),
        &BundleError::from(StoreError::other(own())),
        &MirrorError::from(StoreError::other(own())),
        &ExportError::from(StoreError::other(own())),
    ];
    for error in through {
        assert_eq!(chain(error), ["the table is not there", "the connection was closed"]);
    }
}
