//! What may become public at which instant.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::{Role, Root, Verified, Version};

use super::leads_to::LeadsTo;
use super::no_timetable::NoTimetable;
use super::place_record::PlaceRecord;
use super::stage::{Mixture, PublicStep, Stage};
use crate::model::file_name::PublishedFile;
use crate::plan::caches::Caches;
use crate::repository::published::Published;

/// What a timetable is made of.
#[derive(Clone, Copy, Debug)]
pub struct TimetableParts<'a> {
    /// What shall be public.
    pub published: &'a Published,
    /// What the place shows, as seen at `at`.
    pub record: &'a PlaceRecord,
    /// Whether files other than roots and the timestamp are missing at the place.
    pub lacks_files: bool,
    /// How long caches keep what they have.
    pub caches: &'a Caches,
    /// The instant from which on something may become public.
    pub at: DateTime<Utc>,
}

/// The stages in which a publication becomes public at one place, so that no verifier is refused in between.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Timetable {
    stages: Vec<Stage>,
}

impl Timetable {
    /// Plans the stages. The first one is at the instant that was given, if something may become public then. Where the place serves nobody
    /// now, because it has no timestamp or one that is refused, there is nothing to wait for: all is one stage.
    ///
    /// # Errors
    /// If there is no order without a gap, or a file would expire before the last stage.
    pub fn plan(parts: TimetableParts<'_>) -> Result<Timetable, NoTimetable> {
        let mut state = State::of(&parts);
        if !state.serves_verifiers(parts.at) {
            return Ok(Timetable { stages: Timetable::at_once(parts).stages });
        }
        let mut stages = Vec::new();
        let mut at = parts.at;
        while !state.is_complete() {
            let steps = state.advance(at);
            if !steps.is_empty() {
                stages.push(Stage { at, steps, mixtures: state.mixtures(at) });
            }
            if state.is_complete() {
                break;
            }
            at = state.next_instant().ok_or_else(|| state.no_bridge())?;
        }
        state.check_expiries(&parts, &stages)?;
        Ok(Timetable { stages })
    }

    /// Everything in one stage, whatever caches show: files, roots, timestamp.
    pub fn at_once(parts: TimetableParts<'_>) -> Timetable {
        let state = State::of(&parts);
        let files = state.lacks_files.then_some(PublicStep::Files);
        let roots = state.new_roots.iter().map(|version| PublicStep::Root(*version));
        let timestamp = state.new_timestamp.is_some().then_some(PublicStep::Timestamp);
        let steps: Vec<PublicStep> = files.into_iter().chain(roots).chain(timestamp).collect();
        let stage = Stage { at: parts.at, steps, mixtures: Vec::new() };
        Timetable { stages: if stage.steps.is_empty() { Vec::new() } else { vec![stage] } }
    }

    /// The stages that are to come, ascending; none where all is public.
    pub fn stages(&self) -> &[Stage] {
        &self.stages
    }
}

/// A timestamp that can be seen, or is to be.
#[derive(Clone, Debug)]
struct Stamp {
    bytes: Vec<u8>,
    /// `None` where its files cannot be followed: then it satisfies no root.
    leads_to: Option<LeadsTo>,
    replaced: Option<DateTime<Utc>>,
}

impl Stamp {
    fn satisfies(&self, root: Version) -> bool {
        self.leads_to.as_ref().is_some_and(|files| files.satisfies(root))
    }
}

/// What is public at one instant of the planning, and what is to become so.
struct State<'a> {
    published: &'a Published,
    known_since: Option<DateTime<Utc>>,
    roots: BTreeMap<Version, DateTime<Utc>>,
    snapshots: BTreeMap<Version, DateTime<Utc>>,
    /// The last one is the current one.
    stamps: Vec<Stamp>,
    lacks_files: bool,
    new_roots: Vec<Version>,
    new_timestamp: Option<Stamp>,
    /// How long a cache shows the absence of a file that is there.
    missing: TimeDelta,
    /// How long a cache shows a timestamp that was replaced.
    stale: TimeDelta,
}

