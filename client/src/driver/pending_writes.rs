//! The cache during one session: the files in the store and, on top of them, those that were verified since and are not committed yet.
//!
//! Nothing is written until the session commits. So the store is locked for the moment of the commit and never while a file is on its
//! way, and readers see files that belong together.

use std::hash::{DefaultHasher, Hash, Hasher};

use rootline_metadata::sha256;

use crate::driver::last_check::LastCheck;
use crate::error::Note;
use crate::store::{LocalFile, Store, StoreError, StoreLock};
use crate::transport::Request;
use crate::workflow::{Content, Input, Seen};

/// Verified files that wait to be committed to a store in one step.
#[derive(Debug)]
pub(crate) struct PendingWrites<S> {
    store: S,
    files: Vec<(LocalFile, Content)>,
    /// The files that the session rests on: a mark of each small file as it was found, read up to so many bytes.
    found: Vec<(LocalFile, u64, Mark)>,
    /// The local timestamp, if its entity tag is known.
    timestamp: Option<TaggedTimestamp>,
    etag: Option<String>,
    was_unchanged: bool,
    /// Held from before the attempt began, once there were too many conflicts.
    lock: Option<StoreLock>,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct TaggedTimestamp {
    etag: String,
    bytes: Vec<u8>,
}

/// The outcome of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CommitOutcome {
    /// Everything is in the store.
    Committed,
    /// Another process has changed the files that the session rests on. Nothing was written.
    Conflict,
}

/// Whether it is a failure when verified files cannot be written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Persistence {
    /// It is: success means that they are on disk.
    Required,
    /// It is not: the client goes on with the verified files and notes it once.
    BestEffort,
}

/// Detects a change by a process that means no harm, and no other.
type Mark = Option<u64>;

impl<S: Store> PendingWrites<S> {
    /// Begins with the files of `store`, which may be borrowed or shared, and nothing to write.
    pub(crate) fn over(store: S) -> Self {
        PendingWrites {
            store,
            files: Vec::new(),
            found: Vec::new(),
            timestamp: None,
            etag: None,
            was_unchanged: false,
            lock: None,
            notes: Vec::new(),
        }
    }

    /// Asks the server for the timestamp only if it is new, where `last_check` knows the entity tag of the one in the store.
    pub(crate) fn conditional(self, last_check: &LastCheck, timestamp_limit: u64) -> Self {
        let timestamp = || {
            let (etag, digest) = last_check.timestamp_tag()?;
            let bytes = self.store.load(&LocalFile::Timestamp, timestamp_limit).ok()??;
            (sha256(&bytes) == *digest).then(|| TaggedTimestamp { etag: etag.to_owned(), bytes })
        };
        PendingWrites { timestamp: timestamp(), ..self }
    }

    /// Takes over the store's lock, where it is held already.
    pub(crate) fn locked(self, lock: Option<StoreLock>) -> Self {
        PendingWrites { lock, ..self }
    }

    /// A cached file that cannot be read counts as absent: it could only forbid, so the worst is a file fetched once more.
    pub(crate) fn load(&mut self, file: &LocalFile, limit: u64) -> Input {
        if let Some((_, content)) = self.files.iter().rev().find(|(saved, _)| saved == file) {
            return Input::Bytes(content.bytes().to_vec());
        }
        let bytes = self.store.load(file, limit).unwrap_or_else(|error| {
            self.notes.push(Note::CacheUnreadable(error));
            None
        });
        if is_small(file) {
            self.found.push((file.clone(), limit, mark(bytes.as_deref())));
        }
        bytes.map_or(Input::Absent, Input::Bytes)
    }

    pub(crate) fn write(&mut self, file: LocalFile, content: Content) {
        self.files.push((file, content));
    }

    /// The files that wait to be committed, in the order in which they were verified.
    #[cfg(feature = "bundle")]
    pub(crate) fn files(&self) -> &[(LocalFile, Content)] {
        &self.files
    }

