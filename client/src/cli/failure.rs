//! Why a command failed, as it is told to a person.

use std::io;
use std::path::Path;

use crate::Error;
use crate::refusal::Refusal;
use crate::store::StoreError;
use crate::transport::TransportError;

/// A failure: what happened, which check it was, and what to do next.
#[derive(Debug)]
pub(crate) struct Failure {
    what: String,
    detail: Option<String>,
    hint: Option<String>,
}

impl Failure {
    pub(crate) fn new(what: impl Into<String>, hint: impl Into<String>) -> Failure {
        Failure { what: what.into(), detail: None, hint: Some(hint.into()) }
    }

    /// The same with another hint.
    pub(crate) fn with_hint(self, hint: impl Into<String>) -> Failure {
        Failure { hint: Some(hint.into()), ..self }
    }

    pub(crate) fn missing_option(name: &str) -> Failure {
        Failure::new(format!("{name} is needed for this"), "see --help for the options of each command")
    }

    pub(crate) fn unreadable(path: &Path, error: &io::Error) -> Failure {
        Failure::new(format!("{} cannot be read: {error}", path.display()), "check the path and its permissions")
    }

    pub(crate) fn not_initialised(folder: &Path) -> Failure {
        Failure::new(
            format!("{} holds no trusted root", folder.display()),
            "give it one first: rootline tuf --metadata-dir DIR init ROOT_JSON",
        )
    }

    pub(crate) fn what(&self) -> &str {
        &self.what
    }

    pub(crate) fn detail(&self) -> Option<&str> {
        self.detail.as_deref()
    }

    pub(crate) fn hint(&self) -> Option<&str> {
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
        Failure {
            what: refusal.to_string(),
            detail: Some(refusal.check.to_string()),
            hint: Some(refusal.check.advice().to_owned()),
        }
    }
}

impl From<TransportError> for Failure {
    fn from(error: TransportError) -> Self {
        Failure { what: error.to_string(), detail: None, hint: error.hint().map(str::to_owned) }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Failure { what: error.to_string(), detail: None, hint: error.hint().map(str::to_owned) }
    }
}
