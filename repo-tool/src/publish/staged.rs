//! A publication in stages, so that caches show no verifier two files that refuse each other.

use std::collections::BTreeSet;

use chrono::{DateTime, Utc};
use rootline::destination::{Content, Created, Destination, OutgoingFile, Revision};
use rootline_ceremonies::publication::{
    Lacking, Mixture, NoTimetable, PlaceRecord, PublicStep, Stage, Timetable, TimetableParts,
};
use rootline_ceremonies::{Caches, Keyholder, Keyholders, Published, PublishedFile};
use rootline_metadata::{KeyId, Role, TopLevelRole, Version, file_name, instant_text};

use crate::context::Context;
use crate::failure::Failure;
use crate::preflight::{Files, Gate, Upload};
use crate::publish::destination;
use crate::publish::emergency::Emergency;
use crate::publish::place::Place;

/// What becomes public at one place, and when.
pub(crate) struct StagedPublication<'a> {
    place: &'a Place,
    published: &'a Published,
    there: &'a Files,
    record: PlaceRecord,
    caches: Caches,
    timetable: Timetable,
}

impl<'a> StagedPublication<'a> {
    /// Reads what is known of the place, and plans the stages. Nothing is written.
    pub(crate) fn plan(
        place: &'a Place,
        published: &'a Published,
        there: &'a Files,
        at_once: bool,
        context: &Context,
    ) -> Result<StagedPublication<'a>, Failure> {
        let caches = context.folder.policy()?.caches();
        let content = destination::content(there);
        let known = context.folder.place_record(&place.name).unwrap_or_else(|failure| {
            let what = failure.what();
            context.terminal.warning(format_args!("{what}: all that is public there counts as public since now"));
            None
        });
        let record = match known {
            Some(record) => record.seen(&content, &caches, context.now),
            None => PlaceRecord::begin(&place.name, &content, context.now),
        };
        let is_lacking = |name: &String| {
            let file = PublishedFile::parse(name);
            file.is_some_and(|file| step_of(&file) == PublicStep::Files) && !there.contains_key(name)
        };
        let lacks_files = published.files().keys().any(is_lacking);
        let parts = TimetableParts { published, record: &record, lacks_files, caches: &caches, at: context.now };
        let emergency = Emergency::find(there, published, context)?;
        if let Some(Emergency { ceremony, role }) = &emergency {
            context.terminal.warning(format_args!(
                "{ceremony} takes compromised keys of {role} away: nothing leads up to its root, and all becomes public at once"
            ));
        }
        let planned = Timetable::plan(parts);
        let timetable = match (at_once || emergency.is_some(), planned) {
            (false, planned) => planned.map_err(|none| refusal(&none, &caches, context))?,
            (true, Ok(planned)) if planned.stages().len() < 2 => planned,
            (true, _) => {
                context.terminal.warning(format_args!(
                    "for up to {} minutes clients behind caches are refused: have the caches drop timestamp.json and the next root's absence",
                    caches.longest_gap().num_minutes()
                ));
                Timetable::at_once(parts)
            }
        };
        Ok(StagedPublication { place, published, there, record, caches, timetable })
    }

    /// Has verifiers read every mixture of files that caches can show them, in this stage and in those to come.
    pub(crate) fn check_mixtures(&self, gate: &Gate<'_>) -> Result<(), Failure> {
        let mixtures: BTreeSet<&Mixture> = self.timetable.stages().iter().flat_map(|stage| &stage.mixtures).collect();
        Ok(gate.check_mixtures(mixtures)?)
    }

    /// What is written, stage by stage.
    pub(crate) fn uploads(&self) -> Vec<Upload<'_>> {
        let names = |stage| self.files(stage).into_iter().map(|(file, _)| file.to_string()).collect();
        let stages = self.timetable.stages().iter();
        stages
            .map(|stage| Upload { at: stage.at, files: names(stage), mixtures: stage.mixtures.iter().collect() })
            .collect()
    }

    /// The stage that may become public now; `None` where nothing may.
    pub(crate) fn due(&self, now: DateTime<Utc>) -> Option<&Stage> {
        self.timetable.stages().first().filter(|stage| stage.at <= now)
    }

    /// The stage after the one that is due.
    pub(crate) fn next(&self, now: DateTime<Utc>) -> Option<&Stage> {
        self.timetable.stages().iter().find(|stage| stage.at > now)
    }

    /// The number of the stage that is public once the one that is due is, and how many there are.
    pub(crate) fn progress(&self, now: DateTime<Utc>) -> (u64, u64) {
        let done = self.record.stages_done();
        (done + u64::from(self.due(now).is_some()), done + self.timetable.stages().len() as u64)
    }

    /// The versions of the newest root and of the timestamp that are public once the stage that is due is.
    pub(crate) fn public_after(&self, now: DateTime<Utc>) -> (Option<u64>, Option<u64>) {
        let steps = self.due(now).map(|stage| &*stage.steps).unwrap_or_default();
        let roots = steps.iter().filter_map(|step| match step {
            PublicStep::Root(version) => Some(*version),
            _ => None,
        });
        let root = roots.chain(self.record.newest_root()).max();
        let timestamp = match steps.contains(&PublicStep::Timestamp) {
            true => self.published.current().map(|current| current.timestamp.version()),
            false => destination::timestamp_version(self.there),
        };
        (root.map(Version::number), timestamp.map(Version::number))
    }

    /// The files of a stage that are not there yet, in the order in which they are written.
    pub(crate) fn files(&self, stage: &Stage) -> Vec<(PublishedFile, &'a Vec<u8>)> {
        let is_new = |(name, bytes): &(&String, &Vec<u8>)| self.there.get(*name) != Some(bytes);
        let new = self.published.files().iter().filter(is_new);
        let mut new: Vec<(PublishedFile, &Vec<u8>)> =
            new.filter_map(|(name, bytes)| Some((PublishedFile::parse(name)?, bytes))).collect();
        new.sort_by_key(|(file, _)| file.publishing_order());
        let of_step =
            |step: &PublicStep| new.iter().filter(|(file, _)| step_of(file) == *step).cloned().collect::<Vec<_>>();
        stage.steps.iter().flat_map(of_step).collect()
    }

    /// Keeps what was seen, so that a timestamp that is replaced now stays known.
    pub(crate) fn keep_seen(&self, context: &Context) -> Result<(), Failure> {
        context.folder.keep_place_record(&self.record)
    }

    /// Writes the stage that is due, and keeps since when its files are public. Returns their names.
    pub(crate) fn write(&self, context: &Context) -> Result<Vec<String>, Failure> {
        let Some(stage) = self.due(context.now) else { return Ok(Vec::new()) };
        let mut content = destination::content(self.there);
        let mut names = Vec::new();
        let destination = self.place.open(&self.caches)?;
        if let Some(warning) = destination.probe()?.warning(destination.place()) {
            context.terminal.warning(format_args!("{warning}"));
        }
        for (file, bytes) in self.files(stage) {
            let name = file.to_string();
            self.put(destination.as_ref(), &name, bytes)?;
            content.add(&file, bytes);
            names.push(name);
        }
        let is_last = self.timetable.stages().len() == 1;
        let record = self.record.clone().seen(&content, &self.caches, context.later());
        context.folder.keep_place_record(&record.with_stage(is_last))?;
        Ok(names)
    }

    /// Writes one file: the timestamp in the place of the one that was read, and any other only where there is none.
    fn put(&self, destination: &dyn Destination, name: &str, bytes: &[u8]) -> Result<(), Failure> {
        if name == file_name::TIMESTAMP {
            let read = self.there.get(name).map(|bytes| Revision { bytes: bytes.clone() });
            return Ok(destination.replace(name, bytes, read.as_ref())?);
        }
        let file = OutgoingFile { name: name.to_owned(), content: Content::Bytes(bytes.to_vec()) };
        match destination.create(&file)? {
            Created::Created | Created::Same => Ok(()),
            Created::Different => Err(Failure::new(
                format!("{} has come in between, with other content", self.place.file(name)),
                "another clone has published it: take over its metadata/, and sign again",
            )),
        }
    }
}

