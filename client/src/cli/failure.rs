//! Why a command failed, as it is told to a person.

use std::io;
use std::path::Path;

use rootline_metadata::json::Problem;

use crate::Error;
use crate::cli::limits::option_for;
use crate::refusal::{Fault, Refusal};
use crate::store::StoreError;
use crate::transport::TransportError;

/// A failure: what happened, which check it was, and what to do next.
#[derive(Debug)]
pub struct Failure {
    what: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Failure {
    /// What happened, and what to do next.
    pub fn new(what: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure { what: what.into(), detail: None, hint: Some(hint.into()) }
    }

    /// The same with another hint.
    #[must_use]
    pub fn with_hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    /// The same with the check that refused.
    #[must_use]
    pub fn with_check(self, check: impl Into<String>) -> Failure {
        Failure { detail: Some(check.into()), ..self }
    }

    pub(crate) fn missing_option(name: &str) -> Failure {
        Failure::new(format!("{name} is needed for this"), "see --help for the options of each command")
    }

    /// A file that cannot be read.
    pub fn unreadable(path: &Path, error: &io::Error) -> Failure {
        Failure::new(format!("{} cannot be read: {error}", path.display()), "check the path and its permissions")
    }

    pub(crate) fn not_initialised(folder: &Path) -> Failure {
        Failure::new(
            format!("{} holds no trusted root", folder.display()),
            "give it one first: rootline tuf --metadata-dir DIR init ROOT_JSON",
        )
    }

    /// What happened.
    pub fn what(&self) -> &str {
        &self.what
    }

    /// Which check it was.
    pub fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    /// What to do next.
    pub fn hint(&self) -> Option<&str> {
        self.hint.as_deref()
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        match error {
            Error::Refused(refusal) => refusal.into(),
            Error::Transport(error) => error.into(),
            Error::Store(error) => error.into(),
        }
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Self {
        let hint = match &refusal.fault {
            Fault::TooLong { .. } => too_long_hint(option_for(&refusal.file)),
            Fault::Malformed(error) if matches!(error.problem, Problem::TooLong { .. }) => {
                too_long_hint(option_for(&refusal.file))
            }
            _ => refusal.check.advice().to_owned(),
        };
        Failure { what: refusal.to_string(), detail: Some(refusal.check.to_string()), hint: Some(hint) }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        let hint = match &error {
            TransportError::TooLong { .. } => Some(too_long_hint("the options under \"Limits\" in --help")),
            other => other.hint().map(str::to_owned),
        };
        Failure { what: error.to_string(), detail: None, hint }
    }
}

fn too_long_hint(option: &str) -> String {
    format!("if this repository is meant to be so large, let it through with {option}; otherwise tell its operators")
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure { what: error.to_string(), detail: None, hint: error.hint().map(str::to_owned) }
    }
}
