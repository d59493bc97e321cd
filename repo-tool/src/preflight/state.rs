//! The states through which a publication goes, as clients see them.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_ceremonies::publication::Mixture;
use rootline_metadata::{Envelope, Role, Root, Snapshot, Targets, Timestamp, Version, file_name, instant_text, limits};

use super::Files;
use super::view::View;

/// What clients are shown at one moment of a publication.
#[derive(Clone, Debug)]
pub(crate) struct State<'a> {
    /// What was done last, or is mixed.
    pub(crate) name: String,
    /// What clients are shown.
    pub(crate) view: View<'a>,
    /// The newest root that is shown.
    pub(crate) newest: Version,
    /// The versions that the timestamp has, and gives for the snapshot.
    pub(crate) versions: (Version, Version),
    /// How many moments of the upload look like this to clients.
    pub(crate) moments: u64,
    /// Whether the publication has not begun.
    pub(crate) is_before: bool,
    /// Whether a stage ends here, and it stays so for long.
    pub(crate) ends_stage: bool,
}

impl<'a> State<'a> {
    fn of(name: String, view: View<'a>) -> Option<State<'a>> {
        let newest = view.roots().keys().next_back().copied()?;
        let timestamp: Envelope<Timestamp> = parse(view.timestamp()?, limits::MAX_TIMESTAMP_BYTES)?;
        let timestamp = timestamp.unverified();
        let versions = (timestamp.version(), timestamp.snapshot().version);
        Some(State { name, view, newest, versions, moments: 1, is_before: false, ends_stage: false })
    }

    /// When the first of the files that a client reads here expires.
    pub(crate) fn expires(&self) -> Option<DateTime<Utc>> {
        self.expiries().into_iter().min()
    }

    /// When each of the files that a client reads here expires: root, timestamp, snapshot, targets, as far as they can be read.
    pub(crate) fn expiries(&self) -> Vec<DateTime<Utc>> {
        let view = &self.view;
        let file = |role: &str, version| {
            view.find(&file_name::versioned(role, version)).or_else(|| view.find(&file_name::role(role)))
        };
        let root =
            view.find(&file_name::root(self.newest)).and_then(|bytes| parse::<Root>(bytes, limits::MAX_ROOT_BYTES));
        let timestamp = view.timestamp().and_then(|bytes| parse::<Timestamp>(bytes, limits::MAX_TIMESTAMP_BYTES));
        let snapshot =
            file("snapshot", self.versions.1).and_then(|bytes| parse::<Snapshot>(bytes, limits::MAX_SNAPSHOT_BYTES));
        let targets = snapshot.as_ref().and_then(|snapshot| {
            let bytes = file("targets", snapshot.unverified().targets().version)?;
            parse::<Targets>(bytes, limits::MAX_TARGETS_BYTES)
        });
        let expiries = [expiry(root), expiry(timestamp), expiry(snapshot), expiry(targets)];
        expiries.into_iter().flatten().collect()
    }
}

fn expiry<R: Role>(envelope: Option<Envelope<R>>) -> Option<DateTime<Utc>> {
    envelope.map(|envelope| envelope.unverified().expiry().instant())
}

fn parse<R: Role>(bytes: &[u8], limit: usize) -> Option<Envelope<R>> {
    Envelope::parse(bytes.to_vec(), limit).ok()
}

/// One stage of an upload.
pub(crate) struct Upload<'a> {
    /// When it begins.
    pub(crate) at: DateTime<Utc>,
    /// The names of the files that are written, in order.
    pub(crate) files: Vec<String>,
    /// What caches can show from then on.
    pub(crate) mixtures: Vec<&'a Mixture>,
}

