//! What the workflow asks of whoever turns it.

use std::sync::Arc;

use rootline_metadata::json::Document;

use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::refusal::Refusal;

/// What has to be done next.
#[derive(Debug)]
pub enum Step<T> {
    /// Read a local copy of at most so many bytes. Answer with what is there; anything that cannot be read is as good as absent.
    Load(LocalFile, u64),
    /// Fetch a file of the repository. Answer with it, or say that the repository does not have it.
    Fetch(Request),
    /// Keep a file that has been verified. Answer when it is kept.
    Store(LocalFile, Content),
    /// Nothing: this is what came of it.
    Done(T),
}

/// The bytes of a file that has been verified, shared rather than copied.
#[derive(Clone, Debug)]
pub enum Content {
    /// Of a metadata file.
    Metadata(Arc<Document>),
    /// Of a target.
    Target(Arc<[u8]>),
}

impl Content {
    /// The bytes.
    pub fn bytes(&self) -> &[u8] {
        match self {
            Content::Metadata(document) => document.bytes(),
            Content::Target(bytes) => bytes,
        }
    }
}

/// Files that were fetched ahead of their turn. Nobody has verified them.
pub trait Seen {
    /// What was fetched for this metadata file, if it has arrived.
    fn bytes(&self, name: &str) -> Option<&[u8]>;
}

/// The answer to a step.
#[derive(Debug)]
pub enum Answer {
    /// The bytes of the file that was to be loaded or fetched.
    Bytes(Vec<u8>),
    /// There is no such file.
    Absent,
    /// The file is stored.
    Stored,
}

impl Answer {
    /// The bytes, if there are any.
    pub(super) fn into_bytes(self) -> Option<Vec<u8>> {
        if let Answer::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// A part of the workflow. Ask for a [`Step`], do it, give the [`Answer`], and so on until it is done or refuses.
pub trait Crank {
    /// What comes of it.
    type Outcome;

    /// What will probably be fetched after the next step, as far as can be told from files that were `seen` ahead of their turn: the
    /// likeliest first. Guesses alone: whatever comes of them is judged in its turn like any other file, or dropped.
    fn ahead(&self, seen: &dyn Seen) -> Vec<Request> {
        let _ = seen;
        Vec::new()
    }

    /// What to do next. Asked twice, it says the same.
    ///
    /// # Errors
    /// If a check refuses what was offered. It is over then.
    fn step(&mut self) -> Result<Step<Self::Outcome>, Refusal>;

    /// Takes the answer to the last step.
    ///
    /// # Errors
    /// If a check refuses what was offered. It is over then.
    fn answer(&mut self, answer: Answer) -> Result<(), Refusal>;
}
