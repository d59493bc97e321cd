//! What a timestamp leads to, and which roots that satisfies.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline_metadata::{
    Envelope, Role, Root, Snapshot, Targets, Thoroughness, Timestamp, TopLevelRole, Verified, Version, limits,
};

use super::no_timetable::Lacking;
use crate::model::file_name::PublishedFile;
use crate::repository::published::{Published, fits};

/// The files that a timestamp leads to.
#[derive(Clone, Debug)]
pub(super) struct LeadsTo {
    timestamp: Envelope<Timestamp>,
    snapshot: Envelope<Snapshot>,
    targets: Envelope<Targets>,
    /// The roots whose keys have signed all three.
    satisfied: BTreeSet<Version>,
}

impl LeadsTo {
    /// Follows a timestamp through published files, and holds them against these roots. `None` if one of the files is not there or cannot
    /// be read: then no root is satisfied.
    pub(super) fn of(timestamp: &[u8], published: &Published, roots: &[&Verified<Root>]) -> Option<LeadsTo> {
        let file = |file: PublishedFile| published.files().get(&file.to_string());
        let timestamp: Envelope<Timestamp> = parse(timestamp, TopLevelRole::Timestamp)?;
        let named = timestamp.unverified().snapshot();
        let snapshot = file(PublishedFile::Snapshot(named.version)).filter(|bytes| fits(named, bytes))?;
        let snapshot: Envelope<Snapshot> = parse(snapshot, TopLevelRole::Snapshot)?;
        let named = snapshot.unverified().targets();
        let targets = file(PublishedFile::Targets(named.version)).filter(|bytes| fits(named, bytes))?;
        let targets: Envelope<Targets> = parse(targets, TopLevelRole::Targets)?;
        let mut files = LeadsTo { timestamp, snapshot, targets, satisfied: BTreeSet::new() };
        let is_satisfied = |root: &&&Verified<Root>| files.lacking(root).is_none();
        files.satisfied = roots.iter().filter(is_satisfied).map(|root| root.version()).collect();
        Some(files)
    }

    pub(super) fn snapshot(&self) -> Version {
        self.snapshot.unverified().version()
    }

    pub(super) fn targets(&self) -> Version {
        self.targets.unverified().version()
    }

    /// When the first of the three expires.
    pub(super) fn expires(&self) -> DateTime<Utc> {
        let others = self.snapshot.unverified().expiry().min(self.targets.unverified().expiry());
        self.timestamp.unverified().expiry().min(others).instant()
    }

    pub(super) fn satisfies(&self, root: Version) -> bool {
        self.satisfied.contains(&root)
    }

    /// The first of the three that a root refuses.
    pub(super) fn lacking(&self, root: &Verified<Root>) -> Option<Lacking> {
        lacking(&self.targets, root, TopLevelRole::Targets)
            .or_else(|| lacking(&self.snapshot, root, TopLevelRole::Snapshot))
            .or_else(|| lacking(&self.timestamp, root, TopLevelRole::Timestamp))
    }
}

fn parse<R: Role>(bytes: &[u8], role: TopLevelRole) -> Option<Envelope<R>> {
    Envelope::parse(bytes.to_vec(), limits::max_bytes(role)).ok()
}

fn lacking<R: Role>(envelope: &Envelope<R>, root: &Verified<Root>, role: TopLevelRole) -> Option<Lacking> {
    let tally = envelope.tally(root.authority(role), Thoroughness::Enough);
    let version = envelope.unverified().version();
    (!tally.is_met()).then(|| Lacking {
        root: root.version(),
        role,
        version,
        threshold: tally.threshold,
        signed: tally.counted,
        missing: tally.missing,
    })
}
