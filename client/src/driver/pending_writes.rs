//! The local copy during one piece of work: what lies in the store, and over it what was verified since and is not saved yet.
//!
//! Nothing is saved until the work is done. So the store is locked for the moment of saving and never while a file is on its way, and
//! whoever reads sees files that belong together.

use std::hash::{DefaultHasher, Hash, Hasher};

use rootline_metadata::sha256;

use crate::driver::last_check::LastCheck;
use crate::error::Note;
use crate::store::{LocalFile, Store, StoreError, StoreLock};
use crate::transport::Request;
use crate::workflow::{Content, Input};

/// See the module.
#[derive(Debug)]
pub struct Unsaved<'a, S> {
    store: &'a S,
    files: Vec<(LocalFile, Content)>,
    /// What the work rests on: a mark of each small file as it was found, read up to so many bytes.
    found: Vec<(LocalFile, u64, Mark)>,
    /// The local timestamp, if its entity tag is known.
    timestamp: Option<TaggedTimestamp>,
    etag: Option<String>,
    was_unchanged: bool,
    /// Held from before the work began, where others have been quicker too often.
    lock: Option<StoreLock>,
    notes: Vec<Note>,
}

#[derive(Debug)]
struct TaggedTimestamp {
    etag: String,
    bytes: Vec<u8>,
}

/// What became of saving.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Saving {
    /// All of it is kept.
    Saved,
    /// Somebody else has changed what the work rests on. Nothing was saved.
    Overtaken,
}

/// Whether it is a failure that what was verified cannot be kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// Yes: the caller is told that it is on disk.
    Required,
    /// No: it goes on with what was verified, and says so once.
    IfPossible,
}

/// Enough to see that a file was changed by somebody who means no harm; one who does can do the same without being seen.
type Mark = Option<u64>;

impl<'a, S: Store> Unsaved<'a, S> {
    /// Begins work on `store`.
    pub fn over(store: &'a S) -> Self {
        Unsaved {
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

    /// The same, asking the server only for a new timestamp if `last_check` knows the entity tag of the one in the store.
    pub(crate) fn conditional(self, last_check: &LastCheck, timestamp_limit: u64) -> Self {
        let timestamp = || {
            let (etag, digest) = last_check.timestamp_tag()?;
            let bytes = self.store.load(&LocalFile::Timestamp, timestamp_limit).ok()??;
            (sha256(&bytes) == *digest).then(|| TaggedTimestamp { etag: etag.to_owned(), bytes })
        };
        Unsaved { timestamp: timestamp(), ..self }
    }

    /// The same, with the store's lock held already.
    pub(crate) fn locked(self, lock: Option<StoreLock>) -> Self {
        Unsaved { lock, ..self }
    }

    /// A local copy that cannot be read is as good as none: it can only forbid, so the worst is a file fetched once more.
    pub(crate) fn load(&mut self, file: &LocalFile, limit: u64) -> Input {
        if let Some((_, content)) = self.files.iter().rev().find(|(saved, _)| saved == file) {
            return Input::Bytes(content.bytes().to_vec());
        }
        let bytes = self.store.load(file, limit).unwrap_or_else(|error| {
            self.notes.push(Note::LocalCopyUnreadable(error));
            None
        });
        if is_small(file) {
            self.found.push((file.clone(), limit, mark(bytes.as_deref())));
        }
        bytes.map_or(Input::Absent, Input::Bytes)
    }

    pub(crate) fn keep(&mut self, file: LocalFile, content: Content) {
        self.files.push((file, content));
    }

    pub(crate) fn note(&mut self, note: Note) {
        self.notes.push(note);
    }

    /// The entity tag to ask with, where the local copy is what the server would send.
    pub(crate) fn etag(&self, request: &Request) -> Option<&str> {
        self.timestamp.as_ref().filter(|_| request.is_timestamp()).map(|timestamp| timestamp.etag.as_str())
    }

    /// What the server calls unchanged.
    pub(crate) fn unchanged(&mut self, request: &Request) -> Option<Vec<u8>> {
        let timestamp = self.timestamp.take().filter(|_| request.is_timestamp())?;
        self.etag = Some(timestamp.etag);
        self.was_unchanged = true;
        Some(timestamp.bytes)
    }

    /// Whether the server has said of a file that it is still the one we have.
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

    /// What was noticed since this was last asked.
    pub fn take_notes(&mut self) -> Vec<Note> {
        std::mem::take(&mut self.notes)
    }

    /// Saves everything in one step, unless somebody else was quicker. Where there is nothing new, the store is not touched.
    ///
    /// # Errors
    /// If it cannot be saved.
    pub fn save(&mut self) -> Result<Saving, StoreError> {
        if self.is_saved() {
            return Ok(Saving::Saved);
        }
        let _lock = self.lock()?;
        let overtaken = self.found.iter().any(|(file, limit, found)| {
            let now = self.store.load(file, *limit).ok().flatten();
            mark(now.as_deref()) != *found
        });
        if overtaken {
            return Ok(Saving::Overtaken);
        }
        self.save_all()?;
        Ok(Saving::Saved)
    }

    /// Saves what belongs to this snapshot, if it still is the one that the store has. To files of another one it would be a stranger.
    ///
    /// # Errors
    /// If it cannot be saved.
    pub(crate) fn save_beside(&mut self, snapshot: &[u8]) -> Result<(), StoreError> {
        if self.is_saved() {
            return Ok(());
        }
        let _lock = self.lock()?;
        if self.store.has(&LocalFile::Snapshot, snapshot) { self.save_all() } else { Ok(()) }
    }

    fn save_all(&mut self) -> Result<(), StoreError> {
        let files: Vec<(LocalFile, &[u8])> =
            self.files.iter().map(|(file, content)| (file.clone(), content.bytes())).collect();
        self.store.save_all(&files)?;
        self.files.clear();
        Ok(())
    }

    fn lock(&mut self) -> Result<Option<StoreLock>, StoreError> {
        match self.lock.take() {
            Some(held) => Ok(Some(held)),
            None => self.store.lock(),
        }
    }

    /// Whether nothing was verified that the store does not have.
    fn is_saved(&self) -> bool {
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
