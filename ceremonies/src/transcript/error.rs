//! Why a text is not a transcript, or not the one it was.

use rootline_metadata::format::NewerFormat;
use rootline_metadata::json::FormatError;

use super::Transcript;

/// Why a text is not a transcript, or not the one it was. Lines are counted from 1.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum TranscriptError {
    /// A line does not have the form of one.
    #[error("line {line} of the transcript cannot be read: {source}")]
    Unreadable {
        /// Which.
        line: usize,
        /// Why.
        source: FormatError,
    },
    /// A line has a format that only newer versions know.
    #[error("line {line} of the transcript was {newer}")]
    Newer {
        /// The first of them.
        line: usize,
        /// Which.
        newer: NewerFormat,
    },
    /// A line follows one that does not stand before it: that one has been changed, moved or taken out, or this one was.
    #[error("line {line} of the transcript follows a line that does not stand before it")]
    Broken {
        /// Which.
        line: usize,
    },
    /// A line follows nothing, though the transcript has gone on before it.
    #[error("line {line} of the transcript begins another one")]
    SecondBeginning {
        /// Which.
        line: usize,
    },
    /// A line stands twice, and nothing was merged that could have brought it twice.
    #[error("line {line} of the transcript stands there twice")]
    Repeated {
        /// The second of the two.
        line: usize,
    },
    /// It is longer than any transcript is.
    #[error("the transcript has more than {} bytes or {} lines", Transcript::MAX_BYTES, Transcript::MAX_LINES)]
    TooLong,
    /// More lines than can be followed at once have nothing after them.
    #[error("the transcript has more than {} last lines", Transcript::MAX_HEADS)]
    TooManyHeads,
}

impl TranscriptError {
    /// What to do about it.
    pub fn hint(&self) -> &'static str {
        match self {
            TranscriptError::SecondBeginning { .. } => {
                "two ceremonies were begun under one name in two clones: keep the folder of one of them, and begin the other under another name"
            }
            TranscriptError::Newer { newer, .. } => newer.hint(),
            TranscriptError::Repeated { .. } => "take one of the two away",
            TranscriptError::TooManyHeads => "merge fewer clones at a time, and run a command that writes in between",
            _ => {
                "bring back transcript.jsonl as it was, from version control; after a merge, keep all lines of both sides, each side's in its order"
            }
        }
    }
}
