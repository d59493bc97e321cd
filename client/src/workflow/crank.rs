//! What the workflow asks of whoever turns it.

use std::sync::Arc;

use rootline_metadata::json::Document;

use crate::refusal::Refusal;
use crate::store::LocalFile;
use crate::transport::Request;

/// What has to be done next.
#[derive(Debug)]
pub enum Step<T> {
    /// Read a local copy of at most so many bytes. Answer with what is there; anything that cannot be read is as good as absent.
    Load(LocalFile, u64),
    /// Fetch a file of the repository. Answer with it, or say that the repository does not have it.
    Fetch(Request),
    /// Keep a file that has been verified. Answer when it is kept.
    Store(LocalFile, Arc<Document>),
    /// Nothing: this is what came of it.
    Done(T),
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

/// A part of the workflow. Ask for a [`Step`], do it, give the [`Answer`], and so on until it is done or refuses.
pub trait Crank {
    /// What comes of it.
    type Outcome;

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
