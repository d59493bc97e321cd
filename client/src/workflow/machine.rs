//! The interface between the workflow's state machines and their drivers.

use std::sync::Arc;

use rootline_metadata::json::Document;

use crate::error::Note;
use crate::store::LocalFile;
use crate::transport::Request;
use crate::workflow::refusal::Refusal;

/// What the driver has to do next.
#[derive(Debug)]
pub enum Action<T> {
    /// Read a cache of at most so many bytes. The input is what is there; a file that cannot be read is [`Input::Absent`].
    Load(LocalFile, u64),
    /// Fetch a file of the repository. The input is the file, or [`Input::Absent`] when the repository does not have it.
    Fetch(Request),
    /// Keep a verified file. The input is [`Input::Stored`].
    Store(LocalFile, Content),
    /// Nothing: the machine is done, and this is its outcome.
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

/// Files that were fetched before the machine asked for them. None of them is verified.
pub trait Prefetched {
    /// What was fetched for this metadata file, if it has arrived.
    fn bytes(&self, name: &str) -> Option<&[u8]>;
}

/// The result of an action.
#[derive(Debug)]
pub enum Input {
    /// The bytes of the file that was to be loaded or fetched.
    Bytes(Vec<u8>),
    /// There is no such file.
    Absent,
    /// The file is stored.
    Stored,
}

impl Input {
    /// The bytes, if there are any.
    pub(super) fn into_bytes(self) -> Option<Vec<u8>> {
        if let Input::Bytes(bytes) = self { Some(bytes) } else { None }
    }
}

/// A part of the workflow as a state machine without IO: ask for the next [`Action`], do it, hand back the [`Input`], until it is done or
/// refuses.
pub trait StateMachine {
    /// The result of the machine.
    type Outcome;

    /// The files that will probably be fetched after the next action, the likeliest first, as far as the `prefetched` files tell. A plan and
    /// no promise: each file is verified when the machine asks for it, like any other, or dropped.
    fn prefetch_plan(&self, prefetched: &dyn Prefetched) -> Vec<Request> {
        let _ = prefetched;
        Vec::new()
    }

    /// Drains what was noticed since the last call and was no reason to refuse.
    fn take_notes(&mut self) -> Vec<Note> {
        Vec::new()
    }

    /// The next action. Asked twice, it is the same.
    ///
    /// # Errors
    /// If a check refuses what was offered. The machine stays refused.
    fn action(&mut self) -> Result<Action<Self::Outcome>, Refusal>;

    /// Takes the result of the last action.
    ///
    /// # Errors
    /// If a check refuses what was offered. The machine stays refused.
    fn input(&mut self, input: Input) -> Result<(), Refusal>;
}
