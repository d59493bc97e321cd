//! The folder of a mirror: what is there, what is written, and what is removed.

use std::collections::BTreeSet;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use chrono::{DateTime, TimeDelta, Utc};
use rootline_metadata::Role;
use rootline_metadata::file_name::TARGETS_FOLDER;

use crate::driver::Fetching;
use crate::error::Note;
use crate::store::{
    Access, Layout, StagedFile, StoreError, StoreLock, TargetPlace, lock_file, make_folder, reader_has, reader_meets,
    sweep, sync_files, sync_folders,
};
use crate::transport::{Request, Transport};
use crate::workflow::{TargetInfo, target_absent};

use super::error::MirrorError;
use super::fetch;
use super::go_on;
use super::observer::{Progress, ProgressObserver};
use super::plan::{Kind, Plan, PlannedTarget};
use super::report::{LeftOut, MirrorReport};
use super::written_files::WrittenFiles;

const LOCK: &str = ".rootline-mirror.lock";

/// See the module.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
}

/// What is in the place of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum There {
    /// The file.
    Same,
    /// Something else.
    Other,
    Nothing,
}

/// A target to fetch, with the places that lack it.
type Missing<'p> = (&'p PlannedTarget, Vec<(&'p str, There)>);

/// One publication on its way into the folder.
struct Publication<'a, O> {
    folder: &'a Folder,
    observer: &'a mut O,
    manifest: WrittenFiles,
    /// What takes the place of something, in the order in which it will.
    staged: Vec<(String, u64, StagedFile)>,
    present: usize,
    written: Vec<String>,
    written_bytes: u64,
    left_out: Vec<LeftOut>,
    notes: Vec<Note>,
}

impl Folder {
    /// The folder at `path`, which is made if it is missing.
    pub(super) fn open(path: &Path) -> Result<Folder, StoreError> {
        make_folder(path, Access::Umask)?;
        Ok(Folder { path: path.to_owned() })
    }

    /// Keeps others from bringing the same mirror up to date.
    pub(super) fn lock(&self) -> Result<StoreLock, StoreError> {
        lock_file(self.path.join(LOCK))
    }

    /// Writes everything in an order that never leaves a reader without, and removes what nothing has pointed at for as long as `keep`.
    pub(super) fn publish<O: ProgressObserver>(
        &self,
        plan: &Plan,
        transport: &impl Transport,
        fetching: Fetching,
        now: DateTime<Utc>,
        keep: TimeDelta,
        observer: &mut O,
    ) -> Result<MirrorReport, MirrorError> {
        let manifest = WrittenFiles::load(&self.path)?;
        let places: BTreeSet<&str> = plan.places().collect();
        let planned = Progress::Planned { files: places.len(), target_bytes: plan.target_bytes() };
        go_on(observer, planned)?;
        let mut publication = Publication {
            folder: self,
            observer,
            manifest,
            staged: Vec::new(),
            present: 0,
            written: Vec::new(),
            written_bytes: 0,
            left_out: plan.left_out.clone(),
            notes: Vec::new(),
        };
        let targets = publication.missing_targets(plan)?;
        let metadata = publication.missing_metadata(plan)?;
        publication.manifest.save()?;

        let requests: Vec<&Request> = targets.iter().map(|(target, _)| &target.request).collect();
        fetch::each(transport, fetching, &requests, |index, fetched| {
            let (target, places) = &targets[index];
            let bytes = fetched.map_err(|error| not_arrived(target, error))?;
            is_one_of(&target.said, &bytes)?;
            places.iter().try_for_each(|(place, there)| publication.put(place, &bytes, *there == There::Other))
        })?;
        for (index, there) in metadata {
            let file = &plan.metadata[index];
            // New roots wait for the timestamp, because it may have been signed by keys that only they name.
            publication.put(&file.place, &file.bytes, there == There::Other || file.kind != Kind::Pinned)?;
        }
        publication.replace(&places)?;
        publication.manifest.serves(&places, now);
        let pruned = publication.prune(keep, now)?;
        Ok(publication.report(plan, pruned))
    }

