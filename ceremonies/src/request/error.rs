//! Why a signing request cannot be made or used.

use rootline_metadata::Version;
use rootline_metadata::format::{FileError, NewerFormat};
use rootline_metadata::json::FormatError;

use super::Request;
use crate::ceremony::frozen::FreezeError;
use crate::model::keyholder::KeyholderClash;
use crate::model::name::Name;
use crate::model::target_name::TargetName;
use crate::model::toml_error::TomlError;
use crate::repository::published::PublishedError;
use crate::review::TargetDiffers;

/// Why a signing request cannot be made, or is not to be signed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RequestError {
    /// It would be longer than one may be.
    #[error("the request would have {bytes} bytes, and {} are the most", Request::MAX_BYTES)]
    TooLong {
        /// How long.
        bytes: usize,
    },
    /// It has so many roots and so many files that to hold each of these against each of those takes too long.
    #[error(
        "the request has {roots} roots and {files} files that each of them may ask to be signed: {} of these pairs are the most",
        Request::MAX_PAIRS
    )]
    TooManyPairs {
        /// How many roots.
        roots: usize,
        /// How many versions of snapshot and targets.
        files: usize,
    },
    /// The plan says something else than when it was frozen.
    #[error("the plan was edited after it was frozen")]
    PlanEdited,
    /// A keyholder would refuse it, as something has changed since it was frozen.
    #[error("what was frozen is no longer what its plan makes: {0}")]
    Outdated(Box<RequestError>),
    /// A file that is to be shipped is not the one that was frozen.
    #[error(transparent)]
    TargetDiffers(#[from] TargetDiffers),
    /// It does not have the form of one.
    #[error("this is no signing request: {0}")]
    Format(#[from] FormatError),
    /// It has a format that only newer versions know.
    #[error("the request was {0}")]
    Newer(NewerFormat),
    /// What it says has been published does not verify.
    #[error("what the request says has been published does not verify: {0}")]
    Published(#[from] PublishedError),
    /// A keyholder in it is none.
    #[error("the keyholder {name} of the request: {source}")]
    Keyholder {
        /// Who.
        name: Name,
        /// Why.
        source: TomlError,
    },
    /// Two keyholders in it cannot both be.
    #[error("the keyholders of the request: {0}")]
    Clash(#[from] KeyholderClash),
    /// Its plan is none.
    #[error("the plan: {0}")]
    Plan(#[from] TomlError),
    /// Its notes about the trust root are none.
    #[error("the notes about the trust root: {0}")]
    Notes(TomlError),
    /// Its plan is another ceremony's.
    #[error("the request is for the ceremony {request}, and its plan is that of {plan}")]
    OtherPlan {
        /// The one it says.
        request: Name,
        /// The one that the plan says.
        plan: Name,
    },
    /// It carries a file that the plan does not ship.
    #[error("the request carries the file {name}, which its plan does not ship")]
    NotShipped {
        /// Which.
        name: TargetName,
    },
    /// Its plan cannot be frozen.
    #[error("the plan makes no files to sign: {0}")]
    Freeze(#[from] FreezeError),
    /// What is to be signed is not what the plan makes.
    #[error("{file} is not what the plan makes")]
    NotThePlans {
        /// Which.
        file: String,
    },
    /// What a keyholder has kept is no root.
    #[error("this is no root: {0}")]
    NoRoot(FormatError),
    /// A keyholder has kept another root of that version.
    #[error("the request has another root {version} than yours")]
    OtherRoot {
        /// Which.
        version: Version,
    },
    /// A keyholder has kept a root that comes after all of those in the request.
    #[error("your root is version {version}, and {}", newest_root(*.newest))]
    OlderThanRoot {
        /// Theirs.
        version: Version,
        /// The newest one of the request.
        newest: Option<Version>,
    },
}

impl RequestError {
    /// The rule that was broken, where it is one.
    pub fn check(&self) -> Option<&'static str> {
        match self {
            RequestError::NotThePlans { .. } => {
                Some("what is signed is exactly what its plan makes, so that the review shows all of it")
            }
            RequestError::Published(_) => Some("what changes is seen by comparing with what was really published"),
            RequestError::OtherRoot { .. } | RequestError::OlderThanRoot { .. } => {
                Some("a request is about the repository that the keyholder knows, as it is now")
            }
            RequestError::NotShipped { .. } => Some("nothing is in a request that is not needed"),
            _ => None,
        }
    }

    /// The format of the request, or of a file in it, where only newer versions know it.
    fn newer(&self) -> Option<NewerFormat> {
        match self {
            RequestError::Newer(newer) => Some(*newer),
            RequestError::Keyholder { source: error, .. } | RequestError::Plan(error) | RequestError::Notes(error) => {
                error.newer
            }
            _ => None,
        }
    }

    /// What to do about it.
    pub fn hint(&self) -> String {
        if let Some(newer) = self.newer() {
            return newer.hint().to_owned();
        }
        match self {
            RequestError::TooLong { .. } => {
                "ship fewer large files in one ceremony, or let keyholders sign in the repository's folder"
            }
            RequestError::TooManyPairs { .. } => "ask for a request that rootline-repo ceremony request has written",
            RequestError::PlanEdited => {
                "freeze it again: rootline-repo ceremony freeze; what does not change keeps its signatures"
            }
            RequestError::TargetDiffers(differs) => differs.hint(),
            RequestError::Format(_) => {
                "name the file that rootline-repo ceremony request has written; if it is, have it sent again"
            }
            RequestError::Outdated(_) => {
                "put back what has changed since it was frozen, or freeze it again: rootline-repo ceremony freeze"
            }
            RequestError::NotThePlans { .. } => {
                "do not sign: the request was changed on its way, or made by another version of rootline-repo"
            }
            RequestError::NoRoot(_) => "name a file such as 1.root.json of the repository",
            RequestError::OtherRoot { .. } => {
                "do not sign: the request is about another repository, or one of the two roots was forged"
            }
            RequestError::OlderThanRoot { .. } => {
                "do not sign; ask for a request that was made from what is published now"
            }
            RequestError::Published(_)
            | RequestError::Newer(_)
            | RequestError::Keyholder { .. }
            | RequestError::Clash(_)
            | RequestError::Plan(_)
            | RequestError::Notes(_)
            | RequestError::OtherPlan { .. }
            | RequestError::NotShipped { .. }
            | RequestError::Freeze(_) => {
                "do not sign; the request was changed after it was made, so ask for it again by another way"
            }
        }
        .to_owned()
    }
}

impl From<FileError> for RequestError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Format(error) => RequestError::Format(error),
            FileError::Newer(newer) => RequestError::Newer(newer),
        }
    }
}

fn newest_root(newest: Option<Version>) -> String {
    match newest {
        Some(newest) => format!("the newest one in the request is {newest}"),
        None => "the request says that nothing has been published yet".to_owned(),
    }
}
