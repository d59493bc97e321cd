//! `rootline mirror --to`: puts what a mirror holds to a destination.

use std::path::{Path, PathBuf};

use rootline_metadata::limits::MAX_TIMESTAMP_BYTES;
use rootline_metadata::{Envelope, Role as _, Root, Timestamp, Version, file_name};
use serde_json::{Value, json};

use crate::destination::{
    self, Content, Destination, FolderDestination, OutgoingFile, Pending, Place, PlaceError, Settings, Step, Upload,
    Uploaded,
};
use crate::failure::Failure;
use crate::progress::size;
use crate::terminal::Terminal;

/// A destination of a mirror, and how it is written to.
#[derive(Debug)]
pub(super) struct MirrorUpload {
    destination: Box<dyn Destination>,
    is_dry_run: bool,
}

/// What was done at the destination, or would be.
#[derive(Debug)]
pub(super) struct Outcome {
    place: String,
    is_dry_run: bool,
    timestamp: Version,
    uploaded: Uploaded,
}

impl MirrorUpload {
    pub(super) fn open(place: &Place, settings: Settings, is_dry_run: bool) -> Result<MirrorUpload, Failure> {
        Ok(MirrorUpload { destination: destination::open(place, settings)?, is_dry_run })
    }

    /// Says once what cannot be promised there.
    pub(super) fn probe(&self, terminal: &Terminal) -> Result<(), Failure> {
        if self.is_dry_run {
            return Ok(());
        }
        let conditions = self.destination.probe()?;
        if let Some(warning) = conditions.warning(self.destination.place()) {
            terminal.warning(format_args!("{warning}"));
        }
        Ok(())
    }

    /// Puts the files of a mirror there, whose root and timestamp were verified.
    pub(super) fn run(
        &self,
        folder: &Path,
        root: &Root,
        timestamp: Version,
        terminal: &Terminal,
    ) -> Result<Outcome, Failure> {
        if !root.consistent_snapshot() {
            return Err(Failure::new(
                format!("{}: a repository without consistent snapshots cannot be put there", self.destination.place()),
                "its files change all at once, which no store can do: serve the mirror's folder instead",
            ));
        }
        self.check_not_newer(folder, root, timestamp)?;
        let progress = terminal.progress();
        let files = files(folder)?;
        progress.files(files.len());
        let mut observe = |step: Step<'_>| match step {
            Step::Comparing(name) => progress.file(name, 0),
            Step::Writing(pending) => progress.file(pending.name(), pending.bytes()),
        };
        let upload = Upload::plan(self.destination.as_ref(), files, &mut observe)?;
        let uploaded = if self.is_dry_run { would_be(&upload) } else { upload.run(&mut observe)? };
        let place = self.destination.place().to_string();
        Ok(Outcome { place, is_dry_run: self.is_dry_run, timestamp, uploaded })
    }

    /// Refuses to go back, and to take the place of another repository.
    fn check_not_newer(&self, folder: &Path, root: &Root, timestamp: Version) -> Result<(), Failure> {
        let place = self.destination.place();
        let refused = |what: String, hint: &str| Failure::new(format!("{place}: {what}"), hint).with_check(RULE);
        let newest = self.destination.list()?.keys().filter_map(|name| file_name::root_version(name)).max();
        if let Some(newest) = newest.filter(|newest| *newest > root.version()) {
            let what = format!("root {newest} is there, and the mirror has root {}", root.version());
            return Err(refused(what, "the destination is ahead: find out who writes to it, or mirror again"));
        }
        let Some(there) = self.destination.read(file_name::TIMESTAMP, MAX_TIMESTAMP_BYTES as u64)? else {
            return Ok(());
        };
        let Ok(envelope) = Envelope::<Timestamp>::parse(there.bytes.clone(), MAX_TIMESTAMP_BYTES) else {
            let what = "timestamp.json is there and is not a timestamp".to_owned();
            return Err(refused(what, "choose another prefix, or remove the file if it is nobody's"));
        };
        let version = envelope.unverified().version();
        if version > timestamp {
            let what = format!("timestamp {version} is there, and the mirror has timestamp {timestamp}");
            return Err(refused(what, "the destination is ahead: find out who writes to it, or mirror again"));
        }
        if version == timestamp && own_timestamp(folder)? != there.bytes {
            let what = format!("another timestamp {version} is there than the mirror's");
            return Err(refused(
                what,
                "it belongs to another repository, or its publisher signed twice: choose another prefix",
            ));
        }
        Ok(())
    }
}

const RULE: &str = "versions never go backwards";

fn own_timestamp(folder: &Path) -> Result<Vec<u8>, Failure> {
    let path = folder.join(file_name::TIMESTAMP);
    rootline_client::store::read_regular_file(&path, MAX_TIMESTAMP_BYTES as u64)
        .map_err(|error| Failure::unreadable(&path, &error))
}

/// What a mirror's folder has for readers: roots, then the timestamp, each from the oldest on; an upload orders the rest.
fn files(folder: &Path) -> Result<Vec<OutgoingFile>, Failure> {
    let listed = FolderDestination::new(folder).list()?;
    let is_published = |name: &String| {
        name == file_name::TIMESTAMP
            || name.starts_with(file_name::TARGETS_FOLDER)
            || file_name::versioned_role_in(name).is_some()
    };
    let mut names: Vec<String> = listed.into_keys().filter(is_published).collect();
    names.sort_by_key(|name| (name == file_name::TIMESTAMP, file_name::root_version(name)));
    let outgoing = |name: String| {
        let path: PathBuf = name.split('/').fold(folder.to_owned(), |path, part| path.join(part));
        OutgoingFile { content: Content::File(path), name }
    };
    Ok(names.into_iter().map(outgoing).collect())
}

/// What would be written.
fn would_be(upload: &Upload<'_>) -> Uploaded {
    let pending = upload.pending();
    Uploaded {
        written: pending.iter().map(|pending| pending.name().to_owned()).collect(),
        written_bytes: pending.iter().map(Pending::bytes).sum(),
        present: upload.present(),
    }
}

impl Outcome {
    pub(super) fn has_changed(&self) -> bool {
        !self.uploaded.written.is_empty()
    }

    /// What was done, for people; each file in order when it is a dry run.
    pub(super) fn report(&self, terminal: &Terminal) {
        let Uploaded { written, written_bytes, present } = &self.uploaded;
        if self.is_dry_run {
            for name in written {
                terminal.report(format_args!("would write {}", name.escape_debug()));
            }
        }
        let did = if self.is_dry_run { "would have" } else { "has" };
        let counted = format!("{} written ({}), {present} there already", written.len(), size(*written_bytes));
        terminal.report(format_args!("{} {did} timestamp {}: {counted}", self.place, self.timestamp));
    }

    pub(super) fn json(&self) -> Value {
        json!({
            "place": self.place,
            "dry_run": self.is_dry_run,
            "timestamp": self.timestamp.number(),
            "written": self.uploaded.written,
            "written_bytes": self.uploaded.written_bytes,
            "present": self.uploaded.present,
        })
    }
}

impl From<PlaceError> for Failure {
    fn from(error: PlaceError) -> Failure {
        Failure::new(error.to_string(), error.hint())
    }
}