fn step_of(file: &PublishedFile) -> PublicStep {
    match file {
        PublishedFile::Root(version) => PublicStep::Root(*version),
        PublishedFile::Timestamp => PublicStep::Timestamp,
        _ => PublicStep::Files,
    }
}

/// When which files follow, and what they wait for.
pub(crate) fn sentence(stage: &Stage) -> String {
    let roots: Vec<String> = stage.steps.iter().filter_map(root_text).collect();
    let has_timestamp = stage.steps.contains(&PublicStep::Timestamp);
    let (what, waits) = match (roots.as_slice(), has_timestamp) {
        ([], _) => ("the timestamp follows".to_owned(), "when no cache lacks what it needs"),
        ([root], false) => (format!("{root} follows"), "when no cache has a timestamp that it refuses"),
        (roots, false) => (format!("{} follow", roots.join(", ")), "when no cache has a timestamp that they refuse"),
        (roots, true) => {
            (format!("{} and the timestamp follow", roots.join(", ")), "when no cache has what they refuse")
        }
    };
    format!("{what} from {} on, {waits}", instant_text(stage.at))
}

fn root_text(step: &PublicStep) -> Option<String> {
    match step {
        PublicStep::Root(version) => Some(format!("root {version}")),
        _ => None,
    }
}

fn refusal(none: &NoTimetable, caches: &Caches, context: &Context) -> Failure {
    let minutes = caches.longest_gap().num_minutes();
    let at_once = format!("--at-once publishes all now: for up to {minutes} minutes clients behind caches are refused");
    let keyholders = context.folder.keyholders().unwrap_or_default();
    match none {
        NoTimetable::NoBridge(Some(lacking)) => {
            let hint = match lacking.role {
                TopLevelRole::Targets => "hold a ceremony in which they sign targets too",
                _ => "sign with the old and the new online key together: rootline-repo online --key OLD --key NEW --renew",
            };
            Failure::new(lacking_text(lacking, &keyholders), format!("{hint}; or {at_once}"))
        }
        NoTimetable::RootExpires { .. } => {
            Failure::new(none.to_string(), format!("renew root first: rootline-repo renew root; or {at_once}"))
        }
        other => Failure::new(other.to_string(), at_once),
    }
    .breaking("no cache shows a verifier two files that refuse each other")
}

/// `too few of root 1's holders signed targets 2 (2 of 3; bob or carol is needed)`
fn lacking_text(lacking: &Lacking, keyholders: &Keyholders) -> String {
    let Lacking { root, role, version, threshold, signed, missing } = lacking;
    let owner = |id: &KeyId| {
        let holds = |holder: &&Keyholder| holder.keys().iter().any(|key| KeyId::of(key) == *id);
        keyholders.iter().find(holds).map(|holder| holder.name().to_string())
    };
    let mut names: Vec<String> =
        missing.iter().map(|id| owner(id).unwrap_or_else(|| format!("key {}", id.short()))).collect();
    names.sort();
    names.dedup();
    let needed = match names.as_slice() {
        [] => String::new(),
        [one] => format!("; {one} is needed"),
        [more @ .., last] => format!("; {} or {last} is needed", more.join(", ")),
    };
    format!("too few of root {root}'s holders signed {role} {version} ({} of {threshold}{needed})", signed.len())
}
