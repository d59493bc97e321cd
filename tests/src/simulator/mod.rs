//! A TUF repository in memory: change its model, publish, serve it, and keep every file that was ever published.
//!
//! ```
//! use rootline_tests::simulator::Simulator;
//! use rootline_tests::verifier::Verifier;
//!
//! let mut sim = Simulator::default();                  // root 1, timestamp 1, snapshot 1, targets 1, as of day 0
//! sim.add_target("targets", "a.txt", b"first");
//! sim.publish();                                       // a new version of everything below root
//!
//! let mut verifier = Verifier::of(&sim);               // pins root 1, keeps its files in memory
//! verifier.refresh(sim.files(), sim.day(1)).unwrap();
//! assert_eq!(verifier.requests(), ["2.root.json", "timestamp.json", "2.snapshot.json", "2.targets.json"]);
//! assert_eq!(verifier.holds(), "root 1, timestamp 2, snapshot 2, targets 2");
//! ```
//!
//! What is modelled is a public field; whatever else a file may have is put there by [`Issue::edited`]. Nothing here reads a clock, keys
//! come from their names, and signatures are deterministic, so that two runs publish the same bytes.

mod delegation;
mod edit;
mod files;
mod issue;
mod key;
mod model;
mod render;
mod server;

use std::collections::BTreeMap;
use std::sync::Arc;

use chrono::{DateTime, TimeDelta, Utc};

pub use delegation::{Bins, Delegation, Delegations, Scope};
pub use edit::{member, set, unset};
pub use files::Files;
pub use issue::Issue;
pub use key::Key;
pub use model::{MetaFile, PinStyle, Role, RootModel, SnapshotModel, TargetModel, TargetsModel, TimestampModel};
pub use render::envelope;
pub use server::Server;

/// The repository: a model to change, and what has been published of it.
#[derive(Clone, Debug)]
pub struct Simulator {
    day0: DateTime<Utc>,
    /// What the next root says.
    pub root: RootModel,
    /// What the next timestamp says.
    pub timestamp: TimestampModel,
    /// What the next snapshot says.
    pub snapshot: SnapshotModel,
    /// What the next top-level targets say.
    pub targets: TargetsModel,
    /// What the next targets of each delegated role say.
    pub delegated: BTreeMap<String, TargetsModel>,
    /// The content of each target, by role and path.
    contents: BTreeMap<(String, String), Vec<u8>>,
    /// Whose signatures the last published root asks for on the next.
    last_root_keys: Vec<Key>,
    files: Files,
    /// Every metadata file in the order of publication.
    history: Vec<(String, Arc<[u8]>)>,
}

impl Default for Simulator {
    /// A repository whose day 0 is the first of January 2030.
    fn default() -> Self {
        const FIRST_OF_JANUARY_2030: i64 = 1_893_456_000;
        Simulator::new(DateTime::from_timestamp(FIRST_OF_JANUARY_2030, 0).expect("a second that chrono can name"))
    }
}

impl Simulator {
    /// A repository with version 1 of the four top-level roles published. Root expires on day 365, targets on day 90, snapshot on day 21
    /// and timestamp on day 7; each role has one key and root has two.
    pub fn new(day0: DateTime<Utc>) -> Simulator {
        let day = |number| day0 + TimeDelta::days(number);
        let mut simulator = Simulator {
            day0,
            root: RootModel::expiring(day(365)),
            timestamp: TimestampModel::expiring(day(7)),
            snapshot: SnapshotModel::expiring(day(21)),
            targets: TargetsModel::expiring(day(90)),
            delegated: BTreeMap::new(),
            contents: BTreeMap::new(),
            last_root_keys: Vec::new(),
            files: Files::default(),
            history: Vec::new(),
        };
        simulator.publish_root();
        simulator.publish();
        simulator
    }

    /// The first instant of that day.
    pub fn day(&self, number: i64) -> DateTime<Utc> {
        self.day0 + TimeDelta::days(number)
    }

    /// Lets every role expire in the far future, for programs that read the real clock. Counts from the next publication.
    pub fn never_expire(&mut self) -> &mut Self {
        let far = self.day(300_000);
        self.root.expires = far;
        self.timestamp.expires = far;
        self.snapshot.expires = far;
        self.targets.expires = far;
        self.delegated.values_mut().for_each(|role| role.expires = far);
        self
    }

    /// What is public now.
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// Every metadata file that was ever published, by name, in the order of publication: also those whose place others have taken.
    pub fn history(&self) -> impl Iterator<Item = (&str, &[u8])> {
        self.history.iter().map(|(name, bytes)| (name.as_str(), &**bytes))
    }

    /// The published root of that version, to pin.
    pub fn root_bytes(&self, version: u64) -> Vec<u8> {
        self.files.metadata(&format!("{version}.root.json")).expect("a root that has been published").to_vec()
    }

    /// Publishes the next root, signed by the keys of the last one and its own.
    pub fn publish_root(&mut self) -> &mut Self {
        self.issue("root").publish()
    }

    /// Publishes a new version of everything below root.
    pub fn publish(&mut self) -> &mut Self {
        let delegated: Vec<String> = self.delegated.keys().cloned().collect();
        for role in delegated.iter().map(String::as_str).chain(["targets", "snapshot", "timestamp"]) {
            self.issue(role).publish();
        }
        self
    }

    /// Publishes a new snapshot, and a new timestamp that names it.
    pub fn publish_snapshot(&mut self) -> &mut Self {
        self.issue("snapshot").publish().issue("timestamp").publish()
    }

    /// Prepares one file of one role: its next version, signed by the keys of its role, unless told otherwise.
    pub fn issue(&mut self, role: &str) -> Issue<'_> {
        Issue::of(self, role)
    }

    /// Lets `role` list a target; it is public when the role is published.
    pub fn add_target(&mut self, role: &str, path: &str, content: &[u8]) -> &mut Self {
        self.targets_of(role).targets.insert(path.to_owned(), TargetModel::of(content));
        self.contents.insert((role.to_owned(), path.to_owned()), content.to_vec());
        self
    }

    /// Lets `delegator` delegate; the role that it delegates to is made, unless it is there.
    pub fn delegate(&mut self, delegator: &str, delegation: Delegation) -> &mut Self {
        let expires = self.targets.expires;
        self.delegated.entry(delegation.name.clone()).or_insert_with(|| TargetsModel::expiring(expires));
        self.targets_of(delegator).delegations.get_or_insert_default().roles.push(delegation);
        self
    }

    /// Lets `delegator` delegate to hash bins (TAP 15), all of which are made.
    pub fn delegate_to_bins(&mut self, delegator: &str, bins: Bins) -> &mut Self {
        let expires = self.targets.expires;
        for name in bins.names() {
            self.delegated.entry(name).or_insert_with(|| TargetsModel::expiring(expires));
        }
        self.targets_of(delegator).delegations.get_or_insert_default().bins = Some(bins);
        self
    }

    /// The model of the top-level targets or of a delegated role.
    pub fn targets_of(&mut self, role: &str) -> &mut TargetsModel {
        match role {
            "targets" => &mut self.targets,
            name => self.delegated.get_mut(name).expect("a role that is delegated to"),
        }
    }
}