/// The states of an upload of `files` to a place at which `there` is: before it, after each file, and all that caches can mix of them. Moments
/// at which clients see the same are one state.
pub(crate) fn states<'a>(there: &'a Files, files: &'a Files, uploads: &[Upload<'a>]) -> Vec<State<'a>> {
    let mut progress = Progress::begin(there, files);
    let mut states: Vec<State<'a>> = Vec::new();
    let before = progress.state("before".to_owned());
    states.extend(before.map(|state| State { is_before: true, ends_stage: true, ..state }));
    for upload in uploads {
        for name in &upload.files {
            let is_seen = progress.write(name);
            match states.last_mut() {
                Some(last) if !is_seen => last.moments += 1,
                _ => states.extend(progress.state(format!("after {name}"))),
            }
        }
        if let Some(last) = states.last_mut() {
            last.ends_stage = true;
        }
        let from = instant_text(upload.at);
        for (number, mixture) in (1..).zip(&upload.mixtures) {
            let name = format!("mixture {number} from {from} on");
            states.extend(State::of(name, View::mixture(files, mixture)));
        }
    }
    // All is public already.
    if states.is_empty() {
        states.extend(State::of("as it is".to_owned(), View::whole(files)));
    }
    states
}

/// How far an upload has come.
struct Progress<'a> {
    files: &'a Files,
    newest_root: Option<Version>,
    timestamp: Option<&'a [u8]>,
    absent: BTreeSet<String>,
    /// The metadata that the timestamp leads to.
    needed: BTreeSet<String>,
}

impl<'a> Progress<'a> {
    fn begin(there: &'a Files, files: &'a Files) -> Progress<'a> {
        let is_absent = |name: &&String| !there.contains_key(*name);
        let mut begun = Progress {
            files,
            newest_root: there.keys().filter_map(|name| file_name::root_version(name)).max(),
            timestamp: there.get(file_name::TIMESTAMP).map(Vec::as_slice),
            absent: files.keys().filter(is_absent).cloned().collect(),
            needed: BTreeSet::new(),
        };
        begun.needed = begun.follow();
        begun
    }

    /// Whether clients see a difference.
    fn write(&mut self, name: &str) -> bool {
        self.absent.remove(name);
        if name == file_name::TIMESTAMP {
            self.timestamp = self.files.get(name).map(Vec::as_slice);
            self.needed = self.follow();
            return true;
        }
        match file_name::root_version(name) {
            Some(version) => {
                self.newest_root = self.newest_root.max(Some(version));
                true
            }
            None => self.needed.contains(name),
        }
    }

    fn state(&self, name: String) -> Option<State<'a>> {
        let timestamp = self.timestamp?;
        State::of(name, View::halfway(self.files, self.newest_root, timestamp, self.absent.clone()))
    }

    fn follow(&self) -> BTreeSet<String> {
        let timestamp = self.timestamp.and_then(|bytes| parse::<Timestamp>(bytes, limits::MAX_TIMESTAMP_BYTES));
        let Some(timestamp) = timestamp else { return BTreeSet::new() };
        let snapshot = file_name::versioned("snapshot", timestamp.unverified().snapshot().version);
        let bytes = self.files.get(&snapshot);
        let parsed = bytes.and_then(|bytes| parse::<Snapshot>(bytes, limits::MAX_SNAPSHOT_BYTES));
        let listed = parsed.iter().flat_map(|snapshot| snapshot.unverified().meta_files());
        let listed = listed.filter_map(|(name, file)| Some(format!("{}.{name}", file?.version)));
        let listed: BTreeSet<String> = listed.collect();
        listed.into_iter().chain([snapshot]).collect()
    }
}

/// The instants at which the states are judged: now, those that were asked for, and one second either side of each expiry that is still to come.
pub(crate) fn instants(states: &[State<'_>], now: DateTime<Utc>, more: &[DateTime<Utc>]) -> Vec<DateTime<Utc>> {
    let expiries = states.iter().flat_map(State::expiries);
    let either_side = expiries.flat_map(|expiry| [expiry - chrono::TimeDelta::seconds(1), expiry]);
    let later = either_side.filter(|at| *at > now);
    let all: BTreeSet<DateTime<Utc>> = later.chain(more.iter().copied()).chain([now]).collect();
    all.into_iter().collect()
}