    /// Adds what was verified and is not committed to what was seen.
    pub(crate) fn add_to(&self, seen: &mut Seen) {
        self.files.iter().for_each(|(file, content)| seen.add(file, content));
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// The entity tag to send with `request`, if the cached file is the one that it belongs to.
    pub(crate) fn etag(&self, request: &Request) -> Option<&str> {
        self.timestamp.as_ref().filter(|_| request.is_timestamp()).map(|timestamp| timestamp.etag.as_str())
    }

    /// The cached file that the server calls unchanged.
    pub(crate) fn unchanged(&mut self, request: &Request) -> Option<Vec<u8>> {
        let timestamp = self.timestamp.take().filter(|_| request.is_timestamp())?;
        self.etag = Some(timestamp.etag);
        self.was_unchanged = true;
        Some(timestamp.bytes)
    }

    /// Whether the server has called a file unchanged.
    pub(crate) fn was_unchanged(&self) -> bool {
        self.was_unchanged
    }

    pub(crate) fn take_etag(&mut self, request: &Request, etag: Option<String>) {
        if request.is_timestamp() {
            self.etag = etag;
        }
    }

    /// The entity tag that the server gave the timestamp.
    pub(crate) fn timestamp_etag(&self) -> Option<&str> {
        self.etag.as_deref()
    }

    /// Drains the notes recorded since the last call.
    pub(crate) fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// Writes everything in one step, unless another process was quicker. With nothing new, the store is not touched.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(crate) fn commit(&mut self) -> Result<CommitOutcome, StoreError> {
        if self.is_committed() {
            self.files.clear();
            return Ok(CommitOutcome::Committed);
        }
        let lock = self.lock()?;
        if self.has_conflict() {
            return Ok(CommitOutcome::Conflict);
        }
        if lock.as_ref().is_none_or(StoreLock::keeps_others_out) {
            self.write_all()?;
            return Ok(CommitOutcome::Committed);
        }
        // Without a lock: looked at again right before the files count, and again after that, lest another one's older files have replaced them.
        let saved = self.store.save_all_if(&self.named(), &|| !self.has_conflict())?;
        if !saved || !self.is_committed() {
            return Ok(CommitOutcome::Conflict);
        }
        self.files.clear();
        Ok(CommitOutcome::Committed)
    }

    /// Whether somebody has changed the files in the store that the session rests on.
    pub(crate) fn has_conflict(&self) -> bool {
        self.found.iter().any(|(file, limit, found)| {
            let now = self.store.load(file, *limit).ok().flatten();
            mark(now.as_deref()) != *found
        })
    }

    fn named(&self) -> Vec<(LocalFile, &[u8])> {
        self.files.iter().map(|(file, content)| (file.clone(), content.bytes())).collect()
    }

    /// Writes files that belong to this snapshot, if the store still has that snapshot. Beside another one they would not belong.
    ///
    /// # Errors
    /// If the store cannot be written.
    pub(crate) fn commit_beside(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        if self.is_committed() {
            return Ok(());
        }
        let _lock = self.lock()?;
        if self.store.has(&LocalFile::Snapshot, snapshot) { self.write_all() } else { Ok(()) }
    }

    fn write_all(&mut self) -> Result<(), StoreError> {
        self.store.save_all(&self.named())?;
        self.files.clear();
        Ok(())
    }

    fn lock(&mut self) -> Result<Option<StoreLock>, StoreError> {
        let mut lock = match self.lock.take() {
            Some(held) => Some(held),
            None => self.store.lock()?,
        };
        self.notes.extend(lock.as_mut().and_then(StoreLock::take_missing).map(Note::Unlocked));
        Ok(lock)
    }

    /// Whether the store already has every file.
    fn is_committed(&self) -> bool {
        self.files.iter().all(|(file, content)| self.store.has(file, content.bytes()))
    }
}

/// The files that decide which others count. The others are pinned by these.
fn is_small(file: &LocalFile) -> bool {
    matches!(file, LocalFile::RootHistory(_) | LocalFile::Timestamp | LocalFile::Snapshot)
}

fn mark(bytes: Option<&[u8]>) -> Mark {
    bytes.map(|bytes| {
        let mut hasher = DefaultHasher::new();
        bytes.hash(&mut hasher);
        hasher.finish()
    })
}
