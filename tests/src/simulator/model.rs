//! What the files of the repository say, as values to change.

use std::collections::BTreeMap;

use chrono::{DateTime, Utc};
use rootline_metadata::json::{Value, ValueMembers};
use rootline_metadata::{hex, sha256};

use super::delegation::Delegations;
use super::key::Key;

/// Whose signatures a role needs.
#[derive(Clone, Debug)]
pub struct Role {
    /// The keys that count.
    pub keys: Vec<Key>,
    /// How many of them have to have signed.
    pub threshold: u64,
}

impl Role {
    /// A role with the keys of these names.
    pub fn new<const N: usize>(threshold: u64, keys: [&str; N]) -> Role {
        Role { keys: Key::all(keys), threshold }
    }
}

/// What root says.
#[derive(Clone, Debug)]
pub struct RootModel {
    /// The version last published; 0 if there is none.
    pub version: u64,
    /// When it expires.
    pub expires: DateTime<Utc>,
    /// Whether names of files carry versions and digests.
    pub consistent_snapshot: bool,
    /// Whose signatures root needs.
    pub root: Role,
    /// Whose signatures timestamp needs.
    pub timestamp: Role,
    /// Whose signatures snapshot needs.
    pub snapshot: Role,
    /// Whose signatures the top-level targets need.
    pub targets: Role,
    /// Members that nobody knows.
    pub more: ValueMembers,
}

impl RootModel {
    pub(super) fn expiring(expires: DateTime<Utc>) -> RootModel {
        RootModel {
            version: 0,
            expires,
            consistent_snapshot: true,
            root: Role::new(2, ["root-a", "root-b"]),
            timestamp: Role::new(1, ["timestamp"]),
            snapshot: Role::new(1, ["snapshot"]),
            targets: Role::new(1, ["targets"]),
            more: ValueMembers::new(),
        }
    }

    /// The four roles by name.
    pub fn roles(&self) -> [(&'static str, &Role); 4] {
        [("root", &self.root), ("timestamp", &self.timestamp), ("snapshot", &self.snapshot), ("targets", &self.targets)]
    }
}

/// What timestamp says.
#[derive(Clone, Debug)]
pub struct TimestampModel {
    /// The version last published; 0 if there is none.
    pub version: u64,
    /// When it expires.
    pub expires: DateTime<Utc>,
    /// What it says about the snapshot: set when a snapshot is published.
    pub snapshot: MetaFile,
    /// How much it is to say when the next snapshot is published.
    pub pins: PinStyle,
    /// Members that nobody knows.
    pub more: ValueMembers,
}

impl TimestampModel {
    pub(super) fn expiring(expires: DateTime<Utc>) -> TimestampModel {
        let snapshot = MetaFile { version: 0, length: None, hashes: None };
        TimestampModel { version: 0, expires, snapshot, pins: PinStyle::Full, more: ValueMembers::new() }
    }
}

/// What snapshot says.
#[derive(Clone, Debug)]
pub struct SnapshotModel {
    /// The version last published; 0 if there is none.
    pub version: u64,
    /// When it expires.
    pub expires: DateTime<Utc>,
    /// What it says about each targets file, by file name: set when one is published.
    pub meta: BTreeMap<String, MetaFile>,
    /// How much it is to say about targets files that are published from now on.
    pub pins: PinStyle,
    /// Members that nobody knows.
    pub more: ValueMembers,
}

impl SnapshotModel {
    pub(super) fn expiring(expires: DateTime<Utc>) -> SnapshotModel {
        SnapshotModel { version: 0, expires, meta: BTreeMap::new(), pins: PinStyle::Full, more: ValueMembers::new() }
    }

    /// What it says about that file, which it lists.
    pub fn meta_file(&mut self, file: &str) -> &mut MetaFile {
        self.meta.get_mut(file).expect("a file that the snapshot lists")
    }
}

/// How much one file says about another.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PinStyle {
    /// Version, length and SHA-256 digest.
    Full,
    /// The version alone.
    VersionOnly,
}

/// What one file says about another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MetaFile {
    /// Its version.
    pub version: u64,
    /// Its length.
    pub length: Option<u64>,
    /// Its digests in hex, by algorithm.
    pub hashes: Option<BTreeMap<String, String>>,
}

impl MetaFile {
    pub(super) fn of(version: u64, bytes: &[u8], style: PinStyle) -> MetaFile {
        match style {
            PinStyle::VersionOnly => MetaFile { version, length: None, hashes: None },
            PinStyle::Full => MetaFile { version, length: Some(bytes.len() as u64), hashes: Some(sha256_only(bytes)) },
        }
    }
}

/// What the top-level targets or a delegated role says.
#[derive(Clone, Debug)]
pub struct TargetsModel {
    /// The version last published; 0 if there is none.
    pub version: u64,
    /// When it expires.
    pub expires: DateTime<Utc>,
    /// The targets by path.
    pub targets: BTreeMap<String, TargetModel>,
    /// To whom it delegates.
    pub delegations: Option<Delegations>,
    /// Members that nobody knows.
    pub more: ValueMembers,
}

impl TargetsModel {
    pub(super) fn expiring(expires: DateTime<Utc>) -> TargetsModel {
        TargetsModel { version: 0, expires, targets: BTreeMap::new(), delegations: None, more: ValueMembers::new() }
    }
}

/// What a role says about one target.
#[derive(Clone, Debug)]
pub struct TargetModel {
    /// Its length.
    pub length: u64,
    /// Its digests in hex, by algorithm.
    pub hashes: BTreeMap<String, String>,
    /// What is added for users.
    pub custom: Option<Value>,
}

impl TargetModel {
    /// What is true of that content.
    pub fn of(content: &[u8]) -> TargetModel {
        TargetModel { length: content.len() as u64, hashes: sha256_only(content), custom: None }
    }
}

fn sha256_only(bytes: &[u8]) -> BTreeMap<String, String> {
    BTreeMap::from([("sha256".to_owned(), hex::encode(&sha256(bytes)))])
}