impl<'a> State<'a> {
    fn of(parts: &TimetableParts<'a>) -> State<'a> {
        let TimetableParts { published, record, lacks_files, caches, at } = *parts;
        let living = record.living_roots(caches, at);
        let oldest = living.first().copied();
        let relevant: Vec<&Verified<Root>> =
            published.roots().iter().filter(|root| Some(root.version()) >= oldest).collect();
        let stamp = |bytes: &[u8], replaced| Stamp {
            bytes: bytes.to_vec(),
            leads_to: LeadsTo::of(bytes, published, &relevant),
            replaced,
        };
        let stamps = record.timestamps.iter().map(|shown| stamp(&shown.bytes, shown.replaced)).collect();
        let public = record.current_timestamp().map(|current| &*current.bytes);
        let new_timestamp = published.current().map(|current| current.timestamp.bytes());
        let new_timestamp = new_timestamp.filter(|bytes| Some(*bytes) != public).map(|bytes| stamp(bytes, None));
        let versions = published.roots().iter().map(|root| root.version());
        State {
            published,
            known_since: record.known_since,
            roots: record.roots.clone(),
            snapshots: record.snapshots.clone(),
            stamps,
            lacks_files,
            new_roots: versions.filter(|version| !record.roots.contains_key(version)).collect(),
            new_timestamp,
            missing: caches.absent(),
            stale: caches.stale(),
        }
    }

    fn is_complete(&self) -> bool {
        !self.lacks_files && self.new_roots.is_empty() && self.new_timestamp.is_none()
    }

    fn current(&self) -> Option<&Stamp> {
        self.stamps.last().filter(|stamp| stamp.replaced.is_none())
    }

    fn newest_root(&self) -> Option<Version> {
        self.roots.last_key_value().map(|(version, _)| *version)
    }

    /// Whether a verifier who comes now and is shown what is there gets through.
    fn serves_verifiers(&self, at: DateTime<Utc>) -> bool {
        let Some((current, root)) = self.current().zip(self.newest_root()) else { return false };
        current.satisfies(root) && current.leads_to.as_ref().is_some_and(|files| at < files.expires())
    }

    /// Makes everything public that may be at an instant, and says what and in which order.
    fn advance(&mut self, at: DateTime<Utc>) -> Vec<PublicStep> {
        let mut steps = Vec::new();
        if std::mem::take(&mut self.lacks_files) {
            steps.push(PublicStep::Files);
            if let Some(snapshot) = self.new_timestamp.as_ref().and_then(|stamp| stamp.leads_to.as_ref()) {
                self.snapshots.entry(snapshot.snapshot()).or_insert(at);
            }
        }
        let may = |earliest: Option<DateTime<Utc>>| earliest.is_some_and(|earliest| earliest <= at);
        loop {
            let before = steps.len();
            while let Some(root) = self.new_roots.first().copied().filter(|root| may(self.root_gate(*root, at))) {
                self.new_roots.remove(0);
                self.roots.insert(root, at);
                steps.push(PublicStep::Root(root));
            }
            if may(self.timestamp_gate(at))
                && let Some(stamp) = self.new_timestamp.take()
            {
                if let Some(last) = self.stamps.last_mut() {
                    last.replaced.get_or_insert(at);
                }
                self.stamps.push(stamp);
                steps.push(PublicStep::Timestamp);
            }
            if steps.len() == before {
                return steps;
            }
        }
    }

    /// From when on a root may be public: no timestamp that can be seen may lead to files that it refuses. `None` while the current one does.
    fn root_gate(&self, root: Version, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        // What was shown before the record began, nobody knows.
        let unknown = self.known_since.map_or(at, |since| since + self.stale);
        let failing = self.stamps.iter().filter(|stamp| !stamp.satisfies(root));
        failing
            .map(|stamp| Some(stamp.replaced? + self.stale))
            .try_fold(unknown.max(at), |latest, until| Some(latest.max(until?)))
    }

    /// From when on the new timestamp may be public: what it leads to must be there for long enough, and satisfy every root that can be
    /// a verifier's last. `None` while that is the newest one.
    fn timestamp_gate(&self, at: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let stamp = self.new_timestamp.as_ref()?;
        let failing = self.roots.keys().filter(|root| !stamp.satisfies(**root));
        let mut earliest = at;
        for root in failing {
            earliest = earliest.max(*self.roots.get(&root.next()?)? + self.missing);
        }
        let files =
            stamp.leads_to.as_ref().and_then(|files| self.snapshots.get(&files.snapshot())).copied()? + self.missing;
        Some(earliest.max(files.min(self.latest_renewal(at))))
    }

    /// Until when the new timestamp waits for its files to be seen by all: caches show the current one for a while after it is replaced, and
    /// then it must not have expired.
    fn latest_renewal(&self, at: DateTime<Utc>) -> DateTime<Utc> {
        let expires = self.current().and_then(|stamp| stamp.leads_to.as_ref()).map(|files| files.expires());
        expires.map_or(DateTime::<Utc>::MAX_UTC, |expires| (expires - self.stale).max(at))
    }

    /// When something else may become public.
    fn next_instant(&self) -> Option<DateTime<Utc>> {
        let never = DateTime::<Utc>::MIN_UTC;
        let root = self.new_roots.first().and_then(|root| self.root_gate(*root, never));
        root.into_iter().chain(self.timestamp_gate(never)).min()
    }

    /// What caches can show from an instant on: every root that lives with every timestamp that can be seen.
    fn mixtures(&self, at: DateTime<Utc>) -> Vec<Mixture> {
        let absent = self.absent();
        let lives = |root: &Version| {
            let successor = root.next().and_then(|next| self.roots.get(&next));
            successor.is_none_or(|since| at < *since + self.missing)
        };
        let is_seen = |stamp: &&Stamp| stamp.replaced.is_none_or(|replaced| at < replaced + self.stale);
        let pairs = self
            .roots
            .keys()
            .filter(|root| lives(root))
            .flat_map(|root| self.stamps.iter().filter(is_seen).map(|stamp| (*root, stamp.bytes.clone())));
        pairs.map(|(newest_root, timestamp)| Mixture { newest_root, timestamp, absent: absent.clone() }).collect()
    }

    /// Files whose absence a cache can show: the snapshot that the new timestamp leads to, and the targets file if it is new too. Once the
    /// timestamp is public they were there for long enough.
    fn absent(&self) -> BTreeSet<String> {
        let Some(new) = self.new_timestamp.as_ref().and_then(|stamp| stamp.leads_to.as_ref()) else {
            return BTreeSet::new();
        };
        let others = || self.stamps.iter().filter_map(|stamp| stamp.leads_to.as_ref());
        let is_snapshot_new = others().all(|files| files.snapshot() != new.snapshot());
        let is_targets_new = others().all(|files| files.targets() != new.targets());
        let snapshot = is_snapshot_new.then(|| PublishedFile::Snapshot(new.snapshot()));
        let targets = is_targets_new.then(|| PublishedFile::Targets(new.targets()));
        snapshot.into_iter().chain(targets).map(|file| file.to_string()).collect()
    }

    /// Why neither a root nor the timestamp may ever become public.
    fn no_bridge(&self) -> NoTimetable {
        let stamp = self.new_timestamp.as_ref().or(self.current());
        let fails = |root: &Version| stamp.is_some_and(|stamp| !stamp.satisfies(*root));
        let root = self.roots.keys().rev().copied().find(fails).or(self.newest_root());
        let root = self.published.roots().iter().find(|known| Some(known.version()) == root);
        let files = stamp.and_then(|stamp| stamp.leads_to.as_ref());
        NoTimetable::NoBridge(root.zip(files).and_then(|(root, files)| files.lacking(root)))
    }

    /// What is shown until the last stage must not expire on the way.
    fn check_expiries(&self, parts: &TimetableParts<'_>, stages: &[Stage]) -> Result<(), NoTimetable> {
        let last_of = |is_it: fn(&PublicStep) -> bool| {
            let stage = stages.iter().rfind(|stage| stage.steps.iter().any(is_it));
            // What may be public now cannot be any earlier.
            stage.map(|stage| stage.at).filter(|at| *at > parts.at)
        };
        let newest = parts.record.newest_root();
        let root = self.published.roots().iter().find(|root| Some(root.version()) == newest);
        if let Some((root, at)) = root.zip(last_of(|step| matches!(step, PublicStep::Root(_)))) {
            let (expires, needed_until) = (root.expiry().instant(), at + self.missing);
            if expires < needed_until {
                return Err(NoTimetable::RootExpires { version: root.version(), expires, needed_until });
            }
        }
        let current = parts.record.current_timestamp();
        let stamp = self.stamps.iter().find(|stamp| Some(&stamp.bytes) == current.map(|current| &current.bytes));
        let expires = stamp.and_then(|stamp| stamp.leads_to.as_ref()).map(LeadsTo::expires);
        if let Some((expires, at)) = expires.zip(last_of(|step| *step == PublicStep::Timestamp)) {
            let needed_until = at + self.stale;
            if expires < needed_until {
                return Err(NoTimetable::TimestampExpires { expires, needed_until });
            }
        }
        Ok(())
    }
}