    fn file(&self, place: &str) -> Result<TargetPlace, StoreError> {
        TargetPlace::new(&self.path, place, Layout::Nested)
    }

    /// Whether the file that is there is the one whose length and content `verify` accepts.
    fn there(&self, place: &str, length: u64, verify: impl FnOnce(&mut dyn Read) -> bool) -> Result<There, StoreError> {
        let file = self.file(place)?;
        if file.existing_matches(length, verify)? {
            return Ok(There::Same);
        }
        Ok(if fs::symlink_metadata(file.path()).is_ok() { There::Other } else { There::Nothing })
    }

    /// Removes what writers left behind that were ended before they were done. Only for who knows that nobody else is writing.
    pub(super) fn sweep(&self, plan: &Plan) {
        let folders: BTreeSet<&str> =
            plan.places().map(|place| place.rsplit_once('/').map_or("", |(above, _)| above)).collect();
        for folder in folders {
            sweep(&self.path.join(folder));
        }
    }
}

impl<O: ProgressObserver> Publication<'_, O> {
    /// The targets that are not there, each with the places that lack it. What is there is not fetched again, but looked at again.
    fn missing_targets<'p>(&mut self, plan: &'p Plan) -> Result<Vec<Missing<'p>>, MirrorError> {
        let mut missing = Vec::new();
        for target in &plan.targets {
            let mut places = Vec::new();
            for place in &target.places {
                let mut there = There::Nothing;
                for said in &target.said {
                    there =
                        self.folder.there(place, said.file.length, |file| reader_meets(file, &said.file.digests))?;
                    if there == There::Same {
                        break;
                    }
                }
                let length = target.said.first().map_or(0, |said| said.file.length);
                if self.expect(place, length, there)? {
                    places.push((place.as_str(), there));
                }
            }
            if !places.is_empty() {
                missing.push((target, places));
            }
        }
        Ok(missing)
    }

    /// The metadata files that are not there, by their index.
    fn missing_metadata(&mut self, plan: &Plan) -> Result<Vec<(usize, There)>, MirrorError> {
        let mut missing = Vec::new();
        for (index, file) in plan.metadata.iter().enumerate() {
            let length = file.bytes.len() as u64;
            let there =
                self.folder.there(&file.place, length, |present| reader_has(present, &file.bytes).unwrap_or(false))?;
            match (there, file.kind) {
                (There::Other, Kind::Root) => {
                    return Err(MirrorError::OtherRoot { path: self.folder.path.join(&file.place) });
                }
                // What is vouched for takes the place of what somebody has once served in its place.
                (There::Other, Kind::EarlierRoot) if self.manifest.has(&file.place) => {
                    self.notes.push(Note::RootReplaced { name: file.place.clone() });
                }
                (There::Other, Kind::EarlierRoot) => {
                    self.left_out.push(LeftOut::RootInTheWay { place: file.place.clone() });
                    continue;
                }
                _ => {}
            }
            if self.expect(&file.place, length, there)? {
                missing.push((index, there));
            }
        }
        Ok(missing)
    }

    /// Whether a file has to be written; then it is entered in the list. What others have put there stays.
    fn expect(&mut self, place: &str, bytes: u64, there: There) -> Result<bool, MirrorError> {
        match there {
            There::Same => {
                self.present += 1;
                go_on(self.observer, Progress::Present { name: place, bytes })?;
                if self.manifest.has(place) {
                    self.manifest.enter(place);
                }
                Ok(false)
            }
            There::Other if !self.manifest.has(place) => {
                Err(MirrorError::NotOurs { path: self.folder.path.join(place) })
            }
            There::Other | There::Nothing => {
                self.manifest.enter(place);
                Ok(true)
            }
        }
    }

    /// Writes a file, now or, if it has to wait, together with the others that do. Where nothing was before, there is another file
    /// now only if the file system takes two places for one.
    fn put(&mut self, place: &str, bytes: &[u8], waits: bool) -> Result<(), MirrorError> {
        let length = bytes.len() as u64;
        if waits {
            self.staged.push((place.to_owned(), length, self.folder.file(place)?.stage(bytes)?));
            return Ok(());
        }
        go_on(self.observer, Progress::Writing { name: place, bytes: length })?;
        if self.folder.there(place, length, |present| reader_has(present, bytes).unwrap_or(false))? == There::Other {
            return Err(MirrorError::Overwritten { name: place.to_owned() });
        }
        self.folder.file(place)?.stage(bytes)?.put_in_place()?;
        self.wrote(place, length);
        Ok(())
    }

    fn wrote(&mut self, place: &str, bytes: u64) {
        self.written.push(place.to_owned());
        self.written_bytes += bytes;
    }

    /// Puts everything that waited in its place, one right after the other: the timestamp is last, and roots are right before it. Before that
    /// everything is on the disk that they will lead to, also what an earlier round has written that did not come so far.
    fn replace(&mut self, places: &BTreeSet<&str>) -> Result<(), MirrorError> {
        if self.staged.is_empty() && self.written.is_empty() {
            return Ok(());
        }
        let waiting: BTreeSet<&str> = self.staged.iter().map(|(place, ..)| place.as_str()).collect();
        let there = places.difference(&waiting).map(|place| self.folder.path.join(place));
        let staged = self.staged.iter().map(|(_, _, staged)| staged.unfinished().to_owned());
        sync_files(&there.chain(staged).collect::<Vec<_>>())?;
        let mut replaced = Vec::new();
        for (place, length, staged) in std::mem::take(&mut self.staged) {
            go_on(self.observer, Progress::Writing { name: &place, bytes: length })?;
            replaced.push(staged.put_in_place()?);
            self.wrote(&place, length);
        }
        Ok(sync_files(&replaced)?)
    }

    /// Removes what nothing has pointed at for as long as `keep`, and says what that was.
    fn prune(&mut self, keep: TimeDelta, now: DateTime<Utc>) -> Result<Vec<String>, MirrorError> {
        self.manifest.save()?;
        let outdated = self.manifest.outdated(keep, now);
        let mut folders = BTreeSet::new();
        for place in &outdated {
            go_on(self.observer, Progress::Removing { name: place })?;
            folders.extend(self.folder.file(place)?.remove()?);
        }
        // Before they are struck out: a file that comes back with the power would never be removed.
        sync_folders(&folders.iter().map(PathBuf::as_path).collect())?;
        for place in &outdated {
            self.manifest.remove(place);
            // A folder that is empty now, and was made for this file. One that is not empty stays.
            let above = Path::new(place).ancestors().skip(1);
            for folder in above.filter(|above| ![Path::new(""), Path::new(TARGETS_FOLDER)].contains(above)) {
                let _ = fs::remove_dir(self.folder.path.join(folder));
            }
        }
        self.manifest.save()?;
        Ok(outdated)
    }

    fn report(self, plan: &Plan, pruned: Vec<String>) -> MirrorReport {
        let roles = plan.delegated.iter();
        MirrorReport {
            trusted: plan.trusted.clone(),
            oldest_root: plan.oldest_root,
            delegated: roles.map(|(name, role)| (name.to_string(), role.version(), role.expiry())).collect(),
            targets: plan.target_names,
            written: self.written,
            written_bytes: self.written_bytes,
            present: self.present,
            kept: self.manifest.kept(),
            pruned,
            left_out: self.left_out,
            notes: self.notes,
        }
    }
}

fn not_arrived(target: &PlannedTarget, error: crate::transport::TransportError) -> MirrorError {
    match target.said.first() {
        Some(said) if error.is_not_found() => target_absent(said).into(),
        _ => MirrorError::Repository(error.into()),
    }
}

/// Whether the bytes are what some role says of them; if not, why not in the words of the first.
fn is_one_of(said: &[TargetInfo], bytes: &[u8]) -> Result<(), MirrorError> {
    let mut first = Ok(());
    for said in said {
        match said.verify(bytes) {
            Ok(()) => return Ok(()),
            Err(refusal) => first = first.and(Err(refusal.into())),
        }
    }
    first
}
